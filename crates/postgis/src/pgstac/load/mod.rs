//! Loads into pgstac: `sink` has the connections that batches go in by, `batch` is one batch, each of its partitions in one
//! transaction and always in the same order, `partition` makes ready what rows go into, and `replacement` is the transaction of a
//! store that is replaced as a whole. `target` is what they share.

pub(crate) mod batch;
mod partition;
mod replacement;
pub(crate) mod sink;
pub(crate) mod target;
