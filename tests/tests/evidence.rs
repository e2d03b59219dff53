//! The prior precision from the labels: closed forms, fine grids, the slope at the optimum, scale,
//! folds against a naive split, independence of the machine, and what is refused.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::Error;
use pairpick_core::columns::Columns;
use pairpick_core::head::evidence::{
    Choice, Values, Workspace, bounds, by_evidence, by_held_out, log_evidence,
};
use pairpick_core::head::newton::{Fit, fit, log_likelihood, workspace_len};
use pairpick_core::parallel::{Executor, Sequential};
use pairpick_core::pool::{Comparison, Pair};
use pairpick_core::rng::Stream;
use pairpick_tests::generate::numbers_f32;
use pairpick_tests::levels::available;
use pairpick_tests::oracle;
use pairpick_tests::threads::Threads;

struct Data {
    order: usize,
    features: Vec<f32>,
    labels: Vec<Comparison<f64>>,
    folds: Vec<u32>,
}

impl Data {
    /// Answers drawn from a head whose weights are of this size.
    fn drawn(order: usize, items: u32, labels: u32, size: f64, seed: u64) -> Self {
        let features = numbers_f32(order * items as usize, seed);
        let head: Vec<f64> =
            numbers_f32(order, seed + 1).into_iter().map(|x| size * f64::from(x)).collect();
        let mut rng = Stream::new(seed, "answers of a test", 0);
        let label = |i: u32| {
            let (a, b) = ((7 * i) % items, (7 * i + 1 + i % (items - 1)) % items);
            let margin = oracle::dot(&oracle::difference(order, &features, (a, b).into()), &head);
            let wins = rng.uniform::<f64>() < 1.0 / (1.0 + (-margin).exp());
            Comparison { a, b, label: f64::from(u8::from(wins)), count: 1.0 }
        };
        let labels: Vec<_> = (0..labels).map(label).collect();
        let folds = (0..).map(|i| [2, 0, 4][i % 3]).take(labels.len()).collect();
        Self { order, features, labels, folds }
    }

    fn columns(&self) -> Columns<'_, f32> {
        Columns::new(&self.features, self.order, self.features.len() / self.order).expect("shape")
    }

    fn memory(&self, executor: &impl Executor) -> Vec<f64> {
        let items = self.columns().len();
        vec![0.0; workspace_len(executor.threads(), self.order, items, self.labels.len())]
    }

    fn fit_to(&self, labels: &[Comparison<f64>], prior_precision: f64) -> (Fit, Vec<f64>) {
        let executor = Sequential::default();
        let (mut head, mut memory) = (vec![0.0; self.order], self.memory(&executor));
        let columns = self.columns();
        let fit = fit(&executor, columns, labels, prior_precision, &mut head, &mut memory);
        (fit.expect("fits"), head)
    }

    fn evidence_at(&self, prior_precision: f64) -> f64 {
        let (fit, _) = self.fit_to(&self.labels, prior_precision);
        log_evidence(&fit, self.order, prior_precision)
    }

    fn by_evidence(&self, executor: &impl Executor) -> Result<Choice, Error> {
        let (mut head, mut memory) = (vec![0.0; self.order], self.memory(executor));
        by_evidence(executor, self.columns(), &self.labels, Values::Any, &mut head, &mut memory)
    }

    fn by_held_out(&self, executor: &impl Executor) -> Result<Choice, Error> {
        let (mut head, mut numbers) = (vec![0.3; self.order], self.memory(executor));
        let mut comparisons = self.labels.clone();
        let memory = Workspace { numbers: &mut numbers, comparisons: &mut comparisons };
        by_held_out(
            executor,
            self.columns(),
            &self.labels,
            &self.folds,
            Values::Any,
            &mut head,
            memory,
        )
    }
}

/// The integral of the likelihood times the prior, one feature, by the trapezoidal rule.
fn integral(data: &Data, prior_precision: f64) -> f64 {
    let step = 1e-3;
    let log_joint = |beta: f64| {
        let term = |pair: &Comparison<f64>| {
            let margin = beta * oracle::difference(1, &data.features, pair.items())[0];
            -(1.0 + (if pair.label == 1.0 { -margin } else { margin }).exp()).ln()
        };
        data.labels.iter().map(term).sum::<f64>() - 0.5 * prior_precision * beta * beta
    };
    let normal = (0.5 * prior_precision / std::f64::consts::PI).sqrt();
    let points = (-40_000..40_000).map(|i| step * f64::from(i));
    (normal * step * points.map(|beta| log_joint(beta).exp()).sum::<f64>()).ln()
}

#[test]
fn with_one_feature_the_evidence_is_near_the_integral_it_approximates() {
    let data = Data::drawn(1, 9, 60, 2.0, 5);
    for prior_precision in [0.05, 0.5, 5.0] {
        let (laplace, truth) =
            (data.evidence_at(prior_precision), integral(&data, prior_precision));
        // Laplace's error falls with the labels; 60 leave a hundredth of a nat or so.
        assert!((laplace - truth).abs() < 0.05, "λ {prior_precision}: {laplace}, {truth}");
    }
}

/// Ties at β = 0 leave the posterior precision λI + ¼ Σ ddᵀ, and the evidence in closed form.
#[test]
fn ties_alone_have_a_closed_form_and_prefer_the_ceiling() {
    let labels = vec![Comparison { a: 0, b: 1, label: 0.5, count: 1.0 }; 12];
    let folds = vec![0; 12];
    let data = Data { order: 2, features: vec![1.0, 0.0, 0.0, 2.0], labels, folds };
    for prior_precision in [0.4_f64, 3.0, 100.0] {
        let determinant = prior_precision * (prior_precision + 0.25 * 12.0 * 5.0);
        let expected = 12.0 * 0.5_f64.ln() + prior_precision.ln() - 0.5 * determinant.ln();
        let found = data.evidence_at(prior_precision);
        assert!((found - expected).abs() < 1e-12 * expected.abs(), "{found}, {expected}");
    }
    let choice = data.by_evidence(&Sequential::default()).expect("fits");
    assert_eq!((choice.floor, choice.ceiling), (5.0 / 4.0, 5.0 * 256.0));
    assert_eq!(choice.prior_precision, choice.ceiling);
}

#[test]
fn labels_without_an_error_in_one_direction_prefer_the_floor() {
    let labels = vec![Comparison { a: 0, b: 1, label: 1.0, count: 1.0 }; 40];
    let folds = (0..40).map(|i| i % 2).collect();
    let data = Data { order: 1, features: vec![1.0, 0.0], labels, folds };
    for choice in
        [data.by_evidence(&Sequential::default()), data.by_held_out(&Sequential::default())]
    {
        let choice = choice.expect("fits");
        assert_eq!(choice.prior_precision, choice.floor, "{choice:?}");
    }
}

#[test]
fn no_point_of_a_fine_grid_is_better_and_the_slope_vanishes_at_the_optimum() {
    for (order, items, labels, size, seed) in
        [(1, 9, 80, 2.5, 1), (4, 30, 120, 1.2, 2), (12, 60, 200, 0.7, 3), (20, 40, 150, 0.6, 4)]
    {
        let data = Data::drawn(order, items, labels, size, seed);
        let choice = data.by_evidence(&Sequential::default()).expect("fits");
        let Choice { prior_precision, value, floor, ceiling } = choice;
        assert!(floor < prior_precision && prior_precision < ceiling, "{choice:?}");
        // The evidence has the square root of a fit's own tolerance.
        let found = data.evidence_at(prior_precision);
        assert!((value - found).abs() < 1e-6, "{found}, {choice:?}");
        for step in 0..=240 {
            let other = floor * (ceiling / floor).powf(f64::from(step) / 240.0);
            assert!(data.evidence_at(other) <= value + 1e-6, "λ {other} beats {choice:?}");
        }
        let at = |step: f64| data.evidence_at(prior_precision * step.exp());
        let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
        let curvature = (at(1e-2) - 2.0 * value + at(-1e-2)) / 1e-4;
        assert!(slope.abs() < 1e-3 * -curvature, "slope {slope}, {curvature}, {choice:?}");
    }
}

/// λ follows the features' scale, and a power of two costs no rounding.
#[test]
fn features_twice_as_large_have_four_times_the_prior_precision() {
    let data = Data::drawn(6, 30, 120, 1.0, 8);
    let features = data.features.iter().map(|x| 2.0 * x).collect();
    let Data { order, labels, folds, .. } = &data;
    let doubled = Data { order: *order, features, labels: labels.clone(), folds: folds.clone() };
    let executor = Sequential::default();
    let (once, twice) = (data.by_evidence(&executor), doubled.by_evidence(&executor));
    let (once, twice) = (once.expect("fits"), twice.expect("fits"));
    let ratio = twice.prior_precision / once.prior_precision;
    assert!((ratio / 4.0 - 1.0).abs() < 1e-3, "{ratio}");
    assert_eq!((4.0 * once.floor, 4.0 * once.ceiling), (twice.floor, twice.ceiling));
    let (once, twice) = (data.by_held_out(&executor), doubled.by_held_out(&executor));
    assert_eq!(4.0 * once.expect("fits").prior_precision, twice.expect("fits").prior_precision);
}

/// Over many draws, the λ chosen is the one that the weights were drawn with, but for its spread.
#[test]
fn the_precision_that_weights_were_drawn_with_is_found() {
    // Uniform on (−size, size): variance size²/3.
    let size = 0.5;
    let expected = 3.0 / (size * size);
    let found: Vec<f64> = (0..12)
        .map(|seed| {
            let data = Data::drawn(24, 200, 1500, size, 100 + 2 * seed);
            data.by_evidence(&Sequential::default()).expect("fits").prior_precision
        })
        .collect();
    let mean = found.iter().map(|x| x.ln()).sum::<f64>() / found.len() as f64;
    assert!((mean - expected.ln()).abs() < 0.35, "{found:?}, drawn with {expected}");
}

#[test]
fn labels_left_out_are_foretold_by_the_others_alone() {
    let data = Data::drawn(5, 25, 120, 1.1, 9);
    let executor = Sequential::default();
    let choice = data.by_held_out(&executor).expect("fits");
    let total = |prior_precision: f64| -> f64 {
        let fold = |fold: u32| {
            let part = |held: bool| -> Vec<_> {
                let pairs = data.labels.iter().zip(&data.folds);
                pairs.filter(|(_, of)| (**of == fold) == held).map(|(pair, _)| *pair).collect()
            };
            let (_, head) = data.fit_to(&part(false), prior_precision);
            let held = part(true);
            let by_core = log_likelihood(
                &executor,
                data.columns(),
                &held,
                &head,
                &mut data.memory(&executor),
            );
            let term = |pair: &Comparison<f64>| {
                let d = oracle::difference(data.order, &data.features, pair.items());
                let margin = oracle::dot(&d, &head);
                -(1.0 + (if pair.label == 1.0 { -margin } else { margin }).exp()).ln()
            };
            let naive: f64 = held.iter().map(term).sum();
            assert!((by_core.expect("fits") - naive).abs() < 1e-12 * naive.abs());
            naive
        };
        [0, 2, 4].into_iter().map(fold).sum()
    };
    assert!((choice.value - total(choice.prior_precision)).abs() < 1e-6, "{choice:?}");
    let mut on_grid = false;
    for step in 0..21 {
        let other = choice.ceiling * 0.5_f64.powf(0.5 * f64::from(step));
        on_grid |= (other / choice.prior_precision - 1.0).abs() < 1e-12;
        assert!(total(other) <= choice.value + 1e-6, "λ {other} beats {choice:?}");
    }
    assert!(on_grid, "{choice:?}");
}

#[test]
fn bits_are_the_same_at_every_level_and_thread_count() {
    let data = Data::drawn(17, 300, 600, 1.5, 12);
    let sequential = Sequential::default();
    let expected = (data.by_evidence(&sequential), data.by_held_out(&sequential));
    assert!(expected.0.is_ok() && expected.1.is_ok());
    for (name, level) in available() {
        for threads in [1, 2, 3, 7] {
            let executor = Threads { level, threads };
            let found = (data.by_evidence(&executor), data.by_held_out(&executor));
            assert_eq!(found, expected, "{name}, {threads} threads");
        }
    }
}

#[test]
fn what_says_nothing_about_the_prior_is_refused() {
    let good = Data::drawn(3, 8, 10, 1.0, 1);
    let executor = Sequential::default();
    let with = |labels: &[Comparison<f64>], folds: &[u32]| Data {
        order: 3,
        features: good.features.clone(),
        labels: labels.to_vec(),
        folds: folds.to_vec(),
    };
    let none = with(&[], &[]);
    assert_eq!(none.by_evidence(&executor), Err(Error::Empty { what: "comparisons" }));
    assert_eq!(none.by_held_out(&executor), Err(Error::Empty { what: "comparisons" }));
    let itself = Comparison { a: 1, b: 1, label: 1.0, count: 1.0 };
    let alike = with(&[itself, itself], &[0, 1]);
    for result in [alike.by_evidence(&executor), alike.by_held_out(&executor)] {
        assert!(matches!(result, Err(Error::Parameter { .. })), "{result:?}");
    }
    let one_fold = with(&good.labels, &[3; 10]);
    let result = one_fold.by_held_out(&executor);
    let message = "two folds must hold a comparison";
    assert_eq!(result, Err(Error::Parameter { what: message }));
    let result = with(&good.labels, &[0, 1]).by_held_out(&executor);
    assert_eq!(result, Err(Error::Shape { what: "folds", expected: 10, found: 2 }));
    let outside = with(&[Comparison { a: 0, b: 8, label: 1.0, count: 1.0 }], &[0]);
    assert!(matches!(outside.by_evidence(&executor), Err(Error::Index { index: 8, .. })));
    let odd = with(&[Comparison { a: 0, b: 1, label: 0.3, count: 1.0 }], &[0]);
    assert_eq!(bounds(odd.columns(), &odd.labels), Err(Error::Label { index: 0, value: 0.3 }));
    let mut head = [0.0; 3];
    let (mut memory, mut places) = (good.memory(&executor), good.labels[1..].to_vec());
    let short = Workspace { numbers: &mut memory, comparisons: &mut places };
    let result = by_held_out(
        &executor,
        good.columns(),
        &good.labels,
        &good.folds,
        Values::Any,
        &mut head,
        short,
    );
    assert!(matches!(result, Err(Error::Workspace { required: 10, found: 9, .. })), "{result:?}");
    memory.pop();
    let result =
        by_evidence(&executor, good.columns(), &good.labels, Values::Any, &mut head, &mut memory);
    assert!(matches!(result, Err(Error::Workspace { what: "last layer", .. })), "{result:?}");
    let result = log_likelihood(&executor, good.columns(), &good.labels, &head[..2], &mut memory);
    assert_eq!(result, Err(Error::Shape { what: "head", expected: 3, found: 2 }));
}
