//! [`png()`]: a picture in pixels, made of the very SVG that is written beside it. The letters are those of
//! a font that is part of the program, and no function of the platform decides a pixel: the same bytes on
//! every machine. It knows what our pictures are made of, and refuses whatever else an SVG may hold.

mod canvas;
mod shapes;
mod text;

use roxmltree::{Document, Node};
use zeno::{Cap, Command, Fill, Join, Stroke, Style};

use self::canvas::{Canvas, Ink};
use self::text::Font;
use crate::error::{Error, Result};

/// The attributes that are read here, and those that change no pixel.
const KNOWN: [&str; 28] = [
    "cx",
    "cy",
    "d",
    "dy",
    "fill",
    "font-family",
    "font-size",
    "height",
    "opacity",
    "points",
    "r",
    "role",
    "shape-rendering",
    "stroke",
    "stroke-linecap",
    "stroke-opacity",
    "stroke-width",
    "text-anchor",
    "transform",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
    "xmlns",
];

/// A PNG of one of our pictures, two pixels for each of the SVG's.
///
/// # Errors
/// [`Error::Drawing`] of an SVG that is not like ours.
pub fn png(svg: &str) -> Result<Vec<u8>> {
    drawn(svg).map_err(|problem| Error::Drawing { problem })
}

fn drawn(svg: &str) -> Result<Vec<u8>, String> {
    let document = Document::parse(svg).map_err(|error| error.to_string())?;
    let root = document.root_element();
    let size = |name| shapes::number(root, name).map(|pixels| pixels as u32);
    let mut canvas = Canvas::new(size("width")?, size("height")?);
    let font = Font::new()?;
    for node in root.descendants().filter(Node::is_element) {
        check(node)?;
        let path = match node.tag_name().name() {
            "svg" | "g" | "title" | "desc" => continue,
            "text" => font.line(node)?,
            _ => shapes::path(node)?,
        };
        paint(&mut canvas, node, &path)?;
    }
    canvas.encoded()
}

fn check(node: Node<'_, '_>) -> Result<(), String> {
    let unknown = node.attributes().find(|attribute| !KNOWN.contains(&attribute.name()));
    unknown.map_or(Ok(()), |attribute| Err(format!("no pixels for `{}`", attribute.name())))
}

/// Fills a path, and strokes it, as its element says.
fn paint(canvas: &mut Canvas, node: Node<'_, '_>, path: &[Command]) -> Result<(), String> {
    let opacity = share(node.attribute("opacity"))?;
    // A line has no inside.
    let is_filled = node.tag_name().name() != "line";
    if let Some(colour) = colour(inherited(node, "fill").filter(|_| is_filled))? {
        canvas.paint(path, Style::Fill(Fill::NonZero), Ink { colour, opacity });
    }
    if let Some(colour) = colour(inherited(node, "stroke"))? {
        let width = inherited(node, "stroke-width").map_or(Ok(1.0), shapes::parsed)?;
        let cap = match inherited(node, "stroke-linecap") {
            None => Cap::Butt,
            Some("round") => Cap::Round,
            Some(other) => return Err(format!("no pixels for ends that are {other}")),
        };
        let opacity = opacity * share(node.attribute("stroke-opacity"))?;
        let mut stroke = Stroke::new(width);
        stroke.join(Join::Miter).miter_limit(4.0).cap(cap);
        canvas.paint(path, Style::Stroke(stroke), Ink { colour, opacity });
    }
    Ok(())
}

/// An attribute of the element, or of the nearest one around it that has it.
fn inherited<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.ancestors().find_map(|node| node.attribute(name))
}

/// A share, all of it if not said.
fn share(text: Option<&str>) -> Result<f32, String> {
    text.map_or(Ok(1.0), shapes::parsed)
}

/// #RRGGBB; nothing of nothing and of `none`.
fn colour(text: Option<&str>) -> Result<Option<[u8; 3]>, String> {
    let Some(text) = text.filter(|text| *text != "none") else { return Ok(None) };
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let [_, colour @ ..] = value.ok_or_else(|| format!("no colour: {text}"))?.to_be_bytes();
    Ok(Some(colour))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pixels of a picture of 20 by 10, with this in it.
    fn pixels(inside: &str) -> Vec<[u8; 3]> {
        decoded(&format!("<svg width=\"20\" height=\"10\">{inside}</svg>"))
    }

    fn decoded(svg: &str) -> Vec<[u8; 3]> {
        let bytes = png(svg).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels.chunks(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
    }

    const WHITE: [u8; 3] = [255; 3];

    /// Two pixels each way for one of the picture's: no edge is blurred.
    #[test]
    fn shapes_fill_what_they_say() {
        let cases = [
            "<rect x=\"3\" y=\"2\" width=\"4\" height=\"5\" fill=\"#0A0B0C\"/>",
            "<polygon points=\"3,2 7,2 7,7 3,7 \" fill=\"#0a0b0c\"/>",
            "<line stroke=\"#0A0B0C\" stroke-width=\"4\" x1=\"5\" y1=\"2\" x2=\"5\" y2=\"7\"/>",
            "<polyline fill=\"none\" stroke=\"#0A0B0C\" stroke-width=\"4\" points=\"5,2 5,7 \"/>",
            "<g stroke=\"#0A0B0C\" fill=\"none\" stroke-width=\"5\"><path d=\"M3 4.5h4\"/></g>",
        ];
        for case in cases {
            for (place, pixel) in pixels(case).into_iter().enumerate() {
                let (x, y) = (place % 40, place / 40);
                let inside = (6..14).contains(&x) && (4..14).contains(&y);
                assert_eq!(pixel, if inside { [10, 11, 12] } else { WHITE }, "{case} {x},{y}");
            }
        }
    }

    #[test]
    fn what_is_half_there_is_half_as_dark() {
        let half =
            "<rect x=\"0\" y=\"0\" width=\"20\" height=\"10\" fill=\"#000000\" opacity=\"0.5\"/>";
        assert!(pixels(half).iter().all(|pixel| [[127; 3], [128; 3]].contains(pixel)));
        let edge = pixels("<rect x=\"0\" y=\"0\" width=\"4.25\" height=\"10\" fill=\"#000000\"/>");
        assert!((126..=129).contains(&edge[8][0]), "{:?}", edge[8]);
        assert_eq!((edge[7], edge[9]), ([0; 3], WHITE));
        // A circle's area, 16 π of pixels for a radius of 2, by the polygon that is drawn.
        let circle =
            pixels("<circle cx=\"10\" cy=\"5\" r=\"2\" fill=\"#000000\" stroke=\"none\"/>");
        let dark = circle.iter().fold(0, |sum, pixel| sum + 255 - u32::from(pixel[0]));
        assert!((dark as f32 / 255.0 - 50.27).abs() < 1.5, "{dark}");
    }

    /// The ink's extent in pixels: from and to across, from and to downwards.
    fn extent(inside: &str) -> [usize; 4] {
        let pixels = pixels(inside);
        let dark = |(place, pixel): (usize, &[u8; 3])| {
            (*pixel != WHITE).then_some((place % 40, place / 40))
        };
        let dark: Vec<(usize, usize)> = pixels.iter().enumerate().filter_map(dark).collect();
        let (mut xs, mut ys): (Vec<_>, Vec<_>) = dark.into_iter().unzip();
        xs.sort_unstable();
        ys.sort_unstable();
        [xs[0], xs[xs.len() - 1], ys[0], ys[ys.len() - 1]]
    }

    #[test]
    fn letters_stand_where_their_anchor_says() {
        let text = |anchor: &str, more: &str| {
            format!(
                "<text x=\"10\" y=\"5\" dy=\"0.5ex\" text-anchor=\"{anchor}\" font-family=\"sans-serif\" \
                 font-size=\"8\" fill=\"#000000\"{more}>\nHH\n</text>"
            )
        };
        let [start, end, top, bottom] = extent(&text("start", ""));
        assert!(start >= 20 && end > 36, "{start} {end}");
        // About the middle of an x, 4.4 high: 2.2 below its place, and 5.8 high.
        assert_eq!((top, bottom), (2, 14));
        let [start, end, ..] = extent(&text("middle", ""));
        assert!(start.abs_diff(40 - 1 - end) <= 1, "{start} {end}");
        let [_, end, ..] = extent(&text("end", ""));
        assert!(end < 20, "{end}");
        // Turned, it goes upwards from where it begins.
        let turned = text("start", " transform=\"rotate(270, 10, 5)\"");
        let [start, end, top, bottom] = extent(&turned);
        assert!(bottom < 10 && top == 0 && end - start < 16, "{start} {end} {top} {bottom}");
    }

    /// As the ends of pairs on maps are, wherever they lie.
    #[test]
    fn the_shortest_line_with_round_ends_is_a_dot() {
        for x in (5..1995).step_by(10) {
            let svg = format!(
                "<svg width=\"2000\" height=\"10\"><path fill=\"none\" stroke=\"#000000\" \
                 stroke-width=\"3\" stroke-linecap=\"round\" d=\"M{x} 5h.05\"/></svg>"
            );
            assert_eq!(decoded(&svg)[10 * 4000 + 2 * x], [0; 3], "{x}");
        }
    }

    /// The bytes, too, are the same everywhere.
    #[test]
    fn a_picture_has_the_same_bits_everywhere() {
        let svg = "<svg width=\"90\" height=\"40\">\
            <rect x=\"0\" y=\"0\" width=\"90\" height=\"40\" fill=\"#FFFFFF\"/>\
            <polyline fill=\"none\" stroke=\"#005AAA\" stroke-width=\"2\" points=\"3,30 31,9 88,27 \"/>\
            <circle cx=\"31\" cy=\"9\" r=\"5\" fill=\"#E68200\" opacity=\"0.2\"/>\
            <path fill=\"none\" stroke=\"#d52a2a\" stroke-width=\"3\" stroke-linecap=\"round\" d=\"M70 8h.05\"/>\
            <text x=\"45\" y=\"33\" dy=\"0.5ex\" text-anchor=\"middle\" font-size=\"11.29\" \
            fill=\"#282828\">1 − ρ, 95 %</text></svg>";
        let mut digest = pairpick_core::digest::Digest::new();
        digest.bytes(&png(svg).unwrap());
        assert_eq!(format!("{:016x}", digest.value()), "686838a5ef8c79d7");
    }

    #[test]
    fn what_no_picture_of_ours_has_is_refused() {
        for (inside, problem) in [
            ("<image/>", "image"),
            ("<rect x=\"1\" y=\"1\" width=\"1\" height=\"1\" rx=\"2\"/>", "rx"),
            ("<rect x=\"a\" y=\"1\" width=\"1\" height=\"1\"/>", "a"),
            ("<rect y=\"1\" width=\"1\" height=\"1\"/>", "x"),
            ("<circle cx=\"1\" cy=\"1\" r=\"1\" fill=\"red\"/>", "red"),
            ("<text x=\"1\" y=\"1\" font-size=\"9\">\u{4e00}</text>", "\u{4e00}"),
            ("<path d=\"M1 1 bananas\" fill=\"#000000\"/>", "bananas"),
        ] {
            let error = png(&format!("<svg width=\"9\" height=\"9\">{inside}</svg>")).unwrap_err();
            assert!(error.to_string().contains(problem), "{inside}: {error}");
        }
    }
}
