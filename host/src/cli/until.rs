//! [`Until`]: the ρ that ends a session, or that none does.

use std::str::FromStr;

/// What `--until` takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Until {
    /// No ρ ends it, whatever an earlier sitting said.
    Off,
    /// This one.
    Confidence(f64),
}

impl Until {
    /// The ρ, where there is one.
    pub fn confidence(self) -> Option<f64> {
        match self {
            Self::Off => None,
            Self::Confidence(rho) => Some(rho),
        }
    }
}

impl FromStr for Until {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            rho => rho.parse().map(Self::Confidence).map_err(|_| "expected a number or off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Until;

    #[test]
    fn a_number_or_off() {
        assert_eq!("0.8".parse::<Until>().unwrap().confidence(), Some(0.8));
        assert_eq!("off".parse::<Until>().unwrap().confidence(), None);
        assert!("of".parse::<Until>().is_err() && "".parse::<Until>().is_err());
    }
}
