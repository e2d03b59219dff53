//! [`Shape`] and [`Place`]: what messages say of an array, in words that a Python user can type;
//! and how they quote a file, whose text is a stranger's.

use std::fmt;

use super::item::ItemName;

/// Characters of a file that a message quotes, at most.
const QUOTED: usize = 200;

/// Text from a file as a message may show it: short, and without the control characters that a
/// terminal would obey.
pub(crate) fn quotable(text: &str) -> String {
    let mut shown = String::new();
    for (index, character) in text.chars().enumerate() {
        match character {
            _ if index == QUOTED => {
                shown.push('…');
                break;
            }
            control if control.is_control() => shown.extend(control.escape_default()),
            other => shown.push(other),
        }
    }
    shown
}

/// A shape as NumPy prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(pub Vec<u64>);

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<String> = self.0.iter().map(u64::to_string).collect();
        match lengths.as_slice() {
            [only] => write!(f, "({only},)"),
            _ => write!(f, "({})", lengths.join(", ")),
        }
    }
}

/// A place in an array, as indices that a Python user can type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The item.
    pub item: ItemName,
    /// The dimension of the embedding, from 0; a reward has none.
    pub dimension: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut indices, mut words) = match self.item {
            ItemName::Row(row) => (format!("{row}"), format!("row {row}")),
            ItemName::Response([prompt, response]) => {
                (format!("{prompt}, {response}"), format!("prompt {prompt}, response {response}"))
            }
        };
        if let Some(dimension) = self.dimension {
            indices += &format!(", {dimension}");
            words += &format!(", dimension {dimension}");
        }
        write!(f, "[{indices}] ({words}, from 0)")
    }
}
