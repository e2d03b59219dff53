//! Comparisons with others, all of them measured in turns. A turn is the fastest call of a tenth of a
//! second, of three at least, for ours and for everybody's: after the pause that lies before it, the
//! first calls tell how cold the caches are, how long the clock takes to rise, and how long the system
//! leaves two threads that were woken together on one core.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use pairpick::parallel::Threads;
use pairpick_core::arith::Real;
use pairpick_core::select::Strategy;

use crate::learnt::{ITEMS, Learnt};
use crate::peak::Peak;
use crate::peer::Peer;
use crate::rows::{Bar, Row, Unit, on_threads};
use crate::sample::{Sample, Summary};
use crate::work::{Items, Kind, Layer, Training, select, threads};

/// Between two measurements: OpenBLAS's threads spin for a while after their work, and would take
/// a core from whoever is next.
const PAUSE: Duration = Duration::from_millis(60);

/// The least calls of a turn, and how long it lasts at least; the peers' programs have the same.
const CALLS: usize = 3;
const TURN: Duration = Duration::from_millis(100);

/// Turns that nobody counts.
const WARM_UP: usize = 2;

/// Below it, a peak apart is a peak fused measured with noise.
const ALIKE: f64 = 0.95;

/// How the comparisons are made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The Python of the peers' environment.
    pub python: PathBuf,
    /// The folder of the peers.
    pub peers: PathBuf,
    /// Turns of each.
    pub turns: usize,
    /// Whether PyTorch takes part.
    pub torch: bool,
}

/// What the comparisons came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The table's rows.
    pub rows: Vec<Row>,
    /// What is to be said beneath it.
    pub notes: Vec<String>,
}

/// Everybody's measurements of one work, in turns; ours first.
fn in_turns(
    turns: usize,
    ours: &mut dyn FnMut() -> f64,
    peers: &mut [Peer],
    work: &str,
) -> (Option<Summary>, Vec<(String, Summary, f64)>) {
    let mut own = Sample::default();
    let mut others = vec![(Sample::default(), 0.0); peers.len()];
    for turn in 0..turns + WARM_UP {
        sleep(PAUSE);
        let fastest = turn_of(ours);
        if turn >= WARM_UP {
            own.push(fastest);
        }
        for (peer, (sample, operations)) in peers.iter_mut().zip(&mut others) {
            sleep(PAUSE);
            let Some(timing) = peer.time(work) else {
                continue;
            };
            *operations = timing.operations;
            if turn >= WARM_UP {
                sample.push(timing.seconds);
            }
        }
    }
    let told = peers.iter().zip(others).filter_map(|(peer, (sample, operations))| {
        Some((peer.name.clone(), sample.summary()?, operations))
    });
    (own.summary(), told.collect())
}

/// Seconds of the fastest call of a turn.
fn turn_of(ours: &mut dyn FnMut() -> f64) -> f64 {
    let (began, mut seconds) = (Instant::now(), Vec::new());
    while seconds.len() < CALLS || began.elapsed() < TURN {
        seconds.push(ours());
    }
    seconds.into_iter().min_by(f64::total_cmp).unwrap_or(f64::NAN)
}

impl Plan {
    /// Who takes part at so many threads.
    fn start(&self, inputs: &Path, threads: usize) -> Vec<Peer> {
        let count = threads.to_string();
        let inputs = inputs.as_os_str();
        let python = self.python.as_os_str();
        let mut peers = self.start_numpy(inputs, threads);
        if self.torch {
            let torch = self.script("torch_peer.py");
            let arguments: [&OsStr; 3] = [&torch, inputs, count.as_ref()];
            peers.extend(Peer::start(python, &arguments, threads));
        }
        if threads == 1 {
            let program = self.peers.join("target/release/peers");
            for library in ["faer", "nalgebra"] {
                let arguments: [&OsStr; 2] = [library.as_ref(), inputs];
                peers.extend(Peer::start(program.as_os_str(), &arguments, threads));
            }
        }
        peers
    }

    fn script(&self, name: &str) -> OsString {
        self.peers.join("python").join(name).into_os_string()
    }

    fn start_numpy(&self, inputs: &OsStr, threads: usize) -> Vec<Peer> {
        let numpy = self.script("numpy_peer.py");
        Peer::start(self.python.as_os_str(), &[&numpy, inputs], threads).into_iter().collect()
    }

    /// All pairs of features that were learnt, on one thread, beside numpy alone.
    ///
    /// # Errors
    /// The system's.
    pub fn compare_learnt(
        &self,
        name: &str,
        learnt: &Learnt,
        bar: f64,
        outcome: &mut Outcome,
    ) -> io::Result<()> {
        let inputs = tempfile::tempdir()?;
        let mut items = Items::of(learnt.items(ITEMS));
        write_inputs(&items, inputs.path())?;
        let (threads, mut peers) = (threads(1), self.start_numpy(inputs.path().as_os_str(), 1));
        let (threads, peers) = (&threads, &mut peers[..]);
        let mut round = Round { plan: self, threads, count: 1, peers, features: name, outcome };
        round.selection::<f32>(Kind::CrossPrompt, &mut items, Some(bar));
        round.selection::<f64>(Kind::CrossPrompt, &mut items, Some(bar));
        Ok(())
    }

    /// All comparisons at so many threads.
    ///
    /// # Errors
    /// The system's.
    pub fn compare(&self, count: usize, peaks: &[Peak], outcome: &mut Outcome) -> io::Result<()> {
        let inputs = tempfile::tempdir()?;
        let mut items = Items::new(500, 64);
        write_inputs(&items, inputs.path())?;
        let (threads, mut peers) = (threads(count), self.start(inputs.path(), count));
        let (threads, peers) = (&threads, &mut peers[..]);
        let mut round = Round { plan: self, threads, count, peers, features: "uniform", outcome };
        let share = |scalar| share_apart(peaks, scalar);
        if count == 1 {
            round.selection::<f32>(Kind::InPrompt, &mut items, Some(5.0 * share("f32")));
            round.selection::<f64>(Kind::InPrompt, &mut items, Some(2.5 * share("f64")));
            round.selection::<f32>(Kind::Listed, &mut items, None);
            round.selection::<f64>(Kind::Listed, &mut items, None);
        }
        round.selection::<f32>(Kind::CrossPrompt, &mut items, Some(1.5 * share("f32")));
        round.selection::<f64>(Kind::CrossPrompt, &mut items, Some(1.5 * share("f64")));
        if count == 1 {
            round.layers(peaks);
        }
        for dimensions in [384, 2048] {
            for labels in [1000, 10_000] {
                let bar = if count == 1 { 1.2 } else { 1.5 };
                round.training(dimensions, labels, bar * share("f32"));
            }
        }
        Ok(())
    }
}

/// What the contract leaves of the best instruction set's peak; 1 where the two are alike.
#[must_use]
pub fn share_apart(peaks: &[Peak], scalar: &str) -> f64 {
    match best_peak(peaks, scalar).map(Peak::share_apart) {
        Some(share) if share < ALIKE => share,
        _ => 1.0,
    }
}

fn best_peak<'a>(peaks: &'a [Peak], scalar: &str) -> Option<&'a Peak> {
    peaks
        .iter()
        .filter(|peak| peak.scalar == scalar)
        .max_by(|one, other| one.apart.total_cmp(&other.apart))
}

/// The best instruction set's peak without fused operations, operations a second.
#[must_use]
pub fn peak_apart(peaks: &[Peak], scalar: &str) -> f64 {
    best_peak(peaks, scalar).map_or(f64::NAN, |peak| peak.apart * 1e9)
}

/// The comparisons at one number of threads.
struct Round<'a> {
    plan: &'a Plan,
    threads: &'a Threads,
    count: usize,
    peers: &'a mut [Peer],
    /// What the features are, where that decides.
    features: &'a str,
    outcome: &'a mut Outcome,
}

impl Round<'_> {
    fn selection<T: Real>(&mut self, kind: Kind, items: &mut Items, bar: Option<f64>) {
        let (work, threads) = (format!("{} {}", kind.name(), T::NAME), self.threads);
        eprintln!("{work}, {} threads", self.count);
        let ask = (Strategy::Dopt, kind);
        let mut once =
            || threads.install(|| select::<T, _>(ask, items, threads, 1, || {})).expect("a batch");
        let own = once().pairs;
        let mut ours = || once().seconds.iter().fold(0.0, |sum, seconds| sum + seconds);
        let (ours, others) = in_turns(self.plan.turns, &mut ours, self.peers, &work);
        let title = match kind {
            Kind::CrossPrompt => self.title(&format!("{work}, {}", self.features)),
            Kind::InPrompt | Kind::Listed => self.title(&work),
        };
        if others.is_empty() {
            self.outcome.rows.push(Row::of(&title, ours, None, Unit::Times, None));
        }
        for (name, theirs, operations) in others {
            let bar = bar.filter(|_| name.starts_with("numpy"));
            self.outcome.rows.push(Row::beside(&title, ours, (&name, Some(theirs)), bar));
            if operations > 0.0 {
                self.note_products(&title, &name, (theirs, operations), T::NAME);
            }
        }
        for peer in &mut *self.peers {
            let answer = peer.answer(&work);
            if !answer.is_empty() {
                let same = answer.iter().filter(|pair| own.contains(pair)).count();
                let note =
                    format!("{title}: {same} of {} pairs are {}'s too", own.len(), peer.name);
                self.outcome.notes.push(note);
            }
        }
    }

    /// How much of a peer's time its matrix products would need at its best rate.
    fn note_products(
        &mut self,
        title: &str,
        name: &str,
        (theirs, operations): (Summary, f64),
        scalar: &str,
    ) {
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.name == name) else {
            return;
        };
        let mut rates = Sample::default();
        for _ in 0..5 {
            if let Some(timing) = peer.time(&format!("best gemm {scalar}")) {
                rates.push(timing.seconds / timing.operations);
            }
        }
        if let Some(rate) = rates.summary() {
            let share = 100.0 * operations * rate.least / theirs.median;
            let rate = 1e-9 / rate.least;
            self.outcome.notes.push(format!(
                "{title}: {share:.0} % of {name}'s time is what its matrix products need at its best \
                 rate, {rate:.0} GF/s"
            ));
        }
    }

    fn layers(&mut self, peaks: &[Peak]) {
        let peak = peak_apart(peaks, "f32");
        for items in [1000, 5000, 20_000] {
            for inner in [384, 2048, 64] {
                let work = format!("gemm {items} {inner}");
                eprintln!("{work}");
                let mut layer = Layer::new(items, inner, 64);
                let operations = layer.operations();
                let threads = self.threads;
                let mut ours = || threads.install(|| layer.time(threads));
                let (ours, others) = in_turns(self.plan.turns, &mut ours, self.peers, &work);
                let title = format!("layer {items} × {inner} → 64, f32");
                let share = ours.map(|ours| operations / ours.median / peak);
                let bar = Some(Bar::AtLeast(0.75));
                let mut row = Row::of(&title, ours, share, Unit::OfPeak, bar);
                if let Some((name, theirs, _)) = others.into_iter().next() {
                    (row.peer, row.theirs) = (Some(name), Some(theirs));
                }
                self.outcome.rows.push(row);
            }
        }
    }

    fn training(&mut self, dimensions: usize, labels: u32, bar: f64) {
        let work = format!("train {dimensions} {labels}");
        eprintln!("{work}, {} threads", self.count);
        let mut training = Training::new(dimensions, 64, labels, self.threads);
        let threads = self.threads;
        let mut ours = || threads.install(|| training.time(threads));
        let (ours, others) = in_turns(self.plan.turns, &mut ours, self.peers, &work);
        let title = self.title(&format!("training iteration, {labels} labels, D = {dimensions}"));
        if others.is_empty() {
            self.outcome.rows.push(Row::of(&title, ours, None, Unit::Times, None));
        }
        for (name, theirs, _) in others {
            self.outcome.rows.push(Row::beside(&title, ours, (&name, Some(theirs)), Some(bar)));
        }
    }

    fn title(&self, work: &str) -> String {
        on_threads(work, self.count)
    }
}

/// Writes the inputs where the peers read them.
///
/// # Errors
/// The system's.
fn write_inputs(items: &Items, folder: &Path) -> io::Result<()> {
    let bytes = |values: &[f32]| -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    std::fs::write(folder.join("features.f32"), bytes(&items.features))?;
    std::fs::write(folder.join("head.f32"), bytes(&items.head))
}
