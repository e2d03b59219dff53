//! `pairpick train --last-layer`: the head alone, by Newton's method.

use super::{Args, Job};
use crate::cli::output::Output;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::model::last_layer::fit;
use crate::report::last_layer::LastLayerReport;
use crate::settings::Settings;

/// Fits the head of `--model`, and writes the model once it is there.
pub(super) fn execute(args: &Args, job: Job, output: &mut Output) -> Result<()> {
    // Without it clap has refused.
    let path = args.model.as_deref().unwrap_or(&args.out);
    let mut model = Model::open_for(&job.embeddings, path)?;
    let fitted = job.threads.install(|| fit(&mut model, job.context(), &job.labels, output))?;
    let (file, prior) = (job.files.model, job.settings.prior.prior_precision);
    let (out, digest) = (file.path().display().to_string(), model.digest()?);
    let report = LastLayerReport::new(&fitted, prior, &job.labels, job.round, out, digest);
    let report = LastLayerReport { agreement: job.agreement, ..report };
    let (bytes, printed) = (model.to_bytes(file.path())?, file.is_standard_output());
    file.write(&bytes)?;
    match args.print.json {
        true => output.json(&report),
        false => output.result_beside(printed, &report.text()),
    }
}

/// What belongs to the other kind of training, which clap cannot know.
pub(super) fn check(args: &Args, settings: &Settings) -> Result<()> {
    if args.last_layer || !args.prior.typed().has("prior_precision") {
        return Ok(());
    }
    let found = settings.prior.prior_precision;
    Err(Error::setting("prior_precision", found, "is only used with `last_layer`"))
}
