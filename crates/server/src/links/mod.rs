//! URLs: where the server is, as clients see it, and the links that its answers have. Stored links are kept, with relative ones
//! resolved, but for `self`, `root`, `parent` and `collection`, which are ours.

mod base;
mod link;
mod query;
mod restore;
mod splice;

pub(crate) use self::base::Base;
pub use self::base::{PublicUrl, RootPath};
pub(crate) use self::link::{COLLECTION_LINKS, TILESETS, link, titled_link, with_collection_links};
pub(crate) use self::query::{decoded, encoded, first_value};
pub(crate) use self::restore::stored_links;
pub(crate) use self::splice::{ITEM_LINKS, with_item_links};
