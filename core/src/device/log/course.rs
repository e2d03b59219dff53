//! [`Course`]: which rounds and answers may follow in a log.

use super::super::image::{PairKind, PoolImage};
use super::error::LogError;
use super::record::{AnswerRecord, LogHeader, RoundRecord};
use crate::pool::ItemPair;

/// Where a log stands: its last round, and how many of its pairs have been answered.
///
/// What an image's settings fix is known of its own logs alone. Of those of another image of the same pool
/// is checked what holds of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Course {
    /// Whether the log is of the very image.
    own: bool,
    /// Of no pairs before the first.
    round: RoundRecord,
    answered: u16,
}

impl Course {
    /// Of an image's own log that has no round yet.
    pub(in super::super) const OWN: Self = Self {
        own: true,
        round: RoundRecord { round: 0, pairs: 0, batch: 0, head: 0 },
        answered: 0,
    };

    /// Of a log that has no round yet.
    ///
    /// # Errors
    /// [`LogError::Pool`].
    pub fn of(image: &PoolImage<'_>, header: &LogHeader) -> Result<Self, LogError> {
        header.check_pool(image)?;
        Ok(Self { own: header.image == image.checksum(), ..Self::OWN })
    }

    /// The last round, of no pairs before the first.
    #[must_use]
    pub const fn round(&self) -> RoundRecord {
        self.round
    }

    /// How many of its pairs have been answered.
    #[must_use]
    pub const fn answered(&self) -> u16 {
        self.answered
    }

    /// Whether all of them have.
    #[must_use]
    pub const fn is_answered(&self) -> bool {
        self.answered == self.round.pairs
    }

    /// Whether it is the image's own log.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        self.own
    }

    /// The number of the round behind the last, if there can only be one.
    pub(in super::super) fn next_round(&self, image: &PoolImage<'_>) -> Option<u32> {
        match self.round.round {
            0 if self.own => Some(image.header().settings.first_round),
            0 => None,
            round => Some(round.saturating_add(1)),
        }
    }

    /// Takes the round at a place of the log.
    ///
    /// # Errors
    /// [`LogError::Misplaced`], [`LogError::Round`], [`LogError::Pairs`].
    pub fn begin(
        &mut self,
        image: &PoolImage<'_>,
        place: u32,
        told: RoundRecord,
    ) -> Result<(), LogError> {
        if !self.is_answered() {
            let problem = "a round, before the one before has been answered";
            return Err(LogError::Misplaced { place, problem });
        }
        let (found, expected) = (told.round, self.next_round(image).unwrap_or(told.round));
        // Numbers ascend from 1 on; the last one has none behind it.
        if found != expected || found <= self.round.round {
            return Err(LogError::Round { place, expected, found });
        }
        let settings = &image.header().settings;
        let (most, found) = (if self.own { settings.batch } else { u16::MAX.into() }, told.pairs);
        if found == 0 || u32::from(found) > most {
            return Err(LogError::Pairs { place, most, found });
        }
        self.select(told);
        Ok(())
    }

    /// Takes the answer at a place of the log; tells its pair, which may have been asked about before.
    ///
    /// # Errors
    /// [`LogError::Misplaced`], [`LogError::Pair`].
    pub fn answer(
        &mut self,
        image: &PoolImage<'_>,
        place: u32,
        told: &AnswerRecord,
    ) -> Result<ItemPair, LogError> {
        let AnswerRecord { round, place: within, a, b, .. } = *told;
        if round != self.round.round || within != self.answered || self.is_answered() {
            let problem = "an answer that does not follow the one before";
            return Err(LogError::Misplaced { place, problem });
        }
        let (pair, kind) = (ItemPair { a, b }, image.header().settings.pairs);
        let (kind, expected) = match kind {
            PairKind::InPrompt if self.own => (kind, "two items of one prompt, the first first"),
            _ => (PairKind::CrossPrompt, "two items of the pool, the first first"),
        };
        if !image.has_pair(pair, kind) {
            return Err(LogError::Pair { place, pair, expected });
        }
        self.advance();
        Ok(pair)
    }

    /// Begins a round.
    pub(in super::super) const fn select(&mut self, round: RoundRecord) {
        (self.round, self.answered) = (round, 0);
    }

    /// Counts an answer.
    pub(in super::super) const fn advance(&mut self) {
        self.answered = self.answered.saturating_add(1);
    }
}

impl LogHeader {
    /// Fails unless it is of this image's pool.
    ///
    /// # Errors
    /// [`LogError::Pool`].
    pub fn check_pool(&self, image: &PoolImage<'_>) -> Result<(), LogError> {
        let (expected, found) = (image.header().pool, self.pool);
        match found == expected {
            true => Ok(()),
            false => Err(LogError::Pool { expected, found }),
        }
    }

    /// Fails unless it is of this very image.
    ///
    /// # Errors
    /// [`LogError::Pool`], [`LogError::Image`].
    pub fn check_image(&self, image: &PoolImage<'_>) -> Result<(), LogError> {
        self.check_pool(image)?;
        let (expected, found) = (image.checksum(), self.image);
        match found == expected {
            true => Ok(()),
            false => Err(LogError::Image { expected, found }),
        }
    }
}
