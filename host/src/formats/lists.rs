//! A prompt with a list of responses: ranked, best first or by their ranks, or rated.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::fields::{Fields, Row, told};
use super::preferences::{PairLabel, Preferences, short};
use super::record::{Answer, EXTRA, Rating, Record, Response, Verdict};
use super::write::{Asked, Written, with_label_fields, with_prompt};
use crate::error::Result;

/// The field of a label's `extra` that says which labels came of one row.
const RECORD: &str = "record";

/// What the text of a response is called in an object of one.
const TEXTS: [&str; 7] = ["response", "text", "content", "completion", "output", "answer", "body"];

/// What its score is called.
const SCORES: [&str; 4] = ["score", "rating", "overall_score", "reward"];

/// The record of a row with `responses`, and `ranks` unless the best comes first.
pub(super) fn read_ranking(mut row: Row) -> Result<Record> {
    let (prompt_id, prompt) = (row.id("prompt_id")?, row.text_or_none("prompt")?);
    let responses = responses(&mut row)?;
    let ranks = match row.list("ranks")? {
        Some(ranks) => numbers(&row, "ranks", &ranks, responses.len())?,
        None => (0..responses.len()).map(|place| Some(place as f64)).collect(),
    };
    let goodness: Vec<_> = ranks.into_iter().map(|rank| rank.map(|rank| -rank)).collect();
    let fields = row.label_fields()?;
    let answers = answers(&goodness, &fields, false);
    let prompt = prompt.unwrap_or_default();
    Ok(Record { place: row.place, prompt, prompt_id, responses, answers })
}

/// The record of a row with `responses` and `scores`, or of one `response` with its `score`.
pub(super) fn read_ratings(mut row: Row) -> Result<Record> {
    let (prompt_id, prompt) = (row.id("prompt_id")?, row.text_or_none("prompt")?);
    let prompt = prompt.unwrap_or_default();
    if row.fields.has("response") {
        let text = row.text("response")?;
        let rating = row.number("score")?.ok_or_else(|| row.missing("score"))?;
        let (annotator, id) = (row.id("annotator")?, row.id("response_id")?);
        let rating = Some(Rating { score: rating, annotator, id: None });
        let extra = Fields(std::mem::take(&mut row.fields.0).into_iter().filter(full).collect());
        let responses = vec![Response { text, id, rating, extra }];
        return Ok(Record { place: row.place, prompt, prompt_id, responses, answers: vec![] });
    }
    let mut responses = responses(&mut row)?;
    let scores = row.list("scores")?;
    let fields = row.label_fields()?;
    let name = |field| fields.get(field).cloned();
    if let Some(scores) = scores {
        let scores = numbers(&row, "scores", &scores, responses.len())?;
        for (response, score) in responses.iter_mut().zip(scores) {
            response.rating = score.map(|score| Rating { score, annotator: None, id: None });
        }
    }
    for rating in responses.iter_mut().filter_map(|response| response.rating.as_mut()) {
        (rating.annotator, rating.id) = (name("annotator"), name("id"));
    }
    let scores: Vec<Option<f64>> =
        responses.iter().map(|response| response.rating.as_ref().map(|own| own.score)).collect();
    if scores.iter().all(Option::is_none) {
        return Err(row.missing("scores"));
    }
    let answers = answers(&scores, &fields, true);
    Ok(Record { place: row.place, prompt, prompt_id, responses, answers })
}

impl Record {
    /// Lets the answers of a longer list be known as those of one record.
    pub(super) fn number_answers(&mut self, number: usize) {
        if self.responses.len() > 2 {
            let fields = self.answers.iter_mut().map(|answer| &mut answer.fields);
            fields.for_each(|fields| fields.set_extra(RECORD, Some(number.into())));
        }
    }
}

/// Whether the responses of a row are objects with scores.
pub(super) fn are_rated(row: &Row) -> bool {
    let list = row.fields.get("responses").or_else(|| row.fields.get("completions"));
    let is_rated = |value: &Value| SCORES.iter().any(|name| value.get(name).is_some());
    list.and_then(Value::as_array).is_some_and(|list| list.iter().any(is_rated))
}

fn full((_, value): &(String, Value)) -> bool {
    !value.is_null() && value != ""
}

/// Takes the list of responses: texts, lists of messages, or objects with a text.
fn responses(row: &mut Row) -> Result<Vec<Response>> {
    let list = row.list("responses")?.ok_or_else(|| row.missing("responses"))?;
    let found: Result<Vec<Response>> = list.into_iter().map(|value| response(row, value)).collect();
    let found = found?;
    match found.len() {
        0 | 1 => {
            let count = found.len();
            Err(row.problem(format!("responses: found {count}; expected at least two to compare")))
        }
        _ => Ok(found),
    }
}

fn response(row: &Row, value: Value) -> Result<Response> {
    let object = match value {
        Value::Object(object) if !object.contains_key("role") => object,
        message @ Value::Object(_) => {
            return Ok(Response { text: Value::Array(vec![message]), ..Response::default() });
        }
        text => {
            let text = row.checked_text("responses", text)?;
            return Ok(Response { text, ..Response::default() });
        }
    };
    let mut inner = Row { place: row.place.clone(), fields: Fields::of_object(object) };
    let Some(name) = TEXTS.into_iter().find(|name| inner.fields.has(name)) else {
        let names = inner.fields.names();
        return Err(row.problem(format!(
            "responses: found an object with the fields {names}; expected one of {}",
            TEXTS.join(", ")
        )));
    };
    let (text, id) = (inner.text(name)?, inner.id("id")?);
    let score = SCORES.into_iter().find(|name| inner.fields.has(name));
    let score = score.map(|name| inner.number(name)).transpose()?.flatten();
    let rating = score.map(|score| Rating { score, annotator: None, id: None });
    Ok(Response { text, id, rating, extra: inner.fields })
}

/// A list of as many numbers as there are responses, null for none.
fn numbers(row: &Row, name: &str, list: &[Value], count: usize) -> Result<Vec<Option<f64>>> {
    if list.len() != count {
        let found = list.len();
        return Err(row.problem(format!(
            "{name}: found {found}; expected {count}, one for each of the responses"
        )));
    }
    let number = |value: &Value| match value {
        Value::Null => Ok(None),
        value => row.checked_number(name, value).map(Some),
    };
    list.iter().map(number).collect()
}

/// The answers that numbers give, larger is better, one to every pair of them.
pub(super) fn answers(goodness: &[Option<f64>], fields: &Fields, margin: bool) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (a, first) in goodness.iter().enumerate() {
        for (b, second) in goodness.iter().enumerate().skip(a + 1) {
            let (Some(first), Some(second)) = (first, second) else {
                continue;
            };
            let mut fields = fields.clone();
            if margin {
                fields.set("margin", short(first - second));
            }
            answers.push(Answer { a, b, verdict: compared(*first, *second), fields });
        }
    }
    answers
}

fn compared(first: f64, second: f64) -> Verdict {
    Verdict::Share(match first.total_cmp(&second) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Less => 0.0,
        std::cmp::Ordering::Equal => 0.5,
    })
}

impl Preferences {
    /// Adds the labels that ratings of single responses give: each annotator's, of every two
    /// responses to a prompt.
    pub(super) fn add_labels_of_ratings(&mut self) {
        for (rows, prompt) in extents(self).into_iter().zip(&self.prompts) {
            for Rated { annotator, rows, scores, .. } in rated(self, rows, &Asked::default()) {
                let mut fields = Fields::default();
                fields.set_some("annotator", annotator);
                let scores: Vec<Option<f64>> = scores.iter().map(Value::as_f64).collect();
                self.labels.extend(answers(&scores, &fields, true).into_iter().map(|answer| {
                    let Answer { a, b, verdict, fields } = answer;
                    let place = prompt.place.clone();
                    PairLabel { a: rows[a], b: rows[b], verdict, fields, place }
                }));
            }
        }
    }
}

/// A row a ranking: labels that came of one row stand in one again, every other is a ranking of two.
pub(super) fn write_ranking(preferences: &Preferences, asked: &Asked) -> Result<Written> {
    let mut written = Written::default();
    for labels in rankings(preferences) {
        let rows = rows_of(&labels);
        match ranks(&rows, &labels) {
            Some(ranks) => written.push_ranking(preferences, &rows, &labels, ranks, asked),
            // What contradicts itself, or lacks an answer, is no ranking of all.
            None => {
                for label in labels {
                    let rows = rows_of(&[label]);
                    match ranks(&rows, &[label]) {
                        Some(ranks) => {
                            written.push_ranking(preferences, &rows, &[label], ranks, asked);
                        }
                        None => written.left_out("no answer"),
                    }
                }
            }
        }
    }
    Ok(written)
}

impl Written {
    fn push_ranking(
        &mut self,
        preferences: &Preferences,
        rows: &[usize],
        labels: &[&PairLabel],
        ranks: Vec<f64>,
        asked: &Asked,
    ) {
        // Only to count the labels that say more.
        labels.iter().for_each(|label| drop(self.word(label)));
        let ranks: Vec<Value> = ranks.into_iter().map(short).collect();
        self.rows.push(line(preferences, rows, labels, "ranks", ranks.into(), asked));
    }
}

/// Labels of one row of the source together, the others alone.
fn rankings(preferences: &Preferences) -> Vec<Vec<&PairLabel>> {
    let mut groups = Vec::<Vec<&PairLabel>>::new();
    let mut places = BTreeMap::<String, usize>::new();
    for label in &preferences.labels {
        let prompt = preferences.responses[label.a].prompt;
        let mut shared = label.fields.clone();
        shared.take("margin");
        let record = shared.get(EXTRA).and_then(|extra| extra.get(RECORD)).cloned();
        let within = preferences.responses[label.b].prompt == prompt;
        let (Some(record), true) = (record, within) else {
            groups.push(vec![label]);
            continue;
        };
        let key = format!("{prompt} {record} {:?}", shared.into_object());
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(label),
            None => groups.push(vec![label]),
        }
    }
    groups
}

/// The rows that labels are of, ascending.
fn rows_of(labels: &[&PairLabel]) -> Vec<usize> {
    let mut rows: Vec<usize> = labels.iter().flat_map(|label| [label.a, label.b]).collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// The ranks, 1 the best, that give every one of the labels and leave no pair without one.
fn ranks(rows: &[usize], labels: &[&PairLabel]) -> Option<Vec<f64>> {
    if labels.len() != rows.len() * (rows.len() - 1) / 2 {
        return None;
    }
    let place = |row: usize| rows.binary_search(&row).ok();
    let mut lost = vec![0.0; rows.len()];
    for label in labels {
        let Verdict::Share(share) = label.verdict else {
            return None;
        };
        lost[place(label.a)?] += f64::from(u8::from(share < 0.5));
        lost[place(label.b)?] += f64::from(u8::from(share > 0.5));
    }
    let ranks: Vec<f64> = lost.iter().map(|lost| lost + 1.0).collect();
    let fits = |label: &&PairLabel| {
        let (Some(a), Some(b)) = (place(label.a), place(label.b)) else {
            return false;
        };
        let Verdict::Share(told) = compared(ranks[b], ranks[a]) else {
            return false;
        };
        matches!(label.verdict, Verdict::Share(share)
            if told == 0.5 && share == 0.5 || (told - 0.5) * (share - 0.5) > 0.0)
    };
    labels.iter().all(fits).then_some(ranks)
}

/// A row a prompt and annotator, with the scores that this one gave.
pub(super) fn write_ratings(preferences: &Preferences, asked: &Asked) -> Result<Written> {
    let mut written = Written::default();
    for (prompt, rows) in extents(preferences).into_iter().enumerate() {
        for Rated { annotator, id, rows, scores } in rated(preferences, rows, asked) {
            let is_own = |label: &&PairLabel| {
                preferences.responses[label.a].prompt == prompt
                    && label.fields.get("annotator") == annotator.as_ref()
                    && label.fields.get("id") == id.as_ref()
            };
            let label = preferences.labels.iter().find(is_own);
            let labels: Vec<&PairLabel> = label.into_iter().collect();
            let row = line(preferences, &rows, &labels, "scores", scores.into(), asked);
            written.rows.push(row);
        }
    }
    Ok(written)
}

/// What one annotator gave at one occasion.
struct Rated {
    annotator: Option<Value>,
    id: Option<Value>,
    rows: Vec<usize>,
    scores: Vec<Value>,
}

/// The ratings of some rows; those that are asked for stand in place of their own.
fn rated(preferences: &Preferences, rows: Range<usize>, asked: &Asked) -> Vec<Rated> {
    let mut found = Vec::<Rated>::new();
    for row in rows {
        let ratings = match &asked.scores {
            None => preferences.responses[row].ratings.clone(),
            Some(scores) => {
                let rating = |score: &f64| Rating { score: *score, annotator: None, id: None };
                scores.get(row).map(rating).into_iter().collect()
            }
        };
        for Rating { score, annotator, id } in ratings {
            let own = |rated: &&mut Rated| rated.annotator == annotator && rated.id == id;
            match found.iter_mut().find(own) {
                Some(rated) => {
                    rated.rows.push(row);
                    rated.scores.push(short(score));
                }
                None => {
                    let (rows, scores) = (vec![row], vec![short(score)]);
                    found.push(Rated { annotator, id, rows, scores });
                }
            }
        }
    }
    found
}

/// The rows of each prompt.
fn extents(preferences: &Preferences) -> Vec<Range<usize>> {
    let mut extents = vec![0..0; preferences.prompts.len()];
    for (row, response) in preferences.responses.iter().enumerate() {
        let extent = &mut extents[response.prompt];
        if extent.end == 0 {
            extent.start = row;
        }
        extent.end = row + 1;
    }
    extents
}

fn line(
    preferences: &Preferences,
    rows: &[usize],
    labels: &[&PairLabel],
    name: &str,
    values: Value,
    asked: &Asked,
) -> Fields {
    let mut line = with_prompt(preferences, rows[0]);
    let with_scores = name != "scores";
    // A column has values of one kind.
    let plain = preferences.responses.iter().enumerate().all(|(row, response)| {
        let scored = with_scores && asked.score(preferences, row).is_some();
        response.id.is_none() && response.extra.0.is_empty() && !scored
    });
    let objects: Vec<Value> = rows
        .iter()
        .map(|row| {
            let response = &preferences.responses[*row];
            let mut object = Fields::default();
            object.set("response", response.text.clone());
            object.set_some("id", response.id.clone());
            let score = asked.score(preferences, *row).filter(|_| with_scores);
            object.set_some("score", score.map(short));
            object.0.extend(response.extra.0.iter().cloned());
            match plain {
                true => response.text.clone(),
                false => object.into_object().unwrap_or_default(),
            }
        })
        .collect();
    line.set("responses", objects);
    line.set(name, values);
    let mut fields = labels.first().map_or_else(Fields::default, |label| label.fields.clone());
    if labels.len() > 1 || name == "scores" {
        fields.take("margin");
    }
    if let Some(Value::Object(mut extra)) = fields.take(EXTRA) {
        extra.remove(RECORD);
        fields.set_some(EXTRA, Some(extra).filter(|extra| !extra.is_empty()).map(Value::Object));
    }
    with_label_fields(line, fields)
}

/// The values of a list by their places, such as a ranking's names.
pub(super) fn names(row: &Row, name: &str, list: &[Value]) -> Result<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(row.problem(format!("{name}: found {}; expected a name", told(other)))),
    };
    list.iter().map(text).collect()
}
