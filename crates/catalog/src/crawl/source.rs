//! What is found, as a source of records.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stacyard_model::json::{Tape, Value};
use stacyard_store::{Batch, Error, ErrorKind, Fault, Note, Place, Record, Source, Work};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

use super::page::not_items;
use super::walk::{Found, Walk};
use crate::assets::has_relative_asset;

/// A batch has at most so many documents, or bytes.
const MOST: usize = 64;
const BYTES: usize = 1 << 20;

/// The records of a catalog. Dropped, it ends the walk.
pub(super) struct Records {
    name: String,
    runtime: &'static Runtime,
    found: Receiver<Result<Found, Error>>,
    walk: JoinHandle<()>,
    longest: usize,
    bytes: u64,
    held: usize,
    /// How many Items have assets whose place is told from that of the Item.
    relative: Arc<AtomicU64>,
}

impl Records {
    /// Begins to walk through a catalog.
    pub(super) fn of(walk: Arc<Walk>, runtime: &'static Runtime) -> Self {
        let (sender, found) = channel(walk.options.concurrency.max(1));
        let (name, longest) = (walk.home.name.clone(), walk.options.max_record_bytes);
        let walk = runtime.spawn(walk.run(sender));
        Self { name, runtime, found, walk, longest, bytes: 0, held: 0, relative: Arc::default() }
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        self.walk.abort();
    }
}

impl Source for Records {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        self.bytes
    }

    fn held(&self) -> usize {
        self.held
    }

    fn notes(&self) -> Vec<Note> {
        let relative = self.relative.load(Ordering::Relaxed);
        let note = || Note {
            message: format!("{relative} Items have assets with relative links, which are kept as they are"),
            help: "they lead on from where the Item was; its link `self`, if it has one, says where that is"
                .into(),
        };
        (relative > 0).then(note).into_iter().collect()
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        let Some(first) = stacyard_runtime::wait(self.runtime, self.found.recv()) else { return Ok(None) };
        let mut found = vec![first?];
        let mut bytes = weight(&found);
        while found.len() < MOST
            && bytes < BYTES
            && let Ok(next) = self.found.try_recv()
        {
            found.push(next?);
            bytes += weight(&found[found.len() - 1..]);
        }
        self.bytes += bytes as u64;
        self.held = bytes;
        let (longest, relative) = (self.longest, Arc::clone(&self.relative));
        Ok(Some(Box::new(move || {
            let mut records = Builder { batch: Batch::default(), longest, relative: 0 };
            found.into_iter().try_for_each(|one| records.add(one))?;
            relative.fetch_add(records.relative, Ordering::Relaxed);
            Ok(records.batch)
        })))
    }
}

fn weight(found: &[Found]) -> usize {
    let of = |one: &Found| match one {
        Found::Document { text, .. } => text.len(),
        Found::Catalog | Found::Nothing { .. } => 0,
    };
    found.iter().map(of).sum()
}

/// A batch being made.
struct Builder {
    batch: Batch,
    longest: usize,
    relative: u64,
}

impl Builder {
    fn add(&mut self, found: Found) -> Result<(), Error> {
        match found {
            Found::Catalog => Ok(()),
            Found::Nothing { name, why } => self.fault(&name, &why),
            // The gate says what is wrong with a Collection.
            Found::Document { name, page: None, text } => self.record(&name, &text, None),
            Found::Document { name, page: Some(page), text } => self.items(&name, &page, &text),
        }
    }

    fn fault(&mut self, name: &str, why: &str) -> Result<(), Error> {
        self.record(name, why.as_bytes(), Some(Fault::Unread))
    }

    /// Adds the Items of a document: itself, or its features.
    fn items(&mut self, name: &str, page: &str, text: &[u8]) -> Result<(), Error> {
        let mut tape = Tape::new();
        // What is no JSON the gate says, better.
        let Ok(root) = tape.parse(text) else { return self.record(name, text, None) };
        if let Some(why) = not_items(root) {
            return self.fault(name, &format!("{page} links to it, {why}"));
        }
        let is_many = root.get("type").and_then(Value::as_str).as_deref() == Some("FeatureCollection");
        let Some(features) = root.get("features").and_then(Value::elements).filter(|_| is_many) else {
            self.relative += u64::from(has_relative_asset(root));
            return self.record(name, text, None);
        };
        for (index, feature) in features.enumerate() {
            self.relative += u64::from(has_relative_asset(feature));
            self.record(&format!("{name}: feature {index}"), feature.raw().as_bytes(), None)?;
        }
        Ok(())
    }

    fn record(&mut self, name: &str, text: &[u8], fault: Option<Fault>) -> Result<(), Error> {
        let is_long = fault.is_none() && text.len() > self.longest;
        let (text, fault) = if is_long {
            (&text[..KEPT_OF_TOO_LONG.min(text.len())], Some(Fault::TooLong { bytes: text.len() as u64 }))
        } else {
            (text, fault)
        };
        let name = self.append(name.as_bytes())?;
        let text = self.append(text)?;
        let place = Place::Document { start: name.start, end: name.end };
        self.batch.records.push(Record { start: text.start, end: text.end, place, fault, has_passed: false });
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<Range<u32>, Error> {
        let narrow = |at: usize| {
            u32::try_from(at).map_err(|_| Error::new(ErrorKind::Limit, "a document of more than 4 GiB"))
        };
        let start = narrow(self.batch.text.len())?;
        self.batch.text.extend_from_slice(bytes);
        Ok(start..narrow(self.batch.text.len())?)
    }
}

/// How much is kept of a record that is too long.
const KEPT_OF_TOO_LONG: usize = 64 << 10;
