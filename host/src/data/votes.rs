//! [`Votes`]: how often each answer to a question counts.

use super::preference::Preference;

/// How many prefer each of a pair's items, and how many neither: numbers ≥ 0, a weight multiplied in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Votes {
    /// For the first item.
    pub a: f64,
    /// For the second.
    pub b: f64,
    /// For neither.
    pub tie: f64,
}

/// One answer.
impl From<Preference> for Votes {
    fn from(preference: Preference) -> Self {
        let none = Self::default();
        match preference {
            Preference::First => Self { a: 1.0, ..none },
            Preference::Second => Self { b: 1.0, ..none },
            Preference::Tie => Self { tie: 1.0, ..none },
        }
    }
}

impl Votes {
    /// Votes for a with probability `label`, for b otherwise: one answer in all. A probability is
    /// rounded to a multiple of 2⁻⁴⁰, so that 0.3 for a is 0.7 for b, exactly.
    #[must_use]
    pub fn of_probability(label: f64) -> Self {
        const STEPS: f64 = (1_u64 << 40) as f64;
        if label == Preference::Tie.value() {
            return Preference::Tie.into();
        }
        let a = (label * STEPS).round() / STEPS;
        Self { a, b: 1.0 - a, tie: 0.0 }
    }

    /// The same votes on the pair the other way round.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { a: self.b, b: self.a, tie: self.tie }
    }

    /// Each as often as this.
    #[must_use]
    pub fn times(self, weight: f64) -> Self {
        Self { a: weight * self.a, b: weight * self.b, tie: weight * self.tie }
    }

    /// How many there are.
    #[must_use]
    pub fn total(self) -> f64 {
        self.a + self.b + self.tie
    }

    /// Whether most of these prefer one item, and most of those the other.
    pub(super) fn contradict(self, other: Self) -> bool {
        (self.b < self.a && other.a < other.b) || (self.a < self.b && other.b < other.a)
    }

    /// The answers that somebody gave, with how often each counts.
    pub fn answers(self) -> impl Iterator<Item = (Preference, f64)> {
        let Self { a, b, tie } = self;
        [(Preference::First, a), (Preference::Second, b), (Preference::Tie, tie)]
            .into_iter()
            .filter(|(_, count)| *count > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_turned_is_the_probability_of_the_turned_pair() {
        for digits in [10, 100, 1_000, 10_000, 100_000] {
            for part in 0..=digits {
                let label = f64::from(part) / f64::from(digits);
                let turned = f64::from(digits - part) / f64::from(digits);
                let votes = Votes::of_probability(label);
                assert_eq!(votes.reversed(), Votes::of_probability(turned), "{label}");
                assert!((votes.a + votes.tie / 2.0 - label).abs() < 1e-12 && votes.total() == 1.0);
            }
        }
    }
}
