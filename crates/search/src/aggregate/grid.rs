//! Grids over the world, whose cells have names.

use super::tile::{Tile, pack, tile_at};
use crate::error::SearchError;

/// A grid over the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// Geohashes of so many characters, 1 to 12: `u33db`.
    Geohash(u8),
    /// Web Mercator tiles of a zoom, 0 to 24, as XYZ has them: `5/17/10`. What lies beyond 85.0511 degrees is in the first or last row.
    Tiles(u8),
    /// The [cells](Tile::CELLS) of a tile, which are tiles themselves. What lies elsewhere, or nowhere, is not counted at all.
    Within(Tile),
}

const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

impl Grid {
    /// Geohashes of so many characters.
    ///
    /// # Errors
    /// Where they are not 1 to 12.
    pub fn geohash(characters: u64) -> Result<Self, SearchError> {
        match u8::try_from(characters) {
            Ok(characters @ 1..=12) => Ok(Self::Geohash(characters)),
            _ => Err(SearchError::Grid {
                what: "characters of a geohash",
                number: characters,
                range: "1 to 12",
            }),
        }
    }

    /// Tiles of a zoom.
    ///
    /// # Errors
    /// Where it is not 0 to 24.
    pub fn tiles(zoom: u64) -> Result<Self, SearchError> {
        match u8::try_from(zoom) {
            Ok(zoom @ 0..=24) => Ok(Self::Tiles(zoom)),
            _ => Err(SearchError::Grid { what: "zoom of tiles", number: zoom, range: "0 to 24" }),
        }
    }

    /// The middle of a box, on the shorter side where it crosses the antimeridian: what decides where an Item is counted.
    pub fn middle([west, south, east, north]: [f64; 4]) -> [f64; 2] {
        let turn = if west > east { 360.0 } else { 0.0 };
        let middle = f64::midpoint(west, east + turn);
        let longitude = if middle > 180.0 { middle - 360.0 } else { middle };
        [longitude, f64::midpoint(south, north)]
    }

    /// The number of the cell in which the middle of a box lies (west, south, east, north); `None`: it is in none of them.
    pub fn cell_of_box(self, bbox: [f64; 4]) -> Option<u64> {
        let [longitude, latitude] = Self::middle(bbox);
        match self {
            Self::Geohash(characters) => Some(geohash(longitude, latitude, characters)),
            Self::Tiles(zoom) => Some(pack(tile_at(longitude, latitude, zoom))),
            Self::Within(tile) => {
                let cell = tile_at(longitude, latitude, tile.zoom() + Tile::CELL_ZOOM);
                let is_within = cell.map(|part| part >> Tile::CELL_ZOOM) == [tile.x(), tile.y()];
                is_within.then(|| pack(cell))
            }
        }
    }

    /// The name of the cell of a number.
    pub fn name(self, number: u64) -> String {
        let tile = |zoom: u8| format!("{zoom}/{}/{}", number >> 32, number & u64::from(u32::MAX));
        match self {
            Self::Geohash(characters) => {
                let digit = |place: u8| char::from(ALPHABET[(number >> (5 * place) & 31) as usize]);
                (0..characters).rev().map(digit).collect()
            }
            Self::Tiles(zoom) => tile(zoom),
            Self::Within(within) => tile(within.zoom() + Tile::CELL_ZOOM),
        }
    }
}

/// Halves the world again and again: by longitude, then by latitude; five halvings are a character.
fn geohash(longitude: f64, latitude: f64, characters: u8) -> u64 {
    let mut sides = [(longitude, -180.0, 180.0), (latitude, -90.0, 90.0)];
    (0..usize::from(characters) * 5).fold(0, |hash, bit| {
        let (at, low, high) = &mut sides[bit % 2];
        let middle = f64::midpoint(*low, *high);
        let is_upper = *at >= middle;
        *(if is_upper { low } else { high }) = middle;
        hash << 1 | u64::from(is_upper)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(grid: Grid, longitude: f64, latitude: f64) -> String {
        grid.name(grid.cell_of_box([longitude, latitude, longitude, latitude]).unwrap())
    }

    #[test]
    fn geohashes_are_those_of_others() {
        // geohash.org, and the example of Wikipedia.
        for (longitude, latitude, hash) in [
            (10.407_44, 57.649_11, "u4pruydqqvj"),
            (-5.6, 42.6, "ezs42"),
            (-180.0, -90.0, "00000"),
            (180.0, 90.0, "zzzzz"),
            (0.0, 0.0, "s0000"),
        ] {
            let grid = Grid::geohash(hash.len() as u64).unwrap();
            assert_eq!(name(grid, longitude, latitude), hash);
        }
    }

    #[test]
    fn tiles_are_those_of_others() {
        // mercantile.tile(lng, lat, zoom) of Mapbox.
        for (longitude, latitude, zoom, expected) in [
            (-105.2, 40.0, 10, "10/212/387"),
            (0.0, 0.0, 0, "0/0/0"),
            (20.6852, 40.1222, 9, "9/285/193"),
            (180.0, -90.0, 3, "3/7/7"),
            (-180.0, 90.0, 3, "3/0/0"),
        ] {
            assert_eq!(name(Grid::tiles(zoom).unwrap(), longitude, latitude), expected);
        }
        insta::assert_snapshot!(Grid::tiles(25).unwrap_err(), @"25 as the zoom of tiles: it is 0 to 24; give a number of that range");
        assert!(Grid::geohash(0).is_err());
    }
}
