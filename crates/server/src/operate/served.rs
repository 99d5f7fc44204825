//! What a program is told of a request, for its log.

use std::net::IpAddr;
use std::sync::Arc;

use stacyard_store::Error;

/// A request, once its answer is sent or has broken off.
#[derive(Debug, Clone)]
pub struct Served {
    /// The id that the answer carries as `X-Request-Id`.
    pub id: String,
    /// The method.
    pub method: String,
    /// The path with the query, as they were sent.
    pub target: String,
    /// Who asked, as far as it is known.
    pub client: Option<IpAddr>,
    /// The status of HTTP.
    pub status: u16,
    /// How many bytes the body of the answer has, compressed where it is.
    pub bytes: u64,
    /// How long it took until the last of it was taken, in seconds.
    pub seconds: f64,
    /// Whether the client has got all of it. It may have gone away, or the stores may have failed.
    pub is_whole: bool,
    /// What failed on this side. Clients are not told all of it.
    pub failure: Option<Arc<Error>>,
}
