//! Training on all labels so far, with early stopping on whole prompts held out.

use pairpick_core::linalg::Columns;
use pairpick_core::model::Comparison;
use pairpick_core::model::train::{Data, Settings as Training, train, workspace_len};
use pairpick_core::rng::Stream;

use super::Label;
use super::model::Model;
use crate::data::embeddings::Embeddings;
use crate::error::{Error, Result};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::Settings;

/// The items of some labels, each once, ascending.
pub(super) struct Items {
    responses: u64,
    pub(super) numbers: Vec<u64>,
}

impl Items {
    pub(super) fn of(labels: &[Label], responses: usize) -> Self {
        let responses = responses as u64;
        let mut numbers: Vec<u64> = labels
            .iter()
            .flat_map(|label| [label.a, label.b].map(|response| number(responses, label, response)))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        Self { responses, numbers }
    }

    /// A label's items by their places among these.
    pub(super) fn pair(&self, label: &Label) -> (u32, u32) {
        let place = |response| {
            let number = number(self.responses, label, response);
            self.numbers.partition_point(|other| *other < number) as u32
        };
        (place(label.a), place(label.b))
    }
}

fn number(responses: u64, label: &Label, response: u32) -> u64 {
    u64::from(label.prompt) * responses + u64::from(response)
}

/// Trains the model anew on all labels.
pub(super) fn fit(
    model: &mut Model,
    embeddings: &mut Embeddings,
    settings: &Settings,
    threads: &Threads,
    round: u64,
    labels: &[Label],
    progress: &mut dyn Progress,
) -> Result<()> {
    // Where training ends within the warm-up, held-out labels would be lost for nothing.
    let stops_early = settings.early_stopping.is_some() && settings.iterations > settings.warm_up;
    let (training, held_out) = match stops_early {
        true => hold_out(settings, round, labels),
        false => (labels.to_vec(), Vec::new()),
    };
    // Whole prompts are held out, so the two have no item in common.
    let (training_items, held_out_items) = (
        Items::of(&training, embeddings.responses()),
        Items::of(&held_out, embeddings.responses()),
    );
    let offset = training_items.numbers.len() as u32;
    let training: Vec<_> = training.iter().map(|l| comparison(l, &training_items, 0)).collect();
    let held_out: Vec<_> =
        held_out.iter().map(|l| comparison(l, &held_out_items, offset)).collect();
    let numbers = [training_items.numbers, held_out_items.numbers].concat();
    let inputs = model.inputs_of(embeddings, &numbers)?;
    model.reset(settings.seed, round)?;
    let mlp = *model.mlp();
    let how = Training {
        iterations: settings.iterations,
        learning_rate: settings.learning_rate,
        weight_decay: settings.weight_decay,
        patience: settings.early_stopping,
        warm_up: settings.warm_up,
    };
    let labels = training.len().max(held_out.len());
    let mut workspace = vec![0.0; workspace_len(threads, &mlp, numbers.len(), labels)];
    progress.begin("training", settings.iterations as u64);
    let columns = Columns::new(&inputs, mlp.inputs(), numbers.len());
    let report = columns.and_then(|items| {
        let data = Data {
            items,
            training_items: offset as usize,
            training: &training,
            held_out: &held_out,
        };
        let parameters = model.parameters_mut();
        train(threads, &mlp, &how, &data, parameters, &mut workspace, &mut |losses| {
            progress.advance(losses.iteration as u64);
            true
        })
    });
    progress.end();
    report.map(|_| ()).map_err(Error::core(format!("round {round}, training")))
}

fn comparison(label: &Label, items: &Items, offset: u32) -> Comparison<f32> {
    let (a, b) = items.pair(label);
    Comparison { a: offset + a, b: offset + b, label: label.preference.value() as f32 }
}

/// Splits labels into training and held-out ones: prompts in random order are held out until they
/// have the share of labels that the settings ask for, but never all of them.
fn hold_out(settings: &Settings, round: u64, labels: &[Label]) -> (Vec<Label>, Vec<Label>) {
    let mut prompts: Vec<u32> = labels.iter().map(|label| label.prompt).collect();
    prompts.sort_unstable();
    prompts.dedup();
    Stream::new(settings.seed, "holdout", round).shuffle(&mut prompts);
    prompts.pop();
    let wanted = settings.holdout * labels.len() as f64;
    let mut held: Vec<u32> = Vec::new();
    let mut count = 0;
    for prompt in prompts {
        if count as f64 >= wanted {
            break;
        }
        count += labels.iter().filter(|label| label.prompt == prompt).count();
        held.push(prompt);
    }
    held.sort_unstable();
    labels.iter().partition(|label| held.binary_search(&label.prompt).is_err())
}
