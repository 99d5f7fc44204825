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
            Ok::<_, Problem>(Made { at, tag: ETag::of(&bytes), bytes: bytes.into() })
        };
        let made = self.made.get_or_insert_async(&mark, make).await?;
        // One that was in the making when Items were changed may be of before.
        if !self.is_good(made.at) {
            self.made.remove_if(&mark, |kept| kept.at == made.at);
        }
        Ok(made)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    fn making(made: &Arc<AtomicU8>) -> impl Future<Output = Result<Vec<u8>, Problem>> + use<> {
        let made = Arc::clone(made);
        async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(vec![made.fetch_add(1, Ordering::Relaxed)])
        }
    }

    #[tokio::test]
    async fn a_tile_is_made_once_until_something_changes() {
        let (tiles, made, tile) = (Tiles::default(), Arc::new(AtomicU8::new(0)), Tile::new(1, 0, 1).unwrap());
        let (a, b) =
            tokio::join!(tiles.of([0; 32], tile, making(&made)), tiles.of([0; 32], tile, making(&made)));
        let first = tiles.of([0; 32], tile, making(&made)).await.unwrap();
        assert_eq!([&a.unwrap().bytes[..], &b.unwrap().bytes, &first.bytes], [[0], [0], [0]]);
        // Other tiles, and other searches, are others.
        let other = Tile::new(1, 1, 0).unwrap();
        assert_eq!(tiles.of([0; 32], other, making(&made)).await.unwrap().bytes[..], [1]);
        assert_eq!(tiles.of([1; 32], tile, making(&made)).await.unwrap().bytes[..], [2]);
        tiles.forget();
        let again = tiles.of([0; 32], tile, making(&made)).await.unwrap();
        assert_eq!(again.bytes[..], [3]);
        assert_ne!(again.tag, first.tag);
    }

    #[tokio::test]
    async fn what_fails_is_not_kept() {
        let (tiles, tile) = (Tiles::default(), Tile::new(0, 0, 0).unwrap());
        assert!(tiles.of([0; 32], tile, async { Err(Problem::busy()) }).await.is_err());
        assert!(tiles.of([0; 32], tile, async { Ok(vec![7]) }).await.is_ok());
    }
}
