//! [`Session`]: the loop of select, ask, learn, on the features of an image, kept in a log.
//!
//! What a session knows is a function of image and log: the head is fitted anew after each batch,
//! from where the image's earlier labels left it, to all answers of the batches before. So nothing
//! but the log has to survive, and whoever has both can check every selection.

mod error;
mod learn;
mod memory;
mod parts;
mod recover;
mod round;

use core::fmt;

pub use self::error::SessionError;
pub use self::memory::{SessionArrays, SessionBuffers, SessionLen, SessionMemory, SessionSizes};

use self::parts::{Answers, Earlier, Pool as Parts};
use super::image::PoolImage;
use super::log::{Answer, AnswerLog, AnswerRecord, Course, Record, RoundRecord, Store};
use crate::error::Error;
use crate::parallel::Executor;
use crate::pool::ItemPair;
use crate::topk::Scored;

/// A pair to ask about.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Question {
    /// The round that asks.
    pub round: u32,
    /// Its place in the batch, from 0, the best.
    pub place: u16,
    /// Pairs of the batch.
    pub of: u16,
    /// Its items, the first by its number first.
    pub items: ItemPair,
    /// The strategy's score.
    pub score: f32,
}

/// Why there is no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum End {
    /// Every pair has been asked about.
    NoPairs,
    /// The log has no room for another answer.
    LogFull,
    /// Memory has no room for another answer.
    MemoryFull,
    /// The next batch could not be begun, as [`Session::answer`] told; all answers are in the log.
    Failed,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPairs => "every pair has been asked about",
            Self::LogFull => "the log has no room for another answer",
            Self::MemoryFull => "memory has no room for another answer",
            Self::Failed => "the next batch could not be begun",
        })
    }
}

/// A labelling session: an image, its log, and what both say so far.
#[derive(Debug)]
pub struct Session<'a, S> {
    image: PoolImage<'a>,
    log: AnswerLog<S>,
    pool: Parts<'a>,
    earlier: Earlier<'a>,
    answers: Answers<'a>,
    /// β.
    head: &'a mut [f32],
    /// Fisher information of all answers at it.
    past: &'a mut [f32],
    work: round::Work<'a>,
    batch: &'a mut [Scored<f32>],
    /// The batch that is asked about, of no pairs before there is one, and how far.
    course: Course,
    /// Whether the next batch could not be begun.
    failed: bool,
}

impl<'a, S: Store> Session<'a, S> {
    /// Begins with an empty log, or goes on where a log ends: what power did not let end is passed
    /// over. The batch that is being asked about is selected again, and must be the one that the log
    /// tells of.
    ///
    /// # Errors
    /// [`SessionError::Log`] for a log that is damaged, of another image or device, or cannot be written;
    /// [`SessionError::Profile`] unless the executor has the image's; [`SessionError::Diverged`];
    /// [`SessionError::Core`] for less memory than [`PoolImage::session_len`], and for what the
    /// strategy or the fit refuses.
    pub fn open<E: Executor>(
        executor: &E,
        image: PoolImage<'a>,
        store: S,
        device: u32,
        memory: SessionMemory<'a>,
    ) -> Result<Self, SessionError> {
        if E::PROFILE != image.header().settings.profile {
            return Err(SessionError::Profile);
        }
        memory.check(&image, executor.threads())?;
        let log = AnswerLog::open(store)?;
        let mut session = Self::begun(image, log, memory)?;
        session.recover(executor, device)?;
        Ok(session)
    }

    /// The pair to ask about; none once the session has [ended](Session::end).
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        match self.end() {
            Some(_) => None,
            None => self.next(),
        }
    }

    /// Why there is no question, if there is none.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        let ends = [
            (self.pool.available(&self.answers) == 0, End::NoPairs),
            (self.failed, End::Failed),
            (self.answers.is_full(), End::MemoryFull),
            // Where it has no room for a round and an answer, none is begun.
            (self.log.room() == 0 || self.next().is_none(), End::LogFull),
        ];
        ends.into_iter().find_map(|(holds, end)| holds.then_some(end))
    }

    fn next(&self) -> Option<Question> {
        let RoundRecord { round, pairs, .. } = self.round();
        let place = self.course.answered();
        let picked = self.picked().get(usize::from(place))?;
        let items = self.pool.items_of_pair(picked.pair)?;
        Some(Question { round, place, of: pairs, items, score: picked.score })
    }

    /// Takes the answer to the question, and keeps it; after the last one of a batch it learns from
    /// them and selects the next.
    ///
    /// # Errors
    /// [`SessionError::Ended`] where no question is open; [`SessionError::Log`] and
    /// [`SessionError::Core`] as [`Session::open`]: what is in the log then, a session that is opened
    /// anew goes on from.
    pub fn answer<E: Executor>(
        &mut self,
        executor: &E,
        answer: Answer,
    ) -> Result<(), SessionError> {
        let Some(Question { round, place, items, .. }) = self.question() else {
            return Err(SessionError::Ended(self.end().unwrap_or(End::NoPairs)));
        };
        let record = AnswerRecord { round, place, a: items.a, b: items.b, answer };
        self.log.append(Record::Answer(record))?;
        self.take(items, answer)?;
        self.course.advance();
        match self.course.is_answered() {
            true => self.begin_round(executor),
            false => Ok(()),
        }
    }

    /// Adds an answer to what is known.
    fn take(&mut self, items: ItemPair, answer: Answer) -> Result<(), Error> {
        let pair = self.pool.pair_number(items).unwrap_or(u64::MAX);
        self.answers.add(pair, items, answer)
    }

    /// The image.
    #[must_use]
    pub fn image(&self) -> &PoolImage<'a> {
        &self.image
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &AnswerLog<S> {
        &self.log
    }

    /// The batch that is being asked about, as the log tells of it: of no pairs where there is none.
    #[must_use]
    pub fn round(&self) -> RoundRecord {
        self.course.round()
    }

    /// The pairs of the batch, best first.
    #[must_use]
    pub fn picked(&self) -> &[Scored<f32>] {
        self.batch.get(..usize::from(self.round().pairs)).unwrap_or_default()
    }

    /// β, by which the batch was selected.
    #[must_use]
    pub fn head(&self) -> &[f32] {
        self.head
    }

    /// How many answers there are, those that nothing is learnt from among them.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.answers.taken()
    }

    /// The log's memory, given back.
    pub fn into_store(self) -> S {
        self.log.into_store()
    }
}
