//! What batches are promised to be: a share of the best gain there is, locally optimal, within the
//! caps, and the same however pairs are turned or numbered.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::Error;
use pairpick_core::pool::{Distinct, ItemPair};
use pairpick_core::select::{Options, Strategy, Weights};
use pairpick_tests::design::{Design, square, times};
use pairpick_tests::kind::{KINDS, Kind};
use pairpick_tests::oracle::{self, dot, log_det};
use pairpick_tests::threads::Threads;

const WEIGHTS: [Weights; 3] = [Weights::PlugIn, Weights::Averaged, Weights::Constant];

fn numbers(
    design: &Design,
    strategy: Strategy,
    options: &Options<'_, f64>,
    batch: usize,
) -> Vec<u64> {
    let chosen = design.select(&Threads::default(), strategy, options, batch);
    let chosen = chosen.unwrap_or_else(|error| panic!("{}: {error}", strategy.name()));
    chosen.into_iter().map(|scored| scored.pair).collect()
}

/// log det of the batch's matrix over that of the start.
fn gain(design: &Design, batch: &[u64]) -> f64 {
    let at = |batch: &[u64]| log_det(design.order, &design.matrix(true, batch));
    at(batch) - at(&[])
}

#[test]
fn greedy_gains_its_share_of_the_best_there_is_and_exchange_no_less() {
    let mut swapped = 0;
    for seed in 0..25 {
        for kind in KINDS {
            let mut design = Design::new(kind, 3, 4, 3, seed);
            let mut offered = design.offered();
            if offered.len() > 12 {
                design.labelled.extend(offered.drain(12..));
                design.labelled.sort_unstable();
            }
            for count in 1..=4.min(offered.len()) {
                let best = oracle::subsets(&offered, count)
                    .iter()
                    .map(|batch| gain(&design, batch))
                    .fold(0.0, |best: f64, gain| if best < gain { gain } else { best });
                let options = design.options();
                let greedy =
                    gain(&design, &numbers(&design, Strategy::GreedyDopt, &options, count));
                let exchange =
                    gain(&design, &numbers(&design, Strategy::Exchange, &options, count));
                let share = 1.0 - 1.0 / std::f64::consts::E;
                assert!(greedy >= share * best, "{kind:?} {seed}: {greedy} of {best}");
                assert!(greedy <= best + 1e-9, "{kind:?} {seed}: {greedy} of {best}");
                assert!(exchange >= greedy - 1e-9, "{kind:?} {seed}: {exchange} after {greedy}");
                swapped += usize::from(exchange > greedy + 1e-9);
            }
        }
    }
    assert!(swapped > 0, "no pool where swaps help");
}

#[test]
fn no_swap_improves_an_exchanged_batch() {
    for kind in KINDS {
        for seed in 0..6 {
            let mut design = Design::new(kind, 12, 4, 4, seed);
            for (weights, past) in WEIGHTS.into_iter().flat_map(|w| [(w, true), (w, false)]) {
                design.weights = weights;
                for distinct in [Distinct::Unlimited, Distinct::PerItem(2), Distinct::PerPrompt(1)]
                {
                    let distinct = Some(distinct);
                    let options = Options { past, distinct, ..design.options() };
                    no_swap_improves(&design, &options);
                }
            }
        }
    }
}

/// Of the swaps that keep to the caps.
fn no_swap_improves(design: &Design, options: &Options<'_, f64>) {
    let distinct = options.distinct.unwrap_or_default();
    let reached = |batch: &[u64]| log_det(design.order, &design.matrix(options.past, batch));
    let batch = numbers(design, Strategy::Exchange, options, 4);
    let best = reached(&batch);
    for place in 0..batch.len() {
        for pair in design.offered().into_iter().filter(|pair| !batch.contains(pair)) {
            let mut other = batch.clone();
            other[place] = pair;
            let found = reached(&other);
            let what = format!("{:?} {options:?}: {found}, {best}", design.kind);
            assert!(!within(design, distinct, &other) || found <= best + 1e-9, "{what}");
        }
    }
}

/// A pair without which M is singular to working precision has the score that it has by a factor of
/// the others' matrix, and stays.
#[test]
fn exchange_at_a_tiny_prior_scores_what_rounding_would_hide() {
    for kind in KINDS {
        let mut design = Design::new(kind, 8, 4, 6, 3);
        design.past.fill(0.0);
        design.prior_precision = 1e-13;
        let exchange = |design: &Design| {
            let options = design.options();
            design.select(&Threads::default(), Strategy::Exchange, &options, 4).expect("4")
        };
        let chosen = exchange(&design);
        let greedy = numbers(&design, Strategy::GreedyDopt, &design.options(), 4);
        let all: Vec<u64> = chosen.iter().map(|scored| scored.pair).collect();
        let found = log_det(design.order, &design.matrix(true, &all));
        let start = log_det(design.order, &design.matrix(true, &greedy));
        // As exact as a determinant is where the least eigenvalue is 500 ε.
        assert!(found >= start - 1e-2, "{kind:?}: {found} after {start}");
        for scored in &chosen {
            let others: Vec<u64> =
                all.iter().copied().filter(|pair| *pair != scored.pair).collect();
            let own = found - log_det(design.order, &design.matrix(true, &others));
            let told = pairpick_core::arith::ln(1.0 + scored.score);
            assert!((told - own).abs() < 1e-2, "{kind:?}: {told}, not {own}");
        }
    }
}

/// Of an exchanged batch each score is the gain of the pair over the others.
#[test]
fn an_exchanged_pair_is_scored_without_itself() {
    for kind in KINDS {
        let design = Design::new(kind, 8, 4, 4, 3);
        let options = design.options();
        let chosen =
            design.select(&Threads::default(), Strategy::Exchange, &options, 6).expect("a batch");
        let all: Vec<u64> = chosen.iter().map(|scored| scored.pair).collect();
        assert!(chosen.is_sorted_by(|a, b| a.score >= b.score));
        for scored in &chosen {
            let others: Vec<u64> =
                all.iter().copied().filter(|pair| *pair != scored.pair).collect();
            let own = gain(&design, &all) - gain(&design, &others);
            let found = pairpick_core::arith::ln(1.0 + scored.score);
            assert!((found - own).abs() < 1e-10, "{kind:?}: {found}, not {own}");
        }
    }
}

#[test]
fn one_shot_traces_follow_their_definition() {
    for (kind, weights) in KINDS.into_iter().flat_map(|kind| WEIGHTS.map(|weights| (kind, weights)))
    {
        let mut design = Design::new(kind, 20, 5, 6, 17);
        design.weights = weights;
        let order = design.order;
        let offered = design.offered();
        for (strategy, past) in
            [(Strategy::AOpt, true), (Strategy::VOpt, true), (Strategy::VOpt, false)]
        {
            let target = match strategy {
                Strategy::VOpt => square(order, &design.target),
                _ => (0..order * order)
                    .map(|place| if place % (order + 1) == 0 { 1.0 } else { 0.0 })
                    .collect(),
            };
            let inverse = oracle::inverse(order, &design.matrix(past, &offered));
            let score = |pair: &u64| {
                let solved = times(&inverse, &design.difference(*pair));
                design.weight(*pair) * dot(&solved, &times(&target, &solved))
            };
            let mut expected: Vec<(f64, u64)> =
                offered.iter().map(|pair| (score(pair), *pair)).collect();
            expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let options = Options { past, ..design.options() };
            let chosen =
                design.select(&Threads::default(), strategy, &options, 20).expect("a batch");
            for (found, (score, _)) in chosen.iter().zip(&expected) {
                assert!((found.score - score).abs() <= 1e-10 * score, "{kind:?}");
            }
        }
    }
}

/// What the caps leave of a ranking, walked from its front.
#[test]
fn one_shot_strategies_walk_their_ranking_under_the_caps() {
    for kind in KINDS {
        let design = Design::new(kind, 40, 5, 4, 23);
        let all = design.offered().len();
        for strategy in [
            Strategy::Entropy,
            Strategy::MaxDiff,
            Strategy::Design,
            Strategy::Dopt,
            Strategy::PaDopt,
            Strategy::AOpt,
            Strategy::VOpt,
        ] {
            let ranking = numbers(&design, strategy, &design.options(), all);
            for distinct in [Distinct::PerItem(1), Distinct::PerItem(3), Distinct::PerPrompt(1)] {
                let mut expected: Vec<u64> = Vec::new();
                for pair in &ranking {
                    expected.push(*pair);
                    if !within(&design, distinct, &expected) {
                        expected.pop();
                    }
                }
                expected.truncate(20);
                let options = Options { distinct: Some(distinct), ..design.options() };
                let found = numbers(&design, strategy, &options, expected.len());
                assert_eq!(found, expected, "{kind:?} {} {distinct:?}", strategy.name());
            }
        }
    }
}

/// Whether a batch keeps to the caps.
fn within(design: &Design, distinct: Distinct, batch: &[u64]) -> bool {
    let prompt = |item: u32| design.starts.iter().filter(|start| **start <= item).count() as u32;
    let mut touched: Vec<u32> = Vec::new();
    for pair in batch {
        let ItemPair { a, b } = design.pairs[*pair as usize];
        let (a, b) = match distinct {
            Distinct::PerPrompt(_) => (prompt(a), prompt(b)),
            _ => (a, b),
        };
        touched.push(a);
        if a != b {
            touched.push(b);
        }
    }
    touched.sort_unstable();
    let most = touched.chunk_by(|a, b| a == b).map(<[u32]>::len).max().unwrap_or(0);
    match distinct {
        Distinct::Unlimited => true,
        Distinct::PerItem(limit) | Distinct::PerPrompt(limit) => most <= limit as usize,
        Distinct::Even(_) => panic!("the cap of an even batch is known beforehand"),
    }
}

#[test]
fn every_strategy_keeps_to_the_caps_or_says_that_it_cannot() {
    for kind in KINDS {
        let design = Design::new(kind, 15, 5, 3, 2);
        for strategy in
            Strategy::ALL.into_iter().filter(|strategy| strategy.facts().distinct.is_some())
        {
            for distinct in [Distinct::PerItem(1), Distinct::PerItem(2), Distinct::PerPrompt(2)] {
                let options = Options { distinct: Some(distinct), ..design.options() };
                let batch = numbers(&design, strategy, &options, 6);
                let mut different = batch.clone();
                different.sort_unstable();
                different.dedup();
                assert_eq!(different.len(), 6, "{kind:?} {}", strategy.name());
                assert!(within(&design, distinct, &batch), "{kind:?} {}", strategy.name());
                let executor = Threads::default();
                let result = design.select(&executor, strategy, &options, design.offered().len());
                assert!(matches!(result, Err(Error::Batch { .. })), "{}", strategy.name());
            }
        }
    }
}

/// What would change the batch of another strategy is refused by one that does not read it, and
/// [`Options::read_by`] takes out just that.
#[test]
fn a_strategy_refuses_the_options_that_it_would_not_honour() {
    let design = Design::new(Kind::Listed, 15, 5, 3, 2);
    let plain = design.options();
    let asked = [
        Options { weights: Some(Weights::Averaged), ..plain },
        Options { weights: Some(Weights::Constant), ..plain },
        Options { prior_precision: Some(0.5), ..plain },
        Options { misfit: Some(1.5), ..plain },
        Options { distinct: Some(Distinct::PerItem(2)), ..plain },
        Options { past: false, ..plain },
        Options { sampled: true, ..plain },
        Options { mixed: 1, distinct: Some(Distinct::PerItem(2)), ..plain },
    ];
    for strategy in Strategy::ALL {
        let select = |options: &Options<'_, f64>| numbers(&design, strategy, options, 3);
        let read = [
            strategy.facts().weights.is_some(),
            strategy.facts().weights.is_some(),
            strategy.facts().past,
            strategy.facts().misfit.is_some(),
            strategy.facts().distinct.is_some(),
            strategy.facts().past,
            strategy.facts().sampled,
            false,
        ];
        for (options, read) in asked.iter().zip(read) {
            let result = design.select(&Threads::default(), strategy, options, 3);
            let refused = matches!(result, Err(Error::Parameter { .. }));
            assert_eq!(refused, !read, "{} {options:?}", strategy.name());
            select(&options.read_by(&strategy.facts()));
            if refused && options.mixed == 0 {
                assert_eq!(select(&options.read_by(&strategy.facts())), select(&plain));
            }
        }
        for misfit in [-1.0, f64::NAN, f64::INFINITY] {
            let options = Options { misfit: Some(misfit), ..plain };
            let result = design.select(&Threads::default(), strategy, &options, 3);
            assert!(matches!(result, Err(Error::Parameter { .. })), "{}", strategy.name());
        }
        for precision in [-1.0, 0.0, f64::NAN, f64::INFINITY] {
            let options = Options { prior_precision: Some(precision), ..plain };
            let result = design.select(&Threads::default(), strategy, &options, 3);
            assert!(matches!(result, Err(Error::Parameter { .. })), "{}", strategy.name());
        }
        let idle = Options { misfit: Some(0.0), distinct: Some(Distinct::Unlimited), ..plain };
        assert_eq!(select(&idle).len(), 3, "{}", strategy.name());
    }
}

#[test]
fn prompts_that_are_counted_must_be_known() {
    let mut design = Design::new(Kind::CrossPrompt, 5, 4, 3, 2);
    design.prompts_known = false;
    for distinct in [Distinct::PerPrompt(1), Distinct::Even(0)] {
        let options = Options { distinct: Some(distinct), ..design.options() };
        for strategy in
            Strategy::ALL.into_iter().filter(|strategy| strategy.facts().distinct.is_some())
        {
            let result = design.select(&Threads::default(), strategy, &options, 2);
            assert!(matches!(result, Err(Error::Parameter { .. })), "{}", strategy.name());
        }
    }
}

/// A batch that is spread evenly is one under the least cap that has room for it, however many pairs
/// its prompts have; and it is full, since no cap has to be guessed.
#[test]
fn an_even_batch_is_that_of_the_least_cap_with_room_for_it() {
    for kind in KINDS {
        let design = Design::new(kind, 12, 6, 4, 37);
        for batch in [1, 5, 12, 30, 60] {
            let cap = design.even_cap(batch);
            for strategy in
                Strategy::ALL.into_iter().filter(|strategy| strategy.facts().distinct.is_some())
            {
                for more in 0..3 {
                    let by = |distinct: Distinct| {
                        let options = Options { distinct: Some(distinct), ..design.options() };
                        let chosen = design.select(&Threads::default(), strategy, &options, batch);
                        chosen.map(|chosen| chosen.iter().map(|x| x.pair).collect::<Vec<_>>())
                    };
                    let (even, capped) =
                        (by(Distinct::Even(more)), by(Distinct::PerPrompt(cap + more)));
                    let what = format!("{kind:?} {} {batch} +{more}", strategy.name());
                    assert_eq!(even, capped, "{what}");
                    if kind != Kind::CrossPrompt {
                        assert_eq!(even.map(|pairs| pairs.len()), Ok(batch), "{what}");
                    }
                }
            }
        }
    }
}

/// With constant weights no head decides: the batch and its scores are those of a head of zeros, whose
/// every probability is ½.
#[test]
fn constant_weights_are_those_of_a_head_of_zeros() {
    for kind in KINDS {
        let mut design = Design::new(kind, 20, 5, 5, 41);
        let mut zeros = design.clone();
        zeros.head.fill(0.0);
        for strategy in
            Strategy::ALL.into_iter().filter(|strategy| strategy.facts().weights.is_some())
        {
            design.weights = Weights::Constant;
            let by = |design: &Design| {
                let options = Options { past: true, ..design.options() };
                design.select(&Threads::default(), strategy, &options, 12).expect("a batch")
            };
            let constant = by(&design);
            let what = format!("{kind:?} {}", strategy.name());
            assert_eq!(constant, by(&zeros), "{what}");
            design.weights = Weights::PlugIn;
            assert_ne!(constant, by(&design), "{what}");
        }
    }
}

/// `robust-v-opt` reads no head, and starts from its own precision whatever the posterior's.
#[test]
fn the_batch_of_robust_v_opt_is_the_same_before_and_after_a_fit() {
    for kind in KINDS {
        let design = Design::new(kind, 20, 5, 5, 43);
        let by = |design: &Design, options: &Options<'_, f64>| {
            let strategy = Strategy::RobustVOpt;
            design.select(&Threads::default(), strategy, options, 12).expect("a batch")
        };
        let open = |design: &Design| by(design, &Options { weights: None, ..design.options() });
        let mut fitted = design.clone();
        fitted.head.iter_mut().for_each(|weight| *weight *= -30.0);
        fitted.prior_precision = 1e-3;
        assert_eq!(open(&design), open(&fitted), "{kind:?}");
        let typed = Options {
            weights: Some(Weights::Constant),
            misfit: Some(10.0),
            prior_precision: Some(3.0),
            distinct: Some(Distinct::PerPrompt(design.even_cap(12))),
            ..design.options()
        };
        let greedy = design.select(&Threads::default(), Strategy::GreedyVOpt, &typed, 12);
        assert_eq!(Ok(open(&design)), greedy, "{kind:?}");
    }
}

/// A design's own precision is a start in the place of λ, and nothing else.
#[test]
fn a_start_of_its_own_is_a_posterior_of_that_precision() {
    for kind in KINDS {
        let design = Design::new(kind, 20, 5, 5, 47);
        let other = Design { prior_precision: 3.0, ..design.clone() };
        for strategy in Strategy::ALL.into_iter().filter(|strategy| strategy.facts().past) {
            for past in [true, false] {
                let distinct = Some(Distinct::PerItem(3));
                let by = |design: &Design, prior_precision: f64| {
                    let prior_precision = Some(prior_precision);
                    let options = Options { prior_precision, past, distinct, ..design.options() };
                    design.select(&Threads::default(), strategy, &options, 9).expect("a batch")
                };
                let what = format!("{kind:?} {} {past}", strategy.name());
                assert_eq!(by(&design, 3.0), by(&other, other.prior_precision), "{what}");
                assert_ne!(by(&design, 3.0), by(&design, design.prior_precision), "{what}");
            }
        }
    }
}

/// Turning pairs round changes no score; only the signs of differences.
#[test]
fn a_batch_does_not_depend_on_which_of_a_pair_comes_first() {
    let design = Design::new(Kind::Listed, 12, 5, 4, 11);
    let mut turned = Design::new(Kind::Listed, 12, 5, 4, 11);
    for pair in turned.pairs.iter_mut().step_by(2) {
        *pair = ItemPair { a: pair.b, b: pair.a };
    }
    for strategy in Strategy::ALL {
        let options = Options { distinct: Some(Distinct::PerPrompt(2)), ..design.options() };
        let options = options.read_by(&strategy.facts());
        let batch = numbers(&design, strategy, &options, 10);
        assert_eq!(batch, numbers(&turned, strategy, &options, 10), "{}", strategy.name());
    }
}

/// Listed backwards, the pairs picked are the same; where no two have equal scores.
#[test]
fn a_batch_does_not_depend_on_the_order_of_the_list() {
    let once = |seed| {
        let mut design = Design::new(Kind::Listed, 12, 5, 4, seed);
        design.pairs.truncate(design.pairs.len() / 3);
        design.labelled.clear();
        design
    };
    let (design, mut turned) = (once(4), once(4));
    turned.pairs.reverse();
    // Those that draw, draw pairs by their numbers.
    let draws = [Strategy::Random, Strategy::Coreset, Strategy::BatchBald];
    for strategy in Strategy::ALL.into_iter().filter(|strategy| !draws.contains(strategy)) {
        let batch = numbers(&design, strategy, &design.options(), 8);
        let other = numbers(&turned, strategy, &design.options(), 8);
        let last = design.pairs.len() as u64 - 1;
        let mut other: Vec<u64> = other.into_iter().map(|pair| last - pair).collect();
        let mut batch = batch;
        batch.sort_unstable();
        other.sort_unstable();
        assert_eq!(batch, other, "{}", strategy.name());
    }
}

/// Features twice as large with a quarter of the precisions, the head halved: the same problem.
#[test]
fn a_batch_does_not_depend_on_the_scale_of_the_features() {
    for kind in KINDS {
        let design = Design::new(kind, 12, 5, 4, 29);
        let mut scaled = Design::new(kind, 12, 5, 4, 29);
        scaled.features.iter_mut().for_each(|value| *value *= 2.0);
        scaled.head.iter_mut().for_each(|value| *value *= 0.5);
        scaled.past.iter_mut().for_each(|value| *value *= 4.0);
        scaled.prior_precision *= 4.0;
        for strategy in Strategy::ALL {
            let own = [Strategy::RobustVOpt, Strategy::Design, Strategy::Coreset];
            let all = kind != Kind::CrossPrompt || strategy.facts().all_pairs;
            if own.contains(&strategy) || !all {
                // κ and the radius are of the features' scale, and `design` counts no past.
                continue;
            }
            let batch = numbers(&design, strategy, &design.options(), 8);
            let other = numbers(&scaled, strategy, &design.options(), 8);
            assert_eq!(batch, other, "{kind:?} {}", strategy.name());
        }
    }
}
