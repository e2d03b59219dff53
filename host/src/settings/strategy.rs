//! The settings of single strategies: what each needs, and what it cannot do.

use pairpick_core::arith::Real;
use pairpick_core::pool::Distinct;
use pairpick_core::select::{
    Facts, MAX_CLUSTERS, MAX_CONFIGURATIONS, MAX_SAMPLES, Options, Strategy, Weights,
};

use super::check::{between, in_range};
use super::{Amount, Asking, DistinctPairs, FirstRound};
use crate::data::pool_kind::PoolKind;
use crate::error::{Error, Result};
use crate::named::Named;

/// A setting that some strategies leave unread.
struct Reading {
    /// As a message names it.
    name: &'static str,
    /// Whether it was set to anything.
    set: bool,
    /// Whether a strategy reads it.
    read_by: fn(&Facts) -> bool,
    /// As if it was never set.
    clear: fn(&mut Asking),
}

impl Asking {
    /// The weights that a strategy weighs pairs by, if it does.
    #[must_use]
    pub fn weights(&self, strategy: Strategy) -> Option<Weights> {
        strategy.facts().weights.map(|own| self.weights.unwrap_or(own))
    }

    /// How the first round chooses.
    #[must_use]
    pub fn first_round(&self) -> FirstRound {
        let own = match self.weights(self.strategy) {
            Some(Weights::Constant) => FirstRound::Model,
            _ => FirstRound::Random,
        };
        self.first_round.unwrap_or(own)
    }

    /// The caps on a batch of a strategy after so many labels on these prompts. One that is spread
    /// evenly over the prompts has one pair a prompt more once there are as many labels as prompts.
    pub(crate) fn caps_after(
        &self,
        strategy: Strategy,
        labels: usize,
        prompts: usize,
    ) -> Option<Distinct> {
        match strategy.facts().distinct {
            Some(Distinct::Even(more)) if self.distinct.is_none() && labels >= prompts => {
                Some(Distinct::Even(more.saturating_add(1)))
            }
            own => own.map(|own| self.distinct.map_or(own, |typed| typed.0)),
        }
    }

    /// What the strategy of a round reads of these.
    #[must_use]
    pub fn options<T: Real>(&self, strategy: Strategy) -> Options<'static, T> {
        let options = Options {
            weights: self.weights,
            sampled: self.sample,
            misfit: self.misfit.map(T::from_f64),
            distinct: self.distinct.map(|distinct| distinct.0),
            past: !self.no_past,
            prior_precision: self.design_precision.map(T::from_f64),
            posterior_samples: self.posterior_samples,
            configurations: self.configurations,
            clusters: self.clusters,
            radius: T::from_f64(self.radius),
            ..Options::default()
        };
        options.read_by(&strategy.facts())
    }

    /// Checks what single strategies read, and that this one reads what is set.
    pub(super) fn check_strategy(&self) -> Result<()> {
        self.check_read_by(&[self.strategy])?;
        self.check_what_can_be_done()
    }

    /// Checks what the strategy can do with these, of which it may leave some unread.
    pub(crate) fn check_what_can_be_done(&self) -> Result<()> {
        between("posterior_samples", self.posterior_samples, 2..=MAX_SAMPLES)?;
        between("configurations", self.configurations, 2..=MAX_CONFIGURATIONS)?;
        between("clusters", self.clusters, 1..=MAX_CLUSTERS)?;
        in_range("radius", self.radius, self.radius >= 0.0, "not negative")?;
        in_range("radius", self.radius, (self.radius as f32).is_finite(), "that f32 holds")?;
        let batchbald = self.strategy == Strategy::BatchBald;
        if batchbald && self.configurations < self.posterior_samples {
            let expected =
                format!("must be at least `posterior_samples` {}", self.posterior_samples);
            return Err(Error::setting("configurations", self.configurations, expected));
        }
        self.check_mix()
    }

    /// Leaves out what the strategy does not read.
    pub(crate) fn keep_what_is_read(&mut self) {
        let facts = self.strategy.facts();
        for Reading { read_by, clear, .. } in self.readings() {
            if !read_by(&facts) {
                clear(self);
            }
        }
    }

    /// Refuses what each of these strategies would leave unread.
    pub(crate) fn check_read_by(&self, strategies: &[Strategy]) -> Result<()> {
        let unread = |reading: &Reading| {
            reading.set && !strategies.iter().any(|strategy| (reading.read_by)(&strategy.facts()))
        };
        let Some(Reading { name, read_by, .. }) = self.readings().into_iter().find(unread) else {
            return Ok(());
        };
        let readers = Strategy::ALL.into_iter().filter(|strategy| read_by(&strategy.facts()));
        let readers: Vec<&str> = readers.map(Strategy::name).collect();
        let expected = format!("does not read {name}; these do: {}", readers.join(", "));
        let name = strategies.first().unwrap_or(&self.strategy).name();
        Err(Error::setting("strategy", name, expected))
    }

    fn readings(&self) -> [Reading; 7] {
        let weights = match self.weights {
            Some(Weights::Constant) => "`weights` constant",
            _ => "`weights` averaged",
        };
        let weighed = self.weights.unwrap_or_default() != Weights::PlugIn;
        let misfit = self.misfit.is_some_and(|misfit| misfit != 0.0);
        let capped = self.caps() != DistinctPairs::UNLIMITED;
        [
            Reading {
                name: "`sample`",
                set: self.sample,
                read_by: |facts| facts.sampled,
                clear: |asking| asking.sample = false,
            },
            Reading {
                name: "`distinct`",
                set: capped,
                read_by: |facts| facts.distinct.is_some(),
                clear: |asking| asking.distinct = None,
            },
            Reading {
                name: "`misfit`",
                set: misfit,
                read_by: |facts| facts.misfit.is_some(),
                clear: |asking| asking.misfit = None,
            },
            Reading {
                name: "`no_past`",
                set: self.no_past,
                read_by: |facts| facts.past,
                clear: |asking| asking.no_past = false,
            },
            Reading {
                name: "`design_features`",
                set: self.design_features.is_some(),
                read_by: |facts| facts.fixed_features,
                clear: |asking| asking.design_features = None,
            },
            Reading {
                name: "`design_precision`",
                set: self.design_precision.is_some(),
                read_by: |facts| facts.past,
                clear: |asking| asking.design_precision = None,
            },
            Reading {
                name: weights,
                set: weighed,
                read_by: |facts| facts.weights.is_some(),
                clear: |asking| asking.weights = None,
            },
        ]
    }

    /// The caps that the strategy keeps.
    fn caps(&self) -> DistinctPairs {
        self.distinct.unwrap_or(DistinctPairs(self.strategy.facts().distinct.unwrap_or_default()))
    }

    /// Refuses random pairs beside a cap, which they would not keep.
    fn check_mix(&self) -> Result<()> {
        let caps = self.caps();
        if self.mix == 0.0 || caps == DistinctPairs::UNLIMITED {
            return Ok(());
        }
        let own = match self.distinct {
            None => format!(" (of {} by itself)", self.strategy.name()),
            Some(_) => String::new(),
        };
        let expected = format!(
            "must be 0 with `distinct` {caps}{own}, a cap that random pairs would not keep; \
             `distinct` off lifts it"
        );
        Err(Error::setting("mix", self.mix, expected))
    }

    /// Refuses pools that the strategy cannot go through.
    pub(super) fn check_pool(&self) -> Result<()> {
        let all = self.pool == PoolKind::CrossPrompt && self.pairs == Amount::All;
        if !all || self.strategy.facts().all_pairs {
            return Ok(());
        }
        let expected = format!(
            "`strategy` {} goes through its pairs one by one, many times, and all pairs across \
             prompts are too many for that; give a number of pairs to choose from, such as 20000",
            self.strategy.name()
        );
        Err(Error::setting("pairs", "all", expected))
    }
}

impl Named for Strategy {
    const WHAT: &'static str = "strategy";
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.name()
    }

    fn about(self) -> &'static str {
        match self {
            Self::Random => "pairs at random: the baseline to beat",
            Self::Entropy => "pairs whose answer the model is least sure of",
            Self::MaxDiff => "pairs of the largest difference in reward",
            Self::Design => "D-optimal for a linear model, rewards ignored",
            Self::Dopt => "D-optimal for the last layer's Fisher information",
            Self::PaDopt => "the same, past labels counted: asks what is not known yet",
            Self::Coreset => "pairs drawn by how much the posterior could miss each",
            Self::Bald => "pairs whose answer tells most about the last layer, each alone",
            Self::BatchBald => "the batch whose answers together tell most about it",
            Self::AOpt => "A-optimal: for the least variance of the last layer's weights",
            Self::VOpt => "V-optimal: for the least variance of rewards within prompts",
            Self::GreedyDopt => "D-optimal pair by pair, each under those before it",
            Self::Exchange => "the same, then improved by swapping pairs until nothing is gained",
            Self::GreedyAOpt => "pair by pair, for the least variance of the weights",
            Self::GreedyVOpt => "pair by pair, for the least variance of rewards within prompts",
            Self::RobustVOpt => "the same, wary of outliers, spread over prompts; needs no labels",
        }
    }
}
