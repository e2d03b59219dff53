//! Argilla's records: `fields` with texts, `responses` with answers, `metadata` with the rest.

use serde_json::Value;

use super::fields::{Fields, Row};
use super::lists;
use super::preferences::{PairLabel, Preferences};
use super::record::{Answer, Record, Response, Verdict};
use super::words::word;
use super::write::{
    Asked, Written, grouped, shared_but, sides_line, with_label_fields, with_prompt,
};
use super::{Format, name_in};
use crate::error::Result;

/// What the question is called that this program writes.
const QUESTION: &str = "preference";

/// What an answer of nobody in particular is of: Argilla has none without a user.
const NOBODY: &str = "00000000-0000-0000-0000-";

/// Parts of a record that say nothing of a pair, kept as they are.
const KEPT: [&str; 2] = ["suggestions", "vectors"];

/// What a server calls a record.
const SERVER_ID: &str = "_server_id";

/// One user's answer to the question.
struct Given {
    value: Value,
    annotator: Option<Value>,
    discarded: bool,
}

/// The record of a row.
pub(super) fn read(mut row: Row, format: Format) -> Result<Record> {
    let given = given(&mut row)?;
    let mut fields = row.inner("fields")?;
    let mut about = row.inner("metadata")?;
    let ranked = given.iter().find_map(|given| given.value.as_array().cloned());
    format.rename(&mut fields);
    let prompt = fields.text_or_none("prompt")?.unwrap_or_default();
    let prompt_id = about.id("prompt_id")?;
    let external = row.id("external_id")?;
    about.fields.set_some("id", row.id("id")?.or(external));
    about.fields.set_some(SERVER_ID, row.id(SERVER_ID)?);
    for name in KEPT {
        about.fields.set_some(name, row.inner(name)?.fields.into_object());
    }
    if let Some(list) = ranked {
        return ranking(row, fields, about, &list, given, prompt, prompt_id);
    }
    let mut responses = Vec::new();
    for side in ["a", "b"] {
        let text = fields.text(&format!("response_{side}"))?;
        responses.push(Response { text, ..super::pairs::side(&mut about, side)? });
    }
    about.fields.0.append(&mut fields.fields.0);
    let label = about.label_fields()?;
    let mut answers = Vec::new();
    for Given { value, annotator, discarded } in given {
        let mut fields = label.clone();
        fields.set_some("annotator", annotator);
        let verdict = match (discarded, word(&value)) {
            (true, _) => Verdict::Skip,
            (false, Some(word)) => Verdict::Word(word),
            (false, None) => return Err(row.unexpected("responses", &value, "a label")),
        };
        answers.push(Answer { a: 0, b: 1, verdict, fields });
    }
    if answers.is_empty() {
        answers.push(Answer { a: 0, b: 1, verdict: Verdict::None, fields: label });
    }
    Ok(Record { place: row.place, prompt, prompt_id, responses, answers })
}

/// The record of answers that rank fields by their names.
fn ranking(
    row: Row,
    mut fields: Row,
    mut about: Row,
    list: &[Value],
    given: Vec<Given>,
    prompt: Value,
    prompt_id: Option<Value>,
) -> Result<Record> {
    let named = |list: &[Value]| -> Result<Vec<(String, f64)>> {
        let place = |(place, value): (usize, &Value)| match value {
            Value::Object(ranked) => {
                let rank = ranked.get("rank").and_then(Value::as_f64).unwrap_or(place as f64);
                (ranked.get("value").cloned().unwrap_or_default(), rank)
            }
            name => (name.clone(), place as f64),
        };
        let (names, ranks): (Vec<Value>, Vec<f64>) = list.iter().enumerate().map(place).unzip();
        Ok(lists::names(&row, "responses", &names)?.into_iter().zip(ranks).collect())
    };
    let plain = |name: &str| name.replace('-', "_");
    let mut names: Vec<String> = named(list)?.into_iter().map(|(name, _)| name).collect();
    names.sort();
    let mut responses = Vec::new();
    for name in &names {
        let own = fields.fields.0.iter().find(|(own, _)| plain(own) == plain(name));
        let own = own.map(|(own, _)| own.clone()).ok_or_else(|| fields.missing(name))?;
        responses.push(Response { text: fields.text(&own)?, ..Response::default() });
    }
    about.fields.0.append(&mut fields.fields.0);
    let label = about.label_fields()?;
    let mut answers = Vec::new();
    for Given { value, annotator, .. } in given {
        let ranks = named(value.as_array().map_or(&[][..], Vec::as_slice))?;
        let rank = |name: &String| ranks.iter().find(|(own, _)| own == name).map(|(_, r)| -r);
        let goodness: Vec<Option<f64>> = names.iter().map(rank).collect();
        let mut fields = label.clone();
        fields.set_some("annotator", annotator);
        answers.extend(lists::answers(&goodness, &fields, false));
    }
    Ok(Record { place: row.place, prompt, prompt_id, responses, answers })
}

/// The answers to the question, in the form of version 2, or of version 1.
fn given(row: &mut Row) -> Result<Vec<Given>> {
    let mut found = Vec::new();
    if row.fields.get("responses").is_some_and(Value::is_string) {
        let inner = row.inner("responses")?;
        row.fields.set_some("responses", inner.fields.into_object());
    }
    match row.fields.take("responses") {
        None => {}
        Some(Value::Object(questions)) => {
            let mut inner = Row { place: row.place.clone(), fields: Fields::of_object(questions) };
            let Some(question) = question(&inner)? else {
                return Ok(found);
            };
            for answer in inner.list(&question)?.unwrap_or_default() {
                found.extend(one(answer.get("value"), answer.get("user_id"), answer.get("status")));
            }
        }
        Some(Value::Array(users)) => {
            for user in users {
                let Some(Value::Object(values)) = user.get("values").cloned() else {
                    continue;
                };
                let inner = Row { place: row.place.clone(), fields: Fields::of_object(values) };
                let Some(question) = question(&inner)? else {
                    continue;
                };
                let value = inner.fields.get(&question).and_then(|answer| answer.get("value"));
                found.extend(one(value, user.get("user_id"), user.get("status")));
            }
        }
        Some(other) => return Err(row.unexpected("responses", &other, "answers by question")),
    }
    Ok(found)
}

/// A draft is no answer yet.
fn one(value: Option<&Value>, user: Option<&Value>, status: Option<&Value>) -> Option<Given> {
    let status = status.and_then(Value::as_str).unwrap_or("submitted");
    let is_nobody = |user: &&Value| user.as_str().is_some_and(|user| user.starts_with(NOBODY));
    let annotator = user.filter(|user| !is_nobody(user) && super::fields::is_id(user)).cloned();
    let value = value.cloned().unwrap_or_default();
    (status != "draft").then_some(Given { value, annotator, discarded: status == "discarded" })
}

/// The question that asks which is better.
fn question(questions: &Row) -> Result<Option<String>> {
    match questions.fields.0.as_slice() {
        [] => Ok(None),
        [(only, _)] => Ok(Some(only.clone())),
        _ => match name_in(questions, "label") {
            Some(name) => Ok(Some(name.to_owned())),
            None => Err(questions.problem(format!(
                "answers to several questions, {}; `column` label=QUESTION says which one asks what \
                 is better",
                questions.fields.names()
            ))),
        },
    }
}

/// A row a pair, with every user's answer.
pub(super) fn write(preferences: &Preferences, asked: &Asked) -> Result<Written> {
    let mut written = Written::default();
    let shared = |label: &PairLabel| shared_but(&label.fields, &["annotator"], &[]);
    for labels in grouped(preferences, shared) {
        let first = labels[0];
        let (mut row, mut about) = (Fields::default(), shared(first));
        let id = about.take("id");
        row.set("id", id.unwrap_or_else(|| format!("pair {}", written.rows.len()).into()));
        let mut kept = about.take_extra(&[KEPT[0], KEPT[1], SERVER_ID]);
        let (fields, sides) = sides_line(preferences, first, asked);
        row.set_some("fields", fields.into_object());
        let mut metadata = with_prompt(preferences, first.a);
        metadata.take("prompt");
        metadata.0.extend(sides.0);
        asked.set_margin(&mut about, preferences, first.a, first.b);
        row.set_some("metadata", with_label_fields(metadata, about).into_object());
        let answers = answers(&labels, &mut written);
        let status = if answers.is_empty() { "pending" } else { "completed" };
        let mut responses = Fields::default();
        responses.set_some(QUESTION, Some(answers).filter(|answers| !answers.is_empty()));
        let empty = || Value::Object(serde_json::Map::new());
        row.set("responses", responses.into_object().unwrap_or_else(empty));
        for name in KEPT {
            row.set(name, kept.take(name).unwrap_or_else(empty));
        }
        row.set("status", status);
        row.set_some(SERVER_ID, kept.take(SERVER_ID));
        written.rows.push(row);
    }
    Ok(written)
}

/// The answers to the question.
fn answers(labels: &[&PairLabel], written: &mut Written) -> Vec<Value> {
    let mut answers = Vec::<Value>::new();
    for label in labels {
        let Some(value) = written.word(label) else {
            continue;
        };
        let nobody = || Value::from(format!("{NOBODY}{:012}", answers.len() + 1));
        let user = label.fields.get("annotator").cloned().unwrap_or_else(nobody);
        answers.push(serde_json::json!({"value": value, "user_id": user}));
    }
    answers
}
