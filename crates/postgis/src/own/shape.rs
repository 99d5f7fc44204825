//! How an Item stands in a row of our `items`, for a search.

use stacyard_model::json::Tape;
use stacyard_store::Error;
use tokio_postgres::Row;

use crate::own::columns::{self, BY_SQL, at};
use crate::own::decode::{disagreeing, is_loaded, write_item};
use crate::search::searched::unreadable;
use crate::search::shape::RowShape;

/// A row of `items`.
pub(crate) struct OwnRow;

impl RowShape for OwnRow {
    fn selected(&self) -> &str {
        columns::selected()
    }

    fn columns(&self) -> usize {
        at::NEXT
    }

    fn searched(&self) -> &str {
        columns::searched()
    }

    fn write_item(&self, row: &Row, out: &mut Vec<u8>) -> Result<(), Error> {
        write_item(row, out).map_err(|cause| unreadable(&cause))
    }

    fn has_passed(&self, row: &Row) -> Result<bool, Error> {
        is_loaded(row).map_err(|cause| unreadable(&cause))
    }

    fn unseen(&self) -> Option<&str> {
        Some(BY_SQL)
    }

    fn disagreeing(&self, row: &Row, text: &[u8], tape: &mut Tape) -> Result<Option<&'static str>, Error> {
        disagreeing(row, text, tape).map_err(|cause| unreadable(&cause))
    }
}
