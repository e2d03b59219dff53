//! Strategies by others, to stand beside ours: on the same features, pools, answers and fit.
//!
//! - [`pool`]: what they choose from; [`similarity`]: how far two pairs are apart, whichever way round;
//! - [`belief`]: what labels tell of every pair, for those that read them;
//! - without labels: [`max_herding`], [`typi_clust`];
//! - with labels: [`bal_pm`], [`delta_ucb`], [`guro`].

use pairpick_core::rng::Stream;

pub mod bal_pm;
pub mod belief;
pub mod delta_ucb;
pub mod guro;
pub mod max_herding;
pub mod pool;
pub mod similarity;
pub mod typi_clust;

use self::bal_pm::Dimension;
use self::belief::Belief;
use self::pool::Pool;
use crate::learning::Failure;

/// Which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rival {
    /// Bae, Noh and Sutherland, 2024.
    MaxHerding,
    /// Hacohen, Dekel and Weinshall, 2022.
    TypiClust,
    /// Melo, Tigas, Abate and Gal, 2024; the entropy's dimension that of the features.
    BalPm,
    /// The same with a dimension of 1.
    BalPmOne,
    /// Melikidze and others, 2026.
    DeltaUcb,
    /// Bergström, Emilsson, Dubhashi and Johansson, 2024.
    Guro,
}

impl Rival {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::MaxHerding,
        Self::TypiClust,
        Self::BalPm,
        Self::BalPmOne,
        Self::DeltaUcb,
        Self::Guro,
    ];

    /// Its name, in files and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxHerding => "max-herding",
            Self::TypiClust => "typi-clust",
            Self::BalPm => "bal-pm",
            Self::BalPmOne => "bal-pm-1",
            Self::DeltaUcb => "delta-ucb",
            Self::Guro => "guro",
        }
    }

    /// Whether it reads answers, so that it is asked anew once there are more of them.
    #[must_use]
    pub const fn reads_labels(self) -> bool {
        !matches!(self, Self::MaxHerding | Self::TypiClust)
    }

    /// So many pairs of the pool that were not asked about, best first.
    ///
    /// # Errors
    /// What the core refuses.
    pub fn pick(
        self,
        pool: &Pool,
        belief: &mut Belief,
        asked: &[usize],
        count: usize,
        rng: &mut Stream,
    ) -> Result<Vec<usize>, Failure> {
        let count = count.min(pool.pairs.len() - asked.len());
        Ok(match self {
            Self::MaxHerding => max_herding::pick(pool, count, rng)?,
            Self::TypiClust => typi_clust::pick(pool, count, rng)?,
            Self::BalPm => bal_pm::pick(pool, belief, asked, count, Dimension::Features),
            Self::BalPmOne => bal_pm::pick(pool, belief, asked, count, Dimension::One),
            Self::DeltaUcb => delta_ucb::pick(pool, belief, asked, count, rng),
            Self::Guro => guro::pick(pool, belief, asked, count)?,
        })
    }
}

/// The place of the largest value, the first of several; none where all are none.
pub(crate) fn largest(values: impl Iterator<Item = Option<f64>>) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (place, value) in values.enumerate() {
        let Some(value) = value else { continue };
        if best.is_none_or(|(_, most)| value > most) {
            best = Some((place, value));
        }
    }
    best.map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::pool::tests::drawn;
    use super::*;

    #[test]
    fn a_seed_tells_the_picks_of_each_which_are_distinct_and_new() -> Result<(), Failure> {
        let pool = drawn(11, 40, 6);
        let head = [0.5, -0.5, 1.0, 0.0, 2.0, -1.0];
        for rival in Rival::ALL {
            let asked: &[usize] = if rival.reads_labels() { &[1, 2, 60] } else { &[] };
            let pick = |seed: u64| {
                let mut belief = Belief::of(&pool, &head, 3.0, asked)?;
                let mut rng = Stream::new(seed, rival.name(), 1);
                rival.pick(&pool, &mut belief, asked, 30, &mut rng)
            };
            let picked = pick(1)?;
            assert_eq!(picked, pick(1)?, "{}", rival.name());
            let mut all = [&picked, asked].concat();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), 30 + asked.len(), "{}", rival.name());
            let is_drawn = matches!(rival, Rival::TypiClust | Rival::DeltaUcb);
            assert_eq!(picked != pick(2)?, is_drawn, "{}: the pool is small", rival.name());
        }
        Ok(())
    }
}
