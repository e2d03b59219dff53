//! What a design is computed on.

use pairpick_core::select::{Strategy, Weights};

use super::{Features, Settings};
use crate::error::{Error, Result};
use crate::named::Named;

impl Settings {
    /// The features that a strategy computes its design on: those that the last layer sees, but for a
    /// strategy for fixed ones, which has a kernel's where nothing else is set and its weights need no
    /// head.
    #[must_use]
    pub fn design_features(&self, strategy: Strategy) -> Features {
        let own = self.model.features();
        if !strategy.facts().fixed_features {
            return own;
        }
        self.asking.design_features.unwrap_or(match self.asking.weights(strategy) {
            Some(Weights::Constant) => Features::Kernel,
            _ => own,
        })
    }

    /// Refuses features that no model has, and weights that no head tells.
    pub(crate) fn check_design(&self) -> Result<()> {
        let (strategy, own) = (self.asking.strategy, self.model.features());
        let features = self.design_features(strategy);
        if features == own {
            return Ok(());
        }
        let expected = match (features, self.asking.weights(strategy)) {
            (Features::Mlp, _) => "needs `features` mlp, the network".to_owned(),
            (_, Some(Weights::Constant)) => return Ok(()),
            (_, weights) => format!(
                "needs `weights` constant, not {}: the model's rewards are of `features` {}",
                weights.unwrap_or_default().name(),
                own.name()
            ),
        };
        Err(Error::setting("design_features", features.name(), expected))
    }
}
