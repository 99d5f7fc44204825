//! How a server behaves: what a program or a command line can choose.

use std::fs::File;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use stacyard_model::Profile;
use stacyard_search::Query;
use stacyard_store::{Error, Run, Store, default_threads};

use crate::guard::Bearers;
use crate::links::{PublicUrl, RootPath};
use crate::operate::{Proxies, Served};

/// How a server behaves.
#[derive(Clone)]
pub struct Options {
    /// The `id` of the landing page.
    pub id: String,
    /// The title of the landing page.
    pub title: String,
    /// What the landing page says of the catalog (CommonMark).
    pub description: String,
    /// The URL of the landing page, as clients see it; `None`: what the `Host` of a request says, and proxies that are trusted.
    pub public_url: Option<PublicUrl>,
    /// The path below which clients see the landing page, where a proxy may take it off and may not.
    pub root_path: Option<RootPath>,
    /// The proxies whose `Forwarded` and `X-Forwarded-*` headers count.
    pub proxies: Proxies,
    /// How many requests a client may send in a second; `None`: as many as it likes.
    pub rate: Option<NonZeroU32>,
    /// How many requests are worked on at once. Others wait for their turn.
    pub works: usize,
    /// How long a request waits for its turn before it is refused (503).
    pub patience: Duration,
    /// How long the stores may take for one request.
    pub deadline: Duration,
    /// How long it may take to count what answers (`numberMatched`); beyond, the number is left out.
    pub counting: Duration,
    /// How many answers without pages (NDJSON, exports) are in the making at once.
    pub wholes: usize,
    /// How long such an answer may be in the making before its first byte goes out.
    pub preparation: Duration,
    /// As which files the Items that answer can be taken away, beside NDJSON.
    pub exports: Vec<Export>,
    /// How long answers may be kept by clients and caches before they ask again; zero: they ask each time, and are told where nothing has
    /// changed.
    pub max_age: Duration,
    /// The largest body of a request, in bytes.
    pub body_bytes: usize,
    /// The largest body of a request that puts many Items, in bytes.
    pub bulk_bytes: usize,
    /// Whether Items and Collections can be changed, where the stores take changes.
    pub writable: bool,
    /// The tokens that may be sent, of which a write needs one; `None`: whoever reaches a writable server may write.
    pub bearers: Option<Bearers>,
    /// Whether reads need a token, too.
    pub private: bool,
    /// The origins whose web pages may ask, such as `https://example.org`, or `*` for all; none: only those of the server itself.
    pub cors_origins: Vec<String>,
    /// The key that tokens of pages are signed with. Servers that answer for the same URL need the same one; `None`: a random one,
    /// so that tokens are good until the server ends.
    pub key: Option<Vec<u8>>,
    /// Who is told of each request once it is over, for a log. It is called on the threads that serve, so that it should not take long.
    pub on_request: Arc<dyn Fn(&Served) + Send + Sync>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            id: "stacyard".to_owned(),
            title: "Stacyard".to_owned(),
            description: "A STAC catalog, served by Stacyard".to_owned(),
            public_url: None,
            root_path: None,
            proxies: Proxies::default(),
            rate: None,
            works: default_threads() * 2,
            patience: Duration::from_secs(2),
            deadline: Duration::from_secs(30),
            counting: Duration::from_millis(100),
            wholes: 4,
            preparation: Duration::from_mins(10),
            exports: Vec::new(),
            max_age: Duration::ZERO,
            body_bytes: 4 << 20,
            bulk_bytes: 64 << 20,
            writable: false,
            bearers: None,
            private: false,
            cors_origins: Vec::new(),
            key: None,
            on_request: Arc::new(|_| ()),
        }
    }
}

impl Options {
    /// How many questions the stores are asked at once, at most: those of requests, of answers without pages, a count and a look whether they are
    /// there. A store that needs something for each, such as a connection, needs so many.
    pub fn at_once(&self) -> usize {
        const BESIDE: usize = 2;
        self.works.max(1) + self.wholes.max(1) + BESIDE
    }
}

/// A file format in which the Items that answer can be taken away.
#[derive(Clone)]
pub struct Export {
    /// What the parameter `f` calls it.
    pub name: &'static str,
    /// Other names of it.
    pub names: &'static [&'static str],
    /// Its media type.
    pub media_type: &'static str,
    /// How names of such files end, without the dot.
    pub extension: &'static str,
    /// Whether what is in it is packed already.
    pub is_packed: bool,
    /// Writes the Items of a store that answer a query to an empty file, with the columns of a profile.
    pub write: WriteExport,
}

/// Writes the Items of a store that answer a query to an empty file, in bounded memory; `None` of a profile: whoever gets the file is to know
/// nothing of it.
pub type WriteExport =
    Arc<dyn Fn((&Store, Option<&Arc<Profile>>), &Query, &File, Run<'_>) -> Result<(), Error> + Send + Sync>;
