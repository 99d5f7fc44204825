//! Where on land the imagery is looked at: most Items of real catalogs crowd over few regions.

use crate::rng::Rng;
use crate::time::Moment;
use crate::utm::LonLat;

/// A region of interest.
pub(crate) struct Region {
    pub(crate) centre: LonLat,
    /// In degrees, north-south and (on the map) east-west.
    pub(crate) radius: f64,
    /// How much of the catalog lies here; the weights of all regions add up to [`TOTAL`].
    weight: u64,
}

const fn region(lon: f64, lat: f64, radius: f64, weight: u64) -> Region {
    Region { centre: LonLat { lon, lat }, radius, weight }
}

/// The regions. The first is where `make demo` asks its question.
pub(crate) const REGIONS: [Region; 14] = [
    region(1.0, 44.0, 1.6, 26),   // Aquitaine and the Toulouse plain
    region(10.5, 45.2, 1.4, 9),   // Po valley
    region(11.6, 48.6, 1.4, 7),   // Bavaria
    region(25.5, 62.5, 1.5, 4),   // Finnish lakes
    region(-93.5, 42.0, 1.8, 9),  // Iowa
    region(-119.8, 36.7, 1.6, 8), // Central Valley
    region(-103.0, 31.9, 1.4, 5), // Permian Basin
    region(-55.5, -12.8, 1.8, 8), // Mato Grosso
    region(31.0, 30.8, 1.1, 5),   // Nile delta
    region(37.0, -0.8, 1.4, 4),   // Kenyan highlands
    region(75.5, 30.8, 1.4, 5),   // Punjab
    region(105.8, 10.2, 1.0, 3),  // Mekong delta
    region(139.8, 36.1, 0.9, 3),  // Kanto
    region(145.5, -37.0, 1.5, 4), // Victoria
];
const TOTAL: u64 = 100;

/// The number of a region, drawn by weight.
pub(crate) fn draw(rng: &mut Rng) -> usize {
    let mut left = rng.below(TOTAL);
    for (number, region) in REGIONS.iter().enumerate() {
        if left < region.weight {
            return number;
        }
        left -= region.weight;
    }
    0
}

/// A cloud cover in percent: often clear, often overcast, clearer in the summer of the hemisphere.
pub(crate) fn cloud_cover(rng: &mut Rng, when: Moment, lat: f64) -> f64 {
    let northern_summer = (4..=9).contains(&when.parts().month);
    let exponent = if northern_summer == (lat > 0.0) { 1.5 } else { 0.9 };
    50.0 * (1.0 - (std::f64::consts::PI * rng.unit().powf(exponent)).cos())
}

/// Where the sun stands at a morning overpass: azimuth and elevation in degrees.
pub(crate) fn sun(when: Moment, lat: f64) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "at most 366")]
    let season = (when.parts().day_of_year - 172) as f64 / 365.25 * std::f64::consts::TAU;
    let declination = 23.44 * season.cos();
    let azimuth = if lat > declination { 152.0 } else { 38.0 } + 0.1 * declination;
    (azimuth, (82.0 - (lat - declination).abs()).max(3.0))
}
