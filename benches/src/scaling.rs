//! How the cost of a selection grows with items, features and threads, beside what the machine's
//! peak would make of the same operations.

use std::path::Path;

use pairpick::cost::{PoolShape, Shape, StageKind, stages};
use pairpick_core::select::Strategy;

use crate::all_pairs::{SIZES, one_shot};
use crate::learning::Failure;
use crate::learnt::{ITEMS, Learnt};
use crate::plot::{Curve, draw};
use crate::sample::Sample;
use crate::work::{Items, Kind, REPLIES, select, threads};

/// The least selections a point, and about how many seconds they last: until then threads that were
/// woken together may be on one core.
const CALLS: usize = 5;
const LONG: f64 = 0.1;

/// Draws the three pictures into a folder, with the peak of one core in operations a second.
///
/// # Errors
/// The plotting library's, and the system's.
pub fn draw_all(folder: &Path, learnt: &Learnt, peak: f64) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    let cores = std::thread::available_parallelism()?.get();
    let in_prompt = [50, 100, 200, 500, 1000, 2000, 5000].map(|prompts| (prompts, 64, 1));
    let across = [25, 50, 100, 200, 500, 1000].map(|prompts| (prompts, 64, 1));
    let size = |(prompts, ..): Point| (prompts * REPLIES as usize) as f64;
    let curves = [
        curve(Kind::InPrompt, &in_prompt, size, peak),
        curve(Kind::CrossPrompt, &across, size, peak),
        all_pairs(learnt, peak)?,
    ];
    let title = "D-optimal selection of 500, f32, 64 features, 1 thread";
    draw(&folder.join("items.svg"), title, "items (10 a prompt)", &curves)?;
    let orders = |prompts| [8, 16, 32, 64, 128, 256].map(|order| (prompts, order, 1));
    let size = |(_, order, _): Point| order as f64;
    let curves = [
        curve(Kind::InPrompt, &orders(500), size, peak),
        curve(Kind::CrossPrompt, &orders(500), size, peak),
    ];
    let title = "D-optimal selection of 500 from 5,000 items, f32, 1 thread";
    draw(&folder.join("features.svg"), title, "features", &curves)?;
    let counts: Vec<Point> = (1..=cores).map(|count| (500, 64, count)).collect();
    let size = |(_, _, count): Point| count as f64;
    let curves =
        [curve(Kind::InPrompt, &counts, size, peak), curve(Kind::CrossPrompt, &counts, size, peak)];
    let title = "D-optimal selection of 500 from 5,000 items, f32, 64 features";
    draw(&folder.join("threads.svg"), title, "threads", &curves)
}

/// All pairs of features that were learnt, beside what one pass over these pairs would take.
fn all_pairs(learnt: &Learnt, peak: f64) -> Result<Curve, String> {
    let (mut measured, mut limit) = (Vec::new(), Vec::new());
    for items in [ITEMS].into_iter().chain(SIZES) {
        eprintln!("pictures: all pairs of {items}");
        let pairs = items as f64 * (items - 1) as f64 / 2.0;
        // Subtract, multiply and add.
        limit.push((items as f64, pairs * 3.0 * learnt.order() as f64 / peak));
        let summary = one_shot(&mut Items::of(learnt.items(items)), 1)?;
        measured.extend(summary.map(|summary| (items as f64, summary.median)));
    }
    Ok(Curve {
        name: "cross-prompt, trained and mixed (dashed: every pair, at the peak)".to_owned(),
        measured,
        limit,
    })
}

/// Prompts, features and threads.
type Point = (usize, usize, usize);

fn curve(kind: Kind, points: &[Point], size: impl Fn(Point) -> f64, peak: f64) -> Curve {
    eprintln!("pictures: {}", kind.name());
    let (mut measured, mut limit) = (Vec::new(), Vec::new());
    for point in points {
        let (prompts, order, count) = *point;
        let (mut items, threads) = (Items::new(prompts, order), threads(count));
        let ask = (Strategy::Dopt, kind);
        let mut run = |calls: usize| {
            let select = || select::<f32, _>(ask, &mut items, &threads, calls, || {});
            let mut sample = Sample::default();
            let seconds = threads.install(select).map(|selected| selected.seconds);
            seconds.unwrap_or_default().into_iter().for_each(|seconds| sample.push(seconds));
            sample.summary()
        };
        let Some(once) = run(CALLS) else {
            continue;
        };
        if let Some(summary) = run(CALLS.max((LONG / once.median) as usize)) {
            measured.push((size(*point), summary.median));
            limit.push((size(*point), flops(kind, prompts, order) / peak / count as f64));
        }
    }
    Curve { name: format!("{} (dashed: peak of + and ×)", kind.name()), measured, limit }
}

/// Operations of a selection whose features are ready.
fn flops(kind: Kind, prompts: usize, order: usize) -> f64 {
    let pool = match kind {
        Kind::InPrompt => PoolShape::InPrompt { responses: u64::from(REPLIES) },
        Kind::CrossPrompt => PoolShape::CrossPrompt,
        Kind::Listed => PoolShape::Listed { pairs: 40 * prompts as u64 },
    };
    let items = prompts as u64 * u64::from(REPLIES);
    let hidden = [order as u64; 3];
    let shape = Shape { items, dimensions: 1, hidden, pool, labels: 0, scalar: 4 };
    let selects =
        |kind: StageKind| !matches!(kind, StageKind::Embed | StageKind::TrainingIteration);
    let own = stages(&shape).into_iter().filter(|stage| selects(stage.stage));
    own.fold(0.0, |sum, stage| sum + stage.flops)
}
