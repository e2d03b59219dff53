//! How far a batch is from the best there could be: an upper bound on what any batch of its size
//! adds to log|P|, without looking at them one by one.
//!
//! P is the posterior precision before the batch; w and d are a pair's weight and difference. A batch
//! S gains f(S) = log|P + Σ w ddᵀ| − log|P|, which is monotone and submodular: what a pair e adds,
//! f(e | S) = ln(1 + w dᵀ(P + Σ_S)⁻¹d), never grows with S. So for every batch A, no batch of k
//! pairs gains more than f(A) and the k largest f(e | A) over the pairs outside it (Nemhauser, Wolsey
//! and Fisher, 1978). That is a bound at the batch itself, and one at none, f(∅) = 0, which is
//! exact for one pair and nearly so where all gains are small.
//!
//! A third bound relaxes the choice. Let a pair be chosen in part, 0 ≤ s ≤ 1 with Σ s = k, and
//! M(s) = P + Σ s w ddᵀ. Batches are the corners of that polytope, and the gain is concave on it with
//! the gradient g = w dᵀM(s)⁻¹d, so that for every s
//!
//! f(S) ≤ f(s) + (the k largest g) − Σ g s,  Σ g s = tr(M(s)⁻¹(M(s) − P)).
//!
//! The right-hand side is the Frank–Wolfe bound. Frank and Wolfe's method (1956; for designs,
//! Fedorov, 1972, and Jaggi, 2013) tightens it: the k largest g are the corner to go towards, and
//! the step is the one with the largest log|M|. Only the matrix B = M(s) − P is kept, a mixture of
//! the corners' matrices: no weight a pair is stored, and any pool serves, the one of all
//! cross-prompt pairs too, at one walk over its pairs an iteration. Wherever the iterations stop,
//! the bound holds.
//!
//! The least of the three is the bound. It holds under caps on the batch as well, which leave fewer
//! batches. P is λI and the past: no jitter, whatever a strategy adds to its own matrix, and the past
//! also where a strategy starts without it. Weights are p(1 − p) at the model's probabilities.
//!
//! # Rounding
//!
//! Gains and the first two bounds are sums of ln(1 + w v), each right to its own last digits whatever
//! λ is, and refused where the factor has lost them
//! ([`mutual_information`]). The Frank–Wolfe bound subtracts, and has an
//! allowance for it: ε κ times the sum of H, the k largest g and Σ g s, κ being the condition estimate
//! of M(s). Where M(s) has no factor in the precision `T`, that bound is left as it is.

use crate::arith::{Real, exp, log1p};
use crate::error::{Error, check_shape};
use crate::fisher::{Weighting, add_pairs, pairs_workspace_len};
use crate::head::{rewards, rewards_workspace_len};
use crate::linalg::{Cholesky, CholeskyView, Packed, PackedView, packed_len};
use crate::memory::{Memory, larger};
use crate::mutual_information::{self, BatchInformation, GrowingPosterior, growing_len};
use crate::parallel::{Executor, split_at};
use crate::pool::{Distinct, ItemPair, PickedPairs, PoolSize};
use crate::score::{Criterion, Ranking, ScoreWorkspaceLen, best_in};
use crate::select::{Problem, Sizes};
use crate::topk::Scored;

/// When the iterations end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// What the bound may be above the gain of the batch, or of the best choice in part that was
    /// found, in nats a feature: over H.
    pub gap: f64,
    /// The most iterations.
    pub iterations: usize,
}

impl Default for Effort {
    /// A thousandth of a nat a feature, which is a thousandth of D-efficiency.
    fn default() -> Self {
        Self { gap: 1e-3, iterations: 100 }
    }
}

/// What a batch gains, and what no batch of its size exceeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// H.
    pub order: usize,
    /// What the batch adds to log|P|.
    pub gain: f64,
    /// No batch of as many pairs of this pool adds more; at least the gain.
    pub bound: f64,
    /// Iterations of Frank and Wolfe's method.
    pub iterations: usize,
}

impl Certificate {
    /// What the best batch may gain beyond this one, at most.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.bound - self.gain
    }

    /// The D-efficiency of a batch with this gain, at least: (|M| / the largest |M|)^(1/H).
    #[must_use]
    pub fn d_efficiency(&self, gain: f64) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "at most MAX_ORDER")]
        let order = self.order as f64;
        exp((gain - self.bound) / order)
    }

    /// How much of the possible gain such a batch brings, at least; 1 where there is nothing to be
    /// gained.
    #[must_use]
    pub fn gain_share(&self, gain: f64) -> f64 {
        if self.bound > 0.0 { gain / self.bound } else { 1.0 }
    }

    fn lower_to(&mut self, bound: f64) {
        // The batch shows that there is one of this gain, which a rounded bound may miss.
        let bound = if bound < self.gain { self.gain } else { bound };
        if bound < self.bound {
            self.bound = bound;
        }
    }
}

/// Measures and bounds batches in memory of its own: arrays, lent slices, or what
/// [grows](crate::memory::Growing). [`workspace_len`] says how much a batch takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Certifier<N, H, P, R> {
    /// Numbers.
    pub numbers: N,
    /// A batch of candidates for each worker, and one more.
    pub heaps: H,
    /// The items of each pair of a batch.
    pub pairs: P,
    /// The pairs of a batch by their numbers.
    pub ranks: R,
}

/// Lengths of the parts of a [`Certifier`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceLen {
    /// Numbers.
    pub numbers: usize,
    /// Candidates.
    pub heaps: usize,
    /// Pairs.
    pub pairs: usize,
    /// Numbers of pairs.
    pub ranks: usize,
}

/// The memory with which a [`Certifier`] can work.
#[must_use]
pub const fn workspace_len(sizes: &Sizes) -> WorkspaceLen {
    let PoolSize { order, items, .. } = sizes.pool;
    let (batch, workers) = (sizes.batch, sizes.workers());
    let scores = ScoreWorkspaceLen::new(&sizes.pool)
        .at_least(larger(pairs_workspace_len(order), rewards_workspace_len(order)));
    let numbers = items
        .saturating_add(packed_len(order).saturating_mul(MATRICES))
        .saturating_add(order)
        .saturating_add(growing_len(order))
        .saturating_add(scores.numbers(workers));
    let heaps = workers.saturating_add(1).saturating_mul(batch);
    WorkspaceLen { numbers, heaps, pairs: batch, ranks: batch }
}

/// P, B, and the direction.
const MATRICES: usize = 3;

impl<N, H, P: Memory<ItemPair>, R: Memory<u64>> Certifier<N, H, P, R> {
    /// What a batch brings: [`mutual_information::of_batch`].
    ///
    /// # Errors
    /// As there.
    pub fn information<T: Real, E: Executor>(
        &mut self,
        problem: &Problem<'_, T, E>,
        batch: &[Scored<T>],
    ) -> Result<BatchInformation, Error>
    where
        N: Memory<T>,
    {
        let sizes = Sizes::of(problem.pool, batch.len(), problem.executor.threads());
        let len = mutual_information::workspace_len(&sizes);
        mutual_information::of_batch(problem, batch, self.numbers.lend("numbers", len)?)
    }

    /// What a batch gains, and a bound on what all batches of the pool gain that have as many pairs.
    /// `seen` has the bound before each iteration and at the end.
    ///
    /// # Errors
    /// [`Error::Batch`] if the pool offers fewer pairs; [`Error::Index`] for a pair that the pool
    /// does not have; [`Error::NotPositiveDefinite`] where P has no factor in the precision `T`,
    /// [`Error::IllConditioned`] where rounding may be more than a small part of the gain;
    /// [`Error::Shape`], [`Error::Workspace`], [`Error::NonFinite`].
    pub fn certify<T: Real, E: Executor>(
        &mut self,
        problem: &Problem<'_, T, E>,
        batch: &[Scored<T>],
        effort: Effort,
        seen: &mut impl FnMut(&Certificate),
    ) -> Result<Certificate, Error>
    where
        N: Memory<T>,
        H: Memory<Scored<T>>,
    {
        let Problem { executor, pool, posterior, .. } = *problem;
        let (requested, available) = (batch.len() as u64, pool.available());
        if requested > available {
            return Err(Error::Batch { requested, available });
        }
        let order = pool.features().rows();
        check_shape("order of the past Fisher matrix", order, posterior.past.order())?;
        let len = workspace_len(&Sizes::of(pool, batch.len(), executor.threads()));
        let pairs = self.pairs.lend("pairs", len.pairs)?;
        let ranks = self.ranks.lend("ranks", len.ranks)?;
        let (best, heaps) = split_at(self.heaps.lend("heaps", len.heaps)?, batch.len());
        let numbers = self.numbers.lend("numbers", len.numbers)?;
        let (rewards_of_items, numbers) = split_at(numbers, pool.features().len());
        let (matrices, numbers) = split_at(numbers, MATRICES * packed_len(order));
        let (diagonal, numbers) = split_at(numbers, order);
        let (factor, numbers) = split_at(numbers, growing_len(order));
        rewards(executor, pool.features(), posterior.head, rewards_of_items, numbers)?;
        let mut walk = Walk { problem, rewards: rewards_of_items, numbers, heaps, best, pairs };
        let mut certificate = bound_by_submodularity(&mut walk, batch, diagonal, factor, ranks)?;
        let line = Line::new(&mut walk, batch, matrices)?;
        let (matrix, columns) = split_at(factor, packed_len(order));
        Relaxation { walk, line, diagonal, matrix, columns }.lower(
            &mut certificate,
            effort,
            seen,
        )?;
        Ok(certificate)
    }
}

/// What the batch gains, and the bounds at no pair and at the batch.
fn bound_by_submodularity<T: Real, E: Executor>(
    walk: &mut Walk<'_, T, E>,
    batch: &[Scored<T>],
    diagonal: &mut [T],
    memory: &mut [T],
    ranks: &mut [u64],
) -> Result<Certificate, Error> {
    let Problem { pool, posterior, .. } = *walk.problem;
    let mut growing = GrowingPosterior::new(posterior, memory)?;
    for (place, slot) in diagonal.iter_mut().enumerate() {
        *slot = growing.factor().diagonal(place);
    }
    let from_none = walk.largest_gains(growing.factor(), None)?;
    let mut gain = 0.0;
    growing.add_batch(walk.problem, walk.rewards, batch, &mut |pair| gain += pair.gain())?;
    let (order, bound) = (growing.factor().order(), f64::INFINITY);
    let mut certificate = Certificate { order, gain, bound, iterations: 0 };
    certificate.lower_to(from_none);
    // What follows the batch may have lost its digits where what is in it has not.
    if let Ok(factor) = growing.finish() {
        let (mut picked, _) = PickedPairs::new(pool, Distinct::Unlimited, batch.len(), ranks)?;
        for scored in batch {
            picked.insert(scored.pair);
        }
        certificate.lower_to(gain + walk.largest_gains(&factor, Some(&picked))?);
    }
    Ok(certificate)
}

/// Walks over the pairs of the pool.
struct Walk<'a, T, E> {
    problem: &'a Problem<'a, T, E>,
    rewards: &'a [T],
    numbers: &'a mut [T],
    heaps: &'a mut [Scored<T>],
    best: &'a mut [Scored<T>],
    pairs: &'a mut [ItemPair],
}

impl<T: Real, E: Executor> Walk<'_, T, E> {
    /// Finds the pairs with the largest w dᵀM⁻¹d, as many as a batch has, but for those picked.
    fn find(
        &mut self,
        factor: &CholeskyView<'_, T>,
        picked: Option<&PickedPairs<'_>>,
    ) -> Result<&[Scored<T>], Error> {
        if self.best.is_empty() {
            return Ok(&[]);
        }
        let Problem { executor, pool, .. } = *self.problem;
        let criterion = Criterion::Leverage(factor, Weighting::Bernoulli);
        let mut ranking = Ranking::new(pool, self.rewards, criterion);
        if let Some(picked) = picked {
            ranking = ranking.beside(picked);
        }
        let parts = 0..ranking.parts();
        Ok(best_in(executor, &ranking, parts, self.numbers, self.heaps, self.best)?)
    }

    /// The sum of the largest gains ln(1 + w dᵀM⁻¹d) of one pair each.
    fn largest_gains(
        &mut self,
        factor: &CholeskyView<'_, T>,
        picked: Option<&PickedPairs<'_>>,
    ) -> Result<f64, Error> {
        let mut sum = 0.0;
        for pair in self.find(factor, picked)? {
            sum += log1p(pair.score.to_f64());
        }
        Ok(sum)
    }

    /// The matrix of a batch.
    fn sum(&mut self, batch: &[Scored<T>], sum: &mut PackedView<'_, T>) -> Result<(), Error> {
        sum_pairs(self.problem, batch, self.rewards, self.pairs, sum, self.numbers)
    }

    /// That of the pairs found last.
    fn sum_found(&mut self, sum: &mut PackedView<'_, T>) -> Result<(), Error> {
        sum_pairs(self.problem, self.best, self.rewards, self.pairs, sum, self.numbers)
    }
}

/// M(s) and the direction to go on in.
struct Line<'a, T> {
    /// P.
    start: PackedView<'a, T>,
    /// B = M(s) − P.
    mixture: PackedView<'a, T>,
    /// Of the corner with the k largest g, less B.
    direction: PackedView<'a, T>,
}

impl<'a, T: Real> Line<'a, T> {
    /// At the corner of a batch.
    fn new<E: Executor>(
        walk: &mut Walk<'_, T, E>,
        batch: &[Scored<T>],
        matrices: &'a mut [T],
    ) -> Result<Self, Error> {
        let posterior = walk.problem.posterior;
        let order = posterior.past.order();
        let (start, matrices) = split_at(matrices, packed_len(order));
        let (mixture, direction) = split_at(matrices, packed_len(order));
        let mut start = Packed::new(order, start)?;
        posterior.fill_precision(true, &mut start)?;
        let mut mixture = Packed::new(order, mixture)?;
        walk.sum(batch, &mut mixture)?;
        let mut direction = Packed::new(order, direction)?;
        direction.clear();
        Ok(Self { start, mixture, direction })
    }

    /// The factor of P + B + t·(the direction).
    fn factor_at<'m>(&self, t: T, matrix: &'m mut [T]) -> Result<CholeskyView<'m, T>, Error> {
        let Self { start, mixture, direction } = self;
        let parts = mixture.as_slice().iter().zip(direction.as_slice());
        let entries = matrix.iter_mut().zip(start.as_slice());
        for ((entry, start), (mixture, direction)) in entries.zip(parts) {
            *entry = *start + (*mixture + t * *direction);
        }
        Cholesky::factor(Packed::new(start.order(), matrix)?)
    }
}

/// The relaxed problem, at the choice in part that the iterations have come to.
struct Relaxation<'a, T, E> {
    walk: Walk<'a, T, E>,
    line: Line<'a, T>,
    /// Of the factor of P.
    diagonal: &'a [T],
    matrix: &'a mut [T],
    columns: &'a mut [T],
}

/// What is known at a choice in part.
struct Point<T> {
    /// log|M(s)| − log|P|.
    gain: f64,
    /// The k largest g less Σ g s: the derivative of the gain towards their corner.
    slope: T,
    /// How far rounding may have lowered the sum of the two.
    rounding: f64,
}

impl<T: Real, E: Executor> Relaxation<'_, T, E> {
    /// Lowers the bound, from the batch on, until it is near enough or nothing more is to be had.
    fn lower(
        &mut self,
        certificate: &mut Certificate,
        effort: Effort,
        seen: &mut impl FnMut(&Certificate),
    ) -> Result<(), Error> {
        let allowed = effort.gap * T::from_u64(certificate.order as u64).to_f64();
        let mut largest = certificate.gain;
        let mut point = if certificate.gap() > allowed { if_factored(self.look())? } else { None };
        loop {
            if let Some(Point { gain, slope, rounding }) = point {
                certificate.lower_to(gain + slope.to_f64() + rounding);
                if largest < gain {
                    largest = gain;
                }
            }
            seen(certificate);
            let goes_on =
                certificate.bound - largest > allowed && certificate.iterations < effort.iterations;
            let Some(Point { slope, .. }) = point.filter(|_| goes_on) else {
                return Ok(());
            };
            point = if_factored(self.step(slope).and_then(|()| self.look()))?;
            certificate.iterations += 1;
        }
    }

    /// Where the bound is now; turns to the corner that it comes from.
    fn look(&mut self) -> Result<Point<T>, Error> {
        let factor = self.line.factor_at(T::ZERO, self.matrix)?;
        let mut gain = 0.0;
        for (place, before) in self.diagonal.iter().enumerate() {
            let grown = (factor.diagonal(place) - *before) / *before;
            gain += log1p(grown.to_f64());
        }
        let mut most = T::ZERO;
        for pair in self.walk.find(&factor, None)? {
            most += pair.score;
        }
        let Line { mixture, direction, .. } = &mut self.line;
        let here = trace_of_solution(&factor, mixture, self.columns)?;
        let condition = factor.condition_estimate(self.columns)?.to_f64();
        let terms = T::from_u64(factor.order() as u64) + most + here;
        let rounding = T::EPSILON.to_f64() * condition * terms.to_f64();
        self.walk.sum_found(direction)?;
        for (entry, here) in direction.as_mut_slice().iter_mut().zip(mixture.as_slice()) {
            *entry -= *here;
        }
        Ok(Point { gain: gain + gain, slope: most - here, rounding })
    }

    /// Goes on in the direction looked at, to where log|M| no longer grows.
    fn step(&mut self, slope: T) -> Result<(), Error> {
        let length = self.search(slope)?;
        for (entry, towards) in
            self.line.mixture.as_mut_slice().iter_mut().zip(self.line.direction.as_slice())
        {
            *entry += length * *towards;
        }
        Ok(())
    }

    /// The t of 0..=1 with the largest log|P + B + t·(the direction)|, where its slope has fallen
    /// to [`FLAT`] of that at 0: the Illinois form of false position (Dowell and Jarratt, 1971).
    fn search(&mut self, slope: T) -> Result<T, Error> {
        let flat = slope * T::from_f64(FLAT);
        let (mut low, mut high) = ((T::ZERO, slope), (T::ONE, self.slope_at(T::ONE)?));
        if high.1 >= T::ZERO {
            return Ok(T::ONE);
        }
        let mut middle = low.0;
        let mut last_was_low = None;
        for _ in 0..SEARCH {
            middle = low.0 + (high.0 - low.0) * (low.1 / (low.1 - high.1));
            let slope = self.slope_at(middle)?;
            if slope.magnitude() <= flat {
                break;
            }
            let is_low = slope > T::ZERO;
            let repeated = last_was_low == Some(is_low);
            if is_low {
                low = (middle, slope);
                high.1 = if repeated { high.1 * T::HALF } else { high.1 };
            } else {
                high = (middle, slope);
                low.1 = if repeated { low.1 * T::HALF } else { low.1 };
            }
            last_was_low = Some(is_low);
        }
        Ok(middle)
    }

    /// d/dt log|P + B + t·D| = tr((P + B + t·D)⁻¹D), D the direction.
    fn slope_at(&mut self, t: T) -> Result<T, Error> {
        let factor = self.line.factor_at(t, self.matrix)?;
        trace_of_solution(&factor, &self.line.direction, self.columns)
    }
}

/// Nothing, where a matrix has no factor in this precision.
fn if_factored<R>(result: Result<R, Error>) -> Result<Option<R>, Error> {
    match result {
        Err(Error::NotPositiveDefinite { .. }) => Ok(None),
        result => result.map(Some),
    }
}

/// A slope so much smaller than the first ends the search for a step.
const FLAT: f64 = 0.05;

/// The most places that the search for a step looks at.
const SEARCH: usize = 12;

/// The matrix of a batch, Σ w ddᵀ in pair form.
fn sum_pairs<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    batch: &[Scored<T>],
    rewards: &[T],
    pairs: &mut [ItemPair],
    sum: &mut PackedView<'_, T>,
    numbers: &mut [T],
) -> Result<(), Error> {
    let Problem { executor, pool, .. } = *problem;
    for (slot, scored) in pairs.iter_mut().zip(batch) {
        let len = pool.pairs().len();
        let outside = Error::Index { what: "pair of a batch", index: scored.pair, len };
        *slot = pool.pairs().items_of_pair(scored.pair).ok_or(outside)?;
    }
    sum.clear();
    add_pairs(executor, pool.features(), pairs, rewards, Weighting::Bernoulli, sum, numbers)
}

/// tr(M⁻¹A) = Σ_j (L⁻¹e_j)ᵀ(L⁻¹a_j), a_j the columns of A, in ascending order.
fn trace_of_solution<T: Real>(
    factor: &CholeskyView<'_, T>,
    matrix: &PackedView<'_, T>,
    columns: &mut [T],
) -> Result<T, Error> {
    let order = factor.order();
    let (unit, column) = split_at(columns, order);
    let mut trace = T::ZERO;
    for j in 0..order {
        for (i, (unit, entry)) in unit.iter_mut().zip(column.iter_mut()).enumerate() {
            *unit = if i == j { T::ONE } else { T::ZERO };
            *entry = matrix.entry(i, j).unwrap_or(T::ZERO);
        }
        factor.solve_lower(unit)?;
        factor.solve_lower(column)?;
        for (unit, entry) in unit.iter().zip(column.iter()) {
            trace += *unit * *entry;
        }
    }
    Ok(trace)
}
