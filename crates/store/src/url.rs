//! What a user calls a store: a path or URL, and what kind of store follows from it.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::secret::without_password;
use crate::{At, Error, Remedy};

/// The kinds of stores that this version can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// One JSON text: a FeatureCollection, an array of Items, or a single object.
    Json,
    /// One Item a line, or RFC 8142 records.
    Ndjson,
    /// One GeoParquet file, or a folder of such.
    Parquet,
    /// A PostGIS database with tables of our own.
    PostGis,
    /// A database of pgstac.
    PgStac,
    /// A PostgreSQL database: which of the two it is, is seen when it is opened.
    Postgres,
    /// A STAC API.
    Api,
    /// A static catalog: JSON files that link to one another.
    Catalog,
}

impl FromStr for StoreKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "json" | "geojson" => Ok(Self::Json),
            "ndjson" | "jsonl" | "geojsonl" => Ok(Self::Ndjson),
            "parquet" | "geoparquet" => Ok(Self::Parquet),
            "postgis" => Ok(Self::PostGis),
            "pgstac" => Ok(Self::PgStac),
            "api" => Ok(Self::Api),
            "catalog" => Ok(Self::Catalog),
            _ => Err("known are geojson, ndjson, geoparquet, postgis, pgstac, api and catalog".to_owned()),
        }
    }
}

impl StoreKind {
    /// Whether it keeps Collections beside its Items.
    pub const fn keeps_collections(self) -> bool {
        self.is_database() || matches!(self, Self::Parquet | Self::Api | Self::Catalog)
    }

    /// Whether it is a database: its Items come and go batch by batch, and it takes single changes.
    pub const fn is_database(self) -> bool {
        matches!(self, Self::PostGis | Self::PgStac | Self::Postgres)
    }

    /// Whether it is one file, which is written as a whole.
    pub const fn is_file(self) -> bool {
        matches!(self, Self::Json | Self::Ndjson | Self::Parquet)
    }

    /// Whether it is text, of which each Item can be a part of one.
    pub const fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Ndjson)
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "geojson",
            Self::Ndjson => "ndjson",
            Self::Parquet => "geoparquet",
            Self::PostGis => "postgis",
            Self::PgStac => "pgstac",
            Self::Postgres => "postgresql",
            Self::Api => "api",
            Self::Catalog => "catalog",
        })
    }
}

/// How the bytes of a file of JSON are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
}

/// Where the bytes are.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// Standard input or output: `-`.
    Stdio,
    /// A file, or a folder.
    Path(PathBuf),
    /// A database: its URL, which may hold a password.
    Database(String),
    /// A STAC API or a static catalog on the web: the URL of its landing page or root, which may hold secrets.
    Api(String),
    /// A file, or a folder of files, on a server or in an object store: its URL, which may hold secrets.
    Object(String),
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdio => f.write_str("Stdio"),
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Database(url) => f.debug_tuple("Database").field(&without_password(url)).finish(),
            Self::Api(url) => f.debug_tuple("Api").field(&without_query(url)).finish(),
            Self::Object(url) => f.debug_tuple("Object").field(&without_query(url)).finish(),
        }
    }
}

/// A store as the user spelled it, understood.
#[derive(Debug, Clone)]
pub struct StoreUrl {
    spelling: String,
    kind: StoreKind,
    compression: Compression,
    location: Location,
    at: At,
}

/// The schemes of databases.
const DATABASES: [(&str, StoreKind); 4] = [
    ("postgis", StoreKind::PostGis),
    ("pgstac", StoreKind::PgStac),
    ("postgresql", StoreKind::Postgres),
    ("postgres", StoreKind::Postgres),
];

/// The schemes of object stores.
const OBJECTS: [&str; 3] = ["s3", "gs", "az"];

const KNOWN: &str = "known are .json .geojson .ndjson .jsonl .geojsonl (each also with .gz or .zst), .parquet \
                     .geoparquet, postgis:// and pgstac:// (each user@host:port/database), https:// of a STAC API, and `-`; files may be on \
                     s3://, gs://, az:// and https://, too";

impl StoreUrl {
    /// Understands a spelling. `kind` overrides what its extension says.
    ///
    /// # Errors
    /// A usage error for an extension or scheme that is unknown, or known and not supported yet.
    ///
    /// ```
    /// use stacyard_store::{StoreKind, StoreUrl};
    /// assert_eq!(StoreUrl::parse("items.ndjson.gz", None)?.kind(), StoreKind::Ndjson);
    /// assert!(StoreUrl::parse("items.csv", None).is_err());
    /// assert_eq!(StoreUrl::parse("items.txt", Some(StoreKind::Json))?.kind(), StoreKind::Json);
    /// # Ok::<(), stacyard_store::Error>(())
    /// ```
    pub fn parse(spelling: &str, kind: Option<StoreKind>) -> Result<Self, Error> {
        let made = |kind, compression, location| Self {
            spelling: without_password(spelling),
            kind,
            compression,
            location,
            at: At::Latest,
        };
        if spelling == "-" {
            return match kind {
                Some(StoreKind::Parquet) => Err(Error::usage(
                    "GeoParquet cannot go through a pipe: it is written and read out of order",
                    "name a file instead of `-`",
                )),
                kind => Ok(made(kind.unwrap_or(StoreKind::Ndjson), Compression::None, Location::Stdio)),
            };
        }
        if spelling.is_empty() {
            return Err(Error::usage("a store without a name", "name a file, or `-`"));
        }
        if kind == Some(StoreKind::Catalog) {
            return Self::catalog(spelling);
        }
        if !spelling.contains("://")
            && without_password(spelling) != spelling
            && !Path::new(spelling).exists()
        {
            return Err(Error::usage(
                format!(
                    "{} looks like a database with a password, but is not its URL",
                    without_password(spelling)
                ),
                "write postgis://user@host:port/database, with the password in PGPASSWORD or as user:PASSWORD@; ./NAME is a file \
                 of that name",
            ));
        }
        if kind.is_none_or(|kind| kind == StoreKind::Parquet)
            && !Path::new(spelling).exists()
            && !["http://", "https://"].iter().any(|scheme| spelling.starts_with(scheme))
            && !is_database(spelling)
            && let Some((folder, at)) = At::of(spelling)?
        {
            let folder = if folder.ends_with('/') { folder.to_owned() } else { format!("{folder}/") };
            return Ok(Self { spelling: spelling.to_owned(), at, ..Self::parse(&folder, kind)? });
        }
        if let Some((scheme, _)) = spelling.split_once("://") {
            let database = DATABASES.iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known));
            if let Some((_, of_scheme)) = database
                && kind.is_none_or(StoreKind::is_database)
            {
                let location = Location::Database(spelling.to_owned());
                // What the scheme says counts; where it says no more than a database, so does what else is said.
                let kind = kind.filter(|_| *of_scheme == StoreKind::Postgres).unwrap_or(*of_scheme);
                return Ok(made(kind, Compression::None, location));
            }
            let is_http = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
            if is_http || OBJECTS.iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
                return Self::remote(spelling, kind, is_http);
            }
            let shown = without_password(spelling);
            let scheme = shown.split_once("://").map_or(shown.as_str(), |(scheme, _)| scheme);
            return Err(Error::usage(format!("no store is known by `{scheme}://`"), KNOWN));
        }
        let path = Path::new(spelling);
        let shown = without_password(spelling);
        let (by_name, compression) = by_extension(path);
        // A folder is the Parquet files in it, unless its name says something else.
        let is_folder =
            spelling.ends_with('/') || (path.is_dir() && !by_name.is_some_and(StoreKind::is_json));
        let (by_name, compression) =
            if is_folder { (Some(StoreKind::Parquet), Compression::None) } else { (by_name, compression) };
        let kind = kind.or(by_name).ok_or_else(|| unknown_extension(&shown))?;
        of_a_file(&shown, kind, compression)?;
        Ok(made(kind, compression, Location::Path(path.to_owned())))
    }

    /// Understands a URL of a server: of HTTP what has no extension of a file is a STAC API, of an object store a folder.
    fn remote(spelling: &str, kind: Option<StoreKind>, is_http: bool) -> Result<Self, Error> {
        let shown = without_query(spelling);
        let (path, _) = spelling.split_once(['?', '#']).unwrap_or((spelling, ""));
        let (by_name, compression) = by_extension(Path::new(path));
        let made = |kind, compression, location| Self {
            spelling: shown.clone(),
            kind,
            compression,
            location,
            at: At::Latest,
        };
        let otherwise =
            if is_http { Some(StoreKind::Api) } else { path.ends_with('/').then_some(StoreKind::Parquet) };
        let kind = kind.or(by_name).or(otherwise).ok_or_else(|| unknown_extension(&shown))?;
        if is_http && kind == StoreKind::Api {
            return Ok(made(kind, Compression::None, Location::Api(spelling.to_owned())));
        }
        of_a_file(&shown, kind, compression)?;
        Ok(made(kind, compression, Location::Object(spelling.to_owned())))
    }

    /// A static catalog: the URL or the path of its root, or of its folder.
    fn catalog(spelling: &str) -> Result<Self, Error> {
        let is_web = |scheme: &str| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        let (shown, location) = match spelling.split_once("://") {
            Some((scheme, _)) if is_web(scheme) => {
                (without_query(spelling), Location::Api(spelling.to_owned()))
            }
            Some((scheme, _)) if OBJECTS.iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
                (without_query(spelling), Location::Object(spelling.to_owned()))
            }
            Some(_) => {
                return Err(Error::usage(
                    format!("{} is not where a static catalog can be", without_password(spelling)),
                    "name its catalog.json, by a path or by its URL (https://...)",
                ));
            }
            None => (spelling.to_owned(), Location::Path(spelling.into())),
        };
        Ok(Self {
            spelling: shown,
            kind: StoreKind::Catalog,
            compression: Compression::None,
            location,
            at: At::Latest,
        })
    }

    /// As the user wrote it, without a password.
    pub fn spelling(&self) -> &str {
        &self.spelling
    }

    /// What sort of store it is.
    pub const fn kind(&self) -> StoreKind {
        self.kind
    }

    /// How it is packed; of standard input the bytes tell it.
    pub const fn compression(&self) -> Compression {
        self.compression
    }

    /// Which version of it is meant, where it has several.
    pub const fn at(&self) -> &At {
        &self.at
    }

    /// Whether it is a folder of Parquet files, or is to be one.
    pub fn is_folder(&self) -> bool {
        let is_spelled = self.at != At::Latest || self.spelling.ends_with('/');
        self.kind == StoreKind::Parquet && (is_spelled || self.path().is_some_and(Path::is_dir))
    }

    /// Where it is.
    pub const fn location(&self) -> &Location {
        &self.location
    }

    /// The file, unless it is standard input or output.
    pub fn path(&self) -> Option<&Path> {
        match &self.location {
            Location::Stdio | Location::Database(_) | Location::Api(_) | Location::Object(_) => None,
            Location::Path(path) => Some(path),
        }
    }

    /// The error of a database where bytes are wanted.
    pub(crate) fn is_no_file(&self) -> Error {
        let what = match self.location {
            Location::Api(_) => "a STAC API, not a file",
            Location::Database(_) => "a database, not a file",
            _ => "not on this machine",
        };
        Error::usage(format!("{self} is {what}"), "name a file of this machine")
    }

    /// Whether both are one and the same file, there already or still to be written, however they are spelled.
    pub fn is_same_file(&self, other: &Path) -> bool {
        self.path().is_some_and(|path| same_file(path, other))
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)
    }
}

fn is_database(spelling: &str) -> bool {
    let scheme = spelling.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| DATABASES.iter().any(|(known, _)| scheme.eq_ignore_ascii_case(known)))
}

/// A URL of HTTP without password and query: who asks an API may have a key in it.
fn without_query(url: &str) -> String {
    let (url, query) = url.split_once('?').map_or((url, ""), |(url, _)| (url, "?***"));
    without_password(url) + query
}

/// Whether both are one and the same file, there already or still to be written, however they are spelled and linked.
pub fn same_file(one: &Path, other: &Path) -> bool {
    if one == other {
        return true;
    }
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        (Err(_), Err(_)) => real(one).is_some_and(|one| real(other) == Some(one)),
        _ => false,
    }
}

/// The path without detours; of a file that is not there yet, its name in its real folder, where links lead to it.
pub(crate) fn real(path: &Path) -> Option<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if let Ok(real) = path.canonicalize() {
            return Some(real);
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().ok()?;
        match fs::read_link(&path) {
            Ok(leads_to) => path = folder.join(leads_to),
            Err(_) => return Some(folder.join(path.file_name()?)),
        }
    }
    None
}

/// As many links one after the other as Linux follows.
const MAX_LINKS: usize = 40;

fn by_extension(path: &Path) -> (Option<StoreKind>, Compression) {
    let extension = |path: &Path| path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let kind = |extension: Option<String>| extension.as_deref().and_then(|e| e.parse().ok());
    let outer = extension(path);
    let compression = match outer.as_deref() {
        Some("gz") => Compression::Gzip,
        Some("zst") => Compression::Zstd,
        _ => return (kind(outer), Compression::None),
    };
    (kind(path.file_stem().and_then(|stem| extension(Path::new(stem)))), compression)
}

/// The error of a kind of store that a file cannot be.
fn of_a_file(shown: &str, kind: StoreKind, compression: Compression) -> Result<(), Error> {
    if kind.is_database() || kind == StoreKind::Api {
        let (what, write) = match kind {
            StoreKind::Api => ("the URL of a STAC API", "write https://host/path of its landing page"),
            _ => ("a database", "write postgis://user@host:port/database"),
        };
        return Err(Error::usage(format!("{shown} is not {what}"), write));
    }
    if kind == StoreKind::Parquet && compression != Compression::None {
        return Err(Error::usage(
            format!("{shown}: GeoParquet is compressed inside"),
            "name it without .gz or .zst",
        ));
    }
    Ok(())
}

fn unknown_extension(spelling: &str) -> Error {
    let what = Path::new(spelling).extension().map_or_else(
        || format!("{spelling} has no extension that says what it holds"),
        |extension| {
            format!("{spelling}: the extension `.{}` says nothing about what it holds", extension.display())
        },
    );
    let by_flag = Remedy::from("or say it with ").option("store-kind").text(" (of an output, with ");
    Error::usage(what, Remedy::from(KNOWN).also(by_flag.option("format").text(")")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_follows_from_the_spelling() {
        for (spelling, kind, compression) in [
            ("a.json", StoreKind::Json, Compression::None),
            ("dir.x/a.GeoJSON", StoreKind::Json, Compression::None),
            ("a.geojson.zst", StoreKind::Json, Compression::Zstd),
            ("a.json.gz", StoreKind::Json, Compression::Gzip),
            ("a.ndjson", StoreKind::Ndjson, Compression::None),
            ("a.b.jsonl.gz", StoreKind::Ndjson, Compression::Gzip),
            ("a.geojsonl", StoreKind::Ndjson, Compression::None),
            ("-", StoreKind::Ndjson, Compression::None),
            ("a.geoparquet", StoreKind::Parquet, Compression::None),
        ] {
            let url = StoreUrl::parse(spelling, None).unwrap();
            assert_eq!((url.kind(), url.compression()), (kind, compression), "{spelling}");
        }
    }

    #[test]
    fn what_cannot_be_opened_is_said_plainly() {
        let cause = |spelling| StoreUrl::parse(spelling, None).unwrap_err().to_string();
        insta::assert_snapshot!(cause("a.csv"), @"a.csv: the extension `.csv` says nothing about what it holds");
        insta::assert_snapshot!(cause("items"), @"items has no extension that says what it holds");
        insta::assert_snapshot!(cause("a.gz"), @"a.gz: the extension `.gz` says nothing about what it holds");
        assert_eq!(StoreUrl::parse("data/", None).unwrap().kind(), StoreKind::Parquet);
        insta::assert_snapshot!(cause("ftp://x"), @"no store is known by `ftp://`");
        insta::assert_snapshot!(cause("a.parquet.gz"), @"a.parquet.gz: GeoParquet is compressed inside");
        assert!(StoreUrl::parse("-", Some(StoreKind::Parquet)).is_err());
        assert!(StoreUrl::parse("a.txt", Some(StoreKind::PostGis)).is_err());
    }

    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            ("postgis://me:secret@host/db", "postgis://me:***@host/db"),
            ("postgis://me:p@ss:w@host:5433/db?schema=a", "postgis://me:***@host:5433/db?schema=a"),
            ("postgis://me:a/secret?c@host/db", "postgis://***?***"),
            ("postgis://me:a?secret=1@h/db", "postgis://***?***"),
            ("postgis://me@h/db?password=a@secret&schema=x", "postgis://me@h/db?password=***&schema=x"),
            ("postgis://me@h/db?Password=secret", "postgis://me@h/db?Password=***"),
            ("postgis://me@h/db?password=a&secret", "postgis://me@h/db?password=***&***"),
            ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
            ("postgis://me@host/db", "postgis://me@host/db"),
            (
                "postgis://host/db?user=me&password=secret&schema=x",
                "postgis://host/db?user=me&password=***&schema=x",
            ),
            ("postgis:///db?password=secret", "postgis:///db?password=***"),
        ] {
            assert_eq!(without_password(url), shown);
            assert!(!format!("{:?}", StoreUrl::parse(url, None)).contains("secret"));
        }
    }
}
