//! The files of a version: what the log says of each, and those that are open.

use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use percent_encoding::percent_decode_str;
use quick_cache::Weighter;
use quick_cache::sync::Cache as Kept;
use stacyard_model::json::Tape;
use stacyard_store::{Error, ErrorKind, Ranges, Remedy, Storage};

use crate::dataset::filter::Filter;
use crate::dataset::keys::{ItemHash, KeyList, each_item};
use crate::dataset::log::action::Add;
use crate::dataset::log::snapshot::Snapshot;
use crate::dataset::stats::{End as Known, Stats};
use crate::folder::hive;
use crate::read::cache::Cache;
use crate::read::names::Given;
use crate::read::opened::Opened;
use crate::search::condition::{Column, Condition, Kind};
use crate::search::prune::{Bounds, End};

/// Footers that are kept, in bytes (128 MiB).
const FOOTERS: u64 = 128 << 20;

/// The tag of a file that says where its keys and their rows are. Only ours have it.
pub(crate) const KEYS: &str = "stacyard.rows";

/// The tag of a small file of single edits: how many Items it has. The next edits are put together with them.
pub(crate) const EDITED: &str = "stacyard.edits";

/// The tag of files that one load or `optimize` has written side by side: by it the next one knows that there is no more to do. See [`LaidOut`].
pub(crate) const LAID_OUT: &str = "stacyard.laid-out";

/// The tag of a file that was written again without some of its Items: the path of the first one that it comes from.
pub(crate) const FIRST: &str = "stacyard.first";

/// A file of a version.
pub(crate) struct DataFile {
    pub(crate) add: Arc<Add>,
    /// Its path below the dataset.
    pub(crate) path: String,
    /// Where its keys are; `None`: another program has written it, and nothing that the log says of its values is believed.
    pub(crate) keys: Option<KeyList>,
    stats: OnceLock<Stats>,
}

impl DataFile {
    pub(crate) fn of(add: &Arc<Add>, name: &str) -> Result<Self, Error> {
        let path = percent_decode_str(&add.path).decode_utf8_lossy().into_owned();
        let is_within = !path.contains("://")
            && Path::new(&path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !is_within {
            let message = format!("{name} has a file that is not in its folder: {path}");
            return Err(Error::new(ErrorKind::Unsupported, &message)
                .remedy("only tables are read that have all of their files: copy it with the program that has made it"));
        }
        let mut file = Self { add: Arc::clone(add), path, keys: None, stats: OnceLock::new() };
        file.keys = file.tag(KEYS).and_then(|list| KeyList::parse(list, add.size));
        Ok(file)
    }

    /// What a tag says of it.
    pub(crate) fn tag(&self, name: &str) -> Option<&str> {
        self.add.tags.as_ref()?.get(name)?.as_deref()
    }

    /// With which other files it was written, if that is known.
    pub(crate) fn laid_out(&self) -> Option<LaidOut<'_>> {
        self.tag(LAID_OUT).and_then(LaidOut::parse)
    }

    /// The first file that it comes from: it has some of its Items and no others.
    pub(crate) fn first(&self) -> &str {
        self.tag(FIRST).unwrap_or(&self.path)
    }

    /// All of a version.
    pub(crate) fn all(snapshot: &Snapshot, name: &str) -> Result<Vec<Self>, Error> {
        snapshot.files.values().map(|add| Self::of(add, name)).collect()
    }

    pub(crate) fn stats(&self) -> &Stats {
        self.stats.get_or_init(|| {
            self.add.stats.as_deref().map(|text| Stats::parse(text, &mut Tape::new())).unwrap_or_default()
        })
    }

    /// The one collection of its Items, where the log says so.
    pub(crate) fn collection(&self) -> Option<&str> {
        self.keys.and_then(|_| self.stats().collection())
    }

    /// Whether what the log says leaves it open that an Item of it meets a condition.
    pub(crate) fn may_hold(&self, condition: &Condition) -> bool {
        self.keys.is_none() || condition.may_hold_within(&|column| Ok(self.bounds(column))).unwrap_or(true)
    }

    /// What is known of a column.
    pub(crate) fn bounds(&self, column: &Column) -> Bounds<'_> {
        let stats = self.stats();
        let known = stats.column(&column.path).filter(|_| self.keys.is_some());
        let Some(known) = known else { return Bounds::default() };
        let ends = known.ends().and_then(|(least, most)| end(least, column.kind).zip(end(most, column.kind)));
        let only_nulls = known.nulls.is_some() && known.nulls == stats.rows;
        Bounds { ends, no_nulls: known.nulls == Some(0), only_nulls, area: None }
    }
}

/// What a tag says of how a file was written: `RUN:RULES:ROWS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LaidOut<'t> {
    /// The load or `optimize` that has written it, and files beside it.
    pub(crate) run: &'t str,
    /// By which rules Items were put into files.
    pub(crate) rules: &'t str,
    /// How many rows it had then.
    pub(crate) rows: u64,
}

impl<'t> LaidOut<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let (run, rest) = text.split_once(':')?;
        let (rules, rows) = rest.split_once(':')?;
        Some(Self { run, rules, rows: rows.parse().ok()? })
    }
}

impl Display for LaidOut<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.run, self.rules, self.rows)
    }
}

fn end(known: &Known, kind: Kind) -> Option<End<'_>> {
    Some(match (known, kind) {
        (Known::Integer(value), Kind::Integer) => End::Integer(*value),
        (Known::Number(value), Kind::Float { .. }) => End::Float(*value),
        #[expect(clippy::cast_precision_loss, reason = "a double that was whole")]
        (Known::Integer(value), Kind::Float { .. }) => End::Float(*value as f64),
        (Known::Text(text), Kind::Text) => End::Text(text.as_bytes()),
        (Known::Text(text), Kind::Time(_)) => {
            let instant: jiff::Timestamp = text.parse().ok()?;
            End::Integer(instant.as_microsecond())
        }
        _ => return None,
    })
}

/// Bytes of filters that are kept (32 MiB), of 16 million Items.
const FILTERS: u64 = 32 << 20;

/// To make the filter of a file takes as long as to look into its list so often or more. It is not made for all files at the same time.
const OFTEN: u64 = 16;
const SPREAD: u64 = 64;

/// How often Items were looked for in a file, and where that was often, its filter.
#[derive(Default)]
struct Lookups {
    times: AtomicU64,
    filter: OnceLock<Filter>,
}

/// The files of a dataset that are open, of all its versions.
pub(crate) struct Shelf {
    pub(crate) storage: Arc<dyn Storage>,
    cache: Cache,
    /// The number of the next file in the cache.
    next: AtomicU64,
    open: Kept<String, Arc<Opened>, Footers>,
    /// With the bytes of the filter, which may not change while an entry is there.
    lookups: Kept<String, (u64, Arc<Lookups>), Filters>,
}

#[derive(Clone)]
struct Filters;

impl Weighter<String, (u64, Arc<Lookups>)> for Filters {
    fn weight(&self, path: &String, (filter, _): &(u64, Arc<Lookups>)) -> u64 {
        (path.len() + size_of::<Lookups>()) as u64 + filter
    }
}

#[derive(Clone)]
struct Footers;

impl Weighter<String, Arc<Opened>> for Footers {
    fn weight(&self, _: &String, file: &Arc<Opened>) -> u64 {
        file.table.metadata.memory_size() as u64
    }
}

impl Shelf {
    /// Keeps so many bytes of what is read of the files.
    pub(crate) fn new(storage: Arc<dyn Storage>, memory: usize) -> Self {
        let open = Kept::with_weighter(1_000, FOOTERS, Footers);
        let lookups = Kept::with_weighter(1_000, FILTERS, Filters);
        Self { storage, cache: Cache::new(memory), next: AtomicU64::new(1), open, lookups }
    }

    /// A file that is open.
    pub(crate) fn known(&self, file: &DataFile) -> Option<Arc<Opened>> {
        self.open.get(&file.path)
    }

    /// Opens a file, if it is not open.
    pub(crate) fn open(&self, file: &DataFile) -> Result<Arc<Opened>, Error> {
        if let Some(known) = self.known(file) {
            return Ok(known);
        }
        let name = format!("{}{}", self.storage.name(), file.path);
        let bytes = self.storage.open(&file.path, file.add.size).map_err(|cause| match cause.kind() {
            ErrorKind::NotFound => gone(&name),
            _ => cause,
        })?;
        let mut opened = Opened::over(name.as_str().into(), bytes, 0)?;
        opened.table.cache = self.cache.of_file(self.next.fetch_add(1, Ordering::Relaxed));
        let has = |name: &str| opened.table.fields.iter().any(|field| field.name() == name);
        if opened.rows() > 0 && !has("id") {
            let message = format!("{name} has no column `id`: its rows are no STAC Items");
            return Err(Error::new(ErrorKind::Damaged, &message)
                .remedy("read an earlier version (?version=N), before another program has added it"));
        }
        opened.footer.names.given = given(file, &name)?;
        let opened = Arc::new(opened);
        self.open.insert(file.path.clone(), Arc::clone(&opened));
        Ok(opened)
    }

    /// The bytes of a file, where nothing but its keys is wanted.
    pub(crate) fn keys(&self, file: &DataFile) -> Result<Box<dyn Ranges>, Error> {
        self.storage.open(&file.path, file.add.size).map_err(|cause| match cause.kind() {
            ErrorKind::NotFound => gone(&format!("{}{}", self.storage.name(), file.path)),
            _ => cause,
        })
    }

    /// Whether a file has one of these Items; `None` if it has no list of keys.
    pub(crate) fn has_any(&self, file: &DataFile, keys: &[ItemHash]) -> Result<Option<bool>, Error> {
        let Some(list) = file.keys else { return Ok(None) };
        let (_, lookups) = self.lookups.get(&file.path).unwrap_or_else(|| {
            let new = (0, Arc::<Lookups>::default());
            self.lookups.insert(file.path.clone(), new.clone());
            new
        });
        let unread = |cause| self.unread(file, cause);
        if lookups.filter.get().is_none()
            && lookups.times.fetch_add(1, Ordering::Relaxed) >= OFTEN + file.add.size % SPREAD
        {
            let all = list.all(&*self.keys(file)?).map_err(unread)?;
            let filter = lookups.filter.get_or_init(|| Filter::of(&all));
            self.lookups.insert(file.path.clone(), (filter.bytes(), Arc::clone(&lookups)));
        }
        let may_have = |key: &&ItemHash| lookups.filter.get().is_none_or(|filter| filter.may_have(**key));
        let mut bytes = None;
        for key in keys.iter().filter(may_have) {
            let bytes = match &bytes {
                Some(bytes) => bytes,
                None => bytes.insert(self.keys(file)?),
            };
            if list.has(&**bytes, *key).map_err(unread)? {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    }

    /// The keys of all Items of a file, sorted.
    pub(crate) fn keys_of(&self, file: &DataFile) -> Result<Vec<ItemHash>, Error> {
        if let Some(list) = file.keys {
            return list.all(&*self.keys(file)?).map_err(|cause| self.unread(file, cause));
        }
        let mut keys = Vec::new();
        each_item(&*self.open(file)?, |key, _| keys.push(key))?;
        keys.sort_unstable();
        Ok(keys)
    }

    /// The error of a file whose keys cannot be read.
    pub(crate) fn unread(&self, file: &DataFile, cause: std::io::Error) -> Error {
        Error::io("read", Path::new(&format!("{}{}", self.storage.name(), file.path)), cause)
    }
}

/// What the log says of all Items of a file, in a table that another program has partitioned.
fn given(file: &DataFile, name: &str) -> Result<Vec<Given>, Error> {
    let mut all = Vec::new();
    for (column, value) in &file.add.partition_values {
        if !hive::KNOWN.contains(&column.as_str()) {
            let message = format!("{name}: the table is partitioned by {column}, which is in no file");
            return Err(Error::new(ErrorKind::Unsupported, &message).remedy(
                "have the program that has made it write a table that is not partitioned, or partitioned by collection",
            ));
        }
        if let Some(value) = value.clone().filter(|value| !value.is_empty()) {
            all.push(Given { name: column.clone(), value });
        }
    }
    Ok(all)
}

/// The error of a file that a version names, and that is not there.
pub(crate) fn gone(name: &str) -> Error {
    Error::new(ErrorKind::Damaged, &format!("{name} is gone, and a version of the dataset has it"))
        .remedy("bring it back from a copy, or read another version: ?version=N")
        .also(Remedy::call("history", &[]).text(" lists them"))
}
