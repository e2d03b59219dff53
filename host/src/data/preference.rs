//! [`Preference`]: an answer, as the loss and the files have it.

/// Which of a pair is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// `a`: written 1.
    First,
    /// `b`: written 0.
    Second,
    /// Neither: written 0.5.
    Tie,
}

impl Preference {
    /// The label as the loss takes it: 1, 0 or ½.
    #[must_use]
    pub const fn value(self) -> f64 {
        match self {
            Self::First => 1.0,
            Self::Second => 0.0,
            Self::Tie => 0.5,
        }
    }
}
