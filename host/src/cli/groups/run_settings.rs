//! The settings of whole runs, as options.

use clap::Args;

use super::FeatureOptions;
use crate::cli::over::Over;
use crate::error::Result;
use crate::settings::{Answers, Asking, Features, Measuring, Prior, Settings, Training, Typed};

/// All that a recipe decides, to be written over it.
#[derive(Debug, Args)]
#[group(skip)]
pub(in crate::cli) struct RunSettings {
    #[command(flatten)]
    asking: Over<Asking>,

    #[command(flatten)]
    prior: Over<Prior>,

    #[command(flatten)]
    answers: Over<Answers>,

    #[command(flatten)]
    features: FeatureOptions,

    #[command(flatten)]
    training: Over<Training>,

    #[command(flatten)]
    measuring: Over<Measuring>,
}

impl RunSettings {
    /// What was typed, of these and of all other options of the command.
    pub fn typed(&self) -> Typed {
        self.asking.typed()
    }

    /// Writes what was typed over the recipe's settings.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) for options that the features do not read.
    pub fn write(&self, settings: &mut Settings) -> Result<()> {
        self.features.write(settings)?;
        self.write_groups(settings);
        Ok(())
    }

    /// The same with these features, whichever were typed, and unchecked.
    pub fn write_as(&self, features: Option<Features>, settings: &mut Settings) {
        self.features.write_as(features, settings);
        self.write_groups(settings);
    }

    /// Checks that features of one of these kinds read what was typed.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) for options that none of them reads.
    pub fn check_read(&self, kinds: &[Features]) -> Result<()> {
        self.features.check_read(kinds)
    }

    fn write_groups(&self, settings: &mut Settings) {
        self.asking.write(&mut settings.asking);
        self.prior.write(&mut settings.prior);
        self.answers.write(&mut settings.answers);
        self.training.write(&mut settings.training);
        self.measuring.write(&mut settings.measuring);
    }
}
