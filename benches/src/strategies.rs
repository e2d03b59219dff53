//! Every strategy on every kind of pool: time, the memory lent to it, and how far the process
//! grew. Each in a process of its own, whose peak is then its own, and which is given up on when
//! it takes too long.

use std::env;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fearless_simd::Level;
use pairpick_core::arith::Real;
use pairpick_core::parallel::Sequential;
use pairpick_core::select::Strategy;
use serde::{Deserialize, Serialize};

use crate::rows::{Bar, Row, Unit};
use crate::sample::Sample;
use crate::work::{Items, Kind, select};

/// After it a selection is given up on.
const PATIENCE: Duration = Duration::from_secs(60);

/// Repetitions end after so many seconds.
const ENOUGH: f64 = 2.0;

/// The most repetitions.
const REPEATS: f64 = 15.0;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// What a process found of one strategy.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Found {
    /// Seconds of each selection.
    pub seconds: Vec<f64>,
    /// Bytes of the memory lent to it.
    pub workspace: usize,
    /// Bytes by which the process grew beyond its inputs; `None` where the system does not tell.
    pub grown: Option<u64>,
    /// Why there is no selection.
    pub error: Option<String>,
}

/// Measures a strategy in this process.
#[must_use]
pub fn measure<T: Real>(strategy: Strategy, kind: Kind) -> Found {
    let (mut items, executor) = (Items::new(500, 64), Sequential(Level::new()));
    let mut before = None;
    let ask = (strategy, kind);
    let first = select::<T, _>(ask, &mut items, &executor, 1, || {
        // Forgets the peak of making the inputs.
        let _ = fs::write("/proc/self/clear_refs", "5");
        before = status("VmRSS");
    });
    let peak = status("VmHWM");
    let first = match first {
        Ok(first) => first,
        Err(error) => return Found { error: Some(error), ..Found::default() },
    };
    let once = first.seconds.first().copied().unwrap_or(ENOUGH);
    let more = ENOUGH / once;
    let more = if more > REPEATS { REPEATS } else { more };
    let again =
        select::<T, _>(ask, &mut items, &executor, more as usize, || {}).unwrap_or_default();
    let seconds = if again.seconds.is_empty() { first.seconds } else { again.seconds };
    let grown = peak.zip(before).map(|(peak, before)| peak.saturating_sub(before));
    Found { seconds, workspace: first.workspace, grown, error: None }
}

/// A line of this process's status, in bytes.
fn status(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Has a process of its own measure a strategy: this program, called with these names.
fn of_process(strategy: Strategy, kind: Kind, scalar: &str) -> Found {
    let failed = |error: String| Found { error: Some(error), ..Found::default() };
    let arguments = ["--one", strategy.name(), kind.name(), scalar];
    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => return failed(error.to_string()),
    };
    let spawned = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return failed(error.to_string()),
    };
    let began = Instant::now();
    while child.try_wait().is_ok_and(|status| status.is_none()) {
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return failed(format!("given up after {} s", PATIENCE.as_secs()));
        }
        sleep(Duration::from_millis(20));
    }
    let mut text = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        let _ = stdout.read_to_string(&mut text);
    }
    serde_json::from_str(&text).unwrap_or_else(|_| failed("it crashed".to_owned()))
}

/// A row for the time and a row for the memory of each strategy and pool; and what went wrong.
#[must_use]
pub fn rows() -> (Vec<Row>, Vec<String>) {
    let (mut times, mut memory, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for kind in Kind::ALL {
        let mut one_shot = None;
        for strategy in Strategy::ALL {
            let work = format!("{} {} f64, 1 thread", strategy.name(), kind.name());
            eprintln!("{work}");
            let found = of_process(strategy, kind, "f64");
            if let Some(error) = found.error {
                notes.push(format!("{work}: {error}"));
                continue;
            }
            let mut sample = Sample::default();
            found.seconds.iter().for_each(|seconds| sample.push(*seconds));
            let ours = sample.summary();
            if strategy == Strategy::Dopt {
                one_shot = ours.map(|ours| ours.median);
            }
            let ratio = ours.zip(one_shot).map(|(ours, one)| ours.median / one);
            let greedy = strategy.name() == "greedy-dopt" && kind == Kind::InPrompt;
            let bar = greedy.then_some(Bar::Below(20.0));
            times.push(Row::of(&work, ours, ratio, Unit::OneShots, bar));
            let (grown, bar) = (found.grown, Some(Bar::Below(32.0)));
            let lent = found.workspace as f64 / MEBIBYTE;
            let grown = grown.map(|grown| grown as f64 / MEBIBYTE);
            let title = format!("memory of {work} ({lent:.1} MiB lent)");
            let most = grown.map_or(lent, |grown| if grown > lent { grown } else { lent });
            memory.push(Row::of(&title, None, Some(most), Unit::Mebibytes, bar));
        }
    }
    times.extend(memory);
    (times, notes)
}
