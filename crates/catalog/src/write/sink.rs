//! A static catalog being written: Items are put in the order of their folders, in bounded memory, and then written one after another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stacyard_model::json::Value;
use stacyard_store::{Collections, Encoder, Error, Finished, Hits, Note, OutputFolder, Sink, Sorter};

use super::item::write_open;
use super::links::Published;
use super::names::name;
use super::template::Template;
use super::walk::{Walk, key_of};
use crate::assets::has_relative_asset;

/// How a static catalog is laid out.
#[derive(Debug)]
pub struct Folders {
    /// In which folder an Item goes.
    pub template: Template,
    /// What its links are.
    pub published: Published,
    /// The id of the root; `None`: the name of the folder.
    pub id: Option<String>,
    /// Whether each Collection has an `items.parquet` of its Items beside it.
    pub items_parquet: bool,
}

/// A static catalog being written.
pub struct CatalogSink {
    output: OutputFolder,
    encoder: Arc<ItemEncoder>,
    sorter: Sorter,
    collections: Collections,
    items: u64,
    threads: usize,
    memory: usize,
}

impl CatalogSink {
    /// Begins to write; about `memory` bytes of Items are held.
    pub fn create(output: OutputFolder, folders: Folders, threads: usize, memory: usize) -> Self {
        let encoder = Arc::new(ItemEncoder { folders, relative: AtomicU64::new(0) });
        let sorter = Sorter::new(memory, None);
        Self { output, encoder, sorter, collections: Collections::new(), items: 0, threads, memory }
    }
}

/// Finds the folders of Items, and writes the Items without their old links.
pub struct ItemEncoder {
    folders: Folders,
    /// How many have assets whose place is told from that of the Item.
    relative: AtomicU64,
}

impl Encoder for ItemEncoder {
    type Chunk = Hits;

    fn item(&self, item: Value<'_>, _: Option<u64>, chunk: &mut Hits) -> Result<(), Error> {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut names = self.folders.template.folders(item);
        names.push(name(&text("id")));
        self.relative.fetch_add(u64::from(has_relative_asset(item)), Ordering::Relaxed);
        let title = item.pointer("/properties/title").and_then(Value::as_str);
        // Who it is, where another one in the same folder has the same name.
        let head = (title, format!("{}\0{}", text("collection"), text("id")));
        chunk.try_push(&key_of(&names), |out| {
            let written = serde_json::to_writer(&mut *out, &head);
            written.map_err(|cause| Error::failed("cannot write an Item").caused_by(cause))?;
            out.push(b'\n');
            write_open(item, out);
            Ok(())
        })
    }
}

impl Sink for CatalogSink {
    type Encoder = ItemEncoder;

    fn encoder(&self) -> Arc<ItemEncoder> {
        Arc::clone(&self.encoder)
    }

    fn write(&mut self, chunk: Hits) -> Result<(), Error> {
        self.items += chunk.len() as u64;
        self.sorter.push(chunk)
    }

    fn keep(&mut self, collections: Collections) -> bool {
        let has_place = self.encoder.folders.template.collection.is_some();
        if has_place {
            self.collections = collections;
        }
        has_place
    }

    fn finish(mut self) -> Result<Finished, Error> {
        let folders = &self.encoder.folders;
        if self.items > 0 {
            folders.template.check()?;
        }
        let mut hits = Hits::default();
        for id in self.collections.keys() {
            // So that one without Items has a folder too.
            if let Some(names) = folders.template.collection_folders(id) {
                hits.try_push(&key_of(&names), |_| Ok(()))?;
            }
        }
        self.sorter.push(hits)?;
        let name = self.output.place().display().to_string();
        let mut sorted = self.sorter.finish(&name)?;
        let mut walk = Walk::begin(&self.output, folders, self.collections, (self.threads, self.memory))?;
        while let Some(entry) = sorted.entry()? {
            let key =
                str::from_utf8(&entry.key).map_err(|_| Error::failed("a place in the order is no text"))?;
            walk.take(key, &entry.text)?;
        }
        let bytes = walk.finish()?;
        let relative = self.encoder.relative.load(Ordering::Relaxed);
        let note = Note {
            message: format!("{relative} Items have assets with relative links, which are kept as they are"),
            help: "they lead on from where the Item is now: put the assets there, or make the links absolute first".into(),
        };
        let notes = if relative > 0 { vec![note] } else { Vec::new() };
        self.output.commit()?;
        Ok(Finished { notes, ..Finished::file(bytes) })
    }
}
