//! Tiles of Web Mercator, and the cells in them.

use crate::bbox::SearchBox;

/// What lies beyond this latitude is not on the map of Web Mercator, which is a square.
const MAX_LATITUDE: f64 = 85.051_128_779_806_59;

/// A tile of Web Mercator, as XYZ has them (`WebMercatorQuad` of OGC 17-083r4): x from the west, y from the north.
///
/// The first and the last row go on to the poles, so that all there is lies in some tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    zoom: u8,
    x: u32,
    y: u32,
}

impl Tile {
    /// There is no tile of a greater zoom.
    pub const MAX_ZOOM: u8 = 24;

    /// Its cells are the tiles of so many zooms below it.
    pub const CELL_ZOOM: u8 = 6;

    /// It has so many cells in a row, and in a column.
    pub const CELLS: u32 = 1 << Self::CELL_ZOOM;

    /// `None`: there is no such tile.
    pub fn new(zoom: u8, x: u32, y: u32) -> Option<Self> {
        let is_there = zoom <= Self::MAX_ZOOM && x < 1 << zoom && y < 1 << zoom;
        is_there.then_some(Self { zoom, x, y })
    }

    /// Its zoom.
    pub const fn zoom(self) -> u8 {
        self.zoom
    }

    /// Its column, from the west.
    pub const fn x(self) -> u32 {
        self.x
    }

    /// Its row, from the north.
    pub const fn y(self) -> u32 {
        self.y
    }

    /// Where it is, with its edges; of the first and the last row as far as the poles.
    pub fn area(self) -> SearchBox {
        let size = f64::from(1_u32 << self.zoom);
        let longitude = |x: u32| f64::from(x) / size * 360.0 - 180.0;
        let latitude = |y: u32| match y {
            0 => 90.0,
            y if y == 1 << self.zoom => -90.0,
            y => latitude(f64::from(y) / size),
        };
        SearchBox::of_edges(
            [longitude(self.x), longitude(self.x + 1)],
            [latitude(self.y + 1), latitude(self.y)],
        )
    }

    /// Where a place lies in it: 0 is its western and its northern edge, 1 the eastern and the southern one. What lies beyond the map
    /// is on its edge.
    pub fn place(self, longitude: f64, latitude: f64) -> [f64; 2] {
        let size = f64::from(1_u32 << self.zoom);
        let [x, y] = on_map(longitude, latitude.clamp(-MAX_LATITUDE, MAX_LATITUDE));
        [x * size - f64::from(self.x), y * size - f64::from(self.y)]
    }

    /// The lines between its cells, which take less time than names.
    pub fn lines(self) -> Lines {
        let zoom = self.zoom + Self::CELL_ZOOM;
        let size = 1_u32 << zoom;
        let (first, top) = (self.x * Self::CELLS, self.y * Self::CELLS);
        let column = |x: u32| match x {
            0 => f64::NEG_INFINITY,
            x if x == size => f64::INFINITY,
            x => {
                let near = f64::from(x) / f64::from(size) * 360.0 - 180.0;
                least(near, |longitude| tile_at(longitude, 0.0, zoom)[0] >= x)
            }
        };
        // Rows are counted from the north, latitudes from the south: the least latitude above the line before row y.
        let row = |y: u32| match y {
            0 => f64::INFINITY,
            y if y == size => f64::NEG_INFINITY,
            y => {
                let near = latitude(f64::from(y) / f64::from(size));
                least(near, |latitude| tile_at(0.0, latitude, zoom)[1] < y)
            }
        };
        Lines {
            columns: (first..=first + Self::CELLS).map(column).collect(),
            rows: (top..=top + Self::CELLS).rev().map(row).collect(),
            corner: [first, top],
        }
    }
}

/// The lines between the cells of a tile, in degrees: each is the least number that lies beyond it, so that all who count by them
/// agree with [`Grid`](super::Grid) to the last digit.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// Ascending, from the western edge to the eastern one; infinite at the edge of the map.
    pub columns: Vec<f64>,
    /// The same of latitudes, from the southern edge to the northern one.
    pub rows: Vec<f64>,
    /// The column and the row of the cell in the north-west, among all tiles of its zoom.
    pub corner: [u32; 2],
}

impl Lines {
    /// The cell that a place lies in: its column, and its row from the north; `None`: it lies elsewhere.
    pub fn cell(&self, longitude: f64, latitude: f64) -> Option<[u32; 2]> {
        let between = |lines: &[f64], at: f64| {
            let place = u32::try_from(lines.partition_point(|line| *line <= at)).ok()?;
            (1..=Tile::CELLS).contains(&place).then_some(place)
        };
        Some([between(&self.columns, longitude)? - 1, Tile::CELLS - between(&self.rows, latitude)?])
    }

    /// The number of a cell, as [`Grid`](super::Grid) has it.
    pub fn number(&self, [column, row]: [u32; 2]) -> u64 {
        pack([self.corner[0] + column, self.corner[1] + row])
    }

    /// Its edges: west, south, east, north.
    pub fn edges(&self) -> [f64; 4] {
        let ends = |lines: &[f64]| [lines[0], lines[lines.len() - 1]];
        let ([west, east], [south, north]) = (ends(&self.columns), ends(&self.rows));
        [west, south, east, north]
    }
}

/// The column and the row of the tile of a zoom that a place lies in.
pub(super) fn tile_at(longitude: f64, latitude: f64, zoom: u8) -> [u32; 2] {
    let size = f64::from(1_u32 << zoom);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the grid")]
    on_map(longitude, latitude).map(|part| (part * size).clamp(0.0, size - 1.0) as u32)
}

pub(super) fn pack([x, y]: [u32; 2]) -> u64 {
    u64::from(x) << 32 | u64::from(y)
}

/// Where a place lies on the map: from 0 in the west and the north to 1.
fn on_map(longitude: f64, latitude: f64) -> [f64; 2] {
    let x = (longitude + 180.0) / 360.0;
    let y = f64::midpoint(1.0, -latitude.to_radians().sin().atanh() / std::f64::consts::PI);
    [x, y]
}

/// The latitude of a place on the map.
fn latitude(y: f64) -> f64 {
    ((1.0 - 2.0 * y) * std::f64::consts::PI).sinh().atan().to_degrees()
}

/// The least number that is beyond a line, which is near one.
fn least(near: f64, is_beyond: impl Fn(f64) -> bool) -> f64 {
    let (mut before, mut beyond) = (near - 1e-9, near + 1e-9);
    loop {
        let middle = f64::midpoint(before, beyond);
        if middle <= before || middle >= beyond {
            return beyond;
        }
        *(if is_beyond(middle) { &mut beyond } else { &mut before }) = middle;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Grid;
    use super::*;

    #[test]
    fn tiles_are_where_others_have_them() {
        // mercantile.bounds(486, 332, 10)
        let area = Tile::new(10, 486, 332).unwrap().area();
        let expected = [-9.140_625, 53.120_405_283_106_56, -8.789_062_5, 53.330_872_983_017_06];
        for (edge, expected) in
            [area.west(), area.south(), area.east(), area.north()].into_iter().zip(expected)
        {
            assert!((edge - expected).abs() < 1e-12, "{edge} {expected}");
        }
        let world = Tile::new(0, 0, 0).unwrap();
        assert_eq!([world.area().south(), world.area().north()], [-90.0, 90.0]);
        assert_eq!(world.place(0.0, 0.0), [0.5, 0.5]);
        assert!(world.place(0.0, 90.0)[1].abs() < 1e-12);
        for (zoom, x, y) in [(25, 0, 0), (0, 1, 0), (3, 0, 8), (3, 8, 0)] {
            assert_eq!(Tile::new(zoom, x, y), None);
        }
    }

    #[test]
    fn lines_agree_with_names_to_the_last_digit() {
        for (zoom, x, y) in
            [(0, 0, 0), (1, 1, 0), (1, 0, 1), (5, 17, 10), (5, 31, 31), (24, 9_000_000, 5_000_000)]
        {
            let tile = Tile::new(zoom, x, y).unwrap();
            let (grid, lines) = (Grid::Within(tile), tile.lines());
            let near = |line: f64| [line.next_down(), line, line.next_up()];
            let finite = |lines: &[f64]| {
                let lines = lines.iter().flat_map(|line| near(*line)).filter(|line| line.is_finite());
                lines.collect::<Vec<f64>>()
            };
            for &longitude in finite(&lines.columns).iter().chain(&[-180.0, 180.0, 200.0]) {
                for &latitude in finite(&lines.rows).iter().chain(&[-90.0, 86.0, 90.0]) {
                    let by_lines = lines.cell(longitude, latitude).map(|cell| lines.number(cell));
                    let by_grid = grid.cell_of_box([longitude, latitude, longitude, latitude]);
                    if longitude <= 180.0 {
                        assert_eq!(by_lines, by_grid, "{tile:?} {longitude} {latitude}");
                    }
                }
            }
        }
    }
}
