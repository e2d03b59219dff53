//! The terminal while it shows questions: taken, and given back as it was, whatever happens.

use std::io;
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, enable_raw_mode};
use ratatui::{DefaultTerminal, Terminal};

use crate::cli::log::{ERROR, log};
use crate::error::{Error, Result};

/// Takes the terminal, and gives it back, after a panic too.
pub(super) fn on_screen(show: impl FnOnce(&mut DefaultTerminal) -> Result<()>) -> Result<()> {
    let panics = Panics::watch();
    let mut terminal = take().map_err(refused)?;
    let shown = show(&mut terminal);
    leave();
    panics.tell();
    shown
}

fn take() -> io::Result<DefaultTerminal> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen)?;
    Terminal::new(CrosstermBackend::new(io::stdout()))
}

/// Gives the terminal back as it was.
pub(in crate::cli) fn leave() {
    // A terminal that has gone cannot be given back, and nobody reads that.
    let _ = ratatui::try_restore();
    // The cursor comes back with the end of what draws, which a signal does not wait for.
    let _ = execute!(io::stdout(), Show);
}

pub(super) fn refused(error: io::Error) -> Error {
    Error::io("the terminal", "use", error)
}

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// What is done about panics while the screen is taken: one of the thread that draws gives it back first;
/// those of others, which end no question, are told once it is given back.
struct Panics {
    earlier: Arc<Hook>,
    others: Arc<Mutex<Vec<String>>>,
}

impl Panics {
    /// From now on, by the thread that draws.
    fn watch() -> Self {
        let earlier: Arc<Hook> = Arc::from(panic::take_hook());
        let panics = Self { earlier, others: Arc::default() };
        let (earlier, others) = (Arc::clone(&panics.earlier), Arc::clone(&panics.others));
        let draws = thread::current().id();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().id() == draws {
                leave();
                earlier(panic);
            } else {
                others.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
            }
        }));
        panics
    }

    /// Until now.
    fn tell(self) {
        let Self { earlier, others } = self;
        panic::set_hook(Box::new(move |panic| earlier(panic)));
        for panic in others.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            log(ERROR, panic);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::env::current_exe;
    use std::io::Read;
    use std::num::NonZeroU16;
    use std::time::Duration;

    use pty_process::Size;
    use pty_process::blocking::{Command, open};
    use ratatui::crossterm::terminal::is_raw_mode_enabled;

    use super::*;

    fn draw(terminal: &mut DefaultTerminal, text: &'static str) {
        terminal.draw(|frame| frame.render_widget(text, frame.area())).unwrap();
    }

    /// Not a test: what one below runs in a terminal.
    #[test]
    #[ignore = "panics while it has the screen"]
    fn panic_on_the_screen() {
        on_screen(|terminal| {
            draw(terminal, "a question");
            panic!("on purpose");
        })
        .unwrap();
    }

    /// Likewise.
    #[test]
    #[ignore = "takes the screen"]
    fn panic_in_the_background() {
        on_screen(|terminal| {
            draw(terminal, "a question");
            thread::spawn(|| panic!("on purpose")).join().unwrap_err();
            assert!(is_raw_mode_enabled().unwrap(), "keys come no longer one by one");
            draw(terminal, "the next one");
            // So that it is seen.
            thread::sleep(Duration::from_millis(200));
            Ok(())
        })
        .unwrap();
    }

    /// Runs one of the above in a terminal, to its end: what was on the taken screen, the last of it, and
    /// what the terminal shows then.
    fn run(test: &str) -> [String; 2] {
        let (mut pty, other) = open().unwrap();
        pty.resize(Size::new(24, 80)).unwrap();
        let script = "\"$0\" \"$@\" >/dev/tty 2>&1; stty -a";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(current_exe().unwrap())
            .args(["--exact", &format!("cli::terminal::screen::tests::{test}"), "--ignored"])
            .args(["--nocapture", "--test-threads", "1"])
            .env("RUST_BACKTRACE", "0")
            .env("TERM", "xterm-256color")
            .spawn(other)
            .unwrap();
        let [rows, columns] = [24, 80].map(|size| NonZeroU16::new(size).unwrap());
        let mut parser = vt100::Parser::new(rows, columns, 0);
        let (mut bytes, mut taken) = ([0; 4096], String::new());
        // The system reports an error once the other end is closed.
        while let Ok(read @ 1..) = pty.read(&mut bytes) {
            for byte in &bytes[..read] {
                parser.process(&[*byte]);
                if parser.screen().alternate_screen() {
                    taken = parser.screen().contents();
                }
            }
        }
        child.wait().unwrap();
        let (screen, text) = (parser.screen(), parser.screen().contents());
        assert!(!taken.is_empty() && !screen.alternate_screen(), "{text}");
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        // What is typed shows again, and comes a line at a time.
        assert!(text.contains(" echo ") && text.contains(" icanon "), "{text}");
        [taken, text]
    }

    #[test]
    fn a_panic_gives_the_terminal_back_and_is_told() {
        let [_, text] = run("panic_on_the_screen");
        assert!(text.contains("on purpose"), "{text}");
    }

    #[test]
    fn a_panic_in_the_background_leaves_the_screen_and_is_told_after_it() {
        let [taken, text] = run("panic_in_the_background");
        assert!(taken.contains("the next one") && !taken.contains("on purpose"), "{taken}");
        assert!(text.contains("on purpose") && text.contains("1 passed"), "{text}");
    }
}
