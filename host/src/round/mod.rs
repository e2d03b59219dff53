//! The annotation loop: pool → select → ask → train → evaluate, round by round.
//!
//! Every draw has a stream of its own, named by purpose and round, so a round depends on the
//! settings, the data and the answers so far, and on nothing else. Who answers is an [`Answerer`],
//! and where the rounds are recorded a [`Journal`]: the loop knows neither.

pub mod answer;
mod blocks;
pub mod certainty;
mod design;
pub mod evaluate;
pub mod held_out;
mod identical;
mod information;
pub mod journal;
pub mod measure;
pub mod metrics;
mod pool;
pub mod posterior;
mod prompts;
pub mod propose;
pub mod request;
pub mod score;
mod select;
mod state;
pub mod steps;
pub(crate) mod target;
mod weights;

use std::time::Instant;

use pairpick_core::arith::Real;

use self::answer::Answerer;
use self::held_out::held_out;
use self::journal::{Committed, Journal, RoundRecord};
use self::metrics::{
    ByPrompt, CovariateMetrics, CovariateShare, HeldOutMetrics, PerLabel, RoundMetrics, Summary,
};
use self::request::{Request, strategy_of};
use self::select::Batch;
use self::state::State;
use crate::data::dataset::Dataset;
use crate::error::Result;
use crate::model::{Context, Model};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::{Precision, Settings};

/// Runs the rounds that the journal leaves to do, recording each as it ends. It ends early where
/// every pair has been asked about, or whoever answers stops.
///
/// # Errors
/// What the data, the settings, the answerer, the journal or the core refuse; the rounds that ended
/// are then recorded.
pub fn run(
    dataset: &Dataset,
    settings: &Settings,
    threads: &Threads,
    answerer: &mut dyn Answerer,
    journal: &mut dyn Journal,
    progress: &mut dyn Progress,
) -> Result<Summary> {
    let listed = dataset.candidates.as_ref().map(|list| list.pairs.as_slice());
    let context = Context { embeddings: &dataset.train.embeddings, settings, threads, listed };
    let committed = journal.begin(settings, context.embeddings)?;
    if committed.rounds.len() >= settings.asking.rounds {
        return Ok(Summary { rounds: committed.rounds });
    }
    // On the pool from here on, so that no kernel has to enter it.
    threads.install(|| match settings.asking.precision {
        Precision::F32 => Loop::<f32>::after(committed, dataset, context, progress)?
            .finish(answerer, journal, progress),
        Precision::F64 => Loop::<f64>::after(committed, dataset, context, progress)?
            .finish(answerer, journal, progress),
    })
}

/// What is known after a round, as means and of each test prompt.
struct Measured {
    metrics: RoundMetrics,
    by_prompt: ByPrompt,
}

/// A loop with the selection in the precision `T`, between two rounds.
struct Loop<'a, T> {
    dataset: &'a Dataset,
    context: Context<'a>,
    state: State<T>,
    ended: Vec<RoundMetrics>,
    /// Whether it was said that pairs are identical.
    told_identical: bool,
}

impl<'a, T: Real> Loop<'a, T> {
    fn after(
        committed: Committed,
        dataset: &'a Dataset,
        context: Context<'a>,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let Committed { rounds, labels, skipped, model } = committed;
        let model = model.map_or_else(|| Model::untrained(context, progress), Ok)?;
        let state = State::new(context, model, labels, skipped, progress)?;
        Ok(Self { dataset, context, state, ended: rounds, told_identical: false })
    }

    fn finish(
        mut self,
        answerer: &mut dyn Answerer,
        journal: &mut dyn Journal,
        progress: &mut dyn Progress,
    ) -> Result<Summary> {
        while self.ended.len() < self.context.settings.asking.rounds {
            if !self.round(answerer, journal, progress)? {
                break;
            }
        }
        Ok(Summary { rounds: self.ended })
    }

    /// Asks, learns, measures and records; whether there was something to ask, and an answer.
    fn round(
        &mut self,
        answerer: &mut dyn Answerer,
        journal: &mut dyn Journal,
        progress: &mut dyn Progress,
    ) -> Result<bool> {
        let (start, round) = (Instant::now(), self.ended.len() as u64 + 1);
        let batch = select::batch(&self.request(round), &self.state, progress)?;
        if batch.questions.is_empty() {
            progress.note(&format!("round {round}: no pair is left to ask about; ending here"));
            return Ok(false);
        }
        if !self.told_identical
            && let Some(note) = batch.identical.note(round)
        {
            progress.note(&note);
            self.told_identical = true;
        }
        let per_label = self.per_label(round, &batch, progress);
        let Some(answered) = answerer.answer(&batch.questions)? else {
            return Ok(false);
        };
        self.state.learn(self.context, round, &answered, progress)?;
        let Measured { metrics, by_prompt } =
            self.measure(round, &batch, per_label, start, progress)?;
        let (model, embeddings) = (&self.state.model, self.context.embeddings);
        journal.commit(RoundRecord {
            answered: &answered,
            model,
            metrics: &metrics,
            by_prompt: &by_prompt,
            embeddings,
            candidates: self.dataset.candidates.as_ref(),
        })?;
        progress.round(round, &metrics.to_string());
        self.ended.push(metrics);
        Ok(true)
    }

    fn request(&self, round: u64) -> Request<'a> {
        Request {
            context: self.context,
            candidates: self.dataset.candidates.as_ref(),
            round,
            strategy: strategy_of(self.context.settings, round),
        }
    }

    /// What a label of a batch tells; the first round in which that is little is worth a note.
    fn per_label(&self, round: u64, batch: &Batch, progress: &mut dyn Progress) -> PerLabel {
        let per_label = PerLabel::after(batch.worth.per_label, &self.ended);
        let has_confidence = self.state.model.trunk().moment().is_some();
        if !has_confidence
            && per_label.is_little()
            && !self.ended.iter().any(RoundMetrics::tells_little)
        {
            progress.note(&format!("round {round}: {per_label}"));
        }
        per_label
    }

    /// Says so once where further labels are to change the order little.
    fn note_confidence(&self, round: u64, confidence: Option<f64>, progress: &mut dyn Progress) {
        let is_enough = |confidence: &f64| *confidence >= certainty::CONFIDENT;
        let before = self.ended.iter().filter_map(|round| round.confidence);
        let Some(confidence) = confidence.filter(is_enough) else {
            return;
        };
        if !before.into_iter().any(|confidence| is_enough(&confidence)) {
            progress.note(&format!(
                "round {round}: the model is sure of its order (confidence {confidence:.2}): further \
                 labels are to change it little, as far as its features can tell"
            ));
        }
    }

    /// What covariates do in the model, and how it orders test responses without and by each alone.
    fn covariates(&self, progress: &mut dyn Progress) -> Result<Vec<CovariateMetrics>> {
        let model = &self.state.model;
        let spearman = |model: &Model, progress: &mut dyn Progress| -> Result<Option<f64>> {
            let Some(test) = &self.dataset.test else {
                return Ok(None);
            };
            let evaluated = evaluate::evaluate(model, test, self.context.threads, &[], progress)?;
            Ok(evaluated.spearman.map(|spearman| 1.0 - spearman))
        };
        let shares = certainty::shares(model).into_iter().enumerate();
        let metrics = shares.map(|(place, CovariateShare { name, coefficient, share })| {
            let without = model.clone().without(std::slice::from_ref(&name))?;
            Ok(CovariateMetrics {
                name,
                coefficient,
                share,
                one_minus_spearman_without: spearman(&without, progress)?,
                one_minus_spearman_alone: spearman(&model.clone().of_covariate(place), progress)?,
            })
        });
        metrics.collect()
    }

    /// What the model expects of held-out answers, if there are any.
    fn held_out(&self) -> Result<Option<HeldOutMetrics>> {
        let Some(labels) = &self.dataset.test_labels else {
            return Ok(None);
        };
        let (model, embeddings) = (&self.state.model, self.dataset.test_embeddings());
        let answers = held_out(model, embeddings, self.context.threads, labels)?;
        Ok(Some(HeldOutMetrics::new(labels.len(), &answers)))
    }

    /// What is known after a round that asked this batch, and began then.
    fn measure(
        &self,
        round: u64,
        batch: &Batch,
        per_label: PerLabel,
        start: Instant,
        progress: &mut dyn Progress,
    ) -> Result<Measured> {
        let Context { settings, threads, .. } = self.context;
        let State { model, labels, posterior, .. } = &self.state;
        let test = match &self.dataset.test {
            Some(test) => {
                let best_of = &settings.measuring.best_of;
                evaluate::evaluate(model, test, threads, best_of, progress)?
            }
            None => evaluate::Evaluation::default(),
        };
        let log_det = posterior.log_det(progress);
        let confidence = certainty::confidence(model, posterior.precision())?;
        self.note_confidence(round, confidence, progress);
        let metrics = RoundMetrics {
            round,
            labels: labels.len() as u64,
            one_minus_spearman: test.spearman.map(|spearman| 1.0 - spearman),
            best_of_n: test.best_of_n,
            pairwise_accuracy: test.pairwise_accuracy,
            held_out: self.held_out()?,
            confidence,
            covariates: self.covariates(progress)?,
            prior_precision: posterior.prior_precision(),
            log_det: log_det.map(|log_det| log_det.value),
            log_det_over_prior: log_det.map(|log_det| log_det.over_prior),
            information_per_label: per_label.nats,
            information_share: per_label.share,
            certificate: batch.worth.certificate,
            seconds: start.elapsed().as_secs_f64(),
            digest: model.digest()?,
        };
        Ok(Measured { metrics, by_prompt: test.by_prompt })
    }
}
