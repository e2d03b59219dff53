//! Whether this machine computes the bits that it should: the core's scenario is replayed, and its
//! trace compared with one from elsewhere, down to the first value that differs.
//!
//! The golden traces in `fixtures/traces` are part of the program. They hold digests, which tell the
//! first stage that differs; a trace recorded with its values tells the element.

mod compare;
mod replay;
mod trace;

pub use compare::{Difference, Element, first_difference};
pub use replay::{Scalar, ScenarioSize, replay};
pub use trace::{Key, Section, Stage, Trace};

/// The golden traces: what every machine must agree with.
const GOLDEN: [(&str, &str); 3] = [
    ("fixtures/traces/exact-f32.txt", include_str!("../../../fixtures/traces/exact-f32.txt")),
    ("fixtures/traces/exact-f64.txt", include_str!("../../../fixtures/traces/exact-f64.txt")),
    ("fixtures/traces/micro-f32.txt", include_str!("../../../fixtures/traces/micro-f32.txt")),
];

/// The golden traces of this version of the contract.
///
/// # Errors
/// As [`Trace::parse`].
pub fn golden() -> crate::error::Result<Trace> {
    let mut sections = Vec::new();
    for (name, text) in GOLDEN {
        sections.extend(Trace::parse(name.as_ref(), text)?.sections);
    }
    Ok(Trace { sections })
}
