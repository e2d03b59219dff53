//! Texts that nobody vouches for, for a terminal.

use crate::error::is_obeyed;

/// The text with every character visible that a terminal would obey, but for line breaks: control
/// characters and those that turn the direction of writing stand as their code, `\u{202e}`; a tab is
/// four blanks.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' => shown.push('\n'),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\t' => shown.push_str("    "),
            obeyed if is_obeyed(obeyed) => shown.extend(obeyed.escape_unicode()),
            other => shown.push(other),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_a_terminal_would_obey_is_seen_and_lines_stay() {
        assert_eq!(printable("a\r\nb\tc\rd"), "a\nb    c\\u{d}d");
        assert_eq!(printable("\u{1b}[2J\u{202e}x\u{9b}"), "\\u{1b}[2J\\u{202e}x\\u{9b}");
        assert_eq!(printable("<script>äß漢"), "<script>äß漢");
    }
}
