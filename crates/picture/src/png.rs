//! A map as PNG.

use tiny_skia::{Color, FillRule, LineCap, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};

use crate::shape::{Piece, pieces};
use crate::view::View;
use crate::{Picture, land};

/// Why a picture could not be written.
#[derive(Debug)]
pub struct Unwritten(String);

impl std::fmt::Display for Unwritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the picture cannot be written: {}", self.0)
    }
}

impl std::error::Error for Unwritten {}

/// The least and the greatest width.
const WIDTHS: [u32; 2] = [64, 8_192];

/// The map, so many pixels wide: from 64 to 8,192.
///
/// # Errors
/// What the encoder says.
pub fn png(picture: &Picture, width: u32) -> Result<Vec<u8>, Unwritten> {
    let width = width.clamp(WIDTHS[0], WIDTHS[1]);
    let view = picture.view;
    let scale = f64::from(width) / view.width();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "no higher than wide")]
    let height = ((view.height() * scale).round() as u32).max(1);
    let no_room = || Unwritten("there is no memory for it".to_owned());
    let mut canvas = Canvas { pixels: Pixmap::new(width, height).ok_or_else(no_room)?, view, scale };
    canvas.pixels.fill(Color::from_rgba8(0xdf, 0xea, 0xf2, 0xff));
    let mut land = PathBuilder::new();
    for ring in land::rings(view) {
        canvas.push(&mut land, &ring, true);
    }
    let land = land.finish();
    canvas.fill(land.as_ref(), [0xf6, 0xf3, 0xea, 0xff]);
    canvas.stroke(land.as_ref(), [0xb9, 0xb3, 0xa2, 0xff], 1.0);
    let mut lines = PathBuilder::new();
    let [meridians, parallels] = view.graticule();
    for line in meridians {
        canvas.push(&mut lines, &[[line, view.south], [line, view.north]], false);
    }
    for line in parallels {
        canvas.push(&mut lines, &[[view.west, line], [view.east, line]], false);
    }
    canvas.stroke(lines.finish().as_ref(), [0x8f, 0xa3, 0xb3, 0x66], 1.0);
    for (cell, strength) in picture.strengths() {
        let [west, south, east, north] = cell.bbox;
        for turn in view.turns(west, east) {
            canvas.cell([west + turn, south, east + turn, north], strength);
        }
    }
    for geometry in &picture.footprints {
        canvas.footprint(&pieces(geometry, view));
    }
    canvas.pixels.encode_png().map_err(|cause| Unwritten(cause.to_string()))
}

const MARK: [u8; 3] = [0xb5, 0x43, 0x1f];

struct Canvas {
    pixels: Pixmap,
    view: View,
    scale: f64,
}

impl Canvas {
    /// Where a place is. What is far away stays as far away as the canvas can count.
    fn at(&self, [x, y]: [f64; 2]) -> (f32, f32) {
        #[expect(clippy::cast_possible_truncation, reason = "pixels need no more digits")]
        let pixel = |part: f64| (part * self.scale).clamp(-1e6, 1e6) as f32;
        (pixel(x - self.view.west), pixel(self.view.north - y))
    }

    fn push(&self, path: &mut PathBuilder, line: &[[f64; 2]], is_ring: bool) {
        for (place, at) in line.iter().enumerate() {
            let (x, y) = self.at(*at);
            if place == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        if is_ring {
            path.close();
        }
    }

    fn fill(&mut self, path: Option<&Path>, colour: [u8; 4]) {
        if let Some(path) = path {
            self.pixels.fill_path(path, &paint(colour), FillRule::EvenOdd, Transform::identity(), None);
        }
    }

    fn stroke(&mut self, path: Option<&Path>, colour: [u8; 4], width: f32) {
        if let Some(path) = path {
            let stroke = Stroke { width, line_cap: LineCap::Round, ..Stroke::default() };
            self.pixels.stroke_path(path, &paint(colour), &stroke, Transform::identity(), None);
        }
    }

    fn cell(&mut self, [west, south, east, north]: [f64; 4], strength: f64) {
        let ((left, top), (right, bottom)) = (self.at([west, north]), self.at([east, south]));
        // One that is smaller than a pixel is seen all the same.
        let rect = Rect::from_ltrb(left, top, right.max(left + 1.0), bottom.max(top + 1.0));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 38 to 217")]
        let alpha = ((0.15 + 0.7 * strength) * 255.0) as u8;
        if let Some(rect) = rect {
            let [red, green, blue] = MARK;
            self.pixels.fill_rect(rect, &paint([red, green, blue, alpha]), Transform::identity(), None);
        }
    }

    fn footprint(&mut self, pieces: &[Piece]) {
        let [red, green, blue] = MARK;
        for piece in pieces {
            let mut path = PathBuilder::new();
            match piece {
                Piece::Point(at) => {
                    let (x, y) = self.at(*at);
                    path.push_circle(x, y, 3.0);
                    self.fill(path.finish().as_ref(), [red, green, blue, 0xff]);
                }
                Piece::Line(line) => {
                    self.push(&mut path, line, false);
                    self.stroke(path.finish().as_ref(), [red, green, blue, 0xff], 1.2);
                }
                Piece::Area(rings) => {
                    for ring in rings {
                        self.push(&mut path, ring, true);
                    }
                    let path = path.finish();
                    self.fill(path.as_ref(), [red, green, blue, 0x2e]);
                    self.stroke(path.as_ref(), [red, green, blue, 0xff], 1.0);
                }
            }
        }
    }
}

fn paint([red, green, blue, alpha]: [u8; 4]) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(red, green, blue, alpha);
    paint
}
