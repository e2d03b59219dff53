//! [`State`]: where an annotation loop stands between two rounds.

use pairpick_core::arith::Real;

use super::answer::Answered;
use super::design::Design;
use super::posterior::LabelPosterior;
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
    /// Of the labels, under the model.
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
        let posterior = LabelPosterior::of(context, &model, &labels, None, progress)?;
        let mut design = Design::of(context, &model, progress)?;
        design.learn(context, &model, &posterior, &labels)?;
        Ok(Self { model, labels, skipped, posterior, design })
    }

    /// Every pair that was asked about.
    pub(super) fn asked(&self) -> AskedPairs {
        AskedPairs::of(self.labels.iter().map(|label| &label.question).chain(&self.skipped))
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
        if context.settings.training.init == Init::Fresh || round == 1 {
            self.model.reset(context.settings.seed, round)?;
        }
        let learnt = self.model.fit(context, round, &self.labels, progress)?;
        let chosen = learnt.prior_precision();
        self.posterior = LabelPosterior::of(context, &self.model, &self.labels, chosen, progress)?;
        self.design.learn(context, &self.model, &self.posterior, &self.labels)
    }
}
