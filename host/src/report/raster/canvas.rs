//! [`Canvas`]: pixels that paths are painted on.

use zeno::{Command, Mask, Style, Transform};

/// Pixels for each of the picture's, both ways: for screens and prints that show so many.
const SCALE: u32 = 2;

/// A white picture, and what was painted on it.
pub(super) struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<[u8; 3]>,
}

/// What is painted with.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    pub colour: [u8; 3],
    /// From 0 to 1.
    pub opacity: f32,
}

impl Canvas {
    /// Of so many pixels of the picture.
    pub fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width.saturating_mul(SCALE), height.saturating_mul(SCALE));
        let count = width as usize * height as usize;
        Self { width, height, pixels: vec![[255; 3]; count] }
    }

    /// Paints a path; what lies beyond the edge is cut off.
    pub fn paint(&mut self, path: &[Command], style: Style<'_>, ink: Ink) {
        let scale = Transform::scale(SCALE as f32, SCALE as f32);
        let (mask, at) = Mask::new(path).style(style).transform(Some(scale)).render();
        if mask.is_empty() {
            return;
        }
        let opacity = (ink.opacity * 255.0 + 0.5) as u32;
        for (y, row) in (i64::from(at.top)..).zip(mask.chunks(at.width as usize)) {
            for (x, coverage) in (i64::from(at.left)..).zip(row) {
                if let Some(pixel) = self.pixel(x, y) {
                    let alpha = over_255(u32::from(*coverage) * opacity);
                    for (value, colour) in pixel.iter_mut().zip(ink.colour) {
                        let mixed = u32::from(*value) * (255 - alpha) + u32::from(colour) * alpha;
                        *value = over_255(mixed) as u8;
                    }
                }
            }
        }
    }

    fn pixel(&mut self, x: i64, y: i64) -> Option<&mut [u8; 3]> {
        let inside =
            (0..i64::from(self.width)).contains(&x) && (0..i64::from(self.height)).contains(&y);
        let place = y * i64::from(self.width) + x;
        if inside { self.pixels.get_mut(place as usize) } else { None }
    }

    /// As the bytes of a PNG.
    pub fn encoded(&self) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
        writer.write_image_data(self.pixels.as_flattened()).map_err(|error| error.to_string())?;
        writer.finish().map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}

/// A product of two shares of 255, as a share of it, to the nearest.
fn over_255(product: u32) -> u32 {
    (product + 127) / 255
}
