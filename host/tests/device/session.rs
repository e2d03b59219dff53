//! Answers of devices that come into a session, in which people answer too.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use pairpick::data::dataset::Dataset;
use pairpick::data::texts::Texts;
use pairpick::digest::HexDigest;
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::runtime::Runtime;
use pairpick::session::{
    Answer as Said, AskedElsewhere, Contradiction, Desk, Material, Next, Outcome, Plan, Reply,
    ReplyElsewhere,
};
use pairpick::settings::{Architecture, Asking, Landmarks, Settings};
use pairpick_core::device::Answer;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use super::npy::npy;
use super::{by_number, here, object, pack, play, refused, told};

const BATCH: usize = 4;

fn plan(rounds: usize) -> Plan {
    let settings = Settings::default().sized_for_bundled();
    let asking = Asking { rounds, batch: BATCH, ..settings.asking };
    let model = Architecture::Kernel(Landmarks { landmarks: 8 });
    Plan::new(Settings { asking, model, ..settings })
}

fn material() -> Material {
    let embeddings = Dataset::bundled().unwrap().train.embeddings;
    let texts = Texts::bundled(&embeddings).unwrap();
    Material::new(embeddings, None, texts)
}

/// Somebody answers so many questions of a session, and leaves it.
fn answer(path: &Path, rounds: usize, answers: usize) {
    answer_as(99, path, rounds, answers);
}

/// The same by somebody of this number.
fn answer_as(annotator: u32, path: &Path, rounds: usize, answers: usize) {
    let threads = Threads::start(&Runtime::default()).unwrap();
    let desk = Desk::open(path, material(), plan(rounds), threads, &mut Silent).unwrap();
    let mut left = answers;
    loop {
        match desk.next(annotator).unwrap() {
            Next::Wait(_) => desk.wait(Duration::from_millis(20)),
            Next::Ended(_) => break,
            Next::Question(_) if left == 0 => break,
            Next::Question(shown) => {
                let reply = Reply::new(Said::First, 1.0);
                assert_eq!(desk.answer(shown.id, annotator, &reply).unwrap(), Outcome::Recorded);
                left -= 1;
            }
        }
    }
    while desk.status().working.is_some() {
        desk.wait(Duration::from_millis(20));
    }
    assert_eq!(desk.status().failed, None);
    desk.close();
}

fn rows(path: &Path, select: &str) -> Vec<Vec<String>> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(select).unwrap();
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        Ok((0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap())).collect())
    };
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

/// All questions with their answers.
fn content(path: &Path) -> Vec<Vec<String>> {
    let select = "SELECT id, round, place, a, b, shown_left, answer, annotator FROM questions \
                  LEFT JOIN answers ON question = id ORDER BY id";
    rows(path, select)
}

fn pairs(path: &Path) -> Vec<Vec<String>> {
    rows(path, "SELECT min(a, b), max(a, b) FROM questions GROUP BY id")
}

/// A folder with an image, the logs of two devices, and a session in which two batches wait.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let image = pack(folder.path(), &[]);
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("one.log", &play(&here(), &image, 1, 14, &[5], by_number));
    write("early.log", &play(&here(), &image, 1, 6, &[], by_number));
    let other = |a, b| if a % 2 == 0 { by_number(a, b) } else { Answer::First };
    write("two.log", &play(&here(), &image, 2, 9, &[], other));
    answer(&folder.path().join("s.db"), 30, 0);
    folder
}

fn import(folder: &Path, logs: &[&str], session: &str) -> Value {
    let fixed = ["device", "import", "--image", "pool.img", "--json", "--session", session];
    object(folder, &[&fixed[..], logs].concat())
}

fn number(report: &Value, field: &str) -> u64 {
    report["session"][field].as_u64().unwrap()
}

#[test]
fn answers_of_devices_come_into_a_session_which_goes_on_from_them() {
    let folder = folder();
    let path = folder.path();
    let session = path.join("s.db");
    fs::copy(&session, path.join("other.db")).unwrap();
    let before = content(&session);
    let chosen = rows(&session, "SELECT round FROM rounds").len() as u64;

    let report = import(path, &["one.log", "two.log", "early.log"], "s.db");
    let contradictions = report["session"]["contradictions"].as_array().unwrap().len() as u64;
    let (recorded, agreeing) = (number(&report, "recorded"), number(&report, "agreeing"));
    let left_out = agreeing + contradictions + number(&report, "beside_put_aside");
    assert_eq!(recorded + left_out + number(&report, "known"), 14 + 9);
    assert_eq!(report["devices"][1]["duplicates"], 6);
    // The first round asks both devices the same, and one says first to all of it.
    assert!(agreeing > 0 && contradictions > 0, "{report}");
    let own = &report["session"]["contradictions"][0];
    assert_eq!((&own["session"]["annotator"], &own["other"]["annotator"]), (&1.into(), &2.into()));
    assert_eq!(own["other"]["answer"], "first");
    assert_eq!((&own["session"]["device"], &own["other"]["device"]), (&true.into(), &true.into()));

    // What there was stays, but for answers to what waited; all pairs are asked about once.
    let after = content(&session);
    let same = before.iter().zip(&after).filter(|(before, after)| before == after).count() as u64;
    assert_eq!(same + number(&report, "awaited"), before.len() as u64);
    let fresh = recorded - number(&report, "awaited");
    assert_eq!(after.len() as u64, before.len() as u64 + fresh);
    let asked = pairs(&session);
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len());
    let rounds = || rows(&session, "SELECT count(*) FROM rounds")[0][0].clone();
    let all = chosen + number(&report, "batches");
    assert_eq!(rounds(), format!("Integer({all})"));

    // However the logs are named, and once more.
    let other = import(path, &["early.log", "two.log", "one.log"], "other.db");
    assert_eq!(other["session"], report["session"]);
    assert_eq!(content(&path.join("other.db")), after);
    let again = import(path, &["one.log", "two.log"], "s.db");
    assert_eq!((number(&again, "recorded"), number(&again, "known")), (0, recorded));
    assert_eq!(content(&session), after);

    // It learns from them, and asks about other pairs.
    let waiting = content(&session).iter().filter(|row| row[6] == "Null").count();
    answer(&session, 30, waiting + 1);
    let learnt = rows(&session, "SELECT max(round) FROM models");
    assert_eq!(learnt[0][0], format!("Integer({all})"));
    let asked = pairs(&session);
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len());
    assert!(asked.len() > after.len());
}

/// People and devices are numbered apart.
#[test]
fn a_person_is_not_the_device_of_the_same_number() {
    let folder = folder();
    let path = folder.path();
    let session = path.join("s.db");
    let waiting = content(&session).into_iter().filter(|row| row[6] == "Null").count();
    answer_as(1, &session, 30, waiting);
    let given = "SELECT a, b, answer = 'first', shown_left = 'a' FROM questions JOIN answers ON question = id";
    let item = |text: &str| -> u64 {
        text.trim_start_matches("Integer(").trim_end_matches(')').parse().unwrap()
    };
    // Device 1 says what person 1 said, but for the last pair.
    let rows = rows(&session, given);
    let mut replies: Vec<ReplyElsewhere> = rows
        .iter()
        .map(|row| {
            let prefers_a = row[2] == row[3];
            let answer = if prefers_a { Said::First } else { Said::Second };
            ReplyElsewhere { a: item(&row[0]), b: item(&row[1]), answer }
        })
        .collect();
    let last = replies.last_mut().unwrap();
    (last.a, last.b) = (last.b, last.a);
    let batch = AskedElsewhere {
        path: "one.log".into(),
        strategy: "dopt".to_owned(),
        head: HexDigest(1),
        offered: 100,
        device: 1,
        replies,
    };
    let taken = Desk::take_in(&session, &material(), &[batch], &mut Silent).unwrap();
    assert_eq!((taken.known, taken.agreeing), (0, rows.len() as u64 - 1));
    let Contradiction { session, other, .. } = &taken.contradictions[0];
    assert_eq!(session.who.to_string(), "annotator 1");
    assert_eq!(other.who.to_string(), "device 1");
}

#[test]
fn a_longer_log_adds_what_is_new() {
    let folder = folder();
    let path = folder.path();
    let session = path.join("s.db");
    let early = import(path, &["early.log"], "s.db");
    assert_eq!(number(&early, "recorded") + number(&early, "known"), 6);
    let whole = import(path, &["one.log"], "s.db");
    assert_eq!((number(&whole, "recorded"), number(&whole, "known")), (8, 6));
    // Everything a device said is in the session's labels, as import writes it.
    let threads = Threads::start(&Runtime::default()).unwrap();
    let desk = Desk::look(&session, material(), threads, &mut Silent).unwrap();
    let exported = String::from_utf8(desk.export().unwrap()).unwrap();
    desk.close();
    let import = ["device", "import", "one.log", "--image", "pool.img"];
    for line in told(path, &import).lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let pair = format!("\"a\":{},\"b\":{}", line["a"], line["b"]);
        let own = exported.lines().find(|own| own.contains(&pair)).expect("the pair");
        let own: Value = serde_json::from_str(own).unwrap();
        for field in ["label", "skip", "annotator"] {
            assert_eq!(own[field], line[field], "{own}");
        }
    }
}

/// What waits in a session is answered where it stands, whichever reply stands left there.
#[test]
fn a_question_that_waits_is_answered() {
    let folder = folder();
    let session = folder.path().join("s.db");
    let waiting = "SELECT a, b, shown_left FROM questions LEFT JOIN answers ON question = id \
                   WHERE answer IS NULL ORDER BY id";
    let waiting = rows(&session, waiting);
    assert!(waiting.len() >= 2, "{waiting:?}");
    let item = |text: &str| -> u64 {
        text.trim_start_matches("Integer(").trim_end_matches(')').parse().unwrap()
    };
    let replies = waiting.iter().map(|row| ReplyElsewhere {
        a: item(&row[0]),
        b: item(&row[1]),
        answer: Said::First,
    });
    let batch = AskedElsewhere {
        path: "some.log".into(),
        strategy: "dopt".to_owned(),
        head: HexDigest(1),
        offered: 100,
        device: 5,
        replies: replies.collect(),
    };
    let mut turned = batch.clone();
    for reply in &mut turned.replies {
        *reply = ReplyElsewhere { a: reply.b, b: reply.a, answer: Said::Second };
    }
    turned.device = 6;
    let rounds = rows(&session, "SELECT count(*) FROM rounds");
    let taken = Desk::take_in(&session, &material(), &[batch, turned], &mut Silent).unwrap();
    let count = waiting.len() as u64;
    assert_eq!((taken.recorded, taken.awaited, taken.batches), (count, count, 0));
    assert_eq!((taken.agreeing, taken.contradictions.len()), (count, 0), "the same, turned");
    assert_eq!(rows(&session, "SELECT count(*) FROM rounds"), rounds);
    for row in rows(
        &session,
        "SELECT shown_left, answer FROM questions JOIN answers ON question = id WHERE annotator = 5",
    ) {
        let first = row[0].contains("[97]");
        let expected = if first { "first" } else { "second" };
        let bytes: Vec<String> = expected.bytes().map(|byte| byte.to_string()).collect();
        assert!(row[1].contains(&bytes.join(", ")), "{row:?}");
    }
}

#[test]
fn what_a_session_does_not_ask_is_refused_and_changes_nothing() {
    let folder = folder();
    let path = folder.path();
    let before = content(&path.join("s.db"));
    let fixed = ["device", "import", "--session", "s.db"];
    let refuses = |more: &[&str], problem: &str| {
        let error = refused(path, &[&fixed[..], more].concat(), 2);
        assert!(error.contains(problem), "{more:?}: {error}");
        assert_eq!(content(&path.join("s.db")), before);
    };
    // Pairs of two prompts.
    let cross = ["--pool", "cross-prompt", "--strategy", "greedy-dopt", "--out", "cross.img"];
    told(
        path,
        &[&["device", "pack", "--items", "48", "--landmarks", "8", "--batch", "4"], &cross[..]]
            .concat(),
    );
    let image = fs::read(path.join("cross.img")).unwrap();
    fs::write(path.join("cross.log"), play(&here(), &image, 1, 8, &[], by_number)).unwrap();
    refuses(
        &["cross.log", "--image", "cross.img"],
        "error: cross.log: the session does not ask about [",
    );
    // Other replies of the same names.
    fs::write(path.join("other.npy"), npy(&[6, 4, 5], |place| (place * 37 % 101) as f32)).unwrap();
    let other = ["device", "pack", "--train-embeddings", "other.npy", "--landmarks", "8"];
    told(path, &[&other[..], &["--batch", "4", "--out", "other.img"]].concat());
    let image = fs::read(path.join("other.img")).unwrap();
    fs::write(path.join("other.log"), play(&here(), &image, 1, 8, &[], by_number)).unwrap();
    refuses(
        &["other.log", "--image", "other.img"],
        "error: other.img: of another pool than these embeddings: expected digest 0x",
    );
    let texts: String = (0..24).map(|item| format!("{{\"text\": \"reply {item}\"}}\n")).collect();
    fs::write(path.join("texts.jsonl"), texts).unwrap();
    let data = ["--train-embeddings", "other.npy", "--texts", "texts.jsonl"];
    refuses(
        &[&["other.log", "--image", "other.img"], &data[..]].concat(),
        "s.db: this session was begun with other embeddings or pairs",
    );
    // No session, and data without one.
    let error = refused(
        path,
        &["device", "import", "one.log", "--image", "pool.img", "--session", "no.db"],
        2,
    );
    assert!(error.contains("no.db") && !path.join("no.db").exists(), "{error}");
    let data = ["--train-embeddings", "other.npy"];
    let error = refused(
        path,
        &[&["device", "import", "one.log", "--image", "pool.img"], &data[..]].concat(),
        2,
    );
    assert!(error.contains("--train-embeddings other.npy: needs --session beside it"), "{error}");
}
