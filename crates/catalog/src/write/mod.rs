//! Items as a static catalog.
//!
//! `template` says in which folder an Item goes, and `names` how that is called, so that no name leads anywhere else; `item` writes an Item without the links of its
//! old place. `sink` puts all of them in the order of their folders, `walk` makes the folders one after another, and `page` is the Catalog
//! or Collection of one. `links` are the links between them, and `mirror` the `items.parquet` of a Collection.

mod item;
mod links;
mod mirror;
mod names;
mod page;
mod sink;
mod template;
mod walk;

pub use self::links::Published;
pub use self::sink::{CatalogSink, Folders};
pub use self::template::Template;
