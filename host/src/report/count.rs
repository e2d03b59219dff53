//! [`Count`]: how many answers, which weights may make a fraction.

use std::fmt;

use serde::{Serialize, Serializer};

/// A number of answers, written without a point where it is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count(pub f64);

impl Count {
    fn whole(self) -> Option<u64> {
        (self.0 == self.0.trunc() && (0.0..1e15).contains(&self.0)).then_some(self.0 as u64)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.whole() {
            Some(whole) => write!(f, "{whole}"),
            None => write!(f, "{:.3}", self.0),
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.whole() {
            Some(whole) => serializer.serialize_u64(whole),
            None => serializer.serialize_f64(self.0),
        }
    }
}
