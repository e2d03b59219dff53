//! Comparisons that count otherwise than once: n times is n comparisons, in every sum over them; what
//! a label counts beside others decides, and not how many answers there are in all.

use pairpick_core::Error;
use pairpick_core::columns::Columns;
use pairpick_core::fisher::{Weighting, add_pairs, pairs_workspace_len};
use pairpick_core::head::evidence::{Values, Workspace, bounds, by_evidence, by_held_out};
use pairpick_core::head::loss::{add_reward_gradients, check, margins, mean_loss};
use pairpick_core::head::newton;
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::parallel::Executor;
use pairpick_core::pool::Comparison;
use pairpick_core::rng::Stream;
use pairpick_core::trunk::train::{
    Data, Resources, Settings, TrainingSizes, gradient, index_len, train, workspace_len,
};
use pairpick_core::trunk::{Activation, Mlp, init};
use pairpick_tests::generate::{numbers, numbers_f32};
use pairpick_tests::threads::Threads;

const ITEMS: u32 = 23;
const ORDER: usize = 5;
const INPUTS: usize = 6;

/// More than two blocks of a sum, every kind of answer and of count among them.
fn counted() -> Vec<Comparison<f64>> {
    let pair = |i: u32| Comparison {
        a: (3 * i) % ITEMS,
        b: (3 * i + 1 + i % (ITEMS - 1)) % ITEMS,
        label: [1.0, 0.0, 0.5][i as usize % 3],
        count: f64::from(1 + (i * i) % 4),
    };
    (0..600).map(pair).collect()
}

/// The same answers, each by itself.
fn repeated(counted: &[Comparison<f64>]) -> Vec<Comparison<f64>> {
    let once =
        |pair: &Comparison<f64>| vec![Comparison { count: 1.0, ..*pair }; pair.count as usize];
    counted.iter().flat_map(once).collect()
}

fn scaled(counted: &[Comparison<f64>], by: f64) -> Vec<Comparison<f64>> {
    counted.iter().map(|pair| Comparison { count: by * pair.count, ..*pair }).collect()
}

fn executor() -> Threads {
    Threads::default()
}

/// The mean loss and its derivative by each reward.
fn loss(labels: &[Comparison<f64>]) -> Vec<f64> {
    let rewards = numbers(ITEMS as usize, 4);
    let (mut own, mut out) = (vec![0.0; labels.len()], vec![0.0; ITEMS as usize]);
    margins(&rewards, labels, &mut own);
    add_reward_gradients(executor().level(), labels, &mut own, &mut out);
    margins(&rewards, labels, &mut own);
    out.push(mean_loss(executor().level(), labels, &mut own));
    out
}

fn features() -> Vec<f32> {
    numbers_f32(ORDER * ITEMS as usize, 8)
}

fn columns(features: &[f32]) -> Columns<'_, f32> {
    Columns::new(features, ORDER, ITEMS as usize).expect("shape")
}

/// What there is to know of the last layer.
fn last_layer(labels: &[Comparison<f64>]) -> Vec<f64> {
    let (features, mut head) = (features(), vec![0.0; ORDER]);
    let features = columns(&features);
    let mut memory = vec![0.0; newton::workspace_len(1, ORDER, ITEMS as usize, labels.len())];
    let fit =
        newton::fit(&executor(), features, labels, 0.7, &mut head, &mut memory).expect("a fit");
    let said = newton::log_likelihood(&executor(), features, labels, &head, &mut memory);
    let (floor, ceiling) = bounds(features, labels).expect("bounds");
    let mut told = vec![fit.log_likelihood, fit.log_posterior, fit.log_det, said.expect("a sum")];
    told.extend([floor, ceiling]);
    told.extend(&head);
    let chosen =
        by_evidence(&executor(), features, labels, Values::ANY, &mut head, &mut memory).expect("λ");
    told.push(chosen.value);
    let folds: Vec<u32> = labels.iter().map(|pair| pair.a % 3).collect();
    let mut places = labels.to_vec();
    let workspace = Workspace { numbers: &mut memory, comparisons: &mut places };
    let held_out =
        by_held_out(&executor(), features, labels, &folds, Values::ANY, &mut head, workspace);
    told.push(held_out.expect("λ").value);
    told
}

fn fisher(labels: &[Comparison<f64>]) -> Vec<f64> {
    let (features, rewards) = (features(), numbers(ITEMS as usize, 4));
    let mut sum = Packed::new(ORDER, vec![0.0; packed_len(ORDER)]).expect("a matrix");
    let mut memory = vec![0.0; pairs_workspace_len(ORDER)];
    let features = columns(&features);
    let weighting = Weighting::Bernoulli;
    add_pairs(&executor(), features, labels, &rewards, weighting, &mut sum, &mut memory)
        .expect("a sum");
    sum.as_slice().to_vec()
}

/// The gradient of a network, and where training by it ends.
fn network(labels: &[Comparison<f64>], minibatch: Option<usize>) -> Vec<f64> {
    let mlp = Mlp::new(INPUTS, [7, 9, ORDER], Activation::Gelu).expect("a network");
    let inputs = numbers(INPUTS * ITEMS as usize, 2);
    let items = Columns::new(&inputs, INPUTS, ITEMS as usize).expect("shape");
    let (held_out, training) = labels.split_at(labels.len() / 5);
    let data = Data { items, training_items: ITEMS as usize, training, held_out };
    let mut parameters = vec![0.0; mlp.parameters()];
    init::uniform(&mlp, &mut Stream::new(3, "init", 1), &mut parameters).expect("fits");
    let settings = Settings {
        iterations: 9,
        minibatch,
        learning_rate: 1e-3,
        weight_decay: 0.01,
        patience: Some(20),
        warm_up: 0,
    };
    let len = workspace_len(&mlp, &settings, &TrainingSizes::of(&data, 1));
    let (mut memory, mut out) = (vec![0.0; len], vec![0.0; mlp.parameters()]);
    let mean = gradient(&executor(), &mlp, &data, &parameters, &mut out, &mut memory);
    out.push(mean.expect("a gradient"));
    let mut index = vec![0; index_len(training.len(), ITEMS as usize, minibatch)];
    let mut shuffle = Stream::new(7, "shuffle", 2);
    let resources = Resources { workspace: &mut memory, index: &mut index, shuffle: &mut shuffle };
    let report =
        train(&executor(), &mlp, &settings, &data, &mut parameters, resources, &mut |_| true)
            .expect("a training");
    out.extend([report.kept.training, report.kept.held_out]);
    out.extend(&parameters);
    out
}

fn assert_near(own: &[f64], other: &[f64], what: &str) {
    assert_eq!(own.len(), other.len(), "{what}");
    for (own, other) in own.iter().zip(other) {
        let apart = (own - other).abs() / (1.0 + other.abs());
        assert!(apart < 1e-11, "{what}: {own} and {other}");
    }
}

#[test]
fn n_times_is_n_comparisons() {
    let counted = counted();
    let repeated = repeated(&counted);
    assert_near(&loss(&counted), &loss(&repeated), "loss");
    assert_near(&fisher(&counted), &fisher(&repeated), "Fisher information");
    assert_near(&last_layer(&counted), &last_layer(&repeated), "last layer");
    // Of each as often, so that a fifth of the comparisons is a fifth of the answers.
    let own: Vec<_> = counted.iter().map(|pair| Comparison { count: 2.0, ..*pair }).collect();
    assert_near(&network(&own, None), &network(&self::repeated(&own), None), "network");
}

/// A power of two rounds nothing, so that not a bit may differ.
#[test]
fn how_many_answers_there_are_in_all_does_not_train_a_network() {
    let counted = counted();
    for minibatch in [None, Some(1), Some(17)] {
        let own = network(&counted, minibatch);
        assert_eq!(own, network(&scaled(&counted, 8.0), minibatch), "{minibatch:?}");
        // Each by itself, a label's count must not cancel.
        let once: Vec<_> = counted.iter().map(|pair| Comparison { count: 1.0, ..*pair }).collect();
        assert_ne!(own, network(&once, minibatch), "{minibatch:?}");
    }
}

#[test]
fn twice_the_answers_are_twice_the_information() {
    let counted = counted();
    let twice: Vec<f64> = fisher(&counted).iter().map(|entry| 2.0 * entry).collect();
    assert_eq!(fisher(&scaled(&counted, 2.0)), twice);
}

#[test]
fn a_count_must_be_finite_and_above_0() {
    let once = Comparison { a: 0, b: 1, label: 1.0, count: 1.0 };
    assert_eq!(check(&[once], 2), Ok(()));
    for count in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::MAX] {
        let error = check(&[once, Comparison { count, ..once }, Comparison { count, ..once }], 2);
        assert!(matches!(error, Err(Error::Parameter { .. })), "{count}");
    }
    let large = Comparison { a: 0, b: 1, label: 1.0_f32, count: f32::MAX };
    assert_eq!(check(&[large], 2), Ok(()));
    assert!(matches!(check(&[large; 2], 2), Err(Error::Parameter { .. })), "their sum");
}
