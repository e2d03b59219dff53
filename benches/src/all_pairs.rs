//! All pairs of many items, ours alone: how the cost grows, of designs that pick pair by pair, and of a
//! certificate.

use std::time::Instant;

use pairpick::memory::Certifier;
use pairpick_core::arith::ln;
use pairpick_core::certificate::Effort;
use pairpick_core::linalg::packed_len;
use pairpick_core::select::{Options, Problem, Strategy};
use pairpick_core::topk::Scored;

use crate::learnt::{ITEMS, Learnt};
use crate::rows::{Bar, Row, Unit, on_threads};
use crate::sample::{Sample, Summary};
use crate::work::{Items, Kind, posterior, select, threads};

/// Items that the cost is looked at.
pub const SIZES: [usize; 4] = [50_000, 100_000, 200_000, 400_000];

/// The least selections of a size, and about how many seconds they last.
const CALLS: usize = 5;
const LONG: f64 = 1.0;

/// Repetitions of a design that picks pair by pair, and of a certificate.
const REPEATS: usize = 5;

/// What is measured of these features, of which larger pools are mixed.
///
/// # Errors
/// The selection's own, in words.
pub fn rows(learnt: &Learnt) -> Result<Vec<Row>, String> {
    let (mut rows, mut curve) = (Vec::new(), Vec::new());
    for size in SIZES {
        eprintln!("all pairs of {size}");
        let mut items = Items::of(learnt.items(size));
        for (count, bar) in [(1, 0.6), (2, 0.4)] {
            let summary = one_shot(&mut items, count)?;
            let work = format!("cross-prompt, mixed, {size} items, f32");
            let bar = (size == SIZES[SIZES.len() - 1]).then_some(Bar::Below(bar));
            rows.push(seconds(&on_threads(&work, count), summary, bar));
            if count == 1 {
                curve.extend(summary.map(|summary| (size as f64, summary.median)));
            }
        }
    }
    if let (Some(first), Some(last)) = (curve.first(), curve.last()) {
        let slope = ln(last.1 / first.1) / ln(last.0 / first.0);
        let work = format!("slope from {} to {} items, f32, 1 thread", first.0, last.0);
        rows.push(Row::of(&work, None, Some(slope), Unit::Slope, Some(Bar::Below(1.2))));
    }
    let mut items = Items::of(learnt.items(ITEMS));
    for (strategy, bar) in [(Strategy::GreedyDopt, 0.1), (Strategy::Exchange, 2.0)] {
        eprintln!("all pairs by {}", strategy.name());
        let (ask, one) = ((strategy, Kind::CrossPrompt), threads(1));
        let run = || select::<f64, _>(ask, &mut items, &one, REPEATS, || {});
        let summary = summary_of(one.install(run)?.seconds);
        let work = format!("{}, cross-prompt, trained, f64", strategy.name());
        rows.push(seconds(&on_threads(&work, 1), summary, Some(Bar::Below(bar))));
    }
    let summary = summary_of(certificates(&mut items)?);
    let work = on_threads("certificate, cross-prompt, trained, f64", 1);
    rows.push(seconds(&work, summary, Some(Bar::Below(0.5))));
    Ok(rows)
}

fn seconds(work: &str, summary: Option<Summary>, bar: Option<Bar>) -> Row {
    Row::of(work, summary, summary.map(|summary| summary.median), Unit::Seconds, bar)
}

/// The times of selections by `dopt` of all pairs, in f32.
///
/// # Errors
/// The selection's own, in words.
pub fn one_shot(items: &mut Items, count: usize) -> Result<Option<Summary>, String> {
    let (ask, threads) = ((Strategy::Dopt, Kind::CrossPrompt), threads(count));
    let mut run =
        |calls: usize| threads.install(|| select::<f32, _>(ask, items, &threads, calls, || {}));
    let once = run(1)?.seconds.iter().fold(0.0, |sum, seconds| sum + seconds);
    Ok(summary_of(run(CALLS.max((LONG / once) as usize))?.seconds))
}

fn summary_of(seconds: Vec<f64>) -> Option<Summary> {
    let mut sample = Sample::default();
    seconds.into_iter().for_each(|seconds| sample.push(seconds));
    sample.summary()
}

/// The times of certificates of a batch by `dopt`.
fn certificates(items: &mut Items) -> Result<Vec<f64>, String> {
    let (ask, one) = ((Strategy::Dopt, Kind::CrossPrompt), threads(1));
    let told = |error: pairpick_core::Error| error.to_string();
    one.install(|| {
        let pairs = select::<f64, _>(ask, items, &one, 1, || {})?.pairs;
        let batch: Vec<Scored<f64>> =
            pairs.into_iter().map(|pair| Scored { score: 0.0, pair }).collect();
        items.with_pool(Kind::CrossPrompt, |pool, head| {
            let past = vec![0.0; packed_len(head.len())];
            let (posterior, options) = (posterior(head, &past)?, Options::default());
            let problem =
                Problem { executor: &one, pool, posterior: &posterior, options: &options };
            let mut certifier = Certifier::<f64>::default();
            let mut times = Vec::new();
            for _ in 0..REPEATS {
                let began = Instant::now();
                certifier
                    .certify(&problem, &batch, Effort::default(), &mut |_| {})
                    .map_err(told)?;
                times.push(began.elapsed().as_secs_f64());
            }
            Ok(times)
        })
    })
}
