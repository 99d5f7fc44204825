//! Files that are read in any order, wherever they are: the seam between formats and object stores.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::Error;

/// Bytes of one file that does not change, in any order, for many threads at once.
pub trait Ranges: Send + Sync {
    /// How many there are.
    fn len(&self) -> u64;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Runs of them, each as it was asked for, or as far as the file goes. All at once: where a request takes long, they
    /// can be under way together.
    ///
    /// # Errors
    /// A file that cannot be read, or that is another one by now: bytes of two states are never mixed.
    fn read(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>>;

    /// Up to how many bytes that nobody wants it is cheaper to read than to ask once more.
    fn gap(&self) -> u64;

    /// How many readers of it, or of files beside it, may wait at the same time: where a request takes long, more of them than there are
    /// processors.
    fn at_once(&self) -> usize {
        1
    }

    /// The file that is in its place now, where it is another one; `None`: it is still the same, or there is none any more.
    ///
    /// # Errors
    /// A file that cannot be opened.
    fn renewed(&self) -> Result<Option<Box<dyn Ranges>>, Error>;
}

/// A file that is read from its beginning, as often as it is opened; its size, where that is known.
pub type Opener = Arc<dyn Fn() -> Result<(Box<dyn Read + Send>, Option<u64>), Error> + Send + Sync>;
