//! The Newton fit of the last layer: the optimum by its gradient and by bisection, ties, separable
//! labels, independence of the start and of the machine, and what it refuses.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::head::newton::{Fit, fit, workspace_len};
use pairpick_core::head::{Belief, EarlierLabels};
use pairpick_core::linalg::{Cholesky, Packed};
use pairpick_core::parallel::{Executor, Sequential};
use pairpick_core::pool::{Comparison, Pair};
use pairpick_tests::generate::{numbers_f32, positive};
use pairpick_tests::levels::available;
use pairpick_tests::oracle;
use pairpick_tests::threads::Threads;

struct Problem {
    order: usize,
    features: Vec<f32>,
    labels: Vec<Comparison<f64>>,
    prior_precision: f64,
}

impl Problem {
    /// Every kind of answer, some of them contradicting others.
    fn new(order: usize, items: u32, labels: u32, prior_precision: f64) -> Self {
        let answer = |i: u32| [1.0, 0.0, 1.0, 0.5, 1.0][i as usize % 5];
        let pair = |i: u32| ((3 * i) % items, (3 * i + 1 + i % (items - 1)) % items);
        let labels = (0..labels)
            .map(|i| Comparison { a: pair(i).0, b: pair(i).1, label: answer(i), count: 1.0 })
            .collect();
        Self { order, features: numbers_f32(order * items as usize, 8), labels, prior_precision }
    }

    /// One feature, which is the item's reward but for β.
    fn line(features: &[f32], labels: &[(u32, u32, f64)], prior_precision: f64) -> Self {
        let labels =
            labels.iter().map(|&(a, b, label)| Comparison { a, b, label, count: 1.0 }).collect();
        Self { order: 1, features: features.to_vec(), labels, prior_precision }
    }

    fn items(&self) -> usize {
        self.features.len() / self.order
    }

    fn fit_by<T: Real>(&self, executor: &impl Executor, start: &[T]) -> (Fit, Vec<T>) {
        let mut head = start.to_vec();
        let labels = self.labels_in::<T>();
        let len = workspace_len(executor.threads(), self.order, self.items(), labels.len());
        let columns = Columns::new(&self.features, self.order, self.items()).expect("shape");
        let prior_precision = T::from_f64(self.prior_precision);
        let mut memory = vec![T::ZERO; len];
        let fit = fit(executor, columns, &labels, prior_precision, &mut head, &mut memory);
        (fit.expect("fits"), head)
    }

    fn labels_in<T: Real>(&self) -> Vec<Comparison<T>> {
        let label = |pair: &Comparison<f64>| T::from_f64(pair.label);
        self.labels
            .iter()
            .map(|pair| Comparison {
                a: pair.a,
                b: pair.b,
                label: label(pair),
                count: T::from_f64(pair.count),
            })
            .collect()
    }

    fn fit(&self) -> (Fit, Vec<f64>) {
        self.fit_by(&Sequential::default(), &vec![0.0; self.order])
    }

    fn difference(&self, pair: &Comparison<f64>) -> Vec<f64> {
        oracle::difference(self.order, &self.features, pair.items())
    }

    fn log_likelihood(&self, head: &[f64]) -> f64 {
        let term = |pair: &Comparison<f64>| {
            let margin = oracle::dot(&self.difference(pair), head);
            let ln_sigmoid = |m: f64| m.min(0.0) - (-m.abs()).exp().ln_1p();
            pair.label * ln_sigmoid(margin) + (1.0 - pair.label) * ln_sigmoid(-margin)
        };
        self.labels.iter().map(term).sum()
    }

    fn log_posterior(&self, head: &[f64]) -> f64 {
        self.log_likelihood(head) - 0.5 * self.prior_precision * oracle::dot(head, head)
    }

    /// Σ (y − σ(m)) d − λβ.
    fn gradient(&self, head: &[f64]) -> Vec<f64> {
        let mut sum: Vec<f64> = head.iter().map(|weight| -self.prior_precision * weight).collect();
        for pair in &self.labels {
            let d = self.difference(pair);
            let slope = pair.label - 1.0 / (1.0 + (-oracle::dot(&d, head)).exp());
            sum.iter_mut().zip(&d).for_each(|(sum, d)| *sum += slope * d);
        }
        sum
    }
}

#[test]
fn the_gradient_of_the_log_posterior_vanishes_at_the_fit() {
    for (order, items, labels) in [(1, 5, 7), (4, 12, 30), (17, 60, 300), (64, 40, 90)] {
        for prior_precision in [1e-3, 1.0, 100.0] {
            let problem = Problem::new(order, items, labels, prior_precision);
            let (fit, head) = problem.fit();
            let largest = |values: &[f64]| values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
            let (here, before) =
                (largest(&problem.gradient(&head)), largest(&problem.gradient(&vec![0.0; order])));
            assert!(here < 1e-7 * before, "order {order}, λ {prior_precision}: {here} of {before}");
            assert!(fit.steps > 0 && fit.steps < 20, "{fit:?}");
        }
    }
}

/// Labels of which the weights that they gave and their Fisher information there are left.
#[test]
fn the_gradient_vanishes_around_what_earlier_labels_gave() {
    for (order, items, labels) in [(1, 5, 7), (4, 12, 30), (17, 60, 300)] {
        let problem = Problem::new(order, items, labels, 0.5);
        let earlier: Vec<f64> = numbers_f32(order, 40).into_iter().map(f64::from).collect();
        let matrix = positive::<f64>(order, 41, 0.7);
        let fisher = Packed::new(order, matrix.as_slice()).expect("order");
        let belief =
            Belief { prior: 0.5.into(), earlier: Some(EarlierLabels { head: &earlier, fisher }) };
        let columns = Columns::new(&problem.features, order, problem.items()).expect("shape");
        let labels = problem.labels_in::<f64>();
        let mut memory = vec![0.0; workspace_len(1, order, problem.items(), labels.len())];
        let mut head = vec![0.0; order];
        let executor = Sequential::default();
        fit(&executor, columns, &labels, belief, &mut head, &mut memory).expect("fits");
        let away: Vec<f64> = head.iter().zip(&earlier).map(|(own, other)| own - other).collect();
        let slopes = problem.gradient(&head);
        for row in 0..order {
            let entry = |column| fisher.entry(row, column).expect("an entry");
            let pulled: f64 = (0..order).map(|column| entry(column) * away[column]).sum();
            // The problem's own gradient has λ around 0.
            let slope = slopes[row] + 0.5 * head[row] - 0.5 * away[row] - pulled;
            assert!(slope.abs() < 1e-6, "order {order}, row {row}: {slope}");
        }
        let few = Some(EarlierLabels { head: &earlier[1..], fisher });
        let refused = Belief { prior: 0.5.into(), earlier: few };
        assert!(fit(&executor, columns, &labels, refused, &mut head, &mut memory).is_err());
    }
}

#[test]
fn the_fit_says_its_likelihood_and_posterior_and_no_neighbour_is_better() {
    let problem = Problem::new(6, 20, 80, 0.3);
    let (fit, head) = problem.fit();
    assert!((fit.log_likelihood - problem.log_likelihood(&head)).abs() < 1e-12 * 80.0);
    assert!((fit.log_posterior - problem.log_posterior(&head)).abs() < 1e-12 * 80.0);
    for axis in 0..6 {
        let at = |step: f64| {
            let mut moved = head.clone();
            moved[axis] += step;
            problem.log_posterior(&moved)
        };
        let step = 1e-4;
        let difference = (at(step) - at(-step)) / (2.0 * step);
        assert!(difference.abs() < 1e-7, "axis {axis}: {difference}");
        assert!(at(1e-3) < fit.log_posterior && at(-1e-3) < fit.log_posterior, "axis {axis}");
    }
}

#[test]
fn one_feature_agrees_with_bisection() {
    let features = [0.0, 1.0, -2.0, 0.5];
    let labels = [(0, 1, 0.0), (1, 2, 1.0), (3, 2, 0.0), (3, 0, 1.0), (1, 3, 0.5)];
    for prior_precision in [1e-2, 1.0, 50.0] {
        let problem = Problem::line(&features, &labels, prior_precision);
        let (mut low, mut high) = (-1e3, 1e3);
        // The gradient falls in β.
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            match problem.gradient(&[middle])[0] > 0.0 {
                true => low = middle,
                false => high = middle,
            }
        }
        let (_, head) = problem.fit();
        assert!((head[0] - low).abs() < 1e-8 * low.abs().max(1.0), "{} is not {low}", head[0]);
    }
}

#[test]
fn ties_count_half_of_each_answer() {
    let features = [0.0, 1.0, -2.0];
    let tied = Problem::line(&features, &[(0, 1, 0.5), (0, 1, 0.5), (2, 1, 0.0)], 0.1);
    let both = Problem::line(&features, &[(0, 1, 1.0), (0, 1, 0.0), (2, 1, 0.0)], 0.1);
    let ((tied_fit, tied), (both_fit, both)) = (tied.fit(), both.fit());
    assert!((tied[0] - both[0]).abs() < 1e-8, "{tied:?}, {both:?}");
    assert!((tied_fit.log_posterior - both_fit.log_posterior).abs() < 1e-12);
    let only_ties = Problem::line(&features, &[(0, 1, 0.5), (2, 1, 0.5)], 0.1);
    assert_eq!(only_ties.fit().1, [0.0]);
    let (_, head) = only_ties.fit_by(&Sequential::default(), &[3.0_f64]);
    assert!(head[0].abs() < 1e-8, "{head:?}");
}

#[test]
fn separable_labels_are_held_by_a_small_prior_alone() {
    for prior_precision in [1e-2, 1e-6, 1e-10] {
        let problem = Problem::line(&[0.0, 1.0, 3.0], &[(1, 0, 1.0), (2, 1, 1.0)], prior_precision);
        let (fit, head) = problem.fit();
        // ln(2/λ)/1 is near where the slope of the nearest pair meets the prior's.
        assert!(head[0] > 1.0 && head[0] < 40.0, "λ {prior_precision}: {head:?}");
        let gradient = problem.gradient(&head)[0];
        assert!(gradient.abs() < 1e-7, "λ {prior_precision}: {gradient}, {fit:?}");
    }
    let problem = Problem { prior_precision: 1e-6, ..Problem::new(32, 40, 20, 1.0) };
    let (fit, head) = problem.fit();
    assert!(head.iter().all(|weight| weight.is_finite()) && fit.steps < 60, "{fit:?}");
}

#[test]
fn the_start_does_not_matter() {
    let problem = Problem::new(8, 30, 100, 0.05);
    let (fit, head) = problem.fit();
    for (seed, scale) in [(1, 0.1), (2, 10.0), (3, 1e4)] {
        let start: Vec<f64> =
            numbers_f32(8, seed).into_iter().map(|x| scale * f64::from(x)).collect();
        let (other_fit, other) = problem.fit_by(&Sequential::default(), &start);
        for (weight, expected) in other.iter().zip(&head) {
            assert!((weight - expected).abs() < 1e-7, "from {scale}: {weight}, {expected}");
        }
        assert!((fit.log_posterior - other_fit.log_posterior).abs() < 1e-10, "from {scale}");
    }
}

#[test]
fn the_fit_in_f32_is_near_that_in_f64() {
    let problem = Problem::new(8, 30, 100, 0.5);
    let (_, double) = problem.fit();
    let (_, single) = problem.fit_by(&Sequential::default(), &[0.0_f32; 8]);
    for (single, double) in single.iter().zip(&double) {
        assert!((f64::from(*single) - double).abs() < 2e-3, "{single}, {double}");
    }
}

#[test]
fn a_fit_has_the_same_bits_at_every_level_and_thread_count() {
    let problem = Problem::new(19, 300, 900, 0.1);
    let mut results = Vec::new();
    for (name, level) in available() {
        for threads in [1, 2, 3, 7] {
            let executor = Threads { level, threads };
            let single = problem.fit_by(&executor, &[0.5_f32; 19]);
            results.push((name, threads, problem.fit_by(&executor, &[0.5_f64; 19]), single));
        }
    }
    for (name, threads, double, single) in &results {
        assert_eq!((double, single), (&results[0].2, &results[0].3), "{name}, {threads} threads");
    }
}

#[test]
fn the_log_determinant_is_that_of_the_posterior_precision() {
    let problem = Problem::new(9, 25, 70, 0.7);
    let (fit, head) = problem.fit();
    let pairs: Vec<_> = problem.labels.iter().map(|pair| pair.items()).collect();
    let weight = |pair| oracle::variance(oracle::dot(&problem.difference(pair), &head));
    let weights: Vec<f64> = problem.labels.iter().map(weight).collect();
    let full = oracle::fisher(9, &problem.features, &pairs, &weights);
    let entries = (0..9).flat_map(|j| (j..9).map(move |i| (i, j)));
    let entries: Vec<f64> = entries.map(|(i, j)| full[i * 9 + j]).collect();
    let mut precision = Packed::new(9, entries).expect("order");
    precision.add_diagonal(0.7);
    let expected = Cholesky::factor(precision).expect("positive definite").log_det();
    assert!((fit.log_det - expected).abs() < 1e-10, "{}, naively {expected}", fit.log_det);
}

#[test]
fn bad_problems_are_errors_and_leave_the_head() {
    let executor = Sequential::default();
    let (features, start) = (numbers_f32(2 * 3, 1), [0.25, -0.5]);
    let columns = Columns::new(&features, 2, 3).expect("shape");
    let good = [
        Comparison { a: 0, b: 1, label: 1.0, count: 1.0 },
        Comparison { a: 2, b: 1, label: 0.5, count: 1.0 },
    ];
    let enough = workspace_len(executor.threads(), 2, 3, 2);
    let run = |labels: &[Comparison<f64>], prior: f64, start: &[f64], memory: usize| {
        let mut head = start.to_vec();
        let mut memory = vec![0.0; memory];
        let result = fit(&executor, columns, labels, prior, &mut head, &mut memory).map(|_| ());
        assert!(result.is_ok() || head == start, "{result:?} changed the head");
        result
    };
    assert_eq!(run(&good, 1.0, &start, enough), Ok(()));
    assert_eq!(run(&[], 1.0, &start, enough), Err(Error::Empty { what: "comparisons" }));
    for prior in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let result = run(&good, prior, &start, enough);
        assert!(matches!(result, Err(Error::Parameter { .. })), "λ {prior}: {result:?}");
    }
    let shape = Error::Shape { what: "head", expected: 2, found: 1 };
    assert_eq!(run(&good, 1.0, &start[..1], enough), Err(shape));
    let memory = Error::Workspace { what: "last layer", required: enough, found: enough - 1 };
    assert_eq!(run(&good, 1.0, &start, enough - 1), Err(memory));
    let odd = [Comparison { a: 0, b: 1, label: 0.7, count: 1.0 }];
    assert_eq!(run(&odd, 1.0, &start, enough), Err(Error::Label { index: 0, value: 0.7 }));
    let outside = [Comparison { a: 0, b: 3, label: 1.0, count: 1.0 }];
    assert!(matches!(run(&outside, 1.0, &start, enough), Err(Error::Index { index: 3, .. })));
    let overflow = run(&good, 1.0, &[1e200, 0.0], enough);
    assert!(matches!(overflow, Err(Error::NonFinite { .. })), "{overflow:?}");
    let no_number = run(&good, 1.0, &[1e308, f64::MAX], enough);
    assert!(matches!(no_number, Err(Error::NonFinite { .. })), "{no_number:?}");
}

#[test]
fn a_precision_without_a_factor_is_an_error() {
    // The prior vanishes beside ¼ ddᵀ, which has rank one.
    let features = [1.0, 1.0, 0.0, 0.0];
    let columns = Columns::new(&features, 2, 2).expect("shape");
    let labels = [Comparison { a: 0, b: 1, label: 1.0_f32, count: 1.0 }];
    let executor = Sequential::default();
    let mut memory = vec![0.0; workspace_len(executor.threads(), 2, 2, 1)];
    let mut head = [0.0_f32; 2];
    let result = fit(&executor, columns, &labels, 1e-12, &mut head, &mut memory);
    assert!(matches!(result, Err(Error::NotPositiveDefinite { pivot: 1, .. })), "{result:?}");
    assert_eq!(head, [0.0; 2]);
}
