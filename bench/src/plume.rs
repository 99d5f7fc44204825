//! `methane-plumes`: detections over oil fields, coal mines and landfills. They last a while (`datetime` is null),
//! most are outlines and some mere points, and their measures have a team's own prefix.

use crate::item::{DATA, Source, rounded, write_head, write_links, write_polygon};
use crate::json::Json;
use crate::rng::Rng;
use crate::time::{BEGIN, DAYS, Moment};
use crate::utm::LonLat;

const COLLECTION: &str = "methane-plumes";
const INSTRUMENTS: [(&str, &str); 4] =
    [("sentinel-2a", "msi"), ("enmap", "hsi"), ("prisma", "hyc"), ("sentinel-5p", "tropomi")];

/// Country, sector, where: each basin has many facilities.
const BASINS: [(&str, &str, f64, f64); 12] = [
    ("TKM", "oil-and-gas", 53.6, 39.4),
    ("TKM", "oil-and-gas", 62.3, 37.4),
    ("DZA", "oil-and-gas", 6.0, 31.7),
    ("IRQ", "oil-and-gas", 47.3, 30.5),
    ("USA", "oil-and-gas", -103.4, 31.8),
    ("KAZ", "oil-and-gas", 53.4, 46.1),
    ("CHN", "coal", 113.1, 36.4),
    ("AUS", "coal", 148.1, -22.2),
    ("POL", "coal", 18.7, 50.0),
    ("ARG", "waste", -58.6, -34.5),
    ("IND", "waste", 77.2, 28.6),
    ("ESP", "waste", -3.6, 40.3),
];
const FACILITIES: u64 = 40;

/// One plant, mine or landfill.
struct Facility {
    id: String,
    country: &'static str,
    sector: &'static str,
    place: LonLat,
}

/// The facilities of all basins.
pub(crate) struct Plumes {
    facilities: Vec<Facility>,
}

impl Plumes {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed, u64::MAX);
        let mut facilities = Vec::new();
        for (country, sector, lon, lat) in BASINS {
            for number in 0..FACILITIES {
                let id = format!("{country}-{}-{number:03}", sector[..3].to_ascii_uppercase());
                let place = LonLat { lon: lon + rng.normal() * 0.5, lat: lat + rng.normal() * 0.4 };
                facilities.push(Facility { id, country, sector, place });
            }
        }
        Self { facilities }
    }

    pub(crate) fn write(&self, source: Source, json: &mut Json) {
        let Source { index, mut rng, broken } = source;
        let facility = rng.pick(&self.facilities);
        let start = BEGIN
            .plus_days(i64::try_from(rng.below(DAYS.unsigned_abs())).unwrap_or(0))
            .plus_seconds(30_000 + i64::try_from(rng.below(24_000)).unwrap_or(0))
            .plus_micros(i64::try_from(rng.below(1_000_000)).unwrap_or(0));
        // Most are one overpass; some are followed over hours.
        let lasts = if rng.below(8) == 0 { 3_600 + rng.below(80_000) } else { 12 + rng.below(240) };
        let end = start.plus_seconds(i64::try_from(lasts).unwrap_or(0));
        let id = format!("plume-{}-{index:08}", start.compact());
        let wind = (rng.range(0.6, 9.0), rng.range(0.0, std::f64::consts::TAU));
        json.object(|json| {
            write_head(json, "1.1.0", &[], &id);
            write_shape(json, facility.place, wind, broken, &mut rng);
            json.key("properties").object(|json| {
                let span = if broken { (end, start) } else { (start, end) };
                write_properties(json, facility, span, wind.0, &mut rng);
            });
            write_links(json, COLLECTION, &id);
            json.key("assets").object(|json| write_assets(json, start, &id, broken));
            json.key("collection").string(COLLECTION);
        });
    }
}

/// A plume widens downwind from its source.
fn write_shape(json: &mut Json, source: LonLat, (speed, towards): (f64, f64), broken: bool, rng: &mut Rng) {
    if !broken && rng.below(5) == 0 {
        let (lon, lat) = (rounded(source.lon), rounded(source.lat));
        json.key("geometry").object(|json| {
            json.key("type").string("Point");
            json.key("coordinates").floats(&[lon, lat], 6);
        });
        json.key("bbox").floats(&[lon, lat, lon, lat], 6);
        return;
    }
    let length = 0.01 + 0.006 * speed;
    let mut side = |part: f64, sign: f64| {
        let half = sign * length * (0.05 + 0.3 * part) * rng.range(0.7, 1.2);
        let (along, across) = (part * length, half);
        let east = along * towards.sin() + across * towards.cos();
        let north = along * towards.cos() - across * towards.sin();
        [source.lon + east / source.lat.to_radians().cos(), source.lat + north]
    };
    let parts = [0.0, 0.25, 0.5, 0.75, 1.0];
    // Counter-clockwise, as RFC 7946 (3.1.6) asks: up one side, down the other.
    let mut corners: Vec<_> = parts.iter().map(|&part| side(part, 1.0)).collect();
    corners.extend(parts.iter().rev().map(|&part| side(part, -1.0)));
    write_polygon(json, &corners, !broken, 4);
}

fn write_properties(
    json: &mut Json,
    facility: &Facility,
    (start, end): (Moment, Moment),
    wind: f64,
    rng: &mut Rng,
) {
    let (platform, instrument) = *rng.pick(&INSTRUMENTS);
    json.key("datetime").raw("null");
    json.key("start_datetime").string(&start.rfc3339(6));
    json.key("end_datetime").string(&end.rfc3339(6));
    json.key("created").string(&end.plus_days(2).rfc3339(0));
    json.key("platform").string(platform);
    json.key("instruments").array(|json| json.string(instrument));
    // Emission rates are log-normal: a few super-emitters, many small ones.
    let rate = (rng.normal() * 0.9 + 7.5).exp();
    json.key("mars:emission_rate").float(rate, 1);
    json.key("mars:emission_rate_std").float(rate * rng.range(0.15, 0.5), 1);
    json.key("mars:wind_speed").float(wind, 2);
    json.key("mars:sector").string(facility.sector);
    json.key("mars:facility_id").string(&facility.id);
    json.key("mars:country").string(facility.country);
    json.key("mars:detections").integer(1 + i64::try_from(rng.below(6)).unwrap_or(0));
    json.key("mars:actionable").raw(if rate > 1_000.0 { "true" } else { "false" });
    if rng.below(3) == 0 {
        json.key("mars:comment").string("Seen again at the same source; the operator has been notified.");
    }
}

fn write_assets(json: &mut Json, start: Moment, id: &str, broken: bool) {
    let folder = format!("{DATA}/{COLLECTION}/{}/{id}", start.parts().year);
    json.key("enhancement").object(|json| {
        if !broken {
            json.key("href").string(&format!("{folder}/enhancement.tif"));
        }
        json.key("type").string("image/tiff; application=geotiff; profile=cloud-optimized");
        json.key("title").string("Methane enhancement");
        json.key("roles").raw(r#"["data"]"#);
        json.key("unit").string("ppb");
    });
    json.key("quicklook").object(|json| {
        json.key("href").string(&format!("{folder}/quicklook.png"));
        json.key("type").string("image/png");
        json.key("roles").raw(r#"["overview"]"#);
    });
}
