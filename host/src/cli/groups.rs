//! The options that subcommands share and that are no settings, in groups: one definition and one
//! help text, whichever command has the option. Settings are their own definition.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use serde::Serialize;

use super::output::Output;
use super::over::Over;
use crate::data::array::Element;
use crate::data::candidates::Candidates;
use crate::data::covariates::LENGTH;
use crate::data::dataset::{Dataset, Split};
use crate::data::embeddings::Embeddings;
use crate::data::labels::{LabelFile, Repeats, read_labels};
use crate::data::pool_kind::PoolKind;
use crate::data::prompt_ids::PromptIdsFile;
use crate::error::{Error, Result};
use crate::named::{Named, choice};
use crate::output::file::{NewFile, Places};
use crate::output::inputs::{self, PromptIds};
use crate::progress::Progress;
use crate::report;
use crate::settings::{Architecture, Asking, Features, Landmarks, Network, Preset, Settings};

/// Says that data comes from the program, since no file was given by this setting.
pub(super) fn note_bundled(setting: &str, output: &mut Output) {
    output.note(&format!("no `{setting}`: the data is what comes with the program"));
}

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

/// What else is known of each response.
#[derive(Debug, Args)]
pub(super) struct Covariates {
    /// Numbers known of each response, such as its length: .npy, .npz or safetensors, floats or
    /// integers, of shape (N, K) or (N, K, C), or for (M, D) embeddings (M,) or (M, C); or length:
    /// that of its text in --texts
    #[arg(long, value_name = "FILE|length", help_heading = "Data")]
    pub covariates: Option<PathBuf>,

    /// The responses' texts, in the order of the embeddings' rows: JSON Lines, a response a line with
    /// its "text" or "response", or a prompt a line with "responses"; a length is its "tokens", or how
    /// many characters the text has
    #[arg(long, value_name = "FILE", requires = "covariates", help_heading = "Data")]
    pub texts: Option<PathBuf>,
}

impl Covariates {
    /// What they are to be read from.
    pub fn known<'a>(&'a self, names: &'a CovariateNames) -> KnownOfResponses<'a> {
        let (covariates, texts) = (self.covariates.as_deref(), self.texts.as_deref());
        KnownOfResponses { settings: ["covariates", "texts"], covariates, texts, names }
    }
}

/// What covariates are called.
#[derive(Debug, Args)]
pub(super) struct CovariateNames {
    /// What the covariates of an array are called, in its order; without it a single one is called as
    /// the array is, or else as the file, without train_ or test_
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "Data")]
    pub covariate_names: Vec<String>,
}

/// Whether the lengths of texts are meant, and no file.
pub(super) fn is_length(covariates: &Path) -> bool {
    covariates == Path::new(LENGTH)
}

/// Options that say what else is known of some responses.
#[derive(Clone, Copy)]
pub(super) struct KnownOfResponses<'a> {
    /// The settings of the two that follow.
    pub settings: [&'static str; 2],
    pub covariates: Option<&'a Path>,
    pub texts: Option<&'a Path>,
    pub names: &'a CovariateNames,
}

impl KnownOfResponses<'_> {
    /// What is to be read beside embeddings from a file.
    pub fn of_files(self) -> Result<Option<inputs::Covariates>> {
        let [covariates, texts] = self.settings;
        let names = &self.names.covariate_names;
        match (self.covariates, self.texts) {
            (None, _) => Ok(None),
            (Some(length), Some(path)) if is_length(length) => {
                Ok(Some(inputs::Covariates::Lengths { path: path.into() }))
            }
            (Some(length), None) if is_length(length) => {
                let expected = format!("needs `{texts}`, the file of the responses' texts");
                Err(Error::setting(covariates, LENGTH, expected))
            }
            (Some(_), Some(found)) => {
                let expected = format!("is only used with `{covariates}` {LENGTH}");
                Err(Error::setting(texts, found.display(), expected))
            }
            (Some(path), None) => {
                let names = names.clone();
                Ok(Some(inputs::Covariates::Array { path: path.into(), names }))
            }
        }
    }

    /// Whether the lengths of bundled replies are wanted; they are all that is known of these.
    pub fn of_bundled(self, needed: &str) -> Result<bool> {
        let [covariates, texts] = self.settings;
        let refused = |setting, found: &Path| {
            let expected = format!("needs `{needed}` beside it");
            Err(Error::setting(setting, found.display(), expected))
        };
        match (self.covariates, self.texts) {
            (None, _) => Ok(false),
            (Some(_), Some(found)) => refused(texts, found),
            (Some(found), None) if !is_length(found) => refused(covariates, found),
            (Some(_), None) => Ok(true),
        }
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

/// Says that numbers lose digits.
pub(super) fn note_rounded(embeddings: &Embeddings, output: &mut Output) {
    if embeddings.element() == Element::F64 {
        let path = embeddings.path().display();
        output.note(&format!("{path}: float64 numbers, each rounded once to float32"));
    }
}

/// What equal test rewards mean.
pub(super) const NO_ORDER: &str = "there is no order to compare the model's with";

/// Says that golden rewards are all the same, and what that means.
pub(super) fn note_equal_rewards(split: &Split, meaning: &str, output: &mut Output) {
    if let Some(rewards) = split.rewards.as_ref().filter(|rewards| rewards.all_equal()) {
        output.note(&format!("{}: all rewards are equal: {meaning}", rewards.path().display()));
    }
}

/// Says how many training prompts make no pair within them.
pub(super) fn note_single_responses(embeddings: &Embeddings, output: &mut Output) {
    let (path, prompts) = (embeddings.path().display(), embeddings.prompts());
    let single = prompts - embeddings.responses().prompts_with(2, prompts);
    if single > 0 {
        output.note(&format!(
            "{path}: {single} of {prompts} prompts have a single response, which makes no pair"
        ));
    }
}

/// Says how many test prompts count for nothing, or not for every N of best-of-N.
pub(super) fn note_uncounted(embeddings: &Embeddings, best_of: &[usize], output: &mut Output) {
    let path = embeddings.path().display();
    let (prompts, responses) = (embeddings.prompts(), embeddings.responses());
    let enough = |n| responses.prompts_with(n, prompts);
    let ranked = enough(2);
    if ranked < prompts {
        let single = prompts - ranked;
        output.note(&format!(
            "{path}: {single} of {prompts} test prompts have a single response, and count for nothing"
        ));
    }
    for n in best_of.iter().filter(|n| enough(**n) < ranked) {
        let counted = enough(*n);
        output.note(&format!(
            "{path}: best of {n} is of the {counted} test prompts that have as many responses"
        ));
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
        let (covariates, texts) = (self.test_covariates.as_deref(), self.test_texts.as_deref());
        KnownOfResponses { settings: ["test_covariates", "test_texts"], covariates, texts, names }
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

/// What the last layer sees.
#[derive(Debug, Args)]
#[group(id = "Features")]
pub(super) struct FeatureOptions {
    /// What the last layer sees
    #[arg(long, value_parser = choice::<Features>(), help_heading = "Training")]
    features: Option<Features>,

    #[command(flatten)]
    landmarks: Over<Landmarks>,

    #[command(flatten)]
    network: Over<Network>,
}

impl FeatureOptions {
    /// Writes what was typed over the recipe's settings.
    ///
    /// # Errors
    /// [`Error::Setting`] for options that features of this kind do not read.
    pub fn write(&self, settings: &mut Settings) -> Result<()> {
        self.write_as(self.features, settings);
        self.check_read(&[settings.model.features()])
    }

    /// The same with these features, whichever were typed, and unchecked.
    pub fn write_as(&self, features: Option<Features>, settings: &mut Settings) {
        if let Some(features) = features {
            settings.learn_from(features, &self.network.typed());
        }
        match &mut settings.model {
            Architecture::Mlp(network) => self.network.write(network),
            Architecture::Kernel(landmarks) => self.landmarks.write(landmarks),
            Architecture::Input => {}
        }
    }

    /// Checks that features of one of these kinds read what was typed.
    ///
    /// # Errors
    /// [`Error::Setting`] for options that none of them reads.
    pub fn check_read(&self, kinds: &[Features]) -> Result<()> {
        let typed = self.network.typed();
        let unread = READERS.iter().find(|(setting, by)| typed.has(setting) && !kinds.contains(by));
        let (Some((setting, by)), Some(kind)) = (unread, kinds.first()) else {
            return Ok(());
        };
        let expected = format!("does not read `{setting}`; `features` {} does", by.name());
        Err(Error::setting("features", kind.name(), expected))
    }
}

/// Settings that one kind of features reads.
const READERS: [(&str, Features); 12] = [
    ("hidden", Features::Mlp),
    ("activation", Features::Mlp),
    ("standardise", Features::Mlp),
    ("init", Features::Mlp),
    ("iterations", Features::Mlp),
    ("minibatch", Features::Mlp),
    ("lr", Features::Mlp),
    ("weight_decay", Features::Mlp),
    ("early_stopping", Features::Mlp),
    ("warm_up", Features::Mlp),
    ("holdout", Features::Mlp),
    ("landmarks", Features::Kernel),
];

/// How the result is printed.
#[derive(Debug, Args)]
pub(super) struct Print {
    /// Print one JSON object instead of a table
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

impl Print {
    /// Writes a result to its file, or without one to standard output, unless the object goes there.
    pub fn write(
        &self,
        result: impl FnOnce() -> Result<Vec<u8>>,
        file: Option<NewFile>,
        output: &Output,
    ) -> Result<()> {
        match file {
            Some(file) => file.write(&result()?),
            None if self.json => Ok(()),
            None => output.result(&String::from_utf8_lossy(&result()?)),
        }
    }

    /// Prints the object, or says in words what is in it beside the result.
    pub fn tell(
        &self,
        report: &impl Serialize,
        summary: impl FnOnce() -> String,
        output: &Output,
    ) -> Result<()> {
        if self.json {
            return output.json(report);
        }
        output.log(&summary());
        Ok(())
    }

    /// Places for files beside what is printed.
    pub fn beside(&self, force: bool, inputs: &[&Path]) -> Places {
        let mut places = Places::new(force, inputs);
        if self.json {
            places.report();
        }
        places
    }
}
