//! The footer of a GeoParquet file: what it says of itself, and whether it is one.

use std::io;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Type;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use serde::Deserialize;
use stacyard_model::Profile;
use stacyard_store::{Collections, Error, ErrorKind, HEAD, Remedy};

use crate::format::geo::{Geo, Primary, Refusal};
use crate::format::layout::{RESERVED, RESIDUAL};
use crate::format::metadata::CREATED_BY;
use crate::format::metadata::{Conventions, GEO, OUR_GEO, OURS, STAC, VERSION};
use crate::read::bytes::Counted;
use crate::read::damage::check_counts;
use crate::read::names::Names;

/// What the reader takes from the footer.
pub(crate) struct Footer {
    pub(crate) names: Names,
    pub(crate) collections: Collections,
    /// Where `geo` says that the boxes of the primary column stand: the paths of xmin, ymin, xmax and ymax.
    pub(crate) covering: Option<[Vec<String>; 4]>,
    /// The profile that the Items meet.
    pub(crate) profile: Option<Arc<Profile>>,
    /// Stacyard has written it, and no other program since: its Items have passed the gate, its boxes bound their
    /// geometries on the plane, its numbers are finite.
    pub(crate) is_ours: bool,
    /// It has a residual, but what says how it is read is lost: nothing is known of any column.
    pub(crate) is_lost: bool,
}

/// The key of what pandas says of its columns, and its name for the numbers of rows that are left.
const PANDAS: &str = "pandas";
const ROW_NUMBERS: &str = "__index_level_";

/// The columns in which pandas has put the numbers of its rows. An index that a user has named is a column as any other.
fn row_numbers(pandas: Option<&str>) -> Vec<String> {
    #[derive(Deserialize)]
    struct Pandas {
        index_columns: Vec<serde_json::Value>,
    }
    let pandas = pandas.and_then(|text| serde_json::from_str::<Pandas>(text).ok());
    let names = pandas.into_iter().flat_map(|pandas| pandas.index_columns);
    let names = names.filter_map(|name| name.as_str().map(str::to_owned));
    names.filter(|name| name.starts_with(ROW_NUMBERS)).collect()
}

#[derive(Deserialize, Default)]
struct Stac {
    #[serde(default)]
    collections: Collections,
    /// Deprecated since 1.1.
    #[serde(default)]
    collection: Option<serde_json::Value>,
}

/// The error of a file that cannot be read as Parquet.
pub(crate) fn not_parquet(name: &str, file: &Counted, cause: &ParquetError) -> Error {
    if let Some(error) = unread(name, cause) {
        return error;
    }
    let head = file.head(HEAD as u64);
    stacyard_store::not_parquet(name, &head).unwrap_or_else(|| unreadable(name, cause))
}

/// The error of a footer that cannot be.
fn unreadable(name: &str, cause: &ParquetError) -> Error {
    because(&format!("{name} cannot be read as Parquet"), cause).remedy(
        Remedy::from("check that it is a whole Parquet file")
            .or(Remedy::from("name the kind of store with ").option("store-kind")),
    )
}

/// The error of a file of which a part cannot be read.
pub(crate) fn damaged(name: &str, cause: &ParquetError) -> Error {
    if let Some(error) = unread(name, cause) {
        return error;
    }
    // What stands between makes texts of errors.
    if cause.to_string().contains(REPLACED) {
        return Error::new(ErrorKind::Conflict, &format!("cannot read {name}: {REPLACED}"))
            .remedy("ask again: what is there now will be read");
    }
    because(&format!("cannot read {name}"), cause).remedy("the file is damaged: fetch or write it again")
}

/// The error of bytes that could not be had, where that is what was wrong, and not the bytes.
fn unread(name: &str, cause: &ParquetError) -> Option<Error> {
    let ParquetError::External(cause) = cause else { return None };
    let cause = cause.downcast_ref::<io::Error>()?;
    if let Some(code) = cause.raw_os_error() {
        return Some(Error::io("read", Path::new(name), io::Error::from_raw_os_error(code)));
    }
    let cause: &Error = cause.get_ref()?.downcast_ref()?;
    let error = Error::new(cause.kind(), &format!("cannot read {name}: {cause}"));
    Some(match cause.advice() {
        Some(advice) => error.remedy(advice.clone()),
        None => error,
    })
}

/// Why a file cannot be read on: what is there now is another one, and an answer of both would be of neither.
pub(crate) const REPLACED: &str = "it has been replaced, written or removed since it was opened";

/// With the cause, but not with the kinds that it is wrapped in: "Parquet error: EOF: ...".
fn because(message: &str, cause: &ParquetError) -> Error {
    const KINDS: [&str; 4] = ["Parquet error: ", "Parquet argument error: ", "EOF: ", "External: "];
    let cause = cause.to_string();
    let mut what = &*cause;
    while let Some(inner) = KINDS.iter().find_map(|kind| what.strip_prefix(kind)) {
        what = inner;
    }
    Error::new(ErrorKind::Damaged, &format!("{message}: {what}"))
}

impl Footer {
    pub(crate) fn of(metadata: &ParquetMetaData, name: &str) -> Result<Self, Error> {
        check_counts(metadata).map_err(|cause| unreadable(name, &cause))?;
        let pairs = metadata.file_metadata().key_value_metadata();
        let text = |key: &str| {
            pairs.into_iter().flatten().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref())
        };
        let refused = |(what, remedy): Refusal| {
            Error::new(ErrorKind::Damaged, &format!("{name}: {what}")).remedy(remedy)
        };
        let wrong = |key: &str, cause: serde_json::Error| {
            let remedy = "write the file again with a program that follows the specification";
            refused((format!("the `{key}` metadata is not as its specification says"), remedy))
                .caused_by(cause)
        };
        let schema = metadata.file_metadata().schema_descr();
        if let Some(column) = schema.columns().iter().find(|column| column.physical_type() == Type::INT96) {
            let what = format!("column {} has timestamps of type INT96", column.path());
            // Of which the reader would make nanoseconds, and years beyond 1677 and 2262 would come out as others.
            return Err(refused((
                what,
                "write the file again with timestamps in microseconds (Spark: outputTimestampType=TIMESTAMP_MICROS)",
            )));
        }
        let geo = text(GEO).or_else(|| text(OUR_GEO));
        let geo: Option<Geo> = geo.map(serde_json::from_str).transpose().map_err(|e| wrong(GEO, e))?;
        let primary = Primary::of(geo, schema.root_schema(), text).map_err(refused)?;
        let mut conventions: Conventions =
            text(OURS).map(serde_json::from_str).transpose().map_err(|e| wrong(OURS, e))?.unwrap_or_default();
        if conventions.version > VERSION {
            let what = format!("layout version {} is newer than this program", conventions.version);
            return Err(refused((what, "read the file with a newer stacyard")));
        }
        let has = |name| schema.root_schema().get_fields().iter().any(|column| column.name() == name);
        let is_lost = conventions.version == 0 && has(RESIDUAL);
        if is_lost {
            conventions.residual = Some(RESIDUAL.to_owned());
        }
        let created_by = metadata.file_metadata().created_by().unwrap_or_default();
        let is_ours = conventions.version > 0 && created_by.starts_with(CREATED_BY);
        let stac: Stac =
            text(STAC).map(serde_json::from_str).transpose().map_err(|e| wrong(STAC, e))?.unwrap_or_default();
        let mut collections = stac.collections;
        if let Some(collection) = stac.collection
            && let Some(id) = collection.get("id").and_then(serde_json::Value::as_str).map(str::to_owned)
        {
            collections.entry(id).or_insert(collection);
        }
        let root = primary.covering.as_ref().and_then(|[path, ..]| path.first());
        let mut aside: Vec<String> = root.filter(|root| *root != "bbox").cloned().into_iter().collect();
        aside.extend(row_numbers(text(PANDAS)));
        let names =
            Names { conventions, geometry: primary.name, aside, by_others: !is_ours, ..Names::default() };
        let profile =
            names.conventions.profile.as_deref().map(Profile::parse).transpose().map_err(|cause| {
                refused(("its profile cannot be read".to_owned(), "read the file with a newer stacyard"))
                    .caused_by(cause)
            })?;
        let profile = profile.map(Arc::new);
        Ok(Self { names, collections, covering: primary.covering, profile, is_ours, is_lost })
    }

    /// What a user should know before trusting the Items.
    pub(crate) fn caution(&self) -> Option<&'static str> {
        self.is_lost.then_some(
            "another program has written it again, without the metadata that say how Stacyard wrote its values: a number \
             that was 10 may be read as 10.0 and a time in another spelling, members that were null are missing, and \
             what is in columns that it left out is lost",
        )
    }

    /// Whether a column is one of the Items' properties.
    pub(crate) fn is_property(&self, column: &str) -> bool {
        !RESERVED.contains(&column)
            && column != self.names.geometry
            && !self.names.aside.iter().any(|name| name == column)
    }

    /// Where the values of a column stand in the Item, names with dots between, as `fields` asks for them.
    pub(crate) fn place(&self, path: &[String]) -> String {
        let root = path.first().map_or("", String::as_str);
        let inner = path.join(".");
        if root == self.names.geometry {
            return "geometry".to_owned();
        }
        if RESERVED.contains(&root) { inner } else { format!("properties.{inner}") }
    }
}
