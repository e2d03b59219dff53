//! Small pools of our own with their log-determinants and gradients to 30 digits
//! (`fixtures/design`), through the whole selection in both precisions.

use pairpick::memory::Selector;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::head::Covariates;
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::pool::{Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Selection, Strategy};
use pairpick_core::topk::Scored;
use pairpick_tests::threads::Threads;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    order: usize,
    starts: Vec<u32>,
    head: Vec<f32>,
    features: Vec<f32>,
    ridge: String,
    dopt: Reference,
    design: Reference,
}

#[derive(Deserialize)]
struct Reference {
    log_det: String,
    gradient: Vec<String>,
}

fn number(text: &str) -> f64 {
    text.parse().expect("a decimal")
}

impl Case {
    fn select<T: Real>(&self, strategy: Strategy) -> (Selection, Vec<Scored<T>>) {
        let mut first_pairs = vec![0; self.starts.len()];
        let prompts = Prompts::new(&self.starts, &mut first_pairs).expect("prompts");
        let items = Columns::new(&self.features, self.order, prompts.items()).expect("shape");
        let pool = Pool::in_prompt(items, prompts, &[]).expect("a pool");
        let past = vec![T::ZERO; packed_len(self.order)];
        let posterior = Posterior {
            head: &self.head,
            prior_precision: T::from_f64(number(&self.ridge)),
            covariates: Covariates::NONE,
            jitter: T::ZERO,
            past: Packed::new(self.order, past.as_slice()).expect("order"),
        };
        let options = Options::default();
        let executor = &Threads::default();
        let problem = Problem { executor, pool: &pool, posterior: &posterior, options: &options };
        let (mut selector, mut rng) = (Selector::default(), Stream::new(0, "fixtures", 1));
        let all = self.dopt.gradient.len();
        let picked = selector.select(strategy, &problem, all, &mut rng).expect("a batch");
        (picked.selection, picked.pairs.to_vec())
    }

    /// Log-det and every gradient within `bound`, relative to the largest.
    fn check<T: Real>(&self, strategy: Strategy, reference: &Reference, bound: f64) {
        let (selection, batch) = self.select::<T>(strategy);
        let context = format!("{}, {}, {}", self.name, strategy.name(), T::NAME);
        let gradient: Vec<f64> = reference.gradient.iter().map(|text| number(text)).collect();
        let largest = gradient.iter().fold(0.0, |a: f64, b| if a < *b { *b } else { a });
        for scored in &batch {
            let place = usize::try_from(scored.pair).expect("small");
            let error = (scored.score.to_f64() - gradient[place]).abs();
            assert!(error <= bound * largest, "{context}, pair {place}: off by {error:e}");
        }
        for pair in batch.windows(2) {
            assert!(pair[1].score <= pair[0].score, "{context}: best first");
        }
        let log_det = selection.log_det.expect("a log-det");
        let expected = number(&reference.log_det);
        let error = (log_det - expected).abs();
        assert!(error <= bound * (1.0 + expected.abs()), "{context}: {log_det}, {expected}");
    }
}

#[test]
fn small_pools_agree_with_their_references() {
    let text = include_str!("../../../fixtures/design/cases.json");
    let cases: Vec<Case> = serde_json::from_str(text).expect("cases");
    for case in &cases {
        for (strategy, reference) in
            [(Strategy::Dopt, &case.dopt), (Strategy::Design, &case.design)]
        {
            case.check::<f64>(strategy, reference, 1e-11);
            case.check::<f32>(strategy, reference, 1e-3);
        }
    }
}
