//! The settings of single strategies: what each needs, and what it cannot do.

use pairpick_core::arith::Real;
use pairpick_core::select::{MAX_CLUSTERS, MAX_CONFIGURATIONS, MAX_SAMPLES, Options, Strategy};

use super::{DistinctPairs, PairsOffered, PoolKind, Settings, in_range};
use crate::error::{Error, Result};

impl Settings {
    /// What the core's strategies read.
    #[must_use]
    pub fn options<T: Real>(&self) -> Options<'static, T> {
        Options {
            weights: self.weights,
            sampled: self.sample,
            misfit: T::from_f64(self.misfit),
            distinct: self.distinct.0,
            without_past: !self.count_past,
            posterior_samples: self.posterior_samples,
            configurations: self.configurations,
            clusters: self.clusters,
            radius: T::from_f64(self.radius),
            ..Options::default()
        }
    }

    /// Checks what single strategies read.
    pub(super) fn check_strategy(&self) -> Result<()> {
        between("posterior-samples", self.posterior_samples, (2, MAX_SAMPLES))?;
        between("configurations", self.configurations, (2, MAX_CONFIGURATIONS))?;
        between("clusters", self.clusters, (1, MAX_CLUSTERS))?;
        in_range("radius", self.radius, self.radius >= 0.0, "not negative")?;
        in_range("radius", self.radius, (self.radius as f32).is_finite(), "that f32 holds")?;
        self.check_caps()?;
        if self.configurations < self.posterior_samples {
            let (option, found) = ("configurations", self.configurations.to_string());
            let expected =
                format!("must be at least --posterior-samples {}", self.posterior_samples);
            return Err(Error::Setting { option, found, expected });
        }
        Ok(())
    }

    /// Refuses caps that nothing would keep.
    fn check_caps(&self) -> Result<()> {
        self.check_mix()?;
        if self.distinct == DistinctPairs::UNLIMITED {
            return Ok(());
        }
        let refused = |expected: String| {
            Err(Error::Setting { option: "distinct", found: self.distinct.to_string(), expected })
        };
        if !self.strategy.takes_caps() {
            return refused(format!("--strategy {} keeps no caps", self.strategy.name()));
        }
        Ok(())
    }

    /// Refuses random pairs beside a cap, which is `robust-v-opt`'s without being asked for.
    fn check_mix(&self) -> Result<()> {
        let capped =
            self.distinct != DistinctPairs::UNLIMITED || self.strategy == Strategy::RobustVOpt;
        if self.mix == 0.0 || !capped {
            return Ok(());
        }
        let expected = "must be 0 with --distinct, and with --strategy robust-v-opt, which asks one \
                        pair a prompt: the pairs that it draws keep no caps";
        let (option, found) = ("mix", self.mix.to_string());
        Err(Error::Setting { option, found, expected: expected.to_owned() })
    }

    /// Refuses pools that the strategy cannot go through.
    pub(super) fn check_pool(&self) -> Result<()> {
        let all = self.pool == PoolKind::CrossPrompt && self.pairs == PairsOffered::All;
        if !all || self.strategy.takes_all_cross_prompt_pairs() {
            return Ok(());
        }
        let expected = format!(
            "--strategy {} goes through its pairs one by one, many times, and all pairs across \
             prompts are too many for that; give a number of pairs to choose from, such as 20000",
            self.strategy.name()
        );
        Err(Error::Setting { option: "pairs", found: "all".to_owned(), expected })
    }
}

fn between(option: &'static str, found: usize, (least, most): (usize, usize)) -> Result<()> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    let expected = format!("must be from {least} to {most}");
    Err(Error::Setting { option, found: found.to_string(), expected })
}
