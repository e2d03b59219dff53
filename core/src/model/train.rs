//! Training: full-batch Adam on the Bradley–Terry loss, with early stopping on held-out labels.
//!
//! An iteration embeds each item once, turns the margins of the labelled pairs into a gradient an
//! item, and runs backwards. Orders of summation (the numeric contract, 3): an item's gradient is
//! one sum over its pairs in their order; a weight's gradient is one sum over items in theirs.
//! Threads share out weights and items, never a sum.

use super::adam::Adam;
use super::loss::{Comparison, add_reward_gradients, check, margins, mean_loss};
use super::mlp::{LAYERS, Layer, Mlp};
use crate::arith::Real;
use crate::error::{Error, check_shape};
use crate::fisher::{rewards, rewards_workspace_len};
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::linalg::Columns;
use crate::parallel::{Executor, for_chunks, split_at};

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The most iterations.
    pub iterations: usize,
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

/// An iteration's losses, before its step.
#[derive(Clone, Copy, Debug, PartialEq)]
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
pub struct Report {
    /// Iterations run.
    pub iterations: usize,
    /// The losses of the parameters kept.
    pub kept: Losses,
}

/// Numbers that [`train`] needs to work in.
#[must_use]
pub fn workspace_len<E: Executor>(
    executor: &E,
    mlp: &Mlp,
    data_items: usize,
    labels: usize,
) -> usize {
    let [first, second, third] = mlp.hidden();
    let hidden = first + second + third;
    let fixed = 4 * mlp.parameters() + mlp.widest() * mlp.widest();
    let items = data_items.saturating_mul(2 * (hidden + 1));
    let scratch = executor.threads().saturating_mul(rewards_workspace_len(mlp.features()));
    fixed.saturating_add(items).saturating_add(labels.saturating_mul(2)).saturating_add(scratch)
}

/// Trains `parameters` in place. `observe` sees every iteration's losses and may end the training
/// by returning `false`.
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
    workspace: &mut [T],
    observe: &mut dyn FnMut(Losses) -> bool,
) -> Result<Report, Error> {
    check_data(mlp, settings, data, parameters.len())?;
    let labels = data.training.len().max(data.held_out.len());
    let required = workspace_len(executor, mlp, data.items.len(), labels);
    let found = workspace.len();
    if found < required {
        return Err(Error::Workspace { what: "training", required, found });
    }
    let (best, workspace) = split_at(workspace, mlp.parameters());
    let (first_moments, workspace) = split_at(workspace, mlp.parameters());
    let (second_moments, workspace) = split_at(workspace, mlp.parameters());
    first_moments.fill(T::ZERO);
    second_moments.fill(T::ZERO);
    let mut passes = Passes::new(executor, *mlp, *data, workspace);
    let mut adam = Adam::new(settings.learning_rate, settings.weight_decay);
    // Without a held-out label there is nothing to stop by.
    let patience = settings.patience.filter(|_| !data.held_out.is_empty());
    let mut kept: Option<Losses> = None;
    let mut iterations = 0;
    loop {
        let losses = passes.forward(parameters, iterations)?;
        let improved = kept.is_none_or(|kept| losses.held_out < kept.held_out);
        if improved || patience.is_none() || iterations <= settings.warm_up {
            kept = Some(losses);
            copy(parameters, best);
        }
        let since = iterations - kept.map_or(0, |kept| kept.iteration);
        let stalled = patience.is_some_and(|patience| since > patience);
        if !observe(losses) || stalled || iterations == settings.iterations {
            break;
        }
        adam.advance();
        let gradients = passes.backward(parameters);
        for (range, decays) in parameter_groups(mlp) {
            adam.update(
                executor.level(),
                decays,
                parameters.get_mut(range.clone()).unwrap_or_default(),
                gradients.get(range.clone()).unwrap_or_default(),
                first_moments.get_mut(range.clone()).unwrap_or_default(),
                second_moments.get_mut(range).unwrap_or_default(),
            );
        }
        iterations += 1;
    }
    copy(best, parameters);
    let kept = kept.unwrap_or(Losses { iteration: 0, training: 0.0, held_out: 0.0 });
    Ok(Report { iterations, kept })
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
    let settings = Settings {
        iterations: 0,
        learning_rate: 1.0,
        weight_decay: 0.0,
        patience: None,
        warm_up: 0,
    };
    check_data(mlp, &settings, data, parameters.len())?;
    check_shape("gradient", mlp.parameters(), out.len())?;
    let labels = data.training.len().max(data.held_out.len());
    let required = workspace_len(executor, mlp, data.items.len(), labels);
    let found = workspace.len();
    if found < required {
        return Err(Error::Workspace { what: "training", required, found });
    }
    let mut passes = Passes::new(executor, *mlp, *data, workspace);
    let losses = passes.forward(parameters, 0)?;
    copy(passes.backward(parameters), out);
    Ok(T::from_f64(losses.training))
}

fn check_data<T: Real>(
    mlp: &Mlp,
    settings: &Settings,
    data: &Data<'_, T>,
    parameters: usize,
) -> Result<(), Error> {
    check_shape("parameters", mlp.parameters(), parameters)?;
    check_shape("embedding", mlp.inputs(), data.items.rows())?;
    if data.training.is_empty() {
        return Err(Error::Empty { what: "training labels" });
    }
    if data.training_items > data.items.len() {
        let (expected, found) = (data.items.len(), data.training_items);
        return Err(Error::Shape { what: "training items", expected, found });
    }
    if !(settings.learning_rate > 0.0 && settings.learning_rate.is_finite_number()) {
        return Err(Error::Parameter { what: "the learning rate must be a positive number" });
    }
    if !(settings.weight_decay >= 0.0 && settings.weight_decay.is_finite_number()) {
        return Err(Error::Parameter { what: "the weight decay must be 0 or more" });
    }
    check(data.training, data.training_items)?;
    check(data.held_out, data.items.len())
}

/// Runs of parameters and whether weight decay applies to them.
fn parameter_groups(mlp: &Mlp) -> impl Iterator<Item = (core::ops::Range<usize>, bool)> {
    let [one, two, three] = mlp.layers();
    let head = mlp.head()..mlp.parameters();
    [one, two, three]
        .into_iter()
        .flat_map(|layer| [(layer.start..layer.bias(), true), (layer.bias()..layer.end(), false)])
        .chain([(head, true)])
}

fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// The memory of one forward and backward pass.
struct Passes<'a, T, E> {
    executor: &'a E,
    mlp: Mlp,
    data: Data<'a, T>,
    /// Outputs of each hidden layer, an item a column.
    outputs: [&'a mut [T]; LAYERS],
    /// Derivatives of the activations; the backward pass turns them into gradients.
    slopes: [&'a mut [T]; LAYERS],
    rewards: &'a mut [T],
    reward_gradients: &'a mut [T],
    margins: &'a mut [T],
    gradients: &'a mut [T],
    transposed: &'a mut [T],
    scratch: &'a mut [T],
}

impl<'a, T: Real, E: Executor> Passes<'a, T, E> {
    fn new(executor: &'a E, mlp: Mlp, data: Data<'a, T>, workspace: &'a mut [T]) -> Self {
        let items = data.items.len();
        let labels = data.training.len().max(data.held_out.len());
        let mut rest = workspace;
        let mut take = |len: usize| {
            let (taken, tail) = split_at(core::mem::take(&mut rest), len);
            rest = tail;
            taken
        };
        Self {
            executor,
            mlp,
            data,
            outputs: mlp.hidden().map(|size| take(size * items)),
            slopes: mlp.hidden().map(|size| take(size * items)),
            rewards: take(items),
            reward_gradients: take(items),
            margins: take(labels),
            gradients: take(mlp.parameters()),
            transposed: take(mlp.widest() * mlp.widest()),
            scratch: take(usize::MAX),
        }
    }

    /// Outputs, derivatives and rewards of every item, and the losses.
    fn forward(&mut self, parameters: &[T], iteration: usize) -> Result<Losses, Error> {
        let mut inputs = self.data.items.as_slice();
        let layers = self.mlp.layers().into_iter();
        for ((layer, out), slopes) in layers.zip(&mut self.outputs).zip(&mut self.slopes) {
            self.mlp.layer(self.executor, layer, parameters, inputs, out, slopes);
            inputs = out;
        }
        let features = Columns::new(inputs, self.mlp.features(), self.data.items.len())?;
        let head = self.mlp.head_of(parameters);
        rewards(self.executor, features, head, self.rewards, self.scratch)?;
        let training = self.loss(self.data.training);
        let held_out = self.loss(self.data.held_out);
        if training.is_finite_number() && held_out.is_finite_number() {
            Ok(Losses { iteration, training: training.to_f64(), held_out: held_out.to_f64() })
        } else {
            Err(Error::NonFinite { what: "training loss", index: iteration })
        }
    }

    fn loss(&mut self, comparisons: &[Comparison<T>]) -> T {
        let (margins_here, _) = split_at(self.margins, comparisons.len());
        margins(self.rewards, comparisons, margins_here);
        mean_loss(self.executor.level(), comparisons, margins_here)
    }

    /// Gradients of the mean training loss, from the state that the forward pass left.
    fn backward(&mut self, parameters: &[T]) -> &[T] {
        let items = self.data.training_items;
        let features = self.mlp.features();
        let level = self.executor.level();
        let (margins_here, _) = split_at(self.margins, self.data.training.len());
        margins(self.rewards, self.data.training, margins_here);
        let (reward_gradients, _) = split_at(self.reward_gradients, items);
        reward_gradients.fill(T::ZERO);
        add_reward_gradients(level, self.data.training, margins_here, reward_gradients);
        self.gradients.fill(T::ZERO);

        let [first_outputs, second_outputs, last_outputs] = &mut self.outputs;
        let head_gradient = self.gradients.get_mut(self.mlp.head()..).unwrap_or_default();
        let product = Gemm {
            a: last_outputs.get(..features * items).unwrap_or_default(),
            b: Right::Columns(reward_gradients),
            c: head_gradient,
            rows: features,
            inner: items,
            part: Part::Full,
        };
        gemm(level, product);

        let [one, two, three] = self.mlp.layers();
        let [first_slopes, second_slopes, third_slopes] = &mut self.slopes;
        let head = self.mlp.head_of(parameters);
        for (slopes, gradient) in
            third_slopes.chunks_exact_mut(features.max(1)).zip(&*reward_gradients)
        {
            for (slope, weight) in slopes.iter_mut().zip(head) {
                *slope *= *weight * *gradient;
            }
        }
        let embeddings = self.data.items.as_slice();
        let executor = self.executor;
        weight_gradient(executor, three, third_slopes, second_outputs, items, self.gradients);
        transpose(three, parameters, self.transposed);
        let below = (&mut **second_slopes, &mut **second_outputs);
        input_gradient(executor, three, self.transposed, third_slopes, items, below);
        weight_gradient(executor, two, second_slopes, first_outputs, items, self.gradients);
        transpose(two, parameters, self.transposed);
        let below = (&mut **first_slopes, &mut **first_outputs);
        input_gradient(executor, two, self.transposed, second_slopes, items, below);
        weight_gradient(executor, one, first_slopes, embeddings, items, self.gradients);
        self.gradients
    }
}

/// Gradients of a layer's weight and bias: Σ over items of (gradient of its output) · inputᵀ.
fn weight_gradient<T: Real, E: Executor>(
    executor: &E,
    layer: Layer,
    output_gradients: &[T],
    inputs: &[T],
    items: usize,
    gradients: &mut [T],
) {
    let a = output_gradients.get(..layer.outputs * items).unwrap_or_default();
    let own = gradients.get_mut(layer.start..layer.end()).unwrap_or_default();
    let (weight, bias) = split_at(own, layer.inputs * layer.outputs);
    // A multiple of every register tile's width, shared out over the threads.
    let columns = layer.inputs.div_ceil(2).div_ceil(executor.threads().max(1)).next_multiple_of(8);
    let chunk = columns * layer.outputs;
    for_chunks(executor, weight, chunk, &mut [(); 0], 0, &|number, weight, _| {
        let b = Right::Rows { values: inputs, stride: layer.inputs, first: number * columns };
        let (rows, inner) = (layer.outputs, items);
        gemm(executor.level(), Gemm { a, b, c: weight, rows, inner, part: Part::Full });
    });
    for gradient in a.chunks_exact(layer.outputs.max(1)) {
        for (sum, term) in bias.iter_mut().zip(gradient) {
            *sum += *term;
        }
    }
}

/// Multiplies the derivatives in `slopes` by Wᵀ · (gradient of the layer's output): the gradient
/// of the layer below's pre-activations. That layer's outputs have served, and hold the product.
fn input_gradient<T: Real, E: Executor>(
    executor: &E,
    layer: Layer,
    transposed: &[T],
    output_gradients: &[T],
    items: usize,
    (slopes, outputs): (&mut [T], &mut [T]),
) {
    const ITEMS: usize = 64;
    let (slopes, _) = split_at(slopes, layer.inputs * items);
    let a = transposed.get(..layer.inputs * layer.outputs).unwrap_or_default();
    let chunk = ITEMS * layer.inputs;
    for_chunks(executor, slopes, chunk, outputs, chunk, &|number, slopes, product| {
        let first = number * ITEMS * layer.outputs;
        let columns = slopes.len() / layer.inputs.max(1);
        let b = output_gradients.get(first..first + columns * layer.outputs).unwrap_or_default();
        let (product, _) = split_at(product, slopes.len());
        product.fill(T::ZERO);
        let (rows, inner) = (layer.inputs, layer.outputs);
        let b = Right::Columns(b);
        gemm(executor.level(), Gemm { a, b, c: &mut *product, rows, inner, part: Part::Full });
        for (slope, sum) in slopes.iter_mut().zip(product) {
            *slope *= *sum;
        }
    });
}

/// The weight of a layer as an (inputs × outputs) column-major matrix.
fn transpose<T: Real>(layer: Layer, parameters: &[T], out: &mut [T]) {
    let weight = parameters.get(layer.start..layer.bias()).unwrap_or_default();
    for (input, column) in weight.chunks_exact(layer.outputs.max(1)).enumerate() {
        for (output, value) in column.iter().enumerate() {
            if let Some(slot) = out.get_mut(output * layer.inputs + input) {
                *slot = *value;
            }
        }
    }
}
