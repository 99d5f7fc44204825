//! Where Items go: encoded on many cores, written in order, visible at once or not at all.

use std::sync::Arc;

use stacyard_model::json::Value;

use crate::{Batch, CollectionChanges, Collections, Counts, Error, ItemKey, Note, Problem};

/// The part of writing that any core can do, a batch at a time.
pub trait Encoder: Send + Sync {
    /// The Items of one batch, encoded.
    type Chunk: Default + Send;

    /// Adds an Item that has passed the gate. `file_offset` is where its text stands in the plain file that the
    /// source reads, if it is one and the only one.
    fn item(&self, item: Value<'_>, file_offset: Option<u64>, chunk: &mut Self::Chunk) -> Result<(), Error>;

    /// Completes a chunk, before it is handed to the sink: compresses it, for example.
    fn seal(&self, _chunk: &mut Self::Chunk) -> Result<(), Error> {
        Ok(())
    }
}

/// A store being written. Until [`Sink::finish`] has returned nobody sees any of it; dropped before, it leaves nothing.
/// Only those that are [gradual](Sink::is_gradual) show their batches before.
pub trait Sink {
    /// What encodes for it.
    type Encoder: Encoder;

    /// The encoder, shared by all workers.
    fn encoder(&self) -> Arc<Self::Encoder>;

    /// Takes the next chunk, in order.
    fn write(&mut self, chunk: <Self::Encoder as Encoder>::Chunk) -> Result<(), Error>;

    /// The Items that the store has not taken, in order, of the oldest chunk that has not been asked for; `None`: that
    /// chunk is still on its way, which is only said to whoever does not `wait`.
    fn settled(&mut self, _wait: bool) -> Result<Option<Vec<Refused>>, Error> {
        Ok(Some(Vec::new()))
    }

    /// Whether anything becomes visible by [`Sink::finish`].
    fn shows(&self) -> bool {
        true
    }

    /// Whether what is written becomes visible batch by batch, as in a database: [`Sink::finish`] is then only its end, and
    /// a failure leaves what went in before.
    fn is_gradual(&self) -> bool {
        false
    }

    /// What is in so far, of a [gradual](Sink::is_gradual) store.
    fn landed(&self) -> Option<Arc<dyn Landed>> {
        None
    }

    /// Takes the Collections that stand with the Items, before it is finished; `false`: it has no place for them. To a
    /// file all are given, to a database those that come in.
    fn keep(&mut self, _collections: Collections) -> bool {
        false
    }

    /// Takes Items away that a [comparison](crate::Comparison) has found to go: a store that has versions makes one of this and of what has come.
    ///
    /// # Errors
    /// A store that cannot.
    fn take_away(&mut self, _items: Vec<ItemKey>) -> Result<(), Error> {
        Err(Error::failed("this store takes nothing away while it is written"))
    }

    /// Is told before the end how many records of the input were set aside: a store with a history says so there.
    fn has_set_aside(&mut self, _records: u64) {}

    /// Completes the store, makes it durable and puts it in its place.
    fn finish(self) -> Result<Finished, Error>;
}

/// How much of a store is in that shows its batches before it is finished, for whoever ends the work before its time. Others
/// may ask at any time.
pub trait Landed: Send + Sync {
    /// How many Items are in.
    fn items(&self) -> u64;

    /// Lets no more in. Gives how many Items are in; `None` where that is not known, since a batch was under way and has not
    /// ended.
    fn stop(&self) -> Option<u64>;
}

/// What a sink says of the store that it has written.
#[derive(Debug, Default)]
pub struct Finished {
    /// The size of the file; of a database, how much went over the wire.
    pub bytes: u64,
    /// What was there before, where the sink alone can know: in a database.
    pub before: Option<Before>,
    /// What became of the Collections, where the sink alone can know.
    pub collections: Option<CollectionChanges>,
    /// Items that had been taken, and that another writer has put there until the end: they are not in.
    pub late: Batch,
    /// What the user should know of it.
    pub notes: Vec<Note>,
}

/// Items that a database had, and what became of them.
#[derive(Debug, Default)]
pub struct Before {
    /// Those that the input has put others in the place of.
    pub replaced: Counts,
    /// Those that are no longer there.
    pub went: Counts,
    /// Others are there too, which nobody has counted.
    pub has_others: bool,
}

impl Finished {
    /// Of a file.
    pub fn file(bytes: u64) -> Self {
        Self { bytes, ..Self::default() }
    }
}

/// An Item that a store does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which Item of its chunk, from 0.
    pub item: usize,
    /// Why it does not.
    pub why: Why,
}

/// Why a store does not take an Item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It has an Item with this `collection` and `id` already.
    Taken,
    /// It has this very Item already ([`Mode::Resume`](crate::Mode::Resume)).
    Present,
    /// Something is wrong with the Item.
    Wrong(Problem),
}

/// A sink that keeps nothing: what `validate` writes to.
#[derive(Debug, Default)]
pub struct Nowhere;

impl Encoder for Nowhere {
    type Chunk = ();

    fn item(&self, _: Value<'_>, _: Option<u64>, (): &mut ()) -> Result<(), Error> {
        Ok(())
    }
}

impl Sink for Nowhere {
    type Encoder = Self;

    fn encoder(&self) -> Arc<Self> {
        Arc::new(Self)
    }

    fn write(&mut self, (): ()) -> Result<(), Error> {
        Ok(())
    }

    fn shows(&self) -> bool {
        false
    }

    fn finish(self) -> Result<Finished, Error> {
        Ok(Finished::default())
    }
}
