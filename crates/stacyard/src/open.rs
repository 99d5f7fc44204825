//! Stores opened by their names: the one place that knows all kinds of them.

use std::borrow::Cow;
use std::path::Path;

use stacyard_catalog::{CrawlOptions, StaticCatalog};
use stacyard_geoparquet::{CACHE_MEMORY, Dataset, Description, Folder, GeoParquet};
use stacyard_objects::{Object, ObjectOptions};
use stacyard_postgis::{Address, CONNECTIONS, Holds, PgStac, PostGis};
use stacyard_remote::{Api, ApiOptions};
use stacyard_store::{
    Error, ErrorKind, JsonStore, Location, RECORD_BYTES, Remedy, Store, StoreKind, StoreUrl, same_file,
};

use crate::dataset;

/// How stores are opened.
#[derive(Debug, Clone)]
pub struct Open {
    /// What the store holds, whatever its name says.
    pub kind: Option<StoreKind>,
    /// The longest record of a file of JSON, in bytes; longer ones are set aside.
    pub max_record_bytes: usize,
    /// How many bytes of a GeoParquet file are kept in memory from one question to the next.
    pub cache_bytes: usize,
    /// How many connections to a database there are at once, at most: as many questions are answered at once, and others wait.
    pub connections: usize,
    /// How a STAC API is asked.
    pub api: ApiOptions,
    /// How files on servers and in object stores are asked for.
    pub objects: ObjectOptions,
    /// How a static catalog is read.
    pub catalog: CrawlOptions,
}

impl Default for Open {
    fn default() -> Self {
        Self {
            kind: None,
            max_record_bytes: RECORD_BYTES,
            cache_bytes: CACHE_MEMORY,
            connections: CONNECTIONS,
            api: ApiOptions::default(),
            objects: ObjectOptions::default(),
            catalog: CrawlOptions::default(),
        }
    }
}

impl Open {
    /// Opens a STAC API.
    pub(crate) fn api(&self, url: &StoreUrl) -> Result<Api, Error> {
        Api::open(api_url(url)?, self.api.clone())
    }

    /// Opens the store of this name.
    ///
    /// # Errors
    /// A name that is none of a store; a store that is not there, or cannot be read.
    pub fn store(&self, name: &str) -> Result<Store, Error> {
        self.url(&StoreUrl::parse(name, self.kind)?)
    }

    /// Opens the store at a place.
    ///
    /// # Errors
    /// As [`Open::store`].
    pub fn url(&self, url: &StoreUrl) -> Result<Store, Error> {
        Ok(match url.kind() {
            StoreKind::Json | StoreKind::Ndjson => match self.object(url)? {
                Some(object) => JsonStore::over(url, object.opener(), self.max_record_bytes),
                None => JsonStore::new(url, self.max_record_bytes),
            }
            .into(),
            StoreKind::Parquet => match self.parquet(url, self.cache_bytes)? {
                Parquet::File(file) => file.into(),
                Parquet::Folder(folder) => folder.into(),
                Parquet::Dataset(dataset) => dataset.into(),
            },
            StoreKind::PostGis | StoreKind::PgStac | StoreKind::Postgres => match database(url)? {
                Database::Own(address) => PostGis::with_connections(&address, self.connections)?.into(),
                Database::PgStac(address) => PgStac::with_connections(&address, self.connections)?.into(),
            },
            StoreKind::Api => self.api(url)?.into(),
            StoreKind::Catalog => StaticCatalog::open(&catalog_start(url)?, self.catalog.clone())?.into(),
        })
    }

    /// How a GeoParquet file is laid out, or a folder of them; `None`: the store is none.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn describe(&self, url: &StoreUrl) -> Result<Option<Description>, Error> {
        match url.kind() {
            StoreKind::Parquet => match self.parquet(url, 0)? {
                Parquet::File(file) => file.describe().map(Some),
                Parquet::Folder(folder) => folder.describe().map(Some),
                Parquet::Dataset(dataset) => dataset.describe().map(Some),
            },
            _ => Ok(None),
        }
    }

    /// The file, where it is not on this machine.
    pub(crate) fn object(&self, url: &StoreUrl) -> Result<Option<Object>, Error> {
        match url.location() {
            Location::Object(url) => Object::at(url, &self.objects).map(Some),
            _ => Ok(None),
        }
    }

    /// A file of GeoParquet, or a folder of such, of which so many bytes are kept in memory.
    fn parquet(&self, url: &StoreUrl, memory: usize) -> Result<Parquet, Error> {
        if let Some(dataset) = dataset::opened(url, self, memory)? {
            return Ok(Parquet::Dataset(dataset));
        }
        let is_named_folder = url.spelling().ends_with('/');
        if let Some(object) = self.object(url)? {
            if is_named_folder {
                return Ok(Parquet::Folder(Folder::over(object.folder(), memory)?));
            }
            return Ok(Parquet::File(GeoParquet::over(object.shown(), object.ranges()?, memory)?));
        }
        let path = parquet_path(url)?;
        Ok(if path.is_dir() || is_named_folder {
            Parquet::Folder(Folder::open(path, memory)?)
        } else {
            Parquet::File(GeoParquet::open(path, memory)?)
        })
    }
}

/// Opens the store of this name: a file (`items.ndjson`, `catalog.parquet`), a folder of Parquet files (`catalog/`), a database (`postgis://host/db`) or a STAC API
/// (`https://host/stac`).
///
/// # Errors
/// A name that is none of a store; a store that is not there, or cannot be read.
pub fn open(name: &str) -> Result<Store, Error> {
    Open::default().store(name)
}

/// A database, and whose tables are meant.
pub(crate) enum Database {
    Own(Address),
    PgStac(Address),
}

/// The store as a database; where its name does not say whose tables are meant, those that are there.
pub(crate) fn database(url: &StoreUrl) -> Result<Database, Error> {
    let address = address(url)?;
    Ok(match url.kind() {
        StoreKind::PgStac => Database::PgStac(address),
        StoreKind::Postgres => match Holds::of(&address)? {
            Holds::Own => Database::Own(address),
            Holds::PgStac => Database::PgStac(address),
            Holds::Both => {
                return Err(Error::usage(
                    format!("{url} has tables of Stacyard and of pgstac"),
                    "say which are meant: postgis://... or pgstac://...",
                ));
            }
            Holds::Neither => {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    &format!("{url} has neither tables of Stacyard nor of pgstac"),
                )
                .remedy(
                    Remedy::from("make them with ")
                        .command("init", &[])
                        .text(" and postgis://... (tables beside your own) or pgstac://..."),
                ));
            }
        },
        _ => Database::Own(address),
    })
}

/// Where a database is.
pub(crate) fn address(url: &StoreUrl) -> Result<Address, Error> {
    match url.location() {
        Location::Database(url) => Address::parse(url),
        Location::Stdio | Location::Path(_) | Location::Api(_) | Location::Object(_) => Err(Error::usage(
            format!("{url} is not a database, and needs no tables"),
            "write postgis://user@host:port/database, or pgstac://...",
        )),
    }
}

/// The landing page of an API.
fn api_url(url: &StoreUrl) -> Result<&str, Error> {
    match url.location() {
        Location::Api(url) => Ok(url),
        _ => Err(Error::usage(
            format!("{url} is not the URL of a STAC API"),
            "write https://host/path of its landing page",
        )),
    }
}

/// A GeoParquet store.
enum Parquet {
    File(GeoParquet),
    Folder(Folder),
    Dataset(Dataset),
}

/// The root of a static catalog.
fn catalog_start(url: &StoreUrl) -> Result<Cow<'_, str>, Error> {
    match url.location() {
        Location::Api(url) | Location::Object(url) => Ok(url.into()),
        Location::Path(path) => Ok(path.to_string_lossy()),
        Location::Stdio | Location::Database(_) => Err(Error::usage(
            format!("{url} is not where a static catalog can be"),
            "name its catalog.json, by a path or by its URL",
        )),
    }
}

/// The file of a GeoParquet store: its footer is at its end, so that a stream will not do.
pub(crate) fn parquet_path(url: &StoreUrl) -> Result<&Path, Error> {
    url.path().ok_or_else(|| {
        let what = match url.location() {
            Location::Object(_) => format!("{url} is not on this machine, and is only changed as a whole"),
            _ => "GeoParquet cannot be read from standard input".to_owned(),
        };
        Error::usage(what, "write it to a file of this machine first, and name that")
            .of_kind(ErrorKind::Unsupported)
    })
}

/// Whether a file would be one of those of a folder.
pub(crate) fn is_within(file: &StoreUrl, folder: &StoreUrl) -> bool {
    match (file.location(), folder.location()) {
        (Location::Path(file), Location::Path(folder)) => is_inside(file, folder),
        (Location::Object(file), Location::Object(folder)) => {
            let folder = place(folder);
            folder.ends_with('/') && place(file).starts_with(folder)
        }
        _ => false,
    }
}

/// Whether a file is in the folder that a target replaces as a whole.
pub fn goes_with(file: &Path, target: &StoreUrl) -> bool {
    target.kind() == StoreKind::Catalog && target.path().is_some_and(|folder| is_inside(file, folder))
}

/// Whether a file, there already or still to be written, is in a folder.
fn is_inside(file: &Path, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let parent =
        file.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    let folder = real(folder).filter(|folder| folder.is_dir());
    parent.and_then(real).zip(folder).is_some_and(|(parent, folder)| parent.starts_with(folder))
}

/// A URL without what signs it.
fn place(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// Whether both are one and the same store, however they are spelled.
pub(crate) fn is_same(one: &StoreUrl, other: &StoreUrl) -> Result<bool, Error> {
    Ok(match (one.location(), other.location()) {
        (Location::Database(_), Location::Database(_)) => match (database(one)?, database(other)?) {
            (Database::Own(one), Database::Own(other)) | (Database::PgStac(one), Database::PgStac(other)) => {
                one.is_same(&other)
            }
            _ => false,
        },
        (Location::Path(one), Location::Path(other)) => same_file(one, other),
        (Location::Object(one), Location::Object(other)) => place(one) == place(other),
        (one, other) => one == other,
    })
}
