//! The settings of single strategies: what each needs, and what it cannot do.

use std::ops::RangeInclusive;

use pairpick_core::arith::Real;
use pairpick_core::select::{
    Facts, MAX_CLUSTERS, MAX_CONFIGURATIONS, MAX_SAMPLES, Options, Strategy, Weights,
};

use super::{DistinctPairs, PairsOffered, PoolKind, Settings, in_range};
use crate::error::{Error, Result};

/// Whether a strategy reads an option.
type Reads = fn(&Facts) -> bool;

impl Settings {
    /// What the strategy of a round reads of these.
    #[must_use]
    pub fn options<T: Real>(&self, strategy: Strategy) -> Options<'static, T> {
        let options = Options {
            weights: self.weights,
            sampled: self.sample,
            misfit: self.misfit.map(T::from_f64),
            distinct: self.distinct.map(|distinct| distinct.0),
            past: self.count_past,
            posterior_samples: self.posterior_samples,
            configurations: self.configurations,
            clusters: self.clusters,
            radius: T::from_f64(self.radius),
            ..Options::default()
        };
        options.read_by(&strategy.facts())
    }

    /// Checks what single strategies read.
    pub(super) fn check_strategy(&self) -> Result<()> {
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
        Ok(())
    }

    /// Refuses what the strategy would leave unread.
    pub(super) fn check_what_is_read(&self) -> Result<()> {
        let (strategy, weighed) = (self.strategy, self.weights != Weights::PlugIn);
        let asked: [(&str, bool, Reads); 5] = [
            ("`sample`", self.sample, |facts| facts.sampled),
            ("`distinct`", self.caps() != DistinctPairs::UNLIMITED, |facts| {
                facts.distinct.is_some()
            }),
            ("`misfit`", self.misfit.is_some_and(|misfit| misfit != 0.0), |facts| {
                facts.misfit.is_some()
            }),
            ("`no_past`", !self.count_past, |facts| facts.past),
            ("`weights` averaged", weighed, |facts| facts.weights),
        ];
        if let Some((setting, _, reads)) =
            asked.into_iter().find(|(_, asked, reads)| *asked && !reads(&strategy.facts()))
        {
            let readers = Strategy::ALL.into_iter().filter(|strategy| reads(&strategy.facts()));
            let readers: Vec<&str> = readers.map(Strategy::name).collect();
            let expected = format!("does not read {setting}; these do: {}", readers.join(", "));
            return Err(Error::setting("strategy", strategy.name(), expected));
        }
        self.check_mix()
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
        let all = self.pool == PoolKind::CrossPrompt && self.pairs == PairsOffered::All;
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

fn between(setting: &'static str, found: usize, range: RangeInclusive<usize>) -> Result<()> {
    if range.contains(&found) {
        return Ok(());
    }
    let expected = format!("must be from {} to {}", range.start(), range.end());
    Err(Error::setting(setting, found, expected))
}
