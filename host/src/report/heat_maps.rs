//! What models make of a plane: a map of each with the pairs that were asked about.

use std::fmt::Write as _;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::described::described;
use super::document::Figure;
use super::panels::{FONT, INK, pixels};
use crate::data::mixture::{EXTENT, SIDE};
use crate::error::{Error, Result};

/// A model after a round.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Its rewards on the grid, row by row from below.
    pub rewards: Vec<f64>,
    /// The pairs of the round, by their points.
    pub pairs: Vec<[[f64; 2]; 2]>,
}

/// A column of maps, a round each.
#[derive(Clone, Debug, PartialEq)]
pub struct MapColumn {
    /// Above it.
    pub name: String,
    /// Round by round.
    pub maps: Vec<Map>,
}

/// From the lowest to the highest: dark blue to yellow, which every kind of colour vision tells apart,
/// growing lighter all along.
const LEVELS: [RGBColor; 8] = [
    RGBColor(0, 34, 78),
    RGBColor(33, 58, 107),
    RGBColor(75, 84, 108),
    RGBColor(108, 110, 114),
    RGBColor(141, 137, 119),
    RGBColor(178, 166, 113),
    RGBColor(217, 197, 94),
    RGBColor(254, 232, 56),
];

/// Pixels: of a map across and down, between two, left of all of them, above, and below.
const MAP: i32 = 164;
const GAP: i32 = 8;
const LEFT: i32 = 70;
const TOP: i32 = 62;
const BELOW: i32 = 28;

/// Every how many points of the grid one is drawn, and how many pixels wide: so that 41 fill a map.
const STEP: usize = 2;
const CELL: i32 = 4;

/// Lines and the ends of pairs: white about red is seen on every colour of a map.
const LINES: &str = "stroke=\"#ffffff\" stroke-opacity=\".45\"";
const ENDS: &str = "stroke=\"#d52a2a\" stroke-width=\"3\" stroke-linecap=\"round\"";

/// The maps beside and under each other.
pub fn figure(columns: &[MapColumn], name: &str, title: &str, caption: &str) -> Result<Figure> {
    let mut svg = String::new();
    draw(&mut svg, columns, title).map_err(|problem| Error::Drawing { problem })?;
    let end = svg.rfind("</svg>").unwrap_or(svg.len());
    svg.insert_str(end, &maps(columns));
    Ok(Figure {
        name: name.to_owned(),
        svg: described(&svg, title, caption),
        title: title.to_owned(),
        caption: caption.to_owned(),
    })
}

fn draw(svg: &mut String, columns: &[MapColumn], title: &str) -> Result<(), String> {
    let rounds = pixels(columns.iter().map(|column| column.maps.len()).max().unwrap_or(0));
    let width = LEFT + (MAP + GAP) * pixels(columns.len());
    let height = TOP + (MAP + GAP) * rounds + BELOW;
    let area = SVGBackend::with_string(svg, (width as u32, height as u32)).into_drawing_area();
    area.fill(&WHITE).map_err(|error| error.to_string())?;
    let text = |text: &str, place: (i32, i32), across, size: i32| {
        let style = TextStyle::from((FONT, size).into_font()).color(&INK);
        let style = style.pos(Pos::new(across, VPos::Center));
        area.draw(&Text::new(text.to_owned(), place, style)).map_err(|error| error.to_string())
    };
    text(title, (width / 2, 18), HPos::Center, 20)?;
    for (place, column) in (0..).zip(columns) {
        let left = LEFT + (MAP + GAP) * place;
        text(&column.name, (left + MAP / 2, TOP - 12), HPos::Center, 15)?;
    }
    for round in 0..rounds {
        let middle = TOP + (MAP + GAP) * round + MAP / 2;
        text(&format!("round {}", round + 1), (LEFT - 8, middle), HPos::Right, 15)?;
    }
    let below = format!("each map from −{EXTENT:.0} to {EXTENT:.0} both ways");
    text(&below, (LEFT, height - BELOW / 2), HPos::Left, 13)?;
    area.present().map_err(|error| error.to_string())
}

/// The maps alone. A path a colour, all of a map's lines, and all their ends: an element for each
/// would make files of megabytes.
fn maps(columns: &[MapColumn]) -> String {
    let mut svg = String::new();
    for (place, column) in (0..).zip(columns) {
        for (round, map) in (0..).zip(&column.maps) {
            let corner = (LEFT + (MAP + GAP) * place, TOP + (MAP + GAP) * round);
            add_colours(&mut svg, map, corner);
            add_pairs(&mut svg, map, corner);
        }
    }
    svg
}

/// Lines as wide as a cell, from where a colour begins in a row to where it ends.
fn add_colours(svg: &mut String, map: &Map, (left, top): (i32, i32)) {
    let levels = levels(&map.rewards);
    let mut paths = vec![String::new(); LEVELS.len()];
    for (row, y) in (0..).zip((0..SIDE).step_by(STEP)) {
        // The grid goes up, pixels go down.
        let middle = top + MAP - CELL * row - CELL / 2;
        let row: Vec<usize> =
            levels[y * SIDE..(y + 1) * SIDE].iter().step_by(STEP).copied().collect();
        let mut first = left;
        for run in row.chunk_by(|one, next| one == next) {
            let width = CELL * pixels(run.len());
            let _ = write!(paths[run[0]], "M{first} {middle}h{width}");
            first += width;
        }
    }
    let _ = write!(svg, "<g fill=\"none\" stroke-width=\"{CELL}\" shape-rendering=\"crispEdges\">");
    for (RGBColor(red, green, blue), path) in LEVELS.iter().zip(paths) {
        let _ = write!(svg, "<path stroke=\"#{red:02x}{green:02x}{blue:02x}\" d=\"{path}\"/>");
    }
    svg.push_str("</g>\n");
}

fn add_pairs(svg: &mut String, map: &Map, (left, top): (i32, i32)) {
    let pixel = |[x, y]: [f64; 2]| {
        let along = |value: f64| (f64::from(MAP) * (value + EXTENT) / (2.0 * EXTENT)) as i32;
        (left + along(x).clamp(0, MAP), top + MAP - along(y).clamp(0, MAP))
    };
    let (mut lines, mut ends) = (String::new(), Vec::new());
    for [a, b] in map.pairs.iter().map(|pair| pair.map(pixel)) {
        let _ = write!(lines, "M{} {}l{} {}", a.0, a.1, b.0 - a.0, b.1 - a.1);
        ends.extend([a, b]);
    }
    ends.sort_unstable();
    ends.dedup();
    // As good as a dot; what draws the pixels leaves out lines of a hundredth.
    let ends: String = ends.into_iter().map(|(x, y)| format!("M{x} {y}h.05")).collect();
    let _ = writeln!(svg, "<path fill=\"none\" {LINES} d=\"{lines}\"/><path {ENDS} d=\"{ends}\"/>");
}

/// Of each value, which eighth of all of them it is in: their order alone is learnt.
fn levels(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut levels = vec![0; values.len()];
    for (rank, place) in order.into_iter().enumerate() {
        levels[place] = rank * LEVELS.len() / values.len();
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_an_eighth_of_all_values() {
        let values: Vec<f64> = (0..16).map(|value| f64::from((value * 5) % 16)).collect();
        for (value, level) in values.iter().zip(levels(&values)) {
            assert_eq!(level, *value as usize / 2);
        }
    }

    #[test]
    fn each_map_has_its_pairs() {
        let rewards: Vec<f64> = (0..SIDE * SIDE).map(|place| place as f64).collect();
        let map = Map { rewards, pairs: vec![[[0.0, 0.0], [1.0, -9.0]]; 3] };
        let columns = vec![MapColumn { name: "dopt".to_owned(), maps: vec![map.clone(), map] }];
        let figure = figure(&columns, "maps", "T", "C").unwrap();
        // The middle of the map, and its edge below (1, −9), each drawn once.
        for end in ["M152 144h.05", "M172 226h.05", "M152 316h.05", "M172 398h.05"] {
            assert_eq!(figure.svg.matches(end).count(), 1, "{end}");
        }
        assert_eq!(figure.svg.matches("M152 144l20 82").count(), 3);
        // Rewards grow upwards: a row has one colour, but for those where a level begins.
        let runs = figure.svg.matches(&format!("h{MAP}")).count();
        assert!((2 * 34..2 * 41).contains(&runs), "{runs}");
        assert!(figure.svg.contains("round 2") && figure.svg.contains("dopt"));
        assert!(figure.svg.trim_end().ends_with("</svg>"));
    }
}
