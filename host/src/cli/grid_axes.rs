//! [`GridAxes`]: settings of which a grid has several values.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use pairpick_core::select::Strategy;
use pairpick_core::trunk::mlp::LAYERS;

use crate::data::pool_kind::PoolKind;
use crate::settings::{Architecture, Features, Settings};

/// What was typed of them, each in its order; nothing of what was not.
#[derive(Clone, Debug, Default)]
pub(super) struct GridAxes {
    pub strategies: Vec<Strategy>,
    pub pools: Vec<PoolKind>,
    pub batches: Vec<usize>,
    pub features: Vec<Features>,
    pub prompts_per_round: Vec<usize>,
    pub hidden: Vec<[usize; LAYERS]>,
}

/// The option of a setting, with several values.
pub(super) fn several(arg: Arg, value_name: &'static str) -> Arg {
    arg.action(ArgAction::Append).value_delimiter(',').value_name(value_name).help_heading("Grid")
}

/// The options are those of the settings, which other groups define.
impl Args for GridAxes {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl FromArgMatches for GridAxes {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self {
            strategies: values(matches, "strategy"),
            pools: values(matches, "pool"),
            batches: values(matches, "batch"),
            features: values(matches, "features"),
            prompts_per_round: values(matches, "prompts_per_round"),
            hidden: values(matches, "hidden"),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn values<T: Copy + Send + Sync + 'static>(matches: &ArgMatches, setting: &str) -> Vec<T> {
    matches.get_many(setting).into_iter().flatten().copied().collect()
}

/// A value of each, or none for the recipe's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SetupChoice {
    pub pool: Option<PoolKind>,
    pub batch: Option<usize>,
    pub features: Option<Features>,
    pub prompts_per_round: Option<usize>,
    pub hidden: Option<[usize; LAYERS]>,
}

impl GridAxes {
    /// Every value of each with every one of the others.
    pub fn choices(&self) -> Vec<SetupChoice> {
        let mut choices = vec![SetupChoice::default()];
        with_each(&mut choices, &self.pools, |choice, pool| choice.pool = Some(pool));
        with_each(&mut choices, &self.batches, |choice, batch| choice.batch = Some(batch));
        with_each(&mut choices, &self.features, |choice, kind| choice.features = Some(kind));
        with_each(&mut choices, &self.prompts_per_round, |choice, prompts| {
            choice.prompts_per_round = Some(prompts);
        });
        with_each(&mut choices, &self.hidden, |choice, hidden| choice.hidden = Some(hidden));
        choices
    }
}

/// Each choice with each of these values; as it is where there are none.
fn with_each<T: Copy>(
    choices: &mut Vec<SetupChoice>,
    values: &[T],
    set: impl Fn(&mut SetupChoice, T),
) {
    if values.is_empty() {
        return;
    }
    let with = |choice: &SetupChoice| {
        let with_value = |value: &T| {
            let mut choice = *choice;
            set(&mut choice, *value);
            choice
        };
        values.iter().map(with_value).collect::<Vec<_>>()
    };
    *choices = choices.iter().flat_map(with).collect();
}

impl SetupChoice {
    /// Writes what was chosen over settings that have these features already.
    pub fn write(&self, settings: &mut Settings) {
        let asking = &mut settings.asking;
        asking.pool = self.pool.unwrap_or(asking.pool);
        asking.batch = self.batch.unwrap_or(asking.batch);
        asking.prompts_per_round = self.prompts_per_round.unwrap_or(asking.prompts_per_round);
        if let (Architecture::Mlp(network), Some(hidden)) = (&mut settings.model, self.hidden) {
            network.hidden = hidden;
        }
    }
}
