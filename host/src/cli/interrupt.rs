//! Ctrl-C: the files are safe at any instant, so the program ends at once and says how to go on.

use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;

use super::log::log;
use crate::output::abandon;

/// The exit code of a program that a signal has ended: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

/// What the program is doing, as far as an interruption needs to know.
#[derive(Clone, Debug, Default)]
pub(super) struct Work(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    bar: Option<ProgressBar>,
    run: Option<Run>,
}

/// A run and where its files are.
#[derive(Debug)]
struct Run {
    out: PathBuf,
    partial: PathBuf,
    ended: u64,
}

impl Work {
    /// Ends the program when it is interrupted. A signal that the caller ignores, as `nohup` does,
    /// stays ignored; without a handler the system ends the program, which is as safe.
    pub fn end_when_interrupted(&self) {
        let work = self.clone();
        let _ = ctrlc::try_set_handler(move || {
            work.with(|state| {
                if let Some(bar) = state.bar.take() {
                    bar.finish_and_clear();
                }
                log(&message(state.run.as_ref()));
            });
            process::exit(INTERRUPTED);
        });
    }

    /// The bar that is to be cleared.
    pub fn shows(&self, bar: &ProgressBar) {
        self.with(|state| state.bar = Some(bar.clone()));
    }

    /// A run's folder is there, and so many of its rounds.
    pub fn fills(&self, out: &Path, partial: &Path, ended: u64) {
        let run = Run { out: out.to_owned(), partial: partial.to_owned(), ended };
        self.with(|state| state.run = Some(run));
    }

    /// A round of the run has ended.
    pub fn round(&self, round: u64) {
        self.with(|state| {
            if let Some(run) = &mut state.run {
                run.ended = round;
            }
        });
    }

    fn with(&self, act: impl FnOnce(&mut State)) {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn message(run: Option<&Run>) -> String {
    let Some(Run { out, partial, ended }) = run else {
        return "interrupted; nothing was written".to_owned();
    };
    if abandon(partial) {
        let done = match ended {
            0 => "before the first round ended".to_owned(),
            round => format!("after round {round}"),
        };
        let out = quoted(&out.display().to_string());
        format!("interrupted {done}; go on with: pairpick run --resume {out}")
    } else if partial.exists() || !out.exists() {
        "interrupted; nothing was written".to_owned()
    } else {
        format!("interrupted at its end; the results are in {}", out.display())
    }
}

/// A word that a shell reads as it stands.
pub(super) fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,=+@%".contains(&byte);
    match !word.is_empty() && word.bytes().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_that_a_shell_would_split_are_quoted() {
        let cases = [("out", "out"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("", "''")];
        for (word, expected) in cases {
            assert_eq!(quoted(word), expected);
        }
    }
}
