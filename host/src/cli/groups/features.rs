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
        let typed = self.network.typed();
        if let Some(features) = self.features {
            settings.learn_from(features, &typed);
        }
        let kind = settings.model.features();
        let unread = READERS.iter().find(|(setting, by)| typed.has(setting) && *by != kind);
        if let Some((setting, by)) = unread {
            let expected = format!("does not read `{setting}`; `features` {} does", by.name());
            return Err(Error::setting("features", kind.name(), expected));
        }
        match &mut settings.model {
            Architecture::Mlp(network) => self.network.write(network),
            Architecture::Kernel(landmarks) => self.landmarks.write(landmarks),
            Architecture::Input => {}
        }
        Ok(())
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
