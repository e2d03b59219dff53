//! The options that subcommands share and that are no settings, in groups: one definition and one
//! help text, whichever command has the option. Settings are their own definition.

mod covariates;
mod features;
mod notes;
mod print;
mod replies;
mod run_settings;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

pub(super) use self::covariates::{CovariateNames, Covariates, KnownOfResponses, is_length};
pub(super) use self::features::FeatureOptions;
pub(super) use self::notes::{
    NO_ORDER, note_bundled, note_equal_rewards, note_rounded, note_single_responses, note_uncounted,
};
pub(super) use self::print::Print;
pub(super) use self::replies::Replies;
pub(super) use self::run_settings::RunSettings;
use super::output::Output;
use crate::data::candidates::Candidates;
use crate::data::dataset::{Dataset, Split};
use crate::data::embeddings::Embeddings;
use crate::data::labels::{LabelFile, Repeats, read_labels};
use crate::data::pool_kind::PoolKind;
use crate::data::prompt_ids::PromptIdsFile;
use crate::error::Result;
use crate::named::{Named, choice};
use crate::output::inputs::{self, PromptIds};
use crate::progress::Progress;
use crate::report;
use crate::settings::{Asking, Preset, Settings};

/// What is drawn from and trained on.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("train_source").args(["train_embeddings", "data"]).multiple(true)))]
pub(super) struct TrainEmbeddings {
    /// Embeddings to draw pairs from: .npy, .npz (uncompressed) or safetensors, of shape (N prompts,
    /// K responses, D), or (M rows, D) with --train-prompt-ids or where pairs are across prompts or
    /// listed; without them it is the data that comes with the program
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub train_embeddings: Option<PathBuf>,

    /// The prompt of each row of (M, D) embeddings, an id a row: .npy of integers or strings, a text
    /// with a line a row, or JSON Lines, a record a row
    #[arg(long, value_name = "FILE", requires = "train_source", help_heading = "Data")]
    pub train_prompt_ids: Option<PathBuf>,
}

impl TrainEmbeddings {
    /// Opens the file, or the bundled data where there is none, which may have been forgotten.
    pub fn open(
        &self,
        fields: &PromptFields,
        known: KnownOfResponses<'_>,
        output: &mut Output,
    ) -> Result<Embeddings> {
        if let Some(path) = &self.train_embeddings {
            return opened(path, self.train_prompt_ids.as_deref(), fields, known, output);
        }
        let part = match known.of_bundled("train_embeddings")? {
            true => Dataset::bundled_with_lengths,
            false => Dataset::bundled,
        };
        bundled("train_embeddings", || Ok(part()?.train), output)
    }
}

/// How a record tells the prompt.
#[derive(Debug, Args)]
pub(super) struct PromptFields {
    /// The fields of JSON Lines that together are the prompt id; without it `prompt_id`
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "Data")]
    pub prompt_fields: Vec<String>,
}

impl PromptFields {
    /// A file of ids, by these fields.
    pub fn file<'a>(&'a self, path: Option<&'a Path>) -> Option<PromptIdsFile<'a>> {
        path.map(|path| PromptIdsFile { path, fields: &self.prompt_fields })
    }

    /// The same as a run keeps it.
    pub fn input(&self, path: Option<&PathBuf>) -> Option<PromptIds> {
        path.map(|path| PromptIds { path: path.clone(), fields: self.prompt_fields.clone() })
    }
}

/// What a model scores.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("scored_source").args(["embeddings", "data"]).multiple(true)))]
pub(super) struct ScoredEmbeddings {
    /// Embeddings of the responses: shape (N prompts, K responses, D), or (M rows, D), of which those
    /// of one prompt are compared with --prompt-ids and all without; without them it is the test part
    /// of the data that comes with the program
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub embeddings: Option<PathBuf>,

    /// The prompt of each of their rows: .npy, text or JSON Lines
    #[arg(long, value_name = "FILE", requires = "scored_source", help_heading = "Data")]
    pub prompt_ids: Option<PathBuf>,
}

impl ScoredEmbeddings {
    /// Opens the file, or the bundled data where there is none.
    pub fn open(
        &self,
        fields: &PromptFields,
        known: KnownOfResponses<'_>,
        output: &mut Output,
    ) -> Result<Embeddings> {
        if let Some(path) = &self.embeddings {
            return opened(path, self.prompt_ids.as_deref(), fields, known, output);
        }
        let part = match known.of_bundled("embeddings")? {
            true => Dataset::bundled_test_with_lengths,
            false => Dataset::bundled_test,
        };
        bundled("embeddings", part, output)
    }
}

/// Embeddings that are part of the program, since no file was given by this setting.
fn bundled(
    setting: &str,
    part: impl FnOnce() -> Result<Split>,
    output: &mut Output,
) -> Result<Embeddings> {
    note_bundled(setting, output);
    Ok(part()?.embeddings)
}

/// Opens embeddings, and says what becomes of their numbers.
pub(super) fn opened(
    path: &Path,
    prompt_ids: Option<&Path>,
    fields: &PromptFields,
    known: KnownOfResponses<'_>,
    output: &mut Output,
) -> Result<Embeddings> {
    let covariates = known.of_files()?;
    let embeddings = Embeddings::open_with(path, fields.file(prompt_ids))?
        .with_covariates(covariates.as_ref().map(inputs::Covariates::file))?;
    note_rounded(&embeddings, output);
    Ok(embeddings)
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
    /// Reads labels; says how many pairs were passed over, and where repeats are kept how far they
    /// agree.
    pub fn read(
        &self,
        path: &Path,
        embeddings: &Embeddings,
        output: &mut Output,
    ) -> Result<LabelFile> {
        let file = read_labels(path, embeddings, self.repeats)?;
        if !file.skipped.is_empty() {
            let (path, skipped) = (path.display(), file.skipped.len());
            let pairs = if skipped == 1 { "pair was" } else { "pairs were" };
            output.note(&format!("{path}: {skipped} {pairs} passed over, and train nothing"));
        }
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
        requires = "train_source",
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
    #[arg(long, value_name = "FILE", help_heading = "Data", requires = "train_source")]
    pub train_rewards: Option<PathBuf>,
}

/// What a model is measured on.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("test_source").args(["test_embeddings", "data"]).multiple(true)))]
pub(super) struct TestData {
    /// Embeddings to measure the model on, of shape (N prompts, K responses, D), or (M rows, D) with
    /// --test-prompt-ids
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub test_embeddings: Option<PathBuf>,

    /// The prompt of each of their rows, in a file as that of --train-prompt-ids: .npy, text or JSON
    /// Lines
    #[arg(long, value_name = "FILE", requires = "test_source", help_heading = "Data")]
    pub test_prompt_ids: Option<PathBuf>,

    /// Their golden rewards: shape (N, K) or (N, K, 1), or (M,) for (M, D) embeddings
    #[arg(long, value_name = "FILE", help_heading = "Data", requires = "test_source")]
    pub test_rewards: Option<PathBuf>,

    /// Numbers known of each of their responses, those that --covariates tells of the others: a file,
    /// or length
    #[arg(long, value_name = "FILE|length", help_heading = "Data")]
    pub test_covariates: Option<PathBuf>,

    /// Their texts, in a file as that of --texts
    #[arg(long, value_name = "FILE", requires = "test_covariates", help_heading = "Data")]
    pub test_texts: Option<PathBuf>,
}

impl TestData {
    /// What covariates are to be read from.
    pub fn known<'a>(&'a self, names: &'a CovariateNames) -> KnownOfResponses<'a> {
        let Self { test_covariates, test_texts, .. } = self;
        names.known(
            ["test_covariates", "test_texts"],
            test_covariates.as_ref(),
            test_texts.as_ref(),
        )
    }
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
    /// The seed, if nobody says one that of every recipe.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or_default()
    }

    /// Which.
    pub const fn preset(&self) -> Preset {
        self.preset
    }

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
