//! Training on all labels so far, with early stopping on labels held out by the prompts of their
//! first items.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use pairpick_core::columns::Columns;
use pairpick_core::parallel::Executor;
use pairpick_core::pool::Comparison;
use pairpick_core::rng::Stream;
use pairpick_core::trunk::Mlp;
use pairpick_core::trunk::train::{
    Data, Losses, Report, Resources, Settings as Training, TrainingSizes, index_len, train,
    workspace_len,
};

use super::Context;
use super::items::Items;
use super::mlp::MlpTrunk;
use crate::data::labels::{Label, answers};
use crate::error::{Error, Result};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::settings::{self, EarlyStopping};

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
    Ok(Fit { losses, report, held_out: lessons.labels_held_out, stopped_early })
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
    labels_held_out: usize,
}

impl Lessons {
    fn of(trunk: &MlpTrunk, context: Context<'_>, round: u64, labels: &[Label]) -> Result<Self> {
        let Context { embeddings, settings, .. } = context;
        // Where training ends within the warm-up, held-out labels would be lost for nothing.
        let settings::Training { early_stopping, iterations, warm_up, .. } = settings.training;
        let stops_early = early_stopping != EarlyStopping::Off && iterations > warm_up;
        let (training, held_out) = match stops_early {
            true => {
                let rng = Stream::new(settings.seed, "holdout", round);
                hold_out(labels, settings.training.holdout, rng, |label| {
                    // A label across prompts is its first item's.
                    embeddings.prompt_of(label.question.a)
                })
            }
            false => (labels.to_vec(), Vec::new()),
        };
        let items = Items::of_split(&training, &held_out);
        let inputs = trunk.inputs_of(embeddings, &items.numbers)?;
        let labels_held_out = held_out.len();
        let (training, held_out) = (items.comparisons(&training), items.comparisons(&held_out));
        Ok(Self { items, inputs, training, held_out, labels_held_out })
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
        let Self { items, inputs, training, held_out, .. } = self;
        let data = Data {
            items: Columns::new(inputs, mlp.inputs(), items.numbers.len())?,
            training_items: items.first,
            training,
            held_out,
        };
        let len = workspace_len(mlp, how, &TrainingSizes::of(&data, threads.threads()));
        let mut workspace = vec![0.0; len];
        let mut index = vec![0; index_len(training.len(), items.first, how.minibatch)];
        let resources = Resources { workspace: &mut workspace, index: &mut index, shuffle };
        train(threads, mlp, how, &data, parameters, resources, observe)
    }
}

/// Splits labels into training and held-out ones, in the share that the settings ask for. `prompt_of`
/// tells the prompt that a label belongs to.
///
/// Prompts are held out whole, in random order, so that what stops training is about responses that it
/// has not seen. The last of them may bring more labels than are wanted, but no more than half of those
/// that were to be trained on. A prompt that would is split: of its labels so many are held out, drawn at
/// random, as are wanted still. What is held out of it says less, of responses that are trained on, but
/// the rest is not lost, as it would be with the whole prompt.
///
/// Labels count as often as their answers do, so that votes are held out as the same answers in lines of
/// their own would be.
fn hold_out(
    labels: &[Label],
    share: f64,
    mut rng: Stream,
    mut prompt_of: impl FnMut(&Label) -> u64,
) -> (Vec<Label>, Vec<Label>) {
    let mut places: Vec<(u64, usize)> =
        labels.iter().enumerate().map(|(place, label)| (prompt_of(label), place)).collect();
    places.sort_unstable();
    let same_prompt = |(a, _): &(u64, usize), (b, _): &(u64, usize)| a == b;
    let mut prompts: Vec<&[(u64, usize)]> = places.chunk_by(same_prompt).collect();
    rng.shuffle(&mut prompts);
    let count = |(_, place): &(u64, usize)| labels[*place].votes.total();
    let all = answers(labels);
    // What one answer counts, where none counts less than once.
    let less = |one: f64, other: f64| if one < other { one } else { other };
    let unit = labels.iter().map(|label| label.votes.total()).fold(1.0, less);
    let wanted = less(unit * (share * all / unit).ceil(), all - unit);
    let most = wanted.midpoint(all);
    let (mut is_held, mut held) = (vec![false; labels.len()], 0.0);
    for prompt in prompts {
        if held >= wanted {
            break;
        }
        let mut own = prompt.to_vec();
        if held + own.iter().map(count).fold(0.0, |sum, count| sum + count) > most {
            rng.shuffle(&mut own);
            // One label may count more than all that is wanted: then another is held out.
            let mut to_come = held;
            own.retain(|label| {
                let taken = to_come < wanted && to_come + count(label) <= most;
                to_come += if taken { count(label) } else { 0.0 };
                taken
            });
        }
        held += own.iter().map(count).fold(0.0, |sum, count| sum + count);
        own.iter().for_each(|(_, place)| is_held[*place] = true);
    }
    let (held, training): (Vec<_>, Vec<_>) =
        labels.iter().zip(is_held).partition(|(_, is_held)| *is_held);
    let labels = |part: Vec<(&Label, bool)>| part.into_iter().map(|(label, _)| *label).collect();
    (labels(training), labels(held))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::preference::Preference;
    use crate::data::question::Question;

    /// Responses to a prompt.
    const RESPONSES: u64 = 8;

    fn labels(pairs: impl IntoIterator<Item = (u64, u64)>) -> Vec<Label> {
        let question = |(a, b)| Question::new(1, a, b);
        let label = |question| Label::new(question, Preference::First);
        pairs.into_iter().map(question).map(label).collect()
    }

    fn prompt_of(label: &Label) -> u64 {
        label.question.a / RESPONSES
    }

    fn split(labels: &[Label], share: f64, round: u64) -> (Vec<Label>, Vec<Label>) {
        let (training, held_out) =
            hold_out(labels, share, Stream::new(0, "holdout", round), prompt_of);
        let mut all = [&training[..], &held_out].concat();
        all.sort_by_key(|label| (label.question.a, label.question.b));
        let mut expected = labels.to_vec();
        expected.sort_by_key(|label| (label.question.a, label.question.b));
        assert!(all == expected, "each label is in one of the two, once");
        (training, held_out)
    }

    /// So many labels on each prompt.
    fn on_prompts(counts: &[u64]) -> Vec<Label> {
        let of_prompt = |(prompt, count): (u64, &u64)| {
            (0..*count).map(move |place| (prompt * RESPONSES + place % 3, 1_000 + place))
        };
        labels((0..).zip(counts).flat_map(of_prompt))
    }

    /// Pairs across prompts go with their first item.
    #[test]
    fn labels_are_held_out_by_the_prompt_of_their_first_item() {
        let all = labels((0..40).map(|index| (index, (index + 11) % 48)));
        for round in 1..=20 {
            let (training, held_out) = split(&all, 0.2, round);
            assert_eq!((training.len(), held_out.len()), (32, 8), "one of five prompts");
            let prompt = prompt_of(&held_out[0]);
            assert!(held_out.iter().all(|label| prompt_of(label) == prompt));
            assert!(training.iter().all(|label| prompt_of(label) != prompt));
        }
    }

    #[test]
    fn half_of_what_was_to_be_trained_on_always_is() {
        for (counts, share, wanted, most) in [
            (&[100, 1][..], 0.2, 21, 61),
            (&[1, 100], 0.2, 21, 61),
            (&[100], 0.2, 20, 60),
            (&[30, 40, 50], 0.2, 24, 72),
            (&[2, 1, 1, 60, 3, 1, 1, 1], 0.2, 14, 42),
            (&[10; 10], 0.75, 75, 87),
            (&[1, 1], 0.2, 1, 1),
            (&[2], 0.2, 1, 1),
            (&[1], 0.2, 0, 0),
            (&[3, 3], 0.999, 5, 5),
        ] {
            let all = on_prompts(counts);
            for round in 1..=30 {
                let (training, held_out) = split(&all, share, round);
                let held = held_out.len();
                assert!((wanted..=most).contains(&held), "{held} of {counts:?}, {share}");
                assert!(!training.is_empty());
            }
        }
    }

    #[test]
    fn prompts_stay_whole_where_that_bounds_what_is_held_out() {
        let all = on_prompts(&[6; 12]);
        for round in 1..=30 {
            let (training, held_out) = split(&all, 0.2, round);
            assert_eq!(held_out.len(), 18, "three prompts for 15 labels");
            let trained: Vec<u64> = training.iter().map(prompt_of).collect();
            assert!(held_out.iter().all(|label| !trained.contains(&prompt_of(label))));
        }
    }

    /// No label is looked at more than once, however many prompts there are.
    #[test]
    fn the_work_follows_the_labels() {
        let all = labels((0..200_000).map(|item| (item * RESPONSES, item * RESPONSES + 1)));
        let mut looks = 0;
        let rng = Stream::new(0, "holdout", 1);
        let (training, held_out) = hold_out(&all, 0.2, rng, |label| {
            looks += 1;
            prompt_of(label)
        });
        assert_eq!((training.len(), held_out.len(), looks), (160_000, 40_000, 200_000));
    }
}
