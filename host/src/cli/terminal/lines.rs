//! Text broken into lines of a width.

use ratatui::text::Span;

use crate::session::printable;

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text that nobody vouches for in lines of at most so many columns, broken between words where that
/// can be.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    printable(text).split('\n').flat_map(|line| wrapped_line(line, columns)).collect()
}

fn wrapped_line(line: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split_inclusive(' ') {
        let has = lines.last().map_or(0, |last| width(last));
        if has > 0 && has + width(word.trim_end_matches(' ')) > columns {
            lines.push(String::new());
        }
        for character in word.chars() {
            let mut buffer = [0; 4];
            let own = width(character.encode_utf8(&mut buffer));
            let has = lines.last().map_or(0, |last| width(last));
            if has + own > columns {
                // A blank at the end of a line need not be seen.
                if character == ' ' {
                    continue;
                }
                lines.push(String::new());
            }
            if let Some(last) = lines.last_mut() {
                last.push(character);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_long_words_anywhere() {
        assert_eq!(wrapped("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrapped("one two", 7), ["one two"]);
        assert_eq!(wrapped("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("a\n\nb", 9), ["a", "", "b"]);
        assert_eq!(wrapped("", 9), [""]);
        // Wide characters take two columns.
        assert_eq!(wrapped("漢字漢字", 5), ["漢字", "漢字"]);
        for columns in 0..12 {
            let text = "ein Satz mit lääängeren Wörtern\tund \u{1b}[31m Zeichen 漢字";
            let lines = wrapped(text, columns);
            assert!(lines.iter().all(|line| width(line) <= columns.max(2)), "{lines:?}");
        }
    }
}
