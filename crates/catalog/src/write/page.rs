//! The Catalog or the Collection of a folder, written as its children come.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stacyard_store::Error;

use super::item::is_structural;

/// What a page is of, before its links.
#[derive(Clone, Copy)]
pub(super) enum Head<'a> {
    Catalog {
        id: &'a str,
        title: Option<&'a str>,
        description: &'a str,
    },
    /// A Collection of the store, which stays as it is but for its links. `has_mirror`: its Items are also in a file beside it.
    Collection {
        value: &'a Value,
        has_mirror: bool,
    },
}

/// A page being written.
pub(super) struct Page {
    file: BufWriter<File>,
    path: PathBuf,
    pub(super) is_collection: bool,
    has_links: bool,
    bytes: u64,
}

impl Page {
    /// Begins the page of a folder, with these links.
    pub(super) fn begin(folder: &Path, head: Head<'_>, links: &[Value]) -> Result<Self, Error> {
        let is_collection = matches!(head, Head::Collection { .. });
        let path = folder.join(if is_collection { "collection.json" } else { "catalog.json" });
        let file = File::create_new(&path).map_err(|cause| Error::io("write", &path, cause))?;
        let mut page = Self { file: BufWriter::new(file), path, is_collection, has_links: false, bytes: 0 };
        page.write("{")?;
        match head {
            Head::Catalog { id, title, description } => {
                page.member("type", &json!("Catalog"))?;
                page.member("stac_version", &json!("1.1.0"))?;
                page.member("id", &json!(id))?;
                if let Some(title) = title {
                    page.member("title", &json!(title))?;
                }
                page.member("description", &json!(description))?;
                page.write("\"links\":[")?;
            }
            Head::Collection { value, has_mirror } => page.collection(value, has_mirror)?,
        }
        links.iter().try_for_each(|link| page.link(link))?;
        Ok(page)
    }

    fn collection(&mut self, value: &Value, has_mirror: bool) -> Result<(), Error> {
        for (name, member) in value.as_object().into_iter().flatten() {
            if name != "links" && !(has_mirror && name == "assets") {
                self.member(name, member)?;
            }
        }
        if has_mirror {
            let mut assets = value.get("assets").and_then(Value::as_object).cloned().unwrap_or_default();
            assets.insert("items-parquet".to_owned(), mirror());
            self.member("assets", &Value::Object(assets))?;
        }
        self.write("\"links\":[")?;
        let own = value.get("links").and_then(Value::as_array).into_iter().flatten();
        let is_own = |link: &&Value| {
            let rel = link.get("rel").and_then(Value::as_str);
            !is_structural(rel) && !matches!(rel, Some("child" | "item"))
        };
        own.filter(is_own).try_for_each(|link| self.link(link))
    }

    fn member(&mut self, name: &str, value: &Value) -> Result<(), Error> {
        self.write(&format!("{}:{value},", json!(name)))
    }

    /// Adds a link, on a line of its own.
    pub(super) fn link(&mut self, link: &Value) -> Result<(), Error> {
        let between = if self.has_links { ",\n" } else { "\n" };
        self.has_links = true;
        self.write(&format!("{between}{link}"))
    }

    /// Ends it; gives its size.
    pub(super) fn end(mut self) -> Result<u64, Error> {
        self.write("\n]}\n")?;
        self.file.flush().map_err(|cause| Error::io("write", &self.path, cause))?;
        Ok(self.bytes)
    }

    fn write(&mut self, text: &str) -> Result<(), Error> {
        self.bytes += text.len() as u64;
        self.file.write_all(text.as_bytes()).map_err(|cause| Error::io("write", &self.path, cause))
    }
}

/// The file with the Items of a Collection, as an asset of it (stac-geoparquet, "Referencing a STAC GeoParquet Collection").
fn mirror() -> Value {
    json!({
        "href": "./items.parquet",
        "title": "Items as GeoParquet",
        "type": "application/vnd.apache.parquet",
        "roles": ["collection-mirror"],
    })
}
