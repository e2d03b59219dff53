//! A step down the gradient. Where memory is scarce that is made a strip at a time and used up at once;
//! elsewhere a layer's is kept whole, and summed by chunks of items.

use super::copy;
use crate::arith::{Level, Real};
use crate::kernel::axpy::add_columns;
use crate::kernel::gemm::Part::Full as Whole;
use crate::kernel::gemm::{Gemm, Right, add_gemm, gemm};
use crate::memory::{SCARCE, larger, smaller};
use crate::parallel::{Executor, Shares, for_shares, split_at};
use crate::trunk::adam::Adam;
use crate::trunk::mlp::{Layer, Mlp};

/// The most columns of a layer's weight whose gradient is kept at a time. Where memory is not scarce all
/// that a thread takes: a matrix product reads what it multiplies as often as there are strips.
const STRIP: usize = if SCARCE { 8 } else { usize::MAX };

/// The most columns that a thread takes at a time, so that their gradient stays in cache.
const COLUMNS: usize = if SCARCE { usize::MAX } else { 256 };

/// Parameters in a row, and what is known of how each has moved; nothing for a rule that asks for none.
pub(super) struct Part<'a, T> {
    pub(super) parameters: &'a mut [T],
    pub(super) first_moments: &'a mut [T],
    pub(super) second_moments: &'a mut [T],
}

impl<T> Part<'_, T> {
    /// All of it, for a while.
    pub(super) fn reborrow(&mut self) -> Part<'_, T> {
        Part {
            parameters: self.parameters,
            first_moments: self.first_moments,
            second_moments: self.second_moments,
        }
    }

    /// Some of it.
    pub(super) fn range(&mut self, range: core::ops::Range<usize>) -> Part<'_, T> {
        let len = range.end.saturating_sub(range.start);
        self.reborrow().split_at(range.start).1.split_at(len).0
    }

    /// The first so many parameters, and the others.
    fn split_at(self, at: usize) -> (Self, Self) {
        let (parameters, parameters_rest) = split_at(self.parameters, at);
        let (first_moments, first_rest) = split_at(self.first_moments, at);
        let (second_moments, second_rest) = split_at(self.second_moments, at);
        let rest = Self {
            parameters: parameters_rest,
            first_moments: first_rest,
            second_moments: second_rest,
        };
        (Self { parameters, first_moments, second_moments }, rest)
    }
}

/// What a gradient does to parameters, each by itself.
pub(super) trait Rule: Sync {
    /// Takes the gradient of some parameters, to which weight decay applies or not.
    fn step<T: Real>(&self, level: Level, decays: bool, part: Part<'_, T>, gradient: &[T]);
}

impl Rule for Adam {
    fn step<T: Real>(&self, level: Level, decays: bool, part: Part<'_, T>, gradient: &[T]) {
        let Part { parameters, first_moments, second_moments } = part;
        self.update(level, decays, parameters, gradient, first_moments, second_moments);
    }
}

/// Puts the gradient in the parameters' place.
pub(super) struct Replace;

impl Rule for Replace {
    fn step<T: Real>(&self, _: Level, _: bool, part: Part<'_, T>, gradient: &[T]) {
        copy(gradient, part.parameters);
    }
}

/// So many items of a step.
#[derive(Clone, Copy)]
pub(super) struct Items {
    pub(super) count: usize,
    /// Whether no others come before them: sums over items then begin.
    pub(super) first: bool,
    /// Whether no others come after them: parameters then step.
    pub(super) last: bool,
}

impl Items {
    /// Adds to a part of the gradient what these come to.
    fn add<T: Real>(self, level: Level, product: Gemm<'_, T>) {
        if self.first { gemm(level, product) } else { add_gemm(level, product) }
    }
}

/// What a layer's gradient is made of: Σ over items of (gradient of its output) · inputᵀ.
#[derive(Clone, Copy)]
pub(super) struct Slopes<'a, T> {
    /// Gradients of the outputs, an item a column.
    pub(super) outputs: &'a [T],
    /// The inputs.
    pub(super) inputs: &'a [T],
}

/// How a layer's weight is shared out, in columns.
#[derive(Clone, Copy)]
struct Cut {
    /// Columns that one thread takes at a time.
    columns: usize,
    /// Columns of them whose gradient is kept at a time.
    strip: usize,
    /// So many times.
    chunks: usize,
}

impl Cut {
    const fn of(layer: Layer, threads: usize) -> Self {
        // A multiple of every register tile's width, shared out over the threads.
        let columns = layer.inputs.div_ceil(2).div_ceil(larger(threads, 1)).next_multiple_of(8);
        let columns = larger(smaller(columns, COLUMNS), 1);
        Self { columns, strip: smaller(columns, STRIP), chunks: layer.inputs.div_ceil(columns) }
    }
}

/// Numbers that are kept of a layer's gradient.
const fn strips_len(layer: Layer, threads: usize) -> usize {
    let Cut { strip, chunks, .. } = Cut::of(layer, threads);
    strip.saturating_mul(chunks).saturating_add(1).saturating_mul(layer.outputs)
}

/// Numbers that are kept of a network's gradient: where memory is scarce of one layer at a time.
pub(super) const fn gradient_len(mlp: &Mlp, threads: usize) -> usize {
    let (mut len, layers) = (mlp.features(), mlp.layers());
    let mut layers = layers.as_slice();
    while let [layer, rest @ ..] = layers {
        let layer = strips_len(*layer, threads);
        len = if SCARCE { larger(len, layer) } else { len.saturating_add(layer) };
        layers = rest;
    }
    len
}

/// What is kept of a gradient, part by part.
pub(super) struct Gradient<'a, T>(pub(super) &'a mut [T]);

impl<T> Gradient<'_, T> {
    /// The next part; where memory is scarce, in the place of the one before.
    fn next(&mut self, len: usize) -> &mut [T] {
        if SCARCE {
            return split_at(self.0, len).0;
        }
        let (part, rest) = split_at(core::mem::take(&mut self.0), len);
        self.0 = rest;
        part
    }
}

/// Columns of a weight, and a strip of gradient for each chunk of them.
struct Weight<'a, T> {
    part: Part<'a, T>,
    strips: &'a mut [T],
    /// Numbers of a chunk, and of a strip.
    chunk: usize,
    strip: usize,
}

impl<T: Send> Shares for Weight<'_, T> {
    fn split_at(self, chunks: usize) -> (Self, Self) {
        let Self { part, strips, chunk, strip } = self;
        let (part, part_rest) = part.split_at(chunks.saturating_mul(chunk));
        let (strips, strips_rest) = split_at(strips, chunks.saturating_mul(strip));
        let rest = Self { part: part_rest, strips: strips_rest, chunk, strip };
        (Self { part, strips, chunk, strip }, rest)
    }
}

/// A step in the making: how parameters move, all of them, and what is kept of their gradient.
pub(super) struct Descent<'a, T, E, R> {
    pub(super) executor: &'a E,
    pub(super) rule: &'a R,
    pub(super) state: Part<'a, T>,
    pub(super) gradient: Gradient<'a, T>,
    pub(super) items: Items,
}

impl<T: Real, E: Executor, R: Rule> Descent<'_, T, E, R> {
    /// Adds what some items come to, the gradients of whose rewards these are, to the head's gradient.
    pub(super) fn head(
        &mut self,
        head: core::ops::Range<usize>,
        features: &[T],
        reward_gradients: &[T],
    ) {
        let Self { executor, rule, items, .. } = *self;
        let (rows, inner) = (head.end.saturating_sub(head.start), items.count);
        let gradient = self.gradient.next(rows);
        let b = Right::Columns(reward_gradients);
        items.add(
            executor.level(),
            Gemm { a: features, b, c: &mut *gradient, rows, inner, part: Whole },
        );
        if items.last {
            rule.step(executor.level(), true, self.state.range(head), gradient);
        }
    }

    /// Adds what some items come to to the gradient of a layer's weight and bias.
    pub(super) fn layer(&mut self, layer: Layer, slopes: Slopes<'_, T>) {
        let Self { executor, rule, items, .. } = *self;
        let (level, rows, inner) = (executor.level(), layer.outputs, items.count);
        let Slopes { outputs: a, inputs: values } = slopes;
        let Cut { columns, strip, chunks } = Cut::of(layer, executor.threads());
        let gradient = self.gradient.next(strips_len(layer, executor.threads()));
        let (bias, strips) = split_at(gradient, rows);
        let part = self.state.range(layer.start..layer.bias());
        let weight = Weight { part, strips, chunk: columns * rows, strip: strip * rows };
        for_shares(executor, 0..chunks, weight, &|number, weight: Weight<'_, T>| {
            let Weight { mut part, strips, strip: len, .. } = weight;
            let mut first = number * columns;
            while !part.parameters.is_empty() {
                let (now, rest) = part.split_at(len);
                let (gradient, _) = split_at(&mut *strips, now.parameters.len());
                let b = Right::Rows { values, stride: layer.inputs, first };
                items.add(level, Gemm { a, b, c: &mut *gradient, rows, inner, part: Whole });
                if items.last {
                    rule.step(level, true, now, gradient);
                }
                (part, first) = (rest, first + strip);
            }
        });
        if items.first {
            bias.fill(T::ZERO);
        }
        add_columns(level, a, bias);
        if items.last {
            rule.step(level, false, self.state.range(layer.bias()..layer.end()), bias);
        }
    }
}
