//! What the screen looks like: a title, the prompt, both replies side by side, or stacked where it is
//! narrow, how things stand, and the keys.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph};

use super::lines::{width, wrapped};
use super::{Face, Seen};
use crate::session::{Next, Shown, Status, printable};

/// Columns from which replies stand side by side.
const WIDE: u16 = 72;

/// Rows of the frame around a text.
const FRAME: u16 = 2;

/// Rows of the replies that everything else leaves.
const REPLIES: u16 = 6;

/// Keys, the ones that are needed most first.
const KEYS: [&str; 9] = [
    "1 first",
    "2 second",
    "0 tie",
    "s skip",
    "b bad",
    "u undo",
    "n note",
    "q quit",
    "\u{2191}\u{2193} scroll",
];

/// How far the texts are scrolled.
#[derive(Debug, Default)]
pub(super) struct Scroll {
    /// Lines of the prompt, and of the replies, that are above what is seen.
    above: [usize; 2],
    /// How many can be, as they were drawn.
    most: [usize; 2],
    /// Rows that are seen of each.
    rows: [usize; 2],
    /// Whether it is the prompt that keys scroll.
    prompt: bool,
}

impl Scroll {
    /// Scrolls by so many lines.
    pub(super) fn by(&mut self, lines: i32) {
        let place = self.place();
        let moved = self.above[place].saturating_add_signed(lines as isize);
        self.above[place] = moved.min(self.most[place]);
    }

    /// Scrolls by so many screens, of which a line stays.
    pub(super) fn by_screens(&mut self, screens: i32) {
        let rows = self.rows[self.place()].saturating_sub(1).max(1);
        self.by(screens.saturating_mul(i32::try_from(rows).unwrap_or(1)));
    }

    /// Scrolls the other text from now on.
    pub(super) fn turn(&mut self) {
        self.prompt = !self.prompt;
    }

    fn place(&self) -> usize {
        usize::from(!self.prompt)
    }

    /// What is drawn: so many lines in so many rows.
    fn fit(&mut self, place: usize, lines: usize, rows: u16) {
        let rows = usize::from(rows);
        (self.most[place], self.rows[place]) = (lines.saturating_sub(rows), rows);
        self.above[place] = self.above[place].min(self.most[place]);
    }
}

/// A text in a frame.
struct Framed<'a> {
    title: &'a str,
    lines: &'a [String],
    /// Of the scroll, which of the two it is.
    place: usize,
}

impl Face {
    pub(super) fn draw(&mut self, frame: &mut Frame<'_>, next: &Next, status: &Status) {
        let area = frame.area();
        let below = self.below(status, area);
        let constraints =
            [Constraint::Length(1), Constraint::Min(0), Constraint::Length(below.len() as u16)];
        let [title, middle, bottom] = Layout::vertical(constraints).areas(area);
        frame.render_widget(Paragraph::new(title_of(next)).style(REVERSED), title);
        frame.render_widget(Paragraph::new(below), bottom);
        match (&mut self.shown, next) {
            (Some(seen), Next::Question(_)) => self.scroll.draw_question(frame, middle, seen),
            _ => {
                let lines = wrapped(&without_question(next), middle.width.into());
                let lines: Vec<Line<'_>> = lines.into_iter().map(Line::from).collect();
                frame.render_widget(Paragraph::new(lines).centered(), middle);
            }
        }
    }

    /// How things stand, what became of the last key, and the keys.
    fn below(&self, status: &Status, area: Rect) -> Vec<Line<'static>> {
        let columns = usize::from(area.width);
        let mut lines = Vec::new();
        for line in status.lines() {
            lines.extend(wrapped(&format!("{}: {}", line.name, line.text), columns));
        }
        // The question comes first where the screen is low.
        lines.truncate(usize::from(area.height / 3).max(1));
        let mut lines: Vec<Line<'static>> = lines.into_iter().map(Line::from).collect();
        let last = match (&self.note, self.writing) {
            (note, true) => {
                let note = note.as_deref().unwrap_or_default();
                end_of(&format!("note (Enter keeps it, Esc not): {}_", printable(note)), columns)
            }
            (Some(note), false) => cut(&format!("note: {}", printable(note)), columns),
            (None, false) => cut(&self.message, columns),
        };
        lines.push(Line::from(last).style(Style::new().add_modifier(Modifier::BOLD)));
        lines.push(Line::from(keys(columns)).style(REVERSED));
        lines
    }
}

impl Scroll {
    fn draw_question(&mut self, frame: &mut Frame<'_>, area: Rect, seen: &mut Seen) {
        let Seen { shown, texts: [prompt, left, right], .. } = seen;
        let inner = |width: u16| usize::from(width.saturating_sub(FRAME));
        let prompt = shown.prompt.as_deref().map(|text| prompt.of(text, inner(area.width)));
        let rows = prompt.map_or(0, |lines| {
            let most =
                (area.height / 3).max(area.height.saturating_sub(2 * REPLIES)).max(1 + FRAME);
            u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(FRAME).min(most)
        });
        let [top, replies] =
            Layout::vertical([Constraint::Length(rows), Constraint::Min(0)]).areas(area);
        if let Some(lines) = prompt {
            self.draw_text(frame, top, Framed { title: " prompt ", lines, place: 0 });
        }
        let halves = [Constraint::Fill(1), Constraint::Fill(1)];
        let areas: [Rect; 2] = match replies.width >= WIDE {
            true => Layout::horizontal(halves).areas(replies),
            false => Layout::vertical(halves).areas(replies),
        };
        let [first, second] = areas;
        let texts = [
            (first, " 1 ", left.of(&shown.left, inner(first.width))),
            (second, " 2 ", right.of(&shown.right, inner(second.width))),
        ];
        let longest = texts.iter().map(|(_, _, lines)| lines.len()).fold(0, usize::max);
        let rows = first.height.min(second.height).saturating_sub(FRAME);
        self.fit(1, longest, rows);
        for (area, title, lines) in texts {
            self.draw_text(frame, area, Framed { title, lines, place: 1 });
        }
    }

    /// Draws a text, and at its lower edge whether there is more of it.
    fn draw_text(&mut self, frame: &mut Frame<'_>, area: Rect, text: Framed<'_>) {
        let Framed { title, lines, place } = text;
        let rows = area.height.saturating_sub(FRAME);
        if place == 0 {
            self.fit(0, lines.len(), rows);
        }
        let above = self.above[place].min(lines.len());
        let below = lines.len().saturating_sub(above).saturating_sub(rows.into());
        let mut block = Block::bordered().title(title);
        if self.place() == place && self.most[0] > 0 {
            block = block.border_style(Style::new().add_modifier(Modifier::BOLD));
        }
        if above > 0 || below > 0 {
            let more = format!(" {above} lines above, {below} below ");
            block = block.title_bottom(Line::from(more).right_aligned());
        }
        let seen: Vec<Line<'_>> =
            lines.iter().skip(above).take(rows.into()).map(|line| Line::from(&**line)).collect();
        frame.render_widget(Paragraph::new(seen).block(block), area);
    }
}

const REVERSED: Style = Style::new().add_modifier(Modifier::REVERSED);

fn title_of(next: &Next) -> String {
    match next {
        Next::Question(shown) => {
            let Shown { round, place, batch, .. } = **shown;
            format!(" pairpick: which reply is better? question {place} of {batch}, batch {round}")
        }
        Next::Wait(_) | Next::Ended(_) => " pairpick".to_owned(),
    }
}

/// What is shown in the place of a question.
fn without_question(next: &Next) -> String {
    let text = match next {
        Next::Question(_) => String::new(),
        Next::Wait(waiting) => waiting.to_string(),
        Next::Ended(ending) => ending.to_string(),
    };
    format!("\n{text}")
}

/// As many keys as there is room for.
fn keys(columns: usize) -> String {
    let mut text = String::new();
    for key in KEYS {
        let longer = format!("{text} {key} ");
        if width(&longer) > columns {
            break;
        }
        text = longer;
    }
    text
}

/// The beginning of a text, where it is too long.
fn cut(text: &str, columns: usize) -> String {
    let text = printable(text).replace('\n', " ");
    match wrapped(&text, columns.saturating_sub(1)) {
        lines if lines.len() > 1 => format!("{}…", lines[0].trim_end()),
        _ => text,
    }
}

/// The end of a text, where it is too long.
fn end_of(text: &str, columns: usize) -> String {
    let mut characters = text.replace('\n', " ").chars().rev().take(columns).collect::<Vec<_>>();
    characters.reverse();
    let mut end: String = characters.into_iter().collect();
    while width(&end) > columns {
        end.remove(0);
    }
    end
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::digest::HexDigest;
    use crate::session::{Agreement, QuestionId, Share, Waiting};

    fn shown(prompt: &str, left: &str, right: &str) -> Next {
        Next::Question(Box::new(Shown {
            id: QuestionId(1),
            round: 1,
            place: 3,
            batch: 20,
            prompt: Some(prompt.to_owned()),
            left: left.to_owned(),
            right: right.to_owned(),
        }))
    }

    fn screen(face: &mut Face, next: &Next, columns: u16, rows: u16) -> String {
        face.see(next);
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| face.draw(frame, next, &Status::default())).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn replies_stand_side_by_side_and_stacked_where_it_is_narrow() {
        let next = shown("Why?", "left reply", "right reply");
        let wide = screen(&mut Face::default(), &next, 80, 24);
        let side_by_side = |line: &str| line.contains("left reply") && line.contains("right reply");
        assert!(wide.lines().any(side_by_side), "{wide}");
        let narrow = screen(&mut Face::default(), &next, 40, 24);
        assert!(!narrow.lines().any(side_by_side), "{narrow}");
        assert!(narrow.contains("left reply") && narrow.contains("right reply"), "{narrow}");
    }

    #[test]
    fn long_texts_scroll_to_their_ends_and_no_farther() {
        let long: String = (0..60).map(|line| format!("line {line}\n")).collect();
        let next = shown(&long, &long, "short");
        let mut face = Face::default();
        let first = screen(&mut face, &next, 80, 24);
        assert!(first.contains("lines above") && !first.contains("line 59"), "{first}");
        face.scroll.by(1000);
        let last = screen(&mut face, &next, 80, 24);
        assert!(last.contains("line 59") && last.contains(", 0 below"), "{last}");
        face.scroll.by_screens(-100);
        assert_eq!(screen(&mut face, &next, 80, 24), first);
        face.scroll.turn();
        face.scroll.by(1000);
        let prompt = screen(&mut face, &next, 80, 24);
        assert!(prompt.lines().take(8).any(|line| line.contains("line 59")), "{prompt}");
    }

    /// On the usual screen, however much else there is to say.
    #[test]
    fn what_has_stopped_the_work_is_seen() {
        let share = Share { part: 14, whole: 20 };
        let agreement = Agreement { alike: share, kappa: Some(0.4) };
        let status = Status {
            failed: Some("cannot record the model".to_owned()),
            confidence: Some(0.6),
            model: Some((1, HexDigest(7))),
            left_preferred: share,
            longer_preferred: share,
            with_oneself: agreement,
            between_people: agreement,
            ..Status::default()
        };
        let (mut face, next) = (Face::default(), shown("Why?", "left", "right"));
        face.see(&next);
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| face.draw(frame, &next, &status)).unwrap();
        let screen = terminal.backend().to_string();
        assert!(screen.contains("stopped: cannot record the model"), "{screen}");
    }

    /// Nothing of a hostile text reaches the terminal as it is, and no size of it panics.
    #[test]
    fn hostile_texts_are_seen_and_any_size_is_drawn() {
        let hostile = "\u{1b}]0;title\u{7}\u{1b}[2J\u{202e}evil\u{0}\u{9b}31m\r\n<script>";
        let next = shown(hostile, hostile, hostile);
        let wide = screen(&mut Face::default(), &next, 120, 40);
        assert!(wide.contains("\\u{1b}[2J\\u{202e}evil"), "{wide}");
        assert!(
            !wide.contains(|character| character != '\n' && crate::error::is_obeyed(character))
        );
        for columns in [1, 2, 3, 10, 71, 72] {
            for rows in [1, 2, 3, 5, 8] {
                screen(&mut Face::default(), &next, columns, rows);
                screen(&mut Face::default(), &Next::Wait(Waiting::Batch), columns, rows);
            }
        }
    }
}
