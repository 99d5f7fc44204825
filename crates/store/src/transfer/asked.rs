//! What a transfer is asked to do.

use std::sync::Arc;

use stacyard_search::Compiled;

use crate::check::{Check, Known};
use crate::run::Run;
use crate::{Collections, Source};

/// What happens when an Item is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The later one is set aside and reported.
    #[default]
    Insert,
    /// As `Insert`, to go on with one that was broken off: an Item that the store has exactly so was loaded before, and is
    /// no duplicate. Only stores that are [gradual](crate::Sink::is_gradual) can have a part of an input.
    Resume,
    /// The later one is left out.
    Ignore,
    /// An Item of the input replaces that of the store. Within the input the first counts, as in `Insert`.
    Upsert,
    /// The whole content of the store is replaced by the input.
    Replace,
}

/// What the target holds before a transfer.
pub enum Old {
    /// Nothing, or nothing that the transfer has to look at: a database says for itself what it had.
    Nothing,
    /// Items that stay, but for those in the place of which the mode puts others.
    Merged(Box<dyn Source>),
    /// Items that stay, but for those of which no name comes that a [comparison](crate::Comparison) finds: the [keys](crate::Store::keys) of a store that
    /// finds by itself what others take the place of.
    Compared(Box<dyn Source>),
    /// Items that all go, but for those in the place of which the input puts others.
    Replaced {
        /// The [keys](crate::Store::keys) of a file, if they can be read: they are counted.
        keys: Option<Box<dyn Source>>,
        /// Whether the store may be left without Items.
        may_end_empty: bool,
    },
}

/// Items on their way from a source through the gate into a sink.
pub struct Transfer<'a> {
    /// What each record of the input has to pass.
    pub check: Check,
    /// The search that Items of the input have to answer.
    pub search: Option<Arc<Compiled>>,
    /// What the store that the input is of knows of it.
    pub known: Known,
    /// What happens when an Item is there already.
    pub mode: Mode,
    /// Whether an Item may be there only once. An answer to a search gives what the store holds.
    pub unique: bool,
    /// Whether it fails where a record that is set aside would be gone for good: a store is copied onto itself.
    pub must_lose_nothing: bool,
    /// The Collections that go with the Items, beside those among the records; those here count before these.
    pub collections: Collections,
    /// The Collections that a file keeps already. (A database says for itself what it had.)
    pub old_collections: Collections,
    /// How it is run.
    pub run: Run<'a>,
}
