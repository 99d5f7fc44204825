//! What the first pass must know of all Items.

use stacyard_model::json::Value;

use crate::format::bbox::BboxShape;
use crate::format::layout::RESERVED;
use crate::write::fields::Fields;
use crate::write::shape::{self, Declared, Expected, GeometryShape, Placed};

/// Items of a batch of the input in which it is looked at how often values repeat.
const LOOKED_AT: u64 = 8;

/// All that the first pass counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemShape {
    pub(crate) rows: u64,
    pub(crate) members: Fields,
    pub(crate) properties: Fields,
    pub(crate) geometry: GeometryShape,
    pub(crate) bbox: BboxShape,
    /// Members that have no column: foreign ones.
    pub(crate) foreign: u64,
    /// How many names stand in `members` and `properties`, long ones counted more than once.
    pub(crate) names_of_members: usize,
    pub(crate) names_of_properties: usize,
}

impl ItemShape {
    /// Whether a dictionary pays for a leaf column, by its path in the file.
    pub(crate) fn repeats(&self, path: &[String]) -> bool {
        let Some((root, rest)) = path.split_first() else { return false };
        let shape = if RESERVED.contains(&root.as_str()) { &self.members } else { &self.properties };
        root == "type"
            || shape.get(root).and_then(|shape| shape.leaf(rest)).is_some_and(shape::Shape::repeats)
    }

    /// Counts one Item, and says where it lies. `scratch` is overwritten.
    pub(crate) fn add<'a>(
        &mut self,
        item: Value<'a>,
        declared: &Declared,
        scratch: &mut Vec<u8>,
    ) -> Placed<'a> {
        // Of every batch some, so that the same input always gives the same file.
        let look = self.rows < LOOKED_AT;
        self.rows += 1;
        let most = declared.names_of_batch();
        let mut room = most.saturating_sub(self.names_of_members);
        let mut room_of_properties = most.saturating_sub(self.names_of_properties);
        let collection = item.get("collection").and_then(Value::as_str);
        let (mut geometry, mut bbox) = (None, None);
        let mut placed = Placed::default();
        let mut cursor = 0;
        for (key, value) in item.members().into_iter().flatten() {
            match &*key.text() {
                "type" => {}
                "geometry" if value.is_null() => {}
                "geometry" => {
                    geometry = self.geometry.add(value, scratch);
                    self.foreign += u64::from(geometry.is_none());
                }
                "bbox" => bbox = Some(value),
                "properties" => {
                    let (mut cursor, room) = (0, &mut room_of_properties);
                    let keep = |name: &str| declared.is_essential(name);
                    for (key, value) in value.members().into_iter().flatten() {
                        let Some((shape, name)) = self.properties.at(key, &mut cursor, room, keep) else {
                            continue;
                        };
                        let expected = declared.expected(name);
                        if expected == Expected::Time {
                            placed.note_time(name, value);
                            shape.add_time(value, collection.as_deref());
                        }
                        shape.add(value, expected, look, room);
                    }
                }
                "id" | "collection" | "stac_version" | "stac_extensions" | "links" | "assets" => {
                    if let Some((shape, _)) = self.members.at(key, &mut cursor, &mut room, |_| true) {
                        shape.add(value, Expected::Anything, look, &mut room);
                    }
                }
                _ => self.foreign += 1,
            }
        }
        self.names_of_members = most - room;
        self.names_of_properties = most - room_of_properties;
        self.bbox.add(bbox, geometry.as_ref());
        placed.collection = collection.unwrap_or_default();
        if let Some(geometry) = geometry {
            placed.center = geometry.bounds.center();
        }
        placed
    }

    /// Adds what another has counted. Of too many names the rarest are forgotten.
    pub(crate) fn merge(&mut self, other: Self, declared: &Declared) {
        self.rows += other.rows;
        self.foreign += other.foreign;
        let most = declared.names_of_all();
        self.names_of_members += self.members.merge(other.members);
        if self.names_of_members > most {
            self.members.forget(most / 2, |_| true);
            self.names_of_members = self.members.names();
        }
        self.names_of_properties += self.properties.merge(other.properties);
        if self.names_of_properties > most {
            self.properties.forget(most / 2, |name| declared.is_essential(name));
            self.names_of_properties = self.properties.names();
        }
        self.geometry.merge(other.geometry);
        self.bbox.merge(&other.bbox);
    }
}
