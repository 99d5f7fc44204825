//! Connections: `settings` and `service` say what is wanted, `tls` and `trust` with whom, `passfile` with which password; `server`
//! begins a session, `address` names the server and the schema, and `pool` keeps connections to it. `ask` asks again where one has died,
//! within the time of `timed`; `counts` counts rows, `loaded` what a load has committed; `change` makes one change, and `fault` makes errors of what the database says.
//!
//! No table is known here. Uses `sql` for names and parameters; used by `own`.

pub(crate) mod address;
pub(crate) mod ask;
pub(crate) mod change;
pub(crate) mod counts;
pub(crate) mod fault;
pub(crate) mod holds;
pub(crate) mod loaded;
mod passfile;
pub(crate) mod pool;
mod server;
mod service;
mod settings;
pub(crate) mod timed;
mod tls;
mod trust;
