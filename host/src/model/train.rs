//! Training on all labels so far, with early stopping on labels held out by the prompts of their
//! first items.

use pairpick_core::columns::Columns;
use pairpick_core::parallel::Executor;
use pairpick_core::pool::Comparison;
use pairpick_core::rng::Stream;
use pairpick_core::trunk::Mlp;
use pairpick_core::trunk::train::{
    Data, Losses, Report, Resources, Settings as Training, index_len, train, workspace_len,
};

use super::Context;
use super::items::Items;
use super::mlp::MlpTrunk;
use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::error::{Error, Result};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::{self, EarlyStopping, Settings};

/// What a training came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Every iteration's losses, before its step.
    pub losses: Vec<Losses>,
    /// How many iterations ran, and the losses of the parameters kept.
    pub report: Report,
    /// How many labels were held out.
    pub held_out: usize,
    /// Whether it ended because held-out losses were no longer better.
    pub stopped_early: bool,
}

/// Trains the hidden layers and the head on all labels, from the parameters that they have: new ones
/// each round, or those of the round before.
pub(super) fn fit(
    trunk: &mut MlpTrunk,
    head: &mut [f32],
    context: Context<'_>,
    round: u64,
    labels: &[Label],
    progress: &mut dyn Progress,
) -> Result<Fit> {
    let Context { settings, threads, .. } = context;
    let lessons = Lessons::of(trunk, context, round, labels)?;
    let how = how(&settings.training, lessons.training.len());
    let mut shuffle = Stream::new(settings.seed, "shuffle", round);
    let mut losses = Vec::new();
    progress.begin("training", settings.training.iterations as u64);
    let report = trunk.change_with(head, |mlp, parameters| {
        lessons.teach(threads, mlp, &how, &mut shuffle, parameters, &mut |now| {
            progress.advance(now.iteration as u64);
            losses.push(now);
            true
        })
    });
    progress.end();
    let report = report.map_err(|error| {
        let context = match error {
            // Inputs are finite, so a value that is not comes from steps that were too long.
            pairpick_core::Error::NonFinite { .. } => "training diverged; try a smaller `lr`",
            _ => "training",
        };
        Error::core(format!("round {round}, {context}"))(error)
    })?;
    let stopped_early = report.iterations < settings.training.iterations;
    Ok(Fit { losses, report, held_out: lessons.held_out.len(), stopped_early })
}

/// The core's settings, for so many labels to train on.
fn how(settings: &settings::Training, labels: usize) -> Training {
    Training {
        iterations: settings.iterations,
        minibatch: settings.minibatch.below(labels),
        learning_rate: settings.lr,
        weight_decay: settings.weight_decay,
        patience: settings.early_stopping.patience(),
        warm_up: settings.warm_up,
    }
}

/// Labels to learn from and labels to stop by, with the inputs of their items.
struct Lessons {
    items: Items,
    inputs: Vec<f32>,
    training: Vec<Comparison<f32>>,
    held_out: Vec<Comparison<f32>>,
}

impl Lessons {
    fn of(trunk: &MlpTrunk, context: Context<'_>, round: u64, labels: &[Label]) -> Result<Self> {
        let Context { embeddings, settings, .. } = context;
        // Where training ends within the warm-up, held-out labels would be lost for nothing.
        let settings::Training { early_stopping, iterations, warm_up, .. } = settings.training;
        let stops_early = early_stopping != EarlyStopping::Off && iterations > warm_up;
        let (training, held_out) = match stops_early {
            true => hold_out(embeddings, settings, round, labels),
            false => (labels.to_vec(), Vec::new()),
        };
        let items = Items::of_split(&training, &held_out);
        let inputs = trunk.inputs_of(embeddings, &items.numbers)?;
        let (training, held_out) = (items.comparisons(&training), items.comparisons(&held_out));
        Ok(Self { items, inputs, training, held_out })
    }

    /// Trains all parameters of a network on them.
    fn teach(
        &self,
        threads: &Threads,
        mlp: &Mlp,
        how: &Training,
        shuffle: &mut Stream,
        parameters: &mut [f32],
        observe: &mut dyn FnMut(Losses) -> bool,
    ) -> Result<Report, pairpick_core::Error> {
        let Self { items, inputs, training, held_out } = self;
        let labels = training.len().max(held_out.len());
        let len = workspace_len(threads.threads(), mlp, items.numbers.len(), labels, how.minibatch);
        let mut workspace = vec![0.0; len];
        let mut index = vec![0; index_len(training.len(), items.first, how.minibatch)];
        let data = Data {
            items: Columns::new(inputs, mlp.inputs(), items.numbers.len())?,
            training_items: items.first,
            training,
            held_out,
        };
        let resources = Resources { workspace: &mut workspace, index: &mut index, shuffle };
        train(threads, mlp, how, &data, parameters, resources, observe)
    }
}

/// Splits labels into training and held-out ones: prompts in random order are held out until they
/// have the share of labels that the settings ask for, but never all of them. A label belongs to the
/// prompt of its first item.
fn hold_out(
    embeddings: &Embeddings,
    settings: &Settings,
    round: u64,
    labels: &[Label],
) -> (Vec<Label>, Vec<Label>) {
    let prompt_of = |label: &Label| embeddings.prompt_of(label.question.a);
    let mut prompts: Vec<u64> = labels.iter().map(prompt_of).collect();
    prompts.sort_unstable();
    prompts.dedup();
    Stream::new(settings.seed, "holdout", round).shuffle(&mut prompts);
    prompts.pop();
    let wanted = settings.training.holdout * labels.len() as f64;
    let mut held: Vec<u64> = Vec::new();
    let mut count = 0;
    for prompt in prompts {
        if count as f64 >= wanted {
            break;
        }
        count += labels.iter().filter(|label| prompt_of(label) == prompt).count();
        held.push(prompt);
    }
    held.sort_unstable();
    labels.iter().partition(|label| held.binary_search(&prompt_of(label)).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::Dataset;
    use crate::data::preference::Preference;
    use crate::data::question::Question;

    fn labels(pairs: &[(u64, u64)]) -> Vec<Label> {
        let question = |&(a, b): &(u64, u64)| Question::new(1, a, b);
        let label = |question| Label { question, preference: Preference::First };
        pairs.iter().map(question).map(label).collect()
    }

    /// Eight responses a prompt: pairs across prompts go with their first item.
    #[test]
    fn labels_are_held_out_by_the_prompt_of_their_first_item() {
        let embeddings = Dataset::bundled().unwrap().train.embeddings;
        let pairs: Vec<(u64, u64)> = (0..40).map(|index| (index, (index + 11) % 48)).collect();
        let all = labels(&pairs);
        let settings = Settings::default();
        for round in 1..=20 {
            let (training, held_out) = hold_out(&embeddings, &settings, round, &all);
            assert_eq!((training.len(), held_out.len()), (32, 8), "one of five prompts");
            let prompt = embeddings.prompt_of(held_out[0].question.a);
            assert!(held_out.iter().all(|label| embeddings.prompt_of(label.question.a) == prompt));
            assert!(training.iter().all(|label| embeddings.prompt_of(label.question.a) != prompt));
        }
    }
}
