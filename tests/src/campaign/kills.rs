//! A run with `--force` over an earlier one, killed at any time: what was there before is whole until
//! what replaces it is, and going on comes to the same bytes.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Instant;

use pairpick_core::rng::Stream;

use super::{Program, words};

/// The folder that the runs write.
const OUT: &str = "run";

const RUN: &str = "run --train-embeddings given/train.npy --train-rewards given/train_rewards.npy \
     --test-embeddings given/test.npy --test-rewards given/test_rewards.npy --rounds 3 --batch 6 \
     --hidden 5,4,3 --iterations 40 --force --out run";

const RESUME: &str = "run --resume run";

/// Kills so many runs in a folder that [`data::write`](super::data::write) has filled.
///
/// # Panics
/// If the folder cannot be written, or the command does not run at all.
pub fn run(
    program: &Program,
    folder: &Path,
    (seed, kills): (u64, u64),
    report: &mut dyn FnMut(&str),
) {
    let (arguments, resume) = (words(RUN), words(RESUME));
    let start = Instant::now();
    assert!(program.run(folder, &arguments).status.success(), "the command does not run");
    let duration = start.elapsed();
    let expected = result(&folder.join(OUT)).expect("a whole run");
    let mut delays = Stream::new(seed, "kills", 0);
    for number in 0..kills {
        let mut child = program.command(folder, &arguments).spawn().expect("a shell");
        sleep(duration.mul_f64(1.1 * delays.uniform::<f64>()));
        let _ = child.kill();
        child.wait().expect("a process of ours");
        if whole(folder).as_ref() != Some(&expected) {
            report(&format!("kill {number}: neither run is whole"));
        }
        for arguments in [&resume[..], &arguments] {
            let ended = program.run(folder, arguments);
            if let Some(fault) = ended.fault(arguments) {
                report(&format!("kill {number}: then {fault}: pairpick {arguments:?}"));
            }
        }
        if result(&folder.join(OUT)).as_ref() != Some(&expected) || leftovers(folder) {
            report(&format!("kill {number}: what follows is not the run"));
        }
    }
}

/// The earlier run, or the one that is complete and about to take its place, which has the same bytes.
pub(super) fn whole(folder: &Path) -> Option<Vec<String>> {
    result(&folder.join(OUT)).or_else(|| result(&folder.join(format!(".{OUT}.partial"))))
}

/// Whether something hidden was left.
fn leftovers(folder: &Path) -> bool {
    let names = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| name.to_string_lossy().starts_with(&format!(".{OUT}")))
}

/// The files of a run but for their seconds, if it is whole.
fn result(out: &Path) -> Option<Vec<String>> {
    let without_seconds = |line: &str| {
        let mut line: serde_json::Value = serde_json::from_str(line).ok()?;
        line.as_object_mut()?.remove("seconds")?;
        Some(line.to_string())
    };
    let metrics = fs::read_to_string(out.join("metrics.jsonl")).ok()?;
    let mut files = metrics.lines().map(without_seconds).collect::<Option<Vec<_>>>()?;
    for name in ["labels.jsonl", "settings.json", "curves.svg", "curves.png", "model.safetensors"] {
        files.push(format!("{:x?}", fs::read(out.join(name)).ok()?));
    }
    Some(files)
}
