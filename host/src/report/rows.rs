//! [`Rows`]: numbers with their intervals, a row each, to be read beside each other.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::panels::{FONT, GRID, INK, pixels};
use super::ticks::Axis;
use crate::error::{Error, Result};

/// The colour of what others are beside.
pub(super) const REFERENCE: RGBColor = RGBColor(110, 110, 110);

/// A number with its interval.
pub(super) struct Row {
    /// What it is one of; said once for those that follow each other.
    pub group: String,
    /// What it is of.
    pub name: String,
    pub colour: RGBColor,
    pub at: f64,
    /// Whether it is no more than a bound, which is drawn hollow.
    pub is_bound: bool,
    pub low: f64,
    pub high: f64,
    /// What stands behind it.
    pub text: String,
}

/// A picture of rows.
pub(super) struct Rows<'a> {
    /// Above all of them.
    pub title: &'a str,
    /// Below their axis.
    pub below: &'a str,
    pub rows: Vec<Row>,
    pub axis: Axis,
    /// A place that is marked, and what it is.
    pub mark: Option<(f64, String)>,
}

/// Pixels: of the picture across, right of its axis, of a row, above and below all rows, of a letter.
const WIDTH: i32 = 930;
const RIGHT: i32 = 210;
const ROW: i32 = 30;
const ENDS: (i32, i32) = (62, 58);
const LETTER: i32 = 8;

impl Rows<'_> {
    /// The text of its file.
    pub fn svg(&self) -> Result<String> {
        let mut svg = String::new();
        self.draw(&mut svg).map_err(|problem| Error::Drawing { problem })?;
        Ok(svg)
    }

    /// Where groups end, and where names do and the axis begins.
    fn left(&self) -> (i32, i32) {
        let room = |of: fn(&Row) -> &String| {
            let longest = self.rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0);
            LETTER * pixels(longest)
        };
        let groups = room(|row| &row.group);
        (groups + 12, groups + 12 + room(|row| &row.name) + 24)
    }

    fn draw(&self, svg: &mut String) -> Result<(), String> {
        let height = ENDS.0 + ROW * pixels(self.rows.len()) + ENDS.1;
        let area = SVGBackend::with_string(svg, (WIDTH as u32, height as u32)).into_drawing_area();
        area.fill(&WHITE).map_err(|error| error.to_string())?;
        let (groups, left) = self.left();
        let (axis, right) = (&self.axis, WIDTH - RIGHT);
        let x = |value: f64| {
            let share = (value - axis.low) / (axis.high - axis.low);
            left + (share * f64::from(right - left)) as i32
        };
        let text = |text: &str, place: (i32, i32), across, colour: &RGBColor, size: i32| {
            let text = Text::new(text.to_owned(), place, text_style(colour, across, size));
            area.draw(&text).map_err(|error| error.to_string())
        };
        let line = |from: (i32, i32), to: (i32, i32), style: ShapeStyle| {
            area.draw(&PathElement::new([from, to], style)).map_err(|error| error.to_string())
        };
        text(self.title, (WIDTH / 2, 16), HPos::Center, &INK, 20)?;
        let (top, bottom) = (ENDS.0 - 6, height - ENDS.1 + 6);
        for tick in &axis.ticks {
            line((x(*tick), top), (x(*tick), bottom), GRID.stroke_width(1))?;
            text(&axis.label(*tick), (x(*tick), bottom + 14), HPos::Center, &INK, 13)?;
        }
        text(self.below, ((left + right) / 2, bottom + 34), HPos::Center, &INK, 14)?;
        if let Some((place, name)) = &self.mark {
            line((x(*place), top), (x(*place), bottom), REFERENCE.stroke_width(2))?;
            text(name, (x(*place), top - 10), HPos::Center, &REFERENCE, 13)?;
        }
        let mut group = "";
        for (place, row) in (0..).zip(&self.rows) {
            let y = ENDS.0 + ROW * place + ROW / 2;
            if row.group != group {
                group = &row.group;
                text(group, (groups, y), HPos::Right, &INK, 14)?;
                line((12, y - ROW / 2), (WIDTH - 12, y - ROW / 2), GRID.stroke_width(1))?;
            }
            text(&row.name, (left - 12, y), HPos::Right, &INK, 14)?;
            line((x(row.low), y), (x(row.high), y), row.colour.stroke_width(3))?;
            let inside = if row.is_bound { WHITE } else { row.colour };
            for style in [inside.filled(), row.colour.stroke_width(2)] {
                let dot = Circle::new((x(row.at), y), 5, style);
                area.draw(&dot).map_err(|error| error.to_string())?;
            }
            text(&row.text, (right + 16, y), HPos::Left, &INK, 14)?;
        }
        area.present().map_err(|error| error.to_string())
    }
}

fn text_style(colour: &RGBColor, across: HPos, size: i32) -> TextStyle<'_> {
    let style = TextStyle::from((FONT, size).into_font()).color(colour);
    style.pos(Pos::new(across, VPos::Center))
}
