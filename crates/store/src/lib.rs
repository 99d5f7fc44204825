//! Stores of STAC Items: where they come from, where they go, and what happens in between.

mod error;
mod sink;
mod source;

pub use error::{Error, ErrorKind};
pub use sink::{Encoder, Sink};
pub use source::{Batch, Fault, Place, Record, Source, Work};
