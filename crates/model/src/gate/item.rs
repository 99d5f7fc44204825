//! The rules of an Item.

use super::check::Check;
use super::common::Times;
use super::link::Links;
use super::path::Path;
use super::rule::Rule;
use crate::json::{Members, Value};

/// The members of an Item that rules of their own ask for.
#[derive(Default)]
struct Parts<'a> {
    kind: Option<Value<'a>>,
    version: Option<Value<'a>>,
    extensions: Option<Value<'a>>,
    id: Option<Value<'a>>,
    geometry: Option<Value<'a>>,
    bbox: Option<Value<'a>>,
    properties: Option<Value<'a>>,
    links: Option<Value<'a>>,
    assets: Option<Value<'a>>,
    collection: Option<Value<'a>>,
}

impl<'a> Parts<'a> {
    fn of(members: Members<'a>) -> Self {
        let mut parts = Self::default();
        for (key, value) in members {
            let slot = match &*key.text() {
                "type" => &mut parts.kind,
                "stac_version" => &mut parts.version,
                "stac_extensions" => &mut parts.extensions,
                "id" => &mut parts.id,
                "geometry" => &mut parts.geometry,
                "bbox" => &mut parts.bbox,
                "properties" => &mut parts.properties,
                "links" => &mut parts.links,
                "assets" => &mut parts.assets,
                "collection" => &mut parts.collection,
                _ => continue,
            };
            *slot = Some(value);
        }
        parts
    }
}

impl Check {
    /// Item Fields of the STAC Item specification.
    pub(super) fn item(&mut self, value: Value<'_>) {
        let root = &Path::ROOT;
        let Some(members) = value.members() else {
            return self.wrong(Rule::Object, root, value, "an object");
        };
        let parts = Parts::of(members);
        if !self.stac_version(parts.version) {
            return;
        }
        self.object_type(parts.kind, "Feature", "an Item");
        if let Some(value) = parts.extensions {
            self.stac_extensions(value);
        }
        match parts.id {
            Some(value) => self.filled_string(Rule::Id, &root.member("id"), value),
            None => self.missing(Rule::Id, root, "id"),
        }
        self.geometry_and_bbox(parts.geometry, parts.bbox);
        let properties_bands = if let Some(value) = parts.properties {
            self.properties(&root.member("properties"), value)
        } else {
            self.missing(Rule::Properties, root, "properties");
            None
        };
        match parts.links {
            Some(value) => {
                let links = self.links(&root.member("links"), value);
                self.item_collection(&links, parts.collection);
            }
            None => self.missing(Rule::Links, root, "links"),
        }
        let asset_bands = if let Some(value) = parts.assets {
            self.assets(&root.member("assets"), value)
        } else {
            self.missing(Rule::Assets, root, "assets");
            true
        };
        if self.is_110()
            && !asset_bands
            && let Some(bands) = properties_bands
        {
            let message = format_args!("must not stand here while no asset has bands");
            self.report(Rule::BandsPlace, &root.member("properties").member("bands"), Some(bands), message);
        }
    }

    pub(super) fn object_type(&mut self, kind: Option<Value<'_>>, wanted: &str, what: &str) {
        match kind {
            Some(value) if value.as_str().as_deref() == Some(wanted) => {}
            Some(value) => {
                let message = format_args!("must be {wanted:?}, the type of {what}");
                self.report(Rule::Type, &Path::ROOT.member("type"), Some(value), message);
            }
            None => self.report(
                Rule::Type,
                &Path::ROOT,
                None,
                format_args!("\"type\" is missing: {what} has {wanted:?}"),
            ),
        }
    }

    fn geometry_and_bbox(&mut self, geometry: Option<Value<'_>>, bbox: Option<Value<'_>>) {
        let root = &Path::ROOT;
        let Some(geometry) = geometry else {
            return self.missing(Rule::Geometry, root, "geometry");
        };
        let path = root.member("bbox");
        if geometry.is_null() {
            if let Some(bbox) = bbox {
                let message = format_args!("must be left out where the geometry is null");
                self.report(Rule::BboxWithoutGeometry, &path, Some(bbox), message);
            }
            return;
        }
        let bounds = self.geometry(&root.member("geometry"), geometry);
        let Some(value) = bbox else {
            return self.missing(Rule::BboxMissing, root, "bbox");
        };
        if let (Some(bbox), Some(bounds)) = (self.bbox(Rule::Bbox, &path, value), bounds) {
            self.bbox_bounds(&path, value, bbox, bounds);
        }
    }

    /// The Properties Object; returns its `bands`.
    fn properties<'a>(&mut self, path: &Path<'_>, value: Value<'a>) -> Option<Value<'a>> {
        let Some(members) = value.members() else {
            self.wrong(Rule::Properties, path, value, "an object");
            return None;
        };
        let mut bands = None;
        let mut times = Times::default();
        for (key, value) in members {
            let name = &*key.text();
            if name == "bands" {
                bands = Some(value);
            }
            self.common_member(&mut times, path, name, value);
        }
        self.times(path, &times);
        match times.datetime {
            None if times.start.is_some() && times.end.is_some() => {
                let message = format_args!(
                    "\"datetime\" is missing: beside start_datetime and end_datetime it is null"
                );
                self.report(Rule::Datetime, path, None, message);
            }
            None => self.missing(Rule::Datetime, path, "datetime"),
            Some(datetime) if datetime.is_null() && times.start.is_none() && times.end.is_none() => {
                let message = format_args!("is null: then start_datetime and end_datetime must be there");
                self.report(Rule::Datetime, &path.member("datetime"), None, message);
            }
            Some(datetime) if datetime.is_null() && is_null(times.start) | is_null(times.end) => {
                let message = format_args!("is null: then start_datetime and end_datetime must be times");
                self.report(Rule::Datetime, &path.member("datetime"), None, message);
            }
            _ => {}
        }
        bands
    }

    /// `collection` and the link to it belong together.
    fn item_collection(&mut self, links: &Links<'_>, collection: Option<Value<'_>>) {
        let path = Path::ROOT.member("collection");
        match (collection, links.to_collection) {
            (None, None) => {}
            (None, Some(link)) => {
                let links_path = Path::ROOT.member("links");
                let message =
                    format_args!("a link leads to a collection, but the Item has no \"collection\"");
                self.report(Rule::CollectionField, &links_path.index(links.index), Some(link), message);
            }
            (Some(value), None) if value.is_null() => {
                self.report(
                    Rule::NullMember,
                    &path,
                    None,
                    format_args!("must be a string, or left out: it is null"),
                );
            }
            (Some(value), link) => {
                self.filled_string(Rule::Collection, &path, value);
                if link.is_none() {
                    let message = format_args!("the Item has no link with rel \"collection\"");
                    self.report(Rule::CollectionLink, &path, Some(value), message);
                }
            }
        }
    }
}

fn is_null<T>(time: Option<(Value<'_>, T)>) -> bool {
    time.is_some_and(|(value, _)| value.is_null())
}
