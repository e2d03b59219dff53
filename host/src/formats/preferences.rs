//! [`Preferences`]: all that the records of a source say, responses as numbered rows, those of one
//! prompt one after the other; the form between every format and the files of this program.

mod collected;
mod own;

use std::collections::BTreeMap;

use serde_json::Value;

use self::collected::Collected;
use super::fields::{Fields, RowPlace};
use super::record::{EXTRA, OF_A_LABEL, Rating, Record, Verdict};
use crate::error::Result;

/// Prompts, responses to them, and labels of their pairs.
#[derive(Clone, Debug, Default)]
pub struct Preferences {
    /// The prompts, in the order in which they came.
    pub prompts: Vec<Prompt>,
    /// The responses by their rows, each prompt's together, the prompts in order.
    pub responses: Vec<PromptResponse>,
    /// The labels, in the order in which they came.
    pub labels: Vec<PairLabel>,
}

/// A prompt.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What the source calls it; its place from 0 where the source says nothing.
    pub id: Value,
    /// Text or a list of messages; null where there is none.
    pub text: Value,
    /// Where it first stood.
    pub place: RowPlace,
}

/// A response.
#[derive(Clone, Debug)]
pub struct PromptResponse {
    /// Its prompt, by place.
    pub prompt: usize,
    /// Text or a list of messages.
    pub text: Value,
    /// What the source calls it.
    pub id: Option<Value>,
    /// What people gave it.
    pub ratings: Vec<Rating>,
    /// What else is known of it.
    pub extra: Fields,
}

/// An answer about two responses.
#[derive(Clone, Debug)]
pub struct PairLabel {
    /// The first, by its row.
    pub a: usize,
    /// The second.
    pub b: usize,
    /// What was answered; a word no longer.
    pub verdict: Verdict,
    /// What else the label's line says.
    pub fields: Fields,
    /// Where it stood.
    pub place: RowPlace,
}

impl PromptResponse {
    /// The mean of its ratings.
    #[must_use]
    pub fn score(&self) -> Option<f64> {
        let sum: f64 = self.ratings.iter().fold(0.0, |sum, rating| sum + rating.score);
        (!self.ratings.is_empty()).then(|| sum / self.ratings.len() as f64)
    }
}

/// Pairs with answers that disagree.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// The smaller row.
    pub a: usize,
    /// The larger one.
    pub b: usize,
    /// Where the answers stand.
    pub places: Vec<RowPlace>,
}

impl Preferences {
    /// Puts records together: those of one prompt, known by its id or else by its text, share their
    /// responses, and a response that stands twice is one row.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row) for an id that names two texts.
    pub fn of(records: Vec<Record>) -> Result<Self> {
        Self::collect(Collected::default(), records)
    }

    /// The same of records whose responses have their rows in `self`, which stay as they are; its
    /// labels do not.
    ///
    /// # Errors
    /// As [`Preferences::of`]; [`Error::Row`](crate::Error::Row) for a response that has no row.
    pub fn with_labels_of(self, records: Vec<Record>) -> Result<Self> {
        Self::collect(Collected::of(self), records)
    }

    fn collect(mut collected: Collected, records: Vec<Record>) -> Result<Self> {
        records.into_iter().try_for_each(|record| collected.add(record))?;
        Ok(collected.in_rows())
    }

    /// Pairs with several labels, and of these the ones whose labels disagree.
    #[must_use]
    pub fn repeated(&self) -> (usize, Vec<Conflict>) {
        let mut pairs = BTreeMap::<(usize, usize), (Vec<f64>, Vec<RowPlace>)>::new();
        for label in &self.labels {
            let Verdict::Share(share) = label.verdict else {
                continue;
            };
            let (pair, share) = match label.a < label.b {
                true => ((label.a, label.b), share),
                false => ((label.b, label.a), 1.0 - share),
            };
            let (shares, places) = pairs.entry(pair).or_default();
            shares.push(share);
            places.push(label.place.clone());
        }
        pairs.retain(|_, (shares, _)| shares.len() > 1);
        let disagree = |shares: &[f64]| shares.iter().any(|share| Some(share) != shares.first());
        let conflicts = pairs.iter().filter(|(_, (shares, _))| disagree(shares));
        let conflicts =
            conflicts.map(|(&(a, b), (_, places))| Conflict { a, b, places: places.clone() });
        (pairs.len(), conflicts.collect())
    }

    /// The lines of `texts.jsonl`, one a row.
    #[must_use]
    pub fn texts(&self) -> Vec<Fields> {
        self.responses.iter().map(|response| self.text_line(response)).collect()
    }

    /// The beginning of a line: a prompt's id and its text, if it has one.
    pub(super) fn prompt_line(&self, prompt: usize) -> Fields {
        let prompt = &self.prompts[prompt];
        let mut line = Fields::default();
        line.set(PROMPT_ID, prompt.id.clone());
        line.set_some("prompt", Some(prompt.text.clone()).filter(|text| !text.is_null()));
        line
    }

    fn text_line(&self, response: &PromptResponse) -> Fields {
        let mut line = self.prompt_line(response.prompt);
        line.set("response", response.text.clone());
        line.set_some("id", response.id.clone());
        line.set_some("score", response.score().map(short));
        if response.ratings.iter().any(Rating::is_named) || response.ratings.len() > 1 {
            let ratings: Vec<Value> = response.ratings.iter().filter_map(Rating::line).collect();
            line.set("ratings", ratings);
        }
        line.set_some(EXTRA, response.extra.clone().into_object());
        line
    }

    /// The lines of `labels.jsonl`, and those of `unanswered.jsonl`: pairs that were passed over, or
    /// wait for an answer.
    #[must_use]
    pub fn label_lines(&self) -> (Vec<Fields>, Vec<Fields>) {
        let is_answered = |label: &&PairLabel| {
            matches!(label.verdict, Verdict::Share(_)) || label.fields.has("votes")
        };
        let (answered, unanswered): (Vec<_>, Vec<_>) = self.labels.iter().partition(is_answered);
        let lines = |labels: Vec<&PairLabel>| labels.into_iter().map(PairLabel::line).collect();
        (lines(answered), lines(unanswered))
    }
}

impl PairLabel {
    fn line(&self) -> Fields {
        let mut line = Fields::default();
        line.set("a", self.a);
        line.set("b", self.b);
        match self.verdict {
            Verdict::Share(share) => line.set("label", short(share)),
            Verdict::Skip => line.set("skip", true),
            Verdict::None | Verdict::Word(_) => {}
        }
        let mut fields = self.fields.0.clone();
        let place = |(name, _): &(String, Value)| OF_A_LABEL.iter().position(|own| own == name);
        fields.sort_by_key(place);
        line.0.append(&mut fields);
        line
    }
}

/// The field of `texts.jsonl` that says which prompt a row belongs to.
pub const PROMPT_ID: &str = "prompt_id";

/// A number without a fraction where it has none.
pub(super) fn short(number: f64) -> Value {
    let whole = number.trunc();
    match whole == number && whole.abs() < 9e15 {
        true => Value::from(whole as i64),
        false => Value::from(number),
    }
}

impl Rating {
    fn is_named(&self) -> bool {
        self.annotator.is_some() || self.id.is_some()
    }

    fn line(&self) -> Option<Value> {
        let mut line = Fields::default();
        line.set("score", short(self.score));
        line.set_some("annotator", self.annotator.clone());
        line.set_some("id", self.id.clone());
        line.into_object()
    }
}
