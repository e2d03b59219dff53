//! The memory of a step, and its way through the network and back.

use super::descent::{Part, Rule, Slopes, descend, strips_len};
use super::{Data, Losses, copy, gathered_items};
use crate::arith::Real;
use crate::columns::Columns;
use crate::error::Error;
use crate::head::loss::{
    add_gradients_of, add_reward_gradients, margins, margins_of, mean_loss, total,
};
use crate::head::rewards;
use crate::kernel::gemm::{self, Gemm, Right, gemm};
use crate::parallel::{Executor, for_chunks, split_at};
use crate::pool::Comparison;
use crate::trunk::mlp::{LAYERS, Layer, Mlp};

/// Some of the training labels, and the items that they name.
pub(super) struct Batch<'a, T> {
    training: &'a [Comparison<T>],
    /// Which of them, in the order of their sums.
    labels: &'a [u32],
    /// Each item's place among `items`, if it is one of them.
    places: &'a [u32],
    /// Each once, ascending.
    items: &'a [u32],
}

impl<'a, T: Real> Batch<'a, T> {
    /// `places` and `items` have room for every item that training labels name.
    pub(super) fn of(
        training: &'a [Comparison<T>],
        labels: &'a [u32],
        places: &'a mut [u32],
        items: &'a mut [u32],
    ) -> Self {
        const ABSENT: u32 = u32::MAX;
        places.fill(ABSENT);
        for label in labels {
            let named = training.get(*label as usize).map(|pair| [pair.a, pair.b]);
            for item in named.into_iter().flatten() {
                if let Some(place) = places.get_mut(item as usize) {
                    *place = 0;
                }
            }
        }
        let present = (0..).zip(&mut *places).filter(|(_, place)| **place != ABSENT);
        let mut count = 0;
        for ((number, (item, place)), slot) in (0..).zip(present).zip(&mut *items) {
            (*place, *slot) = (number, item);
            count += 1;
        }
        let (items, _) = split_at(items, count);
        Self { training, labels, places, items }
    }

    /// The labels, their items by place.
    fn comparisons(&self) -> impl Iterator<Item = Comparison<T>> {
        let place = |item: u32| self.places.get(item as usize).copied().unwrap_or(item);
        self.labels.iter().filter_map(move |label| {
            let comparison = *self.training.get(*label as usize)?;
            let Comparison { a, b, .. } = comparison;
            Some(Comparison { a: place(a), b: place(b), ..comparison })
        })
    }
}

/// The memory of one forward and backward pass.
pub(super) struct Passes<'a, T, E> {
    executor: &'a E,
    mlp: Mlp,
    data: Data<'a, T>,
    /// The mean of how often training labels count.
    mean_count: T,
    /// Outputs of each hidden layer, an item a column.
    outputs: [&'a mut [T]; LAYERS],
    /// Derivatives of the activations; the backward pass turns them into gradients.
    slopes: [&'a mut [T]; LAYERS],
    rewards: &'a mut [T],
    reward_gradients: &'a mut [T],
    margins: &'a mut [T],
    /// A part of the gradient, until it has been used.
    gradient: &'a mut [T],
    transposed: &'a mut [T],
    /// Inputs of the items of a step that does not take all labels.
    gathered: &'a mut [T],
    workspace: &'a mut [T],
}

impl<'a, T: Real, E: Executor> Passes<'a, T, E> {
    pub(super) fn new(
        executor: &'a E,
        mlp: Mlp,
        data: Data<'a, T>,
        minibatch: Option<usize>,
        workspace: &'a mut [T],
    ) -> Self {
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
            mean_count: T::from_f64(
                total(data.training) / f64::from_u64(data.training.len() as u64),
            ),
            outputs: mlp.hidden().map(|size| take(size * items)),
            slopes: mlp.hidden().map(|size| take(size * items)),
            rewards: take(items),
            reward_gradients: take(items),
            margins: take(labels),
            gradient: take(strips_len(&mlp, executor.threads())),
            transposed: take(mlp.widest() * mlp.widest()),
            gathered: take(gathered_items(items, minibatch).saturating_mul(mlp.inputs())),
            workspace: take(usize::MAX),
        }
    }

    /// Outputs, derivatives and rewards of every item, and the losses.
    pub(super) fn losses(&mut self, parameters: &[T], iteration: usize) -> Result<Losses, Error> {
        self.forward(parameters, self.data.items)?;
        let training = self.loss(self.data.training);
        let held_out = self.loss(self.data.held_out);
        if training.is_finite_number() && held_out.is_finite_number() {
            Ok(Losses { iteration, training: training.to_f64(), held_out: held_out.to_f64() })
        } else {
            Err(Error::NonFinite { what: "training loss", index: iteration })
        }
    }

    /// Outputs, derivatives and rewards of some items.
    fn forward(&mut self, parameters: &[T], items: Columns<'_, T>) -> Result<(), Error> {
        let mut inputs = items.as_slice();
        let layers = self.mlp.layers().into_iter();
        for ((layer, out), slopes) in layers.zip(&mut self.outputs).zip(&mut self.slopes) {
            let (out, _) = split_at(out, layer.outputs * items.len());
            let (slopes, _) = split_at(slopes, layer.outputs * items.len());
            self.mlp.layer(self.executor, layer, parameters, inputs, out, slopes);
            inputs = out;
        }
        let features = Columns::new(inputs, self.mlp.features(), items.len())?;
        let head = self.mlp.head_of(parameters);
        let (out, _) = split_at(self.rewards, items.len());
        rewards(self.executor, features, head, out, self.workspace)
    }

    fn loss(&mut self, comparisons: &[Comparison<T>]) -> T {
        let (margins_here, _) = split_at(self.margins, comparisons.len());
        margins(self.rewards, comparisons, margins_here);
        mean_loss(self.executor.level(), comparisons, margins_here)
    }

    /// Steps by the gradient of the mean training loss, from the state that [`Passes::losses`] left.
    pub(super) fn step<R: Rule>(&mut self, rule: &R, state: Part<'_, T>) {
        let labels = self.data.training;
        let (margins_here, _) = split_at(self.margins, labels.len());
        margins(self.rewards, labels, margins_here);
        let (reward_gradients, _) = split_at(self.reward_gradients, self.data.training_items);
        reward_gradients.fill(T::ZERO);
        add_reward_gradients(self.executor.level(), labels, margins_here, reward_gradients);
        let inputs = self.data.items.as_slice();
        self.step_by_rewards(rule, state, inputs, self.data.training_items);
    }

    /// Steps by the gradient of a batch's loss, over as many answers as so many labels stand for in the
    /// mean: so that a label counts as much in a batch as among all.
    pub(super) fn batch_step<R: Rule>(
        &mut self,
        rule: &R,
        state: Part<'_, T>,
        batch: &Batch<'_, T>,
    ) -> Result<(), Error> {
        let count = batch.items.len();
        // Read while the rest is written to.
        let buffer = core::mem::take(&mut self.gathered);
        let (gathered, _) = split_at(&mut *buffer, count * self.mlp.inputs());
        for (inputs, item) in gathered.chunks_exact_mut(self.mlp.inputs().max(1)).zip(batch.items) {
            copy(self.data.items.column(*item as usize), inputs);
        }
        let embedded = Columns::new(&*gathered, self.mlp.inputs(), count)
            .and_then(|items| self.forward(state.parameters, items));
        if embedded.is_ok() {
            let (slopes, _) = split_at(self.margins, batch.labels.len());
            margins_of(self.rewards, batch.comparisons(), slopes);
            let (reward_gradients, _) = split_at(self.reward_gradients, count);
            reward_gradients.fill(T::ZERO);
            let answers = self.mean_count * T::from_u64(batch.labels.len() as u64);
            let level = self.executor.level();
            add_gradients_of(level, batch.comparisons(), answers, slopes, reward_gradients);
            self.step_by_rewards(rule, state, gathered, count);
        }
        self.gathered = buffer;
        embedded
    }

    /// Runs backwards from the gradients of the first items' rewards, `inputs` being those items. A
    /// layer's parameters step as soon as the layer below knows what it needs of them.
    fn step_by_rewards<R: Rule>(
        &mut self,
        rule: &R,
        mut state: Part<'_, T>,
        inputs: &[T],
        items: usize,
    ) {
        let (executor, features) = (self.executor, self.mlp.features());
        let (reward_gradients, _) = split_at(self.reward_gradients, items);

        let [first_outputs, second_outputs, last_outputs] = &mut self.outputs;
        let (head_gradient, _) = split_at(self.gradient, features);
        let product = Gemm {
            a: last_outputs.get(..features * items).unwrap_or_default(),
            b: Right::Columns(reward_gradients),
            c: &mut *head_gradient,
            rows: features,
            inner: items,
            part: gemm::Part::Full,
        };
        gemm(executor.level(), product);

        let [one, two, three] = self.mlp.layers();
        let [first_slopes, second_slopes, third_slopes] = &mut self.slopes;
        let head = self.mlp.head_of(state.parameters);
        for (slopes, gradient) in
            third_slopes.chunks_exact_mut(features.max(1)).zip(&*reward_gradients)
        {
            for (slope, weight) in slopes.iter_mut().zip(head) {
                *slope *= *weight * *gradient;
            }
        }
        let head = state.range(self.mlp.head()..self.mlp.parameters());
        rule.step(executor.level(), true, head, head_gradient);

        transpose(three, state.parameters, self.transposed);
        let slopes = Slopes { outputs: third_slopes, inputs: second_outputs, items };
        descend(executor, three, slopes, rule, &mut state, self.gradient);
        let below = LayerBelow { slopes: second_slopes, outputs: second_outputs };
        input_gradient(executor, three, self.transposed, third_slopes, items, below);

        transpose(two, state.parameters, self.transposed);
        let slopes = Slopes { outputs: second_slopes, inputs: first_outputs, items };
        descend(executor, two, slopes, rule, &mut state, self.gradient);
        let below = LayerBelow { slopes: first_slopes, outputs: first_outputs };
        input_gradient(executor, two, self.transposed, second_slopes, items, below);

        let slopes = Slopes { outputs: first_slopes, inputs, items };
        descend(executor, one, slopes, rule, &mut state, self.gradient);
    }
}

/// What the layer below another has kept from the forward pass.
struct LayerBelow<'a, T> {
    /// Derivatives of its activations.
    slopes: &'a mut [T],
    outputs: &'a mut [T],
}

/// Multiplies the derivatives of the layer below by Wᵀ · (gradient of the layer's output): the
/// gradient of its pre-activations. Its outputs have served, and hold the product.
fn input_gradient<T: Real, E: Executor>(
    executor: &E,
    layer: Layer,
    transposed: &[T],
    output_gradients: &[T],
    items: usize,
    below: LayerBelow<'_, T>,
) {
    const ITEMS: usize = 64;
    let LayerBelow { slopes, outputs } = below;
    let (slopes, _) = split_at(slopes, layer.inputs * items);
    let a = transposed.get(..layer.inputs * layer.outputs).unwrap_or_default();
    let chunk = ITEMS * layer.inputs;
    for_chunks(executor, slopes, chunk, outputs, chunk, &|number, slopes, product| {
        let first = number * ITEMS * layer.outputs;
        let columns = slopes.len() / layer.inputs.max(1);
        let b = output_gradients.get(first..first + columns * layer.outputs).unwrap_or_default();
        let (product, _) = split_at(product, slopes.len());
        let (rows, inner) = (layer.inputs, layer.outputs);
        let b = Right::Columns(b);
        gemm(
            executor.level(),
            Gemm { a, b, c: &mut *product, rows, inner, part: gemm::Part::Full },
        );
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
