//! The annotation loop: pool → select → ask → train → evaluate, round by round.
//!
//! Every draw has a stream of its own, named by purpose and round, so a round depends on the
//! settings, the data and the labels so far, and on nothing else.

pub mod evaluate;
pub mod held_out;
mod information;
pub mod metrics;
mod pool;
mod posterior;
pub mod propose;
pub mod select;
mod target;
mod weights;

use std::time::Instant;

use pairpick_core::arith::Real;
use pairpick_core::rng::Stream;

use self::information::Gain;
use self::metrics::{PerLabel, RoundMetrics, Summary};
use self::posterior::LabelPosterior;
use crate::data::dataset::Dataset;
use crate::data::labels::{Label, LabelRecord};
use crate::data::rewards::Rewards;
use crate::error::{Error, Result};
use crate::label::oracle::{self, Known};
use crate::model::{Context, Model};
use crate::named::Named;
use crate::output::{Committed, OutputFolder};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::{Answers, Init, Precision, Settings};

/// Runs the rounds that `committed` leaves to do, writing each to `out` as it ends.
///
/// # Errors
/// What the data, the settings or the core refuse; the files of the rounds that ended are then
/// written.
pub fn run(
    dataset: &Dataset,
    settings: &Settings,
    threads: &Threads,
    committed: Committed,
    out: &mut OutputFolder,
    progress: &mut dyn Progress,
) -> Result<Summary> {
    // On the pool from here on, so that no kernel has to enter it.
    threads.install(|| match settings.asking.precision {
        Precision::F32 => run_at::<f32>(dataset, settings, threads, committed, out, progress),
        Precision::F64 => run_at::<f64>(dataset, settings, threads, committed, out, progress),
    })
}

/// [`run`] with the selection in the precision `T`.
fn run_at<T: Real>(
    dataset: &Dataset,
    settings: &Settings,
    threads: &Threads,
    committed: Committed,
    out: &mut OutputFolder,
    progress: &mut dyn Progress,
) -> Result<Summary> {
    let mut summary = Summary { rounds: committed.rounds };
    let first = summary.rounds.len() as u64 + 1;
    let rounds = settings.asking.rounds as u64;
    if first > rounds {
        return Ok(summary);
    }
    let embeddings = &dataset.train.embeddings;
    let context = Context { embeddings, settings, threads };
    let mut model = match &committed.model {
        Some(model) => model.clone(),
        None => Model::untrained(context, progress)?,
    };
    let labels: Result<Vec<Label>> =
        committed.labels.iter().map(|record| record.label_in(embeddings)).collect();
    let mut labels = labels?;
    let mut past = LabelPosterior::<T>::of(context, &model, &labels, progress)?;
    for round in first..=rounds {
        let start = Instant::now();
        let (asked, gain) =
            ask(dataset, settings, threads, round, (&model, &past, &labels), progress)?;
        if asked.is_empty() {
            progress.note(&format!("round {round}: every pair has a label; ending here"));
            break;
        }
        let per_label = PerLabel::after(gain.per_label, &summary.rounds);
        if per_label.is_little() && !summary.rounds.iter().any(RoundMetrics::tells_little) {
            progress.note(&format!("round {round}: {}", per_label.words()));
        }
        labels.extend(&asked);
        if settings.training.init == Init::Fresh || round == 1 {
            model.reset(settings.seed, round)?;
        }
        model.fit(context, round, &labels, progress)?;
        past = LabelPosterior::of(context, &model, &labels, progress)?;
        let best_of = &settings.measuring.best_of;
        let test = match &dataset.test {
            Some(test) => evaluate::evaluate(&model, test, threads, best_of, progress)?,
            None => evaluate::Evaluation::default(),
        };
        let metrics = RoundMetrics {
            round,
            labels: labels.len() as u64,
            one_minus_spearman: test.spearman.map(|spearman| 1.0 - spearman),
            best_of_n: test.best_of_n,
            pairwise_accuracy: test.pairwise_accuracy,
            prior_precision: past.prior_precision(),
            log_det: past.log_det(progress)?,
            information_per_label: per_label.nats,
            information_share: per_label.share,
            certificate: gain.certificate,
            seconds: start.elapsed().as_secs_f64(),
            digest: model.digest()?,
        };
        let embeddings = &dataset.train.embeddings;
        let records: Vec<LabelRecord> =
            asked.iter().map(|label| LabelRecord::of(label, embeddings)).collect();
        out.commit(&records, &model, &metrics)?;
        progress.round(round, &metrics.line());
        summary.rounds.push(metrics);
    }
    Ok(summary)
}

/// Draws a pool, picks a batch, measures it, and has it answered, best first.
fn ask<T: Real>(
    dataset: &Dataset,
    settings: &Settings,
    threads: &Threads,
    round: u64,
    (model, past, labels): (&Model, &LabelPosterior<T>, &[Label]),
    progress: &mut dyn Progress,
) -> Result<(Vec<Label>, Gain)> {
    let train = &dataset.train;
    let strategy = select::strategy_of(settings, round);
    let candidates = dataset.candidates.as_ref();
    let request = select::Request { settings, threads, round, strategy, candidates };
    let batch = select::batch(&request, &train.embeddings, (model, past, labels), progress)?;
    let gain = batch.gain;
    let Answers { oracle, temperature } = settings.answers;
    let mut rng = Stream::new(settings.seed, "oracle", round);
    let golden = train.rewards.as_ref().map(Rewards::values);
    let recorded = candidates.and_then(|candidates| candidates.answers.as_deref());
    let answered = batch.pairs.into_iter().map(|picked| {
        let select::Picked { place, a, b, score } = picked;
        let reward = |item: u64| golden?.get(item as usize).copied();
        let known = Known {
            rewards: reward(a).zip(reward(b)),
            recorded: place.and_then(|place| recorded?.get(place as usize).copied()),
        };
        let preference = oracle::answer(oracle, temperature, known, &mut rng);
        let preference = preference.ok_or_else(|| unanswered(settings))?;
        Ok(Label { round, a, b, preference, score })
    });
    let answered: Result<Vec<Label>> = answered.collect();
    Ok((answered?, gain))
}

fn unanswered(settings: &Settings) -> Error {
    let expected = "answers from what the data does not have";
    Error::setting("oracle", settings.answers.oracle.name(), expected)
}
