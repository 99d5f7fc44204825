//! Maps of where Items are, drawn without a server and without a browser: as SVG ([`svg`]), as PNG ([`png`]), as text for a terminal
//! ([`text`]), and as a page that holds all it needs ([`page`]).
//!
//! All are plate carrée: degrees of longitude and latitude are as long as each other, so that the poles are on the map. What lies
//! beyond 180° is on the other side as well.

mod across;
mod land;
mod number;
mod page;
mod png;
mod shape;
mod svg;
mod text;
mod times;
mod view;

use geo_types::Geometry;

pub use self::across::{across, is_across};
pub use self::page::{Item, Page, page};
pub use self::png::{Unwritten, png};
pub use self::svg::svg;
pub use self::text::text;
pub use self::times::{Times, times_svg, times_text};
pub use self::view::View;

/// What is drawn: footprints, or cells where they are many.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// The part of the world that is shown.
    pub view: View,
    /// Where Items are, in degrees.
    pub footprints: Vec<Geometry<f64>>,
    /// How many Items are where.
    pub cells: Vec<Cell>,
}

/// A part of the world, and how many Items there are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// West, south, east, north, in degrees.
    pub bbox: [f64; 4],
    /// How many Items.
    pub items: u64,
}

impl Picture {
    /// How strongly each cell is drawn, from 0 to 1: by the magnitude of its number, as these differ much.
    fn strengths(&self) -> impl Iterator<Item = (&Cell, f64)> {
        let most = self.cells.iter().map(|cell| cell.items).max().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "what is shown has few digits")]
        let magnitude = |items: u64| (items as f64 + 1.0).ln();
        self.cells.iter().map(move |cell| (cell, magnitude(cell.items) / magnitude(most.max(1))))
    }
}
