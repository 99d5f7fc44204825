//! What a file says: its columns, its metadata, and how values stand in them and in JSON.
//!
//! Uses no other module; used by all.

pub(crate) mod bbox;
pub(crate) mod geo;
pub(crate) mod layout;
pub(crate) mod metadata;
pub(crate) mod number;
pub(crate) mod residual;
pub(crate) mod schema;
pub(crate) mod scope;
pub(crate) mod time;
pub(crate) mod wkb;
