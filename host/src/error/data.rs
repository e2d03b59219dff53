//! [`DataError`]: why an array that can be read is none of embeddings or rewards, or does not
//! belong with the others.

use std::fmt;
use std::path::PathBuf;

use super::{Error, Shape};

/// What is wrong with the data of a file, and what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The array has too many or too few axes.
    #[error("shape {found}, but {expected} is expected")]
    Rank {
        /// Its shape.
        found: Shape,
        /// The shape wanted, in words.
        expected: &'static str,
    },
    /// An axis is empty, or longer than supported.
    #[error("shape {shape} has {found} {axis}, but {expected}")]
    AxisLength {
        /// The array's shape.
        shape: Shape,
        /// What the axis counts, such as "prompts".
        axis: &'static str,
        /// How long it is.
        found: u64,
        /// What is needed, in words.
        expected: String,
    },
    /// Rows that belong to no prompt, where pairs within one were to be asked about.
    #[error(
        "shape {found}: its rows belong to no prompt, so there are no pairs within one; \
         (N prompts, K responses, D dimensions) is expected, or `train_prompt_ids` to tell the \
         prompt of each row, `pool` cross-prompt to ask about any two, or `candidates` to list the \
         pairs"
    )]
    NoPrompts {
        /// The embeddings' shape.
        found: Shape,
    },
    /// Rows that belong to no prompt, where responses to one were to be compared.
    #[error(
        "shape {found}: its rows belong to no prompt; (N prompts, K responses, D dimensions) is \
         expected, or `test_prompt_ids`, which tells the prompt of each row"
    )]
    NoTestPrompts {
        /// The embeddings' shape.
        found: Shape,
    },
    /// Embeddings without the covariates that a model has learnt from.
    #[error("the model has learnt from {expected} too, which `covariates` must tell of these")]
    NeedsCovariates {
        /// Their names.
        expected: String,
    },
    /// Prompts of one response each, where two responses to one were needed.
    #[error("every row has a prompt id of its own, so that no prompt has two responses")]
    SingleResponses,
    /// A prompt with more responses than supported.
    #[error("one prompt has {found} rows; the limit is {limit}")]
    PromptLength {
        /// Its responses.
        found: usize,
        /// The most that are supported.
        limit: u64,
    },
    /// Prompt ids of embeddings that have an axis of prompts.
    #[error(
        "prompt ids for {}: shape {shape}, which has its prompts already; they go with (M rows, \
         D dimensions)",
        embeddings.display()
    )]
    NeedlessPromptIds {
        /// The embeddings' file.
        embeddings: PathBuf,
        /// Its shape.
        shape: Shape,
    },
    /// Another number of prompt ids than of rows.
    #[error("{found} prompt ids for {}: shape {shape}; an id a row is expected", embeddings.display())]
    PromptIdsCount {
        /// How many ids there are.
        found: usize,
        /// The embeddings' file.
        embeddings: PathBuf,
        /// Its shape.
        shape: Shape,
    },
    /// A `.npy`, or no file at all, that is no list of prompt ids.
    #[error(
        "{found}; prompt ids are integers or strings of shape (M,), lines of text or JSON Lines, one \
         for each row"
    )]
    PromptIdsForm {
        /// What was found.
        found: String,
    },
    /// One item alone, where any two were to be asked about.
    #[error("shape {shape}: a single item makes no pair; `pool` cross-prompt needs two")]
    SingleItem {
        /// The embeddings' shape.
        shape: Shape,
    },
    /// Rounds of one item each, where any two were to be asked about.
    #[error(
        "shape {shape}: `prompts_per_round` 1 draws a single item, which makes no pair; \
         `pool` cross-prompt needs two a round"
    )]
    SingleItemARound {
        /// The embeddings' shape.
        shape: Shape,
    },
    /// An item named as those of the other kind of embeddings are.
    #[error("item {name}: shape {shape} names its items {expected}")]
    ItemForm {
        /// The name.
        name: String,
        /// The embeddings' shape.
        shape: Shape,
        /// The form of a name, with an example.
        expected: &'static str,
    },
    /// An item that the embeddings do not have.
    #[error("no item {name}: the last one is {last}, counted from 0")]
    NoSuchItem {
        /// The name.
        name: String,
        /// The last item's name.
        last: String,
    },
    /// Rewards of one shape for embeddings of another.
    #[error(
        "shape {found} does not fit {}: shape {shape}; \
         the rewards of (N, K, D) embeddings are (N, K) or (N, K, 1), those of (M, D) ones (M,)",
        embeddings.display()
    )]
    RewardsShape {
        /// The rewards' shape.
        found: Shape,
        /// The embeddings' file.
        embeddings: PathBuf,
        /// Its shape.
        shape: Shape,
    },
    /// Covariates of one shape for embeddings of another.
    #[error(
        "shape {found} does not fit {}: shape {shape}; the covariates of (N, K, D) embeddings are \
         (N, K) or (N, K, C), those of (M, D) ones (M,) or (M, C)",
        embeddings.display()
    )]
    CovariatesShape {
        /// The covariates' shape.
        found: Shape,
        /// The embeddings' file.
        embeddings: PathBuf,
        /// Its shape.
        shape: Shape,
    },
    /// A NaN or an infinity among the covariates.
    #[error("{value} at {place}: the covariate {name:?} must be finite")]
    NonFiniteCovariate {
        /// The covariate.
        name: String,
        /// Where in the file.
        place: Place,
        /// NaN or an infinity.
        value: f32,
    },
    /// Another number of texts than of responses.
    #[error(
        "texts of {found} responses for {}: shape {shape}; one a response is expected, in the order \
         of its rows",
        embeddings.display()
    )]
    TextsCount {
        /// How many responses there are.
        found: usize,
        /// The embeddings' file.
        embeddings: PathBuf,
        /// Its shape.
        shape: Shape,
    },
    /// A path that leads to no file of texts.
    #[error("{found}; texts are JSON Lines, a response or a prompt a line")]
    TextsForm {
        /// What was found.
        found: &'static str,
    },
    /// Other covariates for testing than for training.
    #[error(
        "the covariates of the test data are {found}, but {} has {expected}; `test_covariates` \
         gives them, and `covariate_names` says what those of a file are called",
        train.display()
    )]
    CovariateNames {
        /// Those of the test embeddings.
        found: String,
        /// The training embeddings' file.
        train: PathBuf,
        /// Their covariates.
        expected: String,
    },
    /// Test embeddings of another length than the training ones.
    #[error(
        "embeddings of {found} numbers, but {} has {expected}; both must come from the same encoder",
        train.display()
    )]
    Dimensions {
        /// Numbers in a test embedding.
        found: usize,
        /// The training embeddings' file.
        train: PathBuf,
        /// Numbers in one of its embeddings.
        expected: usize,
    },
    /// A model for embeddings of another length.
    #[error(
        "embeddings of {found} numbers, but the model {} takes {expected}; \
         both must come from the same encoder",
        model.display()
    )]
    ModelInputs {
        /// Numbers in an embedding.
        found: usize,
        /// The model's file.
        model: PathBuf,
        /// Numbers that it takes.
        expected: usize,
    },
    /// A NaN or an infinity in the embeddings.
    #[error(
        "{value} at {place}: embeddings must be finite \
         (`trust_finite` only passes over rows that are never used)"
    )]
    NonFiniteEmbedding {
        /// Where in the file.
        place: Place,
        /// NaN or an infinity.
        value: f32,
    },
    /// Responses that no embedding tells apart.
    #[error(
        "the embeddings of responses that are compared must differ, and all are equal: perhaps prompts were \
         encoded without their responses"
    )]
    EqualEmbeddings,
    /// A row of nothing but NaN, as prompts of fewer responses are filled up with.
    #[error(
        "NaN in all {dimensions} numbers at {place}: where prompts have different numbers of \
         responses, save the rows that there are as (M rows, D dimensions), and tell the prompt of \
         each by `train_prompt_ids` or `test_prompt_ids`"
    )]
    PaddedEmbedding {
        /// Where in the file.
        place: Place,
        /// D.
        dimensions: u64,
    },
    /// NaN rewards at the end of a prompt, as prompts of fewer responses are filled up with.
    #[error(
        "NaN from {place} to the prompt's end: where prompts have different numbers of responses, \
         save the rewards that there are as (M,), the embeddings as (M rows, D dimensions), and tell \
         the prompt of each row by `train_prompt_ids` or `test_prompt_ids`"
    )]
    PaddedReward {
        /// Where in the file.
        place: Place,
    },
    /// A NaN or an infinity in the rewards.
    #[error("{value} at {place}: golden rewards must be finite")]
    NonFiniteReward {
        /// Where in the file.
        place: Place,
        /// NaN or an infinity.
        value: f32,
    },
    /// An item whose embedding, finite as it is, leads beyond what a float holds.
    #[error(
        "{what} of the item at {item} overflow: its embedding, or the model's weights, are too large"
    )]
    Overflow {
        /// "the features" or "the rewards".
        what: &'static str,
        /// Where in the file.
        item: Place,
    },
    /// A file of candidate pairs without one.
    #[error("no pair in it; a line has the form {{\"a\": [0, 2], \"b\": [0, 5]}}")]
    NoCandidates,
    /// A file of held-out labels without one.
    #[error("no label in it to measure a model on")]
    NoTestLabels,
}

impl DataError {
    /// The error of the file at `path`.
    pub fn at(self, path: impl Into<PathBuf>) -> Error {
        Error::Data { path: path.into(), problem: self }
    }
}

/// A place in an array, as indices that a Python user can type, the slowest axis first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(pub Vec<Index>);

/// A place on one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// What the axis counts, such as "prompt".
    pub axis: &'static str,
    /// Which of them, from 0.
    pub index: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indices: Vec<String> = self.0.iter().map(|at| at.index.to_string()).collect();
        let words: Vec<String> =
            self.0.iter().map(|at| format!("{} {}", at.axis, at.index)).collect();
        write!(f, "[{}] ({}, from 0)", indices.join(", "), words.join(", "))
    }
}
