//! Sequential designs against brute force, pick by pick.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::Error;
use pairpick_core::pool::{Distinct, ItemPair};
use pairpick_core::select::{Options, Strategy, Weights};
use pairpick_tests::design::{Design, square, times, trace};
use pairpick_tests::kind::{KINDS, Kind};
use pairpick_tests::oracle::{self, dot, log_det};
use pairpick_tests::threads::Threads;

/// What a sequential strategy's next pick is scored by.
struct Definition<'a> {
    design: &'a Design,
    options: &'a Options<'a, f64>,
    /// V of a trace; `None` for log det.
    target: Option<Vec<f64>>,
}

impl<'a> Definition<'a> {
    fn new(design: &'a Design, strategy: Strategy, options: &'a Options<'a, f64>) -> Self {
        let target = match strategy {
            Strategy::GreedyAOpt => Some(identity(design.order)),
            Strategy::GreedyVOpt | Strategy::RobustVOpt => {
                Some(square(design.order, &design.target))
            }
            _ => None,
        };
        Self { design, options, target }
    }

    /// The score of each of these pairs after the batch so far.
    fn scores(&self, batch: &[u64], pairs: &[u64]) -> Vec<f64> {
        let order = self.design.order;
        let start = self.options.prior_precision.unwrap_or(self.design.prior_precision);
        let matrix = self.design.matrix_from(start, self.options.past, batch);
        let inverse = oracle::inverse(order, &matrix);
        let score = |pair: &u64| {
            let (d, w) = (self.design.difference(*pair), self.design.weight(*pair));
            let solved = times(&inverse, &d);
            let v = dot(&d, &solved);
            match &self.target {
                None => w * v,
                Some(target) => {
                    let g = dot(&solved, &times(target, &solved));
                    w * g / (1.0 + w * (v + self.options.misfit.unwrap_or(0.0) * dot(&d, &d)))
                }
            }
        };
        pairs.iter().map(score).collect()
    }

    /// The pairs that a batch may take.
    fn open(&self, distinct: Distinct, batch: &[u64]) -> Vec<u64> {
        let (limit, by_prompt) = match distinct {
            Distinct::Unlimited => (u32::MAX, false),
            Distinct::PerItem(limit) => (limit, false),
            Distinct::PerPrompt(limit) => (limit, true),
            Distinct::Even(_) => panic!("the cap of an even batch is known beforehand"),
        };
        let places = |pair: u64| {
            let ItemPair { a, b } = self.design.pairs[pair as usize];
            let prompt =
                |item: u32| self.design.starts.iter().filter(|start| **start <= item).count();
            let place = |item| if by_prompt { prompt(item) } else { item as usize };
            let mut places = vec![place(a), place(b)];
            places.dedup();
            places
        };
        let full = |place: usize| {
            let touching = batch.iter().filter(|pair| places(**pair).contains(&place));
            touching.count() >= limit as usize
        };
        let mut open = self.design.offered();
        open.retain(|pair| !batch.contains(pair) && !places(*pair).into_iter().any(full));
        open
    }
}

fn identity(order: usize) -> Vec<f64> {
    (0..order * order).map(|place| f64::from(u8::from(place % (order + 1) == 0))).collect()
}

const SEQUENTIAL: [Strategy; 4] =
    [Strategy::GreedyDopt, Strategy::GreedyAOpt, Strategy::GreedyVOpt, Strategy::RobustVOpt];

/// Each pick is the best, the first of equal ones, and has the score of its definition.
fn follows_brute_force(
    design: &Design,
    strategy: Strategy,
    options: &Options<'_, f64>,
    batch: usize,
) {
    let what = format!("{} {:?} {:?}", strategy.name(), design.kind, options.distinct);
    let chosen = design.select(&Threads::default(), strategy, options, batch).expect("a batch");
    let robust = strategy == Strategy::RobustVOpt;
    let own = match robust {
        true => Distinct::PerPrompt(design.even_cap(batch)),
        false => Distinct::Unlimited,
    };
    let (misfit, distinct) = (
        options.misfit.unwrap_or(if robust { 10.0 } else { 0.0 }),
        options.distinct.unwrap_or(own),
    );
    let prior_precision = options.prior_precision.or(robust.then_some(3.0));
    let definition_options = Options { misfit: Some(misfit), prior_precision, ..*options };
    let definition = Definition::new(design, strategy, &definition_options);
    let mut before = Vec::new();
    for (rank, scored) in chosen.iter().enumerate() {
        let open = definition.open(distinct, &before);
        let scores = definition.scores(&before, &open);
        let best =
            scores.iter().fold(0.0, |best: f64, score| if best < *score { *score } else { best });
        let place = open.iter().position(|pair| *pair == scored.pair);
        let score = scores[place.unwrap_or_else(|| panic!("{what}: pick {rank} is not open"))];
        assert!(score >= best * (1.0 - 1e-9), "{what}: pick {rank} has {score}, not {best}");
        assert!((scored.score - score).abs() <= 1e-9 * best, "{what}: pick {rank}");
        let items = design.pairs[scored.pair as usize];
        let equal = |pair: &&u64| {
            let ItemPair { a, b } = design.pairs[**pair as usize];
            items == ItemPair { a, b } || items == ItemPair { a: b, b: a }
        };
        assert_eq!(open.iter().find(equal), Some(&scored.pair), "{what}: pick {rank}");
        before.push(scored.pair);
    }
}

#[test]
fn every_pick_is_that_of_brute_force() {
    for (seed, kind) in (0..).zip(KINDS) {
        let mut design = Design::new(kind, 12, 5, 4, seed);
        let weights = [Weights::PlugIn, Weights::Averaged, Weights::Constant];
        for (strategy, weights) in SEQUENTIAL.into_iter().flat_map(|s| weights.map(|w| (s, w))) {
            design.weights = weights;
            let options = design.options();
            follows_brute_force(&design, strategy, &options, 25);
            for misfit in [0.0, 2.5] {
                let prior_precision = Some(0.7);
                let options =
                    Options { past: false, misfit: Some(misfit), prior_precision, ..options };
                let options = options.read_by(&strategy.facts());
                let uncapped = Options { distinct: Some(Distinct::Unlimited), ..options };
                follows_brute_force(&design, strategy, &uncapped, 10);
                for distinct in [Distinct::PerItem(1), Distinct::PerItem(2), Distinct::PerPrompt(1)]
                {
                    let options = Options { distinct: Some(distinct), ..options };
                    follows_brute_force(&design, strategy, &options, 5);
                }
            }
        }
    }
}

/// More picks than between two factorisations, and more pairs than one walk gathers.
#[test]
fn long_batches_and_large_pools_are_those_of_brute_force() {
    let design = Design::new(Kind::InPrompt, 30, 8, 5, 7);
    for strategy in [Strategy::GreedyDopt, Strategy::GreedyVOpt] {
        follows_brute_force(&design, strategy, &design.options(), 150);
    }
    let mut design = Design::new(Kind::CrossPrompt, 130, 5, 3, 9);
    design.prior_precision = 1e-6;
    assert!(design.pairs.len() > 32_768, "{} pairs", design.pairs.len());
    follows_brute_force(&design, Strategy::GreedyDopt, &design.options(), 70);
}

/// What is kept of each pair gives the picks of a walk over all: of the same pairs, as a list and across
/// prompts, however little is known before them.
#[test]
fn kept_numbers_pick_what_a_walk_picks() {
    for (seed, prior) in (50..).zip([1.0, 1e-2, 1e-4, 1e-6, 1e-8]) {
        let mut design = Design::new(Kind::CrossPrompt, 24, 5, 6, seed);
        design.prior_precision = prior;
        // What is known at the start loses digits as it grows small beside the picks.
        let most = 1e-9 + 2e-12 / prior;
        for (strategy, distinct) in [
            (Strategy::GreedyAOpt, Distinct::Unlimited),
            (Strategy::GreedyVOpt, Distinct::Unlimited),
            (Strategy::GreedyVOpt, Distinct::PerItem(5)),
            (Strategy::RobustVOpt, Distinct::PerItem(6)),
        ] {
            let picks = |kind: Kind| {
                let design = Design { kind, ..design.clone() };
                let prior_precision = Some(design.prior_precision);
                let distinct = Some(distinct);
                let options =
                    Options { distinct, past: false, prior_precision, ..design.options() };
                let options = options.read_by(&strategy.facts());
                design.select(&Threads::default(), strategy, &options, 90).expect("a batch")
            };
            for (rank, (kept, walked)) in
                picks(Kind::Listed).iter().zip(picks(Kind::CrossPrompt)).enumerate()
            {
                let what = format!("{} λ = {prior}, pick {rank}", strategy.name());
                assert_eq!(kept.pair, walked.pair, "{what}");
                let off = (kept.score - walked.score).abs() / walked.score;
                assert!(off < most, "{what}: off by {off:e}");
            }
        }
    }
}

/// In f32 a score that is off by a hundredth is told, and where nothing is left there is no batch.
#[test]
fn lost_digits_are_told() {
    let (mut noted, mut refused) = (0, 0);
    for (seed, prior) in (60..).zip([1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9]) {
        for kind in KINDS {
            let mut design = Design::new(kind, 12, 5, 8, seed);
            design.prior_precision = prior;
            for strategy in SEQUENTIAL {
                let (distinct, prior_precision) = (Some(Distinct::Unlimited), Some(prior));
                let options =
                    Options { past: false, distinct, prior_precision, ..design.options() };
                let options = options.read_by(&strategy.facts());
                let what = format!("{} {kind:?} λ = {prior}", strategy.name());
                let (pairs, selection) = match design.select_f32(strategy, &options, 10) {
                    Ok(chosen) => chosen,
                    Err(Error::IllConditioned { .. } | Error::NotPositiveDefinite { .. }) => {
                        assert!(prior < 1e-4, "{what}");
                        refused += 1;
                        continue;
                    }
                    Err(error) => panic!("{what}: {error:?}"),
                };
                if selection.rounding::<f32>().is_some() || selection.checked::<f32>().is_err() {
                    assert!(prior < 1e-2, "{what}");
                    noted += 1;
                    continue;
                }
                let definition_options =
                    Options { misfit: options.misfit.or(strategy.facts().misfit), ..options };
                let definition = Definition::new(&design, strategy, &definition_options);
                for (rank, scored) in pairs.iter().enumerate() {
                    let before: Vec<u64> = pairs[..rank].iter().map(|scored| scored.pair).collect();
                    let score = definition.scores(&before, &[scored.pair])[0];
                    let off = (f64::from(scored.score) - score).abs() / score;
                    assert!(off < 1e-2, "{what}: pick {rank} is off by {off}, unsaid");
                }
            }
        }
    }
    assert!(noted > 10 && refused > 10, "{noted} noted, {refused} refused");
}

/// The score of `greedy-v-opt` without misfit is the drop of tr(V M⁻¹), that of `greedy-a-opt` of
/// tr M⁻¹, and ln(1 + the score) of `greedy-dopt` the gain of log det M.
#[test]
fn scores_are_what_is_gained() {
    for kind in KINDS {
        let design = Design::new(kind, 10, 5, 4, 31);
        let order = design.order;
        let options = design.options();
        for (strategy, target) in [
            (Strategy::GreedyAOpt, identity(order)),
            (Strategy::GreedyVOpt, square(order, &design.target)),
        ] {
            let chosen = design.select(&Threads::default(), strategy, &options, 8).expect("8");
            let pairs: Vec<u64> = chosen.iter().map(|scored| scored.pair).collect();
            let left = |picked: usize| {
                let matrix = design.matrix(true, &pairs[..picked]);
                trace(&target, &oracle::inverse(order, &matrix))
            };
            for (rank, scored) in chosen.iter().enumerate() {
                let drop = left(rank) - left(rank + 1);
                assert!((scored.score - drop).abs() < 1e-10 * left(0), "{kind:?} {rank}");
            }
        }
        let strategy = Strategy::GreedyDopt;
        let chosen = design.select(&Threads::default(), strategy, &options, 8).expect("8");
        let pairs: Vec<u64> = chosen.iter().map(|scored| scored.pair).collect();
        let gain = log_det(order, &design.matrix(true, &pairs))
            - log_det(order, &design.matrix(true, &[]));
        let sum: f64 = chosen
            .iter()
            .fold(0.0, |sum, scored| sum + pairpick_core::arith::ln(1.0 + scored.score));
        assert!((gain - sum).abs() < 1e-10, "{kind:?}: {gain} and {sum}");
    }
}

#[test]
fn a_batch_that_the_caps_do_not_allow_is_an_error() {
    for kind in KINDS {
        let mut design = Design::new(kind, 6, 4, 3, 5);
        design.labelled.clear();
        let prompts = design.starts.windows(2).filter(|bounds| bounds[1] - bounds[0] >= 2).count();
        for strategy in SEQUENTIAL {
            let options = Options { distinct: Some(Distinct::PerPrompt(1)), ..design.options() };
            let result = design.select(&Threads::default(), strategy, &options, prompts + 3);
            let Err(Error::Batch { requested, available }) = result else {
                panic!("{kind:?} {}: {result:?}", strategy.name());
            };
            assert_eq!(requested, prompts as u64 + 3);
            if kind != Kind::CrossPrompt {
                assert_eq!(available, prompts as u64);
            }
        }
    }
}

#[test]
fn what_a_design_needs_and_does_not_have_is_an_error() {
    let design = Design::new(Kind::InPrompt, 6, 4, 3, 5);
    for strategy in [Strategy::GreedyVOpt, Strategy::RobustVOpt] {
        let result = design.select(&Threads::default(), strategy, &Options::default(), 2);
        assert!(matches!(result, Err(Error::Parameter { .. })), "{result:?}");
    }
}
