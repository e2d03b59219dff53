//! Labels and candidate pairs from anywhere: what is right is read, and every defect is told with
//! its line, what was found and what helps.

use std::io::{BufReader, Read};
use std::path::Path;

use pairpick::Error;
use pairpick::data::candidates::Candidates;
use pairpick::data::embeddings::Embeddings;
use pairpick::data::item::ItemName;
use pairpick::data::labels::{
    Label, LabelRecord, Repeats, read_json_lines, read_labels, read_labels_from,
};
use pairpick::data::preference::Preference;
use pairpick::data::question::Question;
use pairpick::data::votes::Votes;
use pairpick_tests::fuzz::npy;
use proptest::prelude::*;

const NAME: &str = "labels.jsonl";

fn embeddings(shape: &str, count: usize) -> Embeddings {
    let source = npy("<f4", shape, 4 * count);
    Embeddings::from_source(source, Path::new("e.npy")).unwrap()
}

/// 4 prompts, 3 responses.
fn prompts() -> Embeddings {
    embeddings("(4, 3, 2)", 24)
}

/// 12 rows.
fn flat() -> Embeddings {
    embeddings("(12, 2)", 24)
}

fn labels(text: &str, embeddings: &Embeddings, repeats: Repeats) -> Result<Vec<Label>, Error> {
    Ok(read_labels_from(&mut text.as_bytes(), Path::new(NAME), embeddings, repeats)?.labels)
}

fn candidates(text: &str, embeddings: &Embeddings) -> Result<Candidates, Error> {
    Candidates::from_source(&mut text.as_bytes(), Path::new(NAME), embeddings)
}

#[test]
fn lines_of_run_of_select_and_of_scripts() {
    let text = "{\"round\":3,\"a\":[0,2],\"b\":[3,1],\"label\":1,\"score\":0.25}\n\
                \n\
                {\"rank\":1,\"a\":[1,0],\"b\":[1,2],\"score\":0.5,\"fisher_weight\":0.2,\"margin\":-1,\
                 \"label\":0.5}\r\n\
                {\"b\":[2,0],\"label\":0,\"a\":[2,1]}";
    let read = labels(text, &prompts(), Repeats::Refuse).unwrap();
    let label = |round, a, b, preference, score| {
        let question = Question { score, ..Question::new(round, a, b) };
        Label::new(question, preference)
    };
    let expected = [
        label(3, 2, 10, Preference::First, Some(0.25)),
        label(1, 3, 5, Preference::Tie, Some(0.5)),
        // The line calls the larger item a.
        label(1, 6, 7, Preference::First, None),
    ];
    assert_eq!(read, expected);

    let text = "{\"a\":11,\"b\":0,\"pair\":9,\"label\":1.0}\n";
    let read = labels(text, &flat(), Repeats::Refuse).unwrap();
    assert_eq!(read, [label(1, 0, 11, Preference::Second, None)]);
    assert_eq!(labels("", &flat(), Repeats::Refuse).unwrap(), []);
}

#[test]
fn items_have_one_name_in_a_file() {
    for (embeddings, responses) in [(prompts(), 3), (flat(), 1)] {
        assert_eq!(embeddings.is_flat(), responses == 1);
        for item in 0..embeddings.items() {
            let name = embeddings.name(item);
            assert_eq!(embeddings.item(name).unwrap(), item);
            assert_eq!(embeddings.prompt_of(item), item / responses);
            let text = serde_json::to_string(&name).unwrap();
            assert_eq!(serde_json::from_str::<ItemName>(&text).unwrap(), name, "{text}");
        }
    }
    assert_eq!(serde_json::to_string(&flat().name(7)).unwrap(), "7");
    assert_eq!(serde_json::to_string(&prompts().name(7)).unwrap(), "[2,1]");
    let window = prompts().restricted_to(2..4).unwrap();
    assert_eq!(window.item(ItemName::Response([1, 2])).unwrap(), 5, "from the window's first");
}

/// A good line, then one with a defect.
#[test]
fn defects_of_a_label() {
    let cases = [
        ("not JSON", "expected"),
        ("[[0,1],[0,2],1]", "found an array; expected an object"),
        ("7", "found 7; expected an object"),
        ("{\"a\":[0,1],\"b\":[0,2]}", "missing field \"label\": 1 if a is better"),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":null}", "\"skip\": true for a pair"),
        ("{\"b\":[0,2],\"label\":1}", "missing field \"a\""),
        (
            "{\"a\":[0,1],\"b\":[0,2],\"label\":2}",
            "label 2 is not between 0 and 1: 1 if a is better",
        ),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":-1}", "label -1 is not between"),
        (
            "{\"a\":[0,1],\"b\":[0,2],\"label\":\"skip\"}",
            "\"skip\"; expected a label from 0 to 1: 1, 0 or",
        ),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":true}", "expected a label"),
        (
            "{\"a\":[0,1],\"b\":[0,2],\"label\":1,\"wieght\":2}",
            "unknown field \"wieght\", so near \"weight\" that it may be a typo",
        ),
        ("{\"a\":[0,1],\"b\":[0,2],\"Label\":1}", "unknown field \"Label\", so near \"label\""),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":1,\"weight\":0}", "weight 0.0 is not between 1e-12"),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":1,\"weight\":-1}", "weight -1.0 is not between"),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":1,\"weight\":1e300}", "weight 1e300 is not between"),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":1,\"weight\":1e999}", "number out of range"),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":1,\"weight\":\"2\"}", "\"2\"; expected a number"),
        ("{\"a\":[0,1],\"b\":[0,2],\"votes\":[4294967295,0,0],\"weight\":1e12}", "counts 4"),
        ("{\"a\":[0,1],\"b\":[0,2],\"votes\":[0,0,0]}", "nobody has answered"),
        ("{\"a\":[0,1],\"b\":[0,2],\"votes\":[1,2]}", "found an array of 2; expected an array of"),
        ("{\"a\":[0,1],\"b\":[0,2],\"votes\":[1,2.5,0]}", "2.5; expected a whole number"),
        ("{\"a\":[0,1],\"b\":[0,2],\"votes\":[1,-2,0]}", "-2; expected a whole number"),
        (
            "{\"a\":[0,1],\"b\":[0,2],\"votes\":[3,1,1],\"label\":0}",
            "label 0 contradicts the votes [3, 1, 1], [for a, for b, tie]",
        ),
        (
            "{\"rank\":1,\"a\":[0,1],\"b\":[0,2],\"weight\":0.2,\"margin\":1,\"label\":1}",
            "is the selection's, from an earlier version, and no weight of an answer: call it \"fisher",
        ),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":1,\"by\":\"me\",\"by\":1}", "duplicate field \"by\""),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":1,\"label\":1}", "duplicate field \"label\""),
        (
            "{\"a\":[0,1],\"b\":[0,3],\"label\":1}",
            "b: e.npy: no item [0, 3]: the last one is [3, 2]",
        ),
        ("{\"a\":[4,0],\"b\":[0,2],\"label\":1}", "a: e.npy: no item [4, 0]: the last one"),
        (
            "{\"a\":1,\"b\":2,\"label\":1}",
            "a: e.npy: item 1: shape (4, 3, 2) names its items [prompt",
        ),
        (
            "{\"a\":[0],\"b\":[0,2],\"label\":1}",
            "found an array of 1; expected an item: a row such as",
        ),
        ("{\"a\":[0,1,2],\"b\":[0,2],\"label\":1}", "found an array of 3; expected an item"),
        ("{\"a\":[0,-1],\"b\":[0,2],\"label\":1}", "found -1; expected a whole number"),
        ("{\"a\":[0,1],\"b\":\"x\",\"label\":1}", "expected an item: a row such as 17"),
        ("{\"a\":[0,1],\"b\":[0,1],\"label\":1}", "a and b are the same item, [0, 1]"),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":1,\"round\":0}", "round 0: rounds count from 1"),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":1,\"round\":4294967296}", "to 4294967295"),
        ("{\"a\":[0,1],\"b\":[0,2],\"label\":1} {}", "trailing characters"),
        ("{\"a\":[0,1],\"b\":[0,2],\"la", "EOF while parsing a string (column 24)"),
    ];
    for (line, message) in cases {
        let text = format!("\n{{\"a\":[1,1],\"b\":[1,2],\"label\":1}}\n{line}\n");
        let error = labels(&text, &prompts(), Repeats::Refuse).unwrap_err().to_string();
        let place = "labels.jsonl: line 3: ";
        assert!(error.starts_with(place) && error.contains(message), "{line}: {error}");
        assert!(!error.contains("line 1"), "{error}");
    }
    let error = labels("{\"a\":[0,1],\"b\":[0,2],\"label\":1}", &flat(), Repeats::Refuse);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("shape (12, 2) names its items by their rows"), "{error}");
}

/// A message goes to a terminal, which must not obey what a file says.
#[test]
fn quoted_text_is_short_and_harmless() {
    let long = "x".repeat(10_000);
    for (field, told) in [
        ("label\\u001b", "unknown field"),
        ("\\u001b[2J\\u0007\":1,\"\\u001b[2J\\u0007", "duplicate field"),
        (&format!("{long}\":1,\"{long}"), "duplicate field"),
    ] {
        let error = labels(&format!("{{\"{field}\":1}}\n"), &flat(), Repeats::Refuse).unwrap_err();
        let message = error.to_string();
        assert!(message.len() < 300 && !message.contains(char::is_control), "{message}");
        assert!(message.contains(told), "{message}");
    }
}

/// A source that has its bytes again and again.
struct Endless(&'static [u8]);

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let whole = out.len() - out.len() % self.0.len();
        for (place, byte) in out.iter_mut().take(whole).zip(self.0.iter().cycle()) {
            *place = *byte;
        }
        Ok(whole)
    }
}

#[test]
fn a_source_without_an_end_is_refused() {
    let long = "line 1: longer than 65536 bytes";
    for (bytes, message) in [
        (&b"\n"[..], "line 16777217: one more than 16777216 lines"),
        (b"\0", long),
        (b" ", long),
        (b"[", long),
    ] {
        let source = &mut BufReader::new(Endless(bytes));
        let error = read_labels_from(source, Path::new(NAME), &flat(), Repeats::Keep).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        let source = &mut BufReader::new(Endless(bytes));
        let error = Candidates::from_source(source, Path::new(NAME), &flat()).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_line_that_was_cut_off() {
    let whole = "{\"a\":[1,1],\"b\":[1,2],\"label\":1}\n{\"a\":[0,1],\"b\":[0,2],\"label\":0.5}\n";
    let first = whole.find('\n').unwrap() + 1;
    for end in first + 1..whole.len() - 2 {
        let error = labels(&whole[..end], &prompts(), Repeats::Refuse).unwrap_err().to_string();
        assert!(error.contains("line 2: cut off: the file ends in the middle"), "{end}: {error}");
    }
    // Without its line break the last line is whole all the same.
    assert_eq!(labels(&whole[..whole.len() - 1], &prompts(), Repeats::Refuse).unwrap().len(), 2);
}

#[test]
fn a_pair_with_two_labels() {
    let lines = |second: &str| format!("{{\"a\":[1,1],\"b\":[1,2],\"label\":1}}\n\n{second}\n");
    let cases = [
        ("{\"a\":[1,1],\"b\":[1,2],\"label\":1}", "agree"),
        ("{\"a\":[1,2],\"b\":[1,1],\"label\":0}", "agree"),
        ("{\"a\":[1,1],\"b\":[1,2],\"label\":0.5}", "conflict"),
        ("{\"a\":[1,2],\"b\":[1,1],\"label\":1}", "conflict"),
    ];
    for (second, verdict) in cases {
        let text = lines(second);
        let error = labels(&text, &prompts(), Repeats::Refuse).unwrap_err().to_string();
        let expected = format!("has a label in line 1 already, and the answers {verdict}");
        assert!(error.contains("line 3: the pair [1, "), "{error}");
        assert!(error.contains(&expected) && error.contains("`repeats` keep"), "{error}");
        assert_eq!(labels(&text, &prompts(), Repeats::Keep).unwrap().len(), 2);
    }
}

#[test]
fn candidates_with_and_without_answers() {
    let bare = "{\"a\":[0,2],\"b\":[3,1]}\n{\"a\":[2,1],\"b\":[2,0],\"rank\":2}\n";
    let read = candidates(bare, &prompts()).unwrap();
    assert_eq!((read.pairs, read.answers), (vec![(2, 10), (6, 7)], None));
    let answered = "{\"a\":5,\"b\":4,\"label\":0}\n{\"a\":4,\"b\":6,\"label\":0.5}\n";
    let read = candidates(answered, &flat()).unwrap();
    assert_eq!(read.pairs, [(4, 5), (4, 6)]);
    let answers = [Preference::First, Preference::Tie].map(|answer| Some(Votes::from(answer)));
    assert_eq!(read.answers, Some(answers.to_vec()));
}

#[test]
fn defects_of_candidates() {
    let bare = "{\"a\":1,\"b\":2}";
    let answered = "{\"a\":3,\"b\":2,\"label\":1}";
    let cases = [
        (format!("{bare}\n\n{answered}\n"), "line 3: has a label, and line 1 has none"),
        (format!("\n{answered}\n{bare}\n"), "line 3: has no label, and line 2 has one"),
        (format!("{bare}\n{{\"a\":2,\"b\":1}}\n"), "line 2: the pair 2 and 1 stands in line 1"),
        (format!("{bare}\n{{\"a\":2,\"b\":2}}\n"), "line 2: a and b are the same item, 2"),
        (
            format!("{bare}\n{{\"a\":2,\"b\":12}}\n"),
            "line 2: b: e.npy: no item 12: the last one is 11",
        ),
        (format!("{bare}\n{{\"a\":2,\"B\":12}}\n"), "line 2: unknown field \"B\", so near \"b\""),
        (format!("{bare}\n{{\"a\":2,\"c\":12}}\n"), "line 2: missing field \"b\""),
        ("{\"a\":2,\"b\":3,\"weight\":0}\n".to_owned(), "line 1: weight 0.0 is not between"),
        (" \n\n".to_owned(), "no pair in it"),
    ];
    for (text, message) in cases {
        let error = candidates(&text, &flat()).unwrap_err().to_string();
        assert!(error.starts_with(NAME) && error.contains(message), "{text}: {error}");
    }
}

#[test]
fn a_missing_file_and_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let read = |path: &Path| read_labels(path, &flat(), Repeats::Refuse).unwrap_err();
    assert!(matches!(read(&folder.path().join("none")), Error::MissingFile { .. }));
    assert!(matches!(read(folder.path()), Error::Io { .. }));
    assert!(Candidates::open(&folder.path().join("none"), &flat()).is_err());
}

proptest! {
    /// What is written is read, in either form, by both readers of such lines.
    #[test]
    fn records_come_back(
        is_flat in any::<bool>(),
        records in prop::collection::btree_map(
            (0_u64..12, 0_u64..12).prop_filter("two items", |(a, b)| a < b),
            (1_u64..100, 0_usize..3, prop::option::of(prop::num::f64::NORMAL)),
            0..20,
        ),
    ) {
        let embeddings = if is_flat { flat() } else { prompts() };
        let written: Vec<Label> = records
            .into_iter()
            .map(|((a, b), (round, answer, score))| {
                let preferences = [Preference::First, Preference::Second, Preference::Tie];
                let question = Question { score, ..Question::new(round, a, b) };
                Label::new(question, preferences[answer])
            })
            .collect();
        let records: Vec<LabelRecord> =
            written.iter().map(|label| LabelRecord::of(label, &embeddings, None)).collect();
        let text: String = records
            .iter()
            .map(|record| serde_json::to_string(record).unwrap() + "\n")
            .collect();
        prop_assert_eq!(labels(&text, &embeddings, Repeats::Refuse).unwrap(), written);
        let read: Vec<LabelRecord> = read_json_lines(text.as_bytes(), Path::new(NAME)).unwrap();
        prop_assert_eq!(read, records);
    }
}
