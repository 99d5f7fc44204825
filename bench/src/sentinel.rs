//! `sentinel-2-l2a`: STAC 1.1.0 Items in the manner of the public Sentinel-2 catalogs, on real MGRS tiles.

use std::collections::BTreeSet;

use crate::item::{DATA, Source, write_head, write_links, write_polygon};
use crate::json::Json;
use crate::place::{self, REGIONS};
use crate::rng::Rng;
use crate::time::{BEGIN, DAYS, Moment, REPROCESSED};
use crate::utm::{self, LonLat};

const COLLECTION: &str = "sentinel-2-l2a";
/// The first ones are enough for an Item with few assets.
const EXTENSIONS: [&str; 8] = [
    "eo/v2.0.0",
    "file/v2.1.0",
    "grid/v1.1.0",
    "projection/v2.0.0",
    "raster/v2.0.0",
    "view/v1.0.0",
    "processing/v1.2.0",
    "sentinel-2/v1.0.0",
];
const COG: &str = "image/tiff; application=geotiff; profile=cloud-optimized";
/// Tiles are 109.8 km wide and overlap their neighbours.
const TILE: f64 = 109_800.0;
/// What a tile's raster of 1 m would weigh, compressed: sizes are a share of that.
const TILE_PIXELS: i64 = 50_000_000;

/// How many of its assets an Item has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Assets {
    All,
    Few,
}

/// A spectral band as an asset shows it: name, common name, centre and width in micrometres.
type Band = (&'static str, &'static str, f64, f64);
/// Key, file, title, ground resolution in metres, role, bands.
type Raster = (&'static str, &'static str, &'static str, i64, &'static str, &'static [Band]);

const RED: Band = ("B04", "red", 0.665, 0.038);
const GREEN: Band = ("B03", "green", 0.56, 0.045);
const BLUE: Band = ("B02", "blue", 0.49, 0.098);

const RASTERS: [Raster; 13] = [
    ("visual", "TCI", "True color image", 10, "visual", &[RED, GREEN, BLUE]),
    ("red", "B04", "Red - 10m", 10, "reflectance", &[RED]),
    ("green", "B03", "Green - 10m", 10, "reflectance", &[GREEN]),
    ("blue", "B02", "Blue - 10m", 10, "reflectance", &[BLUE]),
    ("nir", "B08", "NIR 1 - 10m", 10, "reflectance", &[("B08", "nir", 0.842, 0.145)]),
    ("rededge1", "B05", "Red Edge 1 - 20m", 20, "reflectance", &[("B05", "rededge071", 0.704, 0.019)]),
    ("rededge2", "B06", "Red Edge 2 - 20m", 20, "reflectance", &[("B06", "rededge075", 0.74, 0.018)]),
    ("rededge3", "B07", "Red Edge 3 - 20m", 20, "reflectance", &[("B07", "rededge078", 0.783, 0.028)]),
    ("nir08", "B8A", "NIR 2 - 20m", 20, "reflectance", &[("B8A", "nir08", 0.865, 0.033)]),
    ("swir16", "B11", "SWIR 1.6μm - 20m", 20, "reflectance", &[("B11", "swir16", 1.61, 0.143)]),
    ("swir22", "B12", "SWIR 2.2μm - 20m", 20, "reflectance", &[("B12", "swir22", 2.19, 0.242)]),
    ("scl", "SCL", "Scene classification map (SCL)", 20, "data", &[]),
    ("preview", "L2A_PVI", "True color preview", 320, "overview", &[RED, GREEN, BLUE]),
];
/// Key, file, media type, role.
const FILES: [(&str, &str, &str, &str); 3] = [
    ("thumbnail", "L2A_PVI.jpg", "image/jpeg", "thumbnail"),
    ("granule_metadata", "metadata.xml", "application/xml", "metadata"),
    ("tileinfo_metadata", "tileInfo.json", "application/json", "metadata"),
];

/// A square of the military grid, and where it lies.
struct Tile {
    zone: i32,
    band: char,
    square: String,
    epsg: i32,
    /// Its upper left corner, in metres.
    origin: (f64, f64),
    /// Upper left, upper right, lower right, lower left.
    corners: [LonLat; 4],
}

/// The tiles of all regions, and of each of [`RASTERS`] the text that all Items share.
pub(crate) struct Sentinel {
    regions: Vec<Vec<Tile>>,
    shared: Vec<Json>,
}

impl Sentinel {
    pub(crate) fn new() -> Self {
        Self {
            regions: REGIONS.iter().map(tiles_of).collect(),
            shared: RASTERS.iter().map(shared_members).collect(),
        }
    }

    pub(crate) fn write(&self, source: Source, assets: Assets, json: &mut Json) {
        let Source { index, mut rng, broken } = source;
        let region = place::draw(&mut rng);
        let tile = rng.pick(&self.regions[region]);
        let of_day = 37_800_000_000 + i64::try_from(rng.below(1_800_000_000)).unwrap_or(0);
        let day = i64::try_from(rng.below(DAYS.unsigned_abs())).unwrap_or(0);
        let solar_noon = (tile.corners[0].lon * 240.0).round();
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a day")]
        let when = BEGIN.plus_days(day).plus_micros(of_day / 1000 * 1000).plus_seconds(-(solar_noon as i64));
        let made = REPROCESSED.plus_seconds(i64::try_from(index).unwrap_or(0));
        let scene = Scene::new(tile, when, made, &mut rng);
        json.object(|json| {
            let extensions = if assets == Assets::All { &EXTENSIONS[..] } else { &EXTENSIONS[..6] };
            write_head(json, "1.1.0", extensions, &scene.id);
            write_polygon(json, &footprint(tile, &mut rng), true, if broken { 3 } else { 4 });
            json.key("properties").object(|json| scene.write_properties(json, broken, assets, &mut rng));
            write_links(json, COLLECTION, &scene.id);
            json.key("assets")
                .object(|json| scene.write_assets(json, &self.shared, broken, assets, &mut rng));
            json.key("collection").string(COLLECTION);
        });
    }
}

fn tiles_of(region: &place::Region) -> Vec<Tile> {
    let mut seen = BTreeSet::new();
    let mut tiles = Vec::new();
    let steps = || (-8..=8).map(|step| f64::from(step) / 8.0 * region.radius);
    for (east, north) in steps().flat_map(|east| steps().map(move |north| (east, north))) {
        let guess = LonLat { lon: region.centre.lon + east, lat: region.centre.lat + north };
        let (zone, south) = (utm::zone(guess.lon), guess.lat < 0.0);
        let (e, n) = utm::project(guess, zone, south);
        let (e, n) = ((e / 1e5).floor() * 1e5, (n / 1e5).floor() * 1e5);
        let origin = (e, n + 100_020.0);
        let corner = |right: f64, down: f64| {
            utm::unproject((origin.0 + right * TILE, origin.1 - down * TILE), zone, south, guess)
        };
        let corners = [corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 1.0)];
        let (band, square) = utm::square(corners[0].lat.midpoint(corners[2].lat), zone, (e, n));
        if seen.insert((zone, band, square.clone())) {
            tiles.push(Tile {
                zone,
                band,
                square,
                epsg: if south { 32_700 } else { 32_600 } + zone,
                origin,
                corners,
            });
        }
    }
    tiles
}

/// The part of a tile with data in it: all of it, or what lies on one side of the slanted edge of the swath.
fn footprint(tile: &Tile, rng: &mut Rng) -> Vec<[f64; 2]> {
    let [ul, ur, lr, ll] = tile.corners;
    let along =
        |a: LonLat, b: LonLat, part: f64| [a.lon + (b.lon - a.lon) * part, a.lat + (b.lat - a.lat) * part];
    let cut = rng.range(0.25, 0.98);
    let slant = rng.range(0.18, 0.24);
    // Counter-clockwise, as RFC 7946 (3.1.6) asks.
    match rng.below(4) {
        0 => vec![
            along(ul, ur, 0.0),
            along(ll, lr, 0.0),
            along(ll, lr, (cut - slant).max(0.02)),
            along(ul, ur, cut),
        ],
        1 => vec![
            along(ul, ur, (1.0 - cut + slant).min(0.98)),
            along(ll, lr, 1.0 - cut),
            along(ll, lr, 1.0),
            along(ul, ur, 1.0),
        ],
        _ => vec![along(ul, ur, 0.0), along(ll, lr, 0.0), along(ll, lr, 1.0), along(ul, ur, 1.0)],
    }
}

/// One tile, seen once.
struct Scene<'a> {
    tile: &'a Tile,
    when: Moment,
    made: Moment,
    unit: char,
    id: String,
}

impl<'a> Scene<'a> {
    fn new(tile: &'a Tile, when: Moment, made: Moment, rng: &mut Rng) -> Self {
        let unit = *rng.pick(&['A', 'B', 'C']);
        let orbit = 1 + rng.below(143);
        let Tile { zone, band, square, .. } = tile;
        // The last part tells products apart, and is another one for each Item.
        let id = format!(
            "S2{unit}_MSIL2A_{}_R{orbit:03}_T{zone:02}{band}{square}_{}",
            when.compact(),
            made.compact()
        );
        Self { tile, when, made, unit, id }
    }

    fn write_properties(&self, json: &mut Json, broken: bool, assets: Assets, rng: &mut Rng) {
        let Tile { zone, band, square, epsg, corners, .. } = self.tile;
        let middle = LonLat {
            lon: corners[0].lon.midpoint(corners[2].lon),
            lat: corners[0].lat.midpoint(corners[2].lat),
        };
        let cloud = place::cloud_cover(rng, self.when, middle.lat);
        let (azimuth, elevation) = place::sun(self.when, middle.lat);
        let when = if broken { "2024-02-30T10:50:31.024Z".to_owned() } else { self.when.rfc3339(3) };
        json.key("datetime").string(&when);
        json.key("created").string(&self.made.plus_seconds(5400).rfc3339(3));
        json.key("updated").string(&self.made.plus_seconds(7200).plus_micros(417_000).rfc3339(3));
        json.key("platform").string(&format!("sentinel-2{}", self.unit.to_ascii_lowercase()));
        json.key("constellation").string("sentinel-2");
        json.key("instruments").array(|json| json.string("msi"));
        json.key("gsd").integer(10);
        json.key("eo:cloud_cover").float(cloud, 6);
        json.key("eo:snow_cover")
            .float(if middle.lat.abs() > 45.0 { rng.unit().powi(6) * 100.0 } else { 0.0 }, 6);
        json.key("grid:code").string(&format!("MGRS-{zone}{band}{square}"));
        json.key("proj:code").string(&format!("EPSG:{epsg}"));
        json.key("proj:centroid").object(|json| {
            json.key("lat").float(middle.lat, 5);
            json.key("lon").float(middle.lon, 5);
        });
        json.key("view:sun_azimuth").float(azimuth + rng.range(-6.0, 6.0), 9);
        json.key("view:sun_elevation").float(elevation + rng.range(-2.0, 2.0), 9);
        if assets == Assets::All {
            self.write_details(json, cloud, rng);
        }
    }

    fn write_details(&self, json: &mut Json, cloud: f64, rng: &mut Rng) {
        let Tile { zone, band, square, .. } = self.tile;
        let made = self.made.compact();
        let (unit, when) = (self.unit, self.when.compact());
        let absolute = 30_000 + rng.below(20_000);
        json.key("view:azimuth").float(rng.range(100.0, 290.0), 9);
        json.key("view:incidence_angle").float(rng.range(2.0, 11.0), 9);
        json.key("s2:tile_id").string(&format!(
            "S2{unit}_OPER_MSI_L2A_TL_2APS_{made}_A{absolute:06}_T{zone:02}{band}{square}_N05.11"
        ));
        json.key("s2:datatake_id").string(&format!("GS2{unit}_{when}_{absolute:06}_N05.11"));
        json.key("s2:datatake_type").string("INS-NOBS");
        json.key("s2:datastrip_id").string(&format!("S2{unit}_OPER_MSI_L2A_DS_2APS_{made}_S{when}_N05.11"));
        json.key("s2:product_uri").string(&format!("{}.SAFE", self.id));
        json.key("s2:product_type").string("S2MSI2A");
        json.key("s2:processing_baseline").string("05.11");
        json.key("s2:generation_time").string(&self.made.rfc3339(6));
        // The classes of the scene share what the clouds leave.
        let high = cloud * rng.range(0.2, 0.7);
        let clear = 100.0 - cloud;
        let land = clear * rng.range(0.5, 0.9);
        for (name, percent) in [
            ("s2:high_proba_clouds_percentage", high),
            ("s2:medium_proba_clouds_percentage", (cloud - high) * 0.7),
            ("s2:thin_cirrus_percentage", (cloud - high) * 0.3),
            ("s2:vegetation_percentage", land * 0.7),
            ("s2:not_vegetated_percentage", land * 0.3),
            ("s2:water_percentage", clear - land),
            ("s2:cloud_shadow_percentage", cloud * rng.range(0.0, 0.08)),
            ("s2:nodata_pixel_percentage", rng.unit().powi(3) * 80.0),
        ] {
            json.key(name).float(percent, 6);
        }
        json.key("s2:degraded_msi_data_percentage").integer(0);
        json.key("s2:reflectance_conversion_factor").float(rng.range(0.967, 1.034), 15);
        json.key("processing:software").object(|json| json.key("sentinel-2-to-stac").string("v2025.12.03"));
    }

    fn write_assets(&self, json: &mut Json, shared: &[Json], broken: bool, assets: Assets, rng: &mut Rng) {
        let (rasters, files) = match assets {
            Assets::All => (0..RASTERS.len(), &FILES[..]),
            Assets::Few => (1..2, &FILES[..1]),
        };
        let Tile { zone, band, square, .. } = self.tile;
        let when = self.when.parts();
        let folder =
            format!("{DATA}/{COLLECTION}/{zone}/{band}/{square}/{}/{}/{}", when.year, when.month, self.id);
        let (left, top) = self.tile.origin;
        for (raster, shared) in RASTERS[rasters.clone()].iter().zip(&shared[rasters]) {
            let &(key, file, _, gsd, ..) = raster;
            json.key(key).object(|json| {
                if !(broken && key == "red") {
                    json.key("href").string(&format!("{folder}/{file}.tif"));
                }
                json.members(shared);
                json.key("proj:transform").raw(&format!("[{gsd},0,{left},0,-{gsd},{top}]"));
                json.key("file:size")
                    .integer(TILE_PIXELS / gsd + i64::try_from(rng.below(900_000)).unwrap_or(0));
            });
        }
        for &(key, file, media, role) in files {
            json.key(key).object(|json| {
                json.key("href").string(&format!("{folder}/{file}"));
                json.key("type").string(media);
                json.key("roles").array(|json| json.string(role));
                json.key("file:size").integer(2_000 + i64::try_from(rng.below(190_000)).unwrap_or(0));
            });
        }
    }
}

/// What an asset says of itself that does not depend on the Item: most of its text.
fn shared_members(raster: &Raster) -> Json {
    let &(_, _, title, gsd, role, bands) = raster;
    let mut json = Json::default();
    json.key("type").string(COG);
    json.key("title").string(title);
    json.key("roles").array(|json| {
        if role != "data" && role != "overview" {
            json.string("data");
        }
        json.string(role);
    });
    json.key("gsd").integer(gsd);
    if !bands.is_empty() {
        json.key("bands").array(|json| {
            for &(name, common, centre, width) in bands {
                json.object(|json| {
                    json.key("name").string(name);
                    json.key("eo:common_name").string(common);
                    json.key("eo:center_wavelength").float(centre, 3);
                    json.key("eo:full_width_half_max").float(width, 3);
                });
            }
        });
    }
    let reflectance = role == "reflectance";
    json.key("data_type").string(if reflectance { "uint16" } else { "uint8" });
    json.key("nodata").integer(0);
    if reflectance {
        json.key("raster:scale").float(0.0001, 4);
        json.key("raster:offset").float(-0.1, 1);
    }
    // A pixel is 10 to 320 m wide, so a tile has at most 10,980 of them.
    let pixels = 109_800 / gsd;
    json.key("proj:shape").raw(&format!("[{pixels},{pixels}]"));
    json
}
