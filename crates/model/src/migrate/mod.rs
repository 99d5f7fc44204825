//! Older versions brought up to date: 0.9, 1.0.0-beta.* and 1.0.0-rc.* become 1.0.0, 1.1.0-beta.* and 1.1.0-rc.* become
//! 1.1.0.
//!
//! Only what the change logs of STAC spell out is changed, and nothing is dropped: a member that has been renamed keeps
//! its old name where the new one is taken. The result has not passed the gate: that comes next.
//!
//! Of every version Items get back a `datetime` of null that servers have left out (pgstac's functions drop nulls) where `start_datetime` and
//! `end_datetime` are there.

mod extensions;

use std::fmt;

use serde_json::{Map, Value as Tree, json};

use crate::gate::ObjectKind;
use crate::json::{Document, Value};

/// Whether objects of this `stac_version` are read with a migration.
pub fn is_migratable(version: &str) -> bool {
    target(version).is_some()
}

fn target(version: &str) -> Option<&'static str> {
    let is_preview = |base: &str| {
        version.strip_prefix(base).is_some_and(|rest| rest.starts_with("beta.") || rest.starts_with("rc."))
    };
    match version {
        "0.9" | "0.9.0" => Some("1.0.0"),
        _ if version.starts_with("0.9.0-rc") || is_preview("1.0.0-") => Some("1.0.0"),
        _ if is_preview("1.1.0-") => Some("1.1.0"),
        _ => None,
    }
}

/// The releases that brought changes, in their order: an object is older than some of them.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Age {
    /// 0.9, before 1.0.0-beta.1.
    V09,
    /// Before 1.0.0-rc.1.
    Beta,
    /// 1.0.0-rc.1.
    Rc1,
    /// 1.0.0-rc.2 and later.
    Rc,
    /// A preview of 1.1.0: nothing but the version has changed since.
    V11,
}

impl Age {
    fn of(version: &str) -> Self {
        match version {
            "1.0.0-rc.1" => Self::Rc1,
            _ if version.starts_with("0.") => Self::V09,
            _ if version.starts_with("1.0.0-beta") => Self::Beta,
            _ if version.starts_with("1.0.0-") => Self::Rc,
            _ => Self::V11,
        }
    }
}

/// Why an object that could be migrated was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrateError(String);

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the object cannot be migrated: {}", self.0)
    }
}
impl std::error::Error for MigrateError {}

/// Brings an Item, Collection or Catalog of an older version up to date, as JSON text. `None`: there is nothing to do,
/// or it is no version that is migrated; the gate tells the two apart.
///
/// ```
/// use stacyard_model::{json::Document, migrate::migrate};
/// let old = Document::parse(r#"{"stac_version": "1.0.0-beta.2", "id": "c", "description": "d", "links": []}"#).unwrap();
/// let new = migrate(old.root())?.unwrap();
/// assert_eq!(String::from_utf8_lossy(&new),
///     r#"{"type":"Catalog","stac_version":"1.0.0","id":"c","links":[],"description":"d"}"#);
/// # Ok::<(), stacyard_model::migrate::MigrateError>(())
/// ```
pub fn migrate(value: Value<'_>) -> Result<Option<Vec<u8>>, MigrateError> {
    let Some(version) = value.get("stac_version").and_then(Value::as_str) else { return Ok(None) };
    let Some(target) = target(&version) else {
        return Ok(lacks_datetime(value).map(|at| with_datetime(value, at)));
    };
    let failed = |error: &dyn fmt::Display| MigrateError(error.to_string());
    let mut object: Map<String, Tree> = serde_json::from_str(value.raw()).map_err(|error| failed(&error))?;
    let kind = ObjectKind::of(value).unwrap_or(if object.contains_key("extent") {
        ObjectKind::Collection
    } else {
        ObjectKind::Catalog
    });
    let age = Age::of(&version);
    object.insert("stac_version".to_owned(), target.into());
    match kind {
        ObjectKind::Item => {
            item(&mut object, age);
            if let Some(Tree::Object(properties)) = object.get_mut("properties")
                && lacks_datetime(value).is_some()
            {
                properties.insert("datetime".to_owned(), Tree::Null);
            }
        }
        ObjectKind::Collection => {
            object.insert("type".to_owned(), "Collection".into());
            collection(&mut object, age);
        }
        ObjectKind::Catalog => {
            object.insert("type".to_owned(), "Catalog".into());
        }
    }
    if age < Age::V11 {
        extensions::rename(&mut object);
    }
    let text = serde_json::to_string(&object).map_err(|error| failed(&error))?;
    let document = Document::parse(text).map_err(|error| failed(&error))?;
    let mut out = Vec::new();
    crate::item::write_item(document.root(), &mut out);
    Ok(Some(out))
}

/// Where a `datetime` of null is to be written ([`DATETIME`]), in the text that was parsed, of an Item whose time is said by
/// `start_datetime` and `end_datetime` alone. `None`: it is no such Item.
pub fn lacks_datetime(item: Value<'_>) -> Option<usize> {
    let properties = item.get("properties").filter(|_| ObjectKind::of(item) == Some(ObjectKind::Item))?;
    let is_text = |name: &str| properties.get(name).is_some_and(|value| value.as_str().is_some());
    let lacks = properties.get("datetime").is_none() && is_text("start_datetime") && is_text("end_datetime");
    lacks.then(|| properties.offset() + 1)
}

/// What is written there.
pub const DATETIME: &str = r#""datetime":null,"#;

fn with_datetime(item: Value<'_>, at: usize) -> Vec<u8> {
    let (before, after) = item.raw().as_bytes().split_at(at - item.offset());
    [before, DATETIME.as_bytes(), after].concat()
}

fn item(item: &mut Map<String, Tree>, age: Age) {
    if age == Age::V09 {
        inline_bands(item);
    }
    if age < Age::Rc {
        extensions::checksums(item);
    }
    let Some(Tree::Object(properties)) = item.get_mut("properties") else { return };
    if age == Age::V09 {
        rename(properties, "eo:gsd", "gsd");
    }
    if age < Age::V11 {
        // Never valid, but frequent until 1.0.0, and pystac renames them too.
        for (old, new) in [
            ("label:property", "label:properties"),
            ("label:task", "label:tasks"),
            ("label:overview", "label:overviews"),
            ("label:method", "label:methods"),
        ] {
            rename(properties, old, new);
        }
    }
}

/// Gives a member its new name, unless that is taken.
fn rename(object: &mut Map<String, Tree>, old: &str, new: &str) {
    if !object.contains_key(new)
        && let Some(value) = object.remove(old)
    {
        object.insert(new.to_owned(), value);
    }
}

/// Until 0.9 the `eo:bands` of an asset were places in the `eo:bands` of the properties; since then they are Bands.
fn inline_bands(item: &mut Map<String, Tree>) {
    let Some(Tree::Array(bands)) = item.get("properties").and_then(|properties| properties.get("eo:bands"))
    else {
        return;
    };
    let bands = bands.clone();
    let Some(Tree::Object(assets)) = item.get_mut("assets") else { return };
    for asset in assets.values_mut() {
        let Some(Tree::Array(places)) = asset.get_mut("eo:bands") else { continue };
        let band = |place: &Tree| bands.get(usize::try_from(place.as_u64()?).ok()?).cloned();
        if let Some(inlined) = places.iter().map(band).collect::<Option<Vec<_>>>() {
            *places = inlined;
        }
    }
}

fn collection(collection: &mut Map<String, Tree>, age: Age) {
    let has = |name: &str| {
        let extensions = collection.get("stac_extensions").and_then(Tree::as_array);
        extensions.is_some_and(|all| all.iter().any(|extension| extension == name))
    };
    if age == Age::V09 && has("asset") {
        rename(collection, "assets", "item_assets");
    }
    if age < Age::Rc1 {
        extents(collection);
        let summaries = collection.get_mut("summaries").and_then(Tree::as_object_mut);
        for range in summaries.into_iter().flat_map(Map::values_mut).filter_map(Tree::as_object_mut) {
            if range.contains_key("min") && range.contains_key("max") {
                rename(range, "min", "minimum");
                rename(range, "max", "maximum");
            }
        }
    }
}

/// Before 0.8 an extent was the bare box and the bare interval; some Collections of 0.9 still have it so.
fn extents(collection: &mut Map<String, Tree>) {
    let Some(Tree::Object(extent)) = collection.get_mut("extent") else { return };
    for (name, inner) in [("spatial", "bbox"), ("temporal", "interval")] {
        if let Some(bare @ Tree::Array(_)) = extent.get_mut(name) {
            *bare = json!({ inner: [bare.take()] });
        }
    }
}
