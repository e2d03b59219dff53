//! What a person is told of data before it is used.

use crate::cli::output::Output;
use crate::data::array::Element;
use crate::data::dataset::Split;
use crate::data::embeddings::Embeddings;
use crate::progress::Progress;

/// Says that data comes from the program, since no file was given by this setting.
pub(in crate::cli) fn note_bundled(setting: &str, output: &mut Output) {
    output.note(&format!("no `{setting}`: the data is what comes with the program"));
}

/// Says that numbers lose digits.
pub(in crate::cli) fn note_rounded(embeddings: &Embeddings, output: &mut Output) {
    if embeddings.element() == Element::F64 {
        let path = embeddings.path().display();
        output.note(&format!("{path}: float64 numbers, each rounded once to float32"));
    }
}

/// What equal test rewards mean.
pub(in crate::cli) const NO_ORDER: &str = "there is no order to compare the model's with";

/// Says that golden rewards are all the same, and what that means.
pub(in crate::cli) fn note_equal_rewards(split: &Split, meaning: &str, output: &mut Output) {
    if let Some(rewards) = split.rewards.as_ref().filter(|rewards| rewards.all_equal()) {
        output.note(&format!("{}: all rewards are equal: {meaning}", rewards.path().display()));
    }
}

/// Says how many training prompts make no pair within them.
pub(in crate::cli) fn note_single_responses(embeddings: &Embeddings, output: &mut Output) {
    let (path, prompts) = (embeddings.path().display(), embeddings.prompts());
    let single = prompts - embeddings.responses().prompts_with(2, prompts);
    if single > 0 {
        output.note(&format!(
            "{path}: {single} of {prompts} prompts have a single response, which makes no pair"
        ));
    }
}

/// Says how many test prompts count for nothing, or not for every N of best-of-N.
pub(in crate::cli) fn note_uncounted(
    embeddings: &Embeddings,
    best_of: &[usize],
    output: &mut Output,
) {
    let path = embeddings.path().display();
    let (prompts, responses) = (embeddings.prompts(), embeddings.responses());
    let enough = |n| responses.prompts_with(n, prompts);
    let ranked = enough(2);
    if ranked < prompts {
        let single = prompts - ranked;
        output.note(&format!(
            "{path}: {single} of {prompts} test prompts have a single response, and count for nothing"
        ));
    }
    for n in best_of.iter().filter(|n| enough(**n) < ranked) {
        let counted = enough(*n);
        output.note(&format!(
            "{path}: best of {n} is of the {counted} test prompts that have as many responses"
        ));
    }
}
