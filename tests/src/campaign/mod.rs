//! Hostile and odd uses of the command, as a person or a script may make them: combinations of
//! options from its own definition ([`options`]), kills at any time ([`kills`]), and file systems that
//! fail ([`calls`]). Whatever is asked, the command ends by itself with an exit code and a message that
//! it means, and destroys nothing that it was not told to.
//!
//! They take minutes, and are run by name: `cargo run -p pairpick-tests --bin campaign`.

pub mod calls;
pub mod data;
pub mod kills;
pub mod options;

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// Addresses that one use may take, in KiB: what asks for more is to be refused, not tried.
const ADDRESSES: &str = "8000000";

/// How long a use may take before it is interrupted.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How long it may take to end once it is.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// The command under test.
#[derive(Clone, Debug)]
pub struct Program {
    /// The file.
    pub path: PathBuf,
}

/// A use that ended.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// What it said.
    pub stderr: String,
    /// Whether it was interrupted, and did not end by that.
    pub deaf: bool,
    /// Whether it was interrupted at all.
    pub interrupted: bool,
}

impl Program {
    /// The command in a folder, its memory limited.
    #[must_use]
    pub fn command(&self, folder: &Path, arguments: &[OsString]) -> Command {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("ulimit -v {ADDRESSES}; exec \"$0\" \"$@\""))
            .arg(&self.path)
            .args(arguments)
            .current_dir(folder)
            // Else what a terminal would obey is taken out on the way to a pipe.
            .env("CLICOLOR_FORCE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it, and interrupts it when it takes longer than [`PATIENCE`].
    ///
    /// # Panics
    /// If nothing can be run here at all.
    #[must_use]
    pub fn run(&self, folder: &Path, arguments: &[OsString]) -> Ended {
        end(self.command(folder, arguments).spawn().expect("a shell"))
    }
}

/// Arguments without odd characters.
#[must_use]
pub fn words(arguments: &str) -> Vec<OsString> {
    arguments.split_whitespace().map(OsString::from).collect()
}

/// Waits for a use, and interrupts it when it takes longer than [`PATIENCE`].
///
/// # Panics
/// If the process cannot be waited for.
#[must_use]
pub fn end(mut child: Child) -> Ended {
    let mut pipe = child.stderr.take().expect("a pipe");
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).map(|_| bytes)
    });
    let interrupted = !ends_within(&mut child, PATIENCE);
    let mut deaf = false;
    if interrupted {
        let id = child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        deaf = !ends_within(&mut child, LAST_WORDS);
        let _ = child.kill();
    }
    let status = child.wait().expect("a process of ours");
    let stderr = reader.join().expect("a reader").unwrap_or_default();
    Ended { status, stderr: String::from_utf8_lossy(&stderr).into_owned(), deaf, interrupted }
}

fn ends_within(child: &mut Child, limit: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < limit {
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return true;
        }
        sleep(Duration::from_millis(2));
    }
    false
}

impl Ended {
    /// What no use with these arguments may come to, if it came to that.
    #[must_use]
    pub fn fault(&self, arguments: &[OsString]) -> Option<String> {
        let Self { status, stderr, deaf, interrupted } = self;
        if *deaf {
            return Some("does not end when interrupted".to_owned());
        }
        if stderr.contains("panicked") {
            return Some("panicked".to_owned());
        }
        if let Some(signal) = status.signal() {
            return Some(format!("ended by signal {signal}"));
        }
        match status.code() {
            Some(0) => {}
            Some(1) if arguments.first().is_some_and(|command| command == "verify") => {}
            Some(2) if !stderr.trim().is_empty() => {}
            Some(130) if *interrupted => {}
            code => return Some(format!("exit code {code:?}, and says {stderr:?}")),
        }
        // Colours are the command's own.
        let obeyed = ["\u{1b}[2J", "\u{1b}]", "\u{7}"].iter().any(|text| stderr.contains(text));
        obeyed.then(|| format!("control characters in {stderr:?}"))
    }
}
