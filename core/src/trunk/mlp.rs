//! [`Mlp`]: the shape of the network, the layout of its parameters, and the forward pass, which
//! embeds each item once however many pairs it stands in.
//!
//! Parameters are one flat slice, in the order `layers.0.weight, layers.0.bias, layers.1.weight,
//! …, head.weight`. A weight is an (outputs × inputs) column-major matrix: the column of an input
//! is contiguous. Pre-activations are z = (W x) + b: the sum over inputs in ascending order, then
//! the bias.

use super::Activation;
use crate::arith::Real;
use crate::columns::Columns;
use crate::error::{Error, check_shape};
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::memory::larger;
use crate::parallel::{Chunks, Executor, for_shares_backwards, split_at};

/// Hidden layers.
pub const LAYERS: usize = 3;

/// The largest hidden layer: features enter Fisher matrices, whose device owners end here.
pub const MAX_HIDDEN: usize = 256;

/// The largest embedding.
pub const MAX_INPUTS: usize = 65_536;

/// Items that one thread takes at a time, through all layers.
const ITEMS: usize = 64;

/// Columns of each hidden layer, to be shared out.
pub(crate) type LayerChunks<'a, T> = [Chunks<'a, T>; LAYERS];

/// The shape of the network: inputs → three hidden layers → one reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mlp {
    inputs: usize,
    hidden: [usize; LAYERS],
    activation: Activation,
}

/// Where a layer's parameters stand, and its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Values in.
    pub inputs: usize,
    /// Values out.
    pub outputs: usize,
    /// First parameter of its weight; its bias follows the weight.
    pub start: usize,
}

impl Layer {
    /// First parameter of the bias.
    #[must_use]
    pub const fn bias(self) -> usize {
        self.start.saturating_add(self.inputs.saturating_mul(self.outputs))
    }

    /// One past the last parameter of the layer.
    #[must_use]
    pub const fn end(self) -> usize {
        self.bias().saturating_add(self.outputs)
    }
}

impl Mlp {
    /// A network for embeddings of `inputs` numbers.
    ///
    /// # Errors
    /// [`Error::Empty`] and [`Error::TooLarge`] for sizes outside 1..=[`MAX_INPUTS`] and
    /// 1..=[`MAX_HIDDEN`].
    pub const fn new(
        inputs: usize,
        hidden: [usize; LAYERS],
        activation: Activation,
    ) -> Result<Self, Error> {
        if let Err(error) = check_size("embedding", inputs, MAX_INPUTS) {
            return Err(error);
        }
        let mut layers = hidden.as_slice();
        while let [size, rest @ ..] = layers {
            if let Err(error) = check_size("hidden layer", *size, MAX_HIDDEN) {
                return Err(error);
            }
            layers = rest;
        }
        Ok(Self { inputs, hidden, activation })
    }

    /// Numbers in an embedding.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.inputs
    }

    /// Sizes of the hidden layers.
    #[must_use]
    pub const fn hidden(&self) -> [usize; LAYERS] {
        self.hidden
    }

    /// What the hidden layers apply.
    #[must_use]
    pub const fn activation(&self) -> Activation {
        self.activation
    }

    /// Features of the last hidden layer: the order of every Fisher matrix.
    #[must_use]
    pub const fn features(&self) -> usize {
        let [_, _, features] = self.hidden;
        features
    }

    /// The largest hidden layer.
    #[must_use]
    pub const fn widest(&self) -> usize {
        let [first, second, third] = self.hidden;
        larger(larger(first, second), third)
    }

    /// The hidden layers, first to last.
    #[must_use]
    pub const fn layers(&self) -> [Layer; LAYERS] {
        let [first, second, third] = self.hidden;
        let one = Layer { inputs: self.inputs, outputs: first, start: 0 };
        let two = Layer { inputs: first, outputs: second, start: one.end() };
        let three = Layer { inputs: second, outputs: third, start: two.end() };
        [one, two, three]
    }

    /// First parameter of the head, which has one weight a feature.
    #[must_use]
    pub const fn head(&self) -> usize {
        let [.., last] = self.layers();
        last.end()
    }

    /// Parameters in all.
    #[must_use]
    pub const fn parameters(&self) -> usize {
        self.head() + self.features()
    }

    /// The head's weights β among the parameters.
    #[must_use]
    pub fn head_of<'a, T>(&self, parameters: &'a [T]) -> &'a [T] {
        parameters.get(self.head()..self.parameters()).unwrap_or_default()
    }

    /// Numbers that [`Mlp::features_of`] needs to work in.
    #[must_use]
    pub const fn workspace_len(&self, items: usize) -> usize {
        self.widest().saturating_mul(items).saturating_mul(2)
    }

    /// Writes the features φ of each item: `out` is a features × items matrix, an item a column.
    /// The parameters are those of the hidden layers; the head's may follow.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Workspace`]; [`Error::NonFinite`] if a feature overflows.
    pub fn features_of<T: Real, E: Executor>(
        &self,
        executor: &E,
        parameters: &[T],
        items: Columns<'_, T>,
        out: &mut [T],
        workspace: &mut [T],
    ) -> Result<(), Error> {
        check_shape("parameters", self.head(), parameters.len().min(self.head()))?;
        check_shape("embedding", self.inputs, items.rows())?;
        check_shape("features", self.features().saturating_mul(items.len()), out.len())?;
        let (required, found) = (self.workspace_len(items.len()), workspace.len());
        let Some((first, second)) = workspace
            .get_mut(..required)
            .and_then(|used| used.split_at_mut_checked(self.widest() * items.len()))
        else {
            return Err(Error::Workspace { what: "forward pass", required, found });
        };
        let outputs = [first, second, &mut *out];
        self.forward(executor, parameters, items.as_slice(), outputs, Default::default());
        match out.iter().position(|value| !value.is_finite_number()) {
            Some(index) => Err(Error::NonFinite { what: "features", index }),
            None => Ok(()),
        }
    }

    /// Writes the outputs of each hidden layer, an item a column, and the derivatives of its activations
    /// where there is room for them. Some items go through all layers before the others, and stay in cache;
    /// the first ones last, with which a backward pass begins.
    pub(crate) fn forward<T: Real, E: Executor>(
        &self,
        executor: &E,
        parameters: &[T],
        items: &[T],
        outputs: [&mut [T]; LAYERS],
        derivatives: [&mut [T]; LAYERS],
    ) {
        let together = self.inputs.saturating_mul(ITEMS).max(1);
        let shares = (self.shares(outputs, ITEMS), self.shares(derivatives, ITEMS));
        let through =
            |number: usize, (outputs, derivatives): (LayerChunks<'_, T>, LayerChunks<'_, T>)| {
                let rest = items.get(number.saturating_mul(together)..).unwrap_or_default();
                let mut inputs = rest.get(..together).unwrap_or(rest);
                for ((layer, out), slopes) in
                    self.layers().into_iter().zip(outputs).zip(derivatives)
                {
                    let count = inputs.len() / layer.inputs.max(1);
                    let (out, _) = split_at(out.values, layer.outputs * count);
                    let (slopes, _) = split_at(slopes.values, out.len());
                    self.layer(executor, layer, parameters, inputs, out, slopes);
                    inputs = out;
                }
            };
        for_shares_backwards(executor, 0..items.len().div_ceil(together), shares, &through);
    }

    /// Columns of each hidden layer, to be shared out so many at a time.
    pub(crate) fn shares<'a, T>(
        &self,
        columns: [&'a mut [T]; LAYERS],
        items: usize,
    ) -> LayerChunks<'a, T> {
        let ([one, two, three], [first, second, third]) = (columns, self.hidden);
        let chunks = |values, outputs: usize| Chunks { values, len: outputs.saturating_mul(items) };
        [chunks(one, first), chunks(two, second), chunks(three, third)]
    }

    /// One layer of some items: `out` = activation(W·`inputs` + b), an item a column, and its derivative
    /// where `derivatives` is not empty.
    fn layer<T: Real, E: Executor>(
        &self,
        executor: &E,
        layer: Layer,
        parameters: &[T],
        inputs: &[T],
        out: &mut [T],
        derivatives: &mut [T],
    ) {
        let product = Gemm {
            a: parameters.get(layer.start..layer.bias()).unwrap_or_default(),
            b: Right::Columns(inputs),
            c: &mut *out,
            rows: layer.outputs,
            inner: layer.inputs,
            part: Part::Full,
        };
        gemm(executor.level(), product);
        let bias = parameters.get(layer.bias()..layer.end()).unwrap_or_default();
        for item in out.chunks_exact_mut(layer.outputs.max(1)) {
            for (value, bias) in item.iter_mut().zip(bias) {
                *value += *bias;
            }
        }
        self.activation.apply_by(executor, out, derivatives);
    }
}

const fn check_size(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    match found {
        0 => Err(Error::Empty { what }),
        _ if found > limit => Err(Error::TooLarge { what, limit, found }),
        _ => Ok(()),
    }
}
