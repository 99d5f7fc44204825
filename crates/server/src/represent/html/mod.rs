//! Pages for people, each made of the JSON of its resource. They read well without a script; what `web` has (the map, time lines, facets) comes
//! on top where it was built. Texts of the stores are escaped (`maud` does it unless it is told otherwise), and an address is a link only where it
//! is one of HTTP or of mail.
//!
//! `layout` is what all pages have around them, `style` what they may load, `words` their texts, `parts` what many show.

mod collection;
mod commands;
mod counted;
mod documents;
mod download;
mod item;
mod landing;
mod layout;
mod map;
mod outline;
mod parts;
mod problem;
mod search;
mod site;
mod style;
mod units;
mod upload;
mod words;

pub(crate) use self::collection::collection;
pub(crate) use self::commands::{Commands, Filter};
pub(crate) use self::documents::{Section, aggregates, api, collections, conformance, schema};
pub(crate) use self::download::Download;
pub(crate) use self::item::{Neighbours, item};
pub(crate) use self::landing::{Card, landing};
pub(crate) use self::layout::{response, with_policy};
pub(crate) use self::problem::problems_as_pages;
pub(crate) use self::search::{Found, Search};
pub(crate) use self::site::Site;
