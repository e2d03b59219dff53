//! How a session goes on where its log ends.

use super::super::log::{AnswerRecord, LogError, LogHeader, Record, RoundRecord, Store};
use super::{Session, SessionError};
use crate::parallel::Executor;

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
                Some(Record::Header(header)) => self.check_header(header, device)?,
                Some(Record::Round(told)) => {
                    self.course.begin(&self.image, place, told)?;
                    if last == Some(place) {
                        self.select_again(executor, told)?;
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
        match self.course.is_answered() {
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

    fn check_header(&self, header: LogHeader, device: u32) -> Result<(), LogError> {
        header.check_image(&self.image)?;
        let (expected, found) = (device, header.device);
        match found == expected {
            true => Ok(()),
            false => Err(LogError::Device { expected, found }),
        }
    }

    /// Selects the round's batch, which must be the one told of.
    fn select_again<E: Executor>(
        &mut self,
        executor: &E,
        told: RoundRecord,
    ) -> Result<(), SessionError> {
        self.select(executor, told.round)?;
        match self.round() == told {
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
        let asked = self.next().map(|question| question.items);
        let items = self.course.answer(&self.image, place, &told)?;
        let misplaced = |expected| Err(LogError::Pair { place, pair: items, expected }.into());
        if selected && asked != Some(items) {
            return misplaced("the pair that is asked about");
        }
        let number = self.pool.pair_number(items);
        if number.is_none_or(|pair| self.answers.asked().binary_search(&pair).is_ok()) {
            return misplaced(LogError::NEW_PAIR);
        }
        self.take(items, told.answer)?;
        Ok(())
    }
}
