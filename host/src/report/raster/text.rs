//! [`Font`]: lines of text as paths.

use roxmltree::Node;
use ttf_parser::{Face, OutlineBuilder};
use zeno::{Command, Point};

use super::shapes::{attribute, number, parsed};

/// The letters that our pictures are written with: see README.md beside it.
const FILE: &[u8] = include_bytes!("DejaVuSans.ttf");

/// A font without hints and kerning.
pub(super) struct Font {
    face: Face<'static>,
    /// Units of a letter's em.
    em: f32,
}

/// Where a line of text begins, and which way it goes.
#[derive(Clone, Copy)]
struct Place {
    x: f32,
    y: f32,
    turn: Turn,
}

/// By how much a line is turned, clockwise.
#[derive(Clone, Copy)]
enum Turn {
    Not,
    ThreeQuarters,
}

impl Place {
    /// What lies so far along the line, and so far below it.
    fn of(self, along: f32, below: f32) -> Point {
        match self.turn {
            Turn::Not => Point::new(self.x + along, self.y + below),
            Turn::ThreeQuarters => Point::new(self.x + below, self.y - along),
        }
    }
}

impl Font {
    pub fn new() -> Result<Self, String> {
        let face = Face::parse(FILE, 0).map_err(|error| error.to_string())?;
        let em = f32::from(face.units_per_em());
        Ok(Self { face, em })
    }

    /// The outlines of an element's text.
    pub fn line(&self, node: Node<'_, '_>) -> Result<Vec<Command>, String> {
        let (x, y, size) = (number(node, "x")?, number(node, "y")?, number(node, "font-size")?);
        let place = Place { x, y, turn: turn(node)? };
        let text = node.text().unwrap_or_default().trim();
        let mut pen = Pen {
            scale: size / self.em,
            along: 0.0,
            below: self.below(node, size)?,
            place,
            path: Vec::new(),
        };
        pen.along = match node.attribute("text-anchor").unwrap_or("start") {
            "start" => 0.0,
            "middle" => -self.width(text)? * pen.scale / 2.0,
            "end" => -self.width(text)? * pen.scale,
            other => return Err(format!("no anchor: {other}")),
        };
        for letter in text.chars() {
            let glyph = self.glyph(letter)?;
            // A space has no outline.
            let _ = self.face.outline_glyph(glyph, &mut pen);
            pen.along += self.advance(letter)? * pen.scale;
        }
        Ok(pen.path)
    }

    /// How far below its place the letters stand.
    fn below(&self, node: Node<'_, '_>, size: f32) -> Result<f32, String> {
        let Some(text) = node.attribute("dy") else { return Ok(0.0) };
        if let Some(ems) = text.strip_suffix("em") {
            return Ok(parsed(ems)? * size);
        }
        // The font does not say how high it is.
        let x = self.face.glyph_bounding_box(self.glyph('x')?);
        let x_height = x.map_or(0.0, |x| f32::from(x.y_max) / self.em);
        match text.strip_suffix("ex") {
            Some(heights) => Ok(parsed(heights)? * x_height * size),
            None => parsed(text),
        }
    }

    /// In units of the font.
    fn width(&self, text: &str) -> Result<f32, String> {
        let mut width = 0.0;
        for letter in text.chars() {
            width += self.advance(letter)?;
        }
        Ok(width)
    }

    fn advance(&self, letter: char) -> Result<f32, String> {
        Ok(f32::from(self.face.glyph_hor_advance(self.glyph(letter)?).unwrap_or_default()))
    }

    fn glyph(&self, letter: char) -> Result<ttf_parser::GlyphId, String> {
        self.face.glyph_index(letter).ok_or_else(|| format!("no letter: {letter}"))
    }
}

fn turn(node: Node<'_, '_>) -> Result<Turn, String> {
    let Some(text) = node.attribute("transform") else { return Ok(Turn::Not) };
    // Our texts are turned about their own places.
    let about = format!("rotate(270, {}, {})", attribute(node, "x")?, attribute(node, "y")?);
    if text == about { Ok(Turn::ThreeQuarters) } else { Err(format!("no pixels for `{text}`")) }
}

/// Writes outlines one behind the other.
struct Pen {
    /// Pixels of a unit of the font.
    scale: f32,
    along: f32,
    below: f32,
    place: Place,
    path: Vec<Command>,
}

impl Pen {
    /// A font's units go up from the line, pixels go down.
    fn point(&self, x: f32, y: f32) -> Point {
        self.place.of(self.along + x * self.scale, self.below - y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.push(Command::MoveTo(self.point(x, y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.push(Command::LineTo(self.point(x, y)));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.push(Command::QuadTo(self.point(x1, y1), self.point(x, y)));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (first, second) = (self.point(x1, y1), self.point(x2, y2));
        self.path.push(Command::CurveTo(first, second, self.point(x, y)));
    }

    fn close(&mut self) {
        self.path.push(Command::Close);
    }
}
