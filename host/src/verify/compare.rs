//! The first place at which two replays differ, told so that a person can find the cause.

use std::fmt;

use pairpick_core::scenario::Kind;

use super::trace::{Section, Stage};

/// The first difference of two replays.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// The values of a stage.
    Values {
        /// The stage.
        stage: Stage,
        /// Its first element that differs; `None` where one of the traces has digests alone.
        element: Option<Element>,
    },
    /// The number of a stage's values.
    Count {
        /// The stage.
        stage: Stage,
        /// How many the other has.
        expected: usize,
    },
    /// One goes on to another stage than the other, or ends.
    Stages {
        /// The stage found, if the trace goes on.
        found: Option<Stage>,
        /// The stage expected, if the other goes on.
        expected: Option<Stage>,
    },
}

/// A value that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its place among the stage's values, from 0.
    pub place: usize,
    /// Its bits.
    pub found: u64,
    /// The bits that it should have.
    pub expected: u64,
}

/// Where `found` first differs from `expected`; `None` if they agree.
#[must_use]
pub fn first_difference(found: &Section, expected: &Section) -> Option<Difference> {
    let longest = found.stages.len().max(expected.stages.len());
    (0..longest).find_map(|place| match (found.stages.get(place), expected.stages.get(place)) {
        (Some(found), Some(expected)) if same_place(found, expected) => of_stage(found, expected),
        (found, expected) => {
            let (found, expected) = (found.cloned(), expected.cloned());
            Some(Difference::Stages { found, expected })
        }
    })
}

fn same_place(a: &Stage, b: &Stage) -> bool {
    (&a.name, a.order, a.round, a.index, a.kind) == (&b.name, b.order, b.round, b.index, b.kind)
}

fn of_stage(found: &Stage, expected: &Stage) -> Option<Difference> {
    if found.count != expected.count {
        return Some(Difference::Count { stage: found.clone(), expected: expected.count });
    }
    let element = found.values.iter().zip(&expected.values).find_map(|(found, expected)| {
        let place = found.iter().zip(expected).position(|(found, expected)| found != expected)?;
        Some(Element { place, found: found[place], expected: expected[place] })
    });
    (found.digest != expected.digest || element.is_some())
        .then(|| Difference::Values { stage: found.clone(), element })
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Values { stage, element: Some(element) } => {
                let Element { place, found, expected } = *element;
                let digits = 2 + stage.kind.bits() as usize / 4;
                writeln!(f, "{}, element {place} of {}:", stage.place(), stage.count)?;
                for (what, bits) in [("found", found), ("expected", expected)] {
                    let value = decimal(stage.kind, bits);
                    writeln!(f, "  {what:<8} {value} ({bits:#0digits$x})")?;
                }
                match stage.kind {
                    Kind::Integer => write!(f, "  {} apart", found.abs_diff(expected)),
                    kind => write!(f, "  {} ulp apart", ulps(kind, found, expected)),
                }
            }
            Self::Values { stage, element: None } => write!(
                f,
                "{}, some of {} values; both traces must be recorded with `values` to tell which",
                stage.place(),
                stage.count
            ),
            Self::Count { stage, expected } => {
                let (place, found) = (stage.place(), stage.count);
                write!(f, "{place}: {found} values found, {expected} expected")
            }
            Self::Stages { found, expected } => {
                let place = |stage: &Option<Stage>| {
                    stage.as_ref().map_or_else(|| "the end".to_owned(), Stage::place)
                };
                write!(f, "found {}, expected {}", place(found), place(expected))
            }
        }
    }
}

/// A value as a person reads it; the digits tell it from every other.
fn decimal(kind: Kind, bits: u64) -> String {
    match kind {
        Kind::F32 => format!("{:e}", f32::from_bits(bits as u32)),
        Kind::F64 => format!("{:e}", f64::from_bits(bits)),
        Kind::Integer => bits.to_string(),
    }
}

/// How many numbers of the type lie from one to the other; the two zeros are one apart.
fn ulps(kind: Kind, a: u64, b: u64) -> u64 {
    let sign = 1_u64 << (kind.bits() - 1);
    let rank =
        |bits: u64| if bits & sign == 0 { bits | sign } else { !bits & (2 * (sign - 1) + 1) };
    rank(a).abs_diff(rank(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_in_ulp() {
        let single = |a: f32, b: f32| ulps(Kind::F32, a.to_bits().into(), b.to_bits().into());
        assert_eq!(single(1.0, 1.0), 0);
        assert_eq!(single(1.0, 1.0 + f32::EPSILON), 1);
        assert_eq!(single(-1.0, -1.0 - f32::EPSILON), 1);
        assert_eq!(single(0.0, -0.0), 1);
        assert_eq!(single(f32::from_bits(1), -f32::from_bits(1)), 3);
        assert_eq!(single(-f32::INFINITY, f32::INFINITY), 2 * 0x7f80_0000 + 1);
        let double = |a: f64, b: f64| ulps(Kind::F64, a.to_bits(), b.to_bits());
        assert_eq!(double(2.0, 2.0 - f64::EPSILON), 1);
        assert_eq!(double(f64::MAX, f64::INFINITY), 1);
        assert_eq!(double(-f64::MAX, f64::MAX), 2 * f64::MAX.to_bits() + 1);
    }
}
