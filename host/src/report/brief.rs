//! The table that tells of a set-up in short: a row a strategy, by the two first measures, with what the
//! strategy asked about.

use pairpick_core::select::Strategy;

use super::document::Table;
use super::standing::{AskedStanding, SetupStanding, StrategyStanding, signed};

/// Measures that have a place in it.
const MEASURES: usize = 2;

/// The table; its first measure has the labels that are needed, too.
pub(super) fn brief(setup: &SetupStanding, reference: Strategy) -> Table {
    let measures = || setup.measures.iter().take(MEASURES);
    let mut head = vec!["strategy".to_owned()];
    for (place, measure) in measures().enumerate() {
        head.push(format!("{} at the end", measure.definition().column));
        head.push(format!("less {}, mean of rounds", reference.name()));
        head.extend((place == 0).then(|| "labels needed".to_owned()));
    }
    head.push("prompts".to_owned());
    head.push("distance".to_owned());
    let of_reference = setup.asked.iter().find(|asked| asked.strategy == reference);
    let row = |(strategy, asked): (usize, &AskedStanding)| {
        let mut row = vec![asked.strategy.name().to_owned()];
        for (place, measure) in measures().enumerate() {
            let of = &measure.strategies[strategy];
            row.extend([end(of), difference(of)]);
            row.extend((place == 0).then(|| needed(of, reference)));
        }
        row.push(asked.prompts.map_or_else(nothing, |prompts| format!("{prompts:.0}")));
        let beside = asked.distance.zip(of_reference.and_then(|asked| asked.distance));
        row.push(beside.map_or_else(nothing, |(own, other)| format!("{:.2}", own / other)));
        row
    };
    let caption = format!(
        "In short. In brackets 95 % intervals; “better” and “worse” by Holm's correction, as below. Prompts: \
         how many were asked about. Distance: between the embeddings of a question's two responses, that of \
         {} being 1",
        reference.name()
    );
    Table { caption, head, rows: setup.asked.iter().enumerate().map(row).collect() }
}

fn nothing() -> String {
    "-".to_owned()
}

fn end(of: &StrategyStanding) -> String {
    of.values.last().map_or_else(nothing, |value| format!("{:.3}", value.mean))
}

fn difference(of: &StrategyStanding) -> String {
    let Some(overall) = of.overall else { return nothing() };
    let mut text = signed(overall.mean);
    if let Some((low, high)) = overall.interval() {
        text.push_str(&format!(" ({} to {})", signed(low), signed(high)));
    }
    text.push_str(match of.better {
        Some(true) => ", better",
        Some(false) => ", worse",
        None => "",
    });
    text
}

fn needed(of: &StrategyStanding, reference: Strategy) -> String {
    let needed = of.needed.filter(|_| of.strategy != reference);
    needed.map_or_else(nothing, |needed| {
        format!("{} ({} to {})", needed.labels, needed.low, needed.high)
    })
}
