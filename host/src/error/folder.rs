//! [`FolderError`]: why a run's folder can be neither begun nor gone on with, or a file not written.

use std::path::PathBuf;

/// What is in the way, and which setting helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The output folder has something in it.
    #[error(
        "{}: the folder is not empty; choose another with `out`, or replace it with `force`",
        path.display()
    )]
    OutputExists {
        /// The folder.
        path: PathBuf,
    },
    /// The output cannot go there, whatever is forced.
    #[error("{}: cannot be the output folder: {problem}; choose another with `out`", path.display())]
    OutputPlace {
        /// The folder.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// Another run is filling the folder.
    #[error(
        "{}: another run is writing there now (to {}); choose another folder with `out`",
        out.display(), partial.display()
    )]
    Busy {
        /// The folder as the user named it.
        out: PathBuf,
        /// Where its files are while they are written.
        partial: PathBuf,
    },
    /// A run to the folder was interrupted, and its files are still there.
    #[error(
        "{}: a run to this folder was interrupted (its files are in {}); \
         go on with `resume` {}, or discard it with `force`",
        out.display(), partial.display(), out.display()
    )]
    Interrupted {
        /// The folder as the user named it.
        out: PathBuf,
        /// Where the files are.
        partial: PathBuf,
    },
    /// There is nothing to go on with.
    #[error(
        "`resume` {}: no run to this folder was interrupted (there is no {}); \
         `resume` takes the name that was given to `out`",
        out.display(), partial.display()
    )]
    NothingToResume {
        /// The folder as the user named it.
        out: PathBuf,
        /// Where the files would be.
        partial: PathBuf,
    },
    /// The run was interrupted before its settings were written.
    #[error(
        "`resume` {}: the run was interrupted before anything was written; \
         give its command once more",
        out.display()
    )]
    NothingWritten {
        /// The folder as the user named it.
        out: PathBuf,
    },
    /// The run has ended as it should.
    #[error("`resume` {}: the run is complete; there is nothing left to do", out.display())]
    Complete {
        /// The folder as the user named it.
        out: PathBuf,
    },
    /// The files of an interrupted run do not fit together.
    #[error(
        "{}: cannot go on with this run: {problem}; `force`, with the command it was started by, \
         discards it",
        path.display()
    )]
    Damaged {
        /// The file or folder.
        path: PathBuf,
        /// What does not fit.
        problem: String,
    },
    /// The data is not what the run began with.
    #[error(
        "{}: not the {what} that the run began with; put those back, or start anew with `force`",
        path.display()
    )]
    DataChanged {
        /// The file.
        path: PathBuf,
        /// What it holds, such as "training embeddings".
        what: &'static str,
    },
    /// A file is there already.
    #[error("{}: the file exists; choose another name, or replace it with `force`", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot go there, whatever is forced.
    #[error("{}: cannot be written: {problem}; choose another name", path.display())]
    FilePlace {
        /// The file.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// A file is written, and could not have its name.
    #[error("{}: cannot be written: {problem}; the result is in {}", path.display(), kept.display())]
    FileKept {
        /// The name that it was to have.
        path: PathBuf,
        /// Why not.
        problem: String,
        /// Where it is.
        kept: PathBuf,
    },
}
