//! The way back through the network: from the gradients of rewards to those of every layer's
//! pre-activations. An item's are its own, so items are shared out; a few go through all layers before
//! the next ones, and stay in cache.

use crate::arith::{Level, Real};
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::memory::{SCARCE, larger};
use crate::parallel::{Chunks, Executor, for_shares, split_at};
use crate::trunk::mlp::{LAYERS, Layer, LayerChunks, Mlp};

/// Items that go through all layers together. Not part of the contract: items share nothing.
const ITEMS: usize = if SCARCE { 8 } else { 64 };

/// Numbers that the way back works in: the transposed weights, and for each thread a product.
pub(super) const fn backward_len(mlp: &Mlp, threads: usize) -> usize {
    let [_, second, third] = mlp.layers();
    let transposed = second.inputs * second.outputs + third.inputs * third.outputs;
    transposed.saturating_add(larger(threads, 1).saturating_mul(product_len(mlp)))
}

/// Of a layer below another, of as many items as go through it together.
const fn product_len(mlp: &Mlp) -> usize {
    let [first, second, _] = mlp.hidden();
    ITEMS * larger(first, second)
}

/// What gradients go back through.
pub(super) struct Backward<'a, T> {
    mlp: Mlp,
    /// The second layer and the third.
    layers: [Transposed<'a, T>; 2],
    products: &'a mut [T],
}

impl<'a, T: Real> Backward<'a, T> {
    /// Through the weights as they are now. `workspace` holds [`backward_len`] numbers.
    pub(super) fn new(mlp: Mlp, parameters: &[T], workspace: &'a mut [T]) -> Self {
        let [_, second, third] = mlp.layers();
        let (second, workspace) = Transposed::of(second, parameters, workspace);
        let (third, products) = Transposed::of(third, parameters, workspace);
        Self { mlp, layers: [second, third], products }
    }

    /// Turns the derivatives of the activations of some items, an item a column, into gradients of the
    /// pre-activations.
    pub(super) fn fill_gradients<E: Executor>(
        &mut self,
        executor: &E,
        head: &[T],
        reward_gradients: &[T],
        slopes: [&mut [T]; LAYERS],
    ) {
        let Self { mlp, layers: [second, third], .. } = *self;
        let (level, items) = (executor.level(), reward_gradients.len());
        let share = items.div_ceil(larger(executor.threads(), 1)).next_multiple_of(ITEMS);
        let share = larger(share, 1);
        let products = Chunks { values: &mut *self.products, len: product_len(&mlp) };
        let back = |number, (slopes, product): (LayerChunks<'_, T>, Chunks<'_, T>)| {
            let lens = mlp.hidden().map(|size| larger(ITEMS.saturating_mul(size), 1));
            let ([one, two, three], [one_len, two_len, three_len]) = (slopes, lens);
            let below = one.values.chunks_mut(one_len).zip(two.values.chunks_mut(two_len));
            let gradients = reward_gradients.get(number * share..).unwrap_or_default();
            let above = three.values.chunks_mut(three_len).zip(gradients.chunks(ITEMS));
            for ((one, two), (three, gradients)) in below.zip(above) {
                scale(three, head, gradients);
                third.multiply(level, three, two, product.values);
                second.multiply(level, two, one, product.values);
            }
        };
        let shares = (mlp.shares(slopes, share), products);
        for_shares(executor, 0..items.div_ceil(share), shares, &back);
    }
}

/// A layer, and its weight as an (inputs × outputs) column-major matrix.
#[derive(Clone, Copy)]
struct Transposed<'a, T> {
    layer: Layer,
    weight: &'a [T],
}

impl<'a, T: Real> Transposed<'a, T> {
    /// In the first numbers of a workspace, of which the others are given back.
    fn of(layer: Layer, parameters: &[T], workspace: &'a mut [T]) -> (Self, &'a mut [T]) {
        let (transposed, workspace) = split_at(workspace, layer.inputs * layer.outputs);
        let weight = parameters.get(layer.start..layer.bias()).unwrap_or_default();
        for (input, column) in weight.chunks_exact(larger(layer.outputs, 1)).enumerate() {
            for (output, value) in column.iter().enumerate() {
                if let Some(slot) = transposed.get_mut(output * layer.inputs + input) {
                    *slot = *value;
                }
            }
        }
        (Self { layer, weight: transposed }, workspace)
    }

    /// Multiplies the derivatives of the layer below by Wᵀ · (gradients of this layer's pre-activations):
    /// the gradients of its own.
    fn multiply(self, level: Level, gradients: &[T], slopes: &mut [T], product: &mut [T]) {
        let Self { layer: Layer { inputs: rows, outputs: inner, .. }, weight: a } = self;
        let (product, _) = split_at(product, slopes.len());
        let (b, c) = (Right::Columns(gradients), &mut *product);
        gemm(level, Gemm { a, b, c, rows, inner, part: Part::Full });
        for (slope, sum) in slopes.iter_mut().zip(product) {
            *slope *= *sum;
        }
    }
}

/// Multiplies each item's derivatives of the last layer by the gradient of its outputs.
fn scale<T: Real>(slopes: &mut [T], head: &[T], reward_gradients: &[T]) {
    let items = slopes.chunks_exact_mut(larger(head.len(), 1));
    for (slopes, gradient) in items.zip(reward_gradients) {
        for (slope, weight) in slopes.iter_mut().zip(head) {
            *slope *= *weight * *gradient;
        }
    }
}
