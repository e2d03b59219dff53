//! Reference vectors computed outside the project: f64 references of f32 inputs, and 50-digit
//! gradients. Each case is a pool of two-reply prompts, so the whole selection runs.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use std::path::Path;

use pairpick::memory::Selector;
use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::fisher::{Weighting, add_pairs, pairs_workspace_len};
use pairpick_core::head::{Covariates, rewards, rewards_workspace_len};
use pairpick_core::linalg::{Cholesky, Packed, packed_len};
use pairpick_core::pool::{ItemPair, Pool, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Posterior, Problem, Selection, Strategy};
use pairpick_core::topk::Scored;
use pairpick_tests::data::{folder, npy, npy_f32};
use pairpick_tests::threads::Threads;

const CASES: [&str; 4] = ["gauss_d8", "gauss_d64", "trained2d_d8", "trained2d_d64"];
const RULES: [(Strategy, &str); 3] =
    [(Strategy::Dopt, "dopt"), (Strategy::PaDopt, "pa"), (Strategy::Design, "xtx")];
const RIDGE: f64 = 1e-6;

struct Case {
    order: usize,
    features: Vec<f32>,
    past: Vec<f32>,
    head: Vec<f32>,
}

/// Two matrices of one item a row, interleaved: item 2i is row i of the first.
fn interleaved(folder: &Path, first: &str, second: &str) -> (usize, Vec<f32>) {
    let order = npy(&folder.join(first)).0[1];
    let (first, second) = (npy_f32(&folder.join(first)), npy_f32(&folder.join(second)));
    let rows = first.chunks(order).zip(second.chunks(order));
    (order, rows.flat_map(|(a, b)| [a, b].concat()).collect())
}

fn load(folder: &Path) -> Case {
    let (order, features) = interleaved(folder, "phi1.npy", "phi2.npy");
    let (_, past) = interleaved(folder, "past1.npy", "past2.npy");
    Case { order, features, past, head: npy_f32(&folder.join("beta.npy")) }
}

impl Case {
    fn select<T: Real>(
        &self,
        strategy: Strategy,
        batch: usize,
    ) -> Result<(Selection, Vec<Scored<T>>), Error> {
        let order = self.order;
        let executor = Threads::default();
        let starts: Vec<u32> = (0..).step_by(2).take(self.features.len() / order / 2 + 1).collect();
        let mut first_pairs = vec![0; starts.len()];
        let prompts = Prompts::new(&starts, &mut first_pairs)?;
        let items = Columns::new(&self.features, order, prompts.items())?;
        let pool = Pool::in_prompt(items, prompts, &[])?;

        let past_items = Columns::new(&self.past, order, self.past.len() / order)?;
        let past_pairs: Vec<ItemPair> = (0..u32::try_from(past_items.len() / 2).expect("small"))
            .map(|i| ItemPair { a: 2 * i, b: 2 * i + 1 })
            .collect();
        let mut past = Packed::new(order, vec![T::ZERO; packed_len(order)])?;
        let mut past_rewards = vec![T::ZERO; past_items.len()];
        let mut memory = vec![T::ZERO; 2 * pairs_workspace_len(order)];
        rewards(&executor, past_items, &self.head, &mut past_rewards, &mut memory)?;
        let weighting = Weighting::Bernoulli;
        add_pairs(
            &executor,
            past_items,
            &past_pairs,
            &past_rewards,
            weighting,
            &mut past,
            &mut memory,
        )?;

        let options = Options::default();
        let posterior = Posterior {
            head: &self.head,
            prior_precision: T::from_f64(RIDGE),
            covariates: Covariates::NONE,
            jitter: T::ZERO,
            past: Packed::new(order, past.as_slice())?,
        };
        let (pool, posterior) = (&pool, &posterior);
        let problem = Problem { executor: &executor, pool, posterior, options: &options };
        let (mut selector, mut rng) = (Selector::default(), Stream::new(0, "golden", 1));
        let picked = selector.select(strategy, &problem, batch, &mut rng)?;
        Ok((picked.selection, picked.pairs.to_vec()))
    }
}

fn top(folder: &Path, rule: &str) -> Vec<u64> {
    npy(&folder.join(format!("top20_{rule}.npy"))).1.into_iter().map(|pair| pair as u64).collect()
}

#[test]
fn f64_agrees_with_the_references() {
    let Some(golden) = folder("PAIRPICK_GOLDEN", "golden f64") else {
        return;
    };
    for case_name in CASES {
        let folder = golden.join(case_name);
        let case = load(&folder);
        for (strategy, rule) in RULES {
            let (selection, chosen) = case.select::<f64>(strategy, 200).expect("factors in f64");
            let reference = npy(&folder.join(format!("logdet_{rule}.npy"))).1[0];
            let log_det = selection.log_det.expect("a log-det");
            let error = (log_det - reference).abs();
            assert!(
                error <= 1e-9 * reference.abs() || error <= 1e-8,
                "{case_name} {rule}: log-det {log_det}, reference {reference}"
            );
            for source in ["grad", "mp_grad"] {
                let gradient = npy(&folder.join(format!("{source}_{rule}.npy"))).1;
                let largest = gradient.iter().copied().fold(0.0, f64::max);
                let worst = chosen
                    .iter()
                    .map(|pair| (pair.score - gradient[pair.pair as usize]).abs() / largest)
                    .fold(0.0, f64::max);
                assert!(worst <= 1e-8, "{case_name} {rule} {source}: gradient off by {worst:e}");
            }
            let twenty: Vec<u64> = chosen.iter().take(20).map(|pair| pair.pair).collect();
            assert_eq!(twenty, top(&folder, rule), "{case_name} {rule}: top 20");
        }
        for strategy in [Strategy::Entropy, Strategy::MaxDiff] {
            let (_, chosen) = case.select::<f64>(strategy, 20).expect("needs no factor");
            let twenty: Vec<u64> = chosen.iter().map(|pair| pair.pair).collect();
            assert_eq!(twenty, top(&folder, strategy.name()), "{case_name} {}", strategy.name());
        }
    }
}

#[test]
fn f32_is_right_or_says_that_it_cannot_be() {
    let Some(golden) = folder("PAIRPICK_GOLDEN", "golden f32") else {
        return;
    };
    for case_name in CASES {
        let folder = golden.join(case_name);
        let case = load(&folder);
        for (strategy, rule) in RULES {
            let result = case.select::<f32>(strategy, 20);
            let checked = result.and_then(|(selection, chosen)| {
                selection.checked::<f32>().map(|_| chosen.iter().map(|pair| pair.pair).collect())
            });
            match (case_name, rule) {
                ("trained2d_d64", "dopt") => assert!(
                    matches!(checked, Err(Error::NotPositiveDefinite { .. })),
                    "{checked:?}"
                ),
                ("trained2d_d64", "pa") => {
                    assert!(matches!(checked, Err(Error::IllConditioned { .. })), "{checked:?}");
                }
                _ => {
                    let twenty: Vec<u64> = checked.expect("well conditioned");
                    let reference = top(&folder, rule);
                    let kept = twenty.iter().filter(|pair| reference.contains(pair)).count();
                    assert!(kept >= 19, "{case_name} {rule}: {kept} of the top 20");
                }
            }
        }
    }
}

#[test]
fn the_pair_form_names_the_pivot_at_which_f32_gives_up() {
    let Some(golden) = folder("PAIRPICK_GOLDEN", "golden pivot") else {
        return;
    };
    let case = load(&golden.join("trained2d_d64"));
    let (order, items) = (case.order, case.features.len() / case.order);
    let columns = Columns::new(&case.features, order, items).expect("shape");
    let last = u32::try_from(items).expect("small");
    let pairs: Vec<ItemPair> = (0..last).step_by(2).map(|a| ItemPair { a, b: a + 1 }).collect();
    let executor = Threads::default();
    let len = rewards_workspace_len(order).max(pairs_workspace_len(order));
    let (mut memory, mut values) = (vec![0.0_f32; len], vec![0.0; items]);
    rewards(&executor, columns, &case.head, &mut values, &mut memory).expect("rewards");
    let mut fisher = Packed::new(order, vec![0.0; packed_len(order)]).expect("order");
    let weighting = Weighting::Bernoulli;
    add_pairs(&executor, columns, &pairs, &values, weighting, &mut fisher, &mut memory)
        .expect("fits");
    fisher.add_diagonal(1e-6);
    let factor = Cholesky::factor(fisher).map(|_| ());
    let Err(Error::NotPositiveDefinite { pivot: 57, value }) = factor else { panic!("{factor:?}") };
    assert!(value < 0.0, "{value}");
}
