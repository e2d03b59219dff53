//! What a round learns from its labels: the trunk by Adam, on all labels a step and on some of them
//! in turn, and the last layer by Newton's method.

use super::data::{SEED, copy};
use super::round::{Loop, Numbers};
use crate::arith::Real;
use crate::columns::Columns;
use crate::error::Error;
use crate::head::newton::fit;
use crate::parallel::{Executor, split_at};
use crate::pool::Comparison;
use crate::rng::Stream;
use crate::trunk::train::{Data, Resources, gradient, train};

/// Losses recorded of a training: two an iteration, and two at the end.
const LOSSES: usize = 12;

impl<T: Real, E: Executor> Loop<'_, T, E> {
    /// The gradient at the start, the losses on the way, and the parameters at the end, which are
    /// those of the training on all labels a step. A quarter of the labels is held out. The one on
    /// minibatches goes on with labels that count unevenly.
    pub(super) fn train(
        &mut self,
        round: usize,
        numbers: &mut Numbers<'_, T>,
    ) -> Result<(), Error> {
        let (labels, _) = split_at(self.labels, self.size.known(round + 1));
        let items = Columns::new(numbers.inputs, self.size.inputs, self.size.items)?;
        let items = items.range(0, self.size.trained);
        let data = lessons(items, labels);
        let Numbers { mlp, parameters, workspace, gradient: slopes, .. } = numbers;
        let mean = gradient(self.executor, mlp, &data, parameters, slopes, workspace)?;
        self.recorder.numbers("gradient", 0, slopes)?;
        self.recorder.numbers("gradient", 1, &[mean])?;
        copy(parameters, slopes);
        let ways = [(None, &mut **parameters), (Some(self.size.minibatch), &mut **slopes)];
        for (index, (minibatch, parameters)) in ways.into_iter().enumerate() {
            let settings = self.size.training(minibatch);
            let mut losses = [0.0; LOSSES];
            let mut slots = losses.iter_mut();
            let mut shuffle = Stream::new(SEED, "shuffle", round as u64);
            let resources = Resources { workspace, index: self.places, shuffle: &mut shuffle };
            train(self.executor, mlp, &settings, &data, parameters, resources, &mut |seen| {
                for (slot, loss) in slots.by_ref().zip([seen.training, seen.held_out]) {
                    *slot = loss;
                }
                true
            })?;
            self.recorder.numbers("losses", index, &losses)?;
            self.recorder.numbers("trained", index, parameters)?;
        }
        count_unevenly(labels);
        let (data, settings) =
            (lessons(items, labels), self.size.training(Some(self.size.minibatch)));
        let mut shuffle = Stream::new(SEED, "shuffle", round as u64);
        let resources = Resources { workspace, index: self.places, shuffle: &mut shuffle };
        train(self.executor, mlp, &settings, &data, slopes, resources, &mut |_| true)?;
        count_once(labels);
        self.recorder.numbers("counted-trained", 0, slopes)
    }

    /// The last layer on the features that the batch was picked by, and what its fit came to; with
    /// labels that count once, and unevenly.
    pub(super) fn fit_last_layer(
        &mut self,
        round: usize,
        numbers: &mut Numbers<'_, T>,
    ) -> Result<(), Error> {
        let order = numbers.mlp.features();
        let features = Columns::new(numbers.features_f32, order, self.size.items)?;
        let features = features.range(0, self.size.trained);
        let (labels, _) = split_at(self.labels, self.size.known(round + 1));
        let (head, _) = split_at(numbers.gradient, order);
        for stage in ["last-layer", "counted-layer"] {
            head.fill(T::ZERO);
            let found = fit(self.executor, features, labels, T::ONE, head, numbers.workspace)?;
            self.recorder.numbers(stage, 0, head)?;
            let steps = f64::from_u64(found.steps as u64);
            let values = [found.log_likelihood, found.log_posterior, found.log_det, steps];
            self.recorder.numbers(stage, 1, &values)?;
            count_unevenly(labels);
        }
        count_once(labels);
        Ok(())
    }
}

/// A quarter of the labels, the first ones, to stop by, the rest to learn from.
fn lessons<'a, T: Copy>(items: Columns<'a, T>, labels: &'a [Comparison<T>]) -> Data<'a, T> {
    let (held_out, training) = labels.split_at_checked(labels.len() / 4).unwrap_or_default();
    Data { items, training_items: items.len(), training, held_out }
}

/// As if votes were counted and answers weighted.
pub(super) fn count_unevenly<T: Real>(labels: &mut [Comparison<T>]) {
    for (label, count) in labels.iter_mut().zip([3.0, 0.25, 1.0, 7.0].into_iter().cycle()) {
        label.count = T::from_f64(count);
    }
}

fn count_once<T: Real>(labels: &mut [Comparison<T>]) {
    for label in labels {
        label.count = T::ONE;
    }
}
