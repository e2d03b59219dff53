//! [`Agreement`]: how far people who answered the same question said the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fields::ExtraFields;
use super::pairs::Pair;
use super::record::Probability;

/// How far the answers to a pair agree. Each answer counts once, whatever its weight; a label between
/// 0 and 1 that is no tie is nobody's answer, and is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Pairs with several answers.
    pub pairs: u64,
    /// Those of them whose answers are all alike, a share.
    pub unanimous: Option<f64>,
    /// How often two answers to a pair are alike, a share of all such twos.
    pub alike: Option<f64>,
    /// Who answered, by name, where the lines say.
    pub annotators: Vec<Annotator>,
}

/// How far a person agrees with the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Annotator {
    /// The name.
    pub annotator: String,
    /// Answers.
    pub answers: u64,
    /// Answers of others to the same pairs, counted once for each answer of this person's.
    pub compared: u64,
    /// The share of those that are alike.
    pub agreement: Option<f64>,
}

/// Answers of a kind to one pair.
#[derive(Clone, Copy)]
struct Vote {
    /// By the number of the name; none of votes that were counted.
    annotator: Option<usize>,
    /// For a, for b, for neither.
    kind: usize,
    count: u64,
}

/// Who answered, if a line says.
///
/// # Errors
/// What is wrong with the name.
pub(super) fn annotator(fields: &ExtraFields) -> Result<Option<String>, String> {
    match fields.get("annotator").map(serde_json::from_str) {
        None => Ok(None),
        Some(Ok(name)) => Ok(match name {
            Name::Text(name) => Some(name),
            Name::Number(number) => Some(number.to_string()),
            Name::None(()) => None,
        }),
        Some(Err(_)) => Err("annotator: a name or a whole number is expected".to_owned()),
    }
}

/// The answers so far.
#[derive(Default)]
pub(super) struct Tally {
    votes: BTreeMap<(u64, u64), Vec<Vote>>,
    names: BTreeMap<String, usize>,
}

/// A name, a number that stands for one, or null.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Number(u64),
    None(()),
}

impl Tally {
    /// Adds the answers of a line.
    pub fn add(&mut self, pair: &Pair) {
        let next = self.names.len();
        let number = |name: &String| *self.names.entry(name.clone()).or_insert(next);
        let annotator = pair.annotator.as_ref().map(number);
        let own = self.votes.entry((pair.a, pair.b)).or_default();
        // One order for all lines of a pair.
        let turned = |[a, b, tie]: [u32; 3]| if pair.turned { [b, a, tie] } else { [a, b, tie] };
        if let Some(counts) = pair.record.answer.votes {
            let votes = turned(counts).into_iter().enumerate().filter(|(_, count)| *count > 0);
            own.extend(votes.map(|(kind, count)| {
                // Several have voted: none of them is the annotator.
                Vote { annotator: None, kind, count: u64::from(count) }
            }));
            return;
        }
        let kinds = [1.0, 0.0, 0.5].map(|label| Some(Probability(label)));
        if let Some(kind) = kinds.iter().position(|kind| *kind == pair.record.answer.label) {
            let kind = turned([0, 1, 2])[kind] as usize;
            own.push(Vote { annotator, kind, count: 1 });
        }
    }

    pub fn agreement(self) -> Agreement {
        let (mut pairs, mut unanimous) = (0_u64, 0_u64);
        let (mut twos, mut alike) = (0.0, 0.0);
        let mut own = vec![Own::default(); self.names.len()];
        for votes in self.votes.values() {
            let mut counts = [0_u64; 3];
            for vote in votes {
                counts[vote.kind] = counts[vote.kind].saturating_add(vote.count);
            }
            let total = counts.into_iter().fold(0, u64::saturating_add);
            if total > 1 {
                pairs = pairs.saturating_add(1);
                unanimous = unanimous.saturating_add(u64::from(counts.contains(&total)));
                twos += twos_of(total);
                alike += counts.into_iter().fold(0.0, |sum, count| sum + twos_of(count));
            }
            compare(votes, total, counts, &mut own);
        }
        let annotator = |(annotator, number): (String, usize)| {
            let Own { answers, compared, alike } = own[number];
            Annotator {
                annotator,
                answers,
                compared,
                agreement: share(alike as f64, compared as f64),
            }
        };
        Agreement {
            pairs,
            unanimous: share(unanimous as f64, pairs as f64),
            alike: share(alike, twos),
            annotators: self.names.into_iter().map(annotator).collect(),
        }
    }
}

/// What is known of an annotator so far.
#[derive(Clone, Copy, Default)]
struct Own {
    answers: u64,
    compared: u64,
    alike: u64,
}

/// Compares each answer to a pair with those of others.
fn compare(votes: &[Vote], total: u64, counts: [u64; 3], own: &mut [Own]) {
    let mut by_annotator: BTreeMap<usize, [u64; 3]> = BTreeMap::new();
    for vote in votes {
        if let Some(annotator) = vote.annotator {
            let given = &mut by_annotator.entry(annotator).or_default()[vote.kind];
            *given = given.saturating_add(vote.count);
        }
    }
    for (annotator, given) in by_annotator {
        let answers = given.into_iter().fold(0, u64::saturating_add);
        let others = total.saturating_sub(answers);
        let own = &mut own[annotator];
        own.answers = own.answers.saturating_add(answers);
        own.compared = own.compared.saturating_add(answers.saturating_mul(others));
        for (given, count) in given.into_iter().zip(counts) {
            let alike = given.saturating_mul(count.saturating_sub(given));
            own.alike = own.alike.saturating_add(alike);
        }
    }
}

/// How many twos there are among so many.
fn twos_of(count: u64) -> f64 {
    let count = count as f64;
    count * (count - 1.0) / 2.0
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
