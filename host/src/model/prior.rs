//! The prior precision λ of a round: the one that was set, or chosen from the labels so far on the
//! features of the current model.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use pairpick_core::columns::Columns;
use pairpick_core::head::evidence::{Choice, Values, Workspace, by_evidence, by_held_out};
use pairpick_core::head::newton::workspace_len;
use pairpick_core::parallel::Executor;
use pairpick_core::pool::Comparison;
use pairpick_core::rng::Stream;

use super::items::PairFeatures;
use super::{Context, Trunk};
use crate::data::embeddings::Embeddings;
use crate::data::labels::{Label, answers, last_round, questions};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::settings::PriorPrecision;

/// The most folds that prompts are dealt into.
const FOLDS: usize = 5;

/// λ for these labels; where they cannot tell it, the recipe's, with a note.
pub(crate) fn prior_precision(
    context: Context<'_>,
    trunk: &Trunk,
    pairs: &PairFeatures,
    labels: &[Label],
    progress: &mut dyn Progress,
) -> Result<f64> {
    let settings = context.settings;
    if let PriorPrecision::Fixed(value) = settings.prior.prior_precision {
        return Ok(value);
    }
    let recipe = settings.prior_precision_of_recipe();
    let mut fall_back = |why: &str| {
        let how = settings.prior.prior_precision;
        progress.note(&format!("`prior_precision` {how}: {why}; the recipe's {recipe} stands in"));
        Ok(recipe)
    };
    if labels.is_empty() && settings.prior.prior_grid.values().is_some() {
        return Ok(recipe);
    }
    if labels.is_empty() {
        return fall_back("there is no label yet");
    }
    let covariates = trunk.prior(recipe).covariates;
    let values = Values { given: settings.prior.prior_grid.values(), covariates };
    match choose(context, values, pairs.columns()?, labels, pairs.comparisons(labels)) {
        Ok(choice) => Ok(choice.prior_precision),
        // What the core calls a parameter here are labels that cannot tell.
        Err(pairpick_core::Error::Parameter { what }) => fall_back(what),
        Err(error) => Err(Error::core("the prior precision")(error)),
    }
}

fn choose(
    context: Context<'_>,
    values: Values<'_>,
    features: Columns<'_, f32>,
    labels: &[Label],
    mut comparisons: Vec<Comparison<f64>>,
) -> Result<Choice, pairpick_core::Error> {
    let Context { embeddings, settings, threads, .. } = context;
    let len = workspace_len(threads.threads(), features.rows(), features.len(), comparisons.len());
    let mut workspace = vec![0.0; len];
    let mut head = vec![0.0; features.rows()];
    if settings.prior.prior_precision == PriorPrecision::Evidence {
        return by_evidence(threads, features, &comparisons, values, &mut head, &mut workspace);
    }
    let folds = folds(settings.seed, embeddings, labels);
    // Those of a label's comparisons.
    let folds = labels.iter().zip(folds);
    let folds: Vec<u32> =
        folds.flat_map(|(label, fold)| label.votes.answers().map(move |_| fold)).collect();
    let given = comparisons.clone();
    let workspace = Workspace { numbers: &mut workspace, comparisons: &mut comparisons };
    by_held_out(threads, features, &given, &folds, values, &mut head, workspace)
}

/// The fold of each label: prompts in random order are dealt out in turn. A label belongs to the
/// prompt of its first item, as where labels are held out for early stopping. Of a prompt with more than
/// two folds' answers its labels are dealt out one by one, since little would be left to fit beside it.
fn folds(seed: u64, embeddings: &Embeddings, labels: &[Label]) -> Vec<u32> {
    let prompt_of = |label: &Label| embeddings.prompt_of(label.question.a);
    let mut prompts: Vec<u64> = labels.iter().map(prompt_of).collect();
    prompts.sort_unstable();
    prompts.dedup();
    let round = last_round(questions(labels));
    let mut order: Vec<usize> = (0..prompts.len()).collect();
    Stream::new(seed, "folds", round).shuffle(&mut order);
    let place = |label: &Label| prompts.partition_point(|prompt| *prompt < prompt_of(label));
    let (mut counts, total) = (vec![0.0; prompts.len()], answers(labels));
    labels.iter().for_each(|label| counts[place(label)] += label.votes.total());
    let mut dealt = vec![0_usize; prompts.len()];
    let fold = |label: &Label| {
        let place = place(label);
        if counts[place] * FOLDS as f64 > total * 2.0 {
            dealt[place] = dealt[place].saturating_add(1);
        }
        (order[place].saturating_add(dealt[place]) % FOLDS) as u32
    };
    labels.iter().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::Dataset;
    use crate::data::preference::Preference;
    use crate::data::question::Question;

    #[test]
    fn whole_prompts_are_dealt_into_folds_of_like_size_that_change_with_the_round() {
        let embeddings = Dataset::bundled().unwrap().train.embeddings;
        let responses = embeddings.items_of(0).end;
        let label = |round: u64, a: u64| {
            let question = Question::new(round, a, (a + 1) % responses);
            Label::new(question, Preference::First)
        };
        let labels = |round| (0..13 * responses).map(|a| label(round, a)).collect::<Vec<_>>();
        let dealt = folds(3, &embeddings, &labels(1));
        let mut sizes = [0; FOLDS];
        for prompt in dealt.chunks(responses as usize) {
            assert!(prompt.iter().all(|fold| *fold == prompt[0]), "{prompt:?}");
            sizes[prompt[0] as usize] += 1;
        }
        assert_eq!(sizes, [3, 3, 3, 2, 2]);
        assert_eq!(dealt, folds(3, &embeddings, &labels(1)));
        assert_ne!(dealt, folds(3, &embeddings, &labels(2)));
        assert_ne!(dealt, folds(4, &embeddings, &labels(1)));
    }

    #[test]
    fn a_prompt_with_most_labels_is_in_every_fold() {
        let embeddings = Dataset::bundled().unwrap().train.embeddings;
        let responses = embeddings.items_of(0).end;
        let label = |a: u64| Label::new(Question::new(1, a, a + 1), Preference::First);
        let labels: Vec<Label> = (0..100).map(|place| label(place % 7)).collect();
        let labels = [&labels[..], &[label(responses)]].concat();
        let folds = folds(3, &embeddings, &labels);
        for fold in 0..FOLDS as u32 {
            let count = folds.iter().filter(|own| **own == fold).count();
            assert!((20..=21).contains(&count), "{count} labels in fold {fold}");
        }
    }
}
