//! What all handlers share.

use std::sync::Arc;

use crate::ask::Tokens;
use crate::catalog::{Catalog, Counts, Shelf};
use crate::operate::{Limit, Metrics};
use crate::options::Options;
use crate::work::Works;

/// A server.
pub(crate) struct Server {
    pub(crate) catalog: Catalog,
    pub(crate) shelf: Shelf,
    pub(crate) counts: Counts,
    pub(crate) works: Works,
    pub(crate) tokens: Tokens,
    pub(crate) metrics: Metrics,
    pub(crate) limit: Limit,
    pub(crate) options: Options,
}

/// The server, as handlers have it.
pub(crate) type App = Arc<Server>;
