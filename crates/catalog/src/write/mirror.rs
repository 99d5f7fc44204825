//! The `items.parquet` of a Collection: its Items, without links to their place in the catalog.

use std::path::Path;
use std::sync::Arc;

use stacyard_geoparquet::{GeoParquetSink, Options, ShapeEncoder, Shaped};
use stacyard_model::json::Tape;
use stacyard_store::{Collections, Encoder, Error, Output, Sink};

use super::item::close;

/// Items that are looked at together.
const BATCH: usize = 1_000;

/// A file of Items being written.
pub(super) struct Mirror {
    sink: GeoParquetSink,
    encoder: Arc<ShapeEncoder>,
    chunk: Shaped,
    items: usize,
    tape: Tape,
}

impl Mirror {
    pub(super) fn begin(
        folder: &Path,
        collections: Collections,
        (threads, memory): (usize, usize),
    ) -> Result<Self, Error> {
        let output = Output::file(&folder.join("items.parquet"), false, &mut |_| {})?;
        let options = Options { collections, threads, memory, ..Options::default() };
        let sink = GeoParquetSink::create(output, folder, options)?;
        let encoder = sink.encoder();
        Ok(Self { sink, encoder, chunk: Shaped::default(), items: 0, tape: Tape::new() })
    }

    /// Adds an Item that has been begun ([`write_open`](super::item::write_open)).
    pub(super) fn add(&mut self, open: &[u8]) -> Result<(), Error> {
        let mut text = open.to_vec();
        close(&mut text, &[]);
        let item = self
            .tape
            .parse(&text)
            .map_err(|cause| Error::failed("an Item is no JSON any more").caused_by(cause))?;
        self.encoder.item(item, None, &mut self.chunk)?;
        self.items += 1;
        if self.items.is_multiple_of(BATCH) { self.push() } else { Ok(()) }
    }

    fn push(&mut self) -> Result<(), Error> {
        self.encoder.seal(&mut self.chunk)?;
        self.sink.write(std::mem::take(&mut self.chunk))
    }

    /// Puts it in its place; gives its size.
    pub(super) fn finish(mut self) -> Result<u64, Error> {
        self.push()?;
        Ok(self.sink.finish()?.bytes)
    }
}
