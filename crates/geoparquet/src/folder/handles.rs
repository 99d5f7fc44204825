//! The files of a folder, open as long as they are read: of thousands only some at a time, as a process may have few.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use stacyard_store::{Error, Ranges};

use crate::read::footer::REPLACED;
use crate::read::local::{GAP, State, read};

/// How many are kept open; 256 for all of a process is the least that systems grant.
const MOST: usize = 64;

/// An open file, as it was then.
type Handle = Arc<(File, State)>;

/// Those that were read last, the very last one at the end.
#[derive(Default)]
pub(crate) struct Handles(Mutex<Vec<(u64, Handle)>>);

impl Handles {
    /// The file of a number; `open` opens it.
    fn of(&self, number: u64, open: impl FnOnce() -> io::Result<Handle>) -> io::Result<Handle> {
        if let Some(known) = self.known(number) {
            return Ok(known);
        }
        let handle = open()?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.remove(0);
        }
        kept.push((number, Arc::clone(&handle)));
        Ok(handle)
    }

    fn known(&self, number: u64) -> Option<Handle> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| *known == number)?;
        let last = kept.remove(place);
        let handle = Arc::clone(&last.1);
        kept.push(last);
        Some(handle)
    }
}

/// A file that is opened when it is read. It is always the one that it was: what another has put in its place is an error.
pub(crate) struct Shelved {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    /// As it was listed.
    pub(crate) state: String,
    /// Which one of the handles is its own.
    pub(crate) number: u64,
    pub(crate) handles: Arc<Handles>,
}

impl Shelved {
    fn open(&self) -> io::Result<Handle> {
        let file = File::open(&self.path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => io::Error::other(REPLACED),
            _ => cause,
        })?;
        let state = State::from(&file.metadata()?);
        if state.to_string() != self.state {
            return Err(io::Error::other(REPLACED));
        }
        Ok(Arc::new((file, state)))
    }
}

impl Ranges for Shelved {
    fn len(&self) -> u64 {
        self.size
    }

    fn read(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
        let handle = self.handles.of(self.number, || self.open())?;
        let (file, state) = &*handle;
        let read = read(file, self.size, ranges);
        // Written over, it is neither the old nor the new one.
        if State::from(&file.metadata()?) == *state { read } else { Err(io::Error::other(REPLACED)) }
    }

    fn gap(&self) -> u64 {
        GAP
    }

    /// The folder looks by itself.
    fn renewed(&self) -> Result<Option<Box<dyn Ranges>>, Error> {
        Ok(None)
    }
}
