//! `/search`: Items of all collections (STAC API - Item Search).

use super::find::{by_body, find};
use super::{Resource, get};
use crate::ask::known;
use crate::form::Also;
use crate::media::GEOJSON;

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: "/search",
    about: "The Items that answer a search, a page of them.",
    parameters: known::SEARCH,
    kind: GEOJSON,
    also: Also::Whole,
    takes_body: true,
    methods: || get(find).post(by_body),
}];
