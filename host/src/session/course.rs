//! [`Course`]: which batch is open, and what is to be learnt and chosen next. It follows from the answers
//! alone.

use super::plan::Plan;
use super::record::{Asked, Batch, answered};
use super::reply::{Ending, QuestionId};
use super::store::{Checkpoint, Content};
use crate::data::candidates::Candidates;
use crate::data::labels::Label;
use crate::data::question::Question;
use crate::round::answer::Answered;
use crate::round::steps::Taught;

/// Where a session stands.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) plan: Plan,
    pub(super) batches: Vec<Batch>,
    /// The newest two, by round.
    models: Vec<Checkpoint>,
    /// Whether there was no pair left for a further batch.
    exhausted: bool,
}

/// What the background is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To make the model that knows nothing.
    Begin,
    /// To learn from a round that is closed, and all before.
    Learn(u64),
    /// To choose the batch of a round.
    Choose(u64),
}

/// The same, with what it takes.
#[derive(Clone, Debug)]
pub(super) enum Job {
    Begin,
    Learn {
        round: u64,
        from: Taught,
        labels: Vec<Label>,
    },
    Choose {
        round: u64,
        by: Checkpoint,
        answered: Answered,
        /// Pairs of the batches that the model has not learnt from.
        open: Vec<Question>,
    },
}

impl Step {
    /// What is being done, for a person.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Begin => "making the model",
            Self::Learn(_) => "learning from the last batch",
            Self::Choose(_) => "choosing the next batch",
        }
    }
}

impl Course {
    pub(super) fn new(plan: Plan, content: Content) -> Self {
        let Content { batches, models } = content;
        Self { plan, batches, models, exhausted: false }
    }

    /// The batch that is being answered.
    pub(super) fn open(&self) -> Option<&Batch> {
        self.batches.iter().find(|batch| !batch.is_closed())
    }

    /// How many batches have all their answers.
    fn closed(&self) -> usize {
        self.batches.iter().take_while(|batch| batch.is_closed()).count()
    }

    /// A question of any batch.
    pub(super) fn find(&self, id: QuestionId) -> Option<&Asked> {
        self.batches.iter().flat_map(|batch| &batch.asked).find(|asked| asked.id == id)
    }

    /// The same, to be changed.
    pub(super) fn find_mut(&mut self, id: QuestionId) -> Option<&mut Asked> {
        self.batches.iter_mut().flat_map(|batch| &mut batch.asked).find(|asked| asked.id == id)
    }

    /// The number of the first question of a batch to come.
    pub(super) fn next_id(&self) -> QuestionId {
        let asked = self.batches.iter().map(|batch| batch.asked.len() as u64);
        QuestionId(asked.fold(1, u64::saturating_add))
    }

    /// The newest model.
    pub(super) fn newest(&self) -> Option<&Checkpoint> {
        self.models.last()
    }

    /// The round whose model chooses the next batch.
    fn basis(&self) -> usize {
        self.batches.len().saturating_sub(self.plan.lag.rounds() as usize)
    }

    /// What is to be done, if anything is.
    pub(super) fn step(&self) -> Option<Step> {
        let Some(Checkpoint { round: learnt, .. }) = self.newest() else {
            return Some(Step::Begin);
        };
        let (chosen, closed) = (self.batches.len() as u64, self.closed() as u64);
        if *learnt >= self.basis() as u64 && self.stop().is_none() {
            return Some(Step::Choose(chosen.saturating_add(1)));
        }
        (*learnt < closed).then(|| Step::Learn(learnt.saturating_add(1)))
    }

    /// The same, with what it takes; the candidates say how often an answer counts.
    pub(super) fn job(&self, candidates: Option<&Candidates>) -> Option<Job> {
        Some(match self.step()? {
            Step::Begin => Job::Begin,
            Step::Learn(round) => {
                let (from, known) =
                    (self.newest()?.taught.clone(), self.batches.get(..round as usize)?);
                Job::Learn { round, from, labels: answered(known, candidates).labels }
            }
            Step::Choose(round) => {
                let by = self.model_of(self.basis())?.clone();
                let (known, open) = self.batches.split_at(self.basis());
                let open = open.iter().flat_map(Batch::questions).collect();
                Job::Choose { round, by, answered: answered(known, candidates), open }
            }
        })
    }

    fn model_of(&self, round: usize) -> Option<&Checkpoint> {
        self.models.iter().find(|model| model.round == round as u64)
    }

    /// Why no further batch is chosen, where that is so by now.
    fn stop(&self) -> Option<Ending> {
        let rounds = self.plan.settings.asking.rounds;
        if self.batches.len() >= rounds {
            return Some(Ending::Rounds(rounds as u64));
        }
        let confidence = self.model_of(self.basis()).and_then(|model| model.taught.confidence);
        match confidence.zip(self.plan.until) {
            Some((confidence, until)) if confidence >= until => Some(Ending::Confident(confidence)),
            _ if self.exhausted => Some(Ending::NoPairLeft),
            _ => None,
        }
    }

    /// Why the session has ended, if it has.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.stop().filter(|_| self.open().is_none())
    }

    pub(super) fn add_model(&mut self, model: Checkpoint) {
        let first = self.models.len().saturating_sub(1);
        self.models.drain(..first);
        self.models.push(model);
    }

    pub(super) fn exhaust(&mut self) {
        self.exhausted = true;
    }
}
