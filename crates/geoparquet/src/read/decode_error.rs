//! Why columns are no Items, and what can be done about it.

use arrow_schema::DataType;
use stacyard_store::{Error, ErrorKind};

use crate::format::layout::RESIDUAL;
use crate::format::residual::ResidualError;
use crate::format::wkb::WkbError;

/// Why a batch or a row cannot be said in JSON.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("column {column} is of type {data_type}, which cannot be read as a JSON value")]
    Type { column: String, data_type: Box<DataType> },
    #[error("column {column} is of type {data_type}, which cannot be read as a geometry")]
    Geometry { column: String, data_type: Box<DataType> },
    #[error("column {column} is missing")]
    Missing { column: String },
    #[error("{pointer}: {source}")]
    Wkb { pointer: String, source: WkbError },
    #[error("{pointer}: {value} is not a time that RFC 3339 can write")]
    Time { pointer: String, value: i64 },
    #[error(transparent)]
    Residual(#[from] ResidualError),
    #[error("Item {id:?}: {cause}")]
    Item { id: String, cause: Box<DecodeError> },
}

impl DecodeError {
    /// With what the user can do; `message` says where it is.
    pub(crate) fn into_error(self, message: String) -> Error {
        let mut cause = &self;
        while let Self::Item { cause: inner, .. } = cause {
            cause = inner;
        }
        let remedy = match cause {
            Self::Type { .. } => {
                "write the file again with that column as text, numbers, lists or structs, or without it"
            }
            Self::Geometry { .. } => "only WKB is read: write the file again with geometries as WKB",
            Self::Missing { column } if column == RESIDUAL => {
                "its columns alone are not the Items that went in: copy it again from where it comes from"
            }
            Self::Missing { .. } => {
                "Items are read from columns named as stac-geoparquet names them: rename those of the file"
            }
            Self::Wkb { .. } | Self::Time { .. } => {
                "nothing was read in its place: repair the row, or write the file again without it"
            }
            Self::Residual(_) | Self::Item { .. } => "the file is damaged: fetch or write it again",
        };
        Error::failed(message).of_kind(ErrorKind::Damaged).caused_by(self).remedy(remedy)
    }
}
