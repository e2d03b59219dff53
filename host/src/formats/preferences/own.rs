//! [`Preferences`] from the files that this program wrote: texts, and labels by their rows.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{PROMPT_ID, PairLabel, Preferences, Prompt, PromptResponse};
use crate::error::{Result, quotable};
use crate::formats::fields::{Fields, Row};
use crate::formats::record::{EXTRA, Rating, Verdict};
use crate::formats::words::word;

impl Preferences {
    /// Reads the lines of `texts.jsonl`.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row) for a field of another kind, or a prompt whose rows do not
    /// stand together.
    pub fn of_texts(rows: Vec<Row>) -> Result<Self> {
        let mut found = Self::default();
        let mut by_id = BTreeMap::<String, usize>::new();
        for mut row in rows {
            let id = row.id(PROMPT_ID)?.ok_or_else(|| {
                row.problem(format!("missing field {PROMPT_ID:?}, the prompt that it belongs to"))
            })?;
            let text = row.text_or_none("prompt")?.unwrap_or_default();
            let next = found.prompts.len();
            let prompt = *by_id.entry(id.to_string()).or_insert(next);
            if prompt == next {
                found.prompts.push(Prompt { id, text, place: row.place.clone() });
            } else if prompt + 1 != next {
                return Err(row.problem(format!(
                    "{PROMPT_ID} {}: the rows of a prompt stand one after the other",
                    quotable(&id.to_string())
                )));
            }
            let response = found.response(row, prompt)?;
            found.responses.push(response);
        }
        Ok(found)
    }

    fn response(&self, mut row: Row, prompt: usize) -> Result<PromptResponse> {
        let (text, id) = (row.text("response")?, row.id("id")?);
        let ratings = row.ratings()?;
        let mut extra = Fields::default();
        if let Some(Value::Object(inner)) = row.fields.take(EXTRA) {
            extra = Fields::of_object(inner);
        }
        extra.0.extend(row.fields.0);
        Ok(PromptResponse { prompt, text, id, ratings, extra })
    }

    /// Adds the lines of `labels.jsonl`, or of any file of pairs of these rows.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row) for a row that is not there and a label that is none.
    pub fn add_labels(&mut self, rows: Vec<Row>) -> Result<()> {
        let starts: Vec<usize> = (0..self.prompts.len())
            .map(|prompt| self.responses.partition_point(|response| response.prompt < prompt))
            .collect();
        for mut row in rows {
            let a = self.item(&mut row, "a", &starts)?;
            let b = self.item(&mut row, "b", &starts)?;
            if a == b {
                return Err(row.problem(format!("a and b are the same item, {a}")));
            }
            let verdict = row.verdict()?;
            let place = row.place.clone();
            row.drop_what_the_strategy_said();
            let fields = row.label_fields()?;
            self.labels.push(PairLabel { a, b, verdict, fields, place });
        }
        Ok(())
    }

    /// An item of a label: a row, or `[prompt, response]` where prompts begin at the `starts`.
    fn item(&self, row: &mut Row, name: &str, starts: &[usize]) -> Result<usize> {
        let expected = "a row, or [prompt, response]";
        let missing = || row.problem(format!("missing field {name:?}; expected {expected}"));
        let found = row.fields.get(name).cloned().ok_or_else(missing)?;
        row.fields.take(name);
        let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
        let item = match &found {
            Value::Array(pair) if pair.len() == 2 => {
                number(&pair[0]).zip(number(&pair[1])).map(|(prompt, item)| (Some(prompt), item))
            }
            other => number(other).map(|item| (None, item)),
        };
        let Some((prompt, item)) = item else {
            return Err(row.unexpected(name, &found, expected));
        };
        let start = prompt.map_or(Some(0), |prompt| starts.get(prompt).copied());
        let place = start.and_then(|start| start.checked_add(item));
        let belongs = |response: &PromptResponse| prompt.is_none_or(|own| own == response.prompt);
        place.filter(|place| self.responses.get(*place).is_some_and(belongs)).ok_or_else(|| {
            let (rows, prompts) = (self.responses.len(), self.prompts.len());
            row.problem(format!(
                "{name}: no item {found} among the texts, {rows} rows of {prompts} prompts, from 0"
            ))
        })
    }
}

impl Row {
    /// A label as this program writes it.
    fn verdict(&mut self) -> Result<Verdict> {
        let skipped = self.fields.take("skip");
        let label = self.fields.take("label");
        match (skipped, label) {
            (Some(Value::Bool(true)), None) => Ok(Verdict::Skip),
            (Some(Value::Bool(false)) | None, None) => Ok(Verdict::None),
            (Some(Value::Bool(false)) | None, Some(label)) => {
                let share = label.as_f64().filter(|share| (0.0..=1.0).contains(share));
                let expected = "1 if a is better, 0 if b is, or a number between";
                share.map(Verdict::Share).ok_or_else(|| self.unexpected("label", &label, expected))
            }
            (Some(skip), _) => {
                Err(self.unexpected("skip", &skip, "true and no label, or a label alone"))
            }
        }
    }

    /// The ratings of a line of `texts.jsonl`.
    fn ratings(&mut self) -> Result<Vec<Rating>> {
        let mean = self.number("score")?;
        let Some(list) = self.list("ratings")? else {
            let rating = |score| Rating { score, annotator: None, id: None };
            return Ok(mean.map(rating).into_iter().collect());
        };
        let mut ratings = Vec::new();
        for rating in list {
            let Value::Object(object) = rating else {
                return Err(self.unexpected("ratings", &rating, "objects with a score"));
            };
            let mut inner = Self { place: self.place.clone(), fields: Fields::of_object(object) };
            let score = inner.number("score")?.ok_or_else(|| inner.missing("score"))?;
            let (annotator, id) = (inner.id("annotator")?, inner.id("id")?);
            ratings.push(Rating { score, annotator, id });
        }
        Ok(ratings)
    }

    /// A label in a source's words.
    pub(in crate::formats) fn word(&mut self, name: &str) -> Result<Verdict> {
        match self.fields.take(name) {
            None => Ok(Verdict::None),
            Some(value) if value == "" => Ok(Verdict::None),
            Some(value) => word(&value).map(Verdict::Word).ok_or_else(|| {
                self.unexpected(name, &value, "a word or a number that says which is better")
            }),
        }
    }
}
