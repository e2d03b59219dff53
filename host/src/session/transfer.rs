//! Answers that leave a session as lines of labels, and come into a new one that asks the same.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::desk::Desk;
use super::holder::Holder;
use super::material::Material;
use super::plan::Plan;
use super::record::Asked;
use super::reply::{Answer, Next, Outcome, QuestionId, Reply, Side};
use crate::data::embeddings::Embeddings;
use crate::data::fields::ExtraFields;
use crate::data::labels::LabelRecord;
use crate::data::lines::{self, Line, Lines};
use crate::data::preference::Preference;
use crate::data::record;
use crate::data::votes::Votes;
use crate::error::{Error, Result, SessionError};
use crate::json;
use crate::parallel::Threads;
use crate::progress::Progress;

/// How long a batch is waited for at a time.
const A_WHILE: Duration = Duration::from_millis(100);

/// What a line says beside its label, by the names of [`Beside`] and [`Exported`].
const OWN: [&str; 5] = ["annotator", "seconds", "note", "both_bad", "again"];

/// A line of an export: a label as `run` writes it, and how it came about.
#[derive(Serialize)]
struct Exported {
    #[serde(flatten)]
    label: LabelRecord,
    #[serde(flatten)]
    beside: Beside,
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<Again>,
}

/// What goes with an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Beside {
    annotator: u32,
    seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Whether a question was put aside since both replies are bad.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    both_bad: bool,
}

/// The answer to the same pair the other way round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Again {
    #[serde(flatten)]
    answer: AgainAnswer,
    #[serde(flatten)]
    beside: Beside,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct AgainAnswer {
    /// As the line's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<record::Probability>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    skip: bool,
}

impl Desk {
    /// The answers so far as lines of labels, in the order of the questions, as `run` writes them and
    /// `train` reads them, each with its annotator, seconds and note; `again` is the answer to the same
    /// question the other way round.
    ///
    /// # Errors
    /// None: every answer can be written.
    pub fn export(&self) -> Result<Vec<u8>> {
        let material = &self.shared.material;
        let state = &*self.shared.lock();
        let mut lines = Vec::new();
        for batch in &state.course.batches {
            for asked in batch.originals() {
                let again = batch.asked.iter().find(|own| own.repeats == Some(asked.id));
                lines.extend(exported(asked, again, material));
            }
        }
        json::lines(&lines).map_err(|error| Error::io("the answers", "write", error))
    }

    /// Begins a session with the answers of a file that [`Desk::export`] wrote from one with the same
    /// data and plan: it asks the same, and so comes to the same bits. Gives back how many answers there
    /// were.
    ///
    /// # Errors
    /// As [`Desk::open`]; [`SessionError::Exists`]; [`Error::Line`] for a line that is no answer to what
    /// the session asks. There is no session then.
    pub fn import(
        path: &Path,
        answers: &Path,
        material: Material,
        plan: Plan,
        threads: Threads,
        progress: &mut dyn Progress,
    ) -> Result<u64> {
        let exists = || SessionError::Exists { path: path.into() };
        if path.exists() {
            return Err(exists().into());
        }
        let given = read(answers, material.embeddings())?;
        // Nobody begins a session here meanwhile, nor imports into one.
        let _holder = Holder::take(path)?;
        if path.exists() {
            return Err(exists().into());
        }
        let draft = beside(path);
        let _ = fs::remove_file(&draft);
        let taken = Desk::open(&draft, material, plan, threads, progress)
            .and_then(|desk| desk.take(answers, given, progress));
        let renamed = taken.and_then(|count| {
            let renamed = fs::rename(&draft, path);
            renamed.map_err(|error| Error::io(&draft, "rename", error)).map(|()| count)
        });
        if renamed.is_err() {
            let _ = fs::remove_file(&draft);
        }
        renamed
    }

    /// Answers what was answered before, and closes the session.
    fn take(self, path: &Path, mut given: Recorded, progress: &mut dyn Progress) -> Result<u64> {
        let (all, mut count) = (given.len() as u64, 0);
        progress.begin("answering", all);
        while !given.is_empty() {
            match self.next(0)? {
                Next::Wait(_) => self.wait(A_WHILE),
                Next::Ended(_) => break,
                Next::Question(_) => {
                    let answers = self.answers_among(&mut given);
                    if answers.is_empty() {
                        break;
                    }
                    for Repeated { line, id, annotator, reply } in answers {
                        if self.answer(id, annotator, &reply)? != Outcome::Recorded {
                            let problem = "an answer \"again\" to a pair that was put aside";
                            return Err(lines::problem(path, line, problem));
                        }
                        count += 1;
                    }
                    progress.advance(all - given.len() as u64);
                }
            }
        }
        progress.end();
        match given.values().map(|own| own.line).min() {
            None => Ok(count),
            Some(line) => {
                let problem = "the session does not ask about this pair; answers can be imported \
                               with the data and the settings that they were given with";
                Err(lines::problem(path, line, problem))
            }
        }
    }

    /// What was answered before to questions of the open batch.
    fn answers_among(&self, given: &mut Recorded) -> Vec<Repeated> {
        let state = &*self.shared.lock();
        let mut answers = Vec::new();
        let Some(batch) = state.course.open() else {
            return answers;
        };
        for asked in batch.originals() {
            let Some(own) = given.remove(&asked.question.ascending()) else {
                continue;
            };
            let again = batch.asked.iter().find(|again| again.repeats == Some(asked.id));
            answers.push(own.first.reply(own.line, asked));
            answers.extend(again.zip(own.again).map(|(again, known)| known.reply(own.line, again)));
        }
        answers
    }
}

/// The name that a session has until all answers are in it.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".draft");
    path.with_file_name(name)
}

/// A line, where the question is answered.
fn exported(asked: &Asked, again: Option<&Asked>, material: &Material) -> Option<Exported> {
    let (embeddings, candidates) = (material.embeddings(), material.candidates());
    let record = |asked: &Asked| match asked.label(candidates) {
        Some(label) => LabelRecord::of(&label, embeddings, candidates),
        None => LabelRecord::of_skipped(&asked.question, embeddings, candidates),
    };
    let mut label = record(asked);
    label.fields = label.fields.without(&OWN);
    let again = again.and_then(|again| {
        let record::Answer { label, skip, .. } = record(again).answer;
        Some(Again { answer: AgainAnswer { label, skip }, beside: Beside::of(again)? })
    });
    Some(Exported { label, beside: Beside::of(asked)?, again })
}

impl Beside {
    fn of(asked: &Asked) -> Option<Self> {
        let given = asked.given.as_ref()?;
        let Reply { answer, seconds, note } = given.reply.clone();
        let both_bad = answer == Answer::BothBad;
        Some(Self { annotator: given.annotator, seconds, note, both_bad })
    }
}

/// Answers by their pairs, the smaller item first.
type Recorded = BTreeMap<(u64, u64), Lined>;

/// What a line says.
struct Lined {
    line: usize,
    first: Known,
    again: Option<Known>,
}

/// An answer; of the pair's items the smaller comes first.
struct Known {
    /// None where it was put aside.
    preference: Option<Preference>,
    beside: Beside,
}

/// A line's answer to a question of this session.
struct Repeated {
    line: usize,
    id: QuestionId,
    annotator: u32,
    reply: Reply,
}

impl Known {
    /// The same to a question of this session.
    fn reply(self, line: usize, asked: &Asked) -> Repeated {
        let answer = match (self.preference, asked.smaller()) {
            (None, _) if self.beside.both_bad => Answer::BothBad,
            (None, _) => Answer::Skip,
            (Some(Preference::Tie), _) => Answer::Tie,
            (Some(Preference::First), Side::Left) | (Some(Preference::Second), Side::Right) => {
                Answer::First
            }
            _ => Answer::Second,
        };
        let Beside { annotator, seconds, note, .. } = self.beside;
        Repeated { line, id: asked.id, annotator, reply: Reply { answer, seconds, note } }
    }
}

/// Reads an export.
fn read(path: &Path, embeddings: &Embeddings) -> Result<Recorded> {
    let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
    let mut source = BufReader::new(file);
    let mut lines = Lines::new(&mut source, path);
    let mut recorded = Recorded::new();
    while let Some(Line { number, text, .. }) = lines.next()? {
        if text.trim_ascii().is_empty() {
            continue;
        }
        let parsed = parsed(number, text, embeddings);
        let (pair, line) = parsed.map_err(|what| lines::problem(path, number, what))?;
        if let Some(Lined { line, .. }) = recorded.insert(pair, line) {
            let problem = format!("line {line} has an answer to the same pair already");
            return Err(lines::problem(path, number, problem));
        }
    }
    Ok(recorded)
}

/// The pair of a line and what it says, or what is wrong with it.
fn parsed(
    line: usize,
    text: &[u8],
    embeddings: &Embeddings,
) -> Result<((u64, u64), Lined), String> {
    let record: LabelRecord = json::object(text).map_err(|problem| problem.what)?;
    let question = record.question_in(embeddings).map_err(|error| error.to_string())?;
    let turned = embeddings.item(record.a).map_err(|error| error.to_string())? != question.a;
    let fields = &record.fields;
    let beside = Beside {
        annotator: field(fields, "annotator")?.unwrap_or(1),
        seconds: field(fields, "seconds")?.unwrap_or(0.0),
        note: field(fields, "note")?,
        both_bad: field(fields, "both_bad")?.unwrap_or(false),
    };
    let again: Option<Again> = field(fields, "again")?;
    let first = Known { preference: preference(&record.answer, turned)?, beside };
    let again = again.map(|again| {
        let AgainAnswer { label, skip } = again.answer;
        let answer = record::Answer { label, skip, ..record::Answer::default() };
        Ok::<_, String>(Known { preference: preference(&answer, turned)?, beside: again.beside })
    });
    Ok((question.ascending(), Lined { line, first, again: again.transpose()? }))
}

/// What a line says under a name, if it does.
fn field<T: DeserializeOwned>(fields: &ExtraFields, name: &str) -> Result<Option<T>, String> {
    let read = |text| serde_json::from_str(text).map_err(|error| format!("{name}: {error}"));
    fields.get(name).map(read).transpose()
}

/// The one answer of a line, the smaller item first; none where the pair was put aside.
fn preference(answer: &record::Answer, turned: bool) -> Result<Option<Preference>, String> {
    // How often it counts is the candidate's affair.
    let Some(votes) = (record::Answer { weight: None, ..*answer }).votes()? else {
        return match answer.skip {
            true => Ok(None),
            false => Err("no answer in it: \"label\" or \"skip\" is expected".to_owned()),
        };
    };
    let votes = if turned { votes.reversed() } else { votes };
    let kinds = [Preference::First, Preference::Second, Preference::Tie];
    let one = kinds.into_iter().find(|kind| Votes::from(*kind) == votes);
    one.map(Some).ok_or_else(|| "one answer is expected: label 1, 0 or 0.5".to_owned())
}
