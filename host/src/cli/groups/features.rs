//! The options that say what a last layer sees.

use clap::Args;

use crate::cli::over::Over;
use crate::error::{Error, Result};
use crate::named::{Named, choice};
use crate::settings::{Architecture, Features, Landmarks, Network, Settings};

/// What the last layer sees.
#[derive(Debug, Args)]
#[group(id = "Features")]
pub(in crate::cli) struct FeatureOptions {
    /// What the last layer sees
    #[arg(long, value_parser = choice::<Features>(), help_heading = "Training")]
    features: Option<Features>,

    #[command(flatten)]
    landmarks: Over<Landmarks>,

    #[command(flatten)]
    network: Over<Network>,
}

impl FeatureOptions {
    /// Writes what was typed over the recipe's settings.
    ///
    /// # Errors
    /// [`Error::Setting`] for options that features of this kind do not read.
    pub fn write(&self, settings: &mut Settings) -> Result<()> {
        self.write_as(self.features, settings);
        self.check_read(&[settings.model.features()])
    }

    /// The same with these features, whichever were typed, and unchecked.
    pub fn write_as(&self, features: Option<Features>, settings: &mut Settings) {
        if let Some(features) = features {
            settings.learn_from(features, &self.network.typed());
        }
        match &mut settings.model {
            Architecture::Mlp(network) => self.network.write(network),
            Architecture::Kernel(landmarks) => self.landmarks.write(landmarks),
            Architecture::Input => {}
        }
    }

    /// Checks that features of one of these kinds read what was typed.
    ///
    /// # Errors
    /// [`Error::Setting`] for options that none of them reads.
    pub fn check_read(&self, kinds: &[Features]) -> Result<()> {
        let typed = self.network.typed();
        let unread = READERS.iter().find(|(setting, by)| typed.has(setting) && !kinds.contains(by));
        let (Some((setting, by)), Some(kind)) = (unread, kinds.first()) else {
            return Ok(());
        };
        let expected = format!("does not read `{setting}`; `features` {} does", by.name());
        Err(Error::setting("features", kind.name(), expected))
    }
}

/// Settings that one kind of features reads.
const READERS: [(&str, Features); 12] = [
    ("hidden", Features::Mlp),
    ("activation", Features::Mlp),
    ("standardise", Features::Mlp),
    ("init", Features::Mlp),
    ("iterations", Features::Mlp),
    ("minibatch", Features::Mlp),
    ("lr", Features::Mlp),
    ("weight_decay", Features::Mlp),
    ("early_stopping", Features::Mlp),
    ("warm_up", Features::Mlp),
    ("holdout", Features::Mlp),
    ("landmarks", Features::Kernel),
];
