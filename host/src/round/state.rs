//! [`State`]: where an annotation loop stands between two rounds.

use pairpick_core::arith::Real;

use super::answer::Answered;
use super::design::Design;
use super::posterior::{Known, LabelPosterior};
use super::prompts::AskedPairs;
use crate::data::labels::Label;
use crate::data::question::Question;
use crate::error::Result;
use crate::model::{Context, Model};
use crate::progress::Progress;
use crate::settings::Init;

/// What has been asked so far, and what the answers have taught.
pub(super) struct State<T> {
    pub(super) model: Model,
    pub(super) labels: Vec<Label>,
    skipped: Vec<Question>,
    /// Pairs that wait for their answers.
    open: Vec<Question>,
    /// Of the labels and the open pairs, under the model.
    pub(super) posterior: LabelPosterior<T>,
    /// What pairs are chosen by.
    pub(super) design: Design<T>,
}

impl<T: Real> State<T> {
    /// After these labels, and the model that was trained on them.
    pub(super) fn new(
        context: Context<'_>,
        model: Model,
        labels: Vec<Label>,
        skipped: Vec<Question>,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let answered = Answered { labels, skipped };
        Self::with_open(context, model, answered, Vec::new(), None, progress)
    }

    /// The same, while pairs of later batches wait for their answers; the model's λ was this.
    pub(super) fn with_open(
        context: Context<'_>,
        model: Model,
        answered: Answered,
        open: Vec<Question>,
        chosen: Option<f64>,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let Answered { labels, skipped } = answered;
        let known = Known { labels: &labels, open: &open };
        let posterior = LabelPosterior::with_open(context, &model, known, chosen, progress)?;
        let mut design = Design::of(context, &model, progress)?;
        design.learn(context, &model, &posterior, known)?;
        Ok(Self { model, labels, skipped, open, posterior, design })
    }

    /// Every pair that was asked about.
    pub(super) fn asked(&self) -> AskedPairs {
        let labelled = self.labels.iter().map(|label| &label.question);
        AskedPairs::of(labelled.chain(&self.skipped).chain(&self.open))
    }

    /// How many pairs have a label, or are to have one.
    pub(super) fn labels(&self) -> usize {
        self.labels.len().saturating_add(self.open.len())
    }

    /// Learns from the answers of a round, and from all before.
    pub(super) fn learn(
        &mut self,
        context: Context<'_>,
        round: u64,
        answered: &Answered,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        self.labels.extend(&answered.labels);
        self.skipped.extend(&answered.skipped);
        if self.labels.is_empty() {
            return Ok(());
        }
        let chosen = teach(context, round, &mut self.model, &self.labels, progress)?;
        self.posterior = LabelPosterior::of(context, &self.model, &self.labels, chosen, progress)?;
        let known = Known { labels: &self.labels, open: &self.open };
        self.design.learn(context, &self.model, &self.posterior, known)
    }
}

/// Trains a model on all labels so far, those of this round the last; gives back λ, where the fit has
/// chosen it.
pub(super) fn teach(
    context: Context<'_>,
    round: u64,
    model: &mut Model,
    labels: &[Label],
    progress: &mut dyn Progress,
) -> Result<Option<f64>> {
    if context.settings.training.init == Init::Fresh || round == 1 {
        model.reset(context.settings.seed, round)?;
    }
    Ok(model.fit(context, round, labels, progress)?.prior_precision())
}
