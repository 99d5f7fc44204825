//! The folders of a catalog, made one after another: Items come in the order of their folders, so that no more are open than are in one another.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use serde_json::Value;
use stacyard_store::{Collections, Error, OutputFolder};

use super::item::close;
use super::links::{GEOJSON, JSON, Published, link, self_link};
use super::mirror::Mirror;
use super::names::{shown, told_apart};
use super::page::{Head, Page};
use super::sink::Folders;

/// The names of a place in the order in which it is written. Names that differ only in their case are beside one another: some systems
/// take them for one.
pub(super) fn key_of(names: &[String]) -> Vec<u8> {
    let mut key = String::new();
    for name in names {
        key.push_str(&name.to_ascii_lowercase());
        key.push(BETWEEN);
        key.push_str(name);
        key.push(END);
    }
    key.into_bytes()
}

/// Before all that is in a name.
const END: char = '\0';
const BETWEEN: char = '\u{1}';

/// A folder that is being filled.
struct Open {
    /// Its part of the key.
    key: String,
    path: PathBuf,
    /// The same from the root.
    place: Vec<String>,
    page: Page,
    /// The last name in it, in lower case.
    last: Option<String>,
    /// The id and the title of the Collection that it is of, or is in.
    collection: Option<(Vec<String>, String)>,
    mirror: Option<Mirror>,
}

impl Open {
    fn document(&self) -> Vec<String> {
        document(&self.place, self.page.is_collection)
    }

    /// The name of a file in it that nothing else in it has: `told` is what tells it from others of the same name.
    fn own_name(&mut self, key: &str, told: Option<&str>) -> String {
        let (lower, name) = key.split_once(BETWEEN).unwrap_or(("", key));
        if self.last.as_deref() == Some(lower) {
            return told_apart(name, told.unwrap_or(name));
        }
        self.last = Some(lower.to_owned());
        name.to_owned()
    }
}

/// The name that a part of a key is of.
fn name_of(key: &str) -> &str {
    key.split_once(BETWEEN).map_or(key, |(_, name)| name)
}

fn document(folder: &[String], is_collection: bool) -> Vec<String> {
    let name = if is_collection { "collection.json" } else { "catalog.json" };
    [folder, &[name.to_owned()]].concat()
}

/// The links of a document to its place in the catalog.
fn structural(
    published: &Published,
    (place, here, media): (&[String], &[String], &str),
    root_title: &str,
    parent: &[String],
    collection: Option<&(Vec<String>, String)>,
) -> Vec<Value> {
    let root = document(&[], false);
    let mut links = vec![
        link(published, "root", (place, &root), JSON, Some(root_title)),
        link(published, "parent", (place, parent), JSON, None),
    ];
    links.extend(collection.map(|(at, title)| link(published, "collection", (place, at), JSON, Some(title))));
    links.extend(self_link(published, here, media));
    links
}

/// A catalog being written.
pub(super) struct Walk<'a> {
    folders: &'a Folders,
    collections: Collections,
    /// The ids of the Collections by the keys of their folders.
    ids: HashMap<String, String>,
    threads: usize,
    memory: usize,
    open: Vec<Open>,
    title: String,
    bytes: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn begin(
        output: &OutputFolder,
        folders: &'a Folders,
        collections: Collections,
        (threads, memory): (usize, usize),
    ) -> Result<Self, Error> {
        let of_folder = || output.place().file_name().map(|name| name.to_string_lossy().into_owned());
        let id = folders.id.clone().or_else(of_folder).unwrap_or_else(|| "catalog".to_owned());
        let key = |id: &String| {
            let names = folders.template.collection_folders(id)?;
            Some((String::from_utf8_lossy(&key_of(&names)).into_owned(), id.clone()))
        };
        let ids = collections.keys().filter_map(key).collect();
        let head =
            Head::Catalog { id: &id, title: None, description: &format!("Items by {}", folders.template) };
        let root = document(&[], false);
        let links: Vec<_> = [
            Some(link(&folders.published, "root", (&[], &root), JSON, None)),
            self_link(&folders.published, &root, JSON),
        ]
        .into_iter()
        .flatten()
        .collect();
        let page = Page::begin(output.path(), head, &links)?;
        let open = Open {
            key: String::new(),
            path: output.path().to_owned(),
            place: Vec::new(),
            page,
            last: None,
            collection: None,
            mirror: None,
        };
        Ok(Self { folders, collections, ids, threads, memory, open: vec![open], title: id, bytes: 0 })
    }

    /// Takes the next place: of a folder, without a text, or of an Item.
    pub(super) fn take(&mut self, key: &str, text: &[u8]) -> Result<(), Error> {
        let mut keys: Vec<&str> = key.split_terminator(END).collect();
        let item = if text.is_empty() { None } else { keys.pop() };
        let same = self.open[1..].iter().zip(&keys).take_while(|(open, key)| open.key == **key).count();
        while self.open.len() > same + 1 {
            self.close_last()?;
        }
        for at in same..keys.len() {
            self.descend(&keys[..=at])?;
        }
        item.map_or(Ok(()), |item| self.item(item, text))
    }

    /// Opens a folder in the last one.
    fn descend(&mut self, keys: &[&str]) -> Result<(), Error> {
        let Self { folders, collections, ids, open, title: root_title, .. } = self;
        let (Some(parent), Some(key)) = (open.last_mut(), keys.last()) else { return Ok(()) };
        let name = parent.own_name(key, None);
        let path = parent.path.join(&name);
        fs::create_dir(&path).map_err(|cause| Error::io("write", &path, cause))?;
        let place = [&parent.place[..], &[name]].concat();
        let all: String = keys.iter().flat_map(|key| [key, "\0"]).collect();
        let collection = ids.get(&all).and_then(|id| Some((id, collections.get(id)?)));
        let id = keys.iter().map(|key| shown(name_of(key))).collect::<Vec<_>>().join("-");
        let title = match collection {
            Some((id, collection)) => {
                collection.get("title").and_then(|title| title.as_str()).unwrap_or(id).to_owned()
            }
            None => shown(name_of(key)),
        };
        let here = document(&place, collection.is_some());
        let published = &folders.published;
        let links = structural(published, (&place, &here, JSON), root_title, &parent.document(), None);
        parent.page.link(&link(published, "child", (&parent.place, &here), JSON, Some(&title)))?;
        let mirror = match collection {
            Some((id, value)) if folders.items_parquet => {
                let own = Collections::from([(id.clone(), value.clone())]);
                Some(Mirror::begin(&path, own, (self.threads, self.memory))?)
            }
            _ => None,
        };
        let head = match collection {
            Some((_, value)) => Head::Collection { value, has_mirror: mirror.is_some() },
            None => Head::Catalog {
                id: &id,
                title: Some(&title),
                description: &format!("Items in {}", place.join("/")),
            },
        };
        let page = Page::begin(&path, head, &links)?;
        let collection = match collection {
            Some(_) => Some((here, title)),
            None => parent.collection.clone(),
        };
        let opened = Open { key: (*key).to_owned(), path, place, page, last: None, collection, mirror };
        open.push(opened);
        Ok(())
    }

    /// Writes an Item into the last folder.
    fn item(&mut self, key: &str, text: &[u8]) -> Result<(), Error> {
        let Self { folders, open, title: root_title, bytes, .. } = self;
        let lost = || Error::failed("a temporary file with Items has been changed");
        let end = text.iter().position(|byte| *byte == b'\n').ok_or_else(lost)?;
        let (title, told): (Option<String>, String) =
            serde_json::from_slice(&text[..end]).map_err(|_| lost())?;
        let mut item = text[end + 1..].to_vec();
        if let Some(Open { mirror: Some(mirror), .. }) =
            open.iter_mut().find(|folder| folder.mirror.is_some())
        {
            mirror.add(&item)?;
        }
        let Some(folder) = open.last_mut() else { return Ok(()) };
        let name = folder.own_name(key, Some(&told));
        let path = folder.path.join(&name);
        fs::create_dir(&path).map_err(|cause| Error::io("write", &path, cause))?;
        let file = format!("{name}.json");
        let path = path.join(&file);
        let place = [&folder.place[..], &[name]].concat();
        let here = [&place[..], &[file]].concat();
        let published = &folders.published;
        let links = structural(
            published,
            (&place, &here, GEOJSON),
            root_title,
            &folder.document(),
            folder.collection.as_ref(),
        );
        close(&mut item, &links);
        item.push(b'\n');
        let written = File::create_new(&path).and_then(|mut file| file.write_all(&item));
        written.map_err(|cause| Error::io("write", &path, cause))?;
        *bytes += item.len() as u64;
        folder.page.link(&link(published, "item", (&folder.place, &here), GEOJSON, title.as_deref()))
    }

    fn close_last(&mut self) -> Result<(), Error> {
        let Some(Open { page, mirror, .. }) = self.open.pop() else { return Ok(()) };
        self.bytes += page.end()?;
        self.bytes += mirror.map_or(Ok(0), Mirror::finish)?;
        Ok(())
    }

    /// Ends all that is open; gives the size of all files.
    pub(super) fn finish(mut self) -> Result<u64, Error> {
        while !self.open.is_empty() {
            self.close_last()?;
        }
        Ok(self.bytes)
    }
}
