//! What a replay tells: a line for each stage, with a digest of its values and the values
//! themselves, in one text form that a server, a browser and a microcontroller print alike.
//!
//! A recording is lines of text. A section opens with a [`Header`]; each [`Entry`] is one line of
//! `stage order round index kind count digest`, and in its alternate form (`{:#}`) further lines,
//! indented by two spaces, of the values' bits in hexadecimal. Only integers are formatted, so a
//! device needs no code that prints floats.

use core::fmt;

use super::Size;
use crate::arith::Real;
use crate::digest::Digest;
use crate::error::Error;
use crate::profile::Profile;

/// The version of the numeric contract that results have the bits of.
pub const CONTRACT: u32 = 3;

/// Values on a line of a recording.
const VALUES_A_LINE: usize = 8;

/// What the values of a stage are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers of 32 bits.
    F32,
    /// Numbers of 64 bits.
    F64,
    /// Integers: places, pair numbers, what an error says.
    Integer,
}

impl Kind {
    /// The name used in recordings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Integer => "u64",
        }
    }

    /// Bits of a value.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::F32 => 32,
            Self::F64 | Self::Integer => 64,
        }
    }

    const fn of<T: Real>() -> Self {
        if size_of::<T>() == 4 { Self::F32 } else { Self::F64 }
    }
}

/// The values of a stage, as bit patterns.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    kind: Kind,
    len: usize,
    bits: &'a dyn Fn(usize) -> u64,
}

impl Values<'_> {
    /// What they are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Their bit patterns, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        (0..self.len).map(self.bits)
    }
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// One stage of a replay.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// What was computed.
    pub stage: &'static str,
    /// The order of the features; 0 for what has none.
    pub order: usize,
    /// The round, from 1; 0 for what comes before the rounds.
    pub round: usize,
    /// Which one of the stage's repetitions in this round, from 0.
    pub index: usize,
    /// FNV-1a of the values.
    pub digest: u64,
    /// What came of it.
    pub values: Values<'a>,
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, order, round, index, digest, values } = self;
        let (kind, count) = (values.kind().name(), values.len());
        write!(f, "{stage} {order} {round} {index} {kind} {count} {digest:016x}")?;
        if f.alternate() {
            for (place, bits) in values.iter().enumerate() {
                f.write_str(if place % VALUES_A_LINE == 0 { "\n  " } else { " " })?;
                match values.kind() {
                    Kind::F32 => write!(f, "{bits:08x}")?,
                    Kind::F64 | Kind::Integer => write!(f, "{bits:016x}")?,
                }
            }
        }
        Ok(())
    }
}

/// The first line of a section: which arithmetic, under which contract, on how much data.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    profile: &'static str,
    scalar: &'static str,
    size: &'static str,
}

impl Header {
    /// That of a replay in `T` by an executor of this profile.
    #[must_use]
    pub fn new<T: Real>(profile: Profile, size: &Size) -> Self {
        Self { profile: profile.name(), scalar: T::NAME, size: size.name() }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { profile, scalar, size } = self;
        write!(f, "trace contract {CONTRACT} profile {profile} scalar {scalar} size {size}")
    }
}

/// Digests what stages hand it, and passes it on.
pub(super) struct Recorder<'a> {
    observe: &'a mut dyn FnMut(&Entry<'_>),
    order: usize,
    round: usize,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(observe: &'a mut dyn FnMut(&Entry<'_>)) -> Self {
        Self { observe, order: 0, round: 0 }
    }

    /// Says where the stages that follow belong.
    pub(super) fn enter(&mut self, order: usize, round: usize) {
        (self.order, self.round) = (order, round);
    }

    pub(super) fn numbers<T: Real>(
        &mut self,
        stage: &'static str,
        index: usize,
        values: &[T],
    ) -> Result<(), Error> {
        let mut digest = Digest::new();
        digest.numbers(values)?;
        let bits = |place: usize| values.get(place).map_or(0, |value| value.bits());
        let values = Values { kind: Kind::of::<T>(), len: values.len(), bits: &bits };
        self.tell(stage, index, digest, values);
        Ok(())
    }

    pub(super) fn integers(
        &mut self,
        stage: &'static str,
        index: usize,
        len: usize,
        at: &dyn Fn(usize) -> u64,
    ) {
        let mut digest = Digest::new();
        for place in 0..len {
            digest.integer(at(place));
        }
        self.tell(stage, index, digest, Values { kind: Kind::Integer, len, bits: at });
    }

    /// What a refusal says: its kind and the values that explain it.
    pub(super) fn refusal<R>(
        &mut self,
        stage: &'static str,
        index: usize,
        result: Result<R, Error>,
    ) {
        let said = match result {
            Ok(_) => [0; 3],
            Err(error) => explained(&error),
        };
        self.integers(stage, index, said.len(), &|place| said.get(place).copied().unwrap_or(0));
    }

    fn tell(&mut self, stage: &'static str, index: usize, digest: Digest, values: Values<'_>) {
        let (order, round, digest) = (self.order, self.round, digest.value());
        (self.observe)(&Entry { stage, order, round, index, digest, values });
    }
}

fn explained(error: &Error) -> [u64; 3] {
    match *error {
        Error::Shape { expected, found, .. } => [1, expected as u64, found as u64],
        Error::Workspace { required, found, .. } => [2, required as u64, found as u64],
        Error::TooLarge { limit, found, .. } => [3, limit as u64, found as u64],
        Error::Empty { .. } => [4, 0, 0],
        Error::Index { index, len, .. } => [5, index, len],
        Error::NonFinite { index, .. } => [6, index as u64, 0],
        Error::Parameter { .. } => [7, 0, 0],
        Error::Label { index, value } => [8, index as u64, value.to_bits()],
        Error::Batch { requested, available } => [9, requested, available],
        Error::NotPositiveDefinite { pivot, value } => [10, pivot as u64, value.to_bits()],
        Error::IllConditioned { estimate } => [11, estimate.to_bits(), 0],
        Error::FloatEnvironment { .. } => [12, 0, 0],
        Error::AllPairs => [13, 0, 0],
    }
}
