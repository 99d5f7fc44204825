//! The Items between the two passes: not kept, but found again. Those of a plain file stay where they are; all others
//! are written to a file without a name in the folder of the target. Of each there is an [`Entry`] of a fixed size,
//! which goes to such a file too when there are many.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use stacyard_store::{Error, ErrorKind};
use tempfile::SpooledTempFile;

use crate::write::shape::Placed;

/// Bytes of entries that are held in memory (500,000 Items).
const ENTRIES_MEMORY: usize = 16 << 20;

/// Where an Item is found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    /// In the source's file, or in the spool.
    pub(crate) in_source: bool,
    pub(crate) start: u64,
    pub(crate) length: u32,
}

impl Location {
    pub(crate) const SIZE: usize = 13;

    pub(crate) fn to_bytes(self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..8].copy_from_slice(&self.start.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.length.to_le_bytes());
        bytes[12] = u8::from(self.in_source);
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[start @ .., a, b, c, d, in_source], []) = bytes.split_first_chunk::<{ Self::SIZE }>()? else {
            return None;
        };
        Some(Self {
            in_source: in_source != 0,
            start: u64::from_le_bytes(start),
            length: u32::from_le_bytes([a, b, c, d]),
        })
    }
}

/// An Item, and where it stands among the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Entry {
    pub(crate) location: Location,
    /// The collection's number, in the order in which they were first seen.
    pub(crate) collection: u32,
    /// The middle of its geometry, in degrees; NaN without one.
    pub(crate) center: [f32; 2],
    /// The start of its temporal extent, microseconds since 1970; the least of all without one.
    pub(crate) time: i64,
}

impl Entry {
    const SIZE: usize = Location::SIZE + 20;

    fn to_bytes(self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let (location, rest) = bytes.split_at_mut(Location::SIZE);
        location.copy_from_slice(&self.location.to_bytes());
        rest[..4].copy_from_slice(&self.collection.to_le_bytes());
        rest[4..8].copy_from_slice(&self.center[0].to_le_bytes());
        rest[8..12].copy_from_slice(&self.center[1].to_le_bytes());
        rest[12..].copy_from_slice(&self.time.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let (location, rest) = bytes.split_at(Location::SIZE);
        let (collection, rest) = rest.split_first_chunk()?;
        let (x, rest) = rest.split_first_chunk()?;
        let (y, rest) = rest.split_first_chunk()?;
        Some(Self {
            location: Location::from_bytes(location)?,
            collection: u32::from_le_bytes(*collection),
            center: [f32::from_le_bytes(*x), f32::from_le_bytes(*y)],
            time: i64::from_le_bytes(*rest.first_chunk()?),
        })
    }
}

/// Some Items on their way to the spool.
#[derive(Debug, Default)]
pub(crate) struct Items {
    entries: Vec<Entry>,
    /// The collections that the entries count.
    collections: Names,
    /// What of the Items has to be written.
    text: Vec<u8>,
}

impl Items {
    /// Adds an Item that stands in the source's file, or one that has to be written.
    pub(crate) fn add(
        &mut self,
        item: &str,
        file_offset: Option<u64>,
        placed: &Placed<'_>,
    ) -> Result<(), Error> {
        let collection = self.collections.number(&placed.collection)?;
        let length = u32::try_from(item.len()).map_err(|_| Error::failed("an Item of more than 4 GiB"))?;
        let start = file_offset.unwrap_or(self.text.len() as u64);
        if file_offset.is_none() {
            self.text.extend_from_slice(item.as_bytes());
        }
        let location = Location { in_source: file_offset.is_some(), start, length };
        self.entries.push(Entry { location, collection, center: placed.center, time: placed.time });
        Ok(())
    }
}

/// Names, each once, and numbered.
#[derive(Debug, Default)]
pub(crate) struct Names {
    list: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> Result<u32, Error> {
        if let Some(&number) = self.numbers.get(name) {
            return Ok(number);
        }
        let number = u32::try_from(self.list.len());
        let number = number.map_err(|_| Error::failed("more than 4,294,967,296 collections"))?;
        self.list.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        Ok(number)
    }

    pub(crate) fn as_slice(&self) -> &[String] {
        &self.list
    }
}

/// What tells that a file has been written to.
type State = (u64, Option<SystemTime>);

fn state(file: &File) -> io::Result<State> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), metadata.modified().ok()))
}

/// All Items, in order.
pub(crate) struct Spool {
    /// The source's file, and its state when it began to be read.
    source: Option<(File, State)>,
    folder: PathBuf,
    written: Option<File>,
    length: u64,
    entries: BufWriter<SpooledTempFile>,
    pub(crate) collections: Names,
    pub(crate) rows: u64,
}

impl Spool {
    /// A spool for a target in `folder`; `source` is the plain file that the Items come from, if they do.
    pub(crate) fn new(folder: &Path, source: Option<File>) -> Result<Self, Error> {
        let source =
            source.map(|file| state(&file).map(|state| (file, state))).transpose().map_err(unreadable)?;
        let entries = BufWriter::new(tempfile::spooled_tempfile_in(ENTRIES_MEMORY, folder));
        Ok(Self {
            source,
            folder: folder.to_owned(),
            written: None,
            length: 0,
            entries,
            collections: Names::default(),
            rows: 0,
        })
    }

    fn failed(&self, cause: io::Error) -> Error {
        Error::io("keep Items for a while in", &self.folder, cause)
    }

    pub(crate) fn push(&mut self, items: Items) -> Result<(), Error> {
        if !items.text.is_empty() {
            if self.written.is_none() {
                self.written = Some(tempfile::tempfile_in(&self.folder).map_err(|e| self.failed(e))?);
            }
            let written = self.written.as_mut().map_or(Ok(()), |file| file.write_all(&items.text));
            written.map_err(|e| self.failed(e))?;
        }
        let numbers = items.collections.list.iter().map(|name| self.collections.number(name));
        let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
        for mut entry in items.entries {
            if !entry.location.in_source {
                entry.location.start += self.length;
            }
            entry.collection = numbers[entry.collection as usize];
            self.entries.write_all(&entry.to_bytes()).map_err(|e| self.failed(e))?;
            self.rows += 1;
        }
        self.length += items.text.len() as u64;
        Ok(())
    }

    /// The entries of all Items, in the order of the input.
    pub(crate) fn entries(&mut self) -> Result<impl Iterator<Item = Result<Entry, Error>> + Send, Error> {
        let failed = |cause| Error::io("keep Items for a while in", &self.folder, cause);
        self.entries.flush().map_err(failed)?;
        self.entries.get_mut().rewind().map_err(failed)?;
        let mut reader = BufReader::with_capacity(256 << 10, self.entries.get_mut());
        let folder = self.folder.clone();
        Ok((0..self.rows).map(move |_| {
            let mut bytes = [0; Entry::SIZE];
            reader
                .read_exact(&mut bytes)
                .and_then(|()| Entry::from_bytes(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into()))
                .map_err(|cause| Error::io("keep Items for a while in", &folder, cause))
        }))
    }

    /// Where the Items are read again: by many at once, wherever the cursors of the files stand.
    pub(crate) fn reader(&self) -> Result<SpoolReader, Error> {
        let again = |file: &File| file.try_clone().map_err(unreadable);
        Ok(SpoolReader {
            source: self.source.as_ref().map(|(file, _)| again(file)).transpose()?,
            written: self.written.as_ref().map(again).transpose()?,
        })
    }

    /// Fails if the source's file has been written to meanwhile: what was read again may not be what was checked.
    pub(crate) fn check_unchanged(&self) -> Result<(), Error> {
        match &self.source {
            Some((file, before)) if state(file).map_err(unreadable)? != *before => {
                Err(Error::new(ErrorKind::Conflict, "the source has changed while it was read")
                    .remedy("try again when nobody writes to it"))
            }
            _ => Ok(()),
        }
    }
}

/// Reads Items again.
pub(crate) struct SpoolReader {
    source: Option<File>,
    written: Option<File>,
}

impl SpoolReader {
    pub(crate) fn read(&self, location: Location, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.resize(location.length as usize, 0);
        let file = if location.in_source { &self.source } else { &self.written };
        let file = file.as_ref().ok_or_else(|| Error::failed("Items were kept nowhere"))?;
        file.read_exact_at(bytes, location.start).map_err(unreadable)
    }
}

fn unreadable(cause: io::Error) -> Error {
    Error::failed("cannot read the source again").caused_by(cause)
}
