//! Which leaf columns there are, where there would be too many: what most readers look at comes first, and what occurs
//! often before what is rare. What has no column lives in the residual, which other programs do not read.

use rustc_hash::FxHashSet;

use crate::write::fields::Fields;
use crate::write::item_shape::ItemShape;
use crate::write::shape::{Declared, Most, Shape};

/// A property with more leaves than these is a dictionary: its keys would take the place of what Items have in common.
const MAX_RECORD: usize = 128;

/// What a leaf column is worth, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Rest,
    /// What readers show of an asset.
    AssetDetail,
    /// An asset without it is none: readers fail.
    AssetHref,
    Property,
    /// Of the Item itself, and what searches rely on: there in any case.
    Member,
}

/// The shapes of the leaves that get no column.
#[derive(Debug, Default)]
pub(crate) struct Dropped {
    shapes: FxHashSet<*const Shape>,
    /// How many leaves there are in all.
    pub(crate) leaves: usize,
}

struct Leaf<'a> {
    worth: Worth,
    shape: &'a Shape,
    /// The asset that it is of, and that has an `href`.
    asset: Option<usize>,
}

impl Dropped {
    pub(crate) fn of(items: &ItemShape, declared: &Declared) -> Self {
        let mut leaves = leaves(items, declared);
        let mut dropped = Self { leaves: leaves.len(), ..Self::default() };
        if leaves.len() <= declared.max_columns {
            return dropped;
        }
        // Of equals those that were seen first.
        leaves.sort_by_key(|leaf| std::cmp::Reverse((leaf.worth, leaf.shape.occurrences())));
        let mut room = declared.max_columns;
        let mut lost_assets = FxHashSet::default();
        for leaf in leaves {
            let is_lost = leaf.asset.is_some_and(|asset| lost_assets.contains(&asset));
            if leaf.worth == Worth::Member || (room > 0 && !is_lost) {
                room = room.saturating_sub(1);
                continue;
            }
            dropped.shapes.insert(std::ptr::from_ref(leaf.shape));
            if leaf.worth == Worth::AssetHref {
                lost_assets.extend(leaf.asset);
            }
        }
        dropped
    }

    pub(crate) fn has(&self, shape: &Shape) -> bool {
        self.shapes.contains(&std::ptr::from_ref(shape))
    }

    pub(crate) fn len(&self) -> usize {
        self.shapes.len()
    }
}

fn leaves<'a>(items: &'a ItemShape, declared: &Declared) -> Vec<Leaf<'a>> {
    let mut leaves = Vec::new();
    for (name, shape) in items.members.iter() {
        match inner(shape) {
            Some(fields) if &**name == "assets" => assets(fields, &mut leaves),
            Some(fields) if &**name == "links" => {
                let is_known = |name: &str| matches!(name, "href" | "rel" | "type" | "title");
                each(fields, &mut leaves, &|name| if is_known(name) { Worth::Member } else { Worth::Rest });
            }
            _ => leaves.push(Leaf { worth: Worth::Member, shape, asset: None }),
        }
    }
    for (name, shape) in items.properties.iter() {
        match inner(shape) {
            _ if declared.is_essential(name) => {
                leaves.push(Leaf { worth: Worth::Member, shape, asset: None });
            }
            None => leaves.push(Leaf { worth: Worth::Property, shape, asset: None }),
            Some(fields) => {
                let first = leaves.len();
                each(fields, &mut leaves, &|_| Worth::Property);
                if leaves.len() - first > MAX_RECORD {
                    leaves[first..].iter_mut().for_each(|leaf| leaf.worth = Worth::Rest);
                }
            }
        }
    }
    leaves
}

/// The leaves below `fields`, each worth what the name it stands under is.
fn each<'a>(fields: &'a Fields, leaves: &mut Vec<Leaf<'a>>, worth: &dyn Fn(&str) -> Worth) {
    for (name, shape) in fields.iter() {
        let worth = worth(name);
        match inner(shape) {
            None => leaves.push(Leaf { worth, shape, asset: None }),
            Some(fields) => each(fields, leaves, &|_| worth),
        }
    }
}

fn assets<'a>(fields: &'a Fields, leaves: &mut Vec<Leaf<'a>>) {
    for (index, (_, shape)) in fields.iter().enumerate() {
        let Some(fields) = inner(shape) else {
            leaves.push(Leaf { worth: Worth::Rest, shape, asset: None });
            continue;
        };
        let asset = fields.get("href").map(|_| index);
        let first = leaves.len();
        each(fields, leaves, &|name| match name {
            "href" => Worth::AssetHref,
            "type" | "title" | "roles" => Worth::AssetDetail,
            _ => Worth::Rest,
        });
        leaves[first..].iter_mut().for_each(|leaf| leaf.asset = asset);
    }
}

/// The fields of the structs that a column would be made of; `None`: it is a leaf.
pub(crate) fn inner(shape: &Shape) -> Option<&Fields> {
    match shape.most() {
        Most::Arrays => inner(shape.element.as_deref()?),
        Most::Objects => Some(&shape.fields).filter(|fields| !fields.is_empty()),
        _ => None,
    }
}
