//! How far a batch is from the best there could be: an upper bound on log|P + Σ w ddᵀ| over all
//! batches of its size, without looking at them one by one.
//!
//! M₀ = P is what is known before the batch; w and d are a pair's weight and difference. Let a pair
//! be chosen in part, 0 ≤ s ≤ 1 with Σ s = k, and M(s) = M₀ + Σ s w ddᵀ. Batches are the corners of
//! that polytope, and log|M(s)| is concave with the gradient g = w dᵀM(s)⁻¹d, so that for every s
//!
//! log|M*| ≤ log|M(s)| + (the k largest g) − Σ g s,  Σ g s = tr(M(s)⁻¹(M(s) − M₀)).
//!
//! The right-hand side is the Frank–Wolfe bound. Frank and Wolfe's method (1956; for designs,
//! Fedorov, 1972, and Jaggi, 2013) tightens it: the k largest g are the corner to go towards, and
//! the step is the one with the largest log|M|. Only the matrix B = M(s) − M₀ is kept, a mixture of
//! the corners' matrices: no weight a pair is stored, and any pool serves, the one of all
//! cross-prompt pairs too, at one walk over its pairs an iteration. Wherever the iterations stop,
//! the bound holds.
//!
//! M₀ is λI and the past: no jitter, whatever a strategy adds to its own matrix, and the past also
//! where a strategy starts without it. Weights are p(1 − p) at the model's probabilities. The bound
//! is computed in floating point; it holds to rounding, not to the last digit.

use crate::arith::{Real, exp};
use crate::error::{Error, check_shape};
use crate::fisher::{Weighting, add_pairs, pairs_workspace_len};
use crate::head::{rewards, rewards_workspace_len};
use crate::linalg::{Cholesky, CholeskyView, Packed, PackedView, packed_len};
use crate::memory::{Memory, larger};
use crate::parallel::{Executor, split_at};
use crate::pool::{ItemPair, PoolSize};
use crate::score::{Criterion, Ranking, ScoreWorkspaceLen, best_pairs};
use crate::select::{Problem, Sizes};
use crate::topk::Scored;

/// When the iterations end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// The gap to end at, in nats a feature: what the bound may be above log|M(s)|, over H.
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

/// What a batch comes to, and what no batch of its size exceeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// H.
    pub order: usize,
    /// log|M₀|.
    pub before: f64,
    /// log|M| with the batch.
    pub after: f64,
    /// No batch of as many pairs of this pool has a larger log|M|.
    pub bound: f64,
    /// What the bound is above the largest log|M(s)| found: it could fall by no more.
    pub gap: f64,
    /// Iterations run.
    pub iterations: usize,
}

impl Certificate {
    /// The D-efficiency of a batch with this log|M|, at least: (|M| / the bound)^(1/H).
    #[must_use]
    pub fn d_efficiency(&self, log_det: f64) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "at most MAX_ORDER")]
        let order = self.order as f64;
        exp((log_det - self.bound) / order)
    }

    /// How much of the possible gain such a batch brings, at least:
    /// (log|M| − log|M₀|) / (bound − log|M₀|); 1 where there is nothing to be gained.
    #[must_use]
    pub fn gain_share(&self, log_det: f64) -> f64 {
        let possible = self.bound - self.before;
        if possible > 0.0 { (log_det - self.before) / possible } else { 1.0 }
    }
}

/// Measures and bounds batches in memory of its own: arrays, lent slices, or what
/// [grows](crate::memory::Growing). [`workspace_len`] says how much a batch takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Certifier<N, H, P> {
    /// Numbers.
    pub numbers: N,
    /// A batch of candidates for each worker, and one more.
    pub heaps: H,
    /// The items of each pair of a batch.
    pub pairs: P,
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
        .saturating_add(order.saturating_mul(2))
        .saturating_add(scores.numbers(workers));
    let heaps = workers.saturating_add(1).saturating_mul(batch);
    WorkspaceLen { numbers, heaps, pairs: batch }
}

/// M₀, B, the matrix of the corner, and the one that is factored.
const MATRICES: usize = 4;

impl<N, H, P: Memory<ItemPair>> Certifier<N, H, P> {
    /// Bounds log|M| over all batches of the pool that have as many pairs as `batch`, from where the
    /// batch is. `seen` has the bound before each iteration and at the end.
    ///
    /// # Errors
    /// [`Error::Batch`] if the pool offers fewer pairs; [`Error::Index`] for a pair that the pool
    /// does not have; [`Error::NotPositiveDefinite`] where M₀ has no factor in the precision `T`;
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
        let mut relaxation = self.relaxation(problem, batch)?;
        let before = relaxation.log_det_before()?;
        let mut certificate = Certificate {
            order: relaxation.order(),
            before,
            after: 0.0,
            bound: f64::INFINITY,
            gap: f64::INFINITY,
            iterations: 0,
        };
        let allowed = effort.gap * T::from_u64(certificate.order as u64).to_f64();
        let mut best = -f64::INFINITY;
        loop {
            let (log_det, gap) = relaxation.look()?;
            if certificate.iterations == 0 {
                certificate.after = log_det;
            }
            if best < log_det {
                best = log_det;
            }
            if log_det + gap < certificate.bound {
                certificate.bound = log_det + gap;
            }
            certificate.gap = certificate.bound - best;
            seen(&certificate);
            // Not `>`: a gap that is no number ends it too.
            let goes_on = certificate.gap > allowed && certificate.iterations < effort.iterations;
            if !goes_on {
                return Ok(certificate);
            }
            relaxation.step(T::from_f64(gap))?;
            certificate.iterations += 1;
        }
    }

    /// log|M₀ + Σ w ddᵀ| with these pairs of the pool.
    ///
    /// # Errors
    /// As [`Certifier::certify`].
    pub fn log_det<T: Real, E: Executor>(
        &mut self,
        problem: &Problem<'_, T, E>,
        batch: &[Scored<T>],
    ) -> Result<f64, Error>
    where
        N: Memory<T>,
        H: Memory<Scored<T>>,
    {
        let relaxation = self.relaxation(problem, batch)?;
        Ok(relaxation.line.factor_at(T::ZERO, relaxation.matrix)?.log_det().to_f64())
    }

    /// The relaxed problem, at the corner of a batch.
    fn relaxation<'a, T: Real, E: Executor>(
        &'a mut self,
        problem: &'a Problem<'a, T, E>,
        batch: &[Scored<T>],
    ) -> Result<Relaxation<'a, T, E>, Error>
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
        let (corner, heaps) = split_at(self.heaps.lend("heaps", len.heaps)?, batch.len());
        let numbers = self.numbers.lend("numbers", len.numbers)?;
        let mut relaxation = Relaxation::new(problem, numbers, heaps, corner, pairs)?;
        relaxation.set_batch(batch)?;
        Ok(relaxation)
    }
}

/// The relaxed problem and the point that the iterations have come to.
struct Relaxation<'a, T, E> {
    problem: &'a Problem<'a, T, E>,
    rewards: &'a [T],
    line: Line<'a, T>,
    matrix: &'a mut [T],
    columns: &'a mut [T],
    numbers: &'a mut [T],
    heaps: &'a mut [Scored<T>],
    corner: &'a mut [Scored<T>],
    pairs: &'a mut [ItemPair],
}

/// M(s) and the direction to go on in.
struct Line<'a, T> {
    /// M₀.
    start: PackedView<'a, T>,
    /// B = M(s) − M₀.
    mixture: PackedView<'a, T>,
    /// Of the corner with the k largest g, less B.
    direction: PackedView<'a, T>,
}

impl<T: Real> Line<'_, T> {
    /// The factor of M₀ + B + t·(the direction).
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

impl<'a, T: Real, E: Executor> Relaxation<'a, T, E> {
    fn new(
        problem: &'a Problem<'a, T, E>,
        numbers: &'a mut [T],
        heaps: &'a mut [Scored<T>],
        corner: &'a mut [Scored<T>],
        pairs: &'a mut [ItemPair],
    ) -> Result<Self, Error> {
        let Problem { executor, pool, posterior, .. } = *problem;
        let order = pool.features().rows();
        let (rewards_of_items, numbers) = split_at(numbers, pool.features().len());
        rewards(executor, pool.features(), posterior.head, rewards_of_items, numbers)?;
        let (start, numbers) = split_at(numbers, packed_len(order));
        let (mixture, numbers) = split_at(numbers, packed_len(order));
        let (direction, numbers) = split_at(numbers, packed_len(order));
        let (matrix, numbers) = split_at(numbers, packed_len(order));
        let (columns, numbers) = split_at(numbers, order.saturating_mul(2));
        let mut start = Packed::new(order, start)?;
        posterior.fill_precision(true, &mut start)?;
        let (mixture, direction) = (Packed::new(order, mixture)?, Packed::new(order, direction)?);
        let rewards = &*rewards_of_items;
        Ok(Self {
            problem,
            rewards,
            line: Line { start, mixture, direction },
            matrix,
            columns,
            numbers,
            heaps,
            corner,
            pairs,
        })
    }

    fn order(&self) -> usize {
        self.line.start.order()
    }

    /// Goes to the corner of a batch.
    fn set_batch(&mut self, batch: &[Scored<T>]) -> Result<(), Error> {
        sum_pairs(
            self.problem,
            batch,
            self.rewards,
            self.pairs,
            &mut self.line.mixture,
            self.numbers,
        )?;
        self.line.direction.clear();
        Ok(())
    }

    fn log_det_before(&mut self) -> Result<f64, Error> {
        let mut matrix = Packed::new(self.line.start.order(), &mut *self.matrix)?;
        matrix.clear();
        matrix.add(&self.line.start)?;
        Ok(Cholesky::factor(matrix)?.log_det().to_f64())
    }

    /// log|M(s)| and how much the bound is above it; turns to the corner that it comes from.
    fn look(&mut self) -> Result<(f64, f64), Error> {
        let factor = self.line.factor_at(T::ZERO, self.matrix)?;
        let log_det = factor.log_det().to_f64();
        let Problem { executor, pool, .. } = *self.problem;
        let criterion = Criterion::Leverage(&factor, Weighting::Bernoulli);
        let ranking = Ranking::new(pool, self.rewards, criterion);
        best_pairs(executor, &ranking, self.numbers, self.heaps, self.corner)?;
        let mut most = T::ZERO;
        for pair in &*self.corner {
            most += pair.score;
        }
        let here = trace_of_solution(&factor, &self.line.mixture, self.columns)?;
        let direction = &mut self.line.direction;
        sum_pairs(self.problem, self.corner, self.rewards, self.pairs, direction, self.numbers)?;
        for (entry, here) in direction.as_mut_slice().iter_mut().zip(self.line.mixture.as_slice()) {
            *entry -= *here;
        }
        Ok((log_det, (most - here).to_f64()))
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

    /// The t of 0..=1 with the largest log|M₀ + B + t·(the direction)|, where its slope has fallen
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

    /// d/dt log|M₀ + B + t·D| = tr((M₀ + B + t·D)⁻¹D), D the direction.
    fn slope_at(&mut self, t: T) -> Result<T, Error> {
        let factor = self.line.factor_at(t, self.matrix)?;
        trace_of_solution(&factor, &self.line.direction, self.columns)
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
