//! [`batch`]: one batch, by the core's selection over a drawn pool.

use pairpick_core::Error as Core;
use pairpick_core::arith::Real;
use pairpick_core::linalg::Packed;
use pairpick_core::pool::{ItemPair, Pool};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Information, Options, Problem, Selection, Strategy};
use pairpick_core::topk::Scored;

use super::information::{self, Worth};
use super::pool::{IdenticalPairs, RoundPool};
use super::request::Request;
use super::state::State;
use super::target::target;
use crate::data::question::Question;
use crate::error::{Error, Result};
use crate::memory::Selector;
use crate::model::{FeatureCache, Features};
use crate::parallel::Threads;
use crate::progress::Progress;

/// Pairs to ask about, and what is known of them.
#[derive(Default)]
pub(super) struct Batch {
    /// How many the pool offered.
    pub(super) offered: u64,
    /// What became of pairs of identical items.
    pub(super) identical: IdenticalPairs,
    /// What the batch tells about the last layer, if the strategy counts it.
    pub(super) information: Option<Information>,
    /// Best first.
    pub(super) questions: Vec<Question>,
    pub(super) worth: Worth,
    /// Features of the pool's items.
    pub(super) cache: FeatureCache,
}

/// Draws a pool and picks a batch; fewer pairs, with a note, if the pool offers fewer, and none if
/// every pair was asked about.
pub(super) fn batch<T: Real>(
    request: &Request<'_>,
    state: &State<T>,
    progress: &mut dyn Progress,
) -> Result<Batch> {
    let drawn = RoundPool::draw(request, &state.asked())?;
    if drawn.available()? == 0 {
        let worth = Worth { gain: Some(0.0), ..Worth::default() };
        return Ok(Batch { worth, ..Batch::default() });
    }
    let (embeddings, threads) = (request.context.embeddings, request.context.threads);
    let trunk = state.model.trunk();
    progress.begin("embedding", 0);
    let features =
        trunk.features_cached(state.posterior.cache(), embeddings, &drawn.items, threads)?;
    progress.end();
    let batch = select(request, state, &drawn, &features, progress)?;
    Ok(Batch { cache: FeatureCache { items: drawn.items, features }, ..batch })
}

fn select<T: Real>(
    request: &Request<'_>,
    state: &State<T>,
    drawn: &RoundPool,
    features: &Features,
    progress: &mut dyn Progress,
) -> Result<Batch> {
    progress.begin("embedding", 0);
    let design = state.design.of_pool(request, &state.model, &state.posterior, drawn, features)?;
    progress.end();
    let (mut first_pairs, mut same_pairs) = (Vec::new(), Vec::new());
    let pool = &drawn.pool(design.features.columns()?, &mut first_pairs)?;
    let threads = request.context.threads;
    let size = size(request, drawn, pool, progress);
    progress.begin("selecting", 0);
    let target = match request.strategy.facts().target {
        true => Some(target::<T>(request, design.trunk, pool, &drawn.starts)?),
        false => None,
    };
    let target = target.as_ref().map(|target| Packed::new(target.order(), target.as_slice()));
    let target = target.transpose().map_err(request.refused())?;
    let options = &Options { target, ..options(request, state, pool, size, progress) };
    let posterior = &design.posterior()?;
    let problem = Problem { executor: threads, pool, posterior, options };
    let picked = pick_within_caps(request, &problem, size, progress);
    let embeddings = request.context.embeddings;
    let refused = embeddings.refused_rewards(&drawn.items, request.refused());
    let Picked { pairs, selection } = picked.map_err(refused)?;
    progress.end();
    warn::<T>(request, &selection, progress);
    // What it is worth shows on what the last layer sees.
    let posterior = &state.posterior.with_head(state.model.head())?;
    let pool = &drawn.pool(features.columns()?, &mut same_pairs)?;
    let measured = Problem { pool, posterior, ..problem };
    let worth = information::of_batch(request, &measured, &pairs, progress);
    let ranked = pairs.len().saturating_sub(options.mixed);
    let scored = match request.strategy {
        Strategy::Random => 0,
        _ => noise_from(&selection).map_or(ranked, |from| from.min(ranked)),
    };
    let information = selection.information.map(|information| Information {
        noise_from: (scored < pairs.len()).then_some(scored),
        ..information
    });
    let questions = questions(request, drawn, pool, &pairs, scored);
    let (offered, identical) = (pool.available(), drawn.identical);
    Ok(Batch { offered, identical, information, questions, worth, ..Batch::default() })
}

/// How many pairs are picked.
fn size(
    request: &Request<'_>,
    drawn: &RoundPool,
    pool: &Pool<'_>,
    progress: &mut dyn Progress,
) -> usize {
    let (wanted, round) = (request.context.settings.asking.batch, request.round);
    let size = wanted.min(offered(pool));
    if size < wanted {
        let differ = match drawn.identical {
            IdenticalPairs::Left(1..) | IdenticalPairs::Copies(_) => " and no identical embeddings",
            IdenticalPairs::Left(0) | IdenticalPairs::All => "",
        };
        progress.note(&format!("round {round}: only {size} pairs drawn have no label yet{differ}"));
    }
    size
}

fn offered(pool: &Pool<'_>) -> usize {
    usize::try_from(pool.available()).unwrap_or(usize::MAX)
}

/// What the strategy reads of the settings, for a batch of this size.
fn options<T: Real>(
    request: &Request<'_>,
    state: &State<T>,
    pool: &Pool<'_>,
    size: usize,
    progress: &mut dyn Progress,
) -> Options<'static, T> {
    let Request { context, round, strategy, .. } = *request;
    let asking = &context.settings.asking;
    let (labels, prompts) = (state.labels(), context.embeddings.prompts());
    let mut options = Options {
        mixed: asking.mixed(size),
        distinct: asking.caps_after(strategy, labels, prompts),
        ..asking.options(strategy)
    };
    let offered = offered(pool);
    if strategy == Strategy::Coreset && options.clusters > offered {
        options.clusters = offered;
        progress.note(&format!("round {round}: only {offered} clusters, a pair each"));
    }
    options
}

/// Pairs of a pool, best first, and what the strategy tells of them.
struct Picked<T> {
    pairs: Vec<Scored<T>>,
    selection: Selection,
}

/// A batch of this size; a smaller one, with a note, where the caps allow no more.
fn pick_within_caps<T: Real>(
    request: &Request<'_>,
    problem: &Problem<'_, T, Threads>,
    size: usize,
    progress: &mut dyn Progress,
) -> Result<Picked<T>, Core> {
    match pick(request, problem, size) {
        // What the caps leave of the pool shows only as pairs are taken.
        Err(Core::Batch { available, .. }) if 0 < available && available < size as u64 => {
            let (round, cap) =
                (request.round, "once these were chosen, `distinct` allowed no other");
            progress.note(&format!("round {round}: {available} pairs, not {size}: {cap}"));
            pick(request, problem, available as usize)
        }
        picked => picked,
    }
}

fn pick<T: Real>(
    request: &Request<'_>,
    problem: &Problem<'_, T, Threads>,
    size: usize,
) -> Result<Picked<T>, Core> {
    let strategy = request.strategy;
    let mut rng = Stream::new(request.context.settings.seed, strategy.name(), request.round);
    let mut selector = Selector::default();
    let picked = selector.select(strategy, problem, size, &mut rng)?;
    Ok(Picked { pairs: picked.pairs.to_vec(), selection: picked.selection })
}

/// Notes what makes a batch worth less than it looks.
fn warn<T: Real>(request: &Request<'_>, selection: &Selection, progress: &mut dyn Progress) {
    let round = request.round;
    if let Err(error) = selection.checked::<T>() {
        let warning =
            Error::core(format!("round {round}: scores may have no correct digit"))(error);
        progress.note(&warning.to_string());
    } else if let Some(rounding) = selection.rounding::<T>() {
        progress.note(&format!(
            "round {round}: rounding may have changed scores by {:.1} %; try `precision` f64 or \
             a larger `prior_precision`",
            100.0 * rounding
        ));
    }
    if let Some(from) = noise_from(selection) {
        progress.note(&format!(
            "round {round}: pairs from {} on are random: the best score was within the noise of the \
             median (more `posterior_samples` tell more pairs apart)",
            from + 1
        ));
    }
}

/// The place from which pairs are random, since no score stood out from the noise.
fn noise_from(selection: &Selection) -> Option<usize> {
    selection.information.and_then(|information| information.noise_from)
}

/// The pairs as questions; the first ones, as many as were scored, with their scores.
fn questions<T: Real>(
    request: &Request<'_>,
    drawn: &RoundPool,
    pool: &Pool<'_>,
    picked: &[Scored<T>],
    scored: usize,
) -> Vec<Question> {
    let question = |(place, picked): (usize, &Scored<T>)| {
        let ItemPair { a, b } = pool.pairs().items_of_pair(picked.pair)?;
        Some(Question {
            round: request.round,
            a: drawn.items[a as usize],
            b: drawn.items[b as usize],
            candidate: drawn.place(picked.pair),
            score: (place < scored).then(|| picked.score.to_f64()),
        })
    };
    picked.iter().enumerate().filter_map(question).collect()
}
