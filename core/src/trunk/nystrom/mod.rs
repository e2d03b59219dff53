//! [`Nystrom`]: features of a Gaussian kernel by landmarks (Williams and Seeger, *Using the Nyström
//! method to speed up kernel machines*, 2001). They are fixed before any label: what is learnt is the
//! head alone, a linear Bradley–Terry model, for which the theory of optimal design holds as it stands.
//!
//! z = Aᵀ(x − o), k_l = exp(−‖z − z_l‖²) for each landmark l, φ = Wᵀk. The parts are fitted to training
//! embeddings ([`fit`]): A by the differences within prompts, so that ‖z_x − z_y‖² is their metric over
//! 2ℓ²; o is any place near them, which keeps digits; W makes φ_xᵀφ_y the Nyström approximation of
//! the kernel.
//!
//! Features are bounded: an embedding far from all landmarks has features of 0, whatever it is, and
//! none overflows.

pub mod fit;

use crate::arith::{Real, exp, micro};
use crate::columns::Columns;
use crate::error::{Error, check_shape};
use crate::kernel::dot::dot;
use crate::kernel::gemm::{Gemm, Part, Right, gemm};
use crate::parallel::{Executor, for_chunks, map_by, split_at};

/// The most landmarks, and so features.
pub const MAX_LANDMARKS: usize = 512;

/// Items that one thread takes at a time.
const ITEMS: usize = 64;

/// The largest squared distance that is told from others: its kernel, 10⁻³⁵, is nothing beside one of
/// a neighbour, and no subnormal number.
const FARTHEST: f64 = 80.0;

/// What turns embeddings into kernel features.
#[derive(Clone, Copy, Debug)]
pub struct Nystrom<'a, T> {
    /// o, a number an input.
    pub origin: &'a [T],
    /// A, a row an input: inputs × rank numbers.
    pub metric: &'a [T],
    /// z_l of the landmarks, a row a coordinate: rank × landmarks numbers.
    pub landmarks: &'a [T],
    /// ‖z_l‖² ([`squared_lengths`]), a number a landmark.
    pub squares: &'a [T],
    /// W, a row a landmark: landmarks × landmarks numbers.
    pub weight: &'a [T],
}

impl<T: Real> Nystrom<'_, T> {
    /// Numbers in an embedding.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.origin.len()
    }

    /// Features of an item: as many as landmarks.
    #[must_use]
    pub const fn features(&self) -> usize {
        self.squares.len()
    }

    /// Numbers in z.
    #[must_use]
    pub const fn rank(&self) -> usize {
        match self.metric.len().checked_div(self.inputs()) {
            Some(rank) => rank,
            None => 0,
        }
    }

    /// Numbers that [`Nystrom::features_of`] needs to work in.
    #[must_use]
    pub const fn workspace_len(&self, items: usize) -> usize {
        let each = self.inputs().saturating_add(self.rank()).saturating_add(self.features());
        each.saturating_mul(items)
    }

    /// Fails unless the parts fit together.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::TooLarge`], [`Error::Shape`].
    pub fn check(&self) -> Result<(), Error> {
        let (inputs, features) = (self.inputs(), self.features());
        if features > MAX_LANDMARKS {
            let what = "landmarks";
            return Err(Error::TooLarge { what, limit: MAX_LANDMARKS, found: features });
        }
        if inputs == 0 || self.rank() == 0 || features == 0 {
            return Err(Error::Empty { what: "kernel features" });
        }
        check_shape("metric", inputs.saturating_mul(self.rank()), self.metric.len())?;
        check_shape("landmarks", self.rank().saturating_mul(features), self.landmarks.len())?;
        check_shape("weight", features.saturating_mul(features), self.weight.len())
    }

    /// Writes the features φ of each item: `out` is a features × items matrix, an item a column.
    ///
    /// # Errors
    /// As [`Nystrom::check`]; [`Error::Shape`], [`Error::Workspace`]; [`Error::NonFinite`] if a part
    /// is no number.
    pub fn features_of<E: Executor>(
        &self,
        executor: &E,
        items: Columns<'_, T>,
        out: &mut [T],
        workspace: &mut [T],
    ) -> Result<(), Error> {
        self.check()?;
        check_shape("embedding", self.inputs(), items.rows())?;
        check_shape("features", self.features().saturating_mul(items.len()), out.len())?;
        let (required, found) = (self.workspace_len(items.len()), workspace.len());
        if found < required {
            return Err(Error::Workspace { what: "kernel features", required, found });
        }
        let (chunk, unit) = (self.features().saturating_mul(ITEMS), self.workspace_len(ITEMS));
        for_chunks(executor, out, chunk, workspace, unit, &|number, out, workspace| {
            let first = number.saturating_mul(ITEMS);
            let items = items.range(first, first.saturating_add(ITEMS));
            self.block(executor, items, out, workspace);
        });
        match out.iter().position(|value| !value.is_finite_number()) {
            Some(index) => Err(Error::NonFinite { what: "features", index }),
            None => Ok(()),
        }
    }

    /// The coordinates z of items: `out` is a rank × items matrix, an item a column.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Workspace`] below inputs × items numbers.
    pub fn coordinates_of<E: Executor>(
        executor: &E,
        origin: &[T],
        metric: &[T],
        items: Columns<'_, T>,
        out: &mut [T],
        workspace: &mut [T],
    ) -> Result<(), Error> {
        let inputs = items.rows();
        check_shape("origin", inputs, origin.len())?;
        let rank = metric.len().checked_div(inputs).unwrap_or(0);
        check_shape("metric", rank.saturating_mul(inputs), metric.len())?;
        check_shape("coordinates", rank.saturating_mul(items.len()), out.len())?;
        let (required, found) = (items.as_slice().len(), workspace.len());
        if found < required {
            return Err(Error::Workspace { what: "coordinates", required, found });
        }
        coordinates(executor, origin, metric, items, out, workspace);
        Ok(())
    }

    /// The features of a few items.
    fn block<E: Executor>(
        &self,
        executor: &E,
        items: Columns<'_, T>,
        out: &mut [T],
        workspace: &mut [T],
    ) {
        let (rank, features) = (self.rank(), self.features());
        let (centred, rest) = split_at(workspace, items.as_slice().len());
        let (coordinates, rest) = split_at(rest, rank.saturating_mul(items.len()));
        let (kernels, _) = split_at(rest, out.len());
        self::coordinates(executor, self.origin, self.metric, items, coordinates, centred);
        let product = Gemm {
            a: self.landmarks,
            b: Right::Columns(coordinates),
            c: &mut *kernels,
            rows: features,
            inner: rank,
            part: Part::Full,
        };
        gemm(executor.level(), product);
        let columns = coordinates.chunks_exact(rank.max(1));
        for (z, kernels) in columns.zip(kernels.chunks_exact_mut(features.max(1))) {
            fill_exponents(dot(z, z), self.squares, kernels);
        }
        map_by::<exp::Exp, micro::Exp, T, E>(executor, kernels);
        let product = Gemm {
            a: self.weight,
            b: Right::Columns(kernels),
            c: out,
            rows: features,
            inner: features,
            part: Part::Full,
        };
        gemm(executor.level(), product);
    }
}

/// ‖z‖² of each column.
///
/// # Errors
/// [`Error::Shape`] unless `out` has a place for each.
pub fn squared_lengths<T: Real>(columns: Columns<'_, T>, out: &mut [T]) -> Result<(), Error> {
    check_shape("squared lengths", columns.len(), out.len())?;
    for (out, column) in out.iter_mut().zip(columns.iter()) {
        *out = dot(column, column);
    }
    Ok(())
}

/// z = Aᵀ(x − o) of items.
fn coordinates<T: Real, E: Executor>(
    executor: &E,
    origin: &[T],
    metric: &[T],
    items: Columns<'_, T>,
    out: &mut [T],
    centred: &mut [T],
) {
    let inputs = items.rows();
    for (centred, item) in centred.chunks_exact_mut(inputs.max(1)).zip(items.iter()) {
        for ((centred, value), origin) in centred.iter_mut().zip(item).zip(origin) {
            *centred = *value - *origin;
        }
    }
    let (centred, _) = split_at(centred, items.as_slice().len());
    let rows = metric.len().checked_div(inputs).unwrap_or(0);
    let b = Right::Columns(centred);
    let product = Gemm { a: metric, b, c: out, rows, inner: inputs, part: Part::Full };
    gemm(executor.level(), product);
}

/// −‖z − z_l‖² from ‖z‖² and z · z_l; between 0 and −[`FARTHEST`], what is no number included.
fn fill_exponents<T: Real>(own: T, squares: &[T], products: &mut [T]) {
    let farthest = T::from_f64(FARTHEST);
    for (product, square) in products.iter_mut().zip(squares) {
        let distance = (own + *square) - (*product + *product);
        let near = if distance < farthest { distance } else { farthest };
        *product = if T::ZERO < near { T::ZERO - near } else { T::ZERO };
    }
}
