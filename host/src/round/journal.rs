//! [`Journal`]: where a loop records its rounds, so that it can be gone on with.

use super::answer::Answered;
use super::metrics::{ByPrompt, RoundMetrics};
use crate::data::candidates::Candidates;
use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::data::question::Question;
use crate::error::Result;
use crate::model::Model;
use crate::settings::Settings;

/// The rounds that a journal holds: none, at the start of a loop.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Committed {
    /// A line a round.
    pub rounds: Vec<RoundMetrics>,
    /// The labels of all rounds.
    pub labels: Vec<Label>,
    /// The questions that were put aside in them.
    pub skipped: Vec<Question>,
    /// The model of the last round.
    pub model: Option<Model>,
}

/// A round that has ended.
#[derive(Clone, Copy)]
pub struct RoundRecord<'a> {
    /// What was asked, and what came of it.
    pub answered: &'a Answered,
    /// What has been learnt from it and all before.
    pub model: &'a Model,
    /// What is known of that.
    pub metrics: &'a RoundMetrics,
    /// What it comes to on each test prompt.
    pub by_prompt: &'a ByPrompt,
    /// The embeddings of the items, which say how files name them.
    pub embeddings: &'a Embeddings,
    /// The candidates, whose lines are written again with their answers.
    pub candidates: Option<&'a Candidates>,
}

/// Records a loop: a folder, a data base, or memory.
pub trait Journal: Send {
    /// Records the settings, unless the loop goes on; gives back the rounds that it has ended.
    ///
    /// # Errors
    /// What cannot be read or written.
    fn begin(&mut self, settings: &Settings, embeddings: &Embeddings) -> Result<Committed>;

    /// Records a round, all of it or nothing: once this returns, the round is there for good.
    ///
    /// # Errors
    /// What cannot be written; the rounds before are still there.
    fn commit(&mut self, round: RoundRecord<'_>) -> Result<()>;
}

/// A journal in memory, which lasts as long as the program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryJournal {
    /// What the loop began with.
    pub settings: Option<Settings>,
    /// What it has come to.
    pub committed: Committed,
}

impl Journal for MemoryJournal {
    fn begin(&mut self, settings: &Settings, _embeddings: &Embeddings) -> Result<Committed> {
        self.settings.get_or_insert_with(|| settings.clone());
        Ok(self.committed.clone())
    }

    fn commit(&mut self, round: RoundRecord<'_>) -> Result<()> {
        let RoundRecord { answered, model, metrics, .. } = round;
        self.committed.labels.extend(&answered.labels);
        self.committed.skipped.extend(&answered.skipped);
        self.committed.rounds.push(metrics.clone());
        self.committed.model = Some(model.clone());
        Ok(())
    }
}
