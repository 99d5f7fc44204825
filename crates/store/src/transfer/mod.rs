//! The way from a source through the gate into a sink: what copies and validations are, and how the answer of a search is written.
//!
//! `asked` says what is to be done, `run` does it: a leg for each source, whose batches `encode` makes ready for the sink, while
//! `settle` gives each record a fate once the sink has taken its batch. `replaced` counts what goes, `kept` hands over the
//! Collections, and `said` is what is told of it.

mod asked;
mod collected;
mod encode;
mod kept;
mod replaced;
mod run;
mod said;
mod settle;

pub use asked::{Mode, Old, Transfer};
