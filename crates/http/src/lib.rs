//! The one client of HTTP: JSON is asked for, again where there was no answer, and headers go to the origin alone that they are for.
//!
//! `client` asks, as `options` says; `wait` is waiting for as long as somebody wants the answer. STAC APIs and static catalogs are above this.

mod client;
mod options;
mod wait;

pub use self::client::{
    Answer, FORBIDDEN, Http, REDIRECTS, Request, built, client, is_forbidden, is_own, resolve, shown,
};
pub use self::options::HttpOptions;
pub use self::wait::wanted;
