//! Preferences as TRL has them: `chosen` and `rejected`, with their prompt in a column of its own
//! or at the start of both.

use serde_json::Value;

use super::fields::{Fields, Row};
use super::preferences::{PairLabel, Preferences, short};
use super::record::{Answer, Rating, Record, Response, Verdict};
use super::write::{Asked, Written, oriented, with_label_fields, with_prompt};
use crate::error::Result;

/// Where a turn of the assistant begins in a dialogue that is one text.
const TURN: &str = "\n\nAssistant:";

/// The record of a row.
pub(super) fn read(mut row: Row) -> Result<Record> {
    let prompt_id = row.id("prompt_id")?;
    let prompt = row.text_or_none("prompt")?;
    let (mut chosen, mut rejected) = (row.text("chosen")?, row.text("rejected")?);
    let prompt = match prompt {
        Some(prompt) => prompt,
        None => divide(&row, &mut chosen, &mut rejected)?,
    };
    let responses =
        vec![response(&mut row, "chosen", chosen)?, response(&mut row, "rejected", rejected)?];
    let fields = row.label_fields()?;
    let answers = vec![Answer { a: 0, b: 1, verdict: Verdict::Share(1.0), fields }];
    Ok(Record { place: row.place, prompt, prompt_id, responses, answers })
}

/// What a row says of one side: `chosen_NAME` or `NAME_chosen`.
fn response(row: &mut Row, side: &str, text: Value) -> Result<Response> {
    let id = row.id(&format!("{side}_id"))?;
    let score = match row.number(&format!("score_{side}"))? {
        None => row.number(&format!("{side}_score"))?,
        score => score,
    };
    let rating = score.map(|score| Rating { score, annotator: None, id: None });
    Ok(Response { text, id, rating, extra: side_fields(row, side) })
}

/// Takes the fields of one side that the other has too.
pub(super) fn side_fields(row: &mut Row, side: &str) -> Fields {
    let mut extra = Fields::default();
    let prefix = format!("{side}_");
    let names = row.fields.0.iter().filter_map(|(name, _)| name.strip_prefix(&prefix));
    let names: Vec<String> = names.map(str::to_owned).collect();
    for name in names {
        extra.set_some(&name, row.fields.take(&format!("{prefix}{name}")).filter(|v| *v != ""));
    }
    extra
}

/// Takes the prompt off the start of both: the messages that they share, or the text up to the
/// last turn of the assistant, or up to the first difference, which is where TRL divides it.
fn divide(row: &Row, chosen: &mut Value, rejected: &mut Value) -> Result<Value> {
    match (chosen, rejected) {
        (Value::Array(chosen), Value::Array(rejected)) => {
            let shared = chosen.iter().zip(&*rejected).take_while(|(a, b)| a == b).count();
            let most = chosen.len().min(rejected.len()).saturating_sub(1);
            let prompt: Vec<Value> = chosen.drain(..shared.min(most)).collect();
            rejected.drain(..prompt.len());
            Ok(if prompt.is_empty() { Value::Null } else { prompt.into() })
        }
        (Value::String(chosen), Value::String(rejected)) => {
            let pairs = chosen.char_indices().zip(rejected.chars());
            let same = pairs.take_while(|((_, a), b)| a == b);
            let mut end = same.map(|((at, a), _)| at + a.len_utf8()).last().unwrap_or(0);
            match chosen[..end].rfind(TURN) {
                Some(turn) => end = turn + TURN.len(),
                None if chosen[..end].ends_with(' ') => end -= 1,
                None => {}
            }
            let prompt: String = chosen.drain(..end).collect();
            rejected.drain(..end);
            Ok(if prompt.is_empty() { Value::Null } else { prompt.into() })
        }
        _ => Err(row.problem("chosen and rejected: expected two texts or two lists of messages")),
    }
}

/// A row a label that has a better side.
pub(super) fn write(preferences: &Preferences, asked: &Asked) -> Result<Written> {
    let mut written = Written::default();
    for label in &preferences.labels {
        let Verdict::Share(share) = label.verdict else {
            written.left_out("no answer");
            continue;
        };
        if share == 0.5 {
            written.left_out("a tie");
            continue;
        }
        if share != 0.0 && share != 1.0 {
            written.shortened("a label between 0 and 1 is written as the side that it favours");
        }
        written.rows.push(line(preferences, label, share < 0.5, asked));
    }
    Ok(written)
}

fn line(preferences: &Preferences, label: &PairLabel, turned: bool, asked: &Asked) -> Fields {
    let (chosen, rejected) = if turned { (label.b, label.a) } else { (label.a, label.b) };
    let mut line = with_prompt(preferences, chosen);
    let sides = [("chosen", chosen), ("rejected", rejected)];
    for (side, row) in sides {
        line.set(side, preferences.responses[row].text.clone());
    }
    for (side, row) in sides {
        let response = &preferences.responses[row];
        line.set_some(&format!("{side}_id"), response.id.clone());
        line.set_some(&format!("score_{side}"), asked.score(preferences, row).map(short));
        for (name, value) in &response.extra.0 {
            line.set(&format!("{side}_{name}"), value.clone());
        }
    }
    let mut fields = oriented(&label.fields, turned);
    asked.set_margin(&mut fields, preferences, chosen, rejected);
    with_label_fields(line, fields)
}
