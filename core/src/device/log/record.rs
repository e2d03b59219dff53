//! [`Record`]: what a log is made of, and its 32 bytes.

use super::super::bytes::{Reader, Writer};
use super::super::checksum::checksum;
use super::super::codes::{choice_of, code_of};

/// Bytes of a record.
pub const RECORD_LEN: usize = 32;

/// The version of the log's format.
pub(super) const FORMAT: u8 = 1;

/// What a record's checksum is of.
const CHECKED: usize = RECORD_LEN - 4;

/// What somebody said of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer {
    /// Item a is better.
    First,
    /// Item b is.
    Second,
    /// Neither is.
    Tie,
    /// No answer: nothing is learnt, and the pair is not asked again.
    Skip,
    /// Neither is any good: nothing is learnt either.
    BothBad,
}

impl Answer {
    /// In the order of their codes.
    pub const ALL: [Self; 5] = [Self::First, Self::Second, Self::Tie, Self::Skip, Self::BothBad];

    /// The label that is learnt from, if any.
    #[must_use]
    pub const fn label(self) -> Option<f32> {
        match self {
            Self::First => Some(1.0),
            Self::Second => Some(0.0),
            Self::Tie => Some(0.5),
            Self::Skip | Self::BothBad => None,
        }
    }
}

/// Whose log it is, and of which image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LogHeader {
    /// [`Header::pool`](super::super::Header::pool) of the image.
    pub pool: u64,
    /// [`PoolImage::checksum`](super::super::PoolImage::checksum).
    pub image: u32,
    /// The device's number, which tells its log from those of others.
    pub device: u32,
}

/// A batch that is asked about from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RoundRecord {
    /// The round.
    pub round: u32,
    /// Pairs in the batch.
    pub pairs: u16,
    /// Of each pair its number, then its score's bits.
    pub batch: u64,
    /// Of the β that it was selected by.
    pub head: u64,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AnswerRecord {
    /// The round that asked.
    pub round: u32,
    /// The pair's place in its batch, from 0.
    pub place: u16,
    /// Its first item.
    pub a: u32,
    /// Its second item.
    pub b: u32,
    /// What was said.
    pub answer: Answer,
}

/// A record of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Record {
    /// The first of all.
    Header(LogHeader),
    /// A batch.
    Round(RoundRecord),
    /// An answer.
    Answer(AnswerRecord),
    /// So many places before hold nothing, since power failed while they were written.
    Resumed(u16),
}

const HEADER: u8 = 1;
const ROUND: u8 = 2;
const ANSWER: u8 = 3;
const RESUMED: u8 = 4;

impl Record {
    /// The record's bytes at a place of its log.
    #[must_use]
    pub fn encode(&self, place: u32) -> [u8; RECORD_LEN] {
        let mut bytes = [0; RECORD_LEN];
        let mut out = Writer(&mut bytes);
        out.u32(place);
        match *self {
            Self::Header(LogHeader { pool, image, device }) => {
                out.put(&[HEADER, FORMAT]);
                out.u16(RECORD_LEN as u16);
                out.u64(pool);
                out.u32(image);
                out.u32(device);
            }
            Self::Round(RoundRecord { round, pairs, batch, head }) => {
                out.put(&[ROUND, 0]);
                out.u16(pairs);
                out.u32(round);
                out.u64(batch);
                out.u64(head);
            }
            Self::Answer(AnswerRecord { round, place, a, b, answer }) => {
                out.put(&[ANSWER, code_of(&Answer::ALL, answer)]);
                out.u16(place);
                for number in [round, a, b] {
                    out.u32(number);
                }
            }
            Self::Resumed(dropped) => {
                out.put(&[RESUMED, 0]);
                out.u16(dropped);
            }
        }
        let own = checksum(bytes.get(..CHECKED).unwrap_or_default());
        if let Some(place) = bytes.last_chunk_mut() {
            *place = own.to_le_bytes();
        }
        bytes
    }

    /// The record that stands at a place of a log; nothing where none does.
    #[must_use]
    pub fn decode(bytes: &[u8; RECORD_LEN], place: u32) -> Option<Self> {
        let mut read = Reader(bytes);
        let (sequence, [kind, detail], count) = (read.u32(), read.take(), read.u16());
        let record = match kind {
            HEADER => {
                let (pool, image, device) = (read.u64(), read.u32(), read.u32());
                Self::Header(LogHeader { pool, image, device })
            }
            ROUND => {
                let (round, batch, head) = (read.u32(), read.u64(), read.u64());
                Self::Round(RoundRecord { round, pairs: count, batch, head })
            }
            ANSWER => {
                let (round, a, b) = (read.u32(), read.u32(), read.u32());
                let answer = choice_of(&Answer::ALL, detail)?;
                Self::Answer(AnswerRecord { round, place: count, a, b, answer })
            }
            RESUMED => Self::Resumed(count),
            _ => return None,
        };
        // One form for each record: what stands here is what would be written.
        (sequence == place && record.encode(place) == *bytes).then_some(record)
    }

    /// The version of a header that a later program may have written.
    pub(super) fn version(bytes: &[u8; RECORD_LEN]) -> Option<u8> {
        let (before, own) = bytes.split_last_chunk()?;
        let mut read = Reader(bytes);
        let (sequence, [kind, version]) = (read.u32(), read.take());
        let is_header = sequence == 0 && kind == HEADER;
        (is_header && checksum(before) == u32::from_le_bytes(*own)).then_some(version)
    }

    /// Whether these bytes are the beginning of a header that was not written to its end.
    pub(super) fn begins_header(bytes: &[u8; RECORD_LEN]) -> bool {
        const BEGINNING: [u8; 8] = [0, 0, 0, 0, HEADER, FORMAT, RECORD_LEN as u8, 0];
        let written = bytes.iter().zip(&BEGINNING).take_while(|(own, other)| own == other).count();
        let mut rest = bytes.iter().take(BEGINNING.len()).skip(written);
        rest.all(|byte| *byte == super::store::ERASED)
    }
}
