//! [`Over`]: a group of settings as options, to be written over a recipe.

use std::marker::PhantomData;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

use crate::settings::Typed;

/// What was typed of the settings of a group.
#[derive(Clone, Debug)]
pub(super) struct Over<G> {
    matches: ArgMatches,
    group: PhantomData<G>,
}

impl<G: FromArgMatches> Over<G> {
    /// Writes what was typed over the recipe's settings.
    pub fn write(&self, settings: &mut G) {
        // The options are those of the group, so they are there.
        settings.update_from_arg_matches(&self.matches).unwrap_or_else(|error| error.exit());
    }

    /// What was typed of these and of all other settings of the command.
    pub fn typed(&self) -> Typed {
        let typed =
            |id: &&Id| self.matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        self.matches.ids().filter(typed).map(Id::as_str).collect()
    }
}

impl<G: Args> Args for Over<G> {
    fn group_id() -> Option<Id> {
        G::group_id()
    }

    /// Options of which none must be given.
    fn augment_args(command: Command) -> Command {
        G::augment_args_for_update(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        G::augment_args_for_update(command)
    }
}

impl<G> FromArgMatches for Over<G> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self { matches: matches.clone(), group: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
