//! The Items between the two passes: not kept, but found again. Those of a plain file stay where they are; all others
//! are written to a file without a name in the folder of the target.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use stacyard_store::Error;

/// Some Items that lie one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Segment {
    /// In the source's file, or in the spool.
    in_source: bool,
    /// Where its bytes start, and how many they are.
    start: u64,
    pub(crate) length: u64,
    /// The gap before each Item and the Item's length, as LEB128 numbers: about three bytes an Item.
    places: Vec<u8>,
    pub(crate) rows: u64,
}

impl Segment {
    /// Where each Item stands in the segment's bytes.
    pub(crate) fn items(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let mut places = self.places.iter();
        let mut at = 0;
        let mut number = move || {
            let mut number = 0;
            for (shift, byte) in places.by_ref().enumerate() {
                number |= usize::from(byte & 0x7F) << (7 * shift);
                if byte & 0x80 == 0 {
                    return Some(number);
                }
            }
            None
        };
        std::iter::from_fn(move || {
            let start = at + number()?;
            at = start + number()?;
            Some(start..at)
        })
    }
}

fn push_number(numbers: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return numbers.push(low);
        }
        numbers.push(low | 0x80);
    }
}

/// Some Items on their way to the spool.
#[derive(Debug, Default)]
pub(crate) struct Items {
    segments: Vec<Segment>,
    /// What of them has to be written.
    text: Vec<u8>,
}

impl Items {
    /// Adds an Item that stands in the source's file, or one that has to be written.
    pub(crate) fn add(&mut self, item: &str, file_offset: Option<u64>) {
        let in_source = file_offset.is_some();
        let start = file_offset.unwrap_or(self.text.len() as u64);
        if self.segments.last().is_none_or(|last| last.in_source != in_source) {
            self.segments.push(Segment { in_source, start, ..Segment::default() });
        }
        if !in_source {
            self.text.extend_from_slice(item.as_bytes());
        }
        let Some(segment) = self.segments.last_mut() else { return };
        push_number(&mut segment.places, start - segment.start - segment.length);
        push_number(&mut segment.places, item.len() as u64);
        segment.length = start - segment.start + item.len() as u64;
        segment.rows += 1;
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
    pub(crate) segments: Vec<Segment>,
}

impl Spool {
    /// A spool for a target in `folder`; `source` is the plain file that the Items come from, if they do.
    pub(crate) fn new(folder: &Path, source: Option<File>) -> Result<Self, Error> {
        let source =
            source.map(|file| state(&file).map(|state| (file, state))).transpose().map_err(unreadable)?;
        Ok(Self { source, folder: folder.to_owned(), written: None, length: 0, segments: Vec::new() })
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
        for mut segment in items.segments {
            if !segment.in_source {
                segment.start += self.length;
            }
            self.segments.push(segment);
        }
        self.length += items.text.len() as u64;
        Ok(())
    }

    /// Reads a segment's bytes, wherever the cursor of the file stands: many do so at once.
    pub(crate) fn read(&self, segment: &Segment, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.resize(usize::try_from(segment.length).unwrap_or(usize::MAX), 0);
        match (&self.source, &self.written) {
            (Some((file, _)), _) if segment.in_source => {
                file.read_exact_at(bytes, segment.start).map_err(unreadable)
            }
            (_, Some(file)) => file.read_exact_at(bytes, segment.start).map_err(|cause| self.failed(cause)),
            _ => Err(Error::failed("Items were kept nowhere")),
        }
    }

    /// Fails if the source's file has been written to meanwhile: what was read again may not be what was checked.
    pub(crate) fn check_unchanged(&self) -> Result<(), Error> {
        match &self.source {
            Some((file, before)) if state(file).map_err(unreadable)? != *before => {
                Err(Error::failed("the source has changed while it was read")
                    .remedy("try again when nobody writes to it"))
            }
            _ => Ok(()),
        }
    }
}

fn unreadable(cause: io::Error) -> Error {
    Error::failed("cannot read the source again").caused_by(cause)
}
