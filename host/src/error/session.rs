//! [`SessionError`]: why a session can be neither begun nor gone on with.

use std::path::PathBuf;

/// What is in the way, and what helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// There is nobody to ask.
    #[error("standard input and output are no terminal, which questions are asked in")]
    NoTerminal,
    /// Another process works on it.
    #[error("{}: {holder} works on this session; end it there, or choose another `session`", path.display())]
    Held {
        /// The session.
        path: PathBuf,
        /// Who, and since when.
        holder: String,
    },
    /// Another program, such as a data-base browser, has it locked.
    #[error("{}: another program has locked the file; close it there and try again", path.display())]
    Locked {
        /// The session.
        path: PathBuf,
    },
    /// It was begun with something else.
    #[error(
        "{}: this session was begun with other {what}: {expected}, and now it is {found}; go on with what it \
         was begun with, or name another `session`",
        path.display()
    )]
    Other {
        /// The session.
        path: PathBuf,
        /// What differs, such as "embeddings".
        what: &'static str,
        /// What there is now.
        found: String,
        /// What the session says.
        expected: String,
    },
    /// There is a session where a new one was to begin.
    #[error("{}: there is a session already; answers are imported into a new one", path.display())]
    Exists {
        /// The session.
        path: PathBuf,
    },
    /// It has the answer to a pair that a session does not ask about.
    #[error("{}: the session does not ask about {a} and {b}", path.display())]
    NotAsked {
        /// The file with the answer.
        path: PathBuf,
        /// An item.
        a: String,
        /// The other.
        b: String,
    },
    /// A newer version of this program wrote it.
    #[error(
        "{}: a session of format {found}, which a newer version of this program wrote; this one \
         knows {known}",
        path.display()
    )]
    Newer {
        /// The session.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// It is another data base, or none.
    #[error("{}: not a session of pairpick: {problem}", path.display())]
    NoSession {
        /// The file.
        path: PathBuf,
        /// What it is.
        problem: String,
    },
    /// Its content is not as it was written.
    #[error(
        "{}: the session is damaged: {problem}; nothing was changed: go on with a copy from before",
        path.display()
    )]
    Damaged {
        /// The session.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The system cannot read or write.
    #[error("{}: cannot {action}: {problem}; what was answered before is kept", path.display())]
    Storage {
        /// The session.
        path: PathBuf,
        /// What was tried, such as "record the answer".
        action: &'static str,
        /// The system's reason.
        problem: String,
    },
    /// The next batch could not be chosen, or its answers not be learnt from.
    #[error("the next batch: {problem}; what was answered is kept")]
    Work {
        /// What went wrong.
        problem: String,
    },
}
