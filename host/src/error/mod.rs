//! [`Error`]: what can go wrong between a file and a result, told to a person: the path, the place
//! in it, what was found, what was expected, and the setting that helps.
//!
//! A message names a setting as `` `prompts_per_round` ``; whoever prints it may know it by another
//! name, as the command line does, whose options have dashes.

mod array;
mod data;
mod folder;
mod session;

use std::fmt;
use std::io;
use std::path::PathBuf;

pub use self::array::{ArrayError, Shape};
pub use self::data::{DataError, Index, Place};
pub use self::folder::FolderError;
pub use self::session::SessionError;

/// Characters of a file that a message quotes, at most.
const QUOTED: usize = 200;

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
    /// A file that holds no array.
    #[error("{}: {problem}", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: ArrayError,
    },
    /// An array that is not the data wanted.
    #[error("{}: {problem}", path.display())]
    Data {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: DataError,
    },
    /// A setting outside its range, or one that the data cannot meet.
    #[error("`{setting}` {found}: {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What it must be, and why.
        expected: String,
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
    /// A row of a file of preferences that is not what it should be.
    #[error("{}: {unit} {number}: {problem}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// What counts its rows, "line" or "record".
        unit: &'static str,
        /// Which of them, from 1.
        number: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A file of preferences that cannot be used.
    #[error("{}: {problem}", path.display())]
    Preferences {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
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
    /// The image or the log of a labelling device that cannot be used.
    #[error("{}: {problem}", path.display())]
    Device {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A run's folder that can be neither begun nor gone on with.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A session that can be neither begun nor gone on with.
    #[error(transparent)]
    Session(#[from] SessionError),
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

    /// A setting of this name and value that is not what it must be. A long value is cut.
    pub fn setting(
        setting: &'static str,
        found: impl ToString,
        expected: impl Into<String>,
    ) -> Self {
        Self::Setting { setting, found: quotable(&found.to_string()), expected: expected.into() }
    }

    /// Wraps what the core says of a device's file: `map_err(Error::device(path))`.
    pub fn device<E: fmt::Display>(path: impl Into<PathBuf>) -> impl FnOnce(E) -> Self {
        move |problem| Self::Device { path: path.into(), problem: problem.to_string() }
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
            // The host sizes all memory itself.
            Core::Workspace { .. } => f.write_str(" (more memory than the system has)"),
            Core::Label { value, .. } => write!(f, " (found {value})"),
            Core::NotPositiveDefinite { value, .. } => {
                write!(f, " (found {value:e}); try `precision` f64 or a larger `prior_precision`")
            }
            Core::IllConditioned { estimate } => write!(
                f,
                " (condition about {estimate:e}); try `precision` f64 or a larger `prior_precision`"
            ),
            _ => Ok(()),
        }
    }
}

/// Text from outside as a message may quote it: in one line, short, without the characters that a
/// terminal would obey, and without what marks a setting's name.
pub fn quotable(text: &str) -> String {
    let mut shown = String::new();
    for (index, character) in text.chars().enumerate() {
        match character {
            _ if index == QUOTED => {
                shown.push('…');
                break;
            }
            '`' => shown.push('"'),
            obeyed if is_obeyed(obeyed) => shown.extend(obeyed.escape_default()),
            other => shown.push(other),
        }
    }
    shown
}

/// Whether a terminal obeys a character rather than show it: control characters, and those that
/// turn the direction of writing.
#[must_use]
pub fn is_obeyed(character: char) -> bool {
    let turns = ['\u{61c}', '\u{200e}', '\u{200f}'].contains(&character)
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2066}'..='\u{2069}').contains(&character);
    turns || character.is_control()
}
