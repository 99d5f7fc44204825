//! A harvest: all Items that may answer a search, fetched for whoever looks at each of them.
//!
//! Where there are many, `split` cuts the time into windows, which `fetch` fetches at the same time; `lines` are the Items of a page. `journal` keeps
//! what has come, for a run that goes on after one that was broken off, and `log` is what it knows of it. `source` gives the Items on, each once;
//! `told` is what is said in the end.

mod fetch;
mod journal;
mod lines;
mod log;
mod source;
mod split;
mod told;

pub use self::journal::{forget, since};
pub(crate) use self::source::Harvest;
