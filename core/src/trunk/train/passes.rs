//! The memory of a step, and its way through the network and back.

use super::backward::Backward;
use super::descent::{Descent, Gradient, Items, Part, Rule, Slopes, gradient_len};
use super::{Data, Losses, copy, gathered_items};
use crate::arith::Real;
use crate::columns::Columns;
use crate::error::Error;
use crate::head::loss::{
    add_gradients_of, add_reward_gradients, margins, margins_of, mean_loss, total,
};
use crate::head::rewards;
use crate::memory::SCARCE;
use crate::parallel::{Executor, split_at};
use crate::pool::Comparison;
use crate::trunk::mlp::{LAYERS, Mlp};

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

fn reborrow<'a, T>(columns: &'a mut [&mut [T]; LAYERS]) -> [&'a mut [T]; LAYERS] {
    columns.each_mut().map(|columns| &mut **columns)
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
    gradient: &'a mut [T],
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
            gradient: take(gradient_len(&mlp, executor.threads())),
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
        let [outputs, slopes] = [&mut self.outputs, &mut self.slopes].map(reborrow);
        self.mlp.forward(self.executor, parameters, items.as_slice(), outputs, slopes);
        let [.., features] = &self.outputs;
        let features = features.get(..self.mlp.features() * items.len()).unwrap_or_default();
        let features = Columns::new(features, self.mlp.features(), items.len())?;
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

    /// Steps by the gradients of the first items' rewards, `inputs` being those items. A chunk of items goes
    /// backwards through all layers, and into every sum over items, while it is in cache.
    fn step_by_rewards<R: Rule>(
        &mut self,
        rule: &R,
        mut state: Part<'_, T>,
        inputs: &[T],
        items: usize,
    ) {
        let (executor, mlp) = (self.executor, self.mlp);
        let ([one, two, three], [first, second, third]) = (mlp.layers(), mlp.hidden());
        let mut backward = Backward::new(mlp, state.parameters, self.workspace);
        for start in (0..items).step_by(CHUNK) {
            let end = items.min(start.saturating_add(CHUNK));
            let chunk = Chunk { start, end };
            let [first_outputs, second_outputs, features] = &self.outputs;
            let [first_slopes, second_slopes, third_slopes] = &mut self.slopes;
            let slopes = [
                chunk.of_mut(first_slopes, first),
                chunk.of_mut(second_slopes, second),
                chunk.of_mut(third_slopes, third),
            ];
            let reward_gradients = chunk.of(self.reward_gradients, 1);
            let head = mlp.head_of(state.parameters);
            backward.fill_gradients(executor, head, reward_gradients, slopes);

            let items = Items { count: end - start, first: start == 0, last: end == items };
            let (state, gradient) = (state.reborrow(), Gradient(self.gradient));
            let mut descent = Descent { executor, rule, state, gradient, items };
            descent.head(mlp.head()..mlp.parameters(), chunk.of(features, third), reward_gradients);
            for (layer, slopes, inputs) in [
                (three, chunk.of(third_slopes, third), chunk.of(second_outputs, second)),
                (two, chunk.of(second_slopes, second), chunk.of(first_outputs, first)),
                (one, chunk.of(first_slopes, first), chunk.of(inputs, mlp.inputs())),
            ] {
                descent.layer(layer, Slopes { outputs: slopes, inputs });
            }
        }
    }
}

/// Items that go backwards together. Not part of the contract: a sum goes on from what those before came
/// to. Where memory is scarce all of them: a layer's gradient is then used up a strip at a time.
const CHUNK: usize = if SCARCE { usize::MAX } else { 512 };

/// Some items, the last of them before `end`.
#[derive(Clone, Copy)]
struct Chunk {
    start: usize,
    end: usize,
}

impl Chunk {
    /// Their columns, of so many numbers each.
    fn of<T>(self, columns: &[T], rows: usize) -> &[T] {
        columns.get(self.start * rows..self.end * rows).unwrap_or_default()
    }

    fn of_mut<T>(self, columns: &mut [T], rows: usize) -> &mut [T] {
        columns.get_mut(self.start * rows..self.end * rows).unwrap_or_default()
    }
}
