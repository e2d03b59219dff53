//! A step down the gradient, which is made a strip at a time and used up at once: nowhere does a whole
//! layer's have to be kept.

use super::copy;
use crate::arith::{Level, Real};
use crate::kernel::gemm::{self, Gemm, Right, gemm};
use crate::memory::{SCARCE, larger, smaller};
use crate::parallel::{Executor, Shares, for_shares, split_at};
use crate::trunk::adam::Adam;
use crate::trunk::mlp::{Layer, Mlp};

/// The most columns of a layer's weight whose gradient is kept at a time. Where memory is not scarce all
/// that a thread takes: a matrix product reads what it multiplies as often as there are strips.
const STRIP: usize = if SCARCE { 8 } else { usize::MAX };

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

/// What a layer's gradient is made of: Σ over items of (gradient of its output) · inputᵀ.
pub(super) struct Slopes<'a, T> {
    /// Gradients of the outputs, an item a column.
    pub(super) outputs: &'a [T],
    /// The inputs.
    pub(super) inputs: &'a [T],
    pub(super) items: usize,
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
        let columns = larger(columns, 1);
        Self { columns, strip: smaller(columns, STRIP), chunks: layer.inputs.div_ceil(columns) }
    }
}

/// Numbers for the strips of a network's gradient.
pub(super) const fn strips_len(mlp: &Mlp, threads: usize) -> usize {
    let (mut most, layers) = (mlp.widest(), mlp.layers());
    let mut layers = layers.as_slice();
    while let [layer, rest @ ..] = layers {
        let Cut { strip, chunks, .. } = Cut::of(*layer, threads);
        most = larger(most, strip.saturating_mul(chunks).saturating_mul(layer.outputs));
        layers = rest;
    }
    most
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

/// Steps a layer's weight and bias, of all of a network's parameters.
pub(super) fn descend<T: Real, E: Executor, R: Rule>(
    executor: &E,
    layer: Layer,
    slopes: Slopes<'_, T>,
    rule: &R,
    state: &mut Part<'_, T>,
    strips: &mut [T],
) {
    let Slopes { outputs, inputs, items } = slopes;
    let (level, rows) = (executor.level(), layer.outputs);
    let a = outputs.get(..rows * items).unwrap_or_default();
    let Cut { columns, strip, chunks } = Cut::of(layer, executor.threads());
    let part = state.range(layer.start..layer.bias());
    let weight = Weight { part, strips: &mut *strips, chunk: columns * rows, strip: strip * rows };
    for_shares(executor, 0..chunks, weight, &|number, weight: Weight<'_, T>| {
        let Weight { mut part, strips, strip: len, .. } = weight;
        let mut first = number * columns;
        while !part.parameters.is_empty() {
            let (now, rest) = part.split_at(len);
            let (gradient, _) = split_at(&mut *strips, now.parameters.len());
            let b = Right::Rows { values: inputs, stride: layer.inputs, first };
            gemm(
                level,
                Gemm { a, b, c: &mut *gradient, rows, inner: items, part: gemm::Part::Full },
            );
            rule.step(level, true, now, gradient);
            (part, first) = (rest, first + strip);
        }
    });
    let (bias, _) = split_at(strips, rows);
    bias.fill(T::ZERO);
    for gradient in a.chunks_exact(rows.max(1)) {
        for (sum, term) in bias.iter_mut().zip(gradient) {
            *sum += *term;
        }
    }
    rule.step(level, false, state.range(layer.bias()..layer.end()), bias);
}
