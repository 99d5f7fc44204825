//! The key-value metadata of the file that is written.

use parquet::file::metadata::KeyValue;
use serde_json::{Map, Value, json};

use crate::format::layout::Layout;
use crate::format::metadata::{self, Conventions};
use crate::write::item_shape::ItemShape;
use crate::write::options::Options;

pub(crate) fn key_values(items: &ItemShape, layout: &Layout, options: &Options) -> Vec<KeyValue> {
    let profile = options.profile.as_ref().map(|profile| profile.text().to_owned());
    let conventions = Conventions { profile, ..Conventions::of(layout) };
    let conventions = serde_json::to_string(&conventions).unwrap_or_default();
    vec![
        KeyValue::new(metadata::GEO.to_owned(), geo(items).to_string()),
        KeyValue::new(metadata::STAC.to_owned(), metadata::stac(&options.collections).to_string()),
        KeyValue::new(metadata::OURS.to_owned(), conventions),
    ]
}

/// The `geo` value (GeoParquet 1.1, "File metadata"). The reference system is the default one, OGC:CRS84.
pub(crate) fn geo(items: &ItemShape) -> Value {
    let geometry = &items.geometry;
    let mut types: Vec<String> = geometry
        .types
        .iter()
        .map(|(name, z)| if *z { format!("{name} Z") } else { (*name).to_owned() })
        .collect();
    types.sort_unstable();
    let covering: Map<String, Value> = ["xmin", "ymin", "xmax", "ymax"]
        .iter()
        .map(|name| ((*name).to_owned(), json!(["bbox", name])))
        .collect();
    let mut column = json!({ "encoding": "WKB", "geometry_types": types, "covering": { "bbox": covering } });
    // Of 3D geometries the box would have to have heights.
    if !geometry.bounds.is_empty() && !geometry.types.iter().any(|(_, z)| *z) {
        let ([west, south], [east, north]) = (geometry.bounds.min, geometry.bounds.max);
        column["bbox"] = json!([west, south, east, north]);
    }
    json!({ "version": "1.1.0", "primary_column": "geometry", "columns": { "geometry": column } })
}
