use pairpick_core::device::{
    Answer, AnswerLog, AnswerRecord, LogError, LogHeader, RECORD_LEN, Record, RoundRecord, Store,
    StoreError, checksum,
};
use pairpick_tests::device::Flash;

const HEADER: Record = Record::Header(LogHeader { pool: 1 << 60, image: 7, device: 3 });

fn answer(place: u16) -> Record {
    let answer = Answer::ALL[usize::from(place) % 5];
    Record::Answer(AnswerRecord { round: 1, place, a: 2, b: u32::MAX, answer })
}

fn round() -> Record {
    Record::Round(RoundRecord { round: 1, pairs: 9, batch: u64::MAX, head: 5 })
}

/// A header, a round and so many answers.
fn filled(answers: u16) -> Flash {
    let mut flash = Flash::new(12);
    let mut log = AnswerLog::open(&mut flash).expect("erased");
    let records = [HEADER, round()].into_iter().chain((0..answers).map(answer));
    records.for_each(|record| log.append(record).expect("room"));
    flash
}

fn read(bytes: &[u8]) -> Result<Vec<Option<Record>>, LogError> {
    let mut log = AnswerLog::open(bytes)?;
    (0..log.len()).map(|place| log.record(place)).collect()
}

#[test]
fn every_record_comes_back() {
    let flash = filled(6);
    let expected: Vec<Record> = [HEADER, round()].into_iter().chain((0..6).map(answer)).collect();
    assert_eq!(flash.records(), expected);
    assert_eq!(
        read(&flash.bytes).expect("as written"),
        expected.iter().map(|r| Some(*r)).collect::<Vec<_>>()
    );
    let mut log = AnswerLog::open(&flash.bytes[..]).expect("as written");
    assert_eq!((log.len(), log.room(), log.dropped(), log.is_empty()), (8, 4, 0, false));
    assert_eq!(log.record(8), Ok(None));
    assert_eq!(log.append(HEADER), Err(LogError::Store), "a copy is not written to");
}

#[test]
fn a_full_log_says_so_and_stays_as_it_is() {
    let mut flash = filled(10);
    let before = flash.bytes.clone();
    let mut log = AnswerLog::open(&mut flash).expect("as written");
    assert_eq!(log.append(answer(10)), Err(LogError::Full { capacity: 12 }));
    assert_eq!(flash.bytes, before);
    // One place is left, and the resumption needs it.
    let mut flash = filled(9);
    flash.bytes[10 * RECORD_LEN + 9] ^= 1;
    let mut log = AnswerLog::open(&mut flash).expect("a torn record");
    assert_eq!((log.dropped(), log.room()), (1, 0));
    assert_eq!(log.append(answer(9)), Err(LogError::Full { capacity: 12 }));
}

/// The file of a log is whatever was written when it was copied.
#[test]
fn a_log_that_is_cut_at_any_byte_keeps_its_whole_records() {
    let bytes = filled(4).bytes;
    let all = read(&bytes).expect("as written");
    for len in 0..bytes.len() {
        let whole = (len / RECORD_LEN).min(all.len());
        let found = read(&bytes[..len]).unwrap_or_else(|error| panic!("{len}: {error}"));
        assert_eq!(found[..whole], all[..whole], "{len}");
        assert!(found[whole..].iter().all(Option::is_none), "{len}");
        let log = AnswerLog::open(&bytes[..len]).expect("as before");
        let torn = len < all.len() * RECORD_LEN && len % RECORD_LEN > 0;
        assert_eq!(log.dropped(), u16::from(torn), "{len}");
        assert_eq!(log.is_empty(), whole == 0, "{len}");
    }
}

/// A resumption that is whole, and a header behind it that never was.
#[test]
fn a_log_without_a_header_is_begun_again() {
    let mut flash = Flash::new(12);
    for power in [20, RECORD_LEN, 7] {
        flash.power = power;
        let mut log = AnswerLog::open(&mut flash).expect("torn at most");
        assert!(log.is_empty());
        assert_eq!(log.append(HEADER), Err(LogError::Store));
    }
    flash.power = usize::MAX;
    let mut log = AnswerLog::open(&mut flash).expect("torn at most");
    log.append(HEADER).expect("room");
    assert!(!log.is_empty());
    assert_eq!(flash.records(), [HEADER]);
}

/// Flash that is written in another order, or whose unreadable places are given as zeros.
#[test]
fn a_first_record_that_power_cut_may_leave_anything() {
    let residues = [[0; RECORD_LEN], [0x5a; RECORD_LEN], {
        // The second half alone.
        let mut bytes = HEADER.encode(0);
        bytes[..RECORD_LEN / 2].fill(0xff);
        bytes
    }];
    for residue in residues {
        for again in [0, 1, 3] {
            let mut flash = Flash::new(12);
            for place in 0..=again {
                flash.bytes[place * RECORD_LEN..][..RECORD_LEN].copy_from_slice(&residue);
            }
            let mut log = AnswerLog::open(&mut flash).expect("torn at most");
            assert_eq!((log.is_empty(), usize::from(log.dropped())), (true, again + 1));
            log.append(HEADER).expect("room");
            log.append(round()).expect("room");
            let log = AnswerLog::open(&mut flash).expect("as written");
            assert_eq!((log.is_empty(), log.dropped()), (false, 0));
            assert_eq!(flash.records(), [HEADER, round()]);
        }
        if residue[0] == 0xff {
            continue;
        }
        // Nothing but that, or records behind it that are not a resumption's: no log.
        let mut other = residue.repeat(2);
        assert_eq!(read(&other), Err(LogError::Foreign));
        other[RECORD_LEN..].copy_from_slice(&round().encode(1));
        other.extend([0xff; RECORD_LEN]);
        assert_eq!(read(&other), Err(LogError::Foreign));
        let resumed = Record::Resumed(2).encode(1);
        other[RECORD_LEN..][..RECORD_LEN].copy_from_slice(&resumed);
        assert_eq!(read(&other), Err(LogError::Foreign));
        // Nor where power was cut more often than anybody would.
        let cuts = |times| [residue.repeat(times), vec![0xff; RECORD_LEN]].concat();
        assert!(read(&cuts(64)).is_ok());
        assert_eq!(read(&cuts(65)), Err(LogError::Foreign));
        // Nor where something stands behind erased memory.
        let gap = [&residue[..], &[0xff; RECORD_LEN], &residue].concat();
        assert_eq!(read(&gap), Err(LogError::Foreign));
    }
}

/// Cut after any byte, and again while it goes on, and once more.
#[test]
fn power_may_fail_at_any_byte_again_and_again() {
    let written = filled(3).bytes;
    for first in 0..5 * RECORD_LEN {
        for second in [0, 1, 5, RECORD_LEN - 1, RECORD_LEN, RECORD_LEN + 7, 2 * RECORD_LEN] {
            let mut flash = Flash::new(12);
            for power in [first, second, 3, usize::MAX] {
                flash.power = power;
                let mut log = AnswerLog::open(&mut flash).expect("torn at most");
                let records = [HEADER, round()].into_iter().chain((0..3).map(answer));
                let known = (0..log.len()).filter_map(|place| log.record(place).expect("a record"));
                let known = known.filter(|record| !matches!(record, Record::Resumed(_))).count();
                // What the log lacks is told again.
                let _ = records.skip(known).try_for_each(|record| log.append(record));
            }
            let expected = Flash { bytes: written.clone(), power: 0 }.records();
            assert_eq!(flash.records(), expected, "{first} {second}");
        }
    }
}

#[test]
fn a_bit_changed_loses_no_more_than_the_last_record() {
    let bytes = filled(3).bytes;
    let all = read(&bytes).expect("as written");
    for bit in 0..bytes.len() * 8 {
        let (mut damaged, place) = (bytes.clone(), bit / 8 / RECORD_LEN);
        damaged[bit / 8] ^= 1 << (bit % 8);
        match read(&damaged) {
            Ok(found) => {
                assert!((4..=5).contains(&place), "bit {bit} in record {place}");
                assert_eq!(found[..4], all[..4]);
                assert!(place == 5 && found[4] == all[4] || found[4].is_none());
                assert_eq!(found.last(), Some(&None));
            }
            Err(LogError::Damaged { place: found }) => {
                assert!(place < 4 && found as usize == place, "bit {bit} in record {place}");
            }
            Err(LogError::Misplaced { place: found, .. }) => {
                assert!(place > 5 && found as usize == place, "bit {bit} in record {place}");
            }
            Err(error) => assert!(place == 0 && error == LogError::Foreign, "bit {bit}: {error}"),
        }
    }
}

/// Records in order, each with its checksum.
fn log_of(records: &[Record]) -> Vec<u8> {
    records.iter().zip(0..).flat_map(|(record, place)| record.encode(place)).collect()
}

#[test]
fn what_is_no_log_of_this_program_is_refused_with_the_reason() {
    let refused = |bytes: &[u8]| read(bytes).expect_err("refused").to_string();
    let foreign = "not an answer log: it does not begin with a log's header";
    assert_eq!(refused(&[0; 64]), foreign);
    assert_eq!(refused(b"{\"round\": 1}"), foreign);
    let second = "record 1: a second header";
    assert_eq!(refused(&log_of(&[HEADER, HEADER])), second);
    assert_eq!(
        refused(&log_of(&[HEADER, Record::Resumed(1)])),
        "record 1: a resumption, of other records than were dropped"
    );
    assert_eq!(
        refused(&log_of(&[Record::Resumed(0), HEADER])),
        "record 0: a resumption, of other records than were dropped"
    );
    let mut later = log_of(&[HEADER]);
    later[5] = 2;
    let own = checksum(&later[..RECORD_LEN - 4]);
    later[RECORD_LEN - 4..].copy_from_slice(&own.to_le_bytes());
    assert_eq!(
        refused(&later),
        "an answer log of format 2: this program reads no later one than 1"
    );
    let mut damaged = log_of(&[HEADER, round(), answer(0), answer(1)]);
    damaged[2 * RECORD_LEN + 6] ^= 4;
    assert_eq!(refused(&damaged), "record 2 is damaged, and there are records behind it");
    let mut gap = log_of(&[HEADER, round(), answer(0)]);
    gap[RECORD_LEN..2 * RECORD_LEN].fill(0xff);
    assert_eq!(refused(&gap), "record 2: it stands behind memory that was never written");
    // A record in another's place.
    let mut moved = log_of(&[HEADER, round(), answer(0), answer(1)]);
    moved.copy_within(3 * RECORD_LEN.., 2 * RECORD_LEN);
    assert_eq!(refused(&moved), "record 2 is damaged, and there are records behind it");
}

#[test]
fn what_was_written_in_part_is_not_written_over() {
    let mut flash = filled(2);
    flash.power = 20;
    let mut log = AnswerLog::open(&mut flash).expect("as written");
    assert_eq!(log.append(answer(2)), Err(LogError::Store));
    // Power is back, or the driver was wrong; the log does not know.
    log = {
        let flash = log.into_store();
        flash.power = usize::MAX;
        let mut log = AnswerLog::open(flash).expect("a torn record");
        log.append(answer(2)).expect("behind a resumption");
        log
    };
    assert_eq!((log.len(), log.dropped()), (7, 0));

    let mut log = AnswerLog::open(Failing(filled(2))).expect("as written");
    assert_eq!(log.append(answer(2)), Err(LogError::Store));
    assert_eq!(log.append(answer(3)), Err(LogError::Store), "it would lie on the one before");
    let mut flash = log.into_store().0;
    let log = AnswerLog::open(&mut flash).expect("as it was before, or one record more");
    assert_eq!(log.len(), 5);
}

/// Writes everything, and says that it did not.
struct Failing(Flash);

impl Store for Failing {
    fn capacity(&self) -> usize {
        self.0.bytes.len()
    }

    fn read(&mut self, offset: usize, bytes: &mut [u8]) -> Result<(), StoreError> {
        (&mut self.0).read(offset, bytes)
    }

    fn append(&mut self, offset: usize, bytes: &[u8]) -> Result<(), StoreError> {
        (&mut self.0).append(offset, bytes)?;
        Err(StoreError)
    }
}
