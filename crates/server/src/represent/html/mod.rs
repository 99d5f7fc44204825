//! Pages for people, each made of the JSON of its resource: readable without a style, a script or a network. Texts of the stores are
//! escaped (`maud` does it unless it is told otherwise), and an address is a link only where it is one of HTTP.
//!
//! `layout` is what all pages have around them, `parts` what many show; a page that shows more (a map) brings its own security policy.

mod documents;
mod features;
mod layout;
mod parts;
mod problem;
mod style;

pub(crate) use self::documents::{Section, api, collection, collections, conformance, landing, schema};
pub(crate) use self::features::item;
pub(super) use self::features::items;
pub(crate) use self::layout::{response, with_policy};
pub(crate) use self::problem::problems_as_pages;
