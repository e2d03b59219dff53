//! [`Material`]: what a session asks about.

use std::path::Path;

use super::plan::{Plan, difference};
use super::store::{Begun, Store};
use crate::data::candidates::Candidates;
use crate::data::dataset::{Dataset, Split};
use crate::data::embeddings::Embeddings;
use crate::data::texts::{ItemText, Texts};
use crate::error::{Error, Result, SessionError};
use crate::model::Context;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::Settings;

/// What a session asks about, and what people read of it.
pub struct Material {
    dataset: Dataset,
    texts: Texts,
}

impl Material {
    /// Items that models learn on by their embeddings and people by their texts; the pairs that can be
    /// asked about, where not all can.
    #[must_use]
    pub fn new(embeddings: Embeddings, candidates: Option<Candidates>, texts: Texts) -> Self {
        let train = Split { embeddings, rewards: None };
        Self { dataset: Dataset { train, candidates, test: None, test_labels: None }, texts }
    }

    /// The embeddings.
    #[must_use]
    pub fn embeddings(&self) -> &Embeddings {
        &self.dataset.train.embeddings
    }

    /// The pairs that can be asked about, where not all can.
    #[must_use]
    pub fn candidates(&self) -> Option<&Candidates> {
        self.dataset.candidates.as_ref()
    }

    /// The texts of an item.
    pub(super) fn text(&self, item: u64) -> Result<ItemText> {
        self.texts.of_item(self.embeddings(), item)
    }

    /// What models are made with.
    pub(super) fn context<'a>(
        &'a self,
        settings: &'a Settings,
        threads: &'a Threads,
    ) -> Context<'a> {
        let listed = self.candidates().map(|list| list.pairs.as_slice());
        Context { embeddings: self.embeddings(), settings, threads, listed }
    }

    /// Opens the file of a session that was begun with this, and tells its plan.
    pub(super) fn open_begun(
        &self,
        path: &Path,
        progress: &mut dyn Progress,
    ) -> Result<(Store, Plan)> {
        if !path.exists() {
            return Err(Error::MissingFile { path: path.into() });
        }
        let store = Store::open(path)?;
        let Some(begun) = store.begun()? else {
            let (path, problem) = (path.into(), "nothing has begun in it".to_owned());
            return Err(SessionError::NoSession { path, problem }.into());
        };
        self.begun(begun.plan.clone(), progress)?.check_goes_on(&begun, path)?;
        Ok((store, begun.plan))
    }

    /// What a session with this plan begins with.
    pub(super) fn begun(&self, plan: Plan, progress: &mut dyn Progress) -> Result<Begun> {
        progress.begin("reading the embeddings", self.dataset.values());
        let summary = self.dataset.summary()?;
        let (data, _) = self.dataset.scan(summary, &mut |done| progress.advance(done))?;
        progress.end();
        Ok(Begun { plan, data, texts: self.texts.digest() })
    }
}

impl Begun {
    /// Checks that a session that was begun so can go on with this.
    pub(super) fn check_goes_on(&self, earlier: &Self, path: &Path) -> Result<()> {
        let other = |what, found: String, expected: String| {
            let path = path.to_owned();
            Err(SessionError::Other { path, what, found, expected }.into())
        };
        let json = |value: serde_json::Result<_>| {
            value.map_err(|error| Error::io(path, "read", error.into()))
        };
        let of_data = |begun: &Self| json(serde_json::to_value(&begun.data));
        if let Some([found, expected]) = difference(&of_data(self)?, &of_data(earlier)?) {
            return other("embeddings or pairs", found, expected);
        }
        if self.texts != earlier.texts {
            let told = |begun: &Self| format!("digest {}", begun.texts);
            return other("texts", told(self), told(earlier));
        }
        let of_plan = |begun: &Self| json(serde_json::to_value(begun.plan.clone().without_stop()));
        match difference(&of_plan(self)?, &of_plan(earlier)?) {
            Some([found, expected]) => other("settings", found, expected),
            None => Ok(()),
        }
    }
}
