//! What all formats are written with.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::Fields;
use super::preferences::{PROMPT_ID, PairLabel, Preferences, short};
use super::record::{EXTRA, Verdict};

/// What an export is to carry beside texts, ids and answers.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Scores by row, such as a model's rewards, in place of the texts' own.
    pub scores: Option<Vec<f64>>,
    /// Whether each pair gets the difference of its scores as its `margin`.
    pub margin: bool,
}

impl Asked {
    /// The score of a row, if it has one.
    pub(super) fn score(&self, preferences: &Preferences, row: usize) -> Option<f64> {
        match &self.scores {
            Some(scores) => scores.get(row).copied(),
            None => preferences.responses.get(row)?.score(),
        }
    }

    /// Adds how much more the first has than the second. What the label says itself stays where
    /// there are no scores.
    pub(super) fn set_margin(
        &self,
        fields: &mut Fields,
        preferences: &Preferences,
        first: usize,
        second: usize,
    ) {
        let score = |row| self.score(preferences, row);
        if let (true, Some(first), Some(second)) = (self.margin, score(first), score(second)) {
            fields.set("margin", short(first - second));
        }
    }
}

/// The rows of a format, and what it could not say.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The rows.
    pub rows: Vec<Fields>,
    /// How many labels there is no row for, by what they are.
    pub left_out: BTreeMap<&'static str, usize>,
    /// How many labels say less than they did, by what is said of them.
    pub shortened: BTreeMap<&'static str, usize>,
}

impl Written {
    pub(super) fn left_out(&mut self, what: &'static str) {
        *self.left_out.entry(what).or_default() += 1;
    }

    /// The word of a label; none where there is no answer.
    pub(super) fn word(&mut self, label: &PairLabel) -> Option<String> {
        if let Verdict::Share(share) = label.verdict
            && ![0.0, 0.5, 1.0].contains(&share)
        {
            self.shortened("a label between 0 and 1 is written as the side that it favours");
        }
        plain_word(&label.verdict).map(str::to_owned)
    }

    pub(super) fn shortened(&mut self, what: &'static str) {
        *self.shortened.entry(what).or_default() += 1;
    }
}

/// A row's beginning: the prompt of a response.
pub(super) fn with_prompt(preferences: &Preferences, row: usize) -> Fields {
    preferences.prompt_line(preferences.responses[row].prompt)
}

/// The fields of a label, of the pair the other way round if it is `turned`.
pub(super) fn oriented(fields: &Fields, turned: bool) -> Fields {
    let mut fields = fields.clone();
    if !turned {
        return fields;
    }
    if let Some(Value::Array(votes)) = fields.get("votes").cloned()
        && votes.len() >= 2
    {
        let mut votes = votes;
        votes.swap(0, 1);
        fields.set("votes", votes);
    }
    if let Some(margin) = fields.get("margin").and_then(Value::as_f64) {
        fields.set("margin", short(-margin));
    }
    fields
}

/// A row with what its label's line says, `extra` fields as columns of their own where no other has
/// the name.
pub(super) fn with_label_fields(mut line: Fields, fields: Fields) -> Fields {
    let mut rest = Fields::default();
    for (name, value) in fields.0 {
        match value {
            Value::Object(inner) if name == EXTRA => {
                for (name, value) in inner {
                    match line.get(&name) {
                        None => line.set(&name, value),
                        Some(_) => rest.set(&name, value),
                    }
                }
            }
            value => line.set(&name, value),
        }
    }
    line.set_some(EXTRA, rest.into_object());
    line
}

/// The word of an answer, for one between 0 and 1 that of the side that it favours.
pub(super) fn plain_word(verdict: &Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Share(share) if *share > 0.5 => Some("a"),
        Verdict::Share(share) if *share < 0.5 => Some("b"),
        Verdict::Share(_) => Some("tie"),
        Verdict::Skip => Some("skip"),
        Verdict::None | Verdict::Word(_) => None,
    }
}

/// The texts of a label's pair with their prompt; and what else is known of the two.
pub(super) fn sides_line(
    preferences: &Preferences,
    label: &PairLabel,
    asked: &Asked,
) -> (Fields, Fields) {
    let mut texts = with_prompt(preferences, label.a);
    texts.take(PROMPT_ID);
    let mut rest = Fields::default();
    for (side, row) in [("a", label.a), ("b", label.b)] {
        let response = &preferences.responses[row];
        texts.set(&format!("response_{side}"), response.text.clone());
        rest.set_some(&format!("id_{side}"), response.id.clone());
        rest.set_some(&format!("score_{side}"), asked.score(preferences, row).map(short));
        for (name, value) in &response.extra.0 {
            rest.set(&format!("{name}_{side}"), value.clone());
        }
    }
    (texts, rest)
}

/// The fields of a label that others of its pair share: all but those of this `own` and these of its
/// `extra`.
pub(super) fn shared_but(fields: &Fields, own: &[&str], of_extra: &[&str]) -> Fields {
    let mut shared = fields.clone();
    shared.0.retain(|(name, _)| !own.contains(&name.as_str()));
    shared.take_extra(of_extra);
    shared
}

/// The labels of one pair that share these fields, each of another annotator.
pub(super) fn grouped(
    preferences: &Preferences,
    shared: impl Fn(&PairLabel) -> Fields,
) -> Vec<Vec<&PairLabel>> {
    let mut groups = Vec::<Vec<&PairLabel>>::new();
    let mut places = BTreeMap::<String, usize>::new();
    for label in &preferences.labels {
        let key = format!("{} {} {:?}", label.a, label.b, shared(label).into_object());
        let annotator = label.fields.get("annotator");
        let place = places.get(&key).copied().filter(|place| {
            let mut own = groups[*place].iter().map(|other| other.fields.get("annotator"));
            annotator.is_none() || own.all(|other| other != annotator)
        });
        match place {
            Some(place) => groups[place].push(label),
            None => {
                places.insert(key, groups.len());
                groups.push(vec![label]);
            }
        }
    }
    groups
}
