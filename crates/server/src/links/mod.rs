//! URLs: where the server is, as clients see it, and the links that its answers have. Stored links are kept, with relative ones
//! resolved, but for `self`, `root`, `parent` and `collection`, which are ours.

mod base;
mod link;
mod page;
mod splice;

pub(crate) use self::base::{Base, encoded};
pub use self::base::{PublicUrl, RootPath};
pub(crate) use self::link::{link, titled_link, with_links};
pub(crate) use self::page::{PageLinks, Way};
pub(crate) use self::splice::with_item_links;
