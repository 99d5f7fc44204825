//! The footer of a GeoParquet file: what it says of itself, and whether it is one.

use std::collections::BTreeMap;
use std::path::Path;

use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use serde::Deserialize;
use stacyard_store::{Collections, Error};

use crate::decode::Names;
use crate::metadata::{Conventions, GEO, OURS, STAC};

/// What the reader takes from the footer.
pub(crate) struct Footer {
    pub(crate) names: Names,
    pub(crate) collections: Collections,
}

#[derive(Deserialize)]
struct Geo {
    primary_column: String,
    columns: BTreeMap<String, GeoColumn>,
}

#[derive(Deserialize)]
struct GeoColumn {
    encoding: String,
    #[serde(default)]
    crs: Option<serde_json::Value>,
}

#[derive(Deserialize, Default)]
struct Stac {
    #[serde(default)]
    collections: Collections,
    /// Deprecated since 1.1.
    #[serde(default)]
    collection: Option<serde_json::Value>,
}

/// The error of a file that cannot be read as Parquet.
pub(crate) fn not_parquet(path: &Path, cause: ParquetError) -> Error {
    Error::failed(format!("{} cannot be read as Parquet", path.display()))
        .caused_by(cause)
        .remedy("check that it is a whole Parquet file, or name the kind of store with --store-kind")
}

impl Footer {
    pub(crate) fn of(metadata: &ParquetMetaData, path: &Path) -> Result<Self, Error> {
        let pairs = metadata.file_metadata().key_value_metadata();
        let text = |key: &str| {
            pairs.into_iter().flatten().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref())
        };
        let wrong = |key: &str, cause: serde_json::Error| {
            Error::failed(format!(
                "{}: the `{key}` metadata is not as its specification says",
                path.display()
            ))
            .caused_by(cause)
            .remedy("write the file again with a program that follows the specification")
        };
        let geometry =
            match text(GEO).map(serde_json::from_str::<Geo>).transpose().map_err(|e| wrong(GEO, e))? {
                Some(geo) => geo.check(path)?,
                None => "geometry".to_owned(),
            };
        let conventions: Conventions =
            text(OURS).map(serde_json::from_str).transpose().map_err(|e| wrong(OURS, e))?.unwrap_or_default();
        if conventions.version > 1 {
            return Err(Error::failed(format!(
                "{} has layout version {}, which is newer than this program",
                path.display(),
                conventions.version
            ))
            .remedy("read it with a newer stacyard"));
        }
        let stac: Stac =
            text(STAC).map(serde_json::from_str).transpose().map_err(|e| wrong(STAC, e))?.unwrap_or_default();
        let mut collections = stac.collections;
        if let Some(collection) = stac.collection
            && let Some(id) = collection.get("id").and_then(serde_json::Value::as_str).map(str::to_owned)
        {
            collections.entry(id).or_insert(collection);
        }
        Ok(Self { names: Names { conventions, geometry }, collections })
    }
}

impl Geo {
    /// The primary geometry column, where this reader can take it.
    fn check(self, path: &Path) -> Result<String, Error> {
        let name = self.primary_column;
        let Some(column) = self.columns.get(&name) else {
            return Err(Error::failed(format!(
                "{}: the `geo` metadata does not describe its primary column {name:?}",
                path.display()
            )));
        };
        if column.encoding != "WKB" {
            return Err(Error::failed(format!(
                "{}: column {name:?} has the encoding {:?}",
                path.display(),
                column.encoding
            ))
            .remedy("only WKB is read: write the file again with that encoding"));
        }
        match &column.crs {
            Some(crs) if !is_lon_lat(crs) => {
                let crs = crs.get("name").and_then(serde_json::Value::as_str).unwrap_or("one without a name");
                Err(Error::failed(format!(
                    "{}: column {name:?} is in the reference system {crs:?}",
                    path.display()
                ))
                .remedy("STAC geometries are longitudes and latitudes (OGC:CRS84): transform the file first"))
            }
            _ => Ok(name),
        }
    }
}

/// OGC:CRS84, or EPSG:4326, whose axes GeoParquet reads in the same order ("Coordinate axis order").
fn is_lon_lat(crs: &serde_json::Value) -> bool {
    let id = |key| {
        crs.get("id").and_then(|id| id.get(key)).map(|value| value.to_string().trim_matches('"').to_owned())
    };
    crs.is_null()
        || matches!(
            (id("authority").as_deref(), id("code").as_deref()),
            (Some("OGC"), Some("CRS84")) | (Some("EPSG"), Some("4326"))
        )
}
