//! What operators need: where a request comes from, how it went, what it may cost. `peer` reads what trusted proxies say; `observe`
//! gives each request an id, counts it and tells the program of it; `limit` slows down those who ask too often.

mod limit;
mod metrics;
mod observe;
mod peer;
mod served;

pub(crate) use self::limit::{Limit, limited};
pub(crate) use self::metrics::Metrics;
pub(crate) use self::observe::observe;
pub use self::peer::Proxies;
pub(crate) use self::peer::{Origin, is_host, prefix};
pub use self::served::Served;
