//! [`Record`]: what one row of a source says, whatever its format.

use serde_json::Value;

use super::fields::{Fields, Row, RowPlace};
use super::preferences::short;
use crate::error::Result;

/// The fields of a label's line beside the pair and its answer, in their order there.
pub(super) const OF_A_LABEL: [&str; 8] =
    ["id", "annotator", "votes", "weight", "margin", "note", "seconds", EXTRA];

/// What holds the fields of a source that have no name here.
pub(super) const EXTRA: &str = "extra";

/// A prompt, responses to it, and answers about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Where it stands.
    pub place: RowPlace,
    /// Text or a list of messages; null where there is none.
    pub prompt: Value,
    /// What the source calls the prompt.
    pub prompt_id: Option<Value>,
    /// The responses.
    pub responses: Vec<Response>,
    /// Answers about two of them.
    pub answers: Vec<Answer>,
}

/// A response.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// Text or a list of messages.
    pub text: Value,
    /// What the source calls it.
    pub id: Option<Value>,
    /// What somebody gave it, larger is better.
    pub rating: Option<Rating>,
    /// What else the source says of it.
    pub extra: Fields,
}

/// A number that somebody gave a response.
#[derive(Clone, Debug, PartialEq)]
pub struct Rating {
    /// The number.
    pub score: f64,
    /// Who gave it.
    pub annotator: Option<Value>,
    /// What the source calls the occasion.
    pub id: Option<Value>,
}

/// Which of two responses is better.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The first, by its place among the record's responses.
    pub a: usize,
    /// The second.
    pub b: usize,
    /// What was answered.
    pub verdict: Verdict,
    /// What else the label's line says.
    pub fields: Fields,
}

/// An answer, as far as its row tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The share of answers, or the probability, that the first is better.
    Share(f64),
    /// The pair was passed over.
    Skip,
    /// Nobody has answered, or the votes alone tell.
    None,
    /// A word that needs a mapping.
    Word(String),
}

impl Fields {
    /// Adds a value, if there is one, to the fields of a source that have no name here.
    pub(super) fn set_extra(&mut self, name: &str, value: Option<Value>) {
        let Some(value) = value else {
            return;
        };
        let mut extra = match self.take(EXTRA) {
            Some(Value::Object(extra)) => extra,
            _ => serde_json::Map::new(),
        };
        extra.insert(name.to_owned(), value);
        self.set(EXTRA, Value::Object(extra));
    }

    /// Takes some of these fields out.
    pub(super) fn take_extra(&mut self, names: &[&str]) -> Self {
        let mut taken = Self::default();
        if let Some(Value::Object(mut extra)) = self.take(EXTRA) {
            names.iter().for_each(|name| taken.set_some(name, extra.remove(*name)));
            self.set_some(EXTRA, Self::of_object(extra).into_object());
        }
        taken
    }
}

impl Row {
    /// Takes what a label's line has beside pair and answer; what has no name here goes to its
    /// `extra`.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row) for a value of another kind.
    pub(super) fn label_fields(&mut self) -> Result<Fields> {
        let mut kept = Fields::default();
        kept.set_some("id", self.id("id")?);
        kept.set_some("annotator", self.id("annotator")?);
        kept.set_some("votes", self.list("votes")?);
        for name in ["weight", "margin", "seconds"] {
            kept.set_some(name, self.number(name)?.map(short));
        }
        kept.set_some("note", self.fields.take("note").filter(|note| *note != ""));
        kept.set_some(EXTRA, self.extra()?);
        Ok(kept)
    }

    /// Drops what the strategy said of the pair of one of our own lines. A margin is what others train
    /// on; the strategy's, which is of `select` and has a Fisher weight beside it, is a guess.
    pub(super) fn drop_what_the_strategy_said(&mut self) {
        let guessed = self.fields.get("fisher_weight").is_some().then_some("margin");
        for name in ["score", "rank", "pair", "fisher_weight"].into_iter().chain(guessed) {
            self.fields.take(name);
        }
    }

    /// Takes all that is left.
    fn extra(&mut self) -> Result<Option<Value>> {
        let mut rest = Fields::default();
        match self.fields.take(EXTRA) {
            Some(Value::Object(inner)) => rest = Fields::of_object(inner),
            Some(other) => rest.set(EXTRA, other),
            None => {}
        }
        for (name, value) in std::mem::take(&mut self.fields).0 {
            if value != "" {
                rest.set(&name, value);
            }
        }
        Ok(rest.into_object())
    }
}
