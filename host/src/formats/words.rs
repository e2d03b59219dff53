//! [`Words`]: what a source calls its answers, and what they mean.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::record::{Record, Verdict};
use crate::error::{Error, Result, quotable};
use crate::named::{Named, named};

/// What an answer means for a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The first response is better.
    First,
    /// The second one is.
    Second,
    /// Neither is.
    Tie,
    /// The pair was passed over.
    Skip,
}

named!(Meaning, "meaning",
    First = "a": "the first response is better",
    Second = "b": "the second response is better",
    Tie = "tie": "neither is better",
    Skip = "skip": "the pair was passed over, and nothing is learnt from it",
);

/// A list of words that are used together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// A and B.
    Letters,
    /// 1 and 2.
    Numbers,
    /// 1 and −1.
    Sign,
    /// 0 and 1, the place of the better one.
    Index,
    /// A number from 0 to 1.
    Share,
    /// left and right.
    Sides,
    /// `model_a` and `model_b`.
    Models,
    /// `response_a` and `response_b`, `response1` and `response2`.
    Responses,
}

named!(Words, "mapping of labels",
    Letters = "letters": "A, B, tie",
    Numbers = "numbers": "1: the first is better, 2: the second, 0: tie",
    Sign = "sign": "1: the first is better, -1: the second, 0: tie",
    Index = "index": "the place of the better one, 0: the first, 1: the second",
    Share = "share": "from 1, the first is better, to 0, the second is; 0.5: tie",
    Sides = "sides": "left, right, tie",
    Models = "models": "model_a, model_b, tie, tie (bothbad)",
    Responses = "responses": "response_a, response_b or response1, response2; tie",
);

impl Words {
    /// What a word of the list means; none of a word that is not in it.
    #[must_use]
    pub fn meaning(self, word: &str) -> Option<Verdict> {
        let word = word.trim().to_lowercase();
        let is_in = |list: &[&str]| list.contains(&word.as_str());
        if self == Self::Share {
            let share = word.parse().ok().filter(|share| (0.0..=1.0).contains(share));
            return share.map(Verdict::Share);
        }
        let (first, second, tie): (&[&str], &[&str], &[&str]) = match self {
            Self::Letters => (&["a"], &["b"], &[]),
            Self::Numbers => (&["1"], &["2"], &["0"]),
            Self::Sign => (&["1"], &["-1"], &["0"]),
            Self::Index => (&["0"], &["1"], &[]),
            Self::Share => (&[], &[], &[]),
            Self::Sides => (&["left"], &["right"], &[]),
            Self::Models => (&["model_a"], &["model_b"], &[]),
            Self::Responses => (
                &["response_a", "response_1", "response1", "response-1"],
                &["response_b", "response_2", "response2", "response-2"],
                &[],
            ),
        };
        let meaning = match () {
            () if is_in(first) => Meaning::First,
            () if is_in(second) => Meaning::Second,
            () if is_in(tie) => Meaning::Tie,
            () if is_in(&["tie (bothbad)", "bothbad", "both bad", "both_bad", "skip"]) => {
                Meaning::Skip
            }
            () if is_in(&["tie", "draw", "equal", "same"]) => Meaning::Tie,
            () => return None,
        };
        Some(meaning.into())
    }
}

impl From<Meaning> for Verdict {
    fn from(meaning: Meaning) -> Self {
        match meaning {
            Meaning::First => Self::Share(1.0),
            Meaning::Second => Self::Share(0.0),
            Meaning::Tie => Self::Share(0.5),
            Meaning::Skip => Self::Skip,
        }
    }
}

/// A word and its meaning, as `WORD=MEANING`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the source says.
    pub word: String,
    /// What it means.
    pub meaning: Meaning,
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected WORD=MEANING, the meaning one of a, b, tie and skip";
        let (word, meaning) = text.rsplit_once('=').ok_or(expected)?;
        let meaning = Meaning::from_name(meaning).ok_or(expected)?;
        Ok(Self { word: word.to_owned(), meaning })
    }
}

/// What the words of a source mean: those of a list, but for those that have an entry.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// The list; recognised where there is none.
    pub words: Option<Words>,
    /// Entries that come first.
    pub entries: Vec<Entry>,
}

impl Mapping {
    /// Puts the meaning of every word in its place.
    ///
    /// # Errors
    /// [`Error::Row`] for a word without a meaning, [`Error::Setting`] for words that two lists
    /// have with different meanings.
    pub fn apply(&self, records: &mut [Record]) -> Result<Applied> {
        let mut counts = BTreeMap::<String, u64>::new();
        for word in records.iter().flat_map(words_of) {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
        let words = match self.words {
            Some(words) => words,
            None => self.recognise(records, &counts)?,
        };
        let mut applied = Applied { words, counts: Vec::new() };
        for (word, count) in counts {
            let meaning = self.meaning(words, &word);
            let verdict = meaning.ok_or_else(|| self.unknown(records, &word, Some(words)))?;
            applied.counts.push((word, verdict, count));
        }
        let answers = records.iter_mut().flat_map(|record| &mut record.answers);
        for answer in answers {
            let Verdict::Word(word) = &answer.verdict else {
                continue;
            };
            let Some(verdict) = self.meaning(words, word) else {
                continue;
            };
            // A tie and a pair passed over may have been said in more than one way.
            if !matches!(verdict, Verdict::Share(share) if share != 0.5) && !is_plain(word) {
                let note = Value::String(word.clone());
                answer.fields.set("note", note);
            }
            answer.verdict = verdict;
        }
        Ok(applied)
    }

    fn meaning(&self, words: Words, word: &str) -> Option<Verdict> {
        let entry = self.entries.iter().find(|entry| entry.word == word);
        entry.map_or_else(|| words.meaning(word), |entry| Some(entry.meaning.into()))
    }

    fn recognise(&self, records: &[Record], counts: &BTreeMap<String, u64>) -> Result<Words> {
        let mapped = |word: &String| self.entries.iter().any(|entry| entry.word == *word);
        let words: Vec<&String> = counts.keys().filter(|word| !mapped(word)).collect();
        let knows = |list: &&Words| words.iter().all(|word| list.meaning(word).is_some());
        let lists: Vec<Words> = Words::ALL.iter().filter(knows).copied().collect();
        let Some(&first) = lists.first() else {
            // The word that the fewest lists know tells most.
            let known =
                |word: &str| Words::ALL.iter().filter(|l| l.meaning(word).is_some()).count();
            let strangest = words.iter().min_by_key(|word| known(word)).map_or("", |word| word);
            return Err(self.unknown(records, strangest, None));
        };
        let disagrees =
            |list: &&Words| words.iter().any(|word| list.meaning(word) != first.meaning(word));
        match lists.iter().find(disagrees) {
            None => Ok(first),
            Some(_) => {
                let found = words.iter().map(|word| quotable(word)).collect::<Vec<_>>().join(", ");
                let lists: Vec<String> = lists
                    .iter()
                    .map(|list| format!("{} ({})", list.name(), list.about()))
                    .collect();
                let problem = format!(
                    "the labels {found} can be of the mappings {}; `mapping` says which",
                    lists.join(", ")
                );
                let record = records.iter().find(|record| words_of(record).next().is_some());
                Err(record.map_or_else(
                    || Error::setting("mapping", "none", &problem),
                    |record| record.place.problem(&problem),
                ))
            }
        }
    }

    fn unknown(&self, records: &[Record], word: &str, words: Option<Words>) -> Error {
        let says = |record: &&Record| words_of(record).any(|own| own == word);
        let (all, list) = match words {
            Some(words) => (words.about().to_owned(), format!(" of the mapping {}", words.name())),
            None => (
                Words::ALL.iter().map(|list| list.about()).collect::<Vec<_>>().join("; or "),
                String::new(),
            ),
        };
        let problem = format!(
            "label {:?} has no meaning; expected one{list}: {all}. `map` \"{}=MEANING\" gives it one: \
             a, b, tie or skip",
            quotable(word),
            quotable(word)
        );
        match records.iter().find(says) {
            Some(record) => record.place.problem(problem),
            None => Error::setting("map", word, problem),
        }
    }
}

/// Whether a word says no more than its meaning.
fn is_plain(word: &str) -> bool {
    let word = word.trim().to_lowercase();
    ["tie", "skip", "0", "0.5", "-1"].contains(&word.as_str()) || word.parse::<f64>().is_ok()
}

fn words_of(record: &Record) -> impl Iterator<Item = &str> {
    record.answers.iter().filter_map(|answer| match &answer.verdict {
        Verdict::Word(word) => Some(word.as_str()),
        _ => None,
    })
}

/// What was applied, to be shown.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The list.
    pub words: Words,
    /// Each word, its meaning, and how often it stands.
    pub counts: Vec<(String, Verdict, u64)>,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> = self
            .counts
            .iter()
            .take(8)
            .map(|(word, verdict, count)| {
                let meaning = match verdict {
                    Verdict::Share(1.0) => "a".to_owned(),
                    Verdict::Share(0.0) => "b".to_owned(),
                    Verdict::Share(0.5) => "tie".to_owned(),
                    Verdict::Share(share) => format!("a by {share}"),
                    _ => "skip".to_owned(),
                };
                format!("{:?} is {meaning} ({count})", quotable(word))
            })
            .collect();
        write!(f, "labels by the mapping {}: {}", self.words.name(), told.join(", "))?;
        match self.counts.len().saturating_sub(8) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// A label as a word: numbers by their values, so that 1, 1.0 and "1" are one.
pub(super) fn word(value: &Value) -> Option<String> {
    let number = |number: f64| number.to_string();
    match value {
        Value::String(text) => {
            let trimmed = text.trim();
            Some(
                trimmed
                    .parse::<f64>()
                    .ok()
                    .filter(|n| n.is_finite())
                    .map_or(trimmed.into(), number),
            )
        }
        Value::Number(value) => value.as_f64().map(number),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
