//! The options that subcommands share and that are no settings, in groups: one definition and one
//! help text, whichever command has the option. Settings are their own definition.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::Output;
use crate::data::candidates::Candidates;
use crate::data::dataset::Dataset;
use crate::data::embeddings::Embeddings;
use crate::data::labels::{LabelFile, Repeats, read_labels};
use crate::data::pool_kind::PoolKind;
use crate::error::Result;
use crate::named::{Named, choice};
use crate::output::file::Places;
use crate::progress::Progress;
use crate::report;
use crate::settings::{Asking, Preset, Settings};

/// Says that data comes from the program, since no file was given by this setting.
pub(super) fn note_bundled(setting: &str, output: &mut Output) {
    output.note(&format!("no `{setting}`: the data is what comes with the program"));
}

/// What is drawn from and trained on.
#[derive(Debug, Args)]
pub(super) struct TrainEmbeddings {
    /// Embeddings to draw pairs from: .npy, .npz (uncompressed) or safetensors, of shape (N prompts,
    /// K responses, D) or, if pairs are across prompts or listed, (M, D); without them it is the data
    /// that comes with the program
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub train_embeddings: Option<PathBuf>,
}

impl TrainEmbeddings {
    /// Opens the file, or the bundled data where there is none, which may have been forgotten.
    pub fn open(&self, output: &mut Output) -> Result<Embeddings> {
        match &self.train_embeddings {
            Some(path) => Embeddings::open(path),
            None => {
                note_bundled("train_embeddings", output);
                Ok(Dataset::bundled()?.train.embeddings)
            }
        }
    }
}

/// What becomes of a pair that has several labels.
#[derive(Debug, Args)]
pub(super) struct RepeatedLabels {
    /// What becomes of a pair that has several labels
    #[arg(long, value_parser = choice::<Repeats>(), default_value = Repeats::Refuse.name(),
          help_heading = "Data")]
    pub repeats: Repeats,
}

impl RepeatedLabels {
    /// Reads labels; where repeats are kept, says how far they agree.
    pub fn read(
        &self,
        path: &Path,
        embeddings: &Embeddings,
        output: &mut Output,
    ) -> Result<LabelFile> {
        let file = read_labels(path, embeddings, self.repeats)?;
        if let Some(agreement) = &file.agreement {
            output.note(&report::agreement::text(agreement));
        }
        Ok(file)
    }
}

/// The pairs that can be asked about, where not all can.
#[derive(Debug, Args)]
pub(super) struct ListedPairs {
    /// The only pairs that can be asked about: JSON Lines of {"a": ITEM, "b": ITEM}, an item being a
    /// row of (M, D) embeddings or [prompt, response] of (N, K, D) ones
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "pool",
        requires = "train_embeddings",
        help_heading = "Data"
    )]
    pub candidates: Option<PathBuf>,
}

impl ListedPairs {
    /// Reads the list, which makes the pool a listed one.
    pub fn open(&self, embeddings: &Embeddings, asking: &mut Asking) -> Result<Option<Candidates>> {
        let Some(path) = &self.candidates else {
            return Ok(None);
        };
        asking.pool = PoolKind::Listed;
        Candidates::open(path, embeddings).map(Some)
    }
}

/// What answers the pairs.
#[derive(Debug, Args)]
pub(super) struct TrainRewards {
    /// Their golden rewards: shape (N, K) or (N, K, 1), or (M,) for (M, D) embeddings
    #[arg(long, value_name = "FILE", help_heading = "Data", requires = "train_embeddings")]
    pub train_rewards: Option<PathBuf>,
}

/// What a model is measured on.
#[derive(Debug, Args)]
pub(super) struct TestData {
    /// Embeddings to measure the model on, of shape (N prompts, K responses, D)
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub test_embeddings: Option<PathBuf>,

    /// Their golden rewards, of shape (N, K) or (N, K, 1)
    #[arg(long, value_name = "FILE", help_heading = "Data", requires = "test_embeddings")]
    pub test_rewards: Option<PathBuf>,
}

/// What every result starts from.
#[derive(Debug, Args)]
pub(super) struct Recipe {
    /// The recipe that the other options change
    #[arg(long, value_parser = choice::<Preset>(), default_value = Preset::Default.name(),
          help_heading = "General")]
    preset: Preset,

    /// Seed of every random draw
    #[arg(long, value_name = "N", help_heading = "General")]
    seed: Option<u64>,
}

impl Recipe {
    /// The recipe itself, in sizes that suit the bundled data where there is no other.
    pub fn settings(&self, embeddings: Option<&Path>) -> Settings {
        let recipe = Settings::of_preset(self.preset);
        let mut settings = match embeddings {
            Some(_) => recipe,
            None => recipe.sized_for_bundled(),
        };
        settings.seed = self.seed.unwrap_or(settings.seed);
        settings
    }
}

/// How the result is printed.
#[derive(Debug, Args)]
pub(super) struct Print {
    /// Print one JSON object instead of a table
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

impl Print {
    /// Places for files beside what is printed.
    pub fn beside(&self, force: bool, inputs: &[&Path]) -> Places {
        let mut places = Places::new(force, inputs);
        if self.json {
            places.report();
        }
        places
    }
}
