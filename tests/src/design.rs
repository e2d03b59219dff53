//! Designs by brute force: every score from the definition, an inverse a pick, all in f64.

use std::collections::{BTreeMap, BTreeSet};

use pairpick::memory::Selector;
use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::head::Covariates;
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{ItemPair, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Selection, Strategy, Weights};
use pairpick_core::topk::Scored;

use crate::kind::Kind;
use crate::threads::Threads;
use crate::{generate, oracle};

/// A pool and what is believed of it.
#[derive(Clone, Debug)]
pub struct Design {
    /// Which pairs are on offer.
    pub kind: Kind,
    /// Features of an item.
    pub order: usize,
    /// Where each prompt's items begin.
    pub starts: Vec<u32>,
    /// An item a column.
    pub features: Vec<f32>,
    /// A weight a feature.
    pub head: Vec<f32>,
    /// The items of every pair, by its number.
    pub pairs: Vec<ItemPair>,
    /// Numbers of the pairs that have a label.
    pub labelled: Vec<u64>,
    /// λ.
    pub prior_precision: f64,
    /// The Fisher information of the past, packed.
    pub past: Vec<f64>,
    /// V, packed.
    pub target: Vec<f64>,
    /// Whether the pool is told where prompts begin.
    pub prompts_known: bool,
    /// The weights of its pairs.
    pub weights: Weights,
}

impl Design {
    /// A random one.
    #[must_use]
    pub fn new(kind: Kind, prompts: usize, most: u64, order: usize, seed: u64) -> Self {
        let (starts, features, head) = generate::pool(prompts, most, order, seed);
        let all = [0, starts.last().copied().unwrap_or(0)];
        let pairs = match kind {
            Kind::InPrompt => oracle::pairs(&starts),
            Kind::CrossPrompt => oracle::pairs(&all),
            // Every pair within a prompt three times, the second time the other way round.
            Kind::Listed => {
                let once = oracle::pairs(&starts);
                let turned: Vec<_> =
                    once.iter().map(|pair| ItemPair { a: pair.b, b: pair.a }).collect();
                [once.clone(), turned, once].concat()
            }
        };
        let labelled = (0..pairs.len() as u64).filter(|pair| pair % 7 == 3).collect();
        let past = generate::positive::<f64>(order, seed, 0.05).into_inner();
        let target = generate::positive::<f64>(order, seed + 1, 0.3).into_inner();
        let prior_precision = 0.02;
        Self {
            kind,
            order,
            starts,
            features,
            head,
            pairs,
            labelled,
            prior_precision,
            past,
            target,
            prompts_known: true,
            weights: Weights::PlugIn,
        }
    }

    /// The pairs on offer, by their numbers.
    #[must_use]
    pub fn offered(&self) -> Vec<u64> {
        let numbers = 0..self.pairs.len() as u64;
        numbers.filter(|pair| self.labelled.binary_search(pair).is_err()).collect()
    }

    /// The options with this design's target and weights.
    ///
    /// # Panics
    /// Never: the order fits.
    #[must_use]
    pub fn options(&self) -> Options<'_, f64> {
        let target = Packed::new(self.order, self.target.as_slice()).expect("order");
        Options { target: Some(target), weights: Some(self.weights), ..Options::default() }
    }

    /// A batch of this strategy.
    ///
    /// # Errors
    /// The strategy's.
    ///
    /// # Panics
    /// If the pool is none.
    pub fn select(
        &self,
        executor: &impl Executor,
        strategy: Strategy,
        options: &Options<'_, f64>,
        batch: usize,
    ) -> Result<Vec<Scored<f64>>, Error> {
        self.select_in(executor, strategy, options, &self.past, batch).map(|(pairs, _)| pairs)
    }

    /// The same in f32, by options without their target, and what the strategy tells besides.
    ///
    /// # Errors
    /// The strategy's.
    pub fn select_f32(
        &self,
        strategy: Strategy,
        options: &Options<'_, f64>,
        batch: usize,
    ) -> Result<(Vec<Scored<f32>>, Selection), Error> {
        let narrow = |values: &[f64]| values.iter().map(|x| *x as f32).collect::<Vec<f32>>();
        let (target, past) = (narrow(&self.target), narrow(&self.past));
        let options = Options {
            target: Some(Packed::new(self.order, target.as_slice())?),
            misfit: options.misfit.map(|misfit| misfit as f32),
            distinct: options.distinct,
            past: options.past,
            weights: options.weights,
            prior_precision: options.prior_precision.map(|precision| precision as f32),
            ..Options::default()
        };
        let options = options.read_by(&strategy.facts());
        self.select_in(&Threads::default(), strategy, &options, &past, batch)
    }

    fn select_in<T: Real>(
        &self,
        executor: &impl Executor,
        strategy: Strategy,
        options: &Options<'_, T>,
        past: &[T],
        batch: usize,
    ) -> Result<(Vec<Scored<T>>, Selection), Error> {
        let mut first_pairs = vec![0; self.starts.len()];
        let prompts = Prompts::new(&self.starts, &mut first_pairs).expect("prompts");
        let items = Columns::new(&self.features, self.order, prompts.items()).expect("features");
        let pool = self.kind.pool(items, prompts, &self.pairs, &self.labelled);
        let mut pool = pool.expect("a pool");
        if self.prompts_known {
            pool = pool.with_prompts(&self.starts)?;
        }
        let posterior = Posterior {
            head: &self.head,
            prior_precision: T::from_f64(self.prior_precision),
            covariates: Covariates::NONE,
            jitter: T::ZERO,
            past: Packed::new(self.order, past)?,
        };
        let mut rng = Stream::new(5, "test", 1);
        let problem = Problem { executor, pool: &pool, posterior: &posterior, options };
        let mut selector = Selector::default();
        let batch = selector.select(strategy, &problem, batch, &mut rng)?;
        Ok((batch.pairs.to_vec(), batch.selection))
    }

    /// The cap on a prompt of a batch that is spread evenly: the least that leaves it its places.
    ///
    /// # Panics
    /// If the pool has no room for the batch.
    #[must_use]
    pub fn even_cap(&self, batch: usize) -> u32 {
        let prompt = |item: u32| self.starts.partition_point(|start| *start <= item);
        let mut touched: BTreeMap<usize, usize> = BTreeMap::new();
        let mut across = 1;
        for ItemPair { a, b } in self.offered().into_iter().map(|pair| self.pairs[pair as usize]) {
            let prompts = BTreeSet::from([prompt(a), prompt(b)]);
            across = across.max(prompts.len());
            prompts.into_iter().for_each(|prompt| *touched.entry(prompt).or_default() += 1);
        }
        let places = |cap: usize| touched.values().fold(0, |sum, pairs| sum + cap.min(*pairs));
        let cap = (1..=batch).find(|cap| places(*cap) >= across * batch);
        cap.expect("room for the batch") as u32
    }

    /// φ_a − φ_b of a pair.
    #[must_use]
    pub fn difference(&self, pair: u64) -> Vec<f64> {
        oracle::difference(self.order, &self.features, self.pairs[pair as usize])
    }

    /// w of a pair.
    #[must_use]
    pub fn weight(&self, pair: u64) -> f64 {
        let reward = |item| oracle::reward(self.order, &self.features, &self.head, item);
        let ItemPair { a, b } = self.pairs[pair as usize];
        let margin = reward(a) - reward(b);
        match self.weights {
            Weights::PlugIn => return oracle::variance(margin),
            Weights::Constant => return 0.25,
            Weights::Averaged => {}
        }
        let d = self.difference(pair);
        let variance =
            oracle::dot(&d, &times(&oracle::inverse(self.order, &self.matrix(true, &[])), &d));
        let scale = 1.0 / libm::sqrt(1.0 + std::f64::consts::PI * variance / 8.0);
        scale * oracle::variance(scale * margin)
    }

    /// P, or λI without the past, plus the pairs' information: row by row.
    #[must_use]
    pub fn matrix(&self, past: bool, batch: &[u64]) -> Vec<f64> {
        self.matrix_from(self.prior_precision, past, batch)
    }

    /// The same from a start of this precision in the place of λ.
    #[must_use]
    pub fn matrix_from(&self, precision: f64, past: bool, batch: &[u64]) -> Vec<f64> {
        let order = self.order;
        let items: Vec<ItemPair> = batch.iter().map(|pair| self.pairs[*pair as usize]).collect();
        let weights: Vec<f64> = batch.iter().map(|pair| self.weight(*pair)).collect();
        let mut matrix = oracle::fisher(order, &self.features, &items, &weights);
        let labelled = square(order, &self.past);
        for (place, entry) in matrix.iter_mut().enumerate() {
            if past {
                *entry += labelled[place];
            }
            if place % (order + 1) == 0 {
                *entry += precision;
            }
        }
        matrix
    }
}

/// A packed lower triangle as a full matrix.
///
/// # Panics
/// If it is too short.
#[must_use]
pub fn square(order: usize, packed: &[f64]) -> Vec<f64> {
    assert_eq!(packed.len(), packed_len(order));
    let packed = Packed::new(order, packed).expect("order");
    let places = (0..order).flat_map(|row| (0..order).map(move |column| (row, column)));
    places.map(|(row, column)| packed.entry(row, column).expect("inside")).collect()
}

/// A matrix times a vector.
#[must_use]
pub fn times(matrix: &[f64], x: &[f64]) -> Vec<f64> {
    matrix.chunks(x.len()).map(|row| oracle::dot(row, x)).collect()
}

/// tr(AB) of two symmetric matrices.
#[must_use]
pub fn trace(a: &[f64], b: &[f64]) -> f64 {
    oracle::dot(a, b)
}
