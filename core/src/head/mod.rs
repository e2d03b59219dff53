//! The linear head of the Bradley–Terry model, r = φᵀβ without bias: its rewards, the loss of
//! labels, and the fit of β and of the prior precision λ to them, whatever trunk gives the features φ.

pub mod evidence;
pub mod loss;
pub mod newton;
mod prior;
mod rewards;

pub use self::prior::{Belief, Covariates, EarlierLabels, Prior};
pub use self::rewards::{rewards, rewards_workspace_len};
