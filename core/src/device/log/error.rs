//! [`LogError`]: why a log is refused, or cannot be added to.

use core::fmt;

use super::store::StoreError;
use crate::pool::ItemPair;

/// Why a log is refused, or cannot be added to. Places count records, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LogError {
    /// It does not begin as a log does.
    Foreign,
    /// It is of a later format than this program reads.
    Newer {
        /// Its version.
        found: u8,
        /// The latest that is read.
        supported: u8,
    },
    /// A record is damaged, and others stand behind it.
    Damaged {
        /// Its place.
        place: u32,
    },
    /// A record that cannot stand where it does.
    Misplaced {
        /// Its place.
        place: u32,
        /// What is wrong.
        problem: &'static str,
    },
    /// A round of another number than follows.
    Round {
        /// The record's place.
        place: u32,
        /// The number that follows.
        expected: u32,
        /// The one found.
        found: u32,
    },
    /// A round of no pairs, or of more than a batch.
    Pairs {
        /// The record's place.
        place: u32,
        /// Pairs of a batch.
        most: u32,
        /// Those of the round.
        found: u16,
    },
    /// An answer to what cannot have been asked.
    Pair {
        /// The record's place.
        place: u32,
        /// What was answered.
        pair: ItemPair,
        /// What it should be.
        expected: &'static str,
    },
    /// It is of another image of the pool.
    Image {
        /// The checksum of the image that is expected.
        expected: u32,
        /// That of the log's.
        found: u32,
    },
    /// It is of another pool.
    Pool {
        /// The digest of the pool that is expected.
        expected: u64,
        /// That of the log's.
        found: u64,
    },
    /// It is of another device.
    Device {
        /// The number of the device.
        expected: u32,
        /// That of the log's.
        found: u32,
    },
    /// There is no room for another record.
    Full {
        /// Records that there is room for.
        capacity: u32,
    },
    /// Its memory could not be read or written.
    Store,
}

impl LogError {
    /// What [`LogError::Pair`] expects of every answer.
    pub const NEW_PAIR: &'static str = "a pair that was not asked about before";
}

impl From<StoreError> for LogError {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Foreign => {
                f.write_str("not an answer log: it does not begin with a log's header")
            }
            Self::Newer { found, supported } => write!(
                f,
                "an answer log of format {found}: this program reads no later one than {supported}"
            ),
            Self::Damaged { place } => {
                write!(f, "record {place} is damaged, and there are records behind it")
            }
            Self::Misplaced { place, problem } => write!(f, "record {place}: {problem}"),
            Self::Round { place, expected, found } => {
                write!(f, "record {place}: expected round {expected}, found {found}")
            }
            Self::Pairs { place, most, found } => {
                write!(f, "record {place}: expected a round of 1 to {most} pairs, found {found}")
            }
            Self::Pair { place, pair: ItemPair { a, b }, expected } => {
                write!(f, "record {place}: expected {expected}, found items {a} and {b}")
            }
            Self::Image { expected, found } => write!(
                f,
                "of another image of the pool: expected checksum {expected:#010x}, found {found:#010x}"
            ),
            Self::Pool { expected, found } => write!(
                f,
                "of another pool than the image: expected {expected:#018x}, found {found:#018x}"
            ),
            Self::Device { expected, found } => {
                write!(f, "of another device: expected number {expected}, found {found}")
            }
            Self::Full { capacity } => write!(f, "full: it has room for {capacity} records"),
            Self::Store => StoreError.fmt(f),
        }
    }
}

impl core::error::Error for LogError {}
