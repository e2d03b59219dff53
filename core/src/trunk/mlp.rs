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
use crate::parallel::{Executor, for_chunks};

/// Hidden layers.
pub const LAYERS: usize = 3;

/// The largest hidden layer: features enter Fisher matrices, whose device owners end here.
pub const MAX_HIDDEN: usize = 256;

/// The largest embedding.
pub const MAX_INPUTS: usize = 65_536;

/// Items that one thread takes at a time.
const ITEMS: usize = 64;

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
        let [one, two, three] = self.layers();
        let first = crate::parallel::split_at(first, one.outputs * items.len()).0;
        let second = crate::parallel::split_at(second, two.outputs * items.len()).0;
        self.layer(executor, one, parameters, items.as_slice(), first, &mut []);
        self.layer(executor, two, parameters, first, second, &mut []);
        self.layer(executor, three, parameters, second, out, &mut []);
        match out.iter().position(|value| !value.is_finite_number()) {
            Some(index) => Err(Error::NonFinite { what: "features", index }),
            None => Ok(()),
        }
    }

    /// One layer: `out` = activation(W·`inputs` + b), an item a column, and its derivative where
    /// `derivatives` is not empty.
    pub(crate) fn layer<T: Real, E: Executor>(
        &self,
        executor: &E,
        layer: Layer,
        parameters: &[T],
        inputs: &[T],
        out: &mut [T],
        derivatives: &mut [T],
    ) {
        let weight = parameters.get(layer.start..layer.bias()).unwrap_or_default();
        let bias = parameters.get(layer.bias()..layer.end()).unwrap_or_default();
        let chunk = ITEMS * layer.outputs;
        let derivatives_chunk = if derivatives.is_empty() { 0 } else { chunk };
        for_chunks(executor, out, chunk, derivatives, derivatives_chunk, &|number, out, slopes| {
            let first = number * ITEMS * layer.inputs;
            let items = out.len() / layer.outputs.max(1);
            let inputs = inputs.get(first..first + items * layer.inputs).unwrap_or_default();
            let product = Gemm {
                a: weight,
                b: Right::Columns(inputs),
                c: &mut *out,
                rows: layer.outputs,
                inner: layer.inputs,
                part: Part::Full,
            };
            gemm(executor.level(), product);
            for item in out.chunks_exact_mut(layer.outputs.max(1)) {
                for (value, bias) in item.iter_mut().zip(bias) {
                    *value += *bias;
                }
            }
            self.activation.apply_by(executor, out, slopes);
        });
    }
}

const fn check_size(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    match found {
        0 => Err(Error::Empty { what }),
        _ if found > limit => Err(Error::TooLarge { what, limit, found }),
        _ => Ok(()),
    }
}
