//! [`Strategy`]: the strategies by name, what each reads of its options ([`Facts`]), and how one is
//! called.

use super::sequential::Purpose;
use super::{
    Options, Problem, Selection, Sizes, Weights, Workspace, WorkspaceLen, a_opt, bald, batchbald,
    coreset, design, dopt, entropy, exchange, greedy_a_opt, greedy_dopt, greedy_v_opt, information,
    leverage, maxdiff, mixed, pa_dopt, random, robust_v_opt, sequential, trace, v_opt,
};
use crate::arith::Real;
use crate::error::Error;
use crate::parallel::Executor;
use crate::pool::Distinct;
use crate::rng::Stream;
use crate::topk::Scored;

/// The strategies by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Strategy {
    /// [`random`]
    Random,
    /// [`entropy`]
    Entropy,
    /// [`maxdiff`]
    MaxDiff,
    /// [`design`]
    Design,
    /// [`dopt`]
    Dopt,
    /// [`pa_dopt`]
    PaDopt,
    /// [`coreset`]
    Coreset,
    /// [`bald`]
    Bald,
    /// [`batchbald`]
    BatchBald,
    /// [`a_opt`]
    AOpt,
    /// [`v_opt`]
    VOpt,
    /// [`greedy_dopt`]
    GreedyDopt,
    /// [`exchange`]
    Exchange,
    /// [`greedy_a_opt`]
    GreedyAOpt,
    /// [`greedy_v_opt`]
    GreedyVOpt,
    /// [`robust_v_opt`]
    RobustVOpt,
}

/// What a strategy is called, and what it reads of its [`Options`].
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The name used everywhere: on command lines, in files, in recordings.
    pub name: &'static str,
    family: Family,
    /// The weights where [`Options::weights`](field@Options::weights) leaves them open; `None` where it
    /// does not weigh pairs by how uncertain their answers are.
    pub weights: Option<Weights>,
    /// Whether it reads [`Options::target`], and fails without it.
    pub target: bool,
    /// κ where [`Options::misfit`](field@Options::misfit) leaves it open; `None` where it reads none.
    pub misfit: Option<f64>,
    /// The caps on a batch where [`Options::distinct`](field@Options::distinct) leaves them open; `None` where it keeps none.
    pub distinct: Option<Distinct>,
    /// Whether it reads [`Options::past`] and [`Options::prior_precision`]: whether it starts at P, and
    /// could start at λI.
    pub past: bool,
    /// λ of the matrix that it starts from where
    /// [`Options::prior_precision`](field@Options::prior_precision) leaves it open; `None` for the
    /// posterior's.
    pub prior_precision: Option<f64>,
    /// Whether it is a design for fixed features, whatever the last layer sees: on learnt ones it does
    /// worse.
    pub fixed_features: bool,
    /// Whether it reads [`Options::sampled`]: whether its scores are gradients, which pairs can be
    /// drawn in proportion to.
    pub sampled: bool,
    /// Whether it can choose among all cross-prompt pairs; one that goes through the pairs one by
    /// one, many times, needs a list of those to choose from.
    pub all_pairs: bool,
}

/// Strategies that share their memory's layout.
#[derive(Clone, Copy, Debug)]
enum Family {
    Random,
    /// Ranked by rewards alone.
    Margin,
    /// Ranked by leverage.
    Leverage,
    /// Ranked by the gradient of a trace.
    Trace,
    /// Picked pair by pair, by log det M.
    LogDetDesign,
    /// The same, then swapped.
    Exchange,
    /// Picked pair by pair, by a trace.
    TraceDesign,
    Coreset,
    Bald,
    BatchBald,
}

impl Facts {
    const fn of(name: &'static str, family: Family) -> Self {
        let designed =
            matches!(family, Family::LogDetDesign | Family::Exchange | Family::TraceDesign);
        let lists_pairs = matches!(family, Family::Coreset | Family::Bald | Family::BatchBald);
        let weighs = designed || matches!(family, Family::Leverage | Family::Trace);
        Self {
            name,
            family,
            weights: if weighs { Some(Weights::PlugIn) } else { None },
            target: false,
            misfit: if matches!(family, Family::TraceDesign) { Some(0.0) } else { None },
            distinct: if lists_pairs { None } else { Some(Distinct::Unlimited) },
            past: designed || matches!(family, Family::Trace),
            prior_precision: None,
            fixed_features: false,
            sampled: matches!(family, Family::Leverage | Family::Trace),
            all_pairs: !lists_pairs,
        }
    }
}

impl Strategy {
    /// Every strategy, those of the paper first and in its order.
    pub const ALL: [Self; 16] = [
        Self::Random,
        Self::Entropy,
        Self::MaxDiff,
        Self::Design,
        Self::Dopt,
        Self::PaDopt,
        Self::Coreset,
        Self::Bald,
        Self::BatchBald,
        Self::AOpt,
        Self::VOpt,
        Self::GreedyDopt,
        Self::Exchange,
        Self::GreedyAOpt,
        Self::GreedyVOpt,
        Self::RobustVOpt,
    ];

    /// What there is to know of the strategy without running it.
    #[must_use]
    pub const fn facts(self) -> Facts {
        match self {
            Self::Random => Facts::of("random", Family::Random),
            Self::Entropy => Facts::of("entropy", Family::Margin),
            Self::MaxDiff => Facts::of("maxdiff", Family::Margin),
            Self::Design => Facts { weights: None, ..Facts::of("design", Family::Leverage) },
            Self::Dopt => Facts::of("dopt", Family::Leverage),
            Self::PaDopt => Facts::of("pa-dopt", Family::Leverage),
            Self::Coreset => Facts::of("coreset", Family::Coreset),
            Self::Bald => Facts::of("bald", Family::Bald),
            Self::BatchBald => Facts::of("batchbald", Family::BatchBald),
            Self::AOpt => Facts::of("a-opt", Family::Trace),
            Self::VOpt => Facts { target: true, ..Facts::of("v-opt", Family::Trace) },
            Self::GreedyDopt => Facts::of("greedy-dopt", Family::LogDetDesign),
            Self::Exchange => Facts::of("exchange", Family::Exchange),
            Self::GreedyAOpt => Facts::of("greedy-a-opt", Family::TraceDesign),
            Self::GreedyVOpt => {
                Facts { target: true, ..Facts::of("greedy-v-opt", Family::TraceDesign) }
            }
            Self::RobustVOpt => Facts {
                weights: Some(robust_v_opt::WEIGHTS),
                target: true,
                misfit: Some(robust_v_opt::MISFIT),
                distinct: Some(robust_v_opt::DISTINCT),
                prior_precision: Some(robust_v_opt::PRIOR_PRECISION),
                fixed_features: true,
                ..Facts::of("robust-v-opt", Family::TraceDesign)
            },
        }
    }

    /// [`Facts::name`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The strategy of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }

    /// The workspace with which the strategy can pick a batch.
    #[must_use]
    pub const fn workspace_len<T: Real>(
        self,
        sizes: &Sizes,
        options: &Options<'_, T>,
    ) -> WorkspaceLen {
        let facts = self.facts();
        let options = &options.sized(&facts);
        let own = match facts.family {
            Family::Random => random::workspace_len(sizes, options),
            Family::Margin => leverage::margin_workspace_len(sizes, options),
            Family::Leverage => leverage::workspace_len(sizes, options),
            Family::Trace => trace::workspace_len(sizes, options),
            Family::LogDetDesign => sequential::workspace_len(sizes, options, Purpose::LogDet),
            Family::Exchange => sequential::workspace_len(sizes, options, Purpose::Exchange),
            Family::TraceDesign => sequential::workspace_len(sizes, options, Purpose::Trace),
            Family::Coreset => coreset::workspace_len(sizes, options),
            Family::Bald => bald::workspace_len(sizes, options),
            Family::BatchBald => batchbald::workspace_len(sizes, options),
        };
        own.max(mixed::workspace_len(sizes, options))
    }

    /// Refuses a problem that the strategy cannot solve, however large its memory.
    pub(super) fn check<T: Real, E>(
        self,
        problem: &Problem<'_, T, E>,
        batch: usize,
    ) -> Result<(), Error> {
        let (requested, available) = (batch as u64, problem.pool.available());
        if requested > available {
            return Err(Error::Batch { requested, available });
        }
        problem.options.check(&self.facts())?;
        match self {
            Self::Coreset => coreset::check(problem).map(|_| ()),
            Self::Bald => information::check(problem).map(|_| ()),
            Self::BatchBald => batchbald::check(problem),
            _ => Ok(()),
        }
    }

    /// Fills `batch` with as many distinct pairs as it has places, best first; the last
    /// [`Options::mixed`] of them are drawn at random among the rest, whatever the strategy.
    ///
    /// # Errors
    /// [`Error::Batch`] if the pool offers fewer; [`Error::NotPositiveDefinite`] where M has no
    /// factor in the precision `T`; [`Error::AllPairs`] for all cross-prompt pairs where the strategy
    /// [cannot take them](Facts::all_pairs); [`Error::Parameter`] and [`Error::TooLarge`] for options
    /// out of range, and for those that the strategy would not honour ([`Options::read_by`]);
    /// [`Error::Shape`], [`Error::Workspace`], [`Error::NonFinite`].
    pub fn select<T: Real, E: Executor>(
        self,
        problem: &Problem<'_, T, E>,
        workspace: Workspace<'_, T>,
        rng: &mut Stream,
        batch: &mut [Scored<T>],
    ) -> Result<Selection, Error> {
        self.check(problem, batch.len())?;
        let options = &problem.options.resolved(&self.facts());
        let problem = &Problem { options, ..*problem };
        let select = match self {
            Self::Random => random::select::<T, E>,
            Self::Entropy => entropy::select,
            Self::MaxDiff => maxdiff::select,
            Self::Design => design::select,
            Self::Dopt => dopt::select,
            Self::PaDopt => pa_dopt::select,
            Self::Coreset => coreset::select,
            Self::Bald => bald::select,
            Self::BatchBald => batchbald::select,
            Self::AOpt => a_opt::select,
            Self::VOpt => v_opt::select,
            Self::GreedyDopt => greedy_dopt::select,
            Self::Exchange => exchange::select,
            Self::GreedyAOpt => greedy_a_opt::select,
            Self::GreedyVOpt => greedy_v_opt::select,
            Self::RobustVOpt => robust_v_opt::select,
        };
        mixed::select(problem, workspace, rng, batch, select)
    }
}
