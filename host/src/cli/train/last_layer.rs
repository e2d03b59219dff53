//! `pairpick train --last-layer`: the head alone, by Newton's method.

use super::{Args, Job};
use crate::cli::output::Output;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::model::last_layer::fit;
use crate::report::last_layer::LastLayerReport;

/// Fits the head of `--model`, and writes the model once it is there.
pub(super) fn execute(args: &Args, job: Job, output: &mut Output) -> Result<()> {
    let Job { threads, settings, files, embeddings, labels, round } = job;
    // Without it clap has refused.
    let path = args.model.as_deref().unwrap_or(&args.out);
    let mut model = Model::open(path, &embeddings)?;
    let fitted =
        threads.install(|| fit(&mut model, &embeddings, &settings, &threads, &labels, output))?;
    let out = files.model.path().display().to_string();
    let chosen = settings.prior_precision;
    let report =
        LastLayerReport::new(&fitted, chosen, (labels.len(), round), (out, model.digest()?));
    let bytes = model.tensors().to_bytes(files.model.path())?;
    files.model.write(&bytes)?;
    match args.print.json {
        true => output.json(&report),
        false => output.result(&report.text()),
    }
}

/// What belongs to the other kind of training, which clap cannot know.
pub(super) fn check(args: &Args) -> Result<()> {
    match args.prior.prior_precision {
        Some(typed) if !args.last_layer => {
            let (found, expected) =
                (typed.to_string(), "is only used with --last-layer".to_owned());
            Err(Error::Setting { option: "prior-precision", found, expected })
        }
        _ => Ok(()),
    }
}
