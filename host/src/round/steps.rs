//! The steps of a round, for whoever takes them one by one: batches that are chosen while others are
//! answered, models that learn when answers come.

use pairpick_core::arith::Real;

use super::answer::Answered;
use super::certainty::{confidence, shares};
use super::metrics::CovariateShare;
use super::posterior::LabelPosterior;
use super::request::Request;
use super::select;
use super::state::{State, teach};
use crate::data::labels::Label;
use crate::data::question::Question;
use crate::error::Result;
use crate::model::{Context, Model};
use crate::progress::Progress;
use crate::settings::Precision;

pub use super::certainty::CONFIDENT;

/// A model and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Taught {
    /// What the labels so far have taught.
    pub model: Model,
    /// λ, where the fit has chosen it.
    pub prior_precision: Option<f64>,
    /// ρ, the correlation that is to be expected between the model's differences within prompts and
    /// those of the best head, where its features tell.
    pub confidence: Option<f64>,
}

impl Taught {
    /// The model before any label.
    ///
    /// # Errors
    /// As [`Model::untrained`].
    pub fn nothing(context: Context<'_>, progress: &mut dyn Progress) -> Result<Self> {
        let model = Model::untrained(context, progress)?;
        Ok(Self { model, prior_precision: None, confidence: None })
    }

    /// The same model after a round, trained on all labels so far; as it was, where there is none.
    ///
    /// # Errors
    /// As [`Model::fit`].
    pub fn learn(
        mut self,
        context: Context<'_>,
        round: u64,
        labels: &[Label],
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        if labels.is_empty() {
            return Ok(self);
        }
        self.prior_precision = teach(context, round, &mut self.model, labels, progress)?;
        self.confidence = match context.settings.asking.precision {
            Precision::F32 => self.confidence_after::<f32>(context, labels, progress)?,
            Precision::F64 => self.confidence_after::<f64>(context, labels, progress)?,
        };
        Ok(self)
    }

    /// What covariates do in the model.
    #[must_use]
    pub fn covariates(&self) -> Vec<CovariateShare> {
        shares(&self.model)
    }

    fn confidence_after<T: Real>(
        &self,
        context: Context<'_>,
        labels: &[Label],
        progress: &mut dyn Progress,
    ) -> Result<Option<f64>> {
        let Self { model, prior_precision, .. } = self;
        let posterior =
            LabelPosterior::<T>::of(context, model, labels, *prior_precision, progress)?;
        confidence(model, posterior.precision())
    }
}

/// A batch that a model has chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// Best first; none where every pair was asked about.
    pub questions: Vec<Question>,
    /// Pairs on offer.
    pub offered: u64,
}

/// Chooses the batch of a round by a model and the answers that it has learnt from, while pairs of
/// batches before wait for theirs: these are not on offer, and count as labelled ones do.
///
/// # Errors
/// What reading the embeddings refuses; [`crate::Error::Core`] if the strategy's matrix has no factor.
pub fn choose(
    request: &Request<'_>,
    taught: &Taught,
    known: Answered,
    open: Vec<Question>,
    progress: &mut dyn Progress,
) -> Result<Chosen> {
    match request.context.settings.asking.precision {
        Precision::F32 => choose_at::<f32>(request, taught, known, open, progress),
        Precision::F64 => choose_at::<f64>(request, taught, known, open, progress),
    }
}

fn choose_at<T: Real>(
    request: &Request<'_>,
    taught: &Taught,
    known: Answered,
    open: Vec<Question>,
    progress: &mut dyn Progress,
) -> Result<Chosen> {
    let Taught { model, prior_precision, .. } = taught.clone();
    let context = request.context;
    let state = State::<T>::with_open(context, model, known, open, prior_precision, progress)?;
    let batch = select::batch(request, &state, progress)?;
    if let Some(note) = batch.identical.note(request.round) {
        progress.note(&note);
    }
    Ok(Chosen { questions: batch.questions, offered: batch.offered })
}
