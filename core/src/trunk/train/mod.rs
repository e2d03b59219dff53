//! Training: Adam on the Bradley–Terry loss, on all labels a step or on some of them in turn, with
//! early stopping on held-out labels.
//!
//! An iteration, which is one step, embeds each item of its labels once, turns the margins of the
//! labelled pairs into a gradient an item, and runs backwards. An epoch is the steps that see each
//! label once; losses are looked at before its first. Orders of summation (the numeric contract,
//! 3): an item's gradient is one sum over its pairs in their order; a weight's gradient is one sum
//! over items in theirs. Threads share out weights and items, never a sum.

mod backward;
mod descent;
mod passes;

use self::backward::backward_len;
use self::descent::{Part, Replace, gradient_len};
use self::passes::{Batch, Passes};
use super::adam::Adam;
use super::mlp::Mlp;
use crate::arith::Real;
use crate::columns::Columns;
use crate::error::{Error, check_shape};
use crate::head::loss::check;
use crate::head::rewards_workspace_len;
use crate::memory::{larger, smaller};
use crate::parallel::{Executor, split_at};
use crate::pool::Comparison;
use crate::rng::Stream;

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// The most iterations.
    pub iterations: usize,
    /// Labels a step; `None`, or as many as there are, takes all of them each step.
    pub minibatch: Option<usize>,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Decoupled weight decay, on weights and not on biases.
    pub weight_decay: f64,
    /// Stop after more than this many iterations without a better held-out loss; `None` trains to the end
    /// and keeps the last parameters.
    pub patience: Option<usize>,
    /// Iterations before which held-out losses do not count: the loss of the first steps says
    /// little about the order that a network ends with, and few held-out labels are noisy.
    pub warm_up: usize,
}

/// What is trained on. The items of the training labels come first.
#[derive(Clone, Copy, Debug)]
pub struct Data<'a, T> {
    /// Embeddings, an item a column, each item once.
    pub items: Columns<'a, T>,
    /// How many of the first items the training labels may name; the rest are held out.
    pub training_items: usize,
    /// Labels to learn from.
    pub training: &'a [Comparison<T>],
    /// Labels to stop by; may be empty.
    pub held_out: &'a [Comparison<T>],
}

/// What a training uses up: memory to work in, and random numbers.
#[derive(Debug)]
pub struct Resources<'a, T> {
    /// Numbers: [`workspace_len`] of them.
    pub workspace: &'a mut [T],
    /// Places of labels and items: [`index_len`] of them.
    pub index: &'a mut [u32],
    /// Shuffles the labels before each epoch of more than one step.
    pub shuffle: &'a mut Stream,
}

/// An iteration's losses, before its step.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Losses {
    /// The iteration, from 0.
    pub iteration: usize,
    /// Mean loss over the training labels.
    pub training: f64,
    /// Mean loss over the held-out labels; 0 if there are none.
    pub held_out: f64,
}

/// What a training came to.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Report {
    /// Iterations run.
    pub iterations: usize,
    /// The losses of the parameters kept.
    pub kept: Losses,
}

/// How much there is to train on, which decides how much memory that takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingSizes {
    /// How many computations the executor runs at once.
    pub threads: usize,
    /// Items of training and held-out labels.
    pub items: usize,
    /// Labels to learn from.
    pub training: usize,
    /// Labels to stop by.
    pub held_out: usize,
}

impl TrainingSizes {
    /// Those of some data.
    #[must_use]
    pub fn of<T: Copy>(data: &Data<'_, T>, threads: usize) -> Self {
        let Data { items, training, held_out, .. } = data;
        Self { threads, items: items.len(), training: training.len(), held_out: held_out.len() }
    }
}

/// Numbers that [`train`] needs to work in.
#[must_use]
pub const fn workspace_len(mlp: &Mlp, settings: &Settings, sizes: &TrainingSizes) -> usize {
    let moments = mlp.parameters().saturating_mul(2);
    let kept = best_len(mlp, settings, sizes.held_out);
    passes_len(mlp, settings.minibatch, sizes).saturating_add(moments).saturating_add(kept)
}

/// Numbers that [`gradient`] needs to work in.
#[must_use]
pub const fn gradient_workspace_len(mlp: &Mlp, sizes: &TrainingSizes) -> usize {
    passes_len(mlp, None, sizes)
}

const fn passes_len(mlp: &Mlp, minibatch: Option<usize>, sizes: &TrainingSizes) -> usize {
    let TrainingSizes { threads, items, training, held_out } = *sizes;
    let [first, second, third] = mlp.hidden();
    let each = 2 * (first + second + third + 1);
    let gathered = gathered_items(items, minibatch).saturating_mul(mlp.inputs());
    let rewards = threads.saturating_mul(rewards_workspace_len(mlp.features()));
    gradient_len(mlp, threads)
        .saturating_add(items.saturating_mul(each))
        .saturating_add(larger(training, held_out))
        .saturating_add(gathered)
        .saturating_add(larger(rewards, backward_len(mlp, threads)))
}

/// Numbers to keep the best parameters in: only who stops early goes back to any.
const fn best_len(mlp: &Mlp, settings: &Settings, held_out: usize) -> usize {
    match settings.patience {
        Some(_) if held_out > 0 => mlp.parameters(),
        _ => 0,
    }
}

/// The most items that a step's labels name, where a step does not take all labels.
const fn gathered_items(items: usize, minibatch: Option<usize>) -> usize {
    match minibatch {
        Some(labels) => smaller(items, labels.saturating_mul(2)),
        None => 0,
    }
}

/// Places that [`train`] keeps; none without a minibatch.
#[must_use]
pub const fn index_len(training_labels: usize, items: usize, minibatch: Option<usize>) -> usize {
    match minibatch {
        Some(_) => training_labels.saturating_add(items.saturating_mul(2)),
        None => 0,
    }
}

/// Trains `parameters` in place. `observe` sees the losses before each epoch and after the last
/// step, and may end the training by returning `false`.
///
/// # Errors
/// [`Error::Empty`] without training labels; [`Error::Shape`], [`Error::Workspace`],
/// [`Error::Label`], [`Error::Index`], [`Error::Parameter`]; [`Error::NonFinite`] if the training
/// diverges.
pub fn train<T: Real, E: Executor>(
    executor: &E,
    mlp: &Mlp,
    settings: &Settings,
    data: &Data<'_, T>,
    parameters: &mut [T],
    resources: Resources<'_, T>,
    observe: &mut dyn FnMut(Losses) -> bool,
) -> Result<Report, Error> {
    check_settings(settings)?;
    check_data(mlp, data, parameters.len())?;
    check_resources(executor, mlp, settings, data, &resources)?;
    let Resources { workspace, index, shuffle } = resources;
    let (best, workspace) = split_at(workspace, best_len(mlp, settings, data.held_out.len()));
    let (first_moments, workspace) = split_at(workspace, mlp.parameters());
    let (second_moments, workspace) = split_at(workspace, mlp.parameters());
    first_moments.fill(T::ZERO);
    second_moments.fill(T::ZERO);
    let mut state = Part { parameters, first_moments, second_moments };
    let mut adam = Adam::new(settings.learning_rate, settings.weight_decay);
    let mut passes = Passes::new(executor, *mlp, *data, settings.minibatch, workspace);
    let mut batches = Batches::new(settings.minibatch, data, index);
    // Without a held-out label there is nothing to stop by.
    let patience = settings.patience.filter(|_| !data.held_out.is_empty());
    let mut kept: Option<Losses> = None;
    let mut iterations = 0;
    loop {
        let losses = passes.losses(state.parameters, iterations)?;
        let improved = kept.is_none_or(|kept| losses.held_out < kept.held_out);
        if improved || patience.is_none() || iterations <= settings.warm_up {
            kept = Some(losses);
            copy(state.parameters, best);
        }
        let since = iterations - kept.map_or(0, |kept| kept.iteration);
        let stalled = patience.is_some_and(|patience| since > patience);
        if !observe(losses) || stalled || iterations >= settings.iterations {
            break;
        }
        let Some(batches) = &mut batches else {
            adam.advance();
            passes.step(&adam, state.reborrow());
            iterations += 1;
            continue;
        };
        batches.shuffle(shuffle);
        let left = settings.iterations - iterations;
        for labels in batches.order.chunks(batches.size).take(left) {
            let batch = Batch::of(data.training, labels, batches.places, batches.items);
            adam.advance();
            passes.batch_step(&adam, state.reborrow(), &batch)?;
            iterations += 1;
        }
    }
    copy(best, state.parameters);
    let kept = kept.unwrap_or(Losses { iteration: 0, training: 0.0, held_out: 0.0 });
    Ok(Report { iterations, kept })
}

/// The labels of an epoch, cut into steps.
struct Batches<'a> {
    size: usize,
    /// Numbers of all training labels, in the order of this epoch.
    order: &'a mut [u32],
    /// Each item's place among those of a step.
    places: &'a mut [u32],
    /// The items of a step.
    items: &'a mut [u32],
}

impl<'a> Batches<'a> {
    /// `None` where one step takes all labels.
    fn new<T>(minibatch: Option<usize>, data: &Data<'_, T>, index: &'a mut [u32]) -> Option<Self> {
        let size = minibatch.filter(|size| *size < data.training.len())?.max(1);
        let (order, index) = split_at(index, data.training.len());
        let (places, index) = split_at(index, data.training_items);
        let (items, _) = split_at(index, data.training_items);
        for (number, label) in (0..).zip(&mut *order) {
            *label = number;
        }
        Some(Self { size, order, places, items })
    }

    fn shuffle(&mut self, stream: &mut Stream) {
        stream.shuffle(self.order);
    }
}

/// The gradient of the mean training loss at `parameters`, in their layout, and that loss.
///
/// # Errors
/// As [`train`].
pub fn gradient<T: Real, E: Executor>(
    executor: &E,
    mlp: &Mlp,
    data: &Data<'_, T>,
    parameters: &[T],
    out: &mut [T],
    workspace: &mut [T],
) -> Result<T, Error> {
    check_data(mlp, data, parameters.len())?;
    check_shape("gradient", mlp.parameters(), out.len())?;
    let sizes = TrainingSizes::of(data, executor.threads());
    check_workspace(gradient_workspace_len(mlp, &sizes), workspace.len())?;
    copy(parameters, out);
    let mut passes = Passes::new(executor, *mlp, *data, None, workspace);
    let losses = passes.losses(out, 0)?;
    let state = Part { parameters: out, first_moments: &mut [], second_moments: &mut [] };
    passes.step(&Replace, state);
    Ok(T::from_f64(losses.training))
}

fn check_settings(settings: &Settings) -> Result<(), Error> {
    if settings.minibatch == Some(0) {
        return Err(Error::Parameter { what: "a minibatch must have at least one label" });
    }
    if !(settings.learning_rate > 0.0 && settings.learning_rate.is_finite_number()) {
        return Err(Error::Parameter { what: "the learning rate must be a positive number" });
    }
    if !(settings.weight_decay >= 0.0 && settings.weight_decay.is_finite_number()) {
        return Err(Error::Parameter { what: "the weight decay must be 0 or more" });
    }
    Ok(())
}

fn check_data<T: Real>(mlp: &Mlp, data: &Data<'_, T>, parameters: usize) -> Result<(), Error> {
    check_shape("parameters", mlp.parameters(), parameters)?;
    check_shape("embedding", mlp.inputs(), data.items.rows())?;
    if data.training.is_empty() {
        return Err(Error::Empty { what: "training labels" });
    }
    if data.training_items > data.items.len() {
        let (expected, found) = (data.items.len(), data.training_items);
        return Err(Error::Shape { what: "training items", expected, found });
    }
    check(data.training, data.training_items)?;
    check(data.held_out, data.items.len())
}

fn check_workspace(required: usize, found: usize) -> Result<(), Error> {
    if found < required {
        return Err(Error::Workspace { what: "training", required, found });
    }
    Ok(())
}

fn check_resources<T: Real, E: Executor>(
    executor: &E,
    mlp: &Mlp,
    settings: &Settings,
    data: &Data<'_, T>,
    resources: &Resources<'_, T>,
) -> Result<(), Error> {
    let sizes = TrainingSizes::of(data, executor.threads());
    check_workspace(workspace_len(mlp, settings, &sizes), resources.workspace.len())?;
    let required = index_len(data.training.len(), data.training_items, settings.minibatch);
    let found = resources.index.len();
    if found < required {
        return Err(Error::Workspace { what: "places of a minibatch", required, found });
    }
    Ok(())
}

fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
