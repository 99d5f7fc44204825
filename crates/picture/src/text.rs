//! A map as text: the land in dots of Braille, Items in blocks, darker where they are more. It needs no colours; with them the land is faint.

use crate::shape::{Piece, pieces};
use crate::{Picture, land};

/// A character has so many dots.
const WIDE: usize = 2;
const HIGH: usize = 4;

/// The dots of a character of Braille, by row and column (Unicode, U+2800).
const DOTS: [[u32; WIDE]; HIGH] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Blocks, lighter ones first.
const BLOCKS: [char; 4] = ['░', '▒', '▓', '█'];

/// The map, so many characters wide; each line ends with a line end.
pub fn text(picture: &Picture, columns: usize, in_colour: bool) -> String {
    let canvas = Canvas::of(picture, columns.max(8));
    let mut out = String::new();
    for row in 0..canvas.rows {
        let mut line = String::new();
        let mut is_land = false;
        for column in 0..canvas.columns {
            let at = row * canvas.columns + column;
            let (character, faint) = match (canvas.strength[at], canvas.dots[at]) {
                (Some(strength), _) => (block(strength), false),
                (None, 0) => (' ', is_land),
                (None, dots) => (char::from_u32(0x2800 + dots).unwrap_or(' '), true),
            };
            if in_colour && faint != is_land {
                line.push_str(if faint { "\u{1b}[2m" } else { "\u{1b}[0m" });
                is_land = faint;
            }
            line.push(character);
        }
        out.push_str(line.trim_end());
        if in_colour && is_land {
            out.push_str("\u{1b}[0m");
        }
        out.push('\n');
    }
    out
}

fn block(strength: f64) -> char {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 3")]
    let place = (strength.clamp(0.0, 1.0) * 3.999) as usize;
    BLOCKS[place]
}

struct Canvas {
    columns: usize,
    rows: usize,
    dots: Vec<u32>,
    strength: Vec<Option<f64>>,
    /// Dots in a degree of longitude and of latitude.
    scale: [f64; 2],
    corner: [f64; 2],
}

impl Canvas {
    fn of(picture: &Picture, columns: usize) -> Self {
        let view = picture.view;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a terminal is small"
        )]
        let rows = ((columns as f64 / 2.0 * view.height() / view.width()).round() as usize).max(2);
        #[expect(clippy::cast_precision_loss, reason = "a terminal is small")]
        let scale = [(columns * WIDE) as f64 / view.width(), (rows * HIGH) as f64 / view.height()];
        let mut canvas = Self {
            columns,
            rows,
            dots: vec![0; columns * rows],
            strength: vec![None; columns * rows],
            scale,
            corner: [view.west, view.north],
        };
        for ring in land::rings(view) {
            let closed = ring.iter().zip(ring.iter().cycle().skip(1));
            for (a, b) in closed {
                canvas.line(*a, *b, Self::dot);
            }
        }
        for (cell, strength) in picture.strengths() {
            let [west, south, east, north] = cell.bbox;
            for turn in view.turns(west, east) {
                canvas.area([west + turn, south, east + turn, north], |before| before.max(strength));
            }
        }
        for geometry in &picture.footprints {
            for piece in pieces(geometry, view) {
                canvas.piece(&piece);
            }
        }
        canvas
    }

    /// The dot at a place.
    fn at(&self, [x, y]: [f64; 2]) -> [i64; 2] {
        #[expect(clippy::cast_possible_truncation, reason = "what is beyond the edges is left out")]
        let dot = |part: f64| part.floor() as i64;
        [dot((x - self.corner[0]) * self.scale[0]), dot((self.corner[1] - y) * self.scale[1])]
    }

    /// The number of the character that has a dot, and the row and the column of the dot in it.
    fn character(&self, [x, y]: [i64; 2]) -> Option<(usize, [usize; 2])> {
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        let (column, row) = (x / WIDE, y / HIGH);
        (column < self.columns && row < self.rows)
            .then_some((row * self.columns + column, [y % HIGH, x % WIDE]))
    }

    fn dot(&mut self, at: [i64; 2]) {
        if let Some((character, [row, column])) = self.character(at) {
            self.dots[character] |= DOTS[row][column];
        }
    }

    fn mark(&mut self, at: [i64; 2], strength: impl Fn(f64) -> f64) {
        if let Some((character, _)) = self.character(at) {
            let known = &mut self.strength[character];
            *known = Some(strength(known.unwrap_or_default()));
        }
    }

    /// All dots of a line.
    fn line(&mut self, a: [f64; 2], b: [f64; 2], mut visit: impl FnMut(&mut Self, [i64; 2])) {
        let (from, to) = (self.at(a), self.at(b));
        let steps = (to[0] - from[0]).abs().max((to[1] - from[1]).abs()).clamp(1, 4_096);
        for step in 0..=steps {
            #[expect(clippy::cast_precision_loss, reason = "few steps")]
            let part = step as f64 / steps as f64;
            let at = self.at([a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part]);
            visit(self, at);
        }
    }

    /// All characters of a box.
    fn area(&mut self, [west, south, east, north]: [f64; 4], strength: impl Fn(f64) -> f64) {
        let inside = |edge: f64, scale: f64| edge - 1e-9 / scale;
        let [left, top] = self.at([west, inside(north, self.scale[1])]);
        let [right, bottom] = self.at([inside(east, self.scale[0]), south]);
        let bound = |dots: usize| i64::try_from(dots).unwrap_or(i64::MAX);
        let (width, height) = (bound(self.columns * WIDE), bound(self.rows * HIGH));
        let (wide, high) = (bound(WIDE), bound(HIGH));
        for y in (top.max(0) / high)..=(bottom.min(height - 1).div_euclid(high)) {
            for x in (left.max(0) / wide)..=(right.min(width - 1).div_euclid(wide)) {
                self.mark([x * wide, y * high], &strength);
            }
        }
    }

    /// A footprint: where many lie upon each other it is darker.
    fn piece(&mut self, piece: &Piece) {
        let more = |before: f64| (before + 0.26).min(1.0);
        let mut seen = std::collections::BTreeSet::new();
        let mut add = |canvas: &mut Self, at: [i64; 2]| {
            if let Some((character, _)) = canvas.character(at)
                && seen.insert(character)
            {
                canvas.mark(at, more);
            }
        };
        match piece {
            Piece::Point(at) => {
                let at = self.at(*at);
                add(self, at);
            }
            Piece::Line(line) => line.windows(2).for_each(|two| self.line(two[0], two[1], &mut add)),
            Piece::Area(rings) => {
                for ring in rings {
                    ring.windows(2).for_each(|two| self.line(two[0], two[1], &mut add));
                }
            }
        }
    }
}
