//! [`Strategy`]: the strategies by name, what each reads of its options, and how one is called.

use super::{
    Options, Problem, Selection, Sizes, Workspace, WorkspaceLen, a_opt, bald, batchbald, coreset,
    design, dopt, entropy, exchange, greedy_a_opt, greedy_dopt, greedy_v_opt, information,
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

    /// The name used everywhere: on command lines, in files, in traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Entropy => "entropy",
            Self::MaxDiff => "maxdiff",
            Self::Design => "design",
            Self::Dopt => "dopt",
            Self::PaDopt => "pa-dopt",
            Self::Coreset => "coreset",
            Self::Bald => "bald",
            Self::BatchBald => "batchbald",
            Self::AOpt => "a-opt",
            Self::VOpt => "v-opt",
            Self::GreedyDopt => "greedy-dopt",
            Self::Exchange => "exchange",
            Self::GreedyAOpt => "greedy-a-opt",
            Self::GreedyVOpt => "greedy-v-opt",
            Self::RobustVOpt => "robust-v-opt",
        }
    }

    /// The strategy of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }

    /// Whether the strategy reads [`Options::sampled`]: whether its scores are gradients, which pairs
    /// can be drawn in proportion to.
    #[must_use]
    pub const fn can_sample(self) -> bool {
        matches!(self, Self::Design | Self::Dopt | Self::PaDopt | Self::AOpt | Self::VOpt)
    }

    /// Whether the strategy reads [`Options::distinct`].
    #[must_use]
    pub const fn takes_caps(self) -> bool {
        !self.lists_its_pairs()
    }

    /// Whether the strategy keeps numbers of every pair, and goes through them many times.
    const fn lists_its_pairs(self) -> bool {
        matches!(self, Self::Coreset | Self::Bald | Self::BatchBald)
    }

    /// Whether the strategy reads [`Options::misfit`].
    #[must_use]
    pub const fn takes_misfit(self) -> bool {
        matches!(self, Self::GreedyAOpt | Self::GreedyVOpt | Self::RobustVOpt)
    }

    /// Whether the strategy reads [`Options::without_past`]: whether it starts at P unless told not
    /// to, and could start at λI.
    #[must_use]
    pub const fn can_leave_out_the_past(self) -> bool {
        matches!(
            self,
            Self::AOpt
                | Self::VOpt
                | Self::GreedyDopt
                | Self::Exchange
                | Self::GreedyAOpt
                | Self::GreedyVOpt
                | Self::RobustVOpt
        )
    }

    /// Whether the strategy reads [`Options::weights`]: whether it weighs pairs by how uncertain
    /// their answers are.
    #[must_use]
    pub const fn takes_weights(self) -> bool {
        matches!(self, Self::Dopt | Self::PaDopt) || self.can_leave_out_the_past()
    }

    /// κ where [`Options::misfit`] leaves it open.
    #[must_use]
    pub const fn own_misfit(self) -> u64 {
        if matches!(self, Self::RobustVOpt) { robust_v_opt::MISFIT } else { 0 }
    }

    /// The caps on a batch where [`Options::distinct`] leaves them open.
    #[must_use]
    pub const fn own_distinct(self) -> Distinct {
        if matches!(self, Self::RobustVOpt) { robust_v_opt::DISTINCT } else { Distinct::Unlimited }
    }

    /// Whether the strategy can choose among all cross-prompt pairs; one that goes through the
    /// pairs one by one, many times, needs a list of those to choose from.
    #[must_use]
    pub const fn takes_all_cross_prompt_pairs(self) -> bool {
        !self.lists_its_pairs()
    }

    /// Whether the strategy reads [`Options::target`], and fails without it.
    #[must_use]
    pub const fn needs_target(self) -> bool {
        matches!(self, Self::VOpt | Self::GreedyVOpt | Self::RobustVOpt)
    }

    /// The workspace with which the strategy can pick a batch.
    #[must_use]
    pub const fn workspace_len<T: Real>(
        self,
        sizes: &Sizes,
        options: &Options<'_, T>,
    ) -> WorkspaceLen {
        let distinct = options.caps(self);
        let own = match self {
            Self::Random => random::workspace_len(sizes, distinct),
            Self::Entropy | Self::MaxDiff => leverage::margin_workspace_len(sizes, distinct),
            Self::Coreset => coreset::workspace_len(sizes, options),
            Self::Bald => bald::workspace_len(sizes, options),
            Self::BatchBald => batchbald::workspace_len(sizes, options),
            Self::GreedyDopt | Self::Exchange => {
                sequential::workspace_len(sizes, options, true, distinct)
            }
            Self::GreedyAOpt | Self::GreedyVOpt | Self::RobustVOpt => {
                sequential::workspace_len(sizes, options, false, distinct)
            }
            Self::AOpt | Self::VOpt => trace::workspace_len(sizes, options, distinct),
            Self::Design | Self::Dopt | Self::PaDopt => {
                leverage::workspace_len(sizes, options, distinct)
            }
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
        problem.options.check(self)?;
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
    /// [cannot take them](Self::takes_all_cross_prompt_pairs); [`Error::Parameter`] and
    /// [`Error::TooLarge`] for options out of range, and for those that the strategy would not
    /// honour ([`Options::read_by`]); [`Error::Shape`], [`Error::Workspace`],
    /// [`Error::NonFinite`].
    pub fn select<T: Real, E: Executor>(
        self,
        problem: &Problem<'_, T, E>,
        workspace: Workspace<'_, T>,
        rng: &mut Stream,
        batch: &mut [Scored<T>],
    ) -> Result<Selection, Error> {
        self.check(problem, batch.len())?;
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
