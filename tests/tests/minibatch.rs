//! Training on some of the labels a step: a minibatch of all labels is the full batch, an epoch is
//! what its definition says step by step, and machine and memory change nothing.

use pairpick_core::Error;
use pairpick_core::columns::Columns;
use pairpick_core::parallel::{Executor, Sequential};
use pairpick_core::pool::Comparison;
use pairpick_core::rng::Stream;
use pairpick_core::trunk::adam::Adam;
use pairpick_core::trunk::train::{
    Data, Losses, Report, Resources, Settings, TrainingSizes, gradient, gradient_workspace_len,
    index_len, train, workspace_len,
};
use pairpick_core::trunk::{Activation, Mlp, init};
use pairpick_tests::generate::numbers_f32;
use pairpick_tests::levels::available;
use pairpick_tests::threads::Threads;

const INPUTS: usize = 6;
const TRAINING_ITEMS: u32 = 50;
const ITEMS: u32 = 60;
const LABELS: u32 = 37;

const SETTINGS: Settings = Settings {
    iterations: 12,
    minibatch: None,
    learning_rate: 1e-2,
    weight_decay: 0.01,
    patience: None,
    warm_up: 0,
};

struct Problem {
    mlp: Mlp,
    items: Vec<f32>,
    training: Vec<Comparison<f32>>,
    held_out: Vec<Comparison<f32>>,
}

/// What a training leaves.
#[derive(Debug, PartialEq)]
struct Trained {
    report: Report,
    losses: Vec<Losses>,
    parameters: Vec<f32>,
}

impl Problem {
    fn new() -> Self {
        let mlp = Mlp::new(INPUTS, [9, 17, 5], Activation::Gelu).expect("a network");
        let pair = |i: u32| Comparison {
            a: (5 * i) % TRAINING_ITEMS,
            b: (11 * i + 1) % TRAINING_ITEMS,
            label: [0.0, 1.0, 1.0, 0.5][i as usize % 4],
            count: 1.0,
        };
        let held_out = |i: u32| Comparison { a: i, b: i + 1, label: 1.0, count: 1.0 };
        Self {
            mlp,
            items: numbers_f32(INPUTS * ITEMS as usize, 2),
            training: (0..LABELS).map(pair).collect(),
            held_out: (TRAINING_ITEMS - 3..ITEMS - 1).map(held_out).collect(),
        }
    }

    fn parameters(&self) -> Vec<f32> {
        let mut parameters = vec![0.0; self.mlp.parameters()];
        init::uniform(&self.mlp, &mut Stream::new(3, "init", 1), &mut parameters).expect("fits");
        parameters
    }

    fn columns(&self) -> Columns<'_, f32> {
        Columns::new(&self.items, INPUTS, ITEMS as usize).expect("shape")
    }

    fn data(&self) -> Data<'_, f32> {
        Data {
            items: self.columns(),
            training_items: TRAINING_ITEMS as usize,
            training: &self.training,
            held_out: &self.held_out,
        }
    }

    /// Trains with `spare` less memory than is asked for, of numbers and of places.
    fn try_train(
        &self,
        executor: &impl Executor,
        settings: &Settings,
        spare: (usize, usize),
    ) -> Result<Trained, Error> {
        let data = self.data();
        let len = workspace_len(&self.mlp, settings, &TrainingSizes::of(&data, executor.threads()));
        let places = index_len(LABELS as usize, TRAINING_ITEMS as usize, settings.minibatch);
        // What the memory holds before must not matter.
        let mut workspace = vec![f32::NAN; len - spare.0];
        let mut index = vec![u32::MAX; places - spare.1];
        let mut parameters = self.parameters();
        let mut losses = Vec::new();
        let resources = Resources {
            workspace: &mut workspace,
            index: &mut index,
            shuffle: &mut Stream::new(7, "shuffle", 2),
        };
        let report =
            train(executor, &self.mlp, settings, &data, &mut parameters, resources, &mut |now| {
                losses.push(now);
                true
            })?;
        Ok(Trained { report, losses, parameters })
    }

    fn train(&self, settings: &Settings) -> Trained {
        self.try_train(&Sequential::default(), settings, (0, 0)).expect("trains")
    }

    /// Adam on the gradient of each batch alone, its items and labels copied out.
    fn train_step_by_step(&self, labels_a_step: usize, iterations: usize) -> Vec<f32> {
        let (executor, mlp) = (Sequential::default(), &self.mlp);
        let mut parameters = self.parameters();
        let mut adam = Adam::new(SETTINGS.learning_rate, SETTINGS.weight_decay);
        let mut first = vec![0.0; mlp.parameters()];
        let mut second = first.clone();
        let mut shuffle = Stream::new(7, "shuffle", 2);
        let mut order: Vec<usize> = (0..self.training.len()).collect();
        let mut done = 0;
        while done < iterations {
            shuffle.shuffle(&mut order);
            for labels in order.chunks(labels_a_step).take(iterations - done) {
                let gradients = self.gradient_of(labels, &parameters);
                adam.advance();
                let level = executor.level();
                let [one, two, three] = mlp.layers();
                let weights = [one, two, three].map(|layer| (layer.start..layer.bias(), true));
                let biases = [one, two, three].map(|layer| (layer.bias()..layer.end(), false));
                let head = [(mlp.head()..mlp.parameters(), true)];
                for (range, decays) in weights.into_iter().chain(biases).chain(head) {
                    adam.update(
                        level,
                        decays,
                        &mut parameters[range.clone()],
                        &gradients[range.clone()],
                        &mut first[range.clone()],
                        &mut second[range],
                    );
                }
                done += 1;
            }
        }
        parameters
    }

    fn gradient_of(&self, labels: &[usize], parameters: &[f32]) -> Vec<f32> {
        let executor = Sequential::default();
        let pairs: Vec<_> = labels.iter().map(|label| self.training[*label]).collect();
        let mut named: Vec<u32> = pairs.iter().flat_map(|pair| [pair.a, pair.b]).collect();
        named.sort_unstable();
        named.dedup();
        let inputs: Vec<f32> =
            named.iter().flat_map(|item| self.columns().column(*item as usize).to_vec()).collect();
        let place = |item: u32| named.binary_search(&item).expect("named") as u32;
        let pairs: Vec<_> = pairs
            .iter()
            .map(|pair| Comparison { a: place(pair.a), b: place(pair.b), ..*pair })
            .collect();
        let items = Columns::new(&inputs, INPUTS, named.len()).expect("shape");
        let data = Data { items, training_items: named.len(), training: &pairs, held_out: &[] };
        let mut out = vec![0.0; self.mlp.parameters()];
        let len = gradient_workspace_len(&self.mlp, &TrainingSizes::of(&data, executor.threads()));
        gradient(&executor, &self.mlp, &data, parameters, &mut out, &mut vec![0.0; len])
            .expect("fits");
        out
    }
}

#[test]
fn a_minibatch_of_all_labels_is_the_full_batch_bit_for_bit() {
    let problem = Problem::new();
    let settings = Settings { patience: Some(4), ..SETTINGS };
    let full = problem.train(&settings);
    for labels in [LABELS as usize, 1000, usize::MAX] {
        let minibatch = Settings { minibatch: Some(labels), ..settings };
        assert_eq!(problem.train(&minibatch), full, "{labels} labels a step");
    }
    assert_eq!(full.losses.len(), full.report.iterations + 1);
}

#[test]
fn steps_are_those_of_the_definition_bit_for_bit() {
    let problem = Problem::new();
    for (labels, iterations) in [(1, 37), (10, 4), (10, 8), (16, 7), (36, 5)] {
        let settings = Settings { minibatch: Some(labels), iterations, ..SETTINGS };
        let trained = problem.train(&settings);
        let expected = problem.train_step_by_step(labels, iterations);
        assert!(trained.parameters == expected, "{labels} labels a step, {iterations} steps");
        assert_eq!(trained.report.iterations, iterations);
    }
}

#[test]
fn losses_are_seen_before_each_epoch_and_after_the_last_step() {
    let problem = Problem::new();
    let settings = Settings { minibatch: Some(10), iterations: 10, ..SETTINGS };
    let trained = problem.train(&settings);
    let seen: Vec<usize> = trained.losses.iter().map(|losses| losses.iteration).collect();
    assert_eq!(seen, [0, 4, 8, 10], "37 labels make four steps an epoch");
    let full = problem.train(&Settings { iterations: 1, ..SETTINGS });
    assert_eq!(trained.losses[0], full.losses[0], "all labels, before any step");
}

#[test]
fn patience_and_warm_up_count_steps() {
    let problem = Problem::new();
    // The held-out labels contradict what is learnt: the first losses are the best.
    let settings = Settings {
        minibatch: Some(10),
        iterations: 400,
        patience: Some(11),
        warm_up: 8,
        ..SETTINGS
    };
    let trained = problem.train(&settings);
    let kept = trained.report.kept.iteration;
    assert!(kept >= 8 && kept.is_multiple_of(4), "kept iteration {kept}");
    assert_eq!(trained.report.iterations, kept + 12, "the first epoch's end past 11 steps");
}

#[test]
fn minibatches_have_the_same_bits_at_every_level_and_thread_count() {
    let problem = Problem::new();
    let settings = Settings { minibatch: Some(15), ..SETTINGS };
    let expected = problem.train(&settings);
    for (name, level) in available() {
        for threads in [1, 2, 3, 7] {
            let executor = Threads { level, threads };
            let trained = problem.try_train(&executor, &settings, (0, 0)).expect("trains");
            assert_eq!(trained, expected, "{name}, {threads} threads");
        }
    }
}

#[test]
fn memory_too_small_and_empty_minibatches_are_errors() {
    let problem = Problem::new();
    let settings = Settings { minibatch: Some(15), ..SETTINGS };
    let executor = Sequential::default();
    for spare in [(1, 0), (0, 1)] {
        let result = problem.try_train(&executor, &settings, spare);
        assert!(matches!(result, Err(Error::Workspace { .. })), "{result:?}");
    }
    let empty = Settings { minibatch: Some(0), ..SETTINGS };
    let result = problem.try_train(&executor, &empty, (0, 0));
    assert!(matches!(result, Err(Error::Parameter { .. })), "{result:?}");
    let diverging = Settings { learning_rate: 1e30, ..settings };
    let result = problem.try_train(&executor, &diverging, (0, 0));
    assert!(matches!(result, Err(Error::NonFinite { .. })), "{result:?}");
}
