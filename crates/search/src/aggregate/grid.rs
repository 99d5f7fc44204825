//! Grids over the world, whose cells have names.

use crate::error::SearchError;

/// A grid over the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// Geohashes of so many characters, 1 to 12: `u33db`.
    Geohash(u8),
    /// Web Mercator tiles of a zoom, 0 to 24, as XYZ has them: `5/17/10`. What lies beyond 85.0511 degrees is in the first or last row.
    Tiles(u8),
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

    /// The cell that a place lies in, of its longitude and latitude in degrees.
    pub fn cell(self, longitude: f64, latitude: f64) -> String {
        match self {
            Self::Geohash(characters) => geohash(longitude, latitude, characters),
            Self::Tiles(zoom) => {
                let [x, y] = tile(longitude, latitude, zoom);
                format!("{zoom}/{x}/{y}")
            }
        }
    }
}

/// Halves the world again and again: by longitude, then by latitude; five halvings are a character.
fn geohash(longitude: f64, latitude: f64, characters: u8) -> String {
    let mut sides = [(longitude, -180.0, 180.0), (latitude, -90.0, 90.0)];
    let mut hash = String::new();
    for bit in 0..usize::from(characters) * 5 {
        let (at, low, high) = &mut sides[bit % 2];
        let middle = f64::midpoint(*low, *high);
        let is_upper = *at >= middle;
        *(if is_upper { low } else { high }) = middle;
        if bit % 5 == 0 {
            hash.push('0');
        }
        if is_upper && let Some(last) = hash.pop() {
            let digit = ALPHABET.iter().position(|&c| char::from(c) == last).unwrap_or_default();
            hash.push(char::from(ALPHABET[(digit | 16 >> (bit % 5)) & 31]));
        }
    }
    hash
}

fn tile(longitude: f64, latitude: f64, zoom: u8) -> [u32; 2] {
    let size = f64::from(1_u32 << zoom);
    let x = (longitude + 180.0) / 360.0;
    let y = f64::midpoint(1.0, -latitude.to_radians().sin().atanh() / std::f64::consts::PI);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the grid")]
    [x, y].map(|part| (part * size).clamp(0.0, size - 1.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(grid.cell(longitude, latitude), hash);
        }
    }

    #[test]
    fn tiles_are_those_of_others() {
        // mercantile.tile(lng, lat, zoom) of Mapbox.
        for (longitude, latitude, zoom, name) in [
            (-105.2, 40.0, 10, "10/212/387"),
            (0.0, 0.0, 0, "0/0/0"),
            (20.6852, 40.1222, 9, "9/285/193"),
            (180.0, -90.0, 3, "3/7/7"),
            (-180.0, 90.0, 3, "3/0/0"),
        ] {
            assert_eq!(Grid::tiles(zoom).unwrap().cell(longitude, latitude), name);
        }
        insta::assert_snapshot!(Grid::tiles(25).unwrap_err(), @"25 as the zoom of tiles: it is 0 to 24; give a number of that range");
        assert!(Grid::geohash(0).is_err());
    }
}
