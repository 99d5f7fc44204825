//! JSON going out: NDJSON and GeoJSON FeatureCollections, plain or packed, one Item a line.

use std::io::Write;
use std::sync::Arc;

use flate2::write::GzEncoder;
use stacyard_model::json::Value;
use stacyard_model::write_item;

use crate::output::Output;
use crate::url::{Compression, StoreKind, StoreUrl};
use crate::{Encoder, Error, Finished, Sink};

const HEAD: &[u8] = b"{\"type\":\"FeatureCollection\",\"features\":[\n";
const TAIL: &[u8] = b"\n]}\n";
const BETWEEN: &[u8] = b",\n";

/// How much of each Item is written.
pub type WriteItem = Box<dyn Fn(Value<'_>, &mut Vec<u8>) + Send + Sync>;

/// A file of JSON, or standard output, being written.
pub struct JsonSink {
    output: Output,
    encoder: Arc<JsonEncoder>,
    begun: bool,
}

/// Writes Items as lines.
pub struct JsonEncoder {
    /// A FeatureCollection, and not a line each.
    collection: bool,
    compression: Compression,
    write_item: WriteItem,
}

impl JsonSink {
    /// Begins to write whole Items, in stable key order, to the output of `url`.
    pub fn create(output: Output, url: &StoreUrl) -> Self {
        Self::with(output, url, Box::new(write_item))
    }

    /// Begins to write what `write_item` makes of each Item to the output of `url`.
    pub fn with(output: Output, url: &StoreUrl, write_item: WriteItem) -> Self {
        let encoder = JsonEncoder {
            collection: url.kind() == StoreKind::Json,
            compression: url.compression(),
            write_item,
        };
        Self { output, encoder: Arc::new(encoder), begun: false }
    }

    /// Writes what stands around and between the features: a packed part of its own, where the file is packed.
    fn punctuate(&mut self, text: &[u8]) -> Result<(), Error> {
        let packed = pack(text, self.encoder.compression)?;
        self.output.append(packed.as_deref().unwrap_or(text))
    }
}

impl Encoder for JsonEncoder {
    type Chunk = Vec<u8>;

    fn item(&self, item: Value<'_>, _: Option<u64>, chunk: &mut Vec<u8>) -> Result<(), Error> {
        if self.collection && !chunk.is_empty() {
            chunk.extend_from_slice(BETWEEN);
        }
        (self.write_item)(item, chunk);
        if !self.collection {
            chunk.push(b'\n');
        }
        Ok(())
    }

    fn seal(&self, chunk: &mut Vec<u8>) -> Result<(), Error> {
        if !chunk.is_empty()
            && let Some(packed) = pack(chunk, self.compression)?
        {
            *chunk = packed;
        }
        Ok(())
    }
}

impl Sink for JsonSink {
    type Encoder = JsonEncoder;

    fn encoder(&self) -> Arc<JsonEncoder> {
        Arc::clone(&self.encoder)
    }

    fn write(&mut self, chunk: Vec<u8>) -> Result<(), Error> {
        if chunk.is_empty() {
            return Ok(());
        }
        if self.encoder.collection {
            self.punctuate(if self.begun { BETWEEN } else { HEAD })?;
        }
        self.begun = true;
        self.output.append(&chunk)
    }

    fn finish(mut self) -> Result<Finished, Error> {
        if self.encoder.collection {
            if !self.begun {
                self.punctuate(&HEAD[..HEAD.len() - 1])?;
            }
            self.punctuate(TAIL)?;
        } else if !self.begun && self.encoder.compression != Compression::None {
            // A packed file of nothing is not a file of no bytes.
            self.punctuate(b"")?;
        }
        self.output.commit().map(Finished::file)
    }
}

/// A gzip member or zstd frame of its own: parts packed by different workers may follow one another (RFC 1952 2.2,
/// RFC 8878 3). `None`: plain.
fn pack(text: &[u8], compression: Compression) -> Result<Option<Vec<u8>>, Error> {
    let failed = |cause| Error::failed("cannot pack the output").caused_by(cause);
    Ok(match compression {
        Compression::None => None,
        Compression::Gzip => {
            let mut encoder =
                GzEncoder::new(Vec::with_capacity(text.len() / 4), flate2::Compression::default());
            encoder.write_all(text).map_err(failed)?;
            Some(encoder.finish().map_err(failed)?)
        }
        Compression::Zstd => Some(zstd::bulk::compress(text, 0).map_err(failed)?),
    })
}
