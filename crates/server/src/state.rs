//! What all handlers share.

use std::sync::Arc;

use crate::ask::Tokens;
use crate::catalog::{Catalog, Counts, Queryables, Shelf};
use crate::guard::Guard;
use crate::operate::{Limit, Metrics};
use crate::options::Options;
use crate::tiles::Tiles;
use crate::work::Works;

/// A server.
pub(crate) struct Server {
    /// The stores, all of them. Handlers ask for a `Catalog`, which shows what one may see.
    pub(crate) everything: Catalog,
    pub(crate) guard: Guard,
    pub(crate) shelf: Shelf,
    pub(crate) counts: Counts,
    pub(crate) queryables: Queryables,
    pub(crate) tiles: Tiles,
    pub(crate) works: Works,
    pub(crate) tokens: Tokens,
    pub(crate) metrics: Metrics,
    pub(crate) limit: Limit,
    pub(crate) options: Options,
}

impl Server {
    /// Whether Items and Collections can be changed here.
    pub(crate) fn is_writable(&self) -> bool {
        self.options.writable && self.everything.is_editable()
    }

    /// Says that Items of a collection were changed: who has changed them sees so.
    pub(crate) fn changed_items_of(&self, collection: &str) {
        self.counts.forget();
        self.tiles.forget();
        self.queryables.forget();
        self.shelf.forget_items_of(collection);
    }

    /// Says that a Collection was changed.
    pub(crate) fn changed_collection(&self) {
        self.counts.forget();
        self.queryables.forget();
        self.shelf.forget();
    }
}

/// The server, as handlers have it.
pub(crate) type App = Arc<Server>;
