//! A model from its file, put to work by the core alone: what the file says must be enough to
//! predict with.

use pairpick::model::file::ModelTensors;
use pairpick_core::columns::Columns;
use pairpick_core::head::{rewards, rewards_workspace_len};
use pairpick_core::parallel::Sequential;
use pairpick_core::trunk::Mlp;
use pairpick_core::trunk::standardise::apply;

/// The network of a file, and its parameters as the core has them: weights column by column.
///
/// # Panics
/// If the tensors are not a network's.
#[must_use]
pub fn of_tensors(model: &ModelTensors) -> (Mlp, Vec<f32>) {
    let mlp = Mlp::new(model.inputs, model.hidden, model.activation).expect("a network");
    let mut parameters = Vec::with_capacity(mlp.parameters());
    for (layer, shape) in model.layers.iter().zip(mlp.layers()) {
        for input in 0..shape.inputs {
            parameters.extend(layer.weight.iter().skip(input).step_by(shape.inputs));
        }
        parameters.extend(&layer.bias);
    }
    parameters.extend(&model.head);
    assert_eq!(parameters.len(), mlp.parameters());
    (mlp, parameters)
}

/// The rewards of some embeddings, one after the other.
///
/// # Panics
/// If their number is no multiple of the model's inputs.
#[must_use]
pub fn rewards_of(model: &ModelTensors, embeddings: &[f32]) -> Vec<f64> {
    let (mlp, parameters) = of_tensors(model);
    let mut inputs = embeddings.to_vec();
    if let Some(standardisation) = &model.standardisation {
        apply(&standardisation.mean, &standardisation.scale, &mut inputs);
    }
    let (executor, count) = (Sequential::default(), inputs.len() / mlp.inputs());
    let items = Columns::new(&inputs, mlp.inputs(), count).expect("whole embeddings");
    let mut features = vec![0.0; count * mlp.features()];
    let mut workspace = vec![0.0; mlp.workspace_len(count)];
    mlp.features_of(&executor, &parameters, items, &mut features, &mut workspace)
        .expect("features");
    let features = Columns::new(&features, mlp.features(), count).expect("features");
    let (mut values, mut workspace) =
        (vec![0.0; count], vec![0.0; rewards_workspace_len(mlp.features())]);
    rewards(&executor, features, mlp.head_of(&parameters), &mut values, &mut workspace)
        .expect("rewards");
    values
}
