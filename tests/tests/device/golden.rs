//! One image and one log, byte by byte as they were first written: who changes the format sees it here.

use std::fs;
use std::path::Path;

use pairpick_core::device::{
    Answer, AnswerLog, Header, PairKind, PoolImage, Precision, RECORD_LEN, Record, Settings,
};
use pairpick_core::pool::Distinct;
use pairpick_core::select::{Strategy, Weights};
use pairpick_tests::device::{Flash, Provision, label};

use super::session::here;

fn given() -> Provision {
    let provision = Provision::new(Strategy::RobustVOpt, 4, 3, 2, 3).with_earlier_labels();
    let settings = Settings {
        precision: Precision::F16,
        pairs: PairKind::CrossPrompt,
        distinct: Some(Distinct::Even(1)),
        misfit: Some(2.5),
        design_precision: Some(0.25),
        covariates: 1,
        covariate_precision: 3.0,
        jitter: 0.0625,
        first_round: 7,
        ..provision.settings
    };
    Provision { settings, asked: vec![(0, 1)], ..provision }
}

/// Power fails while the second answer is written.
fn played(image: &[u8]) -> Vec<u8> {
    let mut flash = Flash::new(12);
    flash.power = 3 * RECORD_LEN + 13;
    assert!(label(&here(), image, &mut flash, 5).is_err());
    flash.power = usize::MAX;
    label(&here(), image, &mut flash, 5).expect("a session");
    flash.bytes
}

/// Fails unless a fixture has these bytes. Where the format, or the numeric contract that it names, gets a
/// new version, the bytes found are its new ones.
fn check(name: &str, found: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/device").join(name);
    let expected = fs::read(&path).unwrap_or_default();
    if expected != found {
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&copy, found).expect("written");
        panic!("{} differs; what was found is {}", path.display(), copy.display());
    }
}

#[test]
fn an_image_and_a_log_are_written_as_ever() {
    let image = given().image().expect("an image");
    check("pool.img", &image);
    check("answers.log", &played(&image));
}

#[test]
fn an_image_and_a_log_are_read_as_ever() {
    let image = include_bytes!("../../../fixtures/device/pool.img");
    let log = include_bytes!("../../../fixtures/device/answers.log");
    let opened = PoolImage::open(image).expect("an image");
    assert_eq!(opened.header().settings, given().settings);
    let number = |at: usize| u32::from_le_bytes(image[at..at + 4].try_into().expect("four bytes"));
    let (items, prompts) = (opened.items() as u32, opened.prompts() as u32);
    // As FORMAT.md has the places.
    assert_eq!([12, 32, 36, 40, 44, 48].map(number), [image.len() as u32, items, 2, prompts, 4, 7]);
    assert_eq!(image[52..60], [2, 2, 1, 16, 0, 4, 7, 0]);
    assert_eq!([60, 80, 88].map(number), [1, 1, 0]);
    let float = |at| f32::from_bits(number(at));
    assert_eq!([64, 68, 72, 76, 84].map(float), [0.5, 0.0625, 2.5, 0.25, 3.0]);

    let mut read = AnswerLog::open(log.as_slice()).expect("a log");
    let records: Vec<Option<Record>> =
        (0..read.len()).map(|place| read.record(place).expect("a place")).collect();
    let kinds = records.iter().map(|record| match record {
        Some(Record::Header(_)) => 1,
        Some(Record::Round(_)) => 2,
        Some(Record::Answer(_)) => 3,
        Some(Record::Resumed(1)) => 4,
        _ => 0,
    });
    assert_eq!(kinds.collect::<Vec<_>>(), [1, 2, 3, 0, 4, 3, 3, 3, 2, 3]);
    assert_eq!(log[4..8], [1, 1, 32, 0], "kind, version, length");
    let Some(Record::Header(header)) = records[0] else { panic!("a header") };
    assert_eq!((header.pool, header.image), (opened.header().pool, opened.checksum()));
    let Some(Record::Answer(answer)) = records[2] else { panic!("an answer") };
    let code = Answer::ALL.iter().position(|own| *own == answer.answer).expect("one of them");
    assert_eq!(usize::from(log[2 * RECORD_LEN + 5]), code + 1);
}

/// The codes of format 1, whatever order names come in elsewhere.
#[test]
fn strategies_and_weights_keep_their_codes() {
    let strategies = [
        "random",
        "entropy",
        "maxdiff",
        "design",
        "dopt",
        "pa-dopt",
        "coreset",
        "bald",
        "batchbald",
        "a-opt",
        "v-opt",
        "greedy-dopt",
        "exchange",
        "greedy-a-opt",
        "greedy-v-opt",
        "robust-v-opt",
    ];
    let encoded = |settings| Header::new(1, 2, 1, 1, settings).encode();
    for (name, code) in strategies.into_iter().zip(1..) {
        let strategy = Strategy::from_name(name).expect("a strategy");
        assert_eq!(encoded(Settings::new(strategy, 1.0, 1))[55], code, "{name}");
    }
    assert_eq!(strategies.len(), Strategy::ALL.len(), "a new one has the next code");
    let own = Settings::new(Strategy::Dopt, 1.0, 1);
    assert_eq!(encoded(own)[56], 0);
    for (weights, code) in [(Weights::PlugIn, 1), (Weights::Averaged, 2), (Weights::Constant, 3)] {
        assert_eq!(encoded(Settings { weights: Some(weights), ..own })[56], code);
    }
}
