//! Logs whose records are whole, and tell what no device could have been told.

use std::fs;

use pairpick_core::device::{AnswerRecord, PoolImage, RECORD_LEN, Record, RoundRecord};
use tempfile::TempDir;

use super::{by_number, here, pack, play, refused, told};

/// The records of a log.
fn records(log: &[u8]) -> Vec<Record> {
    let places = log.chunks_exact(RECORD_LEN).zip(0..);
    places.map_while(|(bytes, place)| Record::decode(bytes.try_into().unwrap(), place)).collect()
}

/// The log of some records.
fn log_of(records: &[Record]) -> Vec<u8> {
    records.iter().zip(0..).flat_map(|(record, place)| record.encode(place)).collect()
}

fn round_of(record: Record) -> RoundRecord {
    match record {
        Record::Round(round) => round,
        other => panic!("a round, not {other:?}"),
    }
}

fn answer_of(record: Record) -> AnswerRecord {
    match record {
        Record::Answer(answer) => answer,
        other => panic!("an answer, not {other:?}"),
    }
}

/// A header, a round of four answers at 1, another at 6, and so on.
#[test]
fn what_was_never_asked_is_refused_with_the_record_and_what_was_expected() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let image = pack(path, &[]);
    let records = records(&play(&here(), &image, 1, 8, &[], by_number));
    let refuses = |changed: &[Record], expected: &str| {
        fs::write(path.join("bad.log"), log_of(changed)).unwrap();
        for command in ["import", "replay"] {
            let error = refused(path, &["device", command, "bad.log", "--image", "pool.img"], 2);
            let whole = format!("error: bad.log: {expected}\n");
            assert_eq!(error, whole, "{command}");
        }
    };
    let with = |place: usize, record: Record| {
        let mut changed = records.clone();
        changed[place] = record;
        changed
    };
    let answered = |place: usize, a: u32, b: u32| {
        with(place, Record::Answer(AnswerRecord { a, b, ..answer_of(records[place]) }))
    };
    let begun = |place: usize, change: &dyn Fn(&mut RoundRecord)| {
        let mut round = round_of(records[place]);
        change(&mut round);
        with(place, Record::Round(round))
    };
    let within = "expected two items of one prompt, the first first";
    refuses(&answered(3, 7, 8), &format!("record 3: {within}, found items 7 and 8"));
    refuses(&answered(3, 8, 48), &format!("record 3: {within}, found items 8 and 48"));
    refuses(&answered(3, 9, 9), &format!("record 3: {within}, found items 9 and 9"));
    refuses(&answered(3, 10, 9), &format!("record 3: {within}, found items 10 and 9"));
    let AnswerRecord { a, b, .. } = answer_of(records[2]);
    let fresh = format!("expected a pair that was not asked about before, found items {a} and {b}");
    refuses(&answered(4, a, b), &format!("record 4: {fresh}"));
    refuses(&answered(8, a, b), &format!("record 8: {fresh}"));
    refuses(
        &begun(6, &|round| round.pairs = 0),
        "record 6: expected a round of 1 to 4 pairs, found 0",
    );
    refuses(
        &begun(6, &|round| round.pairs = 5),
        "record 6: expected a round of 1 to 4 pairs, found 5",
    );
    refuses(&begun(6, &|round| round.round = 3), "record 6: expected round 2, found 3");
    refuses(&begun(1, &|round| round.round = 2), "record 1: expected round 1, found 2");
    let early = [&records[..4], &records[6..]].concat();
    refuses(&early, "record 4: a round, before the one before has been answered");
    let skipped = [&records[..3], &records[4..]].concat();
    refuses(&skipped, "record 3: an answer that does not follow the one before");
}

/// What the image knows to have been asked is not asked again.
#[test]
fn a_pair_that_has_a_label_already_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let run = ["run", "--landmarks", "8", "--rounds", "1", "--batch", "60", "--beside", "none"];
    told(path, &[&run[..], &["--out", "run"]].concat());
    let labelled = ["--model", "run/model.safetensors", "--labels", "run/labels.jsonl"];
    told(path, &[&["device", "pack", "--batch", "4"][..], &labelled].concat());
    let bytes = fs::read(path.join("pool.img")).unwrap();
    let image = PoolImage::open(&bytes).unwrap();
    let mut records = records(&play(&here(), &bytes, 1, 4, &[], by_number));
    let pair = image.asked(17).unwrap();
    let last = answer_of(records[5]);
    records[5] = Record::Answer(AnswerRecord { a: pair.a, b: pair.b, ..last });
    fs::write(path.join("bad.log"), log_of(&records)).unwrap();
    let error = refused(path, &["device", "import", "bad.log", "--image", "pool.img"], 2);
    let expected = format!(
        "error: bad.log: record 5: expected a pair that was not asked about before, found items {} and \
         {}\n",
        pair.a, pair.b
    );
    assert_eq!(error, expected);
}

/// Of another image of the pool, whose settings are not known, what holds of all images is checked.
#[test]
fn a_log_of_another_image_of_the_pool_comes_home_and_is_checked_too() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let cross = ["--pool", "cross-prompt", "--strategy", "greedy-dopt"];
    let other = pack(path, &cross);
    let log = play(&here(), &other, 2, 12, &[], by_number);
    fs::write(path.join("cross.log"), &log).unwrap();
    pack(path, &["--force"]);
    let import = ["device", "import", "cross.log", "--image", "pool.img"];
    assert_eq!(told(path, &import).lines().count(), 12);
    let mut records = records(&log);
    let AnswerRecord { a, b, .. } = answer_of(records[2]);
    records[9] = Record::Answer(AnswerRecord { a, b, ..answer_of(records[9]) });
    fs::write(path.join("cross.log"), log_of(&records)).unwrap();
    let error = refused(path, &import, 2);
    let fresh = "record 9: expected a pair that was not asked about before";
    assert!(error.contains(&format!("cross.log: {fresh}, found items {a} and {b}")), "{error}");
    records[9] = Record::Answer(AnswerRecord { a: 3, b: 48, ..answer_of(records[9]) });
    fs::write(path.join("cross.log"), log_of(&records)).unwrap();
    let error = refused(path, &import, 2);
    let pool = "record 9: expected two items of the pool, the first first, found items 3 and 48";
    assert!(error.contains(pool), "{error}");
}
