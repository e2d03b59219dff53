//! [`Bars`]: on a terminal, what is being done wherever it takes longer than a second, whether or
//! not it can say how far it is.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is shorter has no bar.
const BAR_AFTER: Duration = Duration::from_secs(1);

/// How often a bar is drawn where nothing advances it.
const TICK: Duration = Duration::from_millis(100);

/// What is done between two stages, in a word.
const BETWEEN: &str = "working";

/// The bar of the stage that goes on. Clones show the same one.
#[derive(Clone, Debug)]
pub(super) struct Bars(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    bar: ProgressBar,
    began: Instant,
    /// Where bars are drawn, once they are.
    target: fn() -> ProgressDrawTarget,
    closed: bool,
}

impl Bars {
    /// Bars on stderr, if that is a terminal.
    pub fn on_stderr() -> Self {
        match io::stderr().is_terminal() {
            true => Self::on(ProgressDrawTarget::stderr),
            false => Self::none(),
        }
    }

    /// No bars at all.
    pub fn none() -> Self {
        let (bar, began) = (ProgressBar::hidden(), Instant::now());
        let target = ProgressDrawTarget::hidden;
        Self(Arc::new(Mutex::new(State { bar, began, target, closed: true })))
    }

    fn on(target: fn() -> ProgressDrawTarget) -> Self {
        let mut state =
            State { bar: ProgressBar::hidden(), began: Instant::now(), target, closed: false };
        state.stage(BETWEEN, 0);
        let bars = Self(Arc::new(Mutex::new(state)));
        let state = Arc::downgrade(&bars.0);
        thread::spawn(move || {
            while let Some(state) = state.upgrade() {
                state.lock().unwrap_or_else(PoisonError::into_inner).tick();
                drop(state);
                thread::sleep(TICK);
            }
        });
        bars
    }

    /// A stage of so many steps begins, of 0 if it cannot say.
    pub fn begin(&self, stage: &str, total: u64) {
        self.with(|state| state.stage(stage, total));
    }

    /// So many of its steps are done.
    pub fn advance(&self, done: u64) {
        self.with(|state| state.bar.set_position(done));
    }

    /// The stage is over, and what comes has no name.
    pub fn end(&self) {
        self.begin(BETWEEN, 0);
    }

    /// Writes to the terminal, above the bar.
    pub fn suspend(&self, write: impl FnOnce()) {
        self.with(|state| state.bar.suspend(write));
    }

    /// Nothing is drawn any more, and what was is cleared.
    pub fn close(&self) {
        self.with(|state| {
            state.bar.finish_and_clear();
            state.closed = true;
        });
    }

    fn with(&self, act: impl FnOnce(&mut State)) {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl State {
    fn stage(&mut self, name: &str, total: u64) {
        self.bar.finish_and_clear();
        let template = match total {
            0 => "{msg} {spinner} {elapsed}",
            _ => "{msg} [{bar:30}] {percent}% {eta} left",
        };
        let length = (total > 0).then_some(total);
        self.bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden())
            .with_message(name.to_owned());
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        self.began = Instant::now();
    }

    fn tick(&mut self) {
        if self.closed || self.began.elapsed() < BAR_AFTER {
            return;
        }
        if self.bar.is_hidden() {
            self.bar.set_draw_target((self.target)());
        }
        self.bar.tick();
    }
}

#[cfg(test)]
mod tests {
    use indicatif::TermLike;

    use super::*;

    static DRAWN: Mutex<String> = Mutex::new(String::new());

    /// A terminal that keeps what is written to it.
    #[derive(Debug)]
    struct Recorder;

    impl Recorder {
        fn take() -> String {
            std::mem::take(&mut *DRAWN.lock().unwrap())
        }

        fn write(text: &str) -> io::Result<()> {
            DRAWN.lock().unwrap().push_str(text);
            Ok(())
        }
    }

    impl TermLike for Recorder {
        fn width(&self) -> u16 {
            80
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, line: &str) -> io::Result<()> {
            Self::write(line)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            Self::write(text)
        }

        fn clear_line(&self) -> io::Result<()> {
            Self::write("<cleared>")
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_takes_a_second_is_shown_and_then_cleared() {
        let wait = |tenths: u64| thread::sleep(Duration::from_millis(100 * tenths));
        let bars = Bars::on(|| ProgressDrawTarget::term_like(Box::new(Recorder)));
        bars.begin("short", 0);
        wait(3);
        assert_eq!(Recorder::take(), "");
        // Nothing tells how far it is.
        bars.begin("selecting", 0);
        wait(15);
        let drawn = Recorder::take();
        assert!(drawn.contains("selecting") && !drawn.contains("short"), "{drawn}");
        bars.begin("scanning", 8);
        bars.advance(2);
        wait(15);
        let drawn = Recorder::take();
        assert!(drawn.contains("scanning") && drawn.contains("25%"), "{drawn}");
        bars.end();
        let drawn = Recorder::take();
        assert!(drawn.ends_with("<cleared>"), "{drawn}");
        // What has no name has a bar too.
        wait(15);
        assert!(Recorder::take().contains(BETWEEN));
        bars.close();
        assert!(Recorder::take().ends_with("<cleared>"));
        wait(15);
        assert_eq!(Recorder::take(), "");
    }

    #[test]
    fn without_a_terminal_nothing_is_drawn() {
        let bars = Bars::none();
        bars.begin("selecting", 0);
        bars.advance(1);
        let mut written = false;
        bars.suspend(|| written = true);
        bars.end();
        bars.close();
        assert!(written);
    }
}
