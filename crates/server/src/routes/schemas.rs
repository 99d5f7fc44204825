//! The JSON of answers and bodies, as the description of the API tells of it (JSON Schema 2020-12). What STAC says of Items and Collections is in
//! the schemas of STAC; here stands what every one has.

use serde_json::{Value, json};

/// The name of the schema of what a GET of this path gives as JSON.
pub(super) fn of_answer(path: &str) -> &'static str {
    match path {
        "/" => "catalog",
        "/conformance" => "conformance",
        "/collections" => "collections",
        "/collections/{collectionId}" => "collection",
        "/children" => "children",
        "/api" => "object",
        _ if path.ends_with("/items/{itemId}") => "item",
        _ if path.ends_with("/items") || path == "/search" => "itemCollection",
        _ if path.ends_with("/browse") => "catalog",
        _ if path.ends_with("/aggregate") => "aggregates",
        _ if path.ends_with("/aggregations") => "aggregations",
        _ if path.ends_with("/tiles") => "tilesets",
        _ if path.ends_with("/WebMercatorQuad") => "tileset",
        // Queryables and sortables.
        _ => "names",
    }
}

/// A schema by its name.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// All of them.
pub(super) fn all() -> Value {
    let parts = [documents(), items(), of_names(), changes()];
    let members = parts.into_iter().filter_map(|part| part.as_object().cloned()).flatten();
    Value::Object(members.collect())
}

fn text() -> Value {
    json!({"type": "string"})
}

fn count() -> Value {
    json!({"type": "integer", "minimum": 0})
}

fn links() -> Value {
    list("link")
}

fn list(name: &str) -> Value {
    json!({"type": "array", "items": reference(name)})
}

/// Catalogs and Collections.
fn documents() -> Value {
    json!({
        "object": {"type": "object"},
        "link": {
            "type": "object",
            "required": ["rel", "href"],
            "properties": {"rel": text(), "href": text(), "type": text(), "title": text(), "method": text(),
                "body": {"type": "object"}, "merge": {"type": "boolean"}},
        },
        "catalog": {
            "type": "object",
            "required": ["type", "stac_version", "id", "description", "links"],
            "properties": {"type": {"const": "Catalog"}, "stac_version": text(), "id": text(), "title": text(),
                "description": text(), "conformsTo": {"type": "array", "items": text()}, "links": links()},
        },
        "conformance": {
            "type": "object",
            "required": ["conformsTo"],
            "properties": {"conformsTo": {"type": "array", "items": text()}, "links": links()},
        },
        "collection": {
            "type": "object",
            "required": ["type", "stac_version", "id", "description", "license", "extent", "links"],
            "properties": {"type": {"const": "Collection"}, "stac_version": text(), "id": text(), "title": text(),
                "description": text(), "license": text(), "extent": reference("extent"), "links": links()},
        },
        "extent": {
            "type": "object",
            "required": ["spatial", "temporal"],
            "properties": {
                "spatial": {"type": "object", "required": ["bbox"],
                    "properties": {"bbox": {"type": "array", "items": reference("bbox")}}},
                "temporal": {"type": "object", "required": ["interval"],
                    "properties": {"interval": {"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2,
                        "items": {"type": ["string", "null"]}}}}},
            },
        },
        "collections": {
            "type": "object",
            "required": ["collections", "links", "numberMatched", "numberReturned"],
            // `fields` asks for parts of them.
            "properties": {"collections": list("object"), "links": links(), "numberMatched": count(),
                "numberReturned": count()},
        },
        "tilesets": {
            "type": "object",
            "required": ["tilesets"],
            "properties": {"tilesets": list("tileset"), "links": links()},
        },
        "tileset": {
            "type": "object",
            "required": ["dataType", "crs", "links"],
            "properties": {"title": text(), "dataType": {"const": "vector"}, "crs": text(), "tileMatrixSetURI": text(),
                "layers": list("object"), "links": links()},
        },
        "children": {
            "type": "object",
            "required": ["children", "links"],
            "properties": {"children": list("collection"), "links": links()},
        },
    })
}

/// Items.
fn items() -> Value {
    json!({
        "bbox": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
        "geometry": {
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": {"enum": ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
                    "GeometryCollection"]},
                "coordinates": {"type": "array"},
                "geometries": list("geometry"),
            },
        },
        "item": {
            "type": "object",
            "required": ["type", "stac_version", "id", "geometry", "properties", "links", "assets"],
            "properties": {"type": {"const": "Feature"}, "stac_version": text(), "id": text(), "collection": text(),
                "geometry": {"anyOf": [reference("geometry"), {"type": "null"}]}, "bbox": reference("bbox"),
                "properties": {"type": "object", "properties": {"datetime": {"type": ["string", "null"]}}},
                "links": links(), "assets": {"type": "object", "additionalProperties": reference("asset")}},
        },
        "asset": {
            "type": "object",
            "required": ["href"],
            "properties": {"href": text(), "type": text(), "title": text(), "roles": {"type": "array", "items": text()}},
        },
        "itemCollection": {
            "type": "object",
            "required": ["type", "features", "links", "numberReturned"],
            "properties": {"type": {"const": "FeatureCollection"}, "features": list("object"), "links": links(),
                "numberMatched": count(), "numberReturned": count()},
        },
    })
}

/// What is told of names, and of many Items.
fn of_names() -> Value {
    json!({
        "names": {
            "type": "object",
            "required": ["$schema", "$id", "type", "properties"],
            "properties": {"$schema": text(), "$id": text(), "title": text(), "type": {"const": "object"},
                "properties": {"type": "object", "additionalProperties": {"type": "object"}},
                "additionalProperties": {"type": "boolean"}},
        },
        "aggregates": {
            "type": "object",
            "required": ["type", "aggregations", "links"],
            "properties": {"type": {"const": "AggregationCollection"}, "aggregations": list("aggregate"), "links": links()},
        },
        "aggregate": {
            "type": "object",
            "required": ["name", "data_type"],
            "properties": {"name": text(), "data_type": text(), "value": {"type": ["number", "string", "boolean", "null"]},
                "buckets": list("bucket"), "overflow": count()},
        },
        "bucket": {
            "type": "object",
            "required": ["key", "data_type", "frequency"],
            "properties": {"key": text(), "data_type": text(), "frequency": count(), "from": {"type": "number"},
                "to": {"type": "number"}},
        },
        "aggregations": {
            "type": "object",
            "required": ["aggregations", "links"],
            "properties": {"links": links(), "aggregations": {"type": "array", "items": {"type": "object",
                "required": ["name", "data_type"], "properties": {"name": text(), "data_type": text()}}}},
        },
    })
}

/// What changes something.
fn changes() -> Value {
    json!({
        "made": {"description": "What was made: an Item, or a report of many.",
            "anyOf": [reference("item"), reference("report")]},
        "put": {"description": "An Item or a Collection, without what the server adds.", "type": "object",
            "properties": {"id": text(), "links": links()}},
        "bulk": {
            "type": "object",
            "required": ["items"],
            "properties": {"items": {"type": "object", "additionalProperties": {"type": "object"}},
                "method": {"enum": ["insert", "upsert"], "default": "insert"}},
            "additionalProperties": false,
        },
        "report": {
            "type": "object",
            "required": ["created", "replaced", "refused", "items"],
            "properties": {"created": count(), "replaced": count(), "refused": count(), "items": {"type": "array",
                "items": {"type": "object", "required": ["id", "status"],
                    "properties": {"id": {"type": ["string", "null"]}, "status": {"type": "integer"}, "etag": text()}}}},
        },
        "operations": {"type": "array", "items": {"type": "object", "required": ["op", "path"], "properties": {
            "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]}, "path": text(), "from": text(),
            "value": {}}}},
    })
}
