//! [`LabelRecord`]: a line of JSON that names a pair: of labels, of candidates, of what `run` and
//! `select` write, items by the names that a person can look up in the embeddings' file.

use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::fields::{ExtraFields, KNOWN, meant};
use super::item::ItemName;
use super::preference::Preference;
use super::votes::Votes;

/// What an answer may count in all: whatever f32 can weigh against others.
const COUNTS: std::ops::RangeInclusive<f64> = 1e-12..=1e12;

/// The answer of a line, as it stands there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// The probability that a is preferred; 0.5 is a tie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Probability>,
    /// How many prefer a, how many b, how many neither; where they are there, they are the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub votes: Option<[u32; 3]>,
    /// How often it counts, in place of once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Whether there is none, since the pair was passed over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip: bool,
}

impl From<Preference> for Answer {
    fn from(preference: Preference) -> Self {
        Self { label: Some(Probability(preference.value())), ..Self::default() }
    }
}

impl Answer {
    /// That of votes that no line has given.
    #[must_use]
    pub fn of(votes: Votes) -> Self {
        let total = votes.total();
        let weight = (total != 1.0).then_some(total);
        let mut answers = votes.answers();
        if let (Some((only, _)), None) = (answers.next(), answers.next()) {
            return Self { weight, ..Self::from(only) };
        }
        let Votes { a, b, tie } = votes;
        let whole = |count: f64| (count == f64::from(count as u32)).then_some(count as u32);
        if let (Some(a), Some(b), Some(tie)) = (whole(a), whole(b), whole(tie)) {
            return Self { votes: Some([a, b, tie]), ..Self::default() };
        }
        let label = Some(Probability((a + tie / 2.0) / total));
        Self { label, weight, ..Self::default() }
    }

    /// That of a pair that was passed over.
    #[must_use]
    pub fn skipped() -> Self {
        Self { skip: true, ..Self::default() }
    }

    /// The votes that it stands for; none where there is neither a label nor a vote.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn votes(&self) -> Result<Option<Votes>, String> {
        let Some(votes) = self.unweighted()? else {
            return Ok(None);
        };
        let votes = votes.times(self.weight()?);
        if !COUNTS.contains(&votes.total()) {
            let (count, least, most) = (votes.total(), COUNTS.start(), COUNTS.end());
            return Err(format!("counts {count:?} times: from {least:e} to {most:e} is possible"));
        }
        Ok(Some(votes))
    }

    /// How often the answer counts.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn weight(&self) -> Result<f64, String> {
        match self.weight {
            None => Ok(1.0),
            Some(weight) if COUNTS.contains(&weight) => Ok(weight),
            Some(weight) => Err(format!(
                "weight {weight:?} is not between {:e} and {:e}: it is how often the answer counts",
                COUNTS.start(),
                COUNTS.end()
            )),
        }
    }

    fn unweighted(&self) -> Result<Option<Votes>, String> {
        if self.skip && (self.label.is_some() || self.votes.is_some()) {
            return Err("skip is true beside an answer: one or the other is expected".to_owned());
        }
        let label = self.label.map(|Probability(label)| Votes::of_probability(label));
        let Some(counts) = self.votes else {
            return Ok(label);
        };
        let [a, b, tie] = counts.map(f64::from);
        let votes = Votes { a, b, tie };
        if votes.total() == 0.0 {
            return Err(
                "votes [0, 0, 0]: nobody has answered; \"skip\": true in their place says \
                        that the pair was passed over"
                    .to_owned(),
            );
        }
        match (label, self.label) {
            (Some(label), Some(Probability(said))) if label.contradict(votes) => {
                Err(format!("label {said} contradicts the votes {counts:?}, [for a, for b, tie]"))
            }
            _ => Ok(Some(votes)),
        }
    }
}

/// A number from 0 to 1, written 0 and 1 at the ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probability(pub f64);

impl Serialize for Probability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0.0 => serializer.serialize_u8(0),
            1.0 => serializer.serialize_u8(1),
            between => serializer.serialize_f64(between),
        }
    }
}

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ProbabilityVisitor)
    }
}

struct ProbabilityVisitor;

impl Visitor<'_> for ProbabilityVisitor {
    type Value = Probability;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a label from 0 to 1: 1, 0 or 0.5, or the probability that a is preferred")
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Probability, E> {
        if (0.0..=1.0).contains(&value) {
            // Not −0.
            return Ok(Probability(value.abs()));
        }
        Err(E::custom(format!(
            "label {value} is not between 0 and 1: 1 if a is better, 0 if b is, 0.5 for a tie; a pair \
             that was passed over has \"skip\": true in its place"
        )))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Probability, E> {
        self.visit_f64(value as f64)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Probability, E> {
        self.visit_f64(value as f64)
    }
}

/// A line: `{"round":1,"a":[0,2],"b":[0,5],"label":1,"score":0.25}`, of which candidates need `a` and
/// `b` alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelRecord {
    /// The round, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<u64>,
    /// The pair's first item.
    pub a: ItemName,
    /// Its second item.
    pub b: ItemName,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
    /// The strategy's score; none where it has no scores.
    pub score: Option<f64>,
    /// What else the line says, which trains nothing.
    #[serde(flatten)]
    pub fields: ExtraFields,
}

impl<'de> Deserialize<'de> for LabelRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = LabelRecord;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LabelRecord, A::Error> {
        let (mut a, mut b, mut round, mut score) = (None, None, None, None);
        let (mut answer, mut fields) = (Answer::default(), ExtraFields::default());
        let mut seen: Vec<String> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if seen.contains(&name) {
                return Err(A::Error::custom(format!("duplicate field `{name}`")));
            }
            match name.as_str() {
                "a" => a = Some(map.next_value()?),
                "b" => b = Some(map.next_value()?),
                "round" => round = map.next_value()?,
                "score" => score = map.next_value()?,
                "label" => answer.label = map.next_value()?,
                "votes" => answer.votes = map.next_value()?,
                "weight" => answer.weight = map.next_value()?,
                "skip" => answer.skip = map.next_value::<Option<bool>>()?.unwrap_or(false),
                // Those of an earlier selection: this one has its own.
                "rank" | "pair" | "margin" | "fisher_weight" => {
                    map.next_value::<IgnoredAny>()?;
                }
                other => {
                    check_name(other)?;
                    fields.push(name.clone(), &map.next_value::<Box<RawValue>>()?);
                }
            }
            seen.push(name);
        }
        check_no_old_weight(&seen)?;
        let a = a.ok_or_else(|| A::Error::missing_field("a"))?;
        let b = b.ok_or_else(|| A::Error::missing_field("b"))?;
        Ok(LabelRecord { round, a, b, answer, score, fields })
    }
}

/// Refuses what is probably meant to be another name, which would be passed over in silence.
fn check_name<E: serde::de::Error>(name: &str) -> Result<(), E> {
    match meant(name).filter(|_| !KNOWN.contains(&name)) {
        Some(known) => Err(E::custom(format!(
            "unknown field `{name}`, so near `{known}` that it may be a typo; call it otherwise if it \
             is not"
        ))),
        None => Ok(()),
    }
}

/// A line that an earlier version selected has the strategy's figure under the name of what counts
/// an answer now.
fn check_no_old_weight<E: serde::de::Error>(names: &[String]) -> Result<(), E> {
    let has = |name: &str| names.iter().any(|own| own == name);
    if has("weight") && has("rank") && has("margin") && !has("fisher_weight") {
        return Err(E::custom(
            "`weight` beside `rank` and `margin` is the selection's, from an earlier version, and no \
             weight of an answer: call it `fisher_weight`, or leave it out",
        ));
    }
    Ok(())
}
