//! A static catalog as a store.

use std::sync::Arc;

use stacyard_store::{Backend, Collections, Error, ErrorKind, Remedy, Source};
use tokio::runtime::Runtime;

use super::address::Home;
use super::fetch::Fetcher;
use super::options::CrawlOptions;
use super::page::Page;
use super::source::Records;
use super::walk::Walk;

/// A static catalog, opened: its root has been read. All else is read anew each time that it is asked.
#[derive(Clone)]
pub struct StaticCatalog {
    walk: Arc<Walk>,
    runtime: &'static Runtime,
}

impl StaticCatalog {
    /// Reads the root of a catalog: a Catalog or a Collection, at a path or a URL; of a folder, its `catalog.json`.
    ///
    /// # Errors
    /// What is not there, or is no static catalog.
    pub fn open(start: &str, options: CrawlOptions) -> Result<Self, Error> {
        let runtime = stacyard_runtime::shared()
            .map_err(|cause| Error::failed("cannot start a thread for connections").caused_by(cause))?;
        let home = Home::of(start, options.http.follow_foreign)?;
        let fetcher = Fetcher::new(&home.start, &options)?;
        let root = stacyard_runtime::wait(runtime, fetcher.fetch(home.start.clone()));
        let name = &home.name;
        let root = root.map_err(|error| match error.kind() {
            ErrorKind::Damaged => error.remedy("check the URL: is it that of a catalog.json?"),
            _ => error,
        })?;
        let none = |what: &str, remedy: Remedy| Err(Error::usage(format!("{name}: {what}"), remedy));
        match Page::of(&root.text) {
            Page::Tree(_) => {}
            Page::Items => {
                let copy = Remedy::from("copy it with ").command("copy", &[name, "TO"]);
                return none("it is an Item or a FeatureCollection, and no Catalog or Collection", copy);
            }
            Page::Nothing(why) => {
                let help = "name a catalog.json or a collection.json; an API is copied by the URL of its landing page";
                return none(&why.replacen("which is", "it is", 1), help.into());
            }
        }
        Ok(Self { walk: Arc::new(Walk { home, fetcher, options, root }), runtime })
    }
}

impl Backend for StaticCatalog {
    /// Its Collections and its Items.
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        Ok(Box::new(Records::of(Arc::clone(&self.walk), self.runtime)))
    }

    /// None: they stand among the records, so that they pass the gate.
    fn collections(&self) -> Result<Collections, Error> {
        Ok(Collections::new())
    }
}
