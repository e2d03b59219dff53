//! The last layer alone, on frozen features: the weights β that maximise the log-posterior
//! Σ c ln σ(±m) − λ/2 ‖β‖², m = (φ_a − φ_b)ᵀβ, c being how often a comparison counts, a tie half of
//! each.
//!
//! The problem is convex, and Newton's method solves it: H step = gradient with
//! H = λI + Σ c w ddᵀ, the posterior precision P of this model ([`crate::fisher`]), and the step
//! halved until the log-posterior does not fall. The gradient sums an item's slopes over its pairs
//! in order, then features over items in ascending order.
//!
//! Of [earlier labels](super::EarlierLabels) that are only known by the weights β₀ they gave and their
//! Fisher information M, the penalty is ½ δᵀ(Λ + M)δ with δ = β − β₀ and Λ the prior's precision, each
//! row of the product summed in ascending order; and Λ + M stands for λI in H.

use super::loss::{add_reward_gradients, check, margins, mean_loss, total};
use super::{Belief, rewards, rewards_workspace_len};
use crate::arith::Real;
use crate::columns::Columns;
use crate::error::{Error, check_shape};
use crate::fisher::{Weighting, add_pairs, list_workspace_len};
use crate::kernel::dot::dot;
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::linalg::{Cholesky, Packed, packed_len};
use crate::memory::{SCARCE, larger};
use crate::parallel::{Executor, split_at};
use crate::pool::Comparison;

/// The most Newton steps; quadratic convergence needs far fewer.
const STEPS: usize = 100;

/// The most halvings of one step.
const HALVINGS: usize = 40;

/// What a fit came to.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Fit {
    /// Newton steps taken.
    pub steps: usize,
    /// Σ c ln σ(±m) at the fit: the log-likelihood.
    pub log_likelihood: f64,
    /// The log-likelihood less λ/2 ‖β‖².
    pub log_posterior: f64,
    /// log det P at the fit.
    pub log_det: f64,
}

/// Numbers that [`fit`] needs to work in.
#[must_use]
pub const fn workspace_len(
    threads: usize,
    order: usize,
    items: usize,
    comparisons: usize,
) -> usize {
    // Blocks beyond one a thread even out their lengths; where memory is scarce there is one thread.
    let blocks = if SCARCE { 1 } else { 4 };
    let sums = list_workspace_len(order, comparisons).saturating_mul(blocks);
    let sums = larger(sums, rewards_workspace_len(order));
    let shared = larger(threads, 1).saturating_mul(sums);
    let vectors = order.saturating_mul(3 + items).saturating_add(items.saturating_mul(2));
    let matrix = packed_len(order);
    shared.saturating_add(vectors).saturating_add(matrix).saturating_add(comparisons)
}

/// Fits `head`, which is the starting point, to comparisons of items with these features.
///
/// Ends when a step no longer raises the log-posterior by more than rounding: the squared length
/// of the step in the metric of P, gradientᵀ P⁻¹ gradient, is below ε · (1 + |log-posterior|).
///
/// # Errors
/// [`Error::Empty`] without a comparison; [`Error::Parameter`] unless λ and the counts are positive
/// numbers; [`Error::Shape`], [`Error::Workspace`], [`Error::Label`], [`Error::Index`];
/// [`Error::NotPositiveDefinite`] where P has no factor in this precision;
/// [`Error::NonFinite`] if the log-posterior overflows. `head` is then the last one that was good.
pub fn fit<'p, T: Real, E: Executor>(
    executor: &E,
    features: Columns<'_, f32>,
    comparisons: &[Comparison<T>],
    belief: impl Into<Belief<'p, T>>,
    head: &mut [T],
    workspace: &mut [T],
) -> Result<Fit, Error> {
    if comparisons.is_empty() {
        return Err(Error::Empty { what: "comparisons" });
    }
    let belief = belief.into();
    belief.check(head.len())?;
    check_problem(executor, features, comparisons, head.len(), workspace.len())?;
    let order = features.rows();
    let (matrix, workspace) = split_at(workspace, packed_len(order));
    let (step, workspace) = split_at(workspace, order);
    let (trial, workspace) = split_at(workspace, order);
    let mut problem = Problem::new(executor, features, comparisons, belief, workspace);
    let mut objective = problem.objective(head)?;
    let mut steps = 0;
    loop {
        problem.gradient(head, step);
        let factor = problem.factor(matrix)?;
        factor.solve_lower(step)?;
        let decrement = dot(step, step);
        factor.solve_upper(step)?;
        let settled = decrement < T::EPSILON * (T::ONE + objective.log_posterior.magnitude());
        let next = match settled || steps == STEPS {
            true => None,
            false => problem.search(head, step, trial, objective),
        };
        let Some(next) = next else {
            return Ok(Fit {
                steps,
                log_likelihood: objective.log_likelihood.to_f64(),
                log_posterior: objective.log_posterior.to_f64(),
                log_det: factor.log_det().to_f64(),
            });
        };
        objective = next;
        steps += 1;
    }
}

/// Σ c ln σ(±m) of comparisons under a head, which need not have been fitted to them: how well it
/// predicts their answers.
///
/// # Errors
/// [`Error::Shape`], [`Error::Workspace`] below [`workspace_len`], [`Error::Label`],
/// [`Error::Index`]; [`Error::NonFinite`] if the sum overflows.
pub fn log_likelihood<T: Real, E: Executor>(
    executor: &E,
    features: Columns<'_, f32>,
    comparisons: &[Comparison<T>],
    head: &[T],
    workspace: &mut [T],
) -> Result<T, Error> {
    check_problem(executor, features, comparisons, head.len(), workspace.len())?;
    let mut problem = Problem::new(executor, features, comparisons, T::ZERO.into(), workspace);
    Ok(problem.objective(head)?.log_likelihood)
}

fn check_problem<T: Real, E: Executor>(
    executor: &E,
    features: Columns<'_, f32>,
    comparisons: &[Comparison<T>],
    head: usize,
    found: usize,
) -> Result<(), Error> {
    check_shape("head", features.rows(), head)?;
    check(comparisons, features.len())?;
    let (order, items) = (features.rows(), features.len());
    let required = workspace_len(executor.threads(), order, items, comparisons.len());
    if found < required {
        return Err(Error::Workspace { what: "last layer", required, found });
    }
    Ok(())
}

/// What is maximised, at one point.
#[derive(Clone, Copy)]
struct Objective<T> {
    log_likelihood: T,
    log_posterior: T,
}

struct Problem<'a, T, E> {
    executor: &'a E,
    features: Columns<'a, f32>,
    comparisons: &'a [Comparison<T>],
    belief: Belief<'a, T>,
    /// The features in the precision of the fit.
    widened: &'a mut [T],
    /// Of each item, at the point last looked at.
    rewards: &'a mut [T],
    /// The derivative of the mean loss with respect to each item's reward.
    slopes: &'a mut [T],
    margins: &'a mut [T],
    workspace: &'a mut [T],
}

impl<'a, T: Real, E: Executor> Problem<'a, T, E> {
    fn new(
        executor: &'a E,
        features: Columns<'a, f32>,
        comparisons: &'a [Comparison<T>],
        belief: Belief<'a, T>,
        workspace: &'a mut [T],
    ) -> Self {
        let (widened, workspace) = split_at(workspace, features.as_slice().len());
        let (rewards, workspace) = split_at(workspace, features.len());
        let (slopes, workspace) = split_at(workspace, features.len());
        let (margins, workspace) = split_at(workspace, comparisons.len());
        for (wide, value) in widened.iter_mut().zip(features.as_slice()) {
            *wide = T::from_real(*value);
        }
        Self {
            executor,
            features,
            comparisons,
            belief,
            widened,
            rewards,
            slopes,
            margins,
            workspace,
        }
    }

    fn objective(&mut self, head: &[T]) -> Result<Objective<T>, Error> {
        let widened = Columns::new(&*self.widened, self.features.rows(), self.features.len())?;
        rewards(self.executor, widened, head, self.rewards, self.workspace)?;
        margins(self.rewards, self.comparisons, self.margins);
        let loss = mean_loss(self.executor.level(), self.comparisons, self.margins);
        let log_likelihood = T::ZERO - self.answers() * loss;
        let penalty = self.belief.penalty(head);
        let log_posterior = log_likelihood - penalty;
        if log_posterior.is_finite_number() {
            Ok(Objective { log_likelihood, log_posterior })
        } else {
            Err(Error::NonFinite { what: "log-posterior of the last layer", index: 0 })
        }
    }

    /// The gradient of the log-posterior at the point last looked at, which is `head`.
    fn gradient(&mut self, head: &[T], out: &mut [T]) {
        margins(self.rewards, self.comparisons, self.margins);
        self.slopes.fill(T::ZERO);
        let level = self.executor.level();
        add_reward_gradients(level, self.comparisons, self.margins, self.slopes);
        let (rows, inner) = (self.features.rows(), self.features.len());
        let (a, b) = (&*self.widened, Right::Columns(self.slopes));
        gemm(level, Gemm { a, b, c: &mut *out, rows, inner, part: Part::Full });
        let answers = self.answers();
        for (row, slope) in out.iter_mut().enumerate() {
            *slope = T::ZERO - answers * *slope - self.belief.slope(head, row);
        }
    }

    /// The factor of P at the point last looked at.
    fn factor<'m>(&mut self, matrix: &'m mut [T]) -> Result<Cholesky<T, &'m mut [T]>, Error> {
        let mut fisher = Packed::new(self.features.rows(), matrix)?;
        fisher.clear();
        let Self { executor, features, comparisons, .. } = *self;
        let weighting = Weighting::Bernoulli;
        let (rewards, workspace) = (&*self.rewards, &mut *self.workspace);
        add_pairs(executor, features, comparisons, rewards, weighting, &mut fisher, workspace)?;
        self.belief.add_to(&mut fisher)?;
        Cholesky::factor(fisher)
    }

    /// Moves `head` by the step, halved until the log-posterior does not fall; `None`, and `head`
    /// as it was, if it falls however small the step.
    fn search(
        &mut self,
        head: &mut [T],
        step: &[T],
        trial: &mut [T],
        here: Objective<T>,
    ) -> Option<Objective<T>> {
        let mut share = T::ONE;
        for _ in 0..HALVINGS {
            for ((trial, weight), step) in trial.iter_mut().zip(&*head).zip(step) {
                *trial = *weight + share * *step;
            }
            // A step so long that the objective overflows is too long.
            if let Ok(there) = self.objective(trial)
                && here.log_posterior <= there.log_posterior
            {
                for (weight, trial) in head.iter_mut().zip(&*trial) {
                    *weight = *trial;
                }
                return Some(there);
            }
            share *= T::HALF;
        }
        None
    }

    fn answers(&self) -> T {
        T::from_f64(total(self.comparisons))
    }
}
