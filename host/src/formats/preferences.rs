//! [`Preferences`]: all that the records of a source say, responses as numbered rows, those of one
//! prompt one after the other; the form between every format and the files of this program.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{Fields, Row, RowPlace};
use super::record::{Answer, EXTRA, OF_A_LABEL, Rating, Record, Response, Verdict};
use super::words::word;
use crate::error::{Result, quotable};

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

/// Records so far.
#[derive(Default)]
struct Collected {
    /// Whether no row may be added.
    complete: bool,
    by_key: BTreeMap<String, usize>,
    prompts: Vec<CollectedPrompt>,
    labels: Vec<(usize, Answer, RowPlace)>,
}

struct CollectedPrompt {
    id: Option<Value>,
    text: Value,
    place: RowPlace,
    by_key: BTreeMap<String, Vec<usize>>,
    by_id: BTreeMap<String, usize>,
    responses: Vec<Response>,
    ratings: Vec<Vec<Rating>>,
    places: Vec<RowPlace>,
}

impl Collected {
    /// All rows that there may be.
    fn of(preferences: Preferences) -> Self {
        let mut collected = Self { complete: true, ..Self::default() };
        for Prompt { id, text, place } in preferences.prompts {
            let number = collected.prompts.len();
            collected.by_key.insert(key_of_id(&id), number);
            collected.by_key.entry(key_of_text(&text)).or_insert(number);
            collected.prompts.push(CollectedPrompt::new(Some(id), text, place));
        }
        for response in preferences.responses {
            let prompt = &mut collected.prompts[response.prompt];
            let PromptResponse { text, id, ratings, extra, .. } = response;
            let place = prompt.place.clone();
            let row = prompt.push(Response { text, id, rating: None, extra }, place);
            prompt.ratings[row] = ratings;
        }
        collected
    }

    fn add(&mut self, record: Record) -> Result<()> {
        let Record { place, prompt, prompt_id, responses, answers } = record;
        let prompt = self.prompt(&place, prompt, prompt_id)?;
        let own = &mut self.prompts[prompt];
        let mut rows = Vec::<usize>::new();
        for response in responses {
            let row = own.row(&place, response, &rows, self.complete)?;
            rows.push(row);
        }
        for Answer { a, b, verdict, fields } in answers {
            let answer = Answer { a: rows[a], b: rows[b], verdict, fields };
            self.labels.push((prompt, answer, place.clone()));
        }
        Ok(())
    }

    fn prompt(&mut self, place: &RowPlace, text: Value, id: Option<Value>) -> Result<usize> {
        // Without either, a record's responses are to a prompt of its own.
        let key = match (&id, &text) {
            (Some(id), _) => key_of_id(id),
            (None, Value::Null) => format!("record {}", self.prompts.len()),
            (None, text) => key_of_text(text),
        };
        let known = self.by_key.get(&key);
        let by_text = || self.by_key.get(&key_of_text(&text)).filter(|_| self.complete);
        if let Some(&found) = known.or_else(by_text) {
            let earlier = &self.prompts[found];
            if earlier.text != text {
                let id = quotable(&id.unwrap_or_default().to_string());
                return Err(place.problem(format!(
                    "prompt_id {id} has another prompt in {} {}; an id names one prompt",
                    earlier.place.unit, earlier.place.number
                )));
            }
            return Ok(found);
        }
        if self.complete {
            return Err(place.problem("its prompt is none of those of `texts`"));
        }
        self.by_key.insert(key, self.prompts.len());
        self.prompts.push(CollectedPrompt::new(id, text, place.clone()));
        Ok(self.prompts.len() - 1)
    }

    fn in_rows(self) -> Preferences {
        // An id that is the prompt's place is the one that it had from here.
        let has_own = |(place, prompt): (usize, &CollectedPrompt)| {
            prompt.id.as_ref().is_some_and(|id| word(id) != Some(place.to_string()))
        };
        let named = self.prompts.iter().all(|prompt| prompt.id.is_some())
            && self.prompts.iter().enumerate().any(has_own);
        let mut found = Preferences::default();
        let mut starts = Vec::new();
        for (place, prompt) in self.prompts.into_iter().enumerate() {
            starts.push(found.responses.len());
            let id = prompt.id.filter(|_| named).unwrap_or_else(|| place.into());
            found.prompts.push(Prompt { id, text: prompt.text, place: prompt.place });
            let responses = prompt.responses.into_iter().zip(prompt.ratings);
            found.responses.extend(responses.map(|(Response { text, id, extra, .. }, ratings)| {
                PromptResponse { prompt: place, text, id, ratings, extra }
            }));
        }
        let labels = self.labels.into_iter().map(|(prompt, answer, place)| {
            let Answer { a, b, verdict, fields } = answer;
            PairLabel { a: starts[prompt] + a, b: starts[prompt] + b, verdict, fields, place }
        });
        found.labels.extend(labels);
        found
    }
}

fn key_of_id(id: &Value) -> String {
    format!("id {id}")
}

fn key_of_text(text: &Value) -> String {
    format!("text {text}")
}

/// What is equal of the same response.
fn key_of_response(text: &Value, id: Option<&Value>, extra: &Fields) -> String {
    let extra = extra.clone().into_object().unwrap_or_default();
    Value::from(vec![text.clone(), id.cloned().unwrap_or_default(), extra]).to_string()
}

impl CollectedPrompt {
    fn new(id: Option<Value>, text: Value, place: RowPlace) -> Self {
        Self {
            id,
            text,
            place,
            by_key: BTreeMap::new(),
            by_id: BTreeMap::new(),
            responses: Vec::new(),
            ratings: Vec::new(),
            places: Vec::new(),
        }
    }

    fn push(&mut self, response: Response, place: RowPlace) -> usize {
        let row = self.responses.len();
        let Response { text, id, extra, .. } = &response;
        self.by_key.entry(key_of_response(text, id.as_ref(), extra)).or_default().push(row);
        if let Some(id) = id {
            self.by_id.entry(id.to_string()).or_insert(row);
        }
        self.responses.push(response);
        self.ratings.push(Vec::new());
        self.places.push(place);
        row
    }

    /// The row of a response that is none of the `others` of its record.
    fn row(
        &mut self,
        place: &RowPlace,
        response: Response,
        others: &[usize],
        complete: bool,
    ) -> Result<usize> {
        let Response { text, id, rating, extra } = response;
        let named = id.as_ref().and_then(|id| self.by_id.get(&id.to_string()));
        if let (Some(id), Some(&number)) = (&id, named)
            && self.responses[number].text != text
        {
            let RowPlace { unit, number, .. } = &self.places[number];
            return Err(place.problem(format!(
                "the response {} of this prompt has another text in {unit} {number}; \
                 an id names one response",
                quotable(&id.to_string()),
            )));
        }
        let free = |row: &&usize| !others.contains(row);
        let same = self.by_key.get(&key_of_response(&text, id.as_ref(), &extra));
        let same = same.and_then(|rows| rows.iter().find(free).copied());
        let of_text = |row: &usize| self.responses[*row].text == text && free(&row);
        let row = match same {
            Some(row) => row,
            // What is known of it may have been lost on the way.
            None if complete => (0..self.responses.len()).find(of_text).ok_or_else(|| {
                place.problem("one of its responses is none of those of `texts` to this prompt")
            })?,
            None => self.push(Response { text, id, rating: None, extra }, place.clone()),
        };
        if let Some(rating) = rating
            && (rating.is_named() || !self.ratings[row].contains(&rating))
        {
            self.ratings[row].push(rating);
        }
        Ok(row)
    }
}

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
    pub(super) fn word(&mut self, name: &str) -> Result<Verdict> {
        match self.fields.take(name) {
            None => Ok(Verdict::None),
            Some(value) if value == "" => Ok(Verdict::None),
            Some(value) => word(&value).map(Verdict::Word).ok_or_else(|| {
                self.unexpected(name, &value, "a word or a number that says which is better")
            }),
        }
    }
}
