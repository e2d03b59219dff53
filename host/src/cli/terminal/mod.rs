//! `pairpick label` in the terminal: it shows what the desk says and passes on which key was pressed;
//! all else is the desk's.

mod lines;
mod view;

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;

use self::view::Scroll;
use crate::error::{Error, Result, SessionError};
use crate::session::{Answer, Desk, Next, Outcome, Reply, Shown, Undone};

/// The number of the one person who answers here.
pub(super) const ANNOTATOR: u32 = 1;

/// How long nothing need be pressed before the screen is drawn anew: the background goes on.
const REFRESH: Duration = Duration::from_millis(250);

/// The same while a batch is waited for.
const SOON: Duration = Duration::from_millis(20);

/// Characters of a note.
const LONGEST_NOTE: usize = 2_000;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Answer(Answer),
    Undo,
    Note,
    /// So many lines down.
    Scroll(i32),
    /// So many screens down.
    Page(i32),
    /// To scroll the prompt, or the replies again.
    Other,
    Quit,
}

/// What the screen shows beside the question.
#[derive(Default)]
struct Face {
    shown: Option<Seen>,
    scroll: Scroll,
    /// A note for the question that is shown.
    note: Option<String>,
    /// Whether it is being written.
    writing: bool,
    /// What became of the last key.
    message: String,
}

/// A question, and since when somebody has seen it.
struct Seen {
    shown: Shown,
    since: Instant,
}

/// Checks that there is a terminal to ask in.
///
/// # Errors
/// [`SessionError::NoTerminal`].
pub(super) fn check() -> Result<()> {
    match io::stdin().is_terminal() && io::stdout().is_terminal() {
        true => Ok(()),
        false => Err(SessionError::NoTerminal.into()),
    }
}

/// Asks until somebody quits. The terminal is as it was before, whatever happens.
///
/// # Errors
/// The desk's; what the terminal refuses.
pub(super) fn ask(desk: &Desk) -> Result<()> {
    on_screen(|terminal| Face::default().ask(desk, terminal))
}

/// Takes the terminal, and gives it back, after a panic too.
fn on_screen(show: impl FnOnce(&mut DefaultTerminal) -> Result<()>) -> Result<()> {
    let mut terminal = ratatui::try_init().map_err(refused)?;
    let shown = show(&mut terminal);
    leave();
    shown
}

/// Gives the terminal back as it was.
pub(super) fn leave() {
    ratatui::restore();
    // The cursor comes back with the end of what draws, which a signal does not wait for.
    let _ = execute!(io::stdout(), Show);
}

fn refused(error: io::Error) -> Error {
    Error::io("the terminal", "use", error)
}

impl Face {
    fn ask(&mut self, desk: &Desk, terminal: &mut DefaultTerminal) -> Result<()> {
        loop {
            let next = desk.next(ANNOTATOR)?;
            self.see(&next);
            let status = desk.status();
            let draw = |frame: &mut ratatui::Frame<'_>| self.draw(frame, &next, &status);
            terminal.draw(draw).map_err(refused)?;
            let patience = if matches!(next, Next::Wait(_)) { SOON } else { REFRESH };
            if !event::poll(patience).map_err(refused)? {
                continue;
            }
            if let Event::Key(key) = event::read().map_err(refused)?
                && key.kind != KeyEventKind::Release
                && !self.press(desk, key)?
            {
                return Ok(());
            }
        }
    }

    /// Begins to count when a question is seen for the first time.
    fn see(&mut self, next: &Next) {
        let Next::Question(shown) = next else {
            self.shown = None;
            return;
        };
        if self.shown.as_ref().is_none_or(|seen| seen.shown != **shown) {
            (self.note, self.writing, self.scroll) = (None, false, Scroll::default());
            self.shown = Some(Seen { shown: (**shown).clone(), since: Instant::now() });
        }
    }

    /// Does what a key asks for; whether there is more to ask.
    fn press(&mut self, desk: &Desk, key: KeyEvent) -> Result<bool> {
        let is_break = key.modifiers.contains(KeyModifiers::CONTROL)
            && [KeyCode::Char('c'), KeyCode::Char('d')].contains(&key.code);
        if is_break {
            return Ok(false);
        }
        if self.writing {
            self.write(key.code);
            return Ok(true);
        }
        match act(key.code) {
            None => {}
            Some(Act::Quit) => return Ok(false),
            Some(Act::Answer(answer)) => self.answer(desk, answer),
            Some(Act::Undo) => {
                self.message = match desk.undo(ANNOTATOR) {
                    Ok(Undone::Question(_)) => "taken back: answer it again".to_owned(),
                    Ok(Undone::Nothing) => "nothing to take back in this batch".to_owned(),
                    Err(error) => error.to_string(),
                };
            }
            Some(Act::Note) => self.writing = self.shown.is_some(),
            Some(Act::Scroll(lines)) => self.scroll.by(lines),
            Some(Act::Page(screens)) => self.scroll.by_screens(screens),
            Some(Act::Other) => self.scroll.turn(),
        }
        Ok(true)
    }

    /// Answers the question that is shown. What cannot be recorded may be tried again.
    fn answer(&mut self, desk: &Desk, answer: Answer) {
        let Some(Seen { shown, since }) = &self.shown else {
            return;
        };
        let (seconds, note) = (since.elapsed().as_secs_f64(), self.note.clone());
        let recorded = desk.answer(shown.id, ANNOTATOR, &Reply { answer, seconds, note });
        self.message = match recorded {
            Ok(Outcome::Recorded) => format!("question {}: {}", shown.place, told(answer)),
            Ok(Outcome::AnsweredBefore | Outcome::NoSuchQuestion) => "answered already".to_owned(),
            Err(error) => error.to_string(),
        };
    }

    /// Writes a note.
    fn write(&mut self, key: KeyCode) {
        let note = self.note.get_or_insert_default();
        match key {
            KeyCode::Char(character) if note.chars().count() < LONGEST_NOTE => note.push(character),
            KeyCode::Backspace => drop(note.pop()),
            KeyCode::Enter => self.writing = false,
            KeyCode::Esc => (self.writing, self.note) = (false, None),
            _ => {}
        }
        self.note.take_if(|note| note.is_empty() && !self.writing);
    }
}

/// What an answer says of the replies as they stand.
fn told(answer: Answer) -> &'static str {
    match answer {
        Answer::First => "the first is better",
        Answer::Second => "the second is better",
        Answer::Tie => "a tie",
        Answer::Skip => "skipped",
        Answer::BothBad => "both are bad",
    }
}

fn act(key: KeyCode) -> Option<Act> {
    Some(match key {
        KeyCode::Char('1') | KeyCode::Left => Act::Answer(Answer::First),
        KeyCode::Char('2') | KeyCode::Right => Act::Answer(Answer::Second),
        KeyCode::Char('0') => Act::Answer(Answer::Tie),
        KeyCode::Char('s') => Act::Answer(Answer::Skip),
        KeyCode::Char('b') => Act::Answer(Answer::BothBad),
        KeyCode::Char('u') => Act::Undo,
        KeyCode::Char('n') => Act::Note,
        KeyCode::Up => Act::Scroll(-1),
        KeyCode::Down => Act::Scroll(1),
        KeyCode::PageUp => Act::Page(-1),
        KeyCode::PageDown | KeyCode::Char(' ') => Act::Page(1),
        KeyCode::Tab => Act::Other,
        KeyCode::Char('q') => Act::Quit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_written_kept_and_thrown_away() {
        let mut face = Face { writing: true, ..Face::default() };
        for key in ['a', 'b', '1'] {
            face.write(KeyCode::Char(key));
        }
        face.write(KeyCode::Backspace);
        face.write(KeyCode::Enter);
        assert_eq!((face.note.as_deref(), face.writing), (Some("ab"), false));
        face.writing = true;
        face.write(KeyCode::Esc);
        assert_eq!((face.note, face.writing), (None, false));
    }

    /// Not a test: what the next one runs in a terminal.
    #[test]
    #[ignore = "panics while it has the screen"]
    fn panic_on_the_screen() {
        on_screen(|terminal| {
            terminal.draw(|frame| frame.render_widget("a question", frame.area())).unwrap();
            panic!("on purpose");
        })
        .unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_panic_gives_the_terminal_back_and_is_told() {
        use std::env::current_exe;
        use std::io::Read;
        use std::num::NonZeroU16;

        use pty_process::Size;
        use pty_process::blocking::{Command, open};

        let (mut pty, other) = open().unwrap();
        pty.resize(Size::new(24, 80)).unwrap();
        let script = "\"$0\" \"$@\" >/dev/tty 2>&1; stty -a";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(current_exe().unwrap())
            .args(["--exact", "cli::terminal::tests::panic_on_the_screen", "--ignored"])
            .args(["--nocapture", "--test-threads", "1"])
            .env("RUST_BACKTRACE", "0")
            .env("TERM", "xterm-256color")
            .spawn(other)
            .unwrap();
        let [rows, columns] = [24, 80].map(|size| NonZeroU16::new(size).unwrap());
        let mut parser = vt100::Parser::new(rows, columns, 0);
        let (mut bytes, mut was_taken) = ([0; 4096], false);
        // The system reports an error once the other end is closed.
        while let Ok(read @ 1..) = pty.read(&mut bytes) {
            for byte in &bytes[..read] {
                parser.process(&[*byte]);
                was_taken |= parser.screen().alternate_screen();
            }
        }
        child.wait().unwrap();
        let (screen, text) = (parser.screen(), parser.screen().contents());
        assert!(was_taken && !screen.alternate_screen(), "{text}");
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(text.contains("on purpose"), "{text}");
        // What is typed shows again, and comes a line at a time.
        assert!(text.contains(" echo ") && text.contains(" icanon "), "{text}");
    }
}
