//! A dataset made without Items, and given a profile.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, TimeUnit};
use serde_json::json;
use stacyard_model::{FieldType, Profile};
use stacyard_store::{Error, ErrorKind, Storage};

use crate::dataset::commit::{Plan, commit, made};
use crate::dataset::log::Log;
use crate::dataset::log::action::Said;
use crate::dataset::options::{Author, Making};
use crate::dataset::schema;
use crate::dataset::version::{PARTITION_BY, PROFILE};

/// What became of a dataset that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// The version that was there; `None`: there was no dataset.
    pub before: Option<u64>,
    /// The version that was made; `None`: there was nothing to do.
    pub made: Option<u64>,
}

/// Makes a dataset, or gives one that is there another profile or partition.
///
/// # Errors
/// A dataset that cannot be written; one whose columns do not go with the profile.
pub fn make_dataset(storage: &Arc<dyn Storage>, making: &Making, author: &Author) -> Result<Made, Error> {
    let log = Log::new(Arc::clone(storage));
    let mut before = None;
    let done = commit(&log, author, |version| {
        version.check_writable()?;
        let is_new = version.snapshot.protocol.is_none();
        before = (!is_new).then_some(version.snapshot.version);
        let mut metadata = match &version.snapshot.metadata {
            Some(metadata) => metadata.as_ref().clone(),
            None => made(making)?,
        };
        if let Some(profile) = &making.profile {
            let columns = columns(profile);
            let fields = schema::with(&version.fields, &columns).map_err(|what| {
                let message = format!("{}: the profile does not go with its columns: {what}", log.name());
                Error::new(ErrorKind::Conflict, &message)
                    .remedy("declare the type that the column has, or copy the Items to a new dataset with the profile")
            })?;
            version.put_fields(&mut metadata, fields.as_ref().unwrap_or(&version.fields));
            metadata.configuration.insert(PROFILE.to_owned(), Some(profile.text().to_owned()));
        }
        if let Some(partition_by) = making.partition_by {
            metadata.configuration.insert(PARTITION_BY.to_owned(), Some(partition_by.to_string()));
        }
        if version.snapshot.metadata.as_deref() == Some(&metadata) {
            return Ok(None);
        }
        Ok(Some(Plan {
            operation: if is_new { "CREATE TABLE" } else { "SET TBLPROPERTIES" },
            parameters: json!({}),
            metadata: Some(metadata),
            said: Said::default(),
            ..Plan::default()
        }))
    })?;
    Ok(Made { before, made: done.map(|snapshot| snapshot.version) })
}

/// The columns of the fields that a profile declares.
fn columns(profile: &Profile) -> Fields {
    let field = |field: &stacyard_model::Field| {
        let of = match field.kind {
            FieldType::String => DataType::Utf8,
            FieldType::Boolean => DataType::Boolean,
            FieldType::Integer => DataType::Int64,
            FieldType::Number => DataType::Float64,
            FieldType::Datetime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        };
        Field::new(&field.name, of, true)
    };
    profile.fields().iter().map(field).collect()
}
