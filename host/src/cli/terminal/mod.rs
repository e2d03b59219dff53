//! `pairpick label` in the terminal: it shows what the desk says and passes on which key was pressed;
//! all else is the desk's.

mod lines;
mod screen;
mod view;

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use self::lines::Wrapped;
pub(super) use self::screen::leave;
use self::screen::{on_screen, refused};
use self::view::Scroll;
use crate::error::{Result, SessionError};
use crate::session::{Answer, Desk, Next, Reply, Shown};

/// The number of the one person who answers here.
pub(super) const ANNOTATOR: u32 = 1;

/// How long nothing need be pressed before the screen is drawn anew: the background goes on.
const REFRESH: Duration = Duration::from_millis(250);

/// The same while a batch is waited for.
const SOON: Duration = Duration::from_millis(20);

/// A key so soon after a question came was meant for the one before; so soon after another key, it is held
/// down or pasted.
const TOO_SOON: Duration = Duration::from_millis(150);

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
    /// When the last key was pressed.
    pressed: Option<Instant>,
    /// What became of it.
    message: String,
}

/// A question, and since when somebody has seen it.
struct Seen {
    shown: Shown,
    since: Instant,
    /// Its prompt and its replies, broken into lines.
    texts: [Wrapped; 3],
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

impl Face {
    fn ask(&mut self, desk: &Desk, terminal: &mut DefaultTerminal) -> Result<()> {
        loop {
            let next = desk.next(ANNOTATOR)?;
            let is_new = self.see(&next);
            let status = desk.status();
            let draw = |frame: &mut ratatui::Frame<'_>| self.draw(frame, &next, &status);
            terminal.draw(draw).map_err(refused)?;
            if let Some(seen) = self.shown.as_mut().filter(|_| is_new) {
                seen.since = Instant::now();
            }
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

    /// Takes what is to be shown; whether it is a question that was not shown before.
    fn see(&mut self, next: &Next) -> bool {
        let Next::Question(shown) = next else {
            self.shown = None;
            return false;
        };
        let is_new = self.shown.as_ref().is_none_or(|seen| seen.shown != **shown);
        if is_new {
            (self.note, self.writing, self.scroll) = (None, false, Scroll::default());
            let (shown, texts) = ((**shown).clone(), Default::default());
            self.shown = Some(Seen { shown, since: Instant::now(), texts });
        }
        is_new
    }

    /// Does what a key asks for; whether there is more to ask.
    fn press(&mut self, desk: &Desk, key: KeyEvent) -> Result<bool> {
        let before = self.pressed.replace(Instant::now());
        if self.writing && !is_break(key) {
            if is_text(key) {
                self.write(key.code);
            }
            return Ok(true);
        }
        match act(key) {
            None => {}
            Some(Act::Quit) => return Ok(false),
            Some(Act::Answer(answer)) => self.answer(desk, answer, before),
            Some(Act::Undo) => self.message = told(desk.undo(ANNOTATOR)),
            Some(Act::Note) => self.writing = self.shown.is_some(),
            Some(Act::Scroll(lines)) => self.scroll.by(lines),
            Some(Act::Page(screens)) => self.scroll.by_screens(screens),
            Some(Act::Other) => self.scroll.turn(),
        }
        Ok(true)
    }

    /// Answers the question that is shown, unless the key came too soon, after another one before. What
    /// cannot be recorded may be tried again.
    fn answer(&mut self, desk: &Desk, answer: Answer, before: Option<Instant>) {
        let Some(Seen { shown, since, .. }) = &self.shown else {
            return;
        };
        if is_too_soon(*since, before) {
            self.message = "That key came too soon, and counts for nothing.".to_owned();
            return;
        }
        let (seconds, note) = (since.elapsed().as_secs_f64(), self.note.clone());
        let recorded = desk.answer(shown.id, ANNOTATOR, &Reply { answer, seconds, note });
        self.message = told(recorded.map(|outcome| outcome.told(answer)));
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

/// What came of something, or why it did not.
fn told(done: Result<impl ToString>) -> String {
    done.map_or_else(|error| error.to_string(), |done| done.to_string())
}

/// Whether a question has just come, or the key before.
fn is_too_soon(since: Instant, pressed: Option<Instant>) -> bool {
    [Some(since), pressed].into_iter().flatten().any(|at| at.elapsed() < TOO_SOON)
}

/// What is held down beside a key, and asks for something else than the key alone.
fn held(key: KeyEvent) -> KeyModifiers {
    key.modifiers - KeyModifiers::SHIFT
}

/// Ctrl-C and Ctrl-D.
fn is_break(key: KeyEvent) -> bool {
    let ends = [KeyCode::Char('c'), KeyCode::Char('d')].contains(&key.code);
    held(key) == KeyModifiers::CONTROL && ends
}

/// Whether a key belongs to a text; some systems tell AltGr as Ctrl and Alt.
fn is_text(key: KeyEvent) -> bool {
    let alt_gr = KeyModifiers::CONTROL | KeyModifiers::ALT;
    held(key).is_empty() || held(key) == alt_gr
}

fn act(key: KeyEvent) -> Option<Act> {
    if is_break(key) {
        return Some(Act::Quit);
    }
    if !held(key).is_empty() {
        return None;
    }
    Some(match key.code {
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

    fn press(code: KeyCode, modifiers: KeyModifiers) -> Option<Act> {
        act(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn keys_with_modifiers_answer_nothing() {
        let skips = Some(Act::Answer(Answer::Skip));
        assert_eq!(press(KeyCode::Char('s'), KeyModifiers::NONE), skips);
        for held in [KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::all()] {
            for key in ['1', '2', '0', 's', 'b', 'u', 'n', 'q', ' '] {
                assert_eq!(press(KeyCode::Char(key), held), None, "{held} {key}");
            }
            assert_eq!(press(KeyCode::Left, held), None, "{held}");
        }
        for key in ['c', 'd'] {
            assert_eq!(press(KeyCode::Char(key), KeyModifiers::CONTROL), Some(Act::Quit));
            assert_eq!(press(KeyCode::Char(key), KeyModifiers::ALT), None);
        }
        // A digit of keyboards that have it behind Shift.
        assert!(press(KeyCode::Char('1'), KeyModifiers::SHIFT).is_some());
    }

    #[test]
    fn what_is_held_with_ctrl_or_alt_is_no_letter_of_a_note() {
        let letter = |held| is_text(KeyEvent::new(KeyCode::Char('@'), held));
        assert!(letter(KeyModifiers::NONE) && letter(KeyModifiers::SHIFT));
        assert!(!letter(KeyModifiers::CONTROL) && !letter(KeyModifiers::ALT));
        // AltGr, as some systems tell it.
        assert!(letter(KeyModifiers::CONTROL | KeyModifiers::ALT));
    }

    #[test]
    fn a_key_is_too_soon_after_the_question_came_or_after_another_key() {
        let (now, long_ago) = (Instant::now(), Instant::now().checked_sub(TOO_SOON));
        let cases = [(Some(now), None), (Some(now), long_ago), (long_ago, Some(now))];
        for (since, pressed) in cases {
            assert!(is_too_soon(since.unwrap(), pressed), "{since:?} {pressed:?}");
        }
        assert!(!is_too_soon(long_ago.unwrap(), None));
        assert!(!is_too_soon(long_ago.unwrap(), long_ago));
    }
}
