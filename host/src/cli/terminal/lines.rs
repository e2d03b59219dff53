//! Text broken into lines of a width.

use std::mem;

use ratatui::style::Style;
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
    let (mut lines, mut last, mut has) = (Vec::new(), String::new(), 0);
    for word in line.split_inclusive(' ') {
        if has > 0 && has + width(word.trim_end_matches(' ')) > columns {
            lines.push(mem::take(&mut last));
            has = 0;
        }
        // By what is drawn as one: a letter with all its marks, an emoji of several characters.
        for cluster in Span::raw(word).styled_graphemes(Style::new()) {
            let fits = width(cluster.symbol) <= columns;
            for part in cluster.symbol.split_inclusive(|_| !fits) {
                let own = width(part);
                if has + own > columns {
                    // A blank at the end of a line need not be seen.
                    if part == " " {
                        continue;
                    }
                    lines.push(mem::take(&mut last));
                    has = 0;
                }
                last.push_str(part);
                has += own;
            }
        }
    }
    lines.push(last);
    lines
}

/// A text in lines, which are broken anew only where their width changes.
#[derive(Default)]
pub(super) struct Wrapped {
    columns: Option<usize>,
    lines: Vec<String>,
}

impl Wrapped {
    /// The lines of a text, always the same one, in so many columns.
    pub(super) fn of(&mut self, text: &str, columns: usize) -> &[String] {
        if self.columns != Some(columns) {
            *self = Self { columns: Some(columns), lines: wrapped(text, columns) };
        }
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn lines_break_between_words_and_long_words_anywhere() {
        assert_eq!(wrapped("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrapped("one two", 7), ["one two"]);
        assert_eq!(wrapped("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("a\n\nb", 9), ["a", "", "b"]);
        assert_eq!(wrapped("", 9), [""]);
        // What is drawn as one stays together where there is room for it, and is seen where there is not.
        assert_eq!(wrapped("aa\u{2764}\u{fe0f}", 3), ["aa", "\u{2764}\u{fe0f}"]);
        let syllable = format!("\u{915}{}", "\u{93e}".repeat(7));
        assert_eq!(wrapped(&syllable, 4).concat(), syllable);
        // Wide characters take two columns.
        assert_eq!(wrapped("漢字漢字", 5), ["漢字", "漢字"]);
        for columns in 0..12 {
            let text = "ein Satz mit lääängeren Wörtern\tund \u{1b}[31m Zeichen 漢字 \u{915}\u{93e}\u{93e}\u{93e}";
            let lines = wrapped(text, columns);
            assert!(lines.iter().all(|line| width(line) <= columns.max(2)), "{lines:?}");
        }
    }

    /// What nobody sees costs no more than what is seen.
    #[test]
    fn marks_without_width_take_time_in_proportion() {
        for marks in ["\u{301}", "\u{200b}", "a\u{301}", "\u{1f469}\u{200d}"] {
            let text = marks.repeat(100_000);
            let began = Instant::now();
            let lines = wrapped(&text, 40);
            assert_eq!(lines.concat(), text);
            let taken = began.elapsed();
            assert!(taken < Duration::from_secs(5), "{marks:?}: {taken:?}");
        }
    }

    #[test]
    fn lines_stay_until_the_width_changes() {
        let mut text = Wrapped::default();
        assert_eq!(text.of("one two", 9), ["one two"]);
        assert_eq!(text.of("", 9), ["one two"], "the text of a question stays");
        assert_eq!(text.of("one two", 4), ["one ", "two"]);
    }
}
