//! Stores of STAC Items: where they come from, where they go, and what happens in between.

mod changes;
mod check;
#[cfg(feature = "conformance")]
pub mod conformance;
mod copy;
mod error;
mod features;
mod find;
mod info;
mod input;
mod json_sink;
mod lines;
mod output;
mod pipeline;
mod queryables;
mod report;
mod scan;
mod seen;
mod shell;
mod sink;
mod sniff;
mod sort;
mod source;
mod store;
mod url;

pub use changes::{Changes, Counts, MAX_COLLECTIONS};
pub use check::{Check, unknown_name};
pub use copy::{Copy, Mode, Old};
pub use error::{Error, ErrorKind};
pub use features::Features;
pub use find::{Find, SORT_MEMORY};
pub use info::{Info, PropertyInfo, info};
pub use json_sink::{JsonEncoder, JsonSink, WriteItem};
pub use lines::{Lines, MAX_RECORD_BYTES};
pub use output::{Output, abandon_and_exit};
pub use pipeline::{default_threads, in_order};
pub use queryables::queryables;
pub use report::{Observer, Original, Problem, Progress, Reject, Report, Warning, Warnings};
pub use shell::quoted;
pub use sink::{Before, Encoder, Finished, Nowhere, Refused, Sink, Why};
pub use sniff::{HEAD, not_parquet};
pub use sort::{Hits, Sorted, Sorter};
pub use source::{Batch, Collections, Fault, Nothing, Place, Record, Source, Work};
pub use store::{JsonStore, Store};
pub use url::{Compression, Location, StoreKind, StoreUrl, same_file, without_password};
