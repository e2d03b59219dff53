//! Pools small enough to look at every subset of, with a posterior, owned.

use pairpick::memory::Selector;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::head::Covariates;
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{ItemPair, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Strategy};
use pairpick_core::topk::Scored;

use crate::kind::Kind;
use crate::{generate, oracle};

/// A pool and what is believed before a batch.
#[derive(Clone, Debug)]
pub struct Small {
    /// Which pairs it has.
    pub kind: Kind,
    /// H.
    pub order: usize,
    /// λ.
    pub prior_precision: f64,
    /// Where each prompt's items start.
    pub starts: Vec<u32>,
    /// An item a column.
    pub features: Vec<f32>,
    /// β.
    pub head: Vec<f32>,
    /// The items of every pair.
    pub pairs: Vec<ItemPair>,
    /// Pairs that have a label.
    pub labelled: Vec<u64>,
}

impl Small {
    /// A random pool; every seventh pair has a label, and is the past.
    ///
    /// # Panics
    /// Never: there is a start.
    #[must_use]
    pub fn new(kind: Kind, (prompts, most): (usize, u64), order: usize, seed: u64) -> Self {
        let (starts, features, head) = generate::pool(prompts, most, order, seed);
        let all = oracle::pairs(&[0, *starts.last().expect("a start")]);
        let pairs = match kind {
            Kind::InPrompt => oracle::pairs(&starts),
            Kind::CrossPrompt => all,
            Kind::Listed => all.into_iter().rev().step_by(2).collect(),
        };
        let labelled = (0..pairs.len() as u64).filter(|pair| pair % 7 == 3).collect();
        Self { kind, order, prior_precision: 0.5, starts, features, head, pairs, labelled }
    }

    /// The pairs on offer.
    #[must_use]
    pub fn offered(&self) -> Vec<u64> {
        let all = 0..self.pairs.len() as u64;
        all.filter(|pair| self.labelled.binary_search(pair).is_err()).collect()
    }

    /// The weight and the difference of a pair.
    #[must_use]
    pub fn information(&self, pair: u64) -> (f64, Vec<f64>) {
        let pair = self.pairs[pair as usize];
        let reward = |item| oracle::reward(self.order, &self.features, &self.head, item);
        let d = oracle::difference(self.order, &self.features, pair);
        (oracle::variance(reward(pair.a) - reward(pair.b)), d)
    }

    /// λI + Σ s w ddᵀ over the labelled pairs, s = 1, and these, row by row.
    #[must_use]
    pub fn matrix(&self, chosen: &[(u64, f64)]) -> Vec<f64> {
        let past = self.labelled.iter().map(|pair| (*pair, 1.0));
        let mut matrix = vec![0.0; self.order * self.order];
        matrix.iter_mut().step_by(self.order + 1).for_each(|entry| *entry = self.prior_precision);
        for (pair, s) in past.chain(chosen.iter().copied()) {
            let (weight, d) = self.information(pair);
            for (i, row) in matrix.chunks_mut(self.order).enumerate() {
                row.iter_mut().zip(&d).for_each(|(entry, x)| *entry += s * weight * d[i] * x);
            }
        }
        matrix
    }

    /// Lends the problem.
    ///
    /// # Panics
    /// If the pool was changed into none.
    pub fn with<T: Real, E: Executor, R>(
        &self,
        executor: &E,
        options: &Options<'_, T>,
        run: impl FnOnce(&Problem<'_, T, E>) -> R,
    ) -> R {
        let mut first_pairs = vec![0; self.starts.len()];
        let prompts = Prompts::new(&self.starts, &mut first_pairs).expect("prompts");
        let items = Columns::new(&self.features, self.order, prompts.items()).expect("features");
        let pool = self.kind.pool(items, prompts, &self.pairs, &self.labelled);
        let none = Self { prior_precision: 0.0, ..self.clone() }.matrix(&[]);
        let lower = (0..self.order).flat_map(|j| (j..self.order).map(move |i| (i, j)));
        let past: Vec<T> = lower.map(|(i, j)| T::from_f64(none[i * self.order + j])).collect();
        assert_eq!(past.len(), packed_len(self.order));
        let posterior = Posterior {
            head: &self.head,
            prior_precision: T::from_f64(self.prior_precision),
            covariates: Covariates::NONE,
            jitter: T::ZERO,
            past: Packed::new(self.order, past.as_slice()).expect("order"),
        };
        let pool = pool.expect("a pool");
        run(&Problem { executor, pool: &pool, posterior: &posterior, options })
    }

    /// A batch by a strategy, from a stream of this seed.
    ///
    /// # Panics
    /// If the strategy refuses.
    #[must_use]
    pub fn select<T: Real>(
        &self,
        executor: &impl Executor,
        options: &Options<'_, T>,
        (strategy, batch, seed): (Strategy, usize, u64),
    ) -> Vec<Scored<T>> {
        self.with(executor, options, |problem| {
            let mut selector = Selector::default();
            let mut rng = Stream::new(seed, "small", 1);
            let picked = selector.select(strategy, problem, batch, &mut rng).expect("a batch");
            picked.pairs.to_vec()
        })
    }
}
