//! The options that say what else is known of each response, such as its length.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::data::covariates::LENGTH;
use crate::error::{Error, Result};
use crate::output::inputs;

/// What else is known of each response.
#[derive(Debug, Args)]
pub(in crate::cli) struct Covariates {
    /// Numbers known of each response, such as its length: .npy, .npz or safetensors, floats or
    /// integers, of shape (N, K) or (N, K, C), or for (M, D) embeddings (M,) or (M, C); or length:
    /// that of its text in --texts
    #[arg(long, value_name = "FILE|length", help_heading = "Data")]
    pub covariates: Option<PathBuf>,

    /// The responses' texts, in the order of the embeddings' rows: JSON Lines, a response a line with
    /// its "text" or "response", or a prompt a line with "responses"; a length is its "tokens", or how
    /// many characters the text has
    #[arg(long, value_name = "FILE", requires = "covariates", help_heading = "Data")]
    pub texts: Option<PathBuf>,
}

impl Covariates {
    /// What they are to be read from.
    pub fn known<'a>(&'a self, names: &'a CovariateNames) -> KnownOfResponses<'a> {
        names.known(["covariates", "texts"], self.covariates.as_ref(), self.texts.as_ref())
    }
}

/// What covariates are called.
#[derive(Debug, Args)]
pub(in crate::cli) struct CovariateNames {
    /// What the covariates of an array are called, in its order; without it a single one is called as
    /// the array is, or else as the file, without train_ or test_
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "Data")]
    pub covariate_names: Vec<String>,
}

impl CovariateNames {
    /// What covariates are to be read from, by the options of these settings.
    pub fn known<'a>(
        &'a self,
        settings: [&'static str; 2],
        covariates: Option<&'a PathBuf>,
        texts: Option<&'a PathBuf>,
    ) -> KnownOfResponses<'a> {
        let names = &self.covariate_names;
        KnownOfResponses { settings, covariates, texts, names }
    }
}

/// Whether the lengths of texts are meant, and no file.
pub(in crate::cli) fn is_length(covariates: &Path) -> bool {
    covariates == Path::new(LENGTH)
}

/// Options that say what else is known of some responses.
#[derive(Clone, Copy)]
pub(in crate::cli) struct KnownOfResponses<'a> {
    /// The settings of the two that follow.
    settings: [&'static str; 2],
    covariates: Option<&'a PathBuf>,
    texts: Option<&'a PathBuf>,
    names: &'a [String],
}

impl KnownOfResponses<'_> {
    /// What is to be read beside embeddings from a file.
    pub fn of_files(self) -> Result<Option<inputs::Covariates>> {
        let [covariates, texts] = self.settings;
        match (self.covariates, self.texts) {
            (None, _) => Ok(None),
            (Some(length), Some(path)) if is_length(length) => {
                Ok(Some(inputs::Covariates::Lengths { path: path.clone() }))
            }
            (Some(length), None) if is_length(length) => {
                let expected = format!("needs `{texts}`, the file of the responses' texts");
                Err(Error::setting(covariates, LENGTH, expected))
            }
            (Some(_), Some(found)) => {
                let expected = format!("is only used with `{covariates}` {LENGTH}");
                Err(Error::setting(texts, found.display(), expected))
            }
            (Some(path), None) => {
                let names = self.names.to_vec();
                Ok(Some(inputs::Covariates::Array { path: path.clone(), names }))
            }
        }
    }

    /// Whether the lengths of bundled replies are wanted; they are all that is known of these.
    pub fn of_bundled(self, needed: &str) -> Result<bool> {
        let [covariates, texts] = self.settings;
        let refused = |setting, found: &Path| {
            let expected = format!("needs `{needed}` beside it");
            Err(Error::setting(setting, found.display(), expected))
        };
        match (self.covariates, self.texts) {
            (None, _) => Ok(false),
            (Some(_), Some(found)) => refused(texts, found),
            (Some(found), None) if !is_length(found) => refused(covariates, found),
            (Some(_), None) => Ok(true),
        }
    }
}
