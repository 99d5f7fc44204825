//! A STAC API over any store, or over several at once.
//!
//! [`router`] gives an [`axum::Router`], which a program can nest into its own; [`run`] serves one until it is told to end. A
//! handler reads a request, asks the stores and writes the answer: what a search means is decided in `stacyard-search`, and what
//! a store can do in `stacyard-store`. Nothing here knows what kind a store is of.
//!
//! The rooms: `routes` has a file for each resource; `ask` reads parameters and bodies; `catalog` is the stores behind it, as
//! one; `write` changes what is in them; `guard` says who may do what; `work` runs what blocks; `links` makes URLs; `form` chooses
//! among representations, `represent` writes them; `tiles` draws parts of the map; `problem` says what went wrong; `operate` is what operators need: logs, metrics, limits.

mod ask;
mod assets;
mod catalog;
mod form;
mod guard;
mod links;
mod listen;
mod media;
mod operate;
mod options;
mod problem;
mod represent;
mod routes;
mod state;
mod tiles;
mod work;
mod write;

pub use guard::Bearers;
pub use links::{PublicUrl, RootPath};
pub use listen::{Ending, run};
pub use operate::{Proxies, Served};
pub use options::{Export, Options, WriteExport};
pub use routes::router;
