//! How many Items lie in which cell of a grid, by the columns of their boxes: the column has the box that the Item has, but for rows
//! with a residual.

use arrow_buffer::BooleanBuffer;
use geo_types::{Coord, Rect};
use parquet::errors::Result;
use rustc_hash::FxHashMap;
use stacyard_search::{Grid, Lines, MAX_BUCKETS, Tile};

use crate::read::flat::Flats;
use crate::search::condition::{Column, Condition, Maker, Test};

/// A grid, and the columns that say where rows lie in it.
pub(crate) struct Cells {
    pub(crate) grid: Grid,
    /// West, south, east, north.
    pub(crate) columns: [Column; 4],
    /// Of a grid within a tile: they take less time than to project each place.
    lines: Option<Lines>,
}

const CELLS: usize = (Tile::CELLS * Tile::CELLS) as usize;

impl Cells {
    pub(crate) fn of(maker: &Maker<'_>, grid: Grid) -> Option<Self> {
        let lines = match grid {
            Grid::Within(tile) => Some(tile.lines()),
            Grid::Geohash(_) | Grid::Tiles(_) => None,
        };
        Some(Self { grid, columns: maker.boxes()?, lines })
    }

    /// Adds chosen rows of a row group; gives how many have no box and are counted as such.
    pub(crate) fn count(
        &self,
        columns: &Flats,
        rows: &BooleanBuffer,
        cells: &mut FxHashMap<u64, u64>,
    ) -> Result<u64> {
        let [west, south, east, north] =
            self.columns.each_ref().map(|column| columns.of(column.leaf)?.floats());
        let (west, south, east, north) = (west?, south?, east?, north?);
        let at = |row: usize| [west[row], south[row], east[row], north[row]];
        let Some(lines) = &self.lines else {
            let mut missing = 0;
            for bbox in rows.set_indices().map(at) {
                match self.grid.cell_of_box(bbox) {
                    _ if bbox[0].is_nan() => missing += 1,
                    Some(cell) => add(cells, cell, 1),
                    None => {}
                }
            }
            return Ok(missing);
        };
        let mut counts = vec![0_u64; CELLS];
        for bbox in rows.set_indices().map(at).filter(|bbox| !bbox[0].is_nan()) {
            let [longitude, latitude] = Grid::middle(bbox);
            if let Some([column, row]) = lines.cell(longitude, latitude) {
                counts[(row * Tile::CELLS + column) as usize] += 1;
            }
        }
        let each = (0..).zip(counts).filter(|(_, items)| *items > 0);
        each.for_each(|(place, items)| {
            add(cells, lines.number([place % Tile::CELLS, place / Tile::CELLS]), items);
        });
        Ok(0)
    }
}

/// More cells than can be counted are an error in the end, and need not all be held.
pub(crate) fn add(cells: &mut FxHashMap<u64, u64>, cell: u64, items: u64) {
    if cells.len() <= MAX_BUCKETS || cells.contains_key(&cell) {
        *cells.entry(cell).or_default() += items;
    }
}

impl Maker<'_> {
    /// What is true of all Items that have the middle of their box in a tile; `None`: nothing.
    pub(crate) fn within(&self, tile: Tile) -> Option<Condition> {
        let [_, _, east, _] = self.boxes()?;
        let [west_edge, south_edge, east_edge, north_edge] = tile.lines().edges();
        let edges = Rect::new(Coord { x: west_edge, y: south_edge }, Coord { x: east_edge, y: north_edge });
        let mut any = vec![self.meets(&[edges])?];
        // What lies beyond the antimeridian is taken to be on its other side.
        any.push(Condition::Column(east, Test::Floats(180.0_f64.next_up(), f64::INFINITY)));
        if let Some(name) = &self.footer.names.conventions.residual {
            // Those have a box of their own.
            any.push(Condition::Column(self.column(std::slice::from_ref(name))?, Test::NotNull));
        }
        Some(Condition::Any(any))
    }
}
