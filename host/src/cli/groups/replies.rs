//! The options that say which replies people are asked about, and what else is known of them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{CovariateNames, KnownOfResponses, PromptFields, TrainEmbeddings, is_length};
use crate::cli::data_folder::{DataFolder, Folder, TRAIN_LENGTHS};
use crate::cli::output::Output;
use crate::data::embeddings::Embeddings;
use crate::data::texts::Texts;
#[cfg(feature = "label")]
use crate::error::Error;
use crate::error::Result;

/// Replies that people are asked about.
#[derive(Debug, Args)]
pub(in crate::cli) struct Replies {
    #[command(flatten)]
    pub data: DataFolder,

    #[command(flatten)]
    pub embeddings: TrainEmbeddings,

    #[command(flatten)]
    pub fields: PromptFields,

    /// What people read, in the order of the embeddings' rows: JSON Lines, a prompt a line with
    /// "prompt" and "responses", or a response a line with "prompt" and "text"
    #[arg(long, value_name = "FILE", requires = "train_source", help_heading = "Data")]
    pub texts: Option<PathBuf>,

    /// Numbers known of each response, as run takes them; or length: that of its text
    #[arg(long, value_name = "FILE|length", help_heading = "Data")]
    pub covariates: Option<PathBuf>,

    #[command(flatten)]
    pub names: CovariateNames,
}

impl Replies {
    /// Finds in the folder of the data, which is given back if there is one, what no option names.
    pub fn fill(&mut self, needs_texts: bool) -> Result<Option<Folder>> {
        let Some(mut folder) = self.data.open()? else {
            return Ok(None);
        };
        folder.fill_train(&mut self.embeddings)?;
        match needs_texts {
            true => folder.fill_needed(&mut self.texts, &TRAIN_LENGTHS)?,
            false => folder.fill(&mut self.texts, &TRAIN_LENGTHS)?,
        }
        Ok(Some(folder))
    }

    /// Opens the embeddings, with all that is known of them.
    pub fn open(&self, output: &mut Output) -> Result<Embeddings> {
        self.embeddings.open(&self.fields, self.known(), output)
    }

    fn known(&self) -> KnownOfResponses<'_> {
        // Texts are for people; only where lengths are wanted do models see them.
        let wants_lengths = self.covariates.as_deref().is_some_and(is_length);
        let texts = self.texts.as_ref().filter(|_| wants_lengths);
        self.names.known(["covariates", "texts"], self.covariates.as_ref(), texts)
    }

    /// What people read: the file, or with the bundled data its texts; none of other embeddings alone.
    pub fn read_texts(&self, embeddings: &Embeddings) -> Result<Option<Texts>> {
        match (&self.texts, &self.embeddings.train_embeddings) {
            (Some(path), _) => Texts::open(path, embeddings).map(Some),
            (None, None) => Texts::bundled(embeddings).map(Some),
            (None, Some(_)) => Ok(None),
        }
    }

    /// The same where there must be some.
    #[cfg(feature = "label")]
    pub fn needed_texts(&self, embeddings: &Embeddings) -> Result<Texts> {
        self.read_texts(embeddings)?.ok_or_else(|| {
            let path = self.embeddings.train_embeddings.clone().unwrap_or_default();
            let expected = "needs `texts` beside it, which people read";
            Error::setting("train_embeddings", path.display(), expected)
        })
    }

    /// The files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let TrainEmbeddings { train_embeddings, train_prompt_ids } = &self.embeddings;
        let covariates = self.covariates.as_ref().filter(|path| !is_length(path));
        [train_embeddings.as_ref(), train_prompt_ids.as_ref(), self.texts.as_ref(), covariates]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
    }

    /// The option that says which they are, and what it was given, if one was.
    #[cfg(feature = "label")]
    pub fn typed(&self) -> Option<(&'static str, &Path)> {
        let TrainEmbeddings { train_embeddings, train_prompt_ids } = &self.embeddings;
        let options = [
            ("data", &self.data.data),
            ("train_embeddings", train_embeddings),
            ("train_prompt_ids", train_prompt_ids),
            ("texts", &self.texts),
            ("covariates", &self.covariates),
        ];
        options.into_iter().find_map(|(name, path)| Some((name, path.as_deref()?)))
    }
}
