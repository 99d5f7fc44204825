//! A version of a dataset: what its log says, understood as columns of Items.

use std::sync::{Arc, OnceLock};

use arrow_schema::{DataType, Fields};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use stacyard_model::Profile;
use stacyard_store::{Collections, Error, ErrorKind, Ranges};

use crate::dataset::log::Log;
use crate::dataset::log::action::Metadata;
use crate::dataset::log::snapshot::Snapshot;
use crate::dataset::options::PartitionBy;
use crate::dataset::schema;
use crate::format::layout::RESIDUAL;
use crate::format::metadata::{CREATED_BY, Conventions, OUR_GEO, OURS};
use crate::read::opened::Opened;
use crate::write::item_shape::ItemShape;
use crate::write::key_values::geo;

/// What the table's own settings are called in its metadata: the order of its files, the profile, and where its Collections are.
pub(crate) const PARTITION_BY: &str = "stacyard.partitionBy";
pub(crate) const PROFILE: &str = "stacyard.profile";
pub(crate) const COLLECTIONS: &str = "stacyard.collections";

/// A version of a dataset.
pub(crate) struct Version {
    pub(crate) log: Log,
    pub(crate) snapshot: Snapshot,
    pub(crate) fields: Fields,
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) partition_by: PartitionBy,
    collections: OnceLock<Collections>,
}

impl Version {
    /// # Errors
    /// Columns or settings that are not known.
    pub(crate) fn of(log: Log, snapshot: Snapshot) -> Result<Self, Error> {
        let wrong = |what: &str| {
            let message = format!("{}: version {}: {what}", log.name(), snapshot.version);
            Error::new(ErrorKind::Unsupported, &message)
                .remedy("read it with a newer stacyard, or with the program that has made it")
        };
        let metadata = snapshot.metadata.as_deref();
        let fields = metadata.map(|metadata| schema::of_delta(&metadata.schema_string));
        let fields = fields.transpose().map_err(|what| wrong(&what))?.unwrap_or_default();
        let setting = |name| setting(metadata, name);
        let profile = setting(PROFILE).map(Profile::parse).transpose();
        let profile = profile.map_err(|_| wrong("its profile cannot be read"))?.map(Arc::new);
        let partition_by = setting(PARTITION_BY).map(str::parse).transpose();
        let partition_by = partition_by.map_err(|what: String| wrong(&what))?.unwrap_or_default();
        Ok(Self { log, snapshot, fields, profile, partition_by, collections: OnceLock::new() })
    }

    /// The Collections that are kept.
    pub(crate) fn collections(&self) -> Result<&Collections, Error> {
        if let Some(known) = self.collections.get() {
            return Ok(known);
        }
        let Some(path) = self.collections_path() else {
            return Ok(self.collections.get_or_init(Collections::new));
        };
        let name = self.log.name();
        let damaged = |what: &str| {
            Error::new(ErrorKind::Damaged, &format!("{name}{path} {what}"))
                .remedy("its Collections are there: bring the file back from a copy")
        };
        let bytes = self.log.storage.get(path)?.ok_or_else(|| damaged("is gone"))?;
        let collections =
            serde_json::from_slice(&bytes).map_err(|cause| damaged("is damaged").caused_by(cause))?;
        Ok(self.collections.get_or_init(|| collections))
    }

    /// Puts its columns into the metadata of the next version. Where those stay as they are, so does what another program says of them.
    pub(crate) fn put_fields(&self, metadata: &mut Metadata, fields: &Fields) {
        if *fields != self.fields || self.snapshot.metadata.is_none() {
            metadata.schema_string = schema::to_delta(fields);
        }
    }

    /// Where they are.
    pub(crate) fn collections_path(&self) -> Option<&str> {
        setting(self.snapshot.metadata.as_deref(), COLLECTIONS)
    }

    /// Fails where the columns cannot be those of Items that are written here.
    pub(crate) fn check_writable(&self) -> Result<(), Error> {
        let name = self.log.name();
        self.snapshot.check_writable(name)?;
        let is_box = |of: &DataType| matches!(of, DataType::Struct(parts) if parts.iter().all(|part| *part.data_type() == DataType::Float64));
        for field in &self.fields {
            let of = field.data_type();
            let fits = match field.name().as_str() {
                "id" | "collection" | "type" | "stac_version" | RESIDUAL => *of == DataType::Utf8,
                "geometry" => *of == DataType::Binary,
                "bbox" => is_box(of),
                "datetime" | "start_datetime" | "end_datetime" => {
                    matches!(of, DataType::Timestamp(_, Some(_)))
                }
                _ => true,
            };
            if !fits {
                let message =
                    format!("{name}: its column {} is {of}, which is none of an Item", field.name());
                return Err(Error::new(ErrorKind::Unsupported, &message)
                    .remedy("copy it to a dataset that does not exist yet, and write to that"));
            }
        }
        Ok(())
    }

    /// A file of all columns and no rows, by which a search is made ready for the files that have some.
    pub(crate) fn pattern(&self) -> Result<Opened, Error> {
        let failed = |cause| Error::failed("cannot make a pattern of the columns").caused_by(cause);
        let has = |name: &str| self.fields.iter().any(|field| field.name() == name);
        let residual = has(RESIDUAL).then(|| RESIDUAL.to_owned());
        let profile = self.profile.as_ref().map(|profile| profile.text().to_owned());
        let conventions = Conventions { version: 1, residual, profile, ..Conventions::default() };
        let mut pairs =
            vec![KeyValue::new(OURS.to_owned(), serde_json::to_string(&conventions).unwrap_or_default())];
        let mut fields: Vec<_> = self.fields.iter().cloned().collect();
        if has("geometry") {
            let geo = geo(&ItemShape::default());
            pairs.push(KeyValue::new(OUR_GEO.to_owned(), geo.to_string()));
        } else {
            fields.push(arrow_schema::Field::new("geometry", DataType::Binary, true).into());
        }
        let properties = WriterProperties::builder()
            .set_created_by(format!("{CREATED_BY}{}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(pairs))
            .build();
        let mut bytes = Vec::new();
        let schema = Arc::new(arrow_schema::Schema::new(fields));
        let writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties)).map_err(failed)?;
        writer.close().map_err(failed)?;
        Opened::over(self.log.name().into(), Box::new(Memory(bytes.into())), 0)
    }
}

fn setting<'m>(metadata: Option<&'m Metadata>, name: &str) -> Option<&'m str> {
    metadata?.configuration.get(name)?.as_deref()
}

/// Bytes in memory.
struct Memory(Bytes);

impl Ranges for Memory {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, ranges: &[std::ops::Range<u64>]) -> std::io::Result<Vec<Bytes>> {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(self.0.len());
        Ok(ranges.iter().map(|range| self.0.slice(place(range.start)..place(range.end))).collect())
    }

    fn gap(&self) -> u64 {
        0
    }

    fn renewed(&self) -> Result<Option<Box<dyn Ranges>>, Error> {
        Ok(None)
    }
}
