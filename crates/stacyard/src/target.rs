//! A store about to be written: held from before anything is read that it may hold, until the new content is in its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use stacyard_catalog::{CatalogSink, CrawlOptions, Folders, StaticCatalog};
use stacyard_geoparquet::{
    Compression, DatasetSink, GeoParquetSink, MAX_COLUMNS, Making, Options, Order, ROW_GROUP_ROWS,
    WRITE_MEMORY, Writing,
};
use stacyard_model::Profile;
use stacyard_objects::Object;
use stacyard_postgis::{PgStacSink, PostGisSink};
use stacyard_search::Query;
use stacyard_store::{
    Backend, Changes, Check, Collections, Error, ErrorKind, JsonSink, Known, Location, Mode, Nothing, Old,
    Output, OutputFolder, Remedy, Report, Run, Source, Store, StoreKind, StoreUrl, Transfer, WriteItem,
    merged,
};

use crate::dataset::{DatasetTarget, author, mode_name, there};
use crate::open::{Database, Open, database};

/// How a store is laid out that is written. Files of JSON take `parts` alone, databases nothing of it.
pub struct Layout {
    /// What is written of each Item; all of it if `None`.
    pub parts: Option<WriteItem>,
    /// The order of the rows. `None`: what is near in space and time is near in the file, or as a query has put the Items in order.
    pub order: Option<Order>,
    /// How many Items a row group has, about.
    pub row_group_rows: u64,
    /// How pages are packed.
    pub compression: Compression,
    /// How many leaf columns there are, at most, beside those that are always there.
    pub max_columns: usize,
    /// How many bytes the writer holds, about.
    pub memory: usize,
    /// The folders of a static catalog, which has to have some.
    pub folders: Option<Folders>,
    /// Of a dataset, a file that says which files were written, instead of a version that has them: a part, to be committed with others.
    pub stage: Option<PathBuf>,
}

impl Default for Layout {
    fn default() -> Self {
        let Options { compression, .. } = Options::default();
        Self {
            parts: None,
            order: None,
            row_group_rows: ROW_GROUP_ROWS,
            compression,
            max_columns: MAX_COLUMNS,
            memory: WRITE_MEMORY,
            folders: None,
            stage: None,
        }
    }
}

/// A store about to be written. Other writers of the same file wait from its beginning on; dropped before it is written it leaves
/// nothing.
pub struct Target {
    url: StoreUrl,
    place: Place,
}

/// Where a store is written.
enum Place {
    Database,
    File(Box<Output>),
    Folder(OutputFolder),
    Dataset(Box<DatasetTarget>),
}

impl Target {
    /// Begins. A file that only appears later is replaced if this `overwrites`. If another writer has to be waited for, `waits` is called
    /// before.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn begin(
        url: &StoreUrl,
        open: &Open,
        overwrites: bool,
        waits: &mut dyn FnMut(&Path),
    ) -> Result<Self, Error> {
        let place = match url.location() {
            Location::Database(_) => Place::Database,
            Location::Api(_) => {
                return Err(Error::usage(
                    format!("{url} is a STAC API, which is read only here"),
                    "write to a file or a database",
                )
                .of_kind(ErrorKind::Unsupported));
            }
            Location::Path(path) if url.kind() == StoreKind::Catalog => {
                Place::Folder(folder(url, path, overwrites)?)
            }
            Location::Object(_) | Location::Path(_) if url.is_folder() => {
                Place::Dataset(Box::new(DatasetTarget::begin(url, open)?))
            }
            Location::Object(at) => {
                let object = Object::at(at, &open.objects)?;
                Place::File(Box::new(Output::elsewhere(object.shown(), object.upload(overwrites)?)?))
            }
            Location::Path(_) | Location::Stdio => {
                Place::File(Box::new(Output::create(url, overwrites, waits)?))
            }
        };
        Ok(Self { url: url.clone(), place })
    }

    /// The error of a target that is there already.
    pub fn is_there(url: &StoreUrl, can_merge: bool) -> Error {
        let replace = Remedy::setting("overwrite").text(" replaces it");
        let merge = Remedy::setting("mode").text(" insert, ignore or upsert merges into it");
        Error::new(ErrorKind::Exists, &format!("{url} exists already"))
            .remedy(if can_merge && url.kind() != StoreKind::Catalog { replace.also(merge) } else { replace })
    }

    /// Whether there is a file of this machine that writing would replace. Pipes and devices are written to; what is elsewhere is told by
    /// [`Target::replaces`].
    pub fn exists(url: &StoreUrl) -> bool {
        let has_some = |folder: &Path| fs::read_dir(folder).is_ok_and(|mut there| there.next().is_some());
        let is_folder = url.kind() == StoreKind::Catalog;
        let is_dataset = |path: &Path| url.is_folder() && has_some(&path.join("_delta_log"));
        url.path().is_some_and(|path| path.is_file() || is_folder && has_some(path) || is_dataset(path))
    }

    /// Whether it replaces a file, or a folder.
    pub fn replaces(&self) -> bool {
        match &self.place {
            Place::Database => false,
            Place::File(output) => output.replaces(),
            Place::Folder(folder) => folder.replaces(),
            Place::Dataset(dataset) => dataset.base.is_some(),
        }
    }

    /// Notes the mark of the store that it is made the same as, where it keeps such.
    pub(crate) fn same_as(&mut self, mark: Option<String>) {
        if let Place::Dataset(dataset) = &mut self.place {
            dataset.same_as = mark;
        }
    }

    /// Whether it is a dataset, which finds by itself what it has of the input.
    pub(crate) const fn is_dataset(&self) -> bool {
        matches!(self.place, Place::Dataset(_))
    }

    /// Its name.
    pub const fn url(&self) -> &StoreUrl {
        &self.url
    }

    /// Writes `input`, with what the store holds.
    pub(crate) fn write(
        self,
        transfer: Transfer<'_>,
        (input, old): (Box<dyn Source>, Old),
        (layout, profile, makes_collections): (Layout, Option<Arc<Profile>>, bool),
    ) -> Result<Report, Error> {
        let is_json = self.url.kind().is_json();
        if layout.parts.is_some() && !is_json {
            return Err(Error::usage(
                format!(
                    "{}: {} holds whole Items, and parts of them are asked for",
                    self.url,
                    self.url.kind()
                ),
                Remedy::from("leave ").option("fields").text(" out").or("write .ndjson or .geojson"),
            ));
        }
        if layout.stage.is_some() && !matches!(self.place, Place::Dataset(_)) {
            return Err(Error::usage(
                format!("{} is no dataset, and has no parts that are committed", self.url),
                Remedy::from("leave ").option("stage").text(" out"),
            ));
        }
        let options = Options {
            source: input.plain_file().and_then(|file| file.try_clone().ok()),
            threads: transfer.run.threads,
            order: layout.order.unwrap_or_default(),
            row_group_rows: layout.row_group_rows,
            compression: layout.compression,
            max_columns: layout.max_columns,
            memory: layout.memory,
            profile,
            ..Options::default()
        };
        let output = match self.place {
            Place::File(output) => *output,
            Place::Dataset(dataset) => {
                let command = match transfer.check.wants.compared() {
                    Some(_) => format!("sync {} {}", input.name(), self.url),
                    None => format!("copy {} {} --mode {}", input.name(), self.url, mode_name(transfer.mode)),
                };
                let making = Making { profile: options.profile.clone(), partition_by: None };
                let writing = Writing {
                    options,
                    making,
                    author: author(command),
                    stage: layout.stage,
                    same_as: dataset.same_as,
                };
                let sink =
                    DatasetSink::create(&dataset.storage, dataset.base.as_ref(), transfer.mode, writing)?;
                return transfer.run(input, old, sink);
            }
            Place::Folder(folder) => {
                let folders = layout.folders.ok_or_else(|| without_folders(&self.url))?;
                let sink = CatalogSink::create(folder, folders, transfer.run.threads, layout.memory);
                return transfer.run(input, old, sink);
            }
            Place::Database => {
                return match database(&self.url)? {
                    Database::Own(address) => {
                        let sink = PostGisSink::create(&address, transfer.mode)?;
                        transfer.run(input, old, sink)
                    }
                    Database::PgStac(address) => {
                        let sink = PgStacSink::create(
                            &address,
                            transfer.mode,
                            &transfer.collections,
                            makes_collections,
                        )?;
                        transfer.run(input, old, sink)
                    }
                };
            }
        };
        if is_json {
            let sink = match layout.parts {
                None => JsonSink::create(output, &self.url),
                Some(parts) => JsonSink::with(output, &self.url, parts),
            };
            return transfer.run(input, old, sink);
        }
        let temporary = std::env::temp_dir();
        let folder = match self.url.path().map(Path::parent) {
            None => &temporary,
            Some(Some(folder)) if !folder.as_os_str().is_empty() => folder,
            Some(_) => Path::new("."),
        };
        let sink = GeoParquetSink::create(output, folder, options)?;
        transfer.run(input, old, sink)
    }
}

/// The folder of a static catalog, where it may be written.
fn folder(url: &StoreUrl, path: &Path, overwrites: bool) -> Result<OutputFolder, Error> {
    let exists = Target::exists(url);
    // What is replaced is gone: nothing else than a catalog is.
    if exists
        && overwrites
        && let Err(cause) = StaticCatalog::open(&path.to_string_lossy(), CrawlOptions::default())
    {
        let error = Error::new(ErrorKind::Exists, &format!("{url} is there, and is no static catalog"));
        return Err(error.detail(&cause.to_string()).remedy("name a folder that is not there yet"));
    }
    if exists
        && overwrites
        && let Some(other) = first_other(path).map_err(|cause| Error::io("read", path, cause))?
    {
        let message = format!(
            "{url} would be replaced, and {} is in it, which is not of a static catalog",
            other.display()
        );
        return Err(Error::new(ErrorKind::Exists, &message)
            .remedy("move it elsewhere, or name a folder that is not there yet"));
    }
    OutputFolder::begin(path, exists && overwrites)
}

/// A file of a folder that is none of those that static catalogs are made of, such as an asset that lies beside its Item.
fn first_other(folder: &Path) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, path, kind) = (entry.file_name(), entry.path(), entry.file_type()?);
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        let is_known =
            path.extension().is_some_and(|extension| extension == "json") || name == "items.parquet";
        if is_hidden || !(kind.is_dir() || kind.is_file() && is_known) {
            return Ok(Some(path));
        }
        if kind.is_dir()
            && let Some(other) = first_other(&path)?
        {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// The error of a static catalog of which nobody says which folders it has.
pub(crate) fn without_folders(url: &StoreUrl) -> Error {
    Error::usage(
        format!("{url}: nothing says which folders the static catalog has"),
        Remedy::from("say it with ").option(("layout", "'${collection}/${year}'")),
    )
}

/// Writes what answers a query to a target that is new or is replaced.
///
/// # Errors
/// A store that cannot be read, a target that cannot be written.
pub fn save(
    store: &Store,
    query: &Query,
    (target, mut layout): (Target, Layout),
    mut run: Run<'_>,
) -> Result<Report, Error> {
    let (answer, mut found) = store.find(query, run.part())?;
    // The answer is Items; to be a catalog again it needs their Collections, where there is a place for them.
    let collections = if target.url.kind().keeps_collections() {
        merged(store.collections()?, std::mem::take(&mut found.found_collections), Mode::Insert)
    } else {
        Collections::new()
    };
    // Who asks gets the Items in the order of the query.
    layout.order.get_or_insert(Order::Input);
    let transfer = Transfer {
        check: Check::default(),
        search: None,
        known: Known::default(),
        mode: Mode::Replace,
        unique: false,
        must_lose_nothing: false,
        collections,
        old_collections: Collections::new(),
        run,
    };
    let written = target.write(
        transfer,
        (Box::new(answer), Old::Nothing),
        (layout, store.profile().cloned(), false),
    )?;
    Ok(found.then(written))
}

/// Rewrites a file in the best layout; the report has its Items among those that stayed. To add nothing to what is there does so, and refuses to where some of it is not sound.
///
/// # Errors
/// A store that has no layout to choose; one that is not sound, or cannot be written.
pub fn optimize(url: &StoreUrl, open: &Open, layout: Layout, mut run: Run<'_>) -> Result<Report, Error> {
    if url.kind().is_json() || url.kind().is_database() {
        return Err(Error::usage(
            format!("{url} is {}, and has no layout to choose", url.kind()),
            "copy it to a .parquet file",
        )
        .of_kind(ErrorKind::Unsupported));
    }
    if url.is_folder() {
        return optimize_dataset(url, open, &layout, &mut run);
    }
    let observer = run.observer;
    let target = Target::begin(url, open, false, &mut |path| observer.waits(path));
    let run = Run { observer, ..run };
    let store = open.url(url)?;
    let transfer = Transfer {
        check: Check::default(),
        search: None,
        known: Known::default(),
        mode: Mode::Insert,
        unique: true,
        must_lose_nothing: false,
        collections: Collections::new(),
        old_collections: store.collections()?,
        run,
    };
    let input: Box<dyn Source> = Box::new(Nothing);
    let old = Old::Merged(store.items()?);
    target?.write(transfer, (input, old), (layout, store.profile().cloned(), false))
}

/// Lays out the files of a dataset anew: small ones, and large ones of many loads.
fn optimize_dataset(
    url: &StoreUrl,
    open: &Open,
    layout: &Layout,
    run: &mut Run<'_>,
) -> Result<Report, Error> {
    let base = there(url, open)?;
    DatasetTarget::begin(url, open)?;
    let options = Options {
        threads: run.threads,
        order: layout.order.unwrap_or_default(),
        row_group_rows: layout.row_group_rows,
        compression: layout.compression,
        max_columns: layout.max_columns,
        memory: layout.memory,
        profile: Backend::profile(&base).cloned(),
        ..Options::default()
    };
    let writing = Writing { options, author: author(format!("optimize {url}")), ..Writing::default() };
    let done = stacyard_geoparquet::optimize(&base, &writing, run.observer)?;
    let changes = Changes { stayed: Some(done.items), ..Changes::default() };
    Ok(Report { bytes: done.bytes, changes: Some(changes), ..Report::default() })
}
