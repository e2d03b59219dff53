//! [`Collected`]: prompts and responses in the making, each known again by its id or its text.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{PairLabel, Preferences, Prompt, PromptResponse};
use crate::error::{Result, quotable};
use crate::formats::fields::{Fields, RowPlace};
use crate::formats::record::{Answer, Rating, Record, Response};
use crate::formats::words::word;

/// Records so far.
#[derive(Default)]
pub(super) struct Collected {
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
    pub(super) fn of(preferences: Preferences) -> Self {
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

    pub(super) fn add(&mut self, record: Record) -> Result<()> {
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

    pub(super) fn in_rows(self) -> Preferences {
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
