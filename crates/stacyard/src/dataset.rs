//! Datasets: folders with a log, on this machine or in an object store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stacyard_geoparquet::{
    Author, Dataset, DatasetSink, Difference, Entry, Made, Making, Options, Vacuum, Writing,
    dataset_is_begun, local_storage, unfinished_dataset,
};
use stacyard_store::{
    At, Changes, Check, CollectionChanges, Collections, Deletion, Error, ErrorKind, Known, Location, Mode,
    Nothing, Old, Remedy, Report, Run, Storage, StoreUrl, Transfer,
};

use crate::open::Open;

/// The folder of a dataset; `None`: it is not where one can be.
pub(crate) fn storage(url: &StoreUrl, open: &Open) -> Result<Option<Arc<dyn Storage>>, Error> {
    Ok(match url.location() {
        Location::Path(path) => Some(local_storage(path)),
        Location::Object(_) => open.object(url)?.and_then(|object| object.storage()),
        _ => None,
    })
}

/// Opens the version that a name asks for, and keeps so many bytes of what is read of it; `None`: there is no dataset.
pub(crate) fn opened(url: &StoreUrl, open: &Open, memory: usize) -> Result<Option<Dataset>, Error> {
    if !url.is_folder() {
        return Ok(None);
    }
    let Some(storage) = storage(url, open)? else { return Ok(None) };
    match Dataset::open(Arc::clone(&storage), url.at().clone(), memory)? {
        None if dataset_is_begun(&*storage)? => Err(unfinished_dataset(storage.name())),
        None if *url.at() != At::Latest => Err(no_dataset(url)),
        found => Ok(found.map(|dataset| dataset.edited_by(user()))),
    }
}

/// The dataset of a name, where there has to be one.
pub(crate) fn there(url: &StoreUrl, open: &Open) -> Result<Dataset, Error> {
    opened(url, open, open.cache_bytes)?.ok_or_else(|| no_dataset(url))
}

/// The error of a folder without a log.
fn no_dataset(url: &StoreUrl) -> Error {
    let folder = url.spelling().split('?').next().unwrap_or_default();
    let init = Remedy::from("make one with ").command("init", &[folder]);
    if matches!(url.path().map(Path::try_exists), Some(Ok(false))) {
        return Error::new(ErrorKind::NotFound, &format!("{folder} is not there")).remedy(init);
    }
    let message = format!("{folder} is no dataset: it has no _delta_log");
    Error::new(ErrorKind::NotFound, &message).remedy(
        Remedy::from("read it as the Parquet files in it, without a version")
            .or(Remedy::from("copy them into a dataset: ").command("copy", &[folder, "NEW/"])),
    )
}

/// A dataset that is going to be written.
pub(crate) struct DatasetTarget {
    pub(crate) storage: Arc<dyn Storage>,
    /// Its newest version, if it is there.
    pub(crate) base: Option<Dataset>,
    /// The mark of the store that it is made the same as.
    pub(crate) same_as: Option<String>,
}

impl DatasetTarget {
    /// # Errors
    /// A version, which stays as it is; a folder of other files.
    pub(crate) fn begin(url: &StoreUrl, open: &Open) -> Result<Self, Error> {
        refuse_version(url)?;
        let Some(storage) = storage(url, open)? else {
            return Err(Error::usage(
                format!("{url} is a folder on a server, where no dataset can be written"),
                Remedy::from("write to a folder of this machine, or to s3://, gs:// or az://"),
            )
            .of_kind(ErrorKind::Unsupported));
        };
        let base = Dataset::open(Arc::clone(&storage), At::Latest, 0)?;
        if base.is_none()
            && !dataset_is_begun(&*storage)?
            && let Some(other) = storage.list("")?.first()
        {
            let message = format!("{url} is there, and is no dataset: {} is in it", other.path);
            return Err(Error::new(ErrorKind::Exists, &message).remedy(
                Remedy::from("name a folder that is not there yet, and copy into it what is here")
                    .or("name a .parquet file, which may be inside of it"),
            ));
        }
        Ok(Self { storage, base, same_as: None })
    }
}

fn refuse_version(url: &StoreUrl) -> Result<(), Error> {
    if *url.at() == At::Latest {
        return Ok(());
    }
    Err(Error::usage(
        format!("{url} is a version of a dataset, which stays as it is"),
        "write to the dataset itself: leave out what stands from the question mark on",
    ))
}

/// Who runs this, and by which command it is said that it was done.
pub(crate) fn author(command: String) -> Author {
    Author { who: user(), command }
}

fn user() -> Option<String> {
    let who = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    who.filter(|who| !who.is_empty())
}

/// As the command line has it.
pub(crate) const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Insert | Mode::Resume => "insert",
        Mode::Ignore => "ignore",
        Mode::Upsert => "upsert",
        Mode::Replace => "replace",
    }
}

/// Makes a dataset, or gives one that is there another profile.
///
/// # Errors
/// A folder of other files; a dataset that cannot be written; one whose columns do not go with the profile.
pub fn make_dataset(url: &StoreUrl, open: &Open, making: &Making) -> Result<Made, Error> {
    if !url.is_folder() {
        return Err(Error::usage(
            format!("{url} is no folder, and a dataset is one"),
            "let its name end in a slash: data/",
        ));
    }
    let target = DatasetTarget::begin(url, open)?;
    stacyard_geoparquet::make_dataset(&target.storage, making, &author(format!("init {url}")))
}

/// Gives the version of a dataset that a name asks for a tag, by which its files are kept; gives its number.
///
/// # Errors
/// A folder that is no dataset; a tag that another version has.
pub fn tag(url: &StoreUrl, name: &str, open: &Open) -> Result<u64, Error> {
    stacyard_geoparquet::tag(&there(url, open)?, name, &author(format!("tag {url} {name}")))
}

/// Takes a tag away from a version of a dataset; gives its number.
///
/// # Errors
/// A folder that is no dataset; a tag that is not there.
pub fn untag(url: &StoreUrl, name: &str, open: &Open) -> Result<u64, Error> {
    stacyard_geoparquet::untag(&there(url, open)?, name)
}

/// The versions of a dataset, the newest first.
///
/// # Errors
/// A folder that is no dataset; a log that cannot be read.
pub fn history(url: &StoreUrl, open: &Open) -> Result<Vec<Entry>, Error> {
    there(url, open)?;
    stacyard_geoparquet::history(&written(url, open)?)
}

/// Hands over the Items that are different in two versions of datasets: the text of the second, or of the first where it was removed.
///
/// # Errors
/// A folder that is no dataset; files that cannot be read; what `take` says.
pub fn diff(
    from: &StoreUrl,
    to: &StoreUrl,
    open: &Open,
    take: impl FnMut(Difference, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    stacyard_geoparquet::diff(&there(from, open)?, &there(to, open)?, take)
}

/// Takes the files of a dataset away that only versions need that are older, and have no tag; `tries`: only says what it would do.
///
/// # Errors
/// A folder that is no dataset; files that cannot be taken away.
pub fn vacuum(url: &StoreUrl, older_than: Duration, tries: bool, open: &Open) -> Result<Vacuum, Error> {
    refuse_version(url)?;
    there(url, open)?;
    stacyard_geoparquet::vacuum(&written(url, open)?, older_than, tries)
}

/// The folder of a dataset that is there.
fn written(url: &StoreUrl, open: &Open) -> Result<Arc<dyn Storage>, Error> {
    storage(url, open)?.ok_or_else(|| no_dataset(url))
}

/// Puts Collections into a dataset.
pub(crate) fn put_collections(url: &StoreUrl, new: &Collections) -> Result<CollectionChanges, Error> {
    let open = Open::default();
    there(url, &open)?;
    let author = author(format!("collections {url} put"));
    stacyard_geoparquet::put_dataset_collections(&written(url, &open)?, new, &author)
}

/// Takes a Collection out of a dataset.
pub(crate) fn delete_collection(url: &StoreUrl, id: &str, threads: usize) -> Result<Deletion, Error> {
    let author = author(format!("collections {url} delete {id}"));
    stacyard_geoparquet::delete_dataset_collection(&there(url, &Open::default())?, id, threads, &author)
}

/// Makes one version of parts that were staged; an Item that is in two of them, or in the dataset already, is dealt with as the mode of the parts says.
///
/// # Errors
/// A folder that is no dataset; what is no part of it; a log that cannot be written.
pub fn commit(url: &StoreUrl, parts: &[PathBuf], open: &Open, run: Run<'_>) -> Result<Report, Error> {
    let DatasetTarget { storage, base, .. } = DatasetTarget::begin(url, open)?;
    let base = base.ok_or_else(|| no_dataset(url))?;
    let options = Options { threads: run.threads, ..Options::default() };
    let author = author(format!("commit {url} ({} parts)", parts.len()));
    let writing = Writing { options, author, ..Writing::default() };
    let (sink, mode, collections) = DatasetSink::of_parts(&storage, &base, parts, writing)?;
    let items = sink.staged();
    let transfer = Transfer {
        check: Check::default(),
        search: None,
        known: Known::default(),
        mode,
        unique: false,
        must_lose_nothing: false,
        collections,
        old_collections: sink.old_collections().clone(),
        run,
    };
    let report = transfer.run(Box::new(Nothing), Old::Nothing, sink)?;
    let (late, replaced) =
        (report.rejected + report.dropped, report.changes.map_or(0, |changes| changes.replaced));
    let written = items - late;
    let changes = report.changes.map(|changes| Changes { came: written.saturating_sub(replaced), ..changes });
    Ok(Report { written, changes, ..report })
}
