//! Label Studio's tasks: `data` with texts, `annotations` with results of Pairwise, Choices or
//! Ranker.

use serde_json::Value;

use super::Format;
use super::fields::{Fields, Row};
use super::lists;
use super::preferences::{PairLabel, Preferences, short};
use super::record::{Answer, Record, Response, Verdict};
use super::words::{Meaning, word};
use super::write::{
    Asked, Written, grouped, shared_but, sides_line, with_label_fields, with_prompt,
};
use crate::error::Result;

/// What the control is called that this program writes.
const CONTROL: &str = "preference";

/// What an annotation says of itself, kept as it is.
const OF_AN_ANNOTATION: [&str; 3] = ["created_at", "updated_at", "ground_truth"];

/// The fields of a label that its annotation has.
const OF_A_LABEL: [&str; 3] = ["annotator", "id", "seconds"];

/// What a label's `extra` calls the number of its task.
const TASK: &str = "task";

/// The texts of a Ranker's items, the first that is there.
const ITEM_TEXTS: [&str; 5] = ["body", "text", "html", "response", "title"];

/// The record of a task.
pub(super) fn read(mut row: Row, format: Format) -> Result<Record> {
    let annotations = row.list("annotations")?.unwrap_or_default();
    let mut data = row.inner("data")?;
    format.rename(&mut data);
    let prompt = data.text_or_none("prompt")?.unwrap_or_default();
    let prompt_id = data.id("prompt_id")?;
    let task = row.id("id")?;
    let inner = |value: Value| match value {
        Value::Object(object) => {
            Ok(Row { place: row.place.clone(), fields: Fields::of_object(object) })
        }
        other => Err(row.unexpected("annotations", &other, "an object")),
    };
    let annotations: Result<Vec<Row>> = annotations.into_iter().map(inner).collect();
    let (responses, names) = responses(&mut data, &annotations)?;
    let mut label = data.label_fields()?;
    label.set_extra(TASK, task);
    let mut answers = Vec::new();
    for annotation in annotations? {
        answers.extend(answers_of(annotation, &label, &names)?);
    }
    if answers.is_empty() {
        answers.push(Answer { a: 0, b: 1, verdict: Verdict::None, fields: label });
    }
    Ok(Record { place: row.place, prompt, prompt_id, responses, answers })
}

/// The answers of an annotation: one, or those of a ranking of what has these names.
fn answers_of(mut annotation: Row, label: &Fields, names: &[String]) -> Result<Vec<Answer>> {
    let mut fields = label.clone();
    fields.set_some("annotator", annotator(&mut annotation));
    fields.set_some("id", annotation.id("id")?);
    fields.set_some("seconds", annotation.number("lead_time")?.map(short));
    for name in OF_AN_ANNOTATION {
        let value = annotation.fields.take(name).filter(|value| *value != false);
        fields.set_extra(name, value);
    }
    let cancelled = annotation.fields.take("was_cancelled") == Some(true.into());
    let results = annotation.list("result")?.unwrap_or_default();
    let verdict = match results.iter().find_map(given) {
        _ if cancelled => Verdict::Skip,
        None => Verdict::None,
        Some(Given::Word(word)) => Verdict::Word(word),
        Some(Given::Order(order)) => {
            let order = lists::names(&annotation, "ranker", &order)?;
            let rank = |name| order.iter().position(|own| own == name);
            let goodness = names.iter().map(|name| rank(name).map(|place| -(place as f64)));
            let goodness: Vec<Option<f64>> = goodness.collect();
            return Ok(lists::answers(&goodness, &fields, false));
        }
    };
    Ok(vec![Answer { a: 0, b: 1, verdict, fields }])
}

/// The two texts of a comparison, or the items of a list; and what a ranking calls these.
fn responses(
    data: &mut Row,
    annotations: &Result<Vec<Row>>,
) -> Result<(Vec<Response>, Vec<String>)> {
    let is_item = |item: &Value| item.get("id").is_some();
    let is_list = |value: &Value| {
        value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_item))
    };
    let list = data.fields.0.iter().find(|(_, value)| is_list(value)).map(|(name, _)| name.clone());
    if let Some(name) = list {
        return items(data, &name);
    }
    let compared = annotations.iter().flatten().find_map(compared);
    for (side, place) in [("response_a", 0), ("response_b", 1)] {
        let named = compared.as_ref().and_then(|names| names.get(place));
        if let (false, Some(name)) = (data.fields.has(side), named)
            && let Some((own, _)) = data.fields.0.iter_mut().find(|(own, _)| own == name)
        {
            side.clone_into(own);
        }
    }
    let mut found = Vec::new();
    for side in ["a", "b"] {
        let text = data.text(&format!("response_{side}"))?;
        found.push(Response { text, ..super::pairs::side(data, side)? });
    }
    Ok((found, Vec::new()))
}

/// The names of the two objects that a Pairwise compares.
fn compared(annotation: &Row) -> Option<Vec<String>> {
    let results = annotation.fields.get("result")?.as_array()?;
    let names = results.iter().find_map(|result| {
        let names = result.get("to_name")?.as_str()?;
        (result.get("type")? == "pairwise").then_some(names)
    })?;
    Some(names.split(',').map(|name| name.trim().to_owned()).collect())
}

fn items(data: &mut Row, name: &str) -> Result<(Vec<Response>, Vec<String>)> {
    let (mut found, mut ids) = (Vec::new(), Vec::new());
    for item in data.list(name)?.unwrap_or_default() {
        let Value::Object(object) = item else {
            return Err(data.unexpected(name, &item, "an object with an id and a body"));
        };
        let mut item = Row { place: data.place.clone(), fields: Fields::of_object(object) };
        let id = item.id("id")?.unwrap_or_default();
        let text = ITEM_TEXTS.into_iter().find(|name| item.fields.has(name)).unwrap_or("body");
        let text = item.text(text)?;
        ids.extend(lists::names(data, "id", std::slice::from_ref(&id))?);
        found.push(Response { text, id: Some(id), rating: None, extra: item.fields });
    }
    match found.len() {
        0 | 1 => Err(data.problem(format!("{name}: expected at least two items to compare"))),
        _ => Ok((found, ids)),
    }
}

/// What a result says.
enum Given {
    Word(String),
    Order(Vec<Value>),
}

fn given(result: &Value) -> Option<Given> {
    let value = result.get("value")?;
    match result.get("type")?.as_str()? {
        "pairwise" => word(value.get("selected")?).map(Given::Word),
        "choices" => word(value.get("choices")?.get(0)?).map(Given::Word),
        // The list that the items came from is called _.
        "ranker" => {
            let lists = value.get("ranker")?.as_object()?;
            let mut lists = lists.iter().filter(|(name, _)| *name != "_");
            let order = lists.next()?.1.as_array()?.clone();
            lists.next().is_none().then_some(Given::Order(order))
        }
        _ => None,
    }
}

fn annotator(annotation: &mut Row) -> Option<Value> {
    let found = annotation.fields.take("completed_by")?;
    let named = found.get("email").or_else(|| found.get("id")).cloned();
    named.or(Some(found)).filter(super::fields::is_id)
}

/// A task a pair, with every annotation.
pub(super) fn write(preferences: &Preferences, asked: &Asked) -> Result<Written> {
    let mut written = Written::default();
    let shared = |label: &PairLabel| shared_but(&label.fields, &OF_A_LABEL, &OF_AN_ANNOTATION);
    for labels in grouped(preferences, shared) {
        let first = labels[0];
        let (texts, sides) = sides_line(preferences, first, asked);
        let mut data = with_prompt(preferences, first.a);
        data.0.extend(texts.0.into_iter().filter(|(name, _)| name != "prompt"));
        data.0.extend(sides.0);
        let mut about = shared(first);
        let task = about.take_extra(&[TASK]).take(TASK);
        asked.set_margin(&mut about, preferences, first.a, first.b);
        let mut row = Fields::default();
        row.set_some("id", task);
        row.set_some("data", with_label_fields(data, about).into_object());
        let mut annotate = |label: &PairLabel| annotation(label, &mut written);
        let annotations: Vec<Value> =
            labels.into_iter().filter_map(&mut annotate).filter_map(Fields::into_object).collect();
        row.set("annotations", annotations);
        written.rows.push(row);
    }
    Ok(written)
}

/// What one annotator said; none of a pair that waits for an answer.
fn annotation(label: &PairLabel, written: &mut Written) -> Option<Fields> {
    let skipped = label.verdict == Verdict::Skip;
    let word = if skipped { None } else { written.word(label) };
    if word.is_none() && !skipped && !OF_A_LABEL.iter().any(|name| label.fields.has(name)) {
        return None;
    }
    let mut annotation = Fields::default();
    annotation.set_some("id", label.fields.get("id").cloned());
    annotation.set_some("completed_by", label.fields.get("annotator").cloned());
    annotation.set_some("lead_time", label.fields.get("seconds").cloned());
    annotation.0.append(&mut label.fields.clone().take_extra(&OF_AN_ANNOTATION).0);
    annotation.set("was_cancelled", skipped);
    let result: Vec<Value> = word.and_then(|word| result(&word)).into_iter().collect();
    annotation.set("result", result);
    Some(annotation)
}

/// The result of Pairwise, which names itself in place of the two texts; it has no tie, which is one of
/// Choices.
fn result(word: &str) -> Option<Value> {
    use crate::named::Named;
    let selected = match Meaning::from_name(word)? {
        Meaning::First => "left",
        Meaning::Second => "right",
        Meaning::Tie | Meaning::Skip => {
            return Some(serde_json::json!({
                "from_name": word, "to_name": "response_a", "type": "choices",
                "value": {"choices": [word]},
            }));
        }
    };
    Some(serde_json::json!({
        "from_name": CONTROL, "to_name": CONTROL, "type": "pairwise",
        "value": {"selected": selected},
    }))
}
