//! A batch of pairs to ask about, in words.

use crate::round::metrics::PerLabel;
use crate::round::propose::{InformationReport, SelectionReport};

/// All but the pairs.
#[must_use]
pub fn summary(report: &SelectionReport) -> String {
    let decimals = |value: Option<f64>| {
        value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.2}"))
    };
    let before = report.log_det_over_prior;
    let after = before.zip(report.gain).map(|(before, gain)| before + gain);
    let per_label = PerLabel { nats: report.information_per_label, share: None };
    let certificate = report.certificate.map_or_else(String::new, |report| format!("{report}\n"));
    let drawn = report.pairs.iter().any(|pair| pair.score.is_none());
    format!(
        "round {}, {}: {} of {} pairs offered{}\n\
         log|P|-H ln λ {} -> {}, a gain of {} (prior precision λ {}): {per_label}{}\n\
         {}{certificate}{} items of {} prompts; effective number {:.1} ({} if all occurred equally often)\n\
         batch {}",
        report.round,
        report.strategy,
        report.pairs.len(),
        report.offered,
        if drawn { "; \"score\" is null for pairs drawn at random" } else { "" },
        decimals(before),
        decimals(after),
        decimals(report.gain),
        report.prior_precision,
        report.information.as_ref().map(information).unwrap_or_default(),
        order(report),
        report.items,
        report.prompts,
        report.effective_items,
        report.items,
        report.digest,
    )
}

/// How well the model knows its order, where it has learnt one.
fn order(report: &SelectionReport) -> String {
    let has_learnt = report.log_det_over_prior.is_some_and(|log_det| log_det > 0.0);
    if has_learnt { report.order.to_string() } else { String::new() }
}

fn information(report: &InformationReport) -> String {
    let InformationReport { nats, limit, .. } = report;
    let random = match report.random_from {
        Some(rank) => format!("pairs from {rank} on are random"),
        None => "no pair is random".to_owned(),
    };
    format!("\ninformation {nats:.2} nats of at most ln K = {limit:.2}; {random}")
}
