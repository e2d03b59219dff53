//! [`SessionError`]: why a session cannot begin or go on.

use core::fmt;

use super::End;
use crate::device::image::ImageError;
use crate::device::log::LogError;
use crate::error::Error;

/// Why a session cannot begin or go on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SessionError {
    /// The image is refused.
    Image(ImageError),
    /// The log is refused, or cannot be added to.
    Log(LogError),
    /// A computation is refused.
    Core(Error),
    /// The image is for the other profile.
    Profile,
    /// The log says that a round selected otherwise than it does here.
    Diverged {
        /// The round.
        round: u32,
    },
    /// There is no question to answer.
    Ended(End),
}

impl From<ImageError> for SessionError {
    fn from(error: ImageError) -> Self {
        Self::Image(error)
    }
}

impl From<LogError> for SessionError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl From<Error> for SessionError {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(error) => error.fmt(f),
            Self::Log(error) => error.fmt(f),
            Self::Core(error) => error.fmt(f),
            Self::Profile => f.write_str("the image is for another profile than this program's"),
            Self::Diverged { round } => {
                write!(f, "round {round}: the log's selection is not the one computed here")
            }
            Self::Ended(end) => write!(f, "no question is open: {end}"),
        }
    }
}

impl core::error::Error for SessionError {}
