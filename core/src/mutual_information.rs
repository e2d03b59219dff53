//! What answers are expected to tell of the last layer: the mutual information of answer and
//! parameters under the Laplace posterior N(β, P⁻¹), in nats.
//!
//! Under that posterior a pair's margin is normal, of mean m = dᵀβ and variance v = dᵀP⁻¹d, and its
//! answer tells
//!
//! I(m, v) = h(E σ(m + √v z)) − E h(σ(m + √v z)),  z standard normal,
//!
//! with h(p) = −p ln p − (1 − p) ln(1 − p) (Houlsby, Huszár, Ghahramani and Lengyel, *Bayesian Active
//! Learning for Classification and Preference Learning*, 2011). It is at most ln 2. For small v it is
//! ½ w v, w = p(1 − p): half of what the pair adds to log|P|, which overstates it once w v is not
//! small.
//!
//! A batch tells, by the chain rule, what its first pair tells, and the second beyond the first, and
//! so on. After each answer the posterior is taken as normal again, its precision
//! P + Σ w ddᵀ over the pairs so far, its mean still β: the margins are those before the batch, since
//! no answer is known.
//!
//! # Error
//!
//! Both means are sums at nodes half a unit apart, the trapezoidal rule, which converges
//! exponentially for what is analytic in a strip (Trefethen and Weideman, 2014). Up to √v = 1 the
//! nodes are in z, from −9 to 9. Beyond, σ is a step to them, and they are in the margin itself, from
//! −40 to 40, where w and h have decayed; the probability is then the mean of w(x) Φ((x − m)/√v), by
//! parts. Against 40 digits, I(m, v) is right to 2·10⁻¹⁴ nats for all m and v, and for v ≤ 1 and
//! |m| ≤ 50 to a billionth of itself as well, by two terms of its series where v is below 2⁻¹⁴.

use crate::arith::{Real, bernoulli_variance, entropy_of_logit, erf, exp, ln, log1p, sigmoid};
use crate::error::{Error, check_shape};
use crate::fisher::Weighting;
use crate::head::{rewards, rewards_workspace_len};
use crate::linalg::{Cholesky, CholeskyView, Packed, condition_workspace_len, packed_len};
use crate::parallel::{Executor, split_at};
use crate::pool::PoolSize;
use crate::select::{Posterior, Problem, Sizes};
use crate::topk::Scored;

/// Below this variance I(m, v) = ½ w v (1 + ½ v (1 − 7 w)), whose next term is v²/8 of it at most.
const SMALL: f64 = 1.0 / 16384.0;

/// The distance of two nodes.
const STEP: f64 = 0.5;

/// I(m, v): what the answer to a pair is expected to tell, in nats, given the mean and the variance
/// of its margin. From 0 to ln 2; NaN ↦ NaN.
#[must_use]
pub fn of_answer(margin: f64, variance: f64) -> f64 {
    let margin = margin.magnitude();
    if variance < SMALL {
        let weight = bernoulli_variance(margin);
        return 0.5 * weight * variance * (1.0 + 0.5 * variance * (1.0 - 7.0 * weight));
    }
    let deviation = variance.sqrt_of();
    let Answer { probability, entropy } =
        if deviation <= 1.0 { narrow(margin, deviation) } else { wide(margin, deviation) };
    let information = entropy_of_unlikely(probability) - entropy;
    // Rounding alone makes it negative.
    if information < 0.0 { 0.0 } else { information }
}

/// h(p) to the last digits of p, however small it is: what
/// [`entropy_of_probability`](crate::arith::entropy_of_probability) has of 1 − p is rounded.
fn entropy_of_unlikely(p: f64) -> f64 {
    if p > 0.0 { -p * ln(p) - (1.0 - p) * log1p(-p) } else { p }
}

/// Means over the posterior.
struct Answer {
    /// E σ(−x): of the less likely answer.
    probability: f64,
    /// E h(σ(x)).
    entropy: f64,
}

/// The means over x = m + √v z for √v ≤ 1.
fn narrow(margin: f64, deviation: f64) -> Answer {
    let mut mean = Answer { probability: 0.0, entropy: 0.0 };
    for node in -18..=18 {
        let z = STEP * f64::from(node);
        let x = margin + deviation * z;
        let density = normal_density(z);
        mean.probability += density * sigmoid(-x);
        mean.entropy += density * entropy_of_logit(x);
    }
    Answer { probability: STEP * mean.probability, entropy: STEP * mean.entropy }
}

/// The same for √v > 1.
fn wide(margin: f64, deviation: f64) -> Answer {
    let mut mean = Answer { probability: 0.0, entropy: 0.0 };
    for node in -80..=80 {
        let x = STEP * f64::from(node);
        let z = (x - margin) / deviation;
        let twice_normal = 1.0 + erf(z * core::f64::consts::FRAC_1_SQRT_2);
        mean.probability += bernoulli_variance(x) * twice_normal;
        mean.entropy += entropy_of_logit(x) * normal_density(z);
    }
    Answer { probability: 0.5 * STEP * mean.probability, entropy: STEP * mean.entropy / deviation }
}

/// The density of the standard normal distribution.
fn normal_density(z: f64) -> f64 {
    const AT_0: f64 = 0.398_942_280_401_432_7;
    AT_0 * exp(-0.5 * z * z)
}

/// What a batch brings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BatchInformation {
    /// What its answers are expected to tell of the last layer, in nats: at most ln 2 a pair.
    pub nats: f64,
    /// By how much log|P| grows: Σ ln(1 + w dᵀP_t⁻¹d), P_t being P and the pairs before.
    pub gain: f64,
}

/// Numbers that [`of_batch`] needs to work in.
#[must_use]
pub const fn workspace_len(sizes: &Sizes) -> usize {
    let PoolSize { order, items, .. } = sizes.pool;
    items
        .saturating_add(sizes.workers().saturating_mul(rewards_workspace_len(order)))
        .saturating_add(growing_len(order))
}

/// What a batch brings, its pairs in the order given.
///
/// # Errors
/// [`Error::Index`] for a pair that the pool does not have; [`Error::NotPositiveDefinite`] where P
/// has no factor in the precision `T`, [`Error::IllConditioned`] where rounding may have taken more
/// than a 64th of it; [`Error::Shape`], [`Error::Workspace`], [`Error::NonFinite`].
pub fn of_batch<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    batch: &[Scored<T>],
    workspace: &mut [T],
) -> Result<BatchInformation, Error> {
    let Problem { executor, pool, posterior, .. } = *problem;
    let features = pool.features();
    let required = workspace_len(&Sizes::of(pool, batch.len(), 1));
    if workspace.len() < required {
        let found = workspace.len();
        return Err(Error::Workspace { what: "information of a batch", required, found });
    }
    let (values, numbers) = split_at(workspace, features.len());
    rewards(executor, features, posterior.head, values, numbers)?;
    let mut growing = GrowingPosterior::new(posterior, numbers)?;
    let mut sum = BatchInformation::default();
    growing.add_batch(problem, values, batch, &mut |pair| {
        sum.nats += of_answer(pair.margin.to_f64(), pair.variance.to_f64());
        sum.gain += pair.gain();
    })?;
    Ok(sum)
}

/// What is believed of a pair before its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Believed<T> {
    /// m = r_a − r_b.
    pub(crate) margin: T,
    /// w = p(1 − p) at m.
    pub(crate) weight: T,
    /// v = dᵀP_t⁻¹d.
    pub(crate) variance: T,
}

impl<T: Real> Believed<T> {
    /// What the pair adds to log|P_t|.
    pub(crate) fn gain(&self) -> f64 {
        log1p((self.weight * self.variance).to_f64())
    }
}

/// The factor of P_t, which starts as P and takes in the pairs of a batch one after the other.
#[derive(Debug)]
pub(crate) struct GrowingPosterior<'a, T> {
    factor: CholeskyView<'a, T>,
    column: &'a mut [T],
    /// ‖P⁻¹‖₁, estimated, which no later ‖P_t⁻¹‖₂ exceeds.
    inverse_norm: f64,
}

/// Numbers that a [`GrowingPosterior`] works in: a factor, and two columns.
pub(crate) const fn growing_len(order: usize) -> usize {
    packed_len(order).saturating_add(condition_workspace_len(order))
}

/// A bound on rounding, relative, above which there is no figure. Of the pools of the tests in f32
/// none that passes is off by more than 10⁻³.
const ROUNDING: f64 = 0.015625;

impl<'a, T: Real> GrowingPosterior<'a, T> {
    /// The factor of P = λI + the past.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`]; [`Error::IllConditioned`] where the sum of which P is made may
    /// have lost the digits that P⁻¹ shows; [`Error::Workspace`].
    pub(crate) fn new(posterior: &Posterior<'_, T>, memory: &'a mut [T]) -> Result<Self, Error> {
        let order = posterior.past.order();
        let (required, found) = (growing_len(order), memory.len());
        if found < required {
            return Err(Error::Workspace { what: "posterior", required, found });
        }
        let (matrix, column) = split_at(memory, packed_len(order));
        let mut matrix = Packed::new(order, matrix)?;
        posterior.fill_precision(true, &mut matrix)?;
        let factor = Cholesky::factor(matrix)?;
        let estimate = factor.condition_estimate(column)?.to_f64();
        check_digits(estimate * T::EPSILON.to_f64(), estimate)?;
        let inverse_norm = estimate / factor.norm().to_f64();
        Ok(Self { factor, column: split_at(column, order).0, inverse_norm })
    }

    pub(crate) fn factor(&self) -> &CholeskyView<'a, T> {
        &self.factor
    }

    /// Takes in the pairs of a batch in their order, and tells what was believed of each before it.
    ///
    /// # Errors
    /// [`Error::Index`] for a pair that the pool does not have; [`Error::IllConditioned`] as for
    /// [`finish`](Self::finish); [`Error::NonFinite`] with the place of the pair whose variance
    /// overflows.
    pub(crate) fn add_batch<E: Executor>(
        &mut self,
        problem: &Problem<'_, T, E>,
        rewards: &[T],
        batch: &[Scored<T>],
        seen: &mut impl FnMut(Believed<T>),
    ) -> Result<(), Error> {
        let Problem { executor, pool, .. } = *problem;
        let (features, pairs) = (pool.features(), pool.pairs());
        check_shape("order of the past Fisher matrix", features.rows(), self.factor.order())?;
        let reward = |item: u32| rewards.get(item as usize).copied().unwrap_or(T::ZERO);
        for (place, scored) in batch.iter().enumerate() {
            let (index, len) = (scored.pair, pairs.len());
            let outside = Error::Index { what: "pair of a batch", index, len };
            let items = pairs.items_of_pair(scored.pair).ok_or(outside)?;
            let margin = reward(items.a) - reward(items.b);
            let mut weight = [margin];
            Weighting::Bernoulli.apply(executor, core::iter::once(items), &mut weight);
            let [weight] = weight;
            self.check()?;
            let variance = self.add(weight, features.difference(items.a, items.b))?;
            if !variance.is_finite_number() {
                return Err(Error::NonFinite { what: "variances of margins", index: place });
            }
            seen(Believed { margin, weight, variance });
        }
        Ok(())
    }

    /// v = dᵀP_t⁻¹d; then P_t grows by w ddᵀ.
    fn add(&mut self, weight: T, d: impl Iterator<Item = T> + Clone) -> Result<T, Error> {
        for (entry, d) in self.column.iter_mut().zip(d.clone()) {
            *entry = d;
        }
        self.factor.solve_lower(self.column)?;
        let mut variance = T::ZERO;
        for entry in &*self.column {
            variance += *entry * *entry;
        }
        let root = weight.sqrt_of();
        for (entry, d) in self.column.iter_mut().zip(d) {
            *entry = root * d;
        }
        self.factor.update(self.column)?;
        Ok(variance)
    }

    /// The factor of P and all pairs of the batch.
    ///
    /// # Errors
    /// [`Error::IllConditioned`] where variances under it may have lost their digits.
    pub(crate) fn finish(self) -> Result<CholeskyView<'a, T>, Error> {
        self.check()?;
        Ok(self.factor)
    }

    /// What rotations do to a factor is a change of ε in the rows that its matrix is the square of,
    /// not in the matrix, so that they cost as √κ.
    fn check(&self) -> Result<(), Error> {
        let estimate = self.factor.norm().to_f64() * self.inverse_norm;
        check_digits(estimate.sqrt_of() * T::EPSILON.to_f64(), estimate)
    }
}

/// Fails unless rounding is small beside what it is in.
fn check_digits(rounding: f64, estimate: f64) -> Result<(), Error> {
    if rounding <= ROUNDING { Ok(()) } else { Err(Error::IllConditioned { estimate }) }
}
