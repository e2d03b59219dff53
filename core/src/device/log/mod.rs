//! [`AnswerLog`]: what a device has been told, in memory that is only ever appended to.

mod course;
mod error;
mod record;
mod store;

pub use self::course::Course;
pub use self::error::LogError;
pub use self::record::{Answer, AnswerRecord, LogHeader, RECORD_LEN, Record, RoundRecord};
pub use self::store::{Store, StoreError};

use self::record::FORMAT;
use self::store::ERASED;

/// Places that may stand before the first record of a log: each takes a cut of power while it is written.
const BEGUN: u16 = 64;

/// A log of records, of which the last may be torn.
#[derive(Debug)]
pub struct AnswerLog<S> {
    store: S,
    len: u32,
    dropped: u16,
    /// Whether its header is there.
    headed: bool,
    /// Whether a record was written in part, for all that is known.
    failed: bool,
}

impl<S: Store> AnswerLog<S> {
    /// Opens what a store holds, checks every record of it, and passes over what power did not let
    /// end. An erased store is an empty log.
    ///
    /// # Errors
    /// [`LogError::Foreign`] for what does not begin as a log does, unless it is a first record that
    /// power did not let end, whatever is left of it, 64 times at most: then erased memory or a
    /// resumption follows;
    /// [`LogError::Newer`], [`LogError::Damaged`]; [`LogError::Misplaced`] for a
    /// record behind erased memory, and for a header or a resumption where none can be;
    /// [`LogError::Store`].
    pub fn open(mut store: S) -> Result<Self, LogError> {
        let capacity = capacity(&store);
        let (mut len, mut torn, mut headed) = (0, 0_u16, false);
        // Whether nothing has told yet that this is a log.
        let mut unknown = false;
        while len < capacity {
            let bytes = read(&mut store, len)?;
            if is_erased(&bytes) {
                break;
            }
            let record = Record::decode(&bytes, len);
            if len == 0 && record.is_none() {
                check_version(&bytes)?;
                unknown = !Record::begins_header(&bytes);
            }
            match record {
                Some(record) if unknown && record != Record::Resumed(torn) => {
                    return Err(LogError::Foreign);
                }
                Some(record) => {
                    check_place(record, len, torn, headed)?;
                    headed |= matches!(record, Record::Header(_));
                    (torn, unknown) = (0, false);
                }
                None if unknown && torn == BEGUN => return Err(LogError::Foreign),
                None => torn = torn.saturating_add(1),
            }
            len += 1;
        }
        // What was begun ends before erased memory, and not where all of it does.
        if unknown && len == capacity {
            return Err(LogError::Foreign);
        }
        for place in len..capacity {
            if !is_erased(&read(&mut store, place)?) {
                let problem = "it stands behind memory that was never written";
                let misplaced = LogError::Misplaced { place, problem };
                return Err(if unknown { LogError::Foreign } else { misplaced });
            }
        }
        Ok(Self { store, len, dropped: torn, headed, failed: false })
    }

    /// Places that are written to, those of records that were dropped among them.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether it has no header yet, so that it tells nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.headed
    }

    /// Records at its end that power did not let end.
    #[must_use]
    pub fn dropped(&self) -> u16 {
        self.dropped
    }

    /// Records that there is room for.
    #[must_use]
    pub fn room(&self) -> u32 {
        let resumption = u32::from(self.dropped > 0);
        capacity(&self.store).saturating_sub(self.len).saturating_sub(resumption)
    }

    /// The record at a place: nothing where it was dropped, and beyond the last.
    ///
    /// # Errors
    /// [`LogError::Store`].
    pub fn record(&mut self, place: u32) -> Result<Option<Record>, LogError> {
        if place >= self.len {
            return Ok(None);
        }
        let bytes = read(&mut self.store, place)?;
        Ok(Record::decode(&bytes, place))
    }

    /// Writes a record behind the last one; behind a dropped one a resumption first.
    ///
    /// # Errors
    /// [`LogError::Full`], with nothing written; [`LogError::Store`]: nobody knows then how much of the
    /// record was written, so that the log takes no other before it is opened again.
    pub fn append(&mut self, record: Record) -> Result<(), LogError> {
        if self.failed {
            return Err(LogError::Store);
        }
        if self.room() == 0 {
            return Err(LogError::Full { capacity: capacity(&self.store) });
        }
        if self.dropped > 0 {
            self.write(Record::Resumed(self.dropped))?;
            self.dropped = 0;
        }
        self.write(record)
    }

    fn write(&mut self, record: Record) -> Result<(), LogError> {
        let offset = (self.len as usize).saturating_mul(RECORD_LEN);
        self.failed = true;
        self.store.append(offset, &record.encode(self.len))?;
        self.failed = false;
        self.len += 1;
        self.headed |= matches!(record, Record::Header(_));
        Ok(())
    }

    /// The memory, given back.
    pub fn into_store(self) -> S {
        self.store
    }
}

/// Records that a store has room for.
fn capacity(store: &impl Store) -> u32 {
    u32::try_from(store.capacity() / RECORD_LEN).unwrap_or(u32::MAX)
}

fn read(store: &mut impl Store, place: u32) -> Result<[u8; RECORD_LEN], LogError> {
    let mut bytes = [ERASED; RECORD_LEN];
    store.read((place as usize).saturating_mul(RECORD_LEN), &mut bytes)?;
    Ok(bytes)
}

fn is_erased(bytes: &[u8; RECORD_LEN]) -> bool {
    bytes.iter().all(|byte| *byte == ERASED)
}

/// Fails where the first record is the header of a later format.
fn check_version(bytes: &[u8; RECORD_LEN]) -> Result<(), LogError> {
    match Record::version(bytes).filter(|own| *own > FORMAT) {
        Some(found) => Err(LogError::Newer { found, supported: FORMAT }),
        None => Ok(()),
    }
}

/// Whether a record can follow so many that are torn, and a header if there was one.
fn check_place(record: Record, place: u32, torn: u16, headed: bool) -> Result<(), LogError> {
    let misplaced = |problem| Err(LogError::Misplaced { place, problem });
    match record {
        Record::Resumed(dropped) if torn > 0 && dropped == torn => Ok(()),
        Record::Resumed(_) => misplaced("a resumption, of other records than were dropped"),
        _ if torn > 0 => Err(LogError::Damaged { place: place.saturating_sub(u32::from(torn)) }),
        Record::Header(_) if headed => misplaced("a second header"),
        Record::Round(_) | Record::Answer(_) if !headed => misplaced("no header before it"),
        _ => Ok(()),
    }
}
