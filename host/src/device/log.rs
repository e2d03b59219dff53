//! [`DeviceLog`]: the log of a device, as a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pairpick_core::device::{
    Answer, AnswerLog, AnswerRecord, Course, LogError, LogHeader, PoolImage, RECORD_LEN, Record,
    RoundRecord, Store, StoreError,
};
use pairpick_core::pool::ItemPair;

use crate::error::{Error, Result};
use crate::named::named;

named!(Answer, "answer",
    First = "first": "item a is better",
    Second = "second": "item b is better",
    Tie = "tie": "neither is better",
    Skip = "skip": "the pair was passed over",
    BothBad = "both-bad": "neither is any good",
);

/// All that a log tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceLog {
    /// The file.
    pub path: PathBuf,
    /// Whose it is.
    pub header: LogHeader,
    /// Its records in order but for the header, each with its place, from 0.
    pub records: Vec<(u32, Event)>,
    /// Places that power did not let fill, last or before a resumption.
    pub dropped: u32,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A batch was selected.
    Round(RoundRecord),
    /// A question was answered.
    Answer(AnswerRecord),
}

impl DeviceLog {
    /// Reads a log's file.
    ///
    /// # Errors
    /// [`Error::MissingFile`], [`Error::Io`]; [`Error::Device`] for what is no log, for one that is
    /// damaged, and for one without a header.
    pub fn open(path: &Path) -> Result<Self> {
        Self::read(path, &super::read(path)?)
    }

    /// The same from bytes, called `path` in messages.
    ///
    /// # Errors
    /// As [`DeviceLog::open`].
    pub fn read(path: &Path, bytes: &[u8]) -> Result<Self> {
        let mut log = AnswerLog::open(bytes).map_err(Error::device(path))?;
        let (mut header, mut records, mut dropped) = (None, Vec::new(), 0);
        for place in 0..log.len() {
            match log.record(place).map_err(Error::device(path))? {
                Some(Record::Header(own)) => header = Some(own),
                Some(Record::Round(round)) => records.push((place, Event::Round(round))),
                Some(Record::Answer(answer)) => records.push((place, Event::Answer(answer))),
                Some(Record::Resumed(_)) => {}
                None => dropped += 1,
            }
        }
        let empty = "an empty log: it has no header yet";
        let header = header.ok_or_else(|| Error::device(path)(empty))?;
        Ok(Self { path: path.into(), header, records, dropped })
    }

    /// Its answers in order.
    pub fn answers(&self) -> impl Iterator<Item = &AnswerRecord> {
        self.records.iter().filter_map(|(_, event)| match event {
            Event::Answer(answer) => Some(answer),
            Event::Round(_) => None,
        })
    }

    /// Its rounds in order.
    pub fn rounds(&self) -> impl Iterator<Item = &RoundRecord> {
        self.records.iter().filter_map(|(_, event)| match event {
            Event::Round(round) => Some(round),
            Event::Answer(_) => None,
        })
    }

    /// Checks that the device was given this very image.
    ///
    /// # Errors
    /// [`Error::Device`] with what was expected.
    pub fn check_image(&self, image: &PoolImage<'_>) -> Result<()> {
        self.header.check_image(image).map_err(Error::device(&self.path))
    }

    /// Checks that it is of an image's pool, that each answer follows its round's question, and that each is
    /// to another pair of the pool; of a log of this very image, that its rounds and pairs are such as
    /// the image's settings allow.
    ///
    /// # Errors
    /// [`Error::Device`] with the record's place and what was expected.
    pub fn check_of(&self, image: &PoolImage<'_>) -> Result<()> {
        self.checked(image).map_err(Error::device(&self.path))
    }

    fn checked(&self, image: &PoolImage<'_>) -> Result<(), LogError> {
        let mut course = Course::of(image, &self.header)?;
        let before = if course.is_own() { image.asked_len() } else { 0 };
        let mut asked: BTreeSet<ItemPair> =
            (0..before).filter_map(|place| image.asked(place)).collect();
        for (place, event) in &self.records {
            let place = *place;
            match event {
                Event::Round(told) => course.begin(image, place, *told)?,
                Event::Answer(told) => {
                    let pair = course.answer(image, place, told)?;
                    if !asked.insert(pair) {
                        let expected = LogError::NEW_PAIR;
                        return Err(LogError::Pair { place, pair, expected });
                    }
                }
            }
        }
        Ok(())
    }
}

/// A log's memory on this machine.
#[derive(Clone, Debug)]
pub struct LogMemory(pub Vec<u8>);

impl LogMemory {
    /// Erased, with room for so many records.
    #[must_use]
    pub fn erased(records: usize) -> Self {
        Self(vec![0xff; records.saturating_mul(RECORD_LEN)])
    }
}

impl Store for LogMemory {
    fn capacity(&self) -> usize {
        self.0.len()
    }

    fn read(&mut self, offset: usize, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.0.as_slice().read(offset, bytes)
    }

    fn append(&mut self, offset: usize, bytes: &[u8]) -> Result<(), StoreError> {
        let place = self.0.get_mut(offset..).and_then(|rest| rest.get_mut(..bytes.len()));
        place.ok_or(StoreError)?.copy_from_slice(bytes);
        Ok(())
    }
}
