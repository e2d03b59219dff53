//! A model from its file, put to work by the core alone: what the file says must be enough to
//! predict with.

use crate::threads::Threads;
use pairpick::model::{Model, Standardisation, Trunk};
use pairpick_core::columns::Columns;
use pairpick_core::head::{rewards, rewards_workspace_len};
use pairpick_core::trunk::standardise::apply;

/// The rewards of some embeddings, one after the other.
///
/// # Panics
/// If their number is no multiple of the model's inputs.
#[must_use]
pub fn rewards_of(model: &Model, embeddings: &[f32]) -> Vec<f64> {
    let Trunk::Mlp(trunk) = model.trunk() else { panic!("it is no network") };
    let mlp = trunk.mlp();
    let mut inputs = embeddings.to_vec();
    if let Some(Standardisation { mean, scale }) = trunk.standardisation() {
        apply(mean, scale, &mut inputs);
    }
    let (executor, count) = (Threads::default(), inputs.len() / mlp.inputs());
    let items = Columns::new(&inputs, mlp.inputs(), count).expect("whole embeddings");
    let mut features = vec![0.0; count * mlp.features()];
    let mut workspace = vec![0.0; mlp.workspace_len(count)];
    mlp.features_of(&executor, trunk.parameters(), items, &mut features, &mut workspace)
        .expect("features");
    let features = Columns::new(&features, mlp.features(), count).expect("features");
    let (mut values, mut workspace) =
        (vec![0.0; count], vec![0.0; rewards_workspace_len(mlp.features())]);
    rewards(&executor, features, model.head(), &mut values, &mut workspace).expect("rewards");
    values
}
