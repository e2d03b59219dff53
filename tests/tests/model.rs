//! The model: gradients against finite differences and a closed form, training, standardisation.

#![allow(clippy::disallowed_methods, reason = "oracles are the standard library's, on purpose")]

use pairpick_core::Error;
use pairpick_core::columns::Columns;
use pairpick_core::parallel::{Executor, Sequential};
use pairpick_core::pool::Comparison;
use pairpick_core::rng::Stream;
use pairpick_core::trunk::standardise::{Sums, apply, scales};
use pairpick_core::trunk::train::{
    Data, Resources, Settings, TrainingSizes, gradient, gradient_workspace_len, train,
    workspace_len,
};
use pairpick_core::trunk::{Activation, Mlp, init};
use pairpick_tests::generate::{numbers, numbers_f32};
use pairpick_tests::levels::available;
use pairpick_tests::threads::Threads;

const ITEMS: usize = 14;

/// Labels over the first items, every kind of answer among them.
fn comparisons(count: u32) -> Vec<Comparison<f64>> {
    (0..count)
        .map(|i| Comparison {
            a: (3 * i) % 10,
            b: (3 * i + 1 + i % 4) % 10,
            label: [0.0, 1.0, 0.5][i as usize % 3],
            count: 1.0,
        })
        .collect()
}

struct Problem {
    mlp: Mlp,
    parameters: Vec<f64>,
    items: Vec<f64>,
    labels: Vec<Comparison<f64>>,
}

impl Problem {
    fn new(activation: Activation) -> Self {
        let mlp = Mlp::new(6, [5, 7, 4], activation).expect("a small network");
        let mut parameters = vec![0.0; mlp.parameters()];
        init::uniform(&mlp, &mut Stream::new(1, "init", 0), &mut parameters).expect("fits");
        // Larger weights than the initial ones, so that the activations bend.
        for parameter in &mut parameters {
            *parameter *= 3.0;
        }
        Self { mlp, parameters, items: numbers(6 * ITEMS, 9), labels: comparisons(20) }
    }

    fn data(&self) -> Data<'_, f64> {
        let items = Columns::new(&self.items, 6, ITEMS).expect("shape");
        Data { items, training_items: 10, training: &self.labels, held_out: &[] }
    }

    fn gradient(&self, executor: &impl Executor, parameters: &[f64]) -> (f64, Vec<f64>) {
        let mut out = vec![0.0; self.mlp.parameters()];
        let mut memory = vec![0.0; gradient_len(&self.mlp, &self.data(), executor)];
        let loss = gradient(executor, &self.mlp, &self.data(), parameters, &mut out, &mut memory);
        (loss.expect("fits"), out)
    }
}

fn gradient_len<T: Copy>(mlp: &Mlp, data: &Data<'_, T>, executor: &impl Executor) -> usize {
    gradient_workspace_len(mlp, &TrainingSizes::of(data, executor.threads()))
}

fn train_len<T: Copy>(
    mlp: &Mlp,
    settings: &Settings,
    data: &Data<'_, T>,
    executor: &impl Executor,
) -> usize {
    workspace_len(mlp, settings, &TrainingSizes::of(data, executor.threads()))
}

/// What a training without a minibatch needs.
fn full_batch<'a, T>(workspace: &'a mut [T], shuffle: &'a mut Stream) -> Resources<'a, T> {
    Resources { workspace, index: &mut [], shuffle }
}

#[test]
fn gradients_agree_with_finite_differences_for_every_parameter() {
    for activation in [Activation::Gelu, Activation::Relu] {
        let problem = Problem::new(activation);
        let executor = Sequential::default();
        let (_, gradients) = problem.gradient(&executor, &problem.parameters);
        let scale = gradients.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
        for (index, gradient) in gradients.iter().enumerate() {
            let step = 1e-5;
            let loss_at = |shift: f64| {
                let mut moved = problem.parameters.clone();
                moved[index] += shift;
                problem.gradient(&executor, &moved).0
            };
            // Fourth-order central difference.
            let difference = (8.0 * (loss_at(step) - loss_at(-step))
                - (loss_at(2.0 * step) - loss_at(-2.0 * step)))
                / (12.0 * step);
            assert!(
                (gradient - difference).abs() <= 1e-8 * scale.max(1.0),
                "{activation:?} parameter {index}: {gradient}, difference {difference}"
            );
        }
    }
}

#[test]
fn a_linear_region_has_the_closed_form() {
    // With positive weights and inputs ReLU is the identity, and the network a product of
    // matrices: the head's gradient is Σ (σ(m) − y)/n · (φ_a − φ_b).
    let mlp = Mlp::new(3, [2, 2, 2], Activation::Relu).expect("a small network");
    let mut parameters: Vec<f64> =
        numbers(mlp.parameters(), 4).into_iter().map(|x| 0.2 + x.abs()).collect();
    let items: Vec<f64> = numbers(9, 5).into_iter().map(f64::abs).collect();
    let labels = [
        Comparison { a: 0, b: 1, label: 1.0, count: 1.0 },
        Comparison { a: 2, b: 1, label: 0.0, count: 1.0 },
        Comparison { a: 0, b: 2, label: 0.5, count: 1.0 },
    ];
    let executor = Sequential::default();
    let columns = Columns::new(&items, 3, 3).expect("shape");
    let mut features = vec![0.0; 6];
    let mut memory = vec![0.0; mlp.workspace_len(3)];
    mlp.features_of(&executor, &parameters, columns, &mut features, &mut memory).expect("fits");
    let head = mlp.head_of(&parameters).to_vec();
    let reward =
        |i: u32| features[2 * i as usize] * head[0] + features[2 * i as usize + 1] * head[1];
    let mut expected = [0.0; 2];
    for pair in labels {
        let margin = reward(pair.a) - reward(pair.b);
        let slope = (1.0 / (1.0 + (-margin).exp()) - pair.label) / 3.0;
        for (i, sum) in expected.iter_mut().enumerate() {
            *sum += slope * (features[2 * pair.a as usize + i] - features[2 * pair.b as usize + i]);
        }
    }
    let data = Data { items: columns, training_items: 3, training: &labels, held_out: &[] };
    let mut out = vec![0.0; mlp.parameters()];
    let mut memory = vec![0.0; gradient_len(&mlp, &data, &executor)];
    gradient(&executor, &mlp, &data, &parameters, &mut out, &mut memory).expect("fits");
    for (found, expected) in mlp.head_of(&out).iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-14, "{found}, closed form {expected}");
    }
    // A layer's bias moves every feature alike here, and so no margin: its gradient is 0.
    parameters.truncate(0);
    let [.., last] = mlp.layers();
    for gradient in &out[last.bias()..last.end()] {
        assert!(gradient.abs() <= 1e-15, "{gradient}");
    }
}

#[test]
fn confidently_wrong_pairs_keep_their_gradient() {
    let mlp = Mlp::new(1, [1, 1, 1], Activation::Relu).expect("a tiny network");
    // r = 1000 x: the margin is 1000 against the label.
    let parameters = [1.0_f32, 0.0, 1.0, 0.0, 1.0, 0.0, 1000.0];
    let items = [1.0, 0.0];
    let labels = [Comparison { a: 0, b: 1, label: 0.0, count: 1.0 }];
    let columns = Columns::new(&items, 1, 2).expect("shape");
    let data = Data { items: columns, training_items: 2, training: &labels, held_out: &[] };
    let executor = Sequential::default();
    let mut out = vec![0.0; 7];
    let mut memory = vec![0.0; gradient_len(&mlp, &data, &executor)];
    let loss = gradient(&executor, &mlp, &data, &parameters, &mut out, &mut memory).expect("fits");
    assert_eq!(loss, 1000.0);
    assert_eq!(out[6], 1.0);
}

#[test]
fn training_has_the_same_bits_at_every_level_and_thread_count() {
    let mlp = Mlp::new(19, [17, 33, 9], Activation::Gelu).expect("a network");
    let items = numbers_f32(19 * 300, 2);
    let columns = Columns::new(&items, 19, 300).expect("shape");
    let labels: Vec<Comparison<f32>> = (0..400_u32)
        .map(|i| Comparison {
            a: i % 250,
            b: (i * 7 + 1) % 250,
            label: [0.0, 1.0][i as usize % 2],
            count: 1.0,
        })
        .collect();
    let held_out: Vec<Comparison<f32>> =
        (250..299).map(|i| Comparison { a: i, b: i + 1, label: 1.0, count: 1.0 }).collect();
    let data = Data { items: columns, training_items: 250, training: &labels, held_out: &held_out };
    let settings = Settings {
        iterations: 12,
        minibatch: None,
        learning_rate: 1e-2,
        weight_decay: 0.01,
        patience: Some(4),
        warm_up: 0,
    };
    let run = |executor: &Threads| {
        let mut parameters = vec![0.0_f32; mlp.parameters()];
        init::uniform(&mlp, &mut Stream::new(3, "init", 1), &mut parameters).expect("fits");
        let mut memory = vec![0.0; train_len(&mlp, &settings, &data, executor)];
        let report = train(
            executor,
            &mlp,
            &settings,
            &data,
            &mut parameters,
            full_batch(&mut memory, &mut Stream::new(0, "shuffle", 0)),
            &mut |_| true,
        );
        (report.expect("trains"), parameters)
    };
    let mut results = Vec::new();
    for (name, level) in available() {
        for threads in [1, 2, 3, 7] {
            results.push((name, threads, run(&Threads { level, threads })));
        }
    }
    for (name, threads, result) in &results {
        assert_eq!(*result, results[0].2, "{name}, {threads} threads");
    }
}

#[test]
fn training_learns_and_keeps_the_best_held_out_parameters() {
    let mlp = Mlp::new(4, [8, 8, 8], Activation::Gelu).expect("a network");
    let items = numbers_f32(4 * 60, 12);
    let truth = |i: u32| items[4 * i as usize] - 2.0 * items[4 * i as usize + 2];
    let label = |a: u32, b: u32| if truth(a) > truth(b) { 1.0 } else { 0.0 };
    let pair = |a: u32, b: u32| Comparison { a, b, label: label(a, b), count: 1.0 };
    let labels: Vec<_> = (0..39).map(|i| pair(i, i + 1)).collect();
    let held_out: Vec<_> = (40..59).map(|i| pair(i, i + 1)).collect();
    let columns = Columns::new(&items, 4, 60).expect("shape");
    let data = Data { items: columns, training_items: 40, training: &labels, held_out: &held_out };
    let executor = Sequential::default();
    let mut parameters = vec![0.0_f32; mlp.parameters()];
    init::uniform(&mlp, &mut Stream::new(3, "init", 1), &mut parameters).expect("fits");
    let settings = Settings {
        iterations: 400,
        minibatch: None,
        learning_rate: 1e-2,
        weight_decay: 0.0,
        patience: Some(30),
        warm_up: 0,
    };
    let mut memory = vec![0.0; train_len(&mlp, &settings, &data, &executor)];
    let mut best = f64::INFINITY;
    let mut first = None;
    let report = train(
        &executor,
        &mlp,
        &settings,
        &data,
        &mut parameters,
        full_batch(&mut memory, &mut Stream::new(0, "shuffle", 0)),
        &mut |losses| {
            first.get_or_insert(losses.held_out);
            best = best.min(losses.held_out);
            true
        },
    )
    .expect("trains");
    assert_eq!(report.kept.held_out, best);
    assert!(best < 0.5 * first.expect("an iteration"), "held-out loss {best} from {first:?}");
}

#[test]
fn bad_training_data_are_errors() {
    let problem = Problem::new(Activation::Gelu);
    let executor = Sequential::default();
    let run = |labels: &[Comparison<f64>], settings: Settings, memory: usize| {
        let mut parameters = problem.parameters.clone();
        let data = Data { training: labels, ..problem.data() };
        let mut memory = vec![0.0; memory];
        train(
            &executor,
            &problem.mlp,
            &settings,
            &data,
            &mut parameters,
            full_batch(&mut memory, &mut Stream::new(0, "shuffle", 0)),
            &mut |_| true,
        )
        .map(|_| ())
    };
    let settings = Settings {
        iterations: 1,
        minibatch: None,
        learning_rate: 0.1,
        weight_decay: 0.0,
        patience: None,
        warm_up: 0,
    };
    let enough = train_len(&problem.mlp, &settings, &problem.data(), &executor);
    assert!(run(&problem.labels, settings, enough).is_ok());
    assert!(matches!(run(&[], settings, enough), Err(Error::Empty { .. })));
    assert!(matches!(run(&problem.labels, settings, enough - 1), Err(Error::Workspace { .. })));
    let odd = [Comparison { a: 0, b: 1, label: 0.7, count: 1.0 }];
    assert_eq!(run(&odd, settings, enough), Err(Error::Label { index: 0, value: 0.7 }));
    let outside = [Comparison { a: 0, b: 10, label: 1.0, count: 1.0 }];
    assert!(matches!(run(&outside, settings, enough), Err(Error::Index { index: 10, .. })));
    for learning_rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let settings = Settings { learning_rate, ..settings };
        let result = run(&problem.labels, settings, enough);
        assert!(matches!(result, Err(Error::Parameter { .. })), "{learning_rate}");
    }
    let diverging = Settings { iterations: 50, learning_rate: 1e300, ..settings };
    let result = run(&problem.labels, diverging, enough);
    assert!(matches!(result, Err(Error::NonFinite { .. })), "{result:?}");
}

#[test]
fn standardised_inputs_have_mean_0_and_deviation_1_and_dead_dimensions_vanish() {
    let (rows, count) = (5, 1000);
    let mut items = numbers_f32(rows * count, 6);
    for item in items.chunks_mut(rows) {
        item[1] = 0.3 + 5.0 * item[1];
        item[3] = 0.123_456_79;
    }
    let pass = |mean: Option<&[f64]>, piece: usize| {
        let (mut total, mut block) = (vec![0.0; rows], vec![0.0; rows]);
        let mut sums = Sums::new(&mut total, &mut block).expect("lengths");
        for piece in items.chunks(piece * rows) {
            let columns = Columns::new(piece, rows, piece.len() / rows).expect("shape");
            sums.add(columns, mean).expect("dimensions");
        }
        sums.finish().expect("items").to_vec()
    };
    let mean = pass(None, 1000);
    assert_eq!(mean, pass(None, 77), "pieces must not matter");
    let variance = pass(Some(&mean), 300);
    let mut scale = vec![0.0; rows];
    scales(&mean, &variance, &mut scale).expect("lengths");
    assert_eq!(scale[3], 0.0, "a constant dimension");
    let mean: Vec<f32> = mean.into_iter().map(|value| value as f32).collect();
    apply(&mean, &scale, &mut items);
    for dimension in 0..rows {
        let values = items.iter().skip(dimension).step_by(rows);
        let mean = values.clone().map(|value| f64::from(*value)).sum::<f64>() / count as f64;
        let square = values.map(|value| f64::from(*value).powi(2)).sum::<f64>() / count as f64;
        let expected = if dimension == 3 { 0.0 } else { 1.0 };
        assert!(mean.abs() < 1e-6 && (square - expected).abs() < 1e-5, "dimension {dimension}");
    }
}

/// From the smallest numbers of f32 to the largest, each dimension beside all others.
#[test]
fn a_dimension_is_standardised_whatever_the_scale_of_the_others() {
    const SCALES: [f32; 9] = [1e-44, 1e-39, 1e-30, 1e-7, 1.0, 1e7, 1e30, 1e38, 3.4e38];
    let (rows, count) = (SCALES.len(), 1000);
    let mut items = numbers_f32(rows * count, 6);
    for item in items.chunks_mut(rows) {
        for (value, scale) in item.iter_mut().zip(SCALES) {
            *value = (2.0 * *value).clamp(-1.0, 1.0) * scale;
        }
    }
    let pass = |mean: Option<&[f64]>| {
        let (mut total, mut block) = (vec![0.0; rows], vec![0.0; rows]);
        let mut sums = Sums::new(&mut total, &mut block).expect("lengths");
        sums.add(Columns::new(&items, rows, count).expect("shape"), mean).expect("dimensions");
        sums.finish().expect("items").to_vec()
    };
    let mean = pass(None);
    let variance = pass(Some(&mean));
    let mut scale = vec![0.0; rows];
    scales(&mean, &variance, &mut scale).expect("lengths");
    let mean: Vec<f32> = mean.into_iter().map(|value| value as f32).collect();
    apply(&mean, &scale, &mut items);
    for (dimension, of) in SCALES.iter().enumerate() {
        let values = items.iter().skip(dimension).step_by(rows);
        let square = values.map(|value| f64::from(*value).powi(2)).sum::<f64>() / count as f64;
        // Below 3e-39 the reciprocal of a deviation has no place in f32, and the largest number stands in.
        let expected = if *of < 3e-39 { 0.0..=1.001 } else { 0.999..=1.001 };
        assert!(square > 0.0 && expected.contains(&square), "{of:e}: {square}");
    }
}

#[test]
fn a_dimension_is_constant_by_its_own_magnitude() {
    let alive = |moments: [(f64, f64); 4]| {
        let (means, variances) = (moments.map(|m| m.0), moments.map(|m| m.1 * m.1));
        let mut scale = [7.0; 4];
        scales(&means, &variances, &mut scale).expect("lengths");
        assert!(scale.iter().all(|scale| scale.is_finite()), "{scale:?}");
        assert!(scales(&means[1..], &variances, &mut scale).is_err());
        scale.map(|scale| scale > 0.0)
    };
    let own = alive([(0.0, 0.0), (0.0, 1e-20), (1.0, 0.9e-6), (1.0, 1.1e-6)]);
    assert_eq!(own, [false, true, false, true]);
    let small = alive([(0.0, 1e-45), (1e-39, 1e-44), (1e-39, 1e-46), (0.0, 1e-30)]);
    assert_eq!(small, [true, true, false, true]);
    let beside = alive([(0.0, 1.0), (-1e30, 1.1e24), (1e-7, 1e-9), (0.0, 1e-33)]);
    assert_eq!(beside, [true; 4]);
}
