//! Single changes. Those that wait while a version is made are made together by the next one, and a version of single changes takes in the small
//! file of those before it: so a thousand of them are not a thousand files.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stacyard_model::json::{Document, Tape};
use stacyard_search::Stop;
use stacyard_store::{
    Backend, Collections, Editor, Encoder, Error, ErrorKind, Home, ItemKey, Put, Stored, When,
};

use crate::dataset::commit::{Plan, commit, with_collections};
use crate::dataset::file::{DataFile, EDITED, Shelf};
use crate::dataset::keys::{ItemHash, common, key, key_of};
use crate::dataset::log::action::Said;
use crate::dataset::options::{Author, PartitionBy};
use crate::dataset::rewrite::without;
use crate::dataset::schema;
use crate::dataset::store::Dataset;
use crate::dataset::version::Version;
use crate::dataset::view::View;
use crate::dataset::write::{Content, NewFile, discard};
use crate::format::scope::Scope;
use crate::sink::{ShapeEncoder, Shaped};
use crate::write::item_shape::ItemShape;
use crate::write::options::Options;
use crate::write::order::Order;
use crate::write::shape::Declared;
use crate::write::spool::Spool;

/// Files of fewer Items than these are taken into the one of the next changes.
const SMALL: u64 = 1_000;

/// So many Items are looked up together.
const LOOKED_UP: usize = 2_000;

/// From so many keys on all keys of a file are read, rather than the place of each.
const MANY: usize = 16;

/// How long the first of some changes waits for others.
const GATHER: Duration = Duration::from_millis(3);

/// A change that is asked for.
enum Change {
    PutItem { name: ItemKey, text: Arc<str>, when: When, home: Home },
    DeleteItem { name: ItemKey, when: When },
    PutCollection { id: String, text: Arc<str>, when: When },
    DeleteCollection { id: String, when: When },
}

/// What has become of it.
type Done = Result<Option<Put>, Error>;

/// Changes that wait to be made together.
#[derive(Default)]
pub(crate) struct Edits {
    /// Who makes them.
    who: Option<String>,
    queue: Mutex<Queue>,
    is_done: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<(u64, Change)>,
    done: HashMap<u64, Done>,
    next: u64,
    /// Somebody makes a version.
    is_busy: bool,
}

impl Edits {
    pub(crate) fn by(who: Option<String>) -> Self {
        Self { who, ..Self::default() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change, with others that wait: whoever comes first while nobody does makes all of them.
    fn make(&self, dataset: &Dataset, change: Change) -> Done {
        let mut queue = self.queue();
        let number = queue.next;
        queue.next += 1;
        queue.waiting.push((number, change));
        loop {
            if let Some(done) = queue.done.remove(&number) {
                return done;
            }
            if queue.is_busy {
                queue = self.is_done.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.is_busy = true;
            drop(queue);
            let mut turn = Turn { edits: self, numbers: Vec::new(), done: Vec::new() };
            std::thread::sleep(GATHER);
            let waiting = mem::take(&mut self.queue().waiting);
            turn.numbers = waiting.iter().map(|(number, _)| *number).collect();
            let changes: Vec<Change> = waiting.into_iter().map(|(_, change)| change).collect();
            turn.done = match make_all(dataset, &changes, "edit") {
                Ok(done) => done,
                Err(error) => changes.iter().map(|_| Err(same(&error))).collect(),
            };
            drop(turn);
            queue = self.queue();
        }
    }
}

/// Whoever makes the changes that wait. At the end, also that of a panic, the others are told, and go on.
struct Turn<'e> {
    edits: &'e Edits,
    numbers: Vec<u64>,
    done: Vec<Done>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut queue = self.edits.queue();
        let mut done = mem::take(&mut self.done).into_iter();
        let broken = || Err(Error::failed("what made the change broke off").unsure());
        queue.done.extend(self.numbers.iter().map(|number| (*number, done.next().unwrap_or_else(broken))));
        queue.is_busy = false;
        self.edits.is_done.notify_all();
    }
}

/// The same error for one more.
fn same(error: &Error) -> Error {
    let mut again = Error::new(error.kind(), error.message());
    if let Some(advice) = error.advice() {
        again = again.remedy(advice.clone());
    }
    if error.is_unsure() { again.unsure() } else { again }
}

/// Makes some changes as one version; says of each what has become of it.
///
/// # Errors
/// What all of them have failed of.
fn make_all(dataset: &Dataset, changes: &[Change], command: &str) -> Result<Vec<Done>, Error> {
    let log = dataset.view().version().log.clone();
    let shelf = Arc::clone(dataset.view().shelf());
    let author = Author { who: dataset.edits().who.clone(), command: command.to_owned() };
    let mut outcomes: Vec<Done> = Vec::new();
    let mut written: Vec<NewFile> = Vec::new();
    let are_put = changes.iter().any(|change| matches!(change, Change::PutItem { .. }));
    let mut newest = None;
    let made = commit(&log, &author, |version| {
        discard(&*log.storage, &mem::take(&mut written));
        version.check_writable()?;
        if are_put && version.profile.as_ref() != dataset.profile() {
            let message = format!("{} has been given another profile meanwhile", log.name());
            return Err(Error::new(ErrorKind::Conflict, &message)
                .remedy("open it again, which a server does by itself, and do it again: it is then checked by that one"));
        }
        let again = Version::of(log.clone(), version.snapshot.clone())?;
        let view = Arc::new(View::of(again, Arc::clone(&shelf))?);
        newest = Some(Arc::clone(&view));
        let mut batch = Batch::new(view);
        outcomes.clear();
        for some in changes.chunks(LOOKED_UP) {
            // Where it fails, each is looked up by itself, and fails by itself.
            if batch.look_up(some).is_err() {
                batch.seen.clear();
            }
            outcomes.extend(some.iter().map(|change| batch.take(change)));
        }
        batch.plan(&mut written)
    });
    let view = match made {
        Ok(None) => {
            // What none of them was made for is seen when they are tried again.
            if let Some(view) = newest {
                dataset.go_on(view);
            }
            return Ok(outcomes);
        }
        // Its files are in the log now, whatever comes.
        Ok(Some(snapshot)) => Version::of(log, snapshot).and_then(|version| View::of(version, shelf)),
        Err(error) => {
            if !error.is_unsure() {
                discard(&*log.storage, &written);
            }
            return Err(error);
        }
    };
    let view = Arc::new(view.map_err(Error::unsure)?);
    dataset.go_on(Arc::clone(&view));
    // The tag is that of what is read, which has its members in another order.
    let tagged = |(change, done): (&Change, Done)| match (change, done) {
        (Change::PutItem { name, .. }, Ok(Some(put))) => {
            // It is there, whether it can be read just now or not; another tag only lets a change fail that is made under it.
            let text = view.item(name, &Stop::default()).ok().flatten();
            let etag = text.map_or(put.etag, |text| Stored::new(text).etag);
            Ok(Some(Put { etag, ..put }))
        }
        (_, done) => done,
    };
    Ok(changes.iter().zip(outcomes).map(tagged).collect())
}

/// Changes on top of a version.
struct Batch {
    view: Arc<View>,
    /// Items that are others than in the version; `None`: it is gone.
    items: HashMap<ItemHash, Option<Arc<str>>>,
    /// Those that the version has of them.
    there: HashMap<ItemHash, bool>,
    /// What the version has of the Items of the next changes.
    seen: HashMap<ItemHash, Option<Stored>>,
    collections: Option<Collections>,
    said: Said,
}

impl Batch {
    fn new(view: Arc<View>) -> Self {
        Self {
            view,
            items: HashMap::new(),
            there: HashMap::new(),
            seen: HashMap::new(),
            collections: None,
            said: Said::default(),
        }
    }

    /// Finds the Items of some changes, those of a collection at once: to look for one takes nearly as long.
    fn look_up(&mut self, changes: &[Change]) -> Result<(), Error> {
        self.seen.clear();
        let mut names: HashMap<&str, Vec<String>> = HashMap::new();
        for change in changes {
            if let Change::PutItem { name, .. } | Change::DeleteItem { name, .. } = change
                && let Some(collection) = &name.collection
            {
                names.entry(collection).or_default().push(name.id.clone());
            }
        }
        for (collection, ids) in names {
            if ids.len() == 1 {
                continue;
            }
            self.seen.extend(ids.iter().map(|id| (key(Some(collection), id), None)));
            self.view.each_of(collection, ids, None, |item| {
                self.seen.insert(key_of(item), Some(Stored::new(item.raw().as_bytes().to_vec())));
                false
            })?;
        }
        Ok(())
    }

    fn take(&mut self, change: &Change) -> Done {
        match change {
            Change::PutItem { name, text, when, home } => {
                let there = self.item(name)?;
                if let (Home::Known, Some(collection)) = (home, &name.collection)
                    && !self.has_collection(collection)?
                {
                    return Err(Error::no_collection(collection));
                }
                when.meets(there.as_ref(), name)?;
                self.items.insert(hash(name), Some(Arc::clone(text)));
                let put = Put { is_new: there.is_none(), etag: Stored::new(text.as_bytes().to_vec()).etag };
                Ok(Some(put))
            }
            Change::DeleteItem { name, when } => {
                let there = self.item(name)?;
                when.meets(there.as_ref(), name)?;
                if there.is_none() {
                    return Err(Error::not_there(name));
                }
                self.items.insert(hash(name), None);
                Ok(None)
            }
            Change::PutCollection { id, text, when } => {
                let value: serde_json::Value = serde_json::from_str(text).map_err(|cause| {
                    Error::new(
                        ErrorKind::Unsupported,
                        &format!("the Collection {id:?} cannot be kept: {cause}"),
                    )
                })?;
                let (name, there) = (format!("the Collection {id:?}"), self.collection(id)?);
                when.meets(there.as_ref(), &name)?;
                let stored = stored(&value)?;
                self.kept()?.insert(id.clone(), value);
                Ok(Some(Put { is_new: there.is_none(), etag: stored.etag }))
            }
            Change::DeleteCollection { id, when } => {
                let (name, there) = (format!("the Collection {id:?}"), self.collection(id)?);
                when.meets(there.as_ref(), &name)?;
                if there.is_none() {
                    return Err(Error::not_there(&name));
                }
                if self.has_items(id)? {
                    return Err(Error::new(ErrorKind::Conflict, &format!("{name} has Items"))
                        .remedy("delete its Items first"));
                }
                self.kept()?.remove(id);
                Ok(None)
            }
        }
    }

    /// The Item of a name, with the changes so far.
    fn item(&mut self, name: &ItemKey) -> Result<Option<Stored>, Error> {
        match self.items.get(&hash(name)) {
            // Of a change of the same version: what it will be read as is not known yet, and nobody can have its tag.
            Some(changed) => Ok(changed.as_ref().map(|text| Stored::new(text.as_bytes().to_vec()))),
            None => {
                let found = match self.seen.remove(&hash(name)) {
                    Some(seen) => seen,
                    None => self.view.item(name, &Stop::default())?.map(Stored::new),
                };
                self.there.insert(hash(name), found.is_some());
                Ok(found)
            }
        }
    }

    fn kept(&mut self) -> Result<&mut Collections, Error> {
        if self.collections.is_none() {
            self.collections = Some(self.view.version().collections()?.clone());
        }
        Ok(self.collections.get_or_insert_default())
    }

    fn collection(&self, id: &str) -> Result<Option<Stored>, Error> {
        let collections = match &self.collections {
            Some(collections) => collections,
            None => self.view.version().collections()?,
        };
        collections.get(id).map(stored).transpose()
    }

    fn has_collection(&self, id: &str) -> Result<bool, Error> {
        Ok(self.collection(id)?.is_some() || self.has_items(id)?)
    }

    /// Whether Items are of a collection, with the changes so far.
    fn has_items(&self, id: &str) -> Result<bool, Error> {
        let mut tape = Tape::new();
        for text in self.items.values().flatten() {
            let collection =
                tape.parse(text.as_bytes()).ok().and_then(|item| item.get("collection")?.as_str());
            if collection.is_some_and(|collection| collection == id) {
                return Ok(true);
            }
        }
        let went = self.items.iter().filter(|(_, now)| now.is_none()).map(|(key, _)| *key).collect();
        self.view.has_others(id, &went)
    }

    /// What the next version is to be; `None`: nothing is changed. Files are added to `written`.
    fn plan(mut self, written: &mut Vec<NewFile>) -> Result<Option<Plan>, Error> {
        // What came and went again, or was deleted where it never was, is nothing.
        let there = mem::take(&mut self.there);
        let was = |key: &ItemHash| there.get(key).copied().unwrap_or_default();
        self.items.retain(|key, now| now.is_some() || was(key));
        if self.items.is_empty() && self.collections.is_none() {
            return Ok(None);
        }
        let mut plan = Plan { operation: "MERGE", ..Plan::default() };
        let mut texts: Vec<Arc<str>> = Vec::new();
        let mut old: Vec<ItemHash> = Vec::new();
        for (key, now) in &self.items {
            texts.extend(now.clone());
            if was(key) {
                old.push(*key);
            }
            match (was(key), now) {
                (true, Some(_)) => self.said.replaced += 1,
                (true, None) => self.said.went += 1,
                (false, _) => self.said.came += 1,
            }
        }
        old.sort_unstable();
        let small = if texts.is_empty() { Vec::new() } else { self.small() };
        let mut fields = self.view.version().fields.clone();
        for (index, file) in self.view.data_files().iter().enumerate() {
            let shelf = self.view.shelf();
            if small.contains(&index) {
                self.texts_of(file, &old, &mut texts)?;
                plan.removes.push(Arc::clone(&file.add));
                continue;
            }
            let gone = changed_in(shelf, file, &old)?;
            if !gone.is_empty()
                && let Some(again) = without(shelf, file, &gone, &fields)?
            {
                plan.removes.push(Arc::clone(&file.add));
                plan.adds.extend(again.new.iter().map(|new| new.add.clone()));
                written.extend(again.new);
            }
        }
        if !texts.is_empty() {
            for mut file in self.write(&texts)? {
                fields = schema::with(&fields, &file.fields).map_err(Error::failed)?.unwrap_or(fields);
                file.add.tags.get_or_insert_default().insert(EDITED.to_owned(), Some(file.rows.to_string()));
                plan.adds.push(file.add.clone());
                written.push(file);
            }
        }
        let version = self.view.version();
        let Some(mut metadata) = version.snapshot.metadata.as_deref().cloned() else { return Ok(None) };
        version.put_fields(&mut metadata, &fields);
        if let Some(collections) = &self.collections {
            with_collections(&version.log, &mut metadata, collections)?;
        }
        plan.metadata = (version.snapshot.metadata.as_deref() != Some(&metadata)).then_some(metadata);
        plan.said = self.said;
        Ok(Some(plan))
    }

    /// The small files of changes before.
    fn small(&self) -> Vec<usize> {
        let files = self.view.data_files().iter().enumerate();
        let is_small = |file: &DataFile| {
            file.tag(EDITED).and_then(|rows| rows.parse::<u64>().ok()).is_some_and(|rows| rows < SMALL)
        };
        files.filter(|(_, file)| is_small(file)).map(|(index, _)| index).collect()
    }

    /// Adds the Items of a file, but for those that are changed.
    fn texts_of(&self, file: &DataFile, old: &[ItemHash], texts: &mut Vec<Arc<str>>) -> Result<(), Error> {
        let opened = self.view.shelf().open(file)?;
        let mut source = crate::read::source::GeoParquetSource::of(&opened, Scope::All)?;
        let mut tape = Tape::new();
        while let Some(work) = stacyard_store::Source::next(&mut source)? {
            let batch = work()?;
            for record in &batch.records {
                let text = &batch.text[record.start as usize..record.end as usize];
                let item = tape.parse(text).map_err(|cause| opened.unreadable(cause))?;
                if old.binary_search(&key_of(item)).is_err() {
                    texts.push(item.raw().into());
                }
            }
        }
        Ok(())
    }

    /// Writes Items to files.
    fn write(&self, texts: &[Arc<str>]) -> Result<Vec<NewFile>, Error> {
        let version = self.view.version();
        let storage = &*version.log.storage;
        let options =
            Options { profile: version.profile.clone(), order: Order::SpaceTime, ..Options::default() };
        let declared =
            Declared { profile: options.profile.clone(), max_columns: options.max_columns, table: None };
        let encoder = ShapeEncoder(declared);
        let mut chunk = Shaped::default();
        let mut tape = Tape::new();
        for text in texts {
            let item = tape
                .parse(text.as_bytes())
                .map_err(|cause| Error::failed("an Item is no JSON").caused_by(cause))?;
            encoder.item(item, None, &mut chunk)?;
        }
        let mut spool = Spool::new(storage.scratch(), None)?;
        let mut items = ItemShape::default();
        items.merge(chunk.shape, &encoder.0);
        spool.push(chunk.items)?;
        // Few Items need no files by collection.
        let content = Content {
            spool: &mut spool,
            items: &items,
            options: &options,
            partition_by: PartitionBy::Collection,
        };
        content.write(storage, &version.fields)
    }
}

/// Which of these keys a file has; of a file of another program, which it may have.
fn changed_in(shelf: &Shelf, file: &DataFile, keys: &[ItemHash]) -> Result<Vec<ItemHash>, Error> {
    let Some(list) = file.keys.filter(|_| !keys.is_empty()) else { return Ok(keys.to_vec()) };
    if keys.len() >= MANY {
        return Ok(common(keys, &shelf.keys_of(file)?).collect());
    }
    let bytes = shelf.keys(file)?;
    let mut gone = Vec::new();
    for key in keys {
        if list.has(&*bytes, *key).map_err(|cause| shelf.unread(file, cause))? {
            gone.push(*key);
        }
    }
    Ok(gone)
}

/// The key of a name.
fn hash(name: &ItemKey) -> ItemHash {
    key(name.collection.as_deref(), &name.id)
}

/// A Collection as it is read.
fn stored(collection: &serde_json::Value) -> Result<Stored, Error> {
    let text = serde_json::to_vec(collection);
    Ok(Stored::new(text.map_err(|cause| Error::failed("cannot write a Collection").caused_by(cause))?))
}

impl Editor for Dataset {
    fn put_item(&self, name: &ItemKey, item: &Document, when: When, home: Home) -> Result<Put, Error> {
        let change = Change::PutItem { name: name.clone(), text: item.text().into(), when, home };
        self.edits().make(self, change)?.ok_or_else(|| Error::failed("an Item was put and is not there"))
    }

    fn delete_item(&self, name: &ItemKey, when: When) -> Result<(), Error> {
        self.edits().make(self, Change::DeleteItem { name: name.clone(), when }).map(drop)
    }

    /// One version of all of them.
    fn delete_items(&self, items: &[(ItemKey, When)]) -> Result<u64, Error> {
        let changes: Vec<Change> =
            items.iter().map(|(name, when)| Change::DeleteItem { name: name.clone(), when: *when }).collect();
        let mut gone = 0;
        for done in make_all(self, &changes, "delete")? {
            match done {
                Ok(_) => gone += 1,
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(gone)
    }

    fn put_collection(&self, id: &str, collection: &Document, when: When) -> Result<Put, Error> {
        let change = Change::PutCollection { id: id.to_owned(), text: collection.text().into(), when };
        self.edits().make(self, change)?.ok_or_else(|| Error::failed("a Collection was put and is not there"))
    }

    fn delete_collection(&self, id: &str, when: When) -> Result<(), Error> {
        self.edits().make(self, Change::DeleteCollection { id: id.to_owned(), when }).map(drop)
    }
}
