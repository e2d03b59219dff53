//! [`ExtraFields`]: what a line says beyond what this program reads, kept as it stands there; and which
//! names it may not have, since they are probably typos.

use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::is_obeyed;

/// The fields of a line that are read, or that `run` and `select` write.
pub(super) const KNOWN: [&str; 17] = [
    "a",
    "b",
    "label",
    "votes",
    "weight",
    "skip",
    "annotator",
    "id",
    "text",
    "note",
    "seconds",
    "round",
    "score",
    "rank",
    "pair",
    "margin",
    "fisher_weight",
];

/// ExtraFields by their names, in the line's order, the values as JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExtraFields(Vec<(String, Box<str>)>);

impl ExtraFields {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The JSON of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// All but those of these names.
    #[cfg(feature = "label")]
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(own, _)| !names.contains(&own.as_str()));
        self
    }

    pub(super) fn push(&mut self, name: String, value: &RawValue) {
        self.0.push((name, harmless(value.get()).into_boxed_str()));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl Serialize for ExtraFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            let value: &RawValue = serde_json::from_str(value).map_err(S::Error::custom)?;
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The same JSON without the characters that a terminal obeys: within texts they are escaped, and
/// between values they are blanks.
fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\t' | '\r' => text.push(' '),
            obeyed if is_obeyed(obeyed) => text.push_str(&format!("\\u{:04x}", u32::from(obeyed))),
            other => text.push(other),
        }
    }
    text
}

/// The known name that an unknown one is probably meant to be: it differs in capitals alone, or for
/// a name of four letters or more in one letter that is added, left out, another or exchanged with
/// its neighbour; of six or more in two.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    KNOWN.into_iter().find(|known| {
        let most = match known.len() {
            0..4 => 0,
            4..6 => 1,
            _ => 2,
        };
        distance(&lower, known) <= most
    })
}

/// How many letters must be added, left out, replaced or exchanged with their neighbour (optimal
/// string alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // Longer than any name that could be near.
    if one.len() > 32 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (i, letter) in one.iter().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, wanted) in other.iter().enumerate() {
            let above = &rows[i];
            let replaced = above[j].saturating_add(usize::from(letter != wanted));
            let mut least = replaced.min(above[j.saturating_add(1)].saturating_add(1));
            least = least.min(row[j].saturating_add(1));
            if let (Some(before), Some(wanted_before)) = (i.checked_sub(1), j.checked_sub(1))
                && one[before] == *wanted
                && *letter == other[wanted_before]
            {
                least = least.min(rows[before][wanted_before].saturating_add(1));
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_near_a_known_one_are_taken_for_typos() {
        for (name, known) in [
            ("lable", "label"),
            ("Label", "label"),
            ("labels", "label"),
            ("A", "a"),
            ("vote", "votes"),
            ("wieght", "weight"),
            ("weigth", "weight"),
            ("weights", "weight"),
            ("ID", "id"),
            ("anotator", "annotator"),
            ("second", "seconds"),
            ("texts", "text"),
            ("fisherweight", "fisher_weight"),
        ] {
            assert_eq!(meant(name), Some(known), "{name}");
        }
        for name in [
            "c",
            "ids",
            "topic",
            "annotator_id",
            "source",
            "created_at",
            "task",
            "text_a",
            "lang",
            "model",
            "skipped_by",
            "preference",
            "",
            "prompt",
            "question",
        ] {
            assert_eq!(meant(name), None, "{name}");
        }
        assert_eq!(meant(&"x".repeat(60_000)), None);
    }
}
