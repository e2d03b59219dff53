//! [`ImageError`]: why an image is refused.

use core::fmt;

/// Why bytes are refused as a pool's image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ImageError {
    /// They do not begin as an image does.
    Foreign,
    /// The image is of a later format than this program reads.
    Newer {
        /// Its version.
        found: u16,
        /// The latest that is read.
        supported: u16,
    },
    /// The image was packed under another version of the numeric contract: its results have other
    /// bits.
    Contract {
        /// The image's.
        found: u32,
        /// This program's.
        expected: u32,
    },
    /// Bytes are missing.
    Truncated {
        /// The image's length.
        expected: usize,
        /// The one found.
        found: usize,
    },
    /// Bytes have changed.
    Checksum {
        /// Where.
        part: &'static str,
        /// The checksum that stands there.
        stored: u32,
        /// That of the bytes.
        computed: u32,
    },
    /// A part holds what it cannot.
    Invalid {
        /// Which part.
        part: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Foreign => f.write_str("not a pool image: it does not begin with `pairpick`"),
            Self::Newer { found, supported } => write!(
                f,
                "a pool image of format {found}: this program reads no later one than {supported}"
            ),
            Self::Contract { found, expected } => write!(
                f,
                "packed under version {found} of the numeric contract, expected {expected}: its \
                 results would have other bits"
            ),
            Self::Truncated { expected, found } => {
                write!(f, "truncated: expected {expected} bytes, found {found}")
            }
            Self::Checksum { part, stored, computed } => write!(
                f,
                "damaged: the checksum of {part} is {computed:#010x}, and {stored:#010x} stands there"
            ),
            Self::Invalid { part, problem } => write!(f, "{part}: {problem}"),
        }
    }
}

impl core::error::Error for ImageError {}
