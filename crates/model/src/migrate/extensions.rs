//! Extensions: until 1.0.0-rc.1 they were part of STAC and had short names; since then each is the address of its schema.

use serde_json::{Map, Value as Tree};

use super::rename as rename_member;

/// The first release of each extension that left the core, which has the fields as the core last had them.
const ADDRESSES: [(&str, &str); 18] = [
    ("asset", "item-assets/v1.0.0"),
    ("checksum", "file/v1.0.0"),
    ("datacube", "datacube/v1.0.0"),
    ("eo", "eo/v1.0.0"),
    ("file", "file/v1.0.0"),
    ("item-assets", "item-assets/v1.0.0"),
    ("label", "label/v1.0.0"),
    ("mgrs", "mgrs/v1.0.0"),
    ("pointcloud", "pointcloud/v1.0.0"),
    ("proj", "projection/v1.0.0"),
    ("projection", "projection/v1.0.0"),
    ("sar", "sar/v1.0.0"),
    ("sat", "sat/v1.0.0"),
    ("scientific", "scientific/v1.0.0"),
    ("tiled-assets", "tiled-assets/v1.0.0"),
    ("timestamps", "timestamps/v1.0.0"),
    ("version", "version/v1.0.0"),
    ("view", "view/v1.0.0"),
];

/// Names without a successor, because what they named went into the core (`collection-assets`) or was given up
/// (`commons`). Only the names go; the members they stood for stay.
const ENDED: [&str; 2] = ["collection-assets", "commons"];

/// Replaces the short names; those without a known address stay and are left to the gate.
pub(super) fn rename(object: &mut Map<String, Tree>) {
    let Some(Tree::Array(extensions)) = object.get_mut("stac_extensions") else { return };
    let mut renamed: Vec<Tree> = Vec::with_capacity(extensions.len());
    for extension in extensions.drain(..) {
        let name = extension.as_str().unwrap_or_default();
        if ENDED.contains(&name) {
            continue;
        }
        let address = ADDRESSES.iter().find(|(short, _)| *short == name);
        let extension = match address {
            Some((_, path)) => format!("https://stac-extensions.github.io/{path}/schema.json").into(),
            None => extension,
        };
        // Two short names can lead to one address.
        if address.is_none() || !renamed.contains(&extension) {
            renamed.push(extension);
        }
    }
    *extensions = renamed;
}

/// The checksum extension became part of the file extension.
pub(super) fn checksums(item: &mut Map<String, Tree>) {
    for place in ["properties", "assets"] {
        let Some(Tree::Object(object)) = item.get_mut(place) else { continue };
        if place == "properties" {
            rename_member(object, "checksum:multihash", "file:checksum");
            continue;
        }
        for asset in object.values_mut().filter_map(Tree::as_object_mut) {
            rename_member(asset, "checksum:multihash", "file:checksum");
        }
    }
}
