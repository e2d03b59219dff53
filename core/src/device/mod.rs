//! A labelling device without a network: what it is given ([`PoolImage`]), what it keeps
//! ([`AnswerLog`]), and the loop between the two ([`Session`]), which selects a batch, takes the
//! answers, learns, and selects again, as firmware does and as the host does when it checks what
//! firmware did.
//!
//! A device needs three things of its own: the bytes of an image, which may lie in flash; a
//! [`Store`] for the log, which is only ever appended to; and somebody who answers a [`Question`].
//! All that a session knows can be found out from image and log again, so that power may fail at
//! any time.
#![doc = "\n"]
#![doc = include_str!("FORMAT.md")]

mod bytes;
mod checksum;
mod codes;
mod half;
mod image;
mod log;
mod session;

pub use self::checksum::checksum;
pub use self::half::widen;
pub use self::image::{
    FORMAT, Header, ImageError, ItemName, PairKind, PoolImage, Precision, Section, Settings,
};
pub use self::log::{
    Answer, AnswerLog, AnswerRecord, Course, LogError, LogHeader, RECORD_LEN, Record, RoundRecord,
    Store, StoreError,
};
pub use self::session::{
    End, Question, Session, SessionArrays, SessionBuffers, SessionError, SessionLen, SessionMemory,
    SessionSizes,
};
