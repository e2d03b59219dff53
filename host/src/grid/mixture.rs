//! The recipe of the example in two dimensions, whose data are [`crate::data::mixture`].

use crate::data::pool_kind::PoolKind;
use crate::settings::{Architecture, Preset, Settings};

/// The paper's recipe, in the sizes of its section 4.
#[must_use]
pub fn settings(seed: u64) -> Settings {
    let mut settings = Settings { seed, ..Settings::of_preset(Preset::Paper) };
    settings.asking.pool = PoolKind::CrossPrompt;
    settings.asking.prompts_per_round = 1000;
    settings.asking.batch = 200;
    settings.asking.rounds = 4;
    settings.measuring.best_of.clear();
    if let Architecture::Mlp(network) = &mut settings.model {
        network.hidden = [16; 3];
    }
    settings
}
