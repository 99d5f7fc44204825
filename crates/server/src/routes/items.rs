//! `/collections/{collectionId}/items`: the Items of a Collection (OGC API - Features).

use super::find::find;
use super::{Resource, get};
use crate::ask::known;
use crate::form::Also;
use crate::media::GEOJSON;

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: "/collections/{collectionId}/items",
    about: "The Items of a Collection, a page of them.",
    parameters: known::SEARCH,
    kind: GEOJSON,
    also: Also::Whole,
    takes_body: false,
    methods: || get(find),
}];
