//! A selection from a list of pairs, with all that it needs, for the suites of single strategies.

use pairpick::memory::Selector;
use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::head::Covariates;
use pairpick_core::linalg::Packed;
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{ItemPair, Pool};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Selection, Strategy};
use pairpick_core::topk::Scored;

use crate::generate;

/// Listed pairs, their features, and what is believed.
#[derive(Clone, Debug)]
pub struct Listed {
    /// H.
    pub order: usize,
    /// An item after the other.
    pub features: Vec<f32>,
    /// β.
    pub head: Vec<f32>,
    /// Two items each.
    pub pairs: Vec<ItemPair>,
    /// Places in the list.
    pub labelled: Vec<u64>,
    /// λ.
    pub prior_precision: f64,
    /// The Fisher information of the labels, packed.
    pub past: Vec<f64>,
}

impl Listed {
    /// `count` pairs of random items, of either orientation, every seventh labelled, and a past.
    ///
    /// # Panics
    /// If there are fewer than two items.
    #[must_use]
    pub fn random(items: u32, count: usize, order: usize, seed: u64) -> Self {
        let mut rng = Stream::new(seed, "list of a test", 0);
        let mut item = |bound: u32| u32::try_from(rng.below(u64::from(bound))).expect("small");
        let pairs = (0..count)
            .map(|_| {
                let (a, other) = (item(items), item(items - 1));
                ItemPair { a, b: if other < a { other } else { other + 1 } }
            })
            .collect();
        Self {
            order,
            features: generate::numbers_f32(items as usize * order, seed + 1),
            head: generate::numbers_f32(order, seed + 2),
            pairs,
            labelled: (0..count as u64).filter(|pair| pair % 7 == 3).collect(),
            prior_precision: 0.5,
            past: generate::positive::<f64>(order, seed + 3, 0.1).into_inner(),
        }
    }

    /// The numbers of the pairs on offer.
    #[must_use]
    pub fn offered(&self) -> Vec<u64> {
        let all = 0..self.pairs.len() as u64;
        all.filter(|pair| self.labelled.binary_search(pair).is_err()).collect()
    }

    /// A batch, and what is told of it.
    ///
    /// # Errors
    /// The strategy's.
    ///
    /// # Panics
    /// If this makes no pool.
    pub fn select<T: Real>(
        &self,
        executor: &impl Executor,
        strategy: Strategy,
        options: &Options<'_, T>,
        rng: &mut Stream,
        batch: usize,
    ) -> Result<(Selection, Vec<Scored<T>>), Error> {
        let items = self.features.len() / self.order;
        let features = Columns::new(&self.features, self.order, items).expect("shape");
        let pool = &Pool::listed(features, &self.pairs, &self.labelled).expect("a pool");
        let past: Vec<T> = self.past.iter().map(|entry| T::from_f64(*entry)).collect();
        let posterior = &Posterior {
            head: &self.head,
            prior_precision: T::from_f64(self.prior_precision),
            covariates: Covariates::NONE,
            jitter: T::ZERO,
            past: Packed::new(self.order, past.as_slice()).expect("order"),
        };
        let problem = Problem { executor, pool, posterior, options };
        let mut selector = Selector::default();
        let picked = selector.select(strategy, &problem, batch, rng)?;
        Ok((picked.selection, picked.pairs.to_vec()))
    }
}
