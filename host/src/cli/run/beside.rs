//! What a run is compared with: the same by another strategy, over several seeds.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use pairpick_core::select::Strategy;

use super::Args;
use crate::data::dataset::Dataset;
use crate::error::{Error, Result};
use crate::grid::Plan;
use crate::named::Named;
use crate::settings::Settings;

/// Seeds where nobody says how many.
const SEEDS: u32 = 20;

/// What a strategy is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    Strategy(Strategy),
}

/// Reads the name of a strategy, or none.
pub(super) fn beside() -> impl TypedValueParser<Value = Beside> {
    let names = <Strategy as Named>::ALL.iter().map(|strategy| strategy.name());
    PossibleValuesParser::new(names.chain(["none"]))
        .map(|name| Strategy::from_name(&name).map_or(Beside::Nothing, Beside::Strategy))
}

impl Args {
    /// The strategies that are compared, the run's own first; none where nothing is.
    fn compared(&self, ours: Strategy, bundled: bool) -> Option<Vec<Strategy>> {
        match (self.beside, self.seeds) {
            (Some(Beside::Strategy(other)), _) => Some(vec![ours, other]),
            (Some(Beside::Nothing), None) => None,
            (Some(Beside::Nothing), Some(_)) => Some(vec![ours]),
            (None, Some(_)) if ours == Strategy::Random => Some(vec![ours]),
            (None, Some(_)) => Some(vec![ours, Strategy::Random]),
            // Whoever tries the program should not take the chance of one seed for a result.
            (None, None) if bundled && ours != Strategy::Random => {
                Some(vec![ours, Strategy::Random])
            }
            (None, None) => None,
        }
    }

    pub(super) fn plan(
        &self,
        settings: &Settings,
        dataset: &Dataset,
        bundled: bool,
    ) -> Result<Option<Plan>> {
        let Some(strategies) = self.compared(settings.asking.strategy, bundled) else {
            return Ok(None);
        };
        if !dataset.is_measured() {
            let needed = "needs `test_rewards` or `test_labels`, to compare by";
            return Err(match (self.seeds, strategies.last()) {
                (None, Some(other)) => Error::setting("beside", other.name(), needed),
                (seeds, _) => Error::setting("seeds", seeds.unwrap_or(SEEDS), needed),
            });
        }
        let plan = Plan { strategies, seeds: self.seeds.unwrap_or(SEEDS), splits: bundled };
        plan.check(settings)?;
        Ok(Some(plan))
    }
}
