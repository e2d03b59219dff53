//! Symmetric matrices as packed lower triangles ([`Packed`]), and their Cholesky factors
//! ([`Cholesky`]).

mod cholesky;
mod packed;
mod update;

pub(crate) use cholesky::semidefinite_root;
pub use cholesky::{Cholesky, CholeskyView, condition_workspace_len};
pub(crate) use packed::columns as packed_columns;
pub use packed::{MAX_ORDER, Packed, PackedView, packed_len};
pub use update::downdate_workspace_len;
