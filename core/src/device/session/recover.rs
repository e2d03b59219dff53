//! How a session goes on where its log ends.

use super::super::log::{AnswerRecord, LogError, LogHeader, Record, RoundRecord, Store};
use super::{Session, SessionError};
use crate::parallel::Executor;
use crate::pool::ItemPair;

impl<S: Store> Session<'_, S> {
    /// Takes in all that the log holds, and begins a round if none is being asked about.
    pub(super) fn recover<E: Executor>(
        &mut self,
        executor: &E,
        device: u32,
    ) -> Result<(), SessionError> {
        let last = self.last_round()?;
        for place in 0..self.log.len() {
            match self.log.record(place)? {
                Some(Record::Header(header)) => self.check_header(header)?,
                Some(Record::Round(told)) => {
                    self.check_round(place, told)?;
                    match last == Some(place) {
                        true => self.select_again(executor, told)?,
                        false => (self.round, self.answered) = (told, 0),
                    }
                }
                Some(Record::Answer(told)) => {
                    self.take_again(place, told, last.is_some_and(|last| last < place))?;
                }
                Some(Record::Resumed(_)) | None => {}
            }
        }
        if self.log.is_empty() {
            let (pool, image) = (self.image.header().pool, self.image.checksum());
            self.log.append(Record::Header(LogHeader { pool, image, device }))?;
        }
        match self.answered == self.round.pairs {
            true => self.begin_round(executor),
            false => Ok(()),
        }
    }

    /// The place of the last round's record.
    fn last_round(&mut self) -> Result<Option<u32>, LogError> {
        let mut last = None;
        for place in 0..self.log.len() {
            if let Some(Record::Round(_)) = self.log.record(place)? {
                last = Some(place);
            }
        }
        Ok(last)
    }

    fn check_header(&self, header: LogHeader) -> Result<(), LogError> {
        let (expected, found) = (self.image.header().pool, header.pool);
        if found != expected {
            return Err(LogError::Pool { expected, found });
        }
        let (expected, found) = (self.image.checksum(), header.image);
        match found == expected {
            true => Ok(()),
            false => Err(LogError::Image { expected, found }),
        }
    }

    fn check_round(&self, place: u32, told: RoundRecord) -> Result<(), LogError> {
        let misplaced = |problem| Err(LogError::Misplaced { place, problem });
        if told.round != self.next_round() {
            return misplaced("a round that does not follow the one before");
        }
        if self.answered != self.round.pairs {
            return misplaced("a round, before the one before has been answered");
        }
        if told.pairs == 0 || u32::from(told.pairs) > self.image.header().settings.batch {
            return misplaced("a round of no pairs, or of more than a batch");
        }
        Ok(())
    }

    /// Selects the round's batch, which must be the one told of.
    fn select_again<E: Executor>(
        &mut self,
        executor: &E,
        told: RoundRecord,
    ) -> Result<(), SessionError> {
        self.select(executor, told.round)?;
        match self.round == told {
            true => Ok(()),
            false => Err(SessionError::Diverged { round: told.round }),
        }
    }

    /// Takes in an answer; of the batch that is selected anew to what it asks.
    fn take_again(
        &mut self,
        place: u32,
        told: AnswerRecord,
        selected: bool,
    ) -> Result<(), SessionError> {
        let AnswerRecord { round, place: within, a, b, answer } = told;
        let items = ItemPair { a, b };
        let misplaced = |problem| Err(LogError::Misplaced { place, problem }.into());
        if round != self.round.round || within != self.answered || within >= self.round.pairs {
            return misplaced("an answer that does not follow the one before");
        }
        let asked = self.next().map(|question| question.items);
        if selected && asked != Some(items) {
            return misplaced("an answer to another pair than was asked about");
        }
        let number = self.pool.pair_number(items);
        if number.is_none_or(|pair| self.answers.asked().binary_search(&pair).is_ok()) {
            return misplaced("an answer to no pair of the pool, or to one asked about before");
        }
        self.take(items, answer)?;
        Ok(())
    }
}
