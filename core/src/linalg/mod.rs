//! Matrices: items as columns ([`Columns`]), symmetric matrices as packed lower triangles
//! ([`Packed`]), and their Cholesky factors ([`Cholesky`]).

mod cholesky;
mod columns;
mod packed;
mod update;

pub(crate) use cholesky::semidefinite_root;
pub use cholesky::{Cholesky, CholeskyView, condition_workspace_len};
pub use columns::Columns;
pub(crate) use packed::columns as packed_columns;
pub use packed::{MAX_ORDER, Packed, PackedView, packed_len};
pub use update::downdate_workspace_len;
