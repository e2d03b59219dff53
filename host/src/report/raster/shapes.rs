//! Paths of the shapes of an SVG.

use roxmltree::Node;
use zeno::{Command, PathBuilder, PathData, Point};

/// The path of an element.
pub(super) fn path(node: Node<'_, '_>) -> Result<Vec<Command>, String> {
    let of = |name| number(node, name);
    let mut path = Vec::new();
    match node.tag_name().name() {
        "rect" => {
            path.add_rect((of("x")?, of("y")?), of("width")?, of("height")?);
        }
        "circle" => {
            path.add_circle((of("cx")?, of("cy")?), of("r")?);
        }
        "line" => {
            path.move_to((of("x1")?, of("y1")?)).line_to((of("x2")?, of("y2")?));
        }
        "polyline" => path = joined(attribute(node, "points")?)?,
        "polygon" => {
            path = joined(attribute(node, "points")?)?;
            path.close();
        }
        "path" => path = described(attribute(node, "d")?)?,
        other => return Err(format!("no pixels for <{other}>")),
    }
    Ok(path)
}

/// Points joined by lines: x,y x,y …
fn joined(points: &str) -> Result<Vec<Command>, String> {
    let mut path = Vec::new();
    for point in points.split_whitespace() {
        let (x, y) = point.split_once(',').ok_or_else(|| format!("no point: {point}"))?;
        let point = Point::new(parsed(x)?, parsed(y)?);
        path.push(if path.is_empty() { Command::MoveTo(point) } else { Command::LineTo(point) });
    }
    Ok(path)
}

/// The commands of SVG itself.
fn described(d: &str) -> Result<Vec<Command>, String> {
    match zeno::validate_svg(d) {
        Ok(()) => Ok(d.commands().collect()),
        Err(place) => Err(format!("no path: {}, at {place}", d.get(..60).unwrap_or(d))),
    }
}

/// An attribute that the element itself must have.
pub(super) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Result<&'a str, String> {
    let missing = || format!("<{}> without `{name}`", node.tag_name().name());
    node.attribute(name).ok_or_else(missing)
}

/// The same as a number.
pub(super) fn number(node: Node<'_, '_>, name: &str) -> Result<f32, String> {
    parsed(attribute(node, name)?)
}

/// A number.
pub(super) fn parsed(text: &str) -> Result<f32, String> {
    text.parse().map_err(|_| format!("no number: {text}"))
}
