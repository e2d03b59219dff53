//! Ctrl-C: the files are safe at any instant, so the program ends at once and says how to go on; a page
//! is served until then.

use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "web")]
use tokio::sync::oneshot;

use super::bars::Bars;
use super::log::{PLAIN, log};
use crate::error::is_obeyed;
use crate::output::abandon;
use crate::output::file::wait_for_drafts;

/// The exit code of a program that Ctrl-C has ended, whichever signal it was here: 128 and the number
/// of SIGINT.
const INTERRUPTED: i32 = 130;

/// What the program is doing, as far as an interruption needs to know.
#[derive(Clone, Debug)]
pub(super) struct Work {
    bars: Bars,
    job: Arc<Mutex<Option<Job>>>,
}

/// What has files.
#[derive(Debug)]
enum Job {
    Run(Run),
    Grid(Grid),
    #[cfg(feature = "label")]
    Session(Session),
    #[cfg(feature = "web")]
    Page(Page),
}

/// A session, in which every answer is safe.
#[cfg(feature = "label")]
#[derive(Debug)]
struct Session {
    path: PathBuf,
    /// Gives the terminal back.
    leave: fn(),
}

/// A session on a page: the first interruption ends the server, which ends the program.
#[cfg(feature = "web")]
#[derive(Debug)]
struct Page {
    path: PathBuf,
    /// Dropped to end it.
    end: Option<oneshot::Sender<()>>,
}

impl Job {
    /// Whether it now ends by itself.
    fn ends(&mut self) -> bool {
        #[cfg(feature = "web")]
        if let Self::Page(page) = self {
            return page.end.take().is_some();
        }
        false
    }

    /// Gives back what it has of the terminal.
    fn leave(&self) {
        #[cfg(feature = "label")]
        if let Self::Session(Session { leave, .. }) = self {
            leave();
        }
    }
}

/// A grid of runs, of which some have ended.
#[derive(Debug)]
struct Grid {
    out: PathBuf,
    ended: u64,
    all: u64,
}

/// A run and where its files are.
#[derive(Debug)]
struct Run {
    out: PathBuf,
    partial: PathBuf,
    ended: u64,
}

impl Work {
    /// Nothing yet; what these bars show is to be cleared.
    pub fn new(bars: Bars) -> Self {
        Self { bars, job: Arc::default() }
    }

    /// Ends the program when it is interrupted. A signal that the caller ignores, as `nohup` does
    /// that of a terminal which goes, stays ignored; without a handler the system ends the program,
    /// which is as safe.
    pub fn end_when_interrupted(&self) {
        let work = self.clone();
        on_interruption(move || work.end());
    }

    fn end(&self) {
        if self.with(|job| job.as_mut().is_some_and(Job::ends)) {
            return;
        }
        let _no_drafts = wait_for_drafts();
        self.with(|job| {
            job.iter().for_each(Job::leave);
            self.bars.close();
            log(PLAIN, &message(job.as_ref()));
        });
        process::exit(INTERRUPTED);
    }

    /// A run's folder is there, and so many of its rounds.
    pub fn fills(&self, out: &Path, partial: &Path, ended: u64) {
        let run = Run { out: out.to_owned(), partial: partial.to_owned(), ended };
        self.with(|held| *held = Some(Job::Run(run)));
    }

    /// A grid's folder is there, and so many of its runs.
    pub fn compares(&self, out: &Path, ended: u64, all: u64) {
        let grid = Grid { out: out.to_owned(), ended, all };
        self.with(|held| *held = Some(Job::Grid(grid)));
    }

    /// A session takes answers in a terminal, and ends with it, whether or not the caller ignores that it
    /// goes: nobody could answer, and the wait for keys would never end. `leave` gives the terminal back.
    #[cfg(feature = "label")]
    pub fn answers(&self, path: &Path, leave: fn()) {
        let session = Session { path: path.to_owned(), leave };
        self.with(|held| *held = Some(Job::Session(session)));
        let work = self.clone();
        on_ignored_hangup(move || work.end());
    }

    /// A session is answered on a page, until the other end of the channel is told.
    #[cfg(feature = "web")]
    pub fn serves(&self, path: &Path, end: oneshot::Sender<()>) {
        let page = Page { path: path.to_owned(), end: Some(end) };
        self.with(|held| *held = Some(Job::Page(page)));
    }

    /// Another run of the grid is kept.
    pub fn run_kept(&self) {
        self.with(|held| {
            if let Some(Job::Grid(grid)) = held {
                grid.ended += 1;
            }
        });
    }

    /// A round of the run has ended.
    pub fn round(&self, round: u64) {
        self.with(|held| {
            if let Some(Job::Run(run)) = held {
                run.ended = round;
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Option<Job>) -> T) -> T {
        act(&mut self.job.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Acts on each interruption, by a signal that is not ignored: Linux tells which are. Where
/// one of them is elsewhere, none is heeded.
#[cfg(not(target_os = "linux"))]
fn on_interruption(act: impl FnMut() + Send + 'static) {
    let _ = ctrlc::try_set_handler(act);
}

/// The same.
#[cfg(target_os = "linux")]
fn on_interruption(act: impl FnMut() + Send + 'static) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let ignored = ignored_here();
    heed([SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| !is_in(ignored, *signal)), act);
}

/// Acts when the terminal goes, where the caller ignores it.
#[cfg(all(target_os = "linux", feature = "label"))]
fn on_ignored_hangup(act: impl FnMut() + Send + 'static) {
    use signal_hook::consts::SIGHUP;

    if is_in(ignored_here(), SIGHUP) {
        heed([SIGHUP], act);
    }
}

/// Elsewhere no system tells.
#[cfg(all(not(target_os = "linux"), feature = "label"))]
fn on_ignored_hangup(_act: impl FnMut() + Send + 'static) {}

/// Acts on each of these signals.
#[cfg(target_os = "linux")]
fn heed(signals: impl IntoIterator<Item = i32>, mut act: impl FnMut() + Send + 'static) {
    if let Ok(mut signals) = signal_hook::iterator::Signals::new(signals) {
        std::thread::spawn(move || signals.forever().for_each(|_| act()));
    }
}

/// The signals that this process ignores: signal N is bit N − 1.
#[cfg(target_os = "linux")]
fn ignored_here() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored(&status).unwrap_or_default()
}

/// The same of any process, by the text that Linux has of it.
#[cfg(target_os = "linux")]
fn ignored(status: &str) -> Option<u64> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(target_os = "linux")]
const fn is_in(mask: u64, signal: i32) -> bool {
    mask >> (signal - 1) & 1 == 1
}

fn message(job: Option<&Job>) -> String {
    let Run { out, partial, ended } = match job {
        None => return "interrupted; nothing was written".to_owned(),
        Some(Job::Grid(Grid { out, ended, all })) => {
            let out = quoted(out);
            return format!(
                "interrupted; {ended} of {all} runs are kept in {out}; go on by the same command"
            );
        }
        #[cfg(feature = "label")]
        Some(Job::Session(Session { path, .. })) => {
            return format!("interrupted; every answer is in {}", path.display());
        }
        #[cfg(feature = "web")]
        Some(Job::Page(Page { path, .. })) => {
            return format!("interrupted; every answer is in {}", path.display());
        }
        Some(Job::Run(run)) => run,
    };
    if abandon(partial) {
        let done = match ended {
            0 => "before the first round ended".to_owned(),
            round => format!("after round {round}"),
        };
        let out = quoted(out);
        format!("interrupted {done}; go on with: pairpick run --resume {out}")
    } else if partial.exists() || !out.exists() {
        "interrupted; nothing was written".to_owned()
    } else {
        format!("interrupted at its end; the results are in {}", out.display())
    }
}

/// A path that a shell reads as it stands, whatever is in it.
pub(super) fn quoted(path: &Path) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:,=+@%".contains(byte);
    let bytes = path.as_os_str().as_encoded_bytes();
    match path.to_str() {
        Some(text) if !text.is_empty() && bytes.iter().all(plain) => text.to_owned(),
        Some(text) if !text.contains(is_obeyed) => format!("'{}'", text.replace('\'', "'\\''")),
        _ => {
            let escaped = bytes.iter().map(|byte| match plain(byte) {
                true => char::from(*byte).to_string(),
                false => format!("\\x{byte:02x}"),
            });
            format!("$'{}'", escaped.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_shell_would_split_are_quoted() {
        let cases = [
            ("out", "out"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("", "''"),
            ("a\u{1b}b ä", "$'a\\x1bb\\x20\\xc3\\xa4'"),
        ];
        for (word, expected) in cases {
            assert_eq!(quoted(Path::new(word)), expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_are_quoted() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"a\xff"));
        assert_eq!(quoted(path), "$'a\\xff'");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells_which_signals_are_ignored() {
        let status = "Name:\tpairpick\nSigBlk:\t0\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert_eq!(ignored(status), Some(0x1001));
        assert_eq!(ignored("Name:\tpairpick\n"), None);
    }
}
