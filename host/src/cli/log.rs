//! What reaches a terminal: lines on stderr, and text in which nothing is left that a terminal would
//! obey. File names, and what files hold, may have anything in them.

use std::borrow::Cow;
use std::io::Write;

use anstyle::{AnsiColor, Style};

use crate::error::is_obeyed;

/// What a line begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    style: Style,
    word: &'static str,
}

/// Before an error.
pub(super) const ERROR: Mark = Mark { style: AnsiColor::Red.on_default().bold(), word: "error: " };

/// Before a note.
pub(super) const NOTE: Mark = Mark { style: AnsiColor::Yellow.on_default().bold(), word: "note: " };

/// Before anything else.
pub(super) const PLAIN: Mark = Mark { style: Style::new(), word: "" };

/// Writes a line to stderr. anstream leaves colours out where that is no terminal or `NO_COLOR` is
/// set. If it is closed, nobody is there to be told so.
pub(super) fn log(mark: Mark, message: &str) {
    let Mark { style, word } = mark;
    let _ = writeln!(anstream::stderr(), "{style}{word}{style:#}{}", harmless(message));
}

/// A text whose lines a terminal shows as they stand.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, |character| character.escape_default().to_string())
}

/// The same of JSON, in which the escapes are JSON's: outside its strings is nothing to escape.
pub(super) fn harmless_json(json: &str) -> Cow<'_, str> {
    escaped(json, |character| format!("\\u{:04x}", u32::from(character)))
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    let harmful = |character: char| is_obeyed(character) && !['\n', '\t'].contains(&character);
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let shown = |character| match harmful(character) {
        true => escape(character),
        false => character.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::{harmless, harmless_json};

    #[test]
    fn what_a_terminal_would_obey_is_told_by_its_number() {
        assert_eq!(harmless("two\n\tlines – ψ"), "two\n\tlines – ψ");
        let hostile = "a\u{1b}[2J\r\u{7f}\u{9b}31m\u{202e}b";
        assert_eq!(harmless(hostile), "a\\u{1b}[2J\\r\\u{7f}\\u{9b}31m\\u{202e}b");
        let json = serde_json::to_string_pretty(&[hostile]).unwrap();
        let shown = harmless_json(&json).into_owned();
        assert!(!shown.contains(|c: char| c != '\n' && crate::error::is_obeyed(c)), "{shown}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&shown).unwrap(), [hostile]);
    }
}
