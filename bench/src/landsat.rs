//! `landsat-c2-l2`: STAC 1.0.0 Items (`eo:bands`, `proj:epsg`) in the manner of Landsat Collection 2, on real WRS-2 scenes.

use crate::item::{DATA, Source, write_head, write_links, write_polygon};
use crate::json::Json;
use crate::place::{self, REGIONS};
use crate::rng::Rng;
use crate::time::{BEGIN, DAYS, Moment, REPROCESSED};
use crate::utm::{self, LonLat};

const COLLECTION: &str = "landsat-c2-l2";
const EXTENSIONS: [&str; 8] = [
    "classification/v1.0.0",
    "eo/v1.1.0",
    "grid/v1.1.0",
    "landsat/v2.0.0",
    "projection/v1.1.0",
    "raster/v1.1.0",
    "scientific/v1.0.0",
    "view/v1.0.0",
];
const COG: &str = "image/tiff; application=geotiff; profile=cloud-optimized";

/// Key, end of the file's name, title, role, band (name, common name, centre, width).
type Raster =
    (&'static str, &'static str, &'static str, &'static str, Option<(&'static str, &'static str, f64, f64)>);

const RASTERS: [Raster; 13] = [
    ("coastal", "SR_B1", "Coastal/Aerosol Band", "reflectance", Some(("OLI_B1", "coastal", 0.44, 0.02))),
    ("blue", "SR_B2", "Blue Band", "reflectance", Some(("OLI_B2", "blue", 0.48, 0.06))),
    ("green", "SR_B3", "Green Band", "reflectance", Some(("OLI_B3", "green", 0.56, 0.06))),
    ("red", "SR_B4", "Red Band", "reflectance", Some(("OLI_B4", "red", 0.65, 0.04))),
    ("nir08", "SR_B5", "Near Infrared Band 0.8", "reflectance", Some(("OLI_B5", "nir08", 0.87, 0.03))),
    (
        "swir16",
        "SR_B6",
        "Short-wave Infrared Band 1.6",
        "reflectance",
        Some(("OLI_B6", "swir16", 1.61, 0.09)),
    ),
    ("swir22", "SR_B7", "Short-wave Infrared Band 2.2", "reflectance", Some(("OLI_B7", "swir22", 2.2, 0.19))),
    ("lwir11", "ST_B10", "Surface Temperature Band", "temperature", Some(("TIRS_B10", "lwir11", 10.9, 0.59))),
    ("atran", "ST_ATRAN", "Atmospheric Transmittance Band", "data", None),
    ("emis", "ST_EMIS", "Emissivity Band", "emissivity", None),
    ("qa", "ST_QA", "Surface Temperature Quality Assessment Band", "data", None),
    ("qa_pixel", "QA_PIXEL", "Pixel Quality Assessment Band", "data", None),
    ("qa_aerosol", "SR_QA_AEROSOL", "Aerosol Quality Assessment Band", "data", None),
];
/// Key, end of the file's name, media type, role.
const FILES: [(&str, &str, &str, &str); 4] = [
    ("thumbnail", "thumb_small.jpeg", "image/jpeg", "thumbnail"),
    ("mtl.json", "MTL.json", "application/json", "metadata"),
    ("mtl.xml", "MTL.xml", "application/xml", "metadata"),
    ("ang", "ANG.txt", "text/plain", "metadata"),
];

/// A place of the Worldwide Reference System.
struct Frame {
    path: i32,
    row: i32,
    centre: LonLat,
}

/// The frames of all regions.
pub(crate) struct Landsat {
    frames: Vec<Frame>,
    /// How many (frame, day) pairs there are.
    pairs: u64,
    /// The step of the walk through the pairs; prime to their number, so that the walk meets each of them once.
    stride: u64,
}

impl Landsat {
    pub(crate) fn new() -> Self {
        let frames: Vec<_> = REGIONS.iter().flat_map(frames_of).collect();
        let pairs = frames.len() as u64 * DAYS.unsigned_abs();
        // Near the golden section, where neighbours in the walk lie far apart.
        let mut stride = pairs * 618 / 1_000;
        while !coprime(stride, pairs) {
            stride += 1;
        }
        Self { frames, pairs, stride }
    }

    pub(crate) fn write(&self, source: Source, json: &mut Json) {
        let Source { index, mut rng, broken } = source;
        // A scene is taken once a day at most; a second round through all pairs gets another processing date.
        let pairs = self.pairs;
        let pair = (index % pairs) * self.stride % pairs;
        let frame = &self.frames[usize::try_from(pair / DAYS.unsigned_abs()).unwrap_or(0)];
        let day = i64::try_from(pair % DAYS.unsigned_abs()).unwrap_or(0);
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a day")]
        let noon = (frame.centre.lon * 240.0).round() as i64;
        let when = BEGIN
            .plus_days(day)
            .plus_seconds(36_600 - noon + i64::try_from(rng.below(900)).unwrap_or(0))
            .plus_micros(i64::try_from(rng.below(1_000_000)).unwrap_or(0));
        let made = REPROCESSED.plus_days(i64::try_from(index / pairs).unwrap_or(0));
        let scene = Scene::new(frame, when, made, day % 16 < 8);
        json.object(|json| {
            write_head(json, "1.0.0", &EXTENSIONS, if broken { "" } else { &scene.id });
            write_polygon(json, &footprint(frame.centre), true, 4);
            json.key("properties").object(|json| scene.write_properties(json, broken, &mut rng));
            write_links(json, COLLECTION, &scene.id);
            json.key("assets").object(|json| scene.write_assets(json));
            json.key("collection").string(COLLECTION);
        });
    }
}

fn coprime(mut a: u64, mut b: u64) -> bool {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a == 1
}

/// Where the descending track of `path` crosses `row`: 233 paths of 248 rows, inclined by 98.2 degrees.
fn centre_of(path: i32, row: i32) -> LonLat {
    let along = f64::from(60 - row).to_radians() * 360.0 / 248.0;
    let inclination = 98.2_f64.to_radians();
    let lat = (along.sin() * inclination.sin()).asin();
    let east = (-inclination.cos() * along.tan()).atan();
    // A revolution takes 98.88 minutes, in each of which the Earth turns by a quarter of a degree.
    let turned = along / std::f64::consts::TAU * 98.88 * 0.2507;
    let lon = -64.6 - f64::from(path - 1) * 360.0 / 233.0 + east.to_degrees() + turned;
    LonLat { lon: (lon + 180.0).rem_euclid(360.0) - 180.0, lat: lat.to_degrees() }
}

fn frames_of(region: &place::Region) -> Vec<Frame> {
    // A scene is wider than a tile: what touches the region belongs to it.
    let reach = region.radius + 0.6;
    let all = (1..=233).flat_map(|path| (10..110).map(move |row| (path, row)));
    all.map(|(path, row)| Frame { path, row, centre: centre_of(path, row) })
        .filter(|frame| {
            (frame.centre.lon - region.centre.lon).abs() < reach
                && (frame.centre.lat - region.centre.lat).abs() < reach
        })
        .collect()
}

/// 185 by 180 km, leaning as the track does; counter-clockwise.
fn footprint(centre: LonLat) -> Vec<[f64; 2]> {
    let shrink = centre.lat.to_radians().cos();
    let lean = (8.2_f64.to_radians().sin() / shrink).asin() + 0.05;
    [(-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0), (1.0, 1.0)]
        .iter()
        .map(|(x, y)| {
            let (x, y) = (x * 92.5, y * 90.0);
            let east = x * lean.cos() + y * lean.sin();
            let north = y * lean.cos() - x * lean.sin();
            [centre.lon + east / (111.32 * shrink), centre.lat + north / 111.32]
        })
        .collect()
}

/// One frame, taken once.
struct Scene<'a> {
    frame: &'a Frame,
    when: Moment,
    made: Moment,
    number: char,
    id: String,
}

impl<'a> Scene<'a> {
    fn new(frame: &'a Frame, when: Moment, made: Moment, eight: bool) -> Self {
        let number = if eight { '8' } else { '9' };
        let Frame { path, row, .. } = frame;
        let id = format!("LC0{number}_L2SP_{path:03}{row:03}_{}_{}_02_T1", when.date(), made.date());
        Self { frame, when, made, number, id }
    }

    fn write_properties(&self, json: &mut Json, broken: bool, rng: &mut Rng) {
        let Frame { path, row, centre } = *self.frame;
        let cloud = place::cloud_cover(rng, self.when, centre.lat);
        let (azimuth, elevation) = place::sun(self.when, centre.lat);
        // USGS uses the northern zones everywhere.
        let zone = utm::zone(centre.lon);
        let (east, north) = utm::project(centre, zone, false);
        if broken {
            json.key("datetime").raw("null");
        } else {
            json.key("datetime").string(&self.when.rfc3339(6));
        }
        json.key("created").string(&self.made.plus_seconds(40_000).rfc3339(6));
        json.key("updated").string(&self.made.plus_seconds(47_000).rfc3339(6));
        json.key("platform").string(&format!("landsat-{}", self.number));
        json.key("constellation").string("landsat");
        json.key("instruments").raw(r#"["oli","tirs"]"#);
        json.key("gsd").integer(30);
        json.key("description").string("Landsat Collection 2 Level-2");
        // Two digits, as USGS writes them.
        json.key("eo:cloud_cover").float(cloud, 2);
        json.key("landsat:cloud_cover_land").float((cloud * rng.range(0.8, 1.2)).min(100.0), 2);
        json.key("landsat:wrs_type").string("2");
        json.key("landsat:wrs_path").string(&format!("{path:03}"));
        json.key("landsat:wrs_row").string(&format!("{row:03}"));
        json.key("landsat:collection_category").string("T1");
        json.key("landsat:collection_number").string("02");
        json.key("landsat:correction").string("L2SP");
        let when = self.when.parts();
        json.key("landsat:scene_id")
            .string(&format!("LC{}{path:03}{row:03}{}{:03}LGN00", self.number, when.year, when.day_of_year));
        json.key("grid:code").string(&format!("WRS2-{path:03}{row:03}"));
        json.key("sci:doi").string("10.5066/P9OGBGM6");
        json.key("view:off_nadir").integer(0);
        json.key("view:sun_azimuth").float(azimuth + rng.range(-5.0, 5.0), 8);
        json.key("view:sun_elevation").float(elevation + rng.range(-2.0, 2.0), 8);
        json.key("proj:epsg").integer(i64::from(32_600 + zone));
        json.key("proj:shape").raw(&format!("[{},{}]", 7_700 + rng.below(200), 7_600 + rng.below(200)));
        let grid = |metres: f64| (metres / 30.0).round() * 30.0 - 15.0;
        let (left, top) = (grid(east - 115_000.0), grid(north + 116_000.0));
        json.key("proj:transform").raw(&format!("[30.0,0.0,{left:.1},0.0,-30.0,{top:.1}]"));
    }

    fn write_assets(&self, json: &mut Json) {
        let Frame { path, row, .. } = self.frame;
        let folder = format!("{DATA}/{COLLECTION}/{}/{path:03}/{row:03}/{}", self.when.parts().year, self.id);
        for raster in &RASTERS {
            let href = format!("{folder}/{}_{}.TIF", self.id, raster.1);
            json.key(raster.0).object(|json| write_raster(json, raster, &href));
        }
        for (key, end, media, role) in FILES {
            json.key(key).object(|json| {
                json.key("href").string(&format!("{folder}/{}_{end}", self.id));
                json.key("type").string(media);
                json.key("roles").array(|json| json.string(role));
            });
        }
    }
}

fn write_raster(json: &mut Json, raster: &Raster, href: &str) {
    let &(_, end, title, role, band) = raster;
    json.key("href").string(href);
    json.key("type").string(COG);
    json.key("title").string(title);
    json.key("description").string(&format!("Collection 2 Level-2 {title} ({end})"));
    json.key("roles").array(|json| {
        if role != "data" {
            json.string("data");
        }
        json.string(role);
    });
    if let Some((name, common, centre, width)) = band {
        json.key("eo:bands").array(|json| {
            json.object(|json| {
                json.key("name").string(name);
                json.key("common_name").string(common);
                json.key("center_wavelength").float(centre, 2);
                json.key("full_width_half_max").float(width, 2);
            });
        });
    }
    let about = match role {
        "reflectance" => {
            r#"{"nodata":0,"data_type":"uint16","spatial_resolution":30,"scale":0.0000275,"offset":-0.2}"#
        }
        "temperature" => {
            r#"{"nodata":0,"data_type":"uint16","spatial_resolution":30,"unit":"kelvin","scale":0.00341802,"offset":149.0}"#
        }
        _ => r#"{"nodata":-9999,"data_type":"int16","spatial_resolution":30,"scale":0.0001}"#,
    };
    json.key("raster:bands").array(|json| json.raw(about));
}
