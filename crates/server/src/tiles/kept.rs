//! Tiles that have been made, in bounded memory: who asks for one that another is having made waits for it.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use stacyard_search::Tile;
use stacyard_store::ETag;

use crate::catalog::Mark;
use crate::problem::Problem;

/// A tile is good for so long, as what is told of Collections is: that a database has changed is not noticed.
const GOOD: Duration = Duration::from_mins(1);

/// All tiles together have so many bytes at most (64 MiB).
const BYTES: u64 = 64 << 20;

/// What is held for a tile beside its bytes.
const BESIDE: u64 = 256;

/// About so many tiles.
const TILES: usize = 16_384;

/// A tile that has been made.
#[derive(Clone)]
pub(crate) struct Made {
    /// When it was begun.
    at: Instant,
    pub(crate) tag: ETag,
    pub(crate) bytes: Bytes,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Mark, Made> for Weight {
    fn weight(&self, _: &Mark, made: &Made) -> u64 {
        made.bytes.len() as u64 + BESIDE
    }
}

/// Tiles, each by the mark of its search and its place.
pub(crate) struct Tiles {
    made: Cache<Mark, Made, Weight>,
    /// When something was changed last.
    changed: Mutex<Option<Instant>>,
}

impl Default for Tiles {
    fn default() -> Self {
        Self { made: Cache::with_weighter(TILES, BYTES, Weight), changed: Mutex::default() }
    }
}

impl Tiles {
    /// The tile, made now if need be.
    ///
    /// # Errors
    /// Those of making it.
    pub(crate) async fn of(
        &self,
        search: Mark,
        tile: Tile,
        make: impl Future<Output = Result<Vec<u8>, Problem>>,
    ) -> Result<Made, Problem> {
        let place = format!("{}/{}/{}", tile.zoom(), tile.x(), tile.y());
        let mark: Mark = Sha256::new().chain_update(search).chain_update(place).finalize().into();
        self.made.remove_if(&mark, |made| !self.is_good(made.at));
        let at = Instant::now();
        let make = async {
            let bytes = make.await?;
            Ok(Made { at, tag: ETag::of(&bytes), bytes: bytes.into() })
        };
        self.made.get_or_insert_async(&mark, make).await
    }

    /// Says that Items were changed: what was made before is told no more.
    pub(crate) fn forget(&self) {
        *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_good(&self, at: Instant) -> bool {
        let changed = *self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        at.elapsed() < GOOD && changed.is_none_or(|changed| changed < at)
    }
}
