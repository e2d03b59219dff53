//! Pairs with a label: two columns of responses and one that says which is better.

use serde_json::Value;

use super::fields::{Fields, Row};
use super::preferences::{PairLabel, Preferences, short};
use super::record::{Answer, Rating, Record, Response, Verdict};
use super::write::{Asked, Written, plain_word, sides_line, with_label_fields, with_prompt};
use crate::error::Result;

/// The record of a row.
pub(super) fn read(mut row: Row) -> Result<Record> {
    let prompt_id = row.id("prompt_id")?;
    let prompt = row.text_or_none("prompt")?.unwrap_or_default();
    let (a, b) = (row.text("response_a")?, row.text("response_b")?);
    let mut verdict = row.word("label")?;
    if verdict == Verdict::None {
        verdict = columns_of_winners(&mut row)?;
    }
    let (a, b) = (
        Response { text: a, ..side(&mut row, "a")? },
        Response { text: b, ..side(&mut row, "b")? },
    );
    let responses = vec![a, b];
    let fields = row.label_fields()?;
    let answers = vec![Answer { a: 0, b: 1, verdict, fields }];
    Ok(Record { place: row.place, prompt, prompt_id, responses, answers })
}

/// The answer where each has a column: `winner_model_a`, `winner_model_b` and `winner_tie`.
fn columns_of_winners(row: &mut Row) -> Result<Verdict> {
    const COLUMNS: [(&str, f64); 3] =
        [("winner_model_a", 1.0), ("winner_model_b", 0.0), ("winner_tie", 0.5)];
    let mut verdict = Verdict::None;
    for (name, share) in COLUMNS {
        if row.number(name)? == Some(1.0) {
            if verdict != Verdict::None {
                return Err(row.problem("more than one of its columns winner_… is 1"));
            }
            verdict = Verdict::Share(share);
        }
    }
    Ok(verdict)
}

/// What a row says of one side beside its text: `id_a`, `score_a`, and more that ends so.
pub(super) fn side(row: &mut Row, side: &str) -> Result<Response> {
    let id = row.id(&format!("id_{side}"))?;
    let score = row.number(&format!("score_{side}"))?;
    let rating = score.map(|score| Rating { score, annotator: None, id: None });
    let mut extra = Fields::default();
    let suffix = format!("_{side}");
    let names = row.fields.0.iter().filter_map(|(name, _)| name.strip_suffix(&suffix));
    let names: Vec<String> = names.map(str::to_owned).collect();
    for name in names {
        let value = row.fields.take(&format!("{name}{suffix}"));
        extra.set_some(&name, value.filter(|value| *value != ""));
    }
    Ok(Response { text: Value::Null, id, rating, extra })
}

/// A row a label.
pub(super) fn write(preferences: &Preferences, asked: &Asked) -> Result<Written> {
    let labels = &preferences.labels;
    let is_soft = |label: &PairLabel| matches!(label.verdict, Verdict::Share(share) if ![0.0, 0.5, 1.0].contains(&share));
    let soft = labels.iter().any(is_soft);
    let rows = labels.iter().map(|label| line(preferences, label, soft, asked)).collect();
    Ok(Written { rows, ..Written::default() })
}

fn line(preferences: &Preferences, label: &PairLabel, soft: bool, asked: &Asked) -> Fields {
    let mut line = with_prompt(preferences, label.a);
    let (texts, sides) = sides_line(preferences, label, asked);
    line.0.extend(texts.0.into_iter().filter(|(name, _)| name != "prompt"));
    // Words say what they mean, unless one label needs a number.
    line.set_some(
        "label",
        match label.verdict {
            Verdict::Share(share) if soft => Some(short(share)),
            _ => plain_word(&label.verdict).map(Value::from),
        },
    );
    line.0.extend(sides.0);
    let mut fields = label.fields.clone();
    asked.set_margin(&mut fields, preferences, label.a, label.b);
    with_label_fields(line, fields)
}
