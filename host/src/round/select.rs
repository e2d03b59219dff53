//! One batch: the core's selection over a drawn pool.

use pairpick_core::Error as Core;
use pairpick_core::arith::Real;
use pairpick_core::linalg::Packed;
use pairpick_core::pool::ItemPair;
use pairpick_core::rng::Stream;
use pairpick_core::select::{Information, Options, Posterior, Problem, Selection, Strategy};
use pairpick_core::topk::Scored;

use super::information::{self, Gain};
use super::pool::RoundPool;
use super::posterior::LabelPosterior;
use super::target::{prompt_starts, target};
use crate::data::candidates::Candidates;
use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::error::{Error, Result};
use crate::memory::Selector;
use crate::model::{FeatureCache, Features, Model};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::{FirstRound, Settings};

/// Who selects, and when.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The size of the batch, and how the pool is drawn.
    pub settings: &'a Settings,
    /// Threads and instruction set.
    pub threads: &'a Threads,
    /// The round, from 1, which every draw is keyed by.
    pub round: u64,
    /// What ranks the pairs.
    pub strategy: Strategy,
    /// The pairs that can be asked about, where not all can.
    pub candidates: Option<&'a Candidates>,
}

/// The strategy of a round: when no label is there to learn from, it may be another.
pub fn strategy_of(settings: &Settings, round: u64) -> Strategy {
    match settings.asking.first_round {
        FirstRound::Random if round == 1 => Strategy::Random,
        _ => settings.asking.strategy,
    }
}

/// Pairs to ask about, best first.
#[derive(Default)]
pub(super) struct Batch {
    /// How many the pool offered.
    pub(super) offered: u64,
    /// What the batch tells about the last layer, if the strategy counts it.
    pub(super) information: Option<Information>,
    pub(super) pairs: Vec<Picked>,
    pub(super) gain: Gain,
    /// The pool's items.
    pub(super) embedded: FeatureCache,
}

/// A pair to ask about.
pub(super) struct Picked {
    /// Where it stands in the candidates' file, if there is one, from 0.
    pub(super) place: Option<u64>,
    /// The pair's items, in the pool's order.
    pub(super) a: u64,
    pub(super) b: u64,
    /// The strategy's score; pairs drawn at random, by whatever strategy, have none.
    pub(super) score: Option<f64>,
}

/// Draws a pool and picks a batch; fewer pairs, with a note, if the pool offers fewer, and none if
/// every pair has a label.
pub(super) fn batch<T: Real>(
    request: &Request<'_>,
    embeddings: &Embeddings,
    (model, past, labels): (&Model, &LabelPosterior<T>, &[Label]),
    progress: &mut dyn Progress,
) -> Result<Batch> {
    let Request { settings, candidates, round, .. } = *request;
    let draw = RoundPool::new(embeddings, candidates, settings, round, labels)?;
    if draw.available()? == 0 {
        let gain = Gain { nats: Some(0.0), ..Gain::default() };
        return Ok(Batch { gain, ..Batch::default() });
    }
    let trunk = model.trunk();
    let features = trunk.features_cached(past.cache(), embeddings, &draw.items, request.threads)?;
    let starts = prompt_starts(embeddings, &draw.items);
    let batch = select(request, (&draw, &starts), &features, (model, past), progress)?;
    Ok(Batch { embedded: FeatureCache { items: draw.items, features }, ..batch })
}

fn select<T: Real>(
    request: &Request<'_>,
    (draw, starts): (&RoundPool, &[u32]),
    features: &Features,
    (model, past): (&Model, &LabelPosterior<T>),
    progress: &mut dyn Progress,
) -> Result<Batch> {
    let Request { settings, threads, round, strategy, .. } = *request;
    let mut first_pairs = Vec::new();
    let pool = draw.pool(features.columns()?, &mut first_pairs)?;
    let pool = pool.with_prompts(starts).map_err(Error::core("the pool"))?;
    let offered = usize::try_from(pool.available()).unwrap_or(usize::MAX);
    let batch = settings.asking.batch.min(offered);
    if batch < settings.asking.batch {
        progress.note(&format!("round {round}: only {batch} pairs drawn have no label yet"));
    }
    let target = match strategy.facts().target {
        true => Some(target::<T>(threads, &pool, starts)?),
        false => None,
    };
    let context = || Error::core(format!("round {round}, {}", strategy.name()));
    let lent = target.as_ref().map(|target| Packed::new(target.order(), target.as_slice()));
    let mixed = settings.asking.mixed(batch);
    let mut options = Options {
        target: lent.transpose().map_err(context())?,
        mixed,
        ..settings.asking.options(strategy)
    };
    if strategy == Strategy::Coreset && options.clusters > offered {
        options.clusters = offered;
        progress.note(&format!("round {round}: only {offered} clusters, a pair each"));
    }
    let posterior = Posterior {
        head: model.head(),
        prior_precision: T::from_f64(past.prior_precision()),
        jitter: T::ZERO,
        past: past.fisher()?,
    };
    let (pool, posterior) = (&pool, &posterior);
    let problem = Problem { executor: threads, pool, posterior, options: &options };
    let (chosen, selection) = match pick(&problem, strategy, settings.seed, round, batch) {
        // What the caps leave of the pool shows only as pairs are taken.
        Err(Core::Batch { available, .. }) if 0 < available && available < batch as u64 => {
            let cap = "once these were chosen, `distinct` allowed no other";
            progress.note(&format!("round {round}: {available} pairs, not {batch}: {cap}"));
            pick(&problem, strategy, settings.seed, round, available as usize)
        }
        picked => picked,
    }
    .map_err(context())?;
    if let Err(error) = selection.checked::<T>() {
        let warning =
            Error::core(format!("round {round}: scores may have no correct digit"))(error);
        progress.note(&warning.to_string());
    }
    let random_from = selection.information.and_then(|information| information.noise_from);
    if let Some(from) = random_from {
        progress.note(&format!(
            "round {round}: pairs from {} on are random: the best score was within the noise of the \
             median (more `posterior_samples` tell more pairs apart)",
            from + 1
        ));
    }
    let gain = information::of_batch(request, &problem, &chosen, progress);
    let front = chosen.len().saturating_sub(mixed);
    let scored = match strategy {
        Strategy::Random => 0,
        _ => random_from.map_or(front, |from| from.min(front)),
    };
    let picked = chosen.iter().enumerate().filter_map(|(place_in_batch, chosen)| {
        let ItemPair { a, b } = pool.pairs().items_of_pair(chosen.pair)?;
        let (a, b) = (draw.items[a as usize], draw.items[b as usize]);
        let score = (place_in_batch < scored).then(|| chosen.score.to_f64());
        let place = draw.place(chosen.pair);
        Some(Picked { place, a, b, score })
    });
    let offered = pool.available();
    let noise_from = (scored < chosen.len()).then_some(scored);
    let information =
        selection.information.map(|information| Information { noise_from, ..information });
    let pairs = picked.collect();
    Ok(Batch { offered, information, pairs, gain, ..Batch::default() })
}

/// A batch of so many pairs.
fn pick<T: Real>(
    problem: &Problem<'_, T, Threads>,
    strategy: Strategy,
    seed: u64,
    round: u64,
    batch: usize,
) -> Result<(Vec<Scored<T>>, Selection), Core> {
    let mut rng = Stream::new(seed, strategy.name(), round);
    let mut selector = Selector::default();
    let picked = selector.select(strategy, problem, batch, &mut rng)?;
    Ok((picked.pairs.to_vec(), picked.selection))
}
