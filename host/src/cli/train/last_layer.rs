//! `pairpick train --last-layer`: the head alone, by Newton's method.

use super::{Args, Job};
use crate::cli::output::Output;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::model::last_layer::{Fitted, fit};
use crate::named::Named;
use crate::report::last_layer::LastLayerReport;
use crate::round::certainty::OrderReport;
use crate::settings::{Features, Settings};

/// Fits the head of `--model`, and writes the model once it is there.
pub(super) fn execute(args: &Args, mut job: Job, output: &mut Output) -> Result<()> {
    // Without it clap has refused.
    let path = args.model.as_deref().unwrap_or(&args.out);
    let mut model = Model::open_for(&job.embeddings, path)?;
    let kind = model.trunk().kind();
    job.settings.learn_from(kind, &args.prior.typed());
    let fitted = job.threads.install(|| fit(&mut model, job.context(), &job.labels, output))?;
    finish(args, job, &model, &fitted, output)
}

/// Writes a model whose head was fitted, and reports the fit.
pub(super) fn finish(
    args: &Args,
    job: Job,
    model: &Model,
    fitted: &Fitted,
    output: &mut Output,
) -> Result<()> {
    let order = job.threads.install(|| {
        OrderReport::of_labels(job.context(), model, &job.labels, fitted.prior_precision, output)
    })?;
    let (file, prior) = (job.files.model, job.settings.prior.prior_precision);
    let (out, digest) = (file.path().display().to_string(), model.digest()?);
    let report = LastLayerReport::new(fitted, prior, &job.labels, job.round, out, digest);
    let report = LastLayerReport { order, agreement: job.agreement, ..report };
    let (bytes, printed) = (model.to_bytes(file.path())?, file.is_standard_output());
    file.write(&bytes)?;
    match args.print.json {
        true => output.json(&report),
        false => output.result_beside(printed, &report.text()),
    }
}

/// What belongs to the other kind of training, which clap cannot know.
pub(super) fn check(args: &Args, settings: &Settings) -> Result<()> {
    let typed = args.prior.typed();
    if args.last_layer {
        return Ok(());
    }
    let features = settings.model.features();
    if features != Features::Mlp {
        let curve = [("losses", &args.losses), ("curve", &args.curve)];
        let asked = curve.into_iter().find_map(|(name, path)| Some((name, path.as_ref()?)));
        return asked.map_or(Ok(()), |(name, path)| {
            let expected = format!("needs `features` mlp: {} has no losses", features.name());
            Err(Error::setting(name, path.display(), expected))
        });
    }
    let prior = &settings.prior;
    let unread = [
        ("prior_precision", prior.prior_precision.to_string()),
        ("prior_grid", prior.prior_grid.to_string()),
    ];
    match unread.into_iter().find(|(name, _)| typed.has(name)) {
        None => Ok(()),
        Some((name, found)) => {
            let expected = "is only used with `last_layer`, or other `features` than mlp";
            Err(Error::setting(name, found, expected))
        }
    }
}
