//! How far people agree, in words.

use crate::data::agreement::{Agreement, Annotator};
use crate::error::quotable;

/// The most annotators that are named one by one.
const NAMED: usize = 12;

/// All in some lines; of many annotators the extremes and the median.
#[must_use]
pub fn text(agreement: &Agreement) -> String {
    let Agreement { pairs, unanimous, alike, annotators } = agreement;
    let (Some(unanimous), Some(alike)) = (unanimous, alike) else {
        return "agreement: no pair has several answers".to_owned();
    };
    let text = format!(
        "agreement: of {pairs} pairs with several answers {} have all alike; two answers to a pair are \
         alike in {}",
        percent(*unanimous),
        percent(*alike)
    );
    let share = |person: &Annotator| Some((person.agreement?, person.clone()));
    let mut compared: Vec<(f64, Annotator)> = annotators.iter().filter_map(share).collect();
    compared.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    match compared.as_slice() {
        [] => text,
        few if few.len() <= NAMED => {
            let person = |(share, person): &(f64, Annotator)| {
                format!(
                    "{} {} of {}",
                    quotable(&person.annotator),
                    percent(*share),
                    person.compared
                )
            };
            let people: Vec<String> = few.iter().map(person).collect();
            format!("{text}\nagreement with the others\' answers: {}", people.join(", "))
        }
        many => {
            let at = |share: f64| percent(many[(share * (many.len() - 1) as f64) as usize].0);
            format!(
                "{text}\n{} annotators agree with the others\' answers in {} (a tenth of them in {} or \
                 less, a tenth in {} or more); --json has each",
                many.len(),
                at(0.5),
                at(0.1),
                at(0.9)
            )
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
