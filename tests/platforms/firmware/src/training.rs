//! What a training takes on a device: memory, the deepest stack, instructions a step.

use core::fmt::Write;

use pairpick_core::Error;
use pairpick_core::columns::Columns;
use pairpick_core::parallel::Sequential;
use pairpick_core::pool::Comparison;
use pairpick_core::rng::Stream;
use pairpick_core::trunk::train::{Data, Resources, Settings, TrainingSizes, train, workspace_len};
use pairpick_core::trunk::{Activation, Mlp, init};

use crate::host::File;
use crate::{counter, stack};

const INPUTS: usize = 384;
const HIDDEN: [usize; 3] = [32; 3];
const ITEMS: usize = 64;
const ANSWERS: usize = 100;
const STEPS: usize = 2;

/// Trains a network of 384-32-32-32-1 on 100 answers about 64 items, all of them a step and none held out,
/// its embeddings in `flash`; tells what it takes.
///
/// # Errors
/// Those of [`train`].
// Not to be on the stack of what is measured later.
#[inline(never)]
pub fn measure(output: &mut File, flash: &mut [f32], numbers: &mut [f32]) -> Result<(), Error> {
    let mlp = Mlp::new(INPUTS, HIDDEN, Activation::Gelu)?;
    let mut rng = Stream::new(7, "training", 0);
    let embeddings = flash.get_mut(..INPUTS * ITEMS).unwrap_or_default();
    embeddings.fill_with(|| 2.0 * rng.uniform::<f32>() - 1.0);
    let answers: [Comparison<f32>; ANSWERS] = core::array::from_fn(|place| {
        let (a, b) = (place % ITEMS, (place + 1) % ITEMS);
        Comparison { a: a as u32, b: b as u32, label: 1.0, count: 1.0 }
    });
    let settings = Settings {
        iterations: STEPS,
        minibatch: None,
        learning_rate: 1e-3,
        weight_decay: 0.0,
        patience: None,
        warm_up: 0,
    };
    let data = Data {
        items: Columns::new(&*embeddings, INPUTS, ITEMS)?,
        training_items: ITEMS,
        training: &answers,
        held_out: &[],
    };
    let len = mlp.parameters() + workspace_len(&mlp, &settings, &TrainingSizes::of(&data, 1));
    let numbers = numbers.get_mut(..len).unwrap_or_default();
    let (parameters, workspace) =
        numbers.split_at_mut_checked(mlp.parameters()).unwrap_or_default();
    init::uniform(&mlp, &mut rng, parameters)?;
    let resources = Resources { workspace, index: &mut [], shuffle: &mut rng };
    let executor = &Sequential::default();
    stack::paint();
    let (spent, report) = counter::count(|| {
        train(executor, &mlp, &settings, &data, parameters, resources, &mut |_| true)
    });
    report?;
    let bytes = size_of_val(numbers) + size_of_val(&answers);
    let (deepest, step) = (stack::depth(), spent / STEPS as u64);
    let _ = writeln!(output, "training {INPUTS} {ITEMS} {bytes} {deepest} {step}");
    Ok(())
}
