//! Documents brought, from the web and from files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use stacyard_http::{Http, Request};
use stacyard_objects::Object;
use stacyard_search::Stop;
use stacyard_store::{Error, ErrorKind};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use super::address::Address;
use super::options::CrawlOptions;

/// The largest file that is taken (512 MiB), as of the web.
const LARGEST: u64 = 512 << 20;

/// A document, as it was brought.
pub(super) struct Document {
    /// Where it has come from, after all redirects.
    pub(super) from: Address,
    pub(super) text: Vec<u8>,
}

/// Brings documents, so many at once.
pub(super) struct Fetcher {
    pub(super) http: Http,
    /// The object store that the catalog is in.
    store: Option<Object>,
    room: Semaphore,
    delay: Duration,
    /// When the next request may begin.
    next: Mutex<Instant>,
}

impl Fetcher {
    /// For a catalog that starts at an address.
    ///
    /// # Errors
    /// Settings with which nothing can be asked.
    pub(super) fn new(start: &Address, options: &CrawlOptions) -> Result<Self, Error> {
        let http = Http::new(&start.0, &options.http)?;
        let in_store = || Object::at(start.0.as_str(), &options.objects);
        let store = start.is_object().then(in_store).transpose()?;
        let room = Semaphore::new(options.concurrency.clamp(1, Semaphore::MAX_PERMITS));
        Ok(Self { http, store, room, delay: options.delay, next: Mutex::new(Instant::now()) })
    }

    /// The document at an address.
    ///
    /// # Errors
    /// Why it is not there.
    pub(super) async fn fetch(&self, address: Address) -> Result<Document, Error> {
        let _room = self
            .room
            .acquire()
            .await
            .map_err(|cause| Error::failed("no document is read any more").caused_by(cause))?;
        if address.is_file() {
            let read = spawn_blocking(move || read(address)).await;
            return read.map_err(|cause| Error::failed("a file was not read").caused_by(cause))?;
        }
        self.wait().await;
        if address.is_object() {
            let store =
                self.store.as_ref().ok_or_else(|| Error::failed("a link leads into an object store"))?;
            // A link that is no name of a file leads to none.
            let file = store.other(&address.0).map_err(|error| error.of_kind(ErrorKind::NotFound))?;
            let text = file.whole(LARGEST).await?;
            return Ok(Document { from: address, text });
        }
        let answer = self.http.ask(&Request::get(address.0), &Stop::default()).await?;
        Ok(Document { from: Address(answer.url), text: answer.text })
    }

    /// Waits until the next request may begin.
    async fn wait(&self) {
        if self.delay.is_zero() {
            return;
        }
        let mut next = self.next.lock().await;
        let now = *next;
        *next = now.max(Instant::now()) + self.delay;
        drop(next);
        sleep_until(now).await;
    }
}

fn read(address: Address) -> Result<Document, Error> {
    let Some(path) = address.path() else {
        return Err(Error::failed("a link names a file by a detour"));
    };
    let text = bytes(&path).map_err(|cause| Error::io("open", &path, cause))?;
    match text {
        Some(text) => Ok(Document { from: address, text }),
        None => {
            let message = format!("{} has more than {} MiB", path.display(), LARGEST >> 20);
            Err(Error::new(ErrorKind::Limit, &message))
        }
    }
}

/// All of a file; `None`: it is too large.
fn bytes(path: &Path) -> io::Result<Option<Vec<u8>>> {
    // A pipe would keep us waiting for somebody who writes, and a device never ends.
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "it is no file"));
    }
    if metadata.len() > LARGEST {
        return Ok(None);
    }
    let mut text = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut text)?;
    Ok(Some(text))
}
