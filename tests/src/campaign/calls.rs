//! Every call that changes a file system, failing once: the disk is full, the file system read-only,
//! the device broken. `strace` makes them fail.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::data::GIVEN;
use super::kills::whole;
use super::{Ended, Program, end, words};

/// The calls, and the error that each is given.
const CALLS: [(&str, &str); 13] = [
    ("write", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("writev", "ENOSPC"),
    ("mkdir,mkdirat", "EROFS"),
    ("rename,renameat,renameat2", "EIO"),
    ("unlink,unlinkat,rmdir", "EROFS"),
    ("fsync", "EIO"),
    ("fdatasync", "EIO"),
    ("ftruncate", "EIO"),
    ("link,linkat,symlink,symlinkat", "EPERM"),
    ("flock", "ENOLCK"),
    ("copy_file_range,sendfile", "ENOSPC"),
    ("chmod,fchmod,fchmodat", "EPERM"),
];

/// What is used.
const USES: [&str; 3] = [
    "run --train-embeddings given/train.npy --train-rewards given/train_rewards.npy \
     --test-embeddings given/test.npy --test-rewards given/test_rewards.npy --rounds 2 --batch 6 \
     --hidden 4,4,4 --iterations 3 --force --out run",
    "train --train-embeddings given/train.npy --labels given/labels.jsonl --hidden 4,4,4 \
     --iterations 3 --force --out model --losses losses --curve curve.svg",
    "select --train-embeddings given/train.npy --hidden 4,4,4 --batch 5 --force --out batch",
];

/// No use changes a file system more often.
const MOST: u32 = 400;

/// Whether `strace` can be used here.
#[must_use]
pub fn available() -> bool {
    let output = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    output.is_ok_and(|output| output.status.success())
}

/// The number of calls that failed, each in a use of its own. The folder is one that
/// [`data::write`](super::data::write) has filled.
///
/// # Panics
/// If the folder cannot be written, or the command does not run at all.
pub fn run(
    program: &Program,
    folder: &Path,
    report: &mut dyn FnMut(&str),
) -> BTreeMap<String, u32> {
    let mut failed = BTreeMap::new();
    for arguments in USES {
        let arguments = words(arguments);
        assert!(program.run(folder, &arguments).status.success(), "{arguments:?}");
        let before = outputs(folder);
        for (calls, error) in CALLS {
            for when in 1..MOST {
                let (ended, injected) = fail(
                    program,
                    folder,
                    &arguments,
                    &format!("{calls}:error={error}:when={when}"),
                );
                let context = format!("{calls} {when} fails with {error}: pairpick {arguments:?}");
                if let Some(fault) = ended.fault(&arguments) {
                    report(&format!("{fault}: {context}"));
                }
                if outputs(folder) != before {
                    report(&format!("what was there is lost: {context}: {}", ended.stderr));
                }
                // What follows a failure is a use like any other.
                let again = program.run(folder, &arguments);
                if !again.status.success() || outputs(folder) != before {
                    report(&format!("then it cannot be done again: {context}: {}", again.stderr));
                    clear(folder);
                    assert!(program.run(folder, &arguments).status.success(), "{arguments:?}");
                }
                if !injected {
                    break;
                }
                *failed.entry(calls.to_owned()).or_default() += 1;
            }
        }
    }
    failed
}

/// The use with one failing call, and whether there was that call.
fn fail(
    program: &Program,
    folder: &Path,
    arguments: &[OsString],
    injection: &str,
) -> (Ended, bool) {
    let trace = folder.join("trace");
    let calls = injection.split(':').next().unwrap_or_default();
    let plain = program.command(folder, arguments);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "signal=none", "-o"]).arg(&trace);
    command.args(["-e", &format!("trace={calls}"), "-e", &format!("inject={injection}")]);
    command.arg(plain.get_program()).args(plain.get_args()).current_dir(folder);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::piped());
    let ended = end(command.spawn().expect("strace"));
    let injected = fs::read_to_string(&trace).unwrap_or_default().contains("INJECTED");
    let _ = fs::remove_file(trace);
    (ended, injected)
}

/// All that the uses write, as it is now; the same bytes whichever use wrote it.
fn outputs(folder: &Path) -> Vec<Option<Vec<String>>> {
    let file = |name: &str| {
        let bytes = fs::read(folder.join(name)).ok()?;
        Some(vec![format!("{bytes:x?}")])
    };
    vec![whole(folder), file("model"), file("losses"), file("curve.svg"), file("batch")]
}

fn clear(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if entry.file_name() == GIVEN {
            continue;
        }
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
}
