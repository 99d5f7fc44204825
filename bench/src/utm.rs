//! Universal Transverse Mercator, and the MGRS squares that Sentinel-2 tiles are named after.
//!
//! After J. P. Snyder, Map Projections: A Working Manual (1987), p. 61; good to a metre, which is plenty here.

const A: f64 = 6_378_137.0;
const E2: f64 = 0.006_694_379_990_14;
const K0: f64 = 0.9996;

/// A place on the ellipsoid, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LonLat {
    pub(crate) lon: f64,
    pub(crate) lat: f64,
}

/// The zone of a longitude: 1 to 60.
#[expect(clippy::cast_possible_truncation, reason = "1 to 60")]
pub(crate) fn zone(lon: f64) -> i32 {
    ((lon + 180.0) / 6.0).floor() as i32 + 1
}

/// Easting and northing in metres, with the false northing of the south where `south`.
#[expect(clippy::many_single_char_names, reason = "Snyder's letters")]
pub(crate) fn project(place: LonLat, zone: i32, south: bool) -> (f64, f64) {
    let phi = place.lat.to_radians();
    let ep2 = E2 / (1.0 - E2);
    let n = A / (1.0 - E2 * phi.sin().powi(2)).sqrt();
    let (t, c) = (phi.tan().powi(2), ep2 * phi.cos().powi(2));
    let a = phi.cos() * (place.lon - f64::from(zone * 6 - 183)).to_radians();
    let m = A
        * ((1.0 - E2 / 4.0 - 3.0 * E2.powi(2) / 64.0 - 5.0 * E2.powi(3) / 256.0) * phi
            - (3.0 * E2 / 8.0 + 3.0 * E2.powi(2) / 32.0 + 45.0 * E2.powi(3) / 1024.0) * (2.0 * phi).sin()
            + (15.0 * E2.powi(2) / 256.0 + 45.0 * E2.powi(3) / 1024.0) * (4.0 * phi).sin()
            - 35.0 * E2.powi(3) / 3072.0 * (6.0 * phi).sin());
    let east = a
        + (1.0 - t + c) * a.powi(3) / 6.0
        + (5.0 - 18.0 * t + t * t + 72.0 * c - 58.0 * ep2) * a.powi(5) / 120.0;
    let north = a.powi(2) / 2.0
        + (5.0 - t + 9.0 * c + 4.0 * c * c) * a.powi(4) / 24.0
        + (61.0 - 58.0 * t + t * t + 600.0 * c - 330.0 * ep2) * a.powi(6) / 720.0;
    (500_000.0 + K0 * n * east, K0 * (m + n * phi.tan() * north) + if south { 10_000_000.0 } else { 0.0 })
}

/// The place that [`project`] puts at `(easting, northing)`: found by correcting `guess`, which must be in the zone.
pub(crate) fn unproject((easting, northing): (f64, f64), zone: i32, south: bool, guess: LonLat) -> LonLat {
    const DEGREE: f64 = 111_320.0;
    let mut place = guess;
    // Each round shrinks the error by the sine of the meridian convergence, a twentieth or less.
    for _ in 0..10 {
        let (e, n) = project(place, zone, south);
        place.lat += (northing - n) / DEGREE;
        place.lon += (easting - e) / (DEGREE * place.lat.to_radians().cos());
    }
    place
}

/// The latitude band and the 100 km square, such as `T` and `CJ`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "letters' numbers, below 24")]
pub(crate) fn square(lat: f64, zone: i32, (easting, northing): (f64, f64)) -> (char, String) {
    const BANDS: &[u8] = b"CDEFGHJKLMNPQRSTUVWX";
    const COLUMNS: &[u8] = b"STUVWXYZABCDEFGHJKLMNPQR";
    const ROWS: &[u8] = b"ABCDEFGHJKLMNPQRSTUV";
    let band = BANDS[(((lat + 80.0) / 8.0).floor() as usize).min(BANDS.len() - 1)];
    let column = (zone % 3) as usize * 8 + (easting / 100_000.0).floor() as usize - 1;
    let row = (northing / 100_000.0).floor() as usize + if zone % 2 == 0 { 5 } else { 0 };
    let letters = [COLUMNS[column % 24], ROWS[row % 20]];
    (char::from(band), letters.iter().copied().map(char::from).collect())
}
