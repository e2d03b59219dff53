//! [`Error`]: what can go wrong between a file and a result, told to a person: the path, the place
//! in it, what was found, what was expected, and the option that helps.

use std::fmt;
use std::io;
use std::path::PathBuf;

use pairpick_core::trunk::mlp::MAX_HIDDEN;

use crate::data::item::ItemName;
pub use crate::data::place::{Place, Shape};

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such file.
    #[error("{}: no such file", path.display())]
    MissingFile {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, such as "read".
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is of another kind.
    #[error(
        "{}: not a .npy file nor safetensors: it begins with {found}; numpy.save writes one",
        path.display()
    )]
    NotAnArray {
        /// The file.
        path: PathBuf,
        /// What it begins with.
        found: String,
    },
    /// The header cannot be understood.
    #[error("{}: the {form} header is damaged: {problem}", path.display())]
    DamagedHeader {
        /// The file.
        path: PathBuf,
        /// ".npy" or "safetensors".
        form: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The header announces more text than any array needs.
    #[error("{}: the {form} header claims {found} bytes; the limit is {limit}", path.display())]
    HeaderTooLong {
        /// The file.
        path: PathBuf,
        /// ".npy" or "safetensors".
        form: &'static str,
        /// Bytes claimed.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The file ends too early.
    #[error(
        "{}: truncated: {expected} bytes expected, {found} found; copy or download it again",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes that the header promises, its own included.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// The file goes on after its array.
    #[error(
        "{}: {} bytes after the end of the array: {expected} bytes expected, {found} found",
        path.display(), found - expected
    )]
    TrailingBytes {
        /// The file.
        path: PathBuf,
        /// Bytes that the header promises, its own included.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// The numbers are of another type.
    #[error(
        "{}: element type {found}, but '<f4' (float32) or '<f2' (float16) is expected; \
         convert with array.astype('<f4')",
        path.display()
    )]
    ElementType {
        /// The file.
        path: PathBuf,
        /// NumPy's name of the type found, quoted.
        found: String,
    },
    /// The tensor's numbers are of another type.
    #[error(
        "{}: tensor \"{tensor}\" is of type {found}, but F32, F16 or BF16 is expected; \
         convert with tensor.float() or array.astype('<f4')",
        path.display()
    )]
    TensorType {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// Its type.
        found: String,
    },
    /// None of several tensors has the name wanted.
    #[error(
        "{}: a tensor named {wanted:?}, or a single one, is expected; found {found}",
        path.display()
    )]
    NoTensor {
        /// The file.
        path: PathBuf,
        /// The name.
        wanted: &'static str,
        /// How many there are, and their names.
        found: String,
    },
    /// The array holds Python objects.
    #[error(
        "{}: an array of Python objects ({found}), which only Python can read; if its rows have \
         equal lengths, numpy.stack(list).astype('<f4') makes it one of numbers",
        path.display()
    )]
    ObjectType {
        /// The file.
        path: PathBuf,
        /// NumPy's name of the type found, quoted.
        found: String,
    },
    /// The numbers are stored with the high byte first.
    #[error(
        "{}: big-endian numbers ({found}), but little-endian ones are expected; \
         convert with array.astype('<f4')",
        path.display()
    )]
    BigEndian {
        /// The file.
        path: PathBuf,
        /// NumPy's name of the type found, quoted.
        found: String,
    },
    /// The array is stored column by column.
    #[error(
        "{}: Fortran (column-major) order, but C order is expected; \
         convert with numpy.ascontiguousarray(array)",
        path.display()
    )]
    FortranOrder {
        /// The file.
        path: PathBuf,
    },
    /// The array has too many or too few axes.
    #[error("{}: shape {found}, but {expected} is expected", path.display())]
    Rank {
        /// The file.
        path: PathBuf,
        /// Its shape.
        found: Shape,
        /// The shape wanted, in words.
        expected: &'static str,
    },
    /// Rows that belong to no prompt, where pairs within one were to be asked about.
    #[error(
        "{}: shape {found}: its rows belong to no prompt, so there are no pairs within one; \
         (N prompts, K responses, D dimensions) is expected, or --pool cross-prompt to ask about \
         any two rows, or --candidates to list the pairs",
        path.display()
    )]
    NoPrompts {
        /// The file.
        path: PathBuf,
        /// Its shape.
        found: Shape,
    },
    /// The array claims more numbers than can be addressed.
    #[error("{}: shape {shape} is larger than any file", path.display())]
    ShapeOverflow {
        /// The file.
        path: PathBuf,
        /// Its shape.
        shape: Shape,
    },
    /// An axis is empty, or longer than supported.
    #[error("{}: shape {shape} has {found} {axis}, but {expected}", path.display())]
    AxisLength {
        /// The file.
        path: PathBuf,
        /// Its shape.
        shape: Shape,
        /// What the axis counts, such as "prompts".
        axis: &'static str,
        /// How long it is.
        found: u64,
        /// What is needed, in words.
        expected: String,
    },
    /// An item named as those of the other kind of embeddings are.
    #[error(
        "item {name}: {}: shape {shape} names its items {}",
        path.display(),
        match name {
            ItemName::Row(_) => "[prompt, response], such as [3, 5]",
            ItemName::Response(_) => "by their rows, such as 17",
        }
    )]
    ItemForm {
        /// The name.
        name: ItemName,
        /// The embeddings' file.
        path: PathBuf,
        /// Its shape.
        shape: Shape,
    },
    /// An item that the embeddings do not have.
    #[error("item {name}: {}: the last item is {last}, counted from 0", path.display())]
    NoSuchItem {
        /// The name.
        name: ItemName,
        /// The embeddings' file.
        path: PathBuf,
        /// The last item's name.
        last: ItemName,
    },
    /// Rewards of one shape for embeddings of another.
    #[error(
        "{}: shape {rewards_shape} does not fit {}: shape {embeddings_shape}; \
         the rewards of (N, K, D) embeddings are (N, K) or (N, K, 1), those of (M, D) ones (M,)",
        rewards.display(), embeddings.display()
    )]
    RewardsShape {
        /// The rewards' file.
        rewards: PathBuf,
        /// Its shape.
        rewards_shape: Shape,
        /// The embeddings' file.
        embeddings: PathBuf,
        /// Its shape.
        embeddings_shape: Shape,
    },
    /// Test embeddings of another length than the training ones.
    #[error(
        "{}: embeddings of {test_dimensions} numbers, but {} has {train_dimensions}; \
         both must come from the same encoder",
        test.display(), train.display()
    )]
    Dimensions {
        /// The training embeddings' file.
        train: PathBuf,
        /// Numbers in one of its embeddings.
        train_dimensions: usize,
        /// The test embeddings' file.
        test: PathBuf,
        /// Numbers in one of its embeddings.
        test_dimensions: usize,
    },
    /// A model for embeddings of another length.
    #[error(
        "{}: embeddings of {dimensions} numbers, but the model {} takes {inputs}; \
         both must come from the same encoder",
        embeddings.display(), model.display()
    )]
    ModelInputs {
        /// The embeddings' file.
        embeddings: PathBuf,
        /// Numbers in one of them.
        dimensions: usize,
        /// The model's file.
        model: PathBuf,
        /// Numbers that it takes.
        inputs: usize,
    },
    /// A NaN or an infinity in the embeddings.
    #[error(
        "{}: {value} at {place}: embeddings must be finite \
         (--trust-finite only passes over rows that are never used)",
        path.display()
    )]
    NonFiniteEmbedding {
        /// The file.
        path: PathBuf,
        /// Where in it.
        place: Place,
        /// NaN or an infinity.
        value: f32,
    },
    /// A NaN or an infinity in the rewards.
    #[error("{}: {value} at {place}: golden rewards must be finite", path.display())]
    NonFiniteReward {
        /// The file.
        path: PathBuf,
        /// Where in it.
        place: Place,
        /// NaN or an infinity.
        value: f32,
    },
    /// A setting outside its range, or one that the data cannot meet.
    #[error("--{option} {found}: {expected}")]
    Setting {
        /// The option, without dashes.
        option: &'static str,
        /// Its value.
        found: String,
        /// What it must be, and why.
        expected: String,
    },
    /// A hidden layer beyond the core's capacity.
    #[error("--hidden {found}: a hidden layer has from 1 to {MAX_HIDDEN} units")]
    HiddenSize {
        /// The size asked for.
        found: usize,
    },
    /// A file of settings that cannot be used.
    #[error("{}: not settings of this version: {problem}", path.display())]
    SettingsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A line of a JSON Lines file that is not what it should be.
    #[error("{}: line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A file of candidate pairs without one.
    #[error("{}: no pair in it; a line has the form {{\"a\": [0, 2], \"b\": [0, 5]}}", path.display())]
    NoCandidates {
        /// The file.
        path: PathBuf,
    },
    /// A trace that cannot be compared.
    #[error("{}: not a trace that can be compared: {problem}", path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A model file that cannot be used.
    #[error("{}: not a model of pairpick: {problem}", path.display())]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The output folder has something in it.
    #[error(
        "{}: the folder is not empty; choose another with --out, or replace it with --force",
        path.display()
    )]
    OutputExists {
        /// The folder.
        path: PathBuf,
    },
    /// The output cannot go there, whatever is forced.
    #[error("{}: cannot be the output folder: {problem}; choose another with --out", path.display())]
    OutputPlace {
        /// The folder.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// A run's folder that can be neither begun nor gone on with.
    #[error(transparent)]
    Folder(#[from] crate::output::FolderError),
    /// The curves could not be drawn.
    #[error("cannot draw the curves: {problem}")]
    Drawing {
        /// What the plotting library said.
        problem: String,
    },
    /// The numerical core refused.
    #[error("{context}: {}", Explained(source))]
    Core {
        /// What was being computed.
        context: String,
        /// Its reason.
        source: pairpick_core::Error,
    },
}

impl Error {
    /// Wraps a refusal of the operating system; a missing file gets a message of its own.
    pub fn io(path: impl Into<PathBuf>, action: &'static str, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::NotFound if action == "open" => Self::MissingFile { path },
            _ => Self::Io { path, action, source },
        }
    }

    /// Wraps a refusal of the core: `map_err(Error::core("scoring the pool"))`.
    pub fn core(context: impl Into<String>) -> impl FnOnce(pairpick_core::Error) -> Self {
        move |source| Self::Core { context: context.into(), source }
    }
}

/// A core error with the values that its own `Display` leaves out: the core formats no floats.
struct Explained<'a>(&'a pairpick_core::Error);

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use pairpick_core::Error as Core;
        write!(f, "{}", self.0)?;
        match *self.0 {
            Core::Label { value, .. } => write!(f, " (found {value})"),
            Core::NotPositiveDefinite { value, .. } => {
                write!(f, " (found {value:e}); try --precision f64 or a larger --prior-precision")
            }
            Core::IllConditioned { estimate } => write!(
                f,
                " (condition about {estimate:e}); try --precision f64 or a larger --prior-precision"
            ),
            _ => Ok(()),
        }
    }
}
