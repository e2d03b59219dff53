//! [`ItemName`]: how files call an item, so that a person or a script can index the embeddings with
//! it: by its row where they are a flat list, by prompt and response where they have both axes.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Index, Place};

/// An item by its place in the embeddings' file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum ItemName {
    /// Its row, where embeddings have shape (M, D): `17`.
    Row(u64),
    /// Its prompt and response, where they have shape (N, K, D): `[3, 5]`.
    Response([u64; 2]),
}

impl ItemName {
    /// Where the item stands in an array, and of an embedding which of its numbers.
    pub(super) fn place(self, dimension: Option<u64>) -> Place {
        let mut place = match self {
            Self::Row(row) => vec![Index { axis: "row", index: row }],
            Self::Response([prompt, response]) => vec![
                Index { axis: "prompt", index: prompt },
                Index { axis: "response", index: response },
            ],
        };
        place.extend(dimension.map(|index| Index { axis: "dimension", index }));
        Place(place)
    }
}

impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(row) => write!(f, "{row}"),
            Self::Response([prompt, response]) => write!(f, "[{prompt}, {response}]"),
        }
    }
}

// By hand: what is derived would hold a hostile line's list in memory, and say nothing of the
// forms that are expected.
impl<'de> Deserialize<'de> for ItemName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = ItemName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item: a row such as 17, or [prompt, response] such as [3, 5]")
    }

    fn visit_u64<E>(self, row: u64) -> Result<ItemName, E> {
        Ok(ItemName::Row(row))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut indices: A) -> Result<ItemName, A::Error> {
        let mut index =
            |place| indices.next_element()?.ok_or_else(|| A::Error::invalid_length(place, &self));
        let response = [index(0)?, index(1)?];
        match indices.next_element::<u64>()? {
            None => Ok(ItemName::Response(response)),
            Some(_) => Err(A::Error::invalid_length(3, &self)),
        }
    }
}
