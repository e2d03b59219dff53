//! Somebody who answers by what the texts say, and a session to answer in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pairpick::data::dataset::Dataset;
use pairpick::data::texts::Texts;
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::runtime::Runtime;
use pairpick::session::{Answer, Desk, Material, Next, Outcome, Plan, QuestionId, Reply, Shown};
use pairpick::settings::{Architecture, Asking, Landmarks, Settings};
use pairpick_core::digest::of_name;
use rusqlite::Connection;
use tempfile::TempDir;

/// What every answer takes, so that sessions can be compared.
pub const SECONDS: f64 = 2.0;

/// Who knows the golden rewards of the program's own replies.
pub struct Person {
    rewards: BTreeMap<(String, String), f32>,
    /// Whether some questions are tied, passed over or called bad.
    is_moody: bool,
}

impl Person {
    pub fn new() -> Self {
        let Dataset { train, .. } = Dataset::bundled().unwrap();
        let texts = Texts::bundled(&train.embeddings).unwrap();
        let values = train.rewards.as_ref().unwrap().values();
        let rewards = (0..train.embeddings.items()).map(|item| {
            let text = texts.of_item(&train.embeddings, item).unwrap();
            ((text.prompt.unwrap(), text.response), values[item as usize])
        });
        Self { rewards: rewards.collect(), is_moody: false }
    }

    pub fn moody() -> Self {
        Self { is_moody: true, ..Self::new() }
    }

    /// The same to the same replies, whichever stands left.
    pub fn answer(&self, shown: &Shown) -> Answer {
        let reward = |response: &String| {
            let prompt = shown.prompt.clone().unwrap();
            self.rewards[&(prompt, response.clone())]
        };
        let mood = of_name(&shown.left).wrapping_add(of_name(&shown.right)) % 16;
        match (mood, reward(&shown.left), reward(&shown.right)) {
            (0, ..) if self.is_moody => Answer::Skip,
            (1, ..) if self.is_moody => Answer::BothBad,
            (2, ..) if self.is_moody => Answer::Tie,
            (_, left, right) if left == right => Answer::Tie,
            (_, left, right) if right < left => Answer::First,
            _ => Answer::Second,
        }
    }

    /// Answers a question.
    pub fn reply(&self, desk: &Desk, annotator: u32, shown: &Shown) {
        let reply = Reply::new(self.answer(shown), SECONDS);
        assert_eq!(desk.answer(shown.id, annotator, &reply).unwrap(), Outcome::Recorded);
    }

    /// Answers all there is, and gives it back.
    pub fn answer_all(&self, desk: &Desk) -> Vec<Shown> {
        let mut all = Vec::new();
        while let Some(shown) = question(desk, 1) {
            self.reply(desk, 1, &shown);
            all.push(shown);
        }
        all
    }
}

/// What comes next for somebody, once it is there; none at the end.
pub fn question(desk: &Desk, annotator: u32) -> Option<Shown> {
    loop {
        match desk.next(annotator).unwrap() {
            Next::Question(shown) => return Some(*shown),
            Next::Wait(_) => desk.wait(Duration::from_millis(20)),
            Next::Ended(_) => return None,
        }
    }
}

/// Waits until the model of a round is there.
pub fn learnt(desk: &Desk, round: u64) {
    while desk.status().model.is_none_or(|(learnt, _)| learnt < round) {
        assert_eq!(desk.status().failed, None);
        desk.wait(Duration::from_millis(20));
    }
}

/// Waits until the background has nothing to do.
pub fn settled(desk: &Desk) {
    while desk.status().working.is_some() {
        desk.wait(Duration::from_millis(20));
    }
}

/// A folder with room for a session.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("s.db")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn open(&self, plan: &Plan) -> Desk {
        open(&self.path(), plan).unwrap()
    }
}

pub fn threads() -> Threads {
    Threads::start(&Runtime::default()).unwrap()
}

pub fn material() -> Material {
    let embeddings = Dataset::bundled().unwrap().train.embeddings;
    let texts = Texts::bundled(&embeddings).unwrap();
    Material::new(embeddings, None, texts)
}

pub fn open(path: &Path, plan: &Plan) -> pairpick::error::Result<Desk> {
    Desk::open(path, material(), plan.clone(), threads(), &mut Silent)
}

/// A plan of few questions, on small features.
pub fn plan(rounds: usize, batch: usize) -> Plan {
    let settings = Settings::default().sized_for_bundled();
    let asking = Asking { rounds, batch, ..settings.asking };
    let model = Architecture::Kernel(Landmarks { landmarks: 32 });
    Plan::new(Settings { asking, model, ..settings })
}

/// All that a session's file says, but for what time it was, and whether it is whole.
pub fn content(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let whole: String =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    let rows = |select: &str| {
        let mut statement = connection.prepare(select).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap()));
            Ok(values.collect::<Vec<_>>().join(" "))
        };
        statement.query_map([], row).unwrap().map(Result::unwrap).collect::<Vec<String>>()
    };
    [
        "SELECT * FROM rounds ORDER BY round",
        "SELECT * FROM questions ORDER BY id",
        "SELECT question, answer, seconds, annotator, note FROM answers ORDER BY question",
        "SELECT round, digest, prior_precision, confidence FROM models ORDER BY round",
    ]
    .into_iter()
    .flat_map(rows)
    .collect()
}

/// The questions that have an answer in a file.
pub fn answered(path: &Path) -> Vec<QuestionId> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT question FROM answers ORDER BY nth").unwrap();
    let id = |row: &rusqlite::Row<'_>| row.get(0).map(|id: i64| QuestionId(id.unsigned_abs()));
    statement.query_map([], id).unwrap().map(Result::unwrap).collect()
}
