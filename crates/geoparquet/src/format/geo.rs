//! What a file says of its geometries: which column they are in, and whether they are what GeoJSON's are, planar and in
//! longitude and latitude. It says so in the `geo` metadata, of any version, or by Parquet's own types.

use std::collections::BTreeMap;
use std::fmt;

use parquet::basic::LogicalType;
use parquet::schema::types::Type;
use serde::Deserialize;
use serde_json::Value;

/// The `geo` metadata.
#[derive(Deserialize)]
pub(crate) struct Geo {
    primary_column: String,
    columns: BTreeMap<String, Column>,
}

#[derive(Deserialize)]
struct Column {
    encoding: String,
    #[serde(default)]
    crs: Value,
    #[serde(default)]
    edges: Option<String>,
    #[serde(default)]
    covering: Option<Covering>,
}

/// GeoParquet 1.1, "bbox covering encoding".
#[derive(Deserialize)]
struct Covering {
    #[serde(default)]
    bbox: Option<BoxPaths>,
}

#[derive(Deserialize)]
struct BoxPaths {
    xmin: Vec<String>,
    ymin: Vec<String>,
    xmax: Vec<String>,
    ymax: Vec<String>,
}

/// The column that the Items' geometries are in.
pub(crate) struct Primary {
    pub(crate) name: String,
    /// Where the boxes stand: the paths of xmin, ymin, xmax and ymax.
    pub(crate) covering: Option<[Vec<String>; 4]>,
}

/// Why the geometries cannot be an Item's, and what to do.
pub(crate) type Refusal = (String, &'static str);

impl Primary {
    /// By the `geo` metadata, where there are any; `pair` gives other metadata by their key.
    pub(crate) fn of<'p>(
        geo: Option<Geo>,
        columns: &Type,
        pair: impl Fn(&str) -> Option<&'p str>,
    ) -> Result<Self, Refusal> {
        let primary = match geo {
            Some(geo) => geo.primary()?,
            None => Self { name: native_column(columns).unwrap_or("geometry").to_owned(), covering: None },
        };
        let name = &primary.name;
        let Some(column) = columns.get_fields().iter().find(|column| column.name() == name) else {
            let remedy =
                "a STAC Item is made from a geometry: name its column so, or write the file again with it";
            return Err((format!("column {name:?} of the geometries is missing"), remedy));
        };
        match column.get_basic_info().logical_type_ref() {
            Some(LogicalType::Geography(_)) => return Err(edges(name, "not planar (GEOGRAPHY)")),
            Some(LogicalType::Geometry(kind)) => {
                let crs = kind.crs.as_deref().unwrap_or_default();
                let defined = crs.strip_prefix("projjson:").and_then(pair);
                check_crs(name, Crs::of_text(defined.unwrap_or(crs)))?;
            }
            _ => {}
        }
        Ok(primary)
    }
}

/// The only column of one of Parquet's own geometry types, where none is called `geometry`.
fn native_column(columns: &Type) -> Option<&str> {
    let fields = columns.get_fields();
    let mut native = fields.iter().filter(|column| {
        matches!(
            column.get_basic_info().logical_type_ref(),
            Some(LogicalType::Geometry(_) | LogicalType::Geography(_))
        )
    });
    let only = native.next().filter(|_| native.next().is_none());
    only.filter(|_| fields.iter().all(|column| column.name() != "geometry")).map(|column| column.name())
}

impl Geo {
    fn primary(mut self) -> Result<Primary, Refusal> {
        let name = self.primary_column;
        let Some(column) = self.columns.remove(&name) else {
            let remedy = "write the file again with a program that follows the specification";
            return Err((
                format!("the `geo` metadata does not describe its primary column {name:?}"),
                remedy,
            ));
        };
        if column.encoding != "WKB" {
            let remedy = "only WKB is read: write the file again with that encoding";
            return Err((format!("column {name:?} has the encoding {:?}", column.encoding), remedy));
        }
        if let Some(other) = column.edges.filter(|edges| edges != "planar") {
            return Err(edges(&name, &format!("{other:?}")));
        }
        check_crs(&name, Crs::of(&column.crs))?;
        let paths = column.covering.and_then(|covering| covering.bbox);
        Ok(Primary { name, covering: paths.map(|paths| [paths.xmin, paths.ymin, paths.xmax, paths.ymax]) })
    }
}

fn edges(name: &str, edges: &str) -> Refusal {
    let remedy = "the lines of GeoJSON are straight on the plane: write the file again with planar edges";
    (format!("the edges of column {name:?} are {edges}"), remedy)
}

fn check_crs(name: &str, crs: Option<Crs>) -> Result<(), Refusal> {
    // EPSG:4326 too: GeoParquet has longitudes first in any case ("Coordinate axis order").
    match crs {
        Some(crs) if !matches!(crs.code.as_deref(), Some("OGC:CRS84" | "EPSG:4326")) => {
            let remedy = "STAC geometries are longitudes and latitudes (OGC:CRS84): transform the file first";
            Err((format!("column {name:?} is not in OGC:CRS84, but in {crs}"), remedy))
        }
        _ => Ok(()),
    }
}

/// A reference system, as far as it is told from others.
struct Crs {
    /// Authority and code.
    code: Option<String>,
    name: Option<String>,
}

impl Crs {
    /// PROJJSON, which is what GeoParquet has since 0.4, or a text. `None` is the default one, or an unknown one.
    fn of(crs: &Value) -> Option<Self> {
        match crs {
            Value::Null => None,
            Value::String(text) => Self::of_text(text),
            crs => {
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let member = |name| crs.get("id")?.get(name).map(text);
                let code = member("authority").zip(member("code"));
                let code = code.map(|(authority, code)| format!("{authority}:{code}"));
                Some(Self { code, name: crs.get("name").map(text) })
            }
        }
    }

    /// WKT, which is what the first versions of GeoParquet have; authority and code; a number; PROJJSON.
    fn of_text(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        if let Ok(json @ Value::Object(_)) = serde_json::from_str(text) {
            return Self::of(&json);
        }
        if let Some(number) = text.strip_prefix("srid:") {
            return Some(Self { code: Some(format!("EPSG:{number}")), name: None });
        }
        let Some((_, inner)) = text.split_once('[') else {
            return Some(Self { code: Some(text.to_owned()), name: None });
        };
        // The identifier of the whole stands last: `ID["EPSG",4326]]`, or `AUTHORITY["EPSG","4326"]]`.
        let id = text.trim_end().strip_suffix("]]").and_then(|text| text.rsplit_once('['));
        let id = id.filter(|(before, id)| {
            (before.ends_with("ID") || before.ends_with("AUTHORITY")) && !id.contains(']')
        });
        Some(Self {
            code: id.map(|(_, id)| id.replace(['"', ' '], "").replace(',', ":")),
            name: inner.split('"').nth(1).map(str::to_owned),
        })
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.name) {
            (Some(code), Some(name)) => write!(f, "{code} ({name})"),
            (Some(code), None) => f.write_str(code),
            (None, Some(name)) => write!(f, "{name:?}"),
            (None, None) => f.write_str("one without a name"),
        }
    }
}
