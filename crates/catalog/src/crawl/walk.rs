//! All documents of a catalog, one after another: the tree level by level, then the Items in the order of their links.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use stacyard_http::is_forbidden;
use stacyard_store::{Error, ErrorKind, Key, SEEN_MEMORY, Seen};
use tokio::sync::mpsc::Sender;
use tokio::task::spawn_blocking;

use super::address::{Address, Home, Leads};
use super::ahead::Ahead;
use super::fetch::{Document, Fetcher};
use super::options::CrawlOptions;
use super::page::{Page, Tree};
use super::spool::{Link, Spool};

/// A catalog that is being read.
pub(super) struct Walk {
    pub(super) home: Home,
    pub(super) fetcher: Fetcher,
    pub(super) options: CrawlOptions,
    /// The root, which has been read.
    pub(super) root: Document,
}

/// What has been found.
pub(super) enum Found {
    /// A Catalog, which is not kept.
    Catalog,
    /// A document: a Collection, an Item or many Items.
    Document {
        name: String,
        /// The page with the link to it, where it has to be one of Items.
        page: Option<String>,
        text: Vec<u8>,
    },
    /// A link to nothing that can be read, and why.
    Nothing { name: String, why: String },
}

/// A page, looked through, and the link that has led to it.
type Looked = (Link, Result<(Document, Page), Error>);

/// So many times as many documents as are asked for at once may be there before they are taken, so that a slow one keeps no other waiting.
const WINDOW: usize = 4;

impl Walk {
    /// Finds all there is, until nobody wants it any more.
    ///
    /// # Errors
    /// A server that does not answer; a link that leaves the catalog, and may not.
    pub(super) async fn run(self: Arc<Self>, found: Sender<Result<Found, Error>>) {
        if let Err(error) = self.all(&found).await {
            // Nobody may be there any more to hear it.
            let _ = found.send(Err(error)).await;
        }
    }

    async fn all(self: &Arc<Self>, found: &Sender<Result<Found, Error>>) -> Result<(), Error> {
        let mut kept = Kept { seen: Seen::new(SEEN_MEMORY), children: Spool::new()?, items: Spool::new()? };
        kept.seen.insert(key(&self.home.start))?;
        kept.seen.insert(key(&self.root.from))?;
        if let Page::Tree(tree) = Page::of(&self.root.text) {
            self.keep(&self.root, tree, &mut kept, found).await?;
        }
        while !kept.children.is_empty() {
            let mut links = std::mem::replace(&mut kept.children, Spool::new()?).read()?;
            let mut ahead: Ahead<Looked> = self.ahead();
            loop {
                while ahead.has_room()
                    && let Some(link) = links.next()?
                {
                    ahead.begin(Arc::clone(self).look(link));
                }
                let Some((link, page)) = ahead.next().await? else { break };
                self.take(link, page, &mut kept, found).await?;
            }
        }
        self.items(kept.items, found).await
    }

    fn ahead<T: Send + 'static>(&self) -> Ahead<T> {
        Ahead::new(self.options.concurrency.max(1).saturating_mul(WINDOW))
    }

    async fn look(self: Arc<Self>, link: Link) -> Looked {
        let page = match self.fetcher.fetch(link.to.clone()).await {
            // To look through a large page takes a while, which would keep others waiting.
            Ok(document) => spawn_blocking(move || {
                let page = Page::of(&document.text);
                (document, page)
            })
            .await
            .map_err(|cause| Error::failed("a document was not read").caused_by(cause)),
            Err(error) => Err(error),
        };
        (link, page)
    }

    /// Takes a page of the tree.
    async fn take(
        &self,
        link: Link,
        page: Result<(Document, Page), Error>,
        kept: &mut Kept,
        found: &Sender<Result<Found, Error>>,
    ) -> Result<(), Error> {
        let name = self.home.shown(&link.to);
        let found_nothing = match page {
            Ok((document, Page::Tree(tree))) => return self.keep(&document, tree, kept, found).await,
            // Some catalogs call their Items children. It is asked for again among the others.
            Ok((_, Page::Items)) => {
                self.options.counts.add_items(1);
                return kept.items.add(&link.page, &[link.to]);
            }
            Ok((_, Page::Nothing(why))) => {
                let why = format!("{} links to it, {why}", self.home.shown(&link.page));
                Found::Nothing { name, why }
            }
            Err(error) => self.unread(&link, error)?,
        };
        send(found, found_nothing).await
    }

    /// Keeps what a page leads to, and hands it on where it is a Collection.
    async fn keep(
        &self,
        document: &Document,
        tree: Tree,
        kept: &mut Kept,
        found: &Sender<Result<Found, Error>>,
    ) -> Result<(), Error> {
        let Tree { is_collection, children, items } = tree;
        let page = &document.from;
        self.options.counts.add_page();
        let one = if is_collection {
            Found::Document { name: self.home.shown(page), page: None, text: document.text.clone() }
        } else {
            Found::Catalog
        };
        send(found, one).await?;
        for (hrefs, is_item) in [(children, false), (items, true)] {
            let mut links = Vec::with_capacity(hrefs.len());
            for href in hrefs {
                match self.home.resolve(page, &href, &self.fetcher.http)? {
                    Leads::To(to) => {
                        if kept.seen.insert(key(&to))? {
                            links.push(to);
                        }
                    }
                    Leads::Nowhere(why) => {
                        send(found, Found::Nothing { name: self.home.shown(page), why }).await?;
                    }
                }
            }
            if is_item {
                self.options.counts.add_items(links.len() as u64);
            }
            let spool = if is_item { &mut kept.items } else { &mut kept.children };
            spool.add(page, &links)?;
        }
        Ok(())
    }

    /// All Items.
    async fn items(
        self: &Arc<Self>,
        items: Spool,
        found: &Sender<Result<Found, Error>>,
    ) -> Result<(), Error> {
        let mut links = items.read()?;
        let mut ahead = self.ahead();
        loop {
            while ahead.has_room()
                && let Some(link) = links.next()?
            {
                let walk = Arc::clone(self);
                ahead.begin(async move {
                    let document = walk.fetcher.fetch(link.to.clone()).await;
                    (link, document)
                });
            }
            let Some((link, document)) = ahead.next().await? else { return Ok(()) };
            let (name, page) = (self.home.shown(&link.to), self.home.shown(&link.page));
            let one = match document {
                Ok(Document { text, .. }) => Found::Document { name, page: Some(page), text },
                Err(error) => self.unread(&link, error)?,
            };
            send(found, one).await?;
        }
    }

    /// What is said of a link to what is not there, or is no JSON: it is set aside as an invalid Item is. (A store of objects says that
    /// one is forbidden where it is not there.) All else is an error.
    fn unread(&self, link: &Link, error: Error) -> Result<Found, Error> {
        let page = self.home.shown(&link.page);
        match error.kind() {
            // Without credentials, or with some that are no longer good, nothing is said of what is there.
            ErrorKind::Denied if !is_forbidden(&error) => Err(error.detail(&format!("{page} links to it"))),
            ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::Damaged | ErrorKind::Limit => {
                Ok(Found::Nothing {
                    name: self.home.shown(&link.to),
                    why: format!("{page} links to it: {error}"),
                })
            }
            _ => Err(error.detail(&format!("{page} links to it"))),
        }
    }
}

/// What is known of the tree.
struct Kept {
    seen: Seen,
    children: Spool,
    items: Spool,
}

/// Nobody may want it any more: then the whole task is ended soon.
async fn send(to: &Sender<Result<Found, Error>>, found: Found) -> Result<(), Error> {
    to.send(Ok(found))
        .await
        .map_err(|_| Error::new(ErrorKind::Cancelled, "nobody reads the catalog any more"))
}

fn key(address: &Address) -> Key {
    let hash = Sha256::digest(address.0.as_str());
    hash.iter().take(size_of::<Key>()).fold(0, |key, byte| key << 8 | Key::from(*byte))
}
