//! A screen as a picture.

use std::fmt::Write;

use vt100::{Cell, Screen};

/// Pixels of a column and a row.
const COLUMN: f32 = 8.4;
const ROW: f32 = 17.0;

/// The screen in SVG, a line of it a text.
pub fn svg(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) = (f32::from(columns) * COLUMN, f32::from(rows) * ROW);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-8 -8 {} {}\" font-family=\"monospace\" \
         font-size=\"14\">\n<rect x=\"-8\" y=\"-8\" width=\"100%\" height=\"100%\" rx=\"6\" \
         fill=\"#16181d\"/>\n",
        width + 16.0,
        height + 16.0
    );
    for row in 0..rows {
        let cells: Vec<&Cell> =
            (0..columns).filter_map(|column| screen.cell(row, column)).collect();
        let text: String = cells.iter().map(|cell| shown(cell)).collect();
        let (top, base) = (f32::from(row) * ROW, f32::from(row) * ROW + 13.0);
        let is = |holds: fn(&Cell) -> bool| cells.first().is_some_and(|cell| holds(cell));
        let colour = if is(Cell::inverse) { "#16181d" } else { "#d8dbe2" };
        let weight = if is(Cell::bold) { " font-weight=\"bold\"" } else { "" };
        if is(Cell::inverse) {
            let rect =
                format!("<rect y=\"{top}\" width=\"{width}\" height=\"{ROW}\" fill=\"#d8dbe2\"/>");
            writeln!(svg, "{rect}").unwrap();
        }
        let text = text.trim_end();
        if !text.is_empty() {
            let length = text.chars().count() as f32 * COLUMN;
            writeln!(
                svg,
                "<text y=\"{base}\" textLength=\"{length}\" xml:space=\"preserve\" fill=\"{colour}\"\
                 {weight}>{}</text>",
                escaped(text)
            )
            .unwrap();
        }
    }
    svg + "</svg>\n"
}

fn shown(cell: &Cell) -> &str {
    if cell.has_contents() { cell.contents() } else { " " }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
