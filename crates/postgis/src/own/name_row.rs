//! A row that is asked for the name of its Item alone.

use stacyard_model::json::push_string;
use stacyard_store::Error;
use tokio_postgres::Row;

use crate::search::searched::unreadable;
use crate::search::shape::RowShape;

/// Such a row.
pub(super) struct NameRow;

impl NameRow {
    pub(super) const COLUMNS: &str = "id, collection";
}

/// Its id and its collection.
pub(super) fn name(row: &Row) -> Result<(&str, Option<&str>), Error> {
    let text = |column: usize| row.try_get::<_, &str>(column).map_err(|cause| unreadable(&cause));
    // What the column has where there is none is an empty text.
    Ok((text(0)?, Some(text(1)?).filter(|collection| !collection.is_empty())))
}

impl RowShape for NameRow {
    fn selected(&self) -> &str {
        Self::COLUMNS
    }

    fn columns(&self) -> usize {
        2
    }

    fn write_item(&self, row: &Row, out: &mut Vec<u8>) -> Result<(), Error> {
        let (id, collection) = name(row)?;
        out.extend_from_slice(br#"{"id":"#);
        push_string(out, id);
        if let Some(collection) = collection {
            out.extend_from_slice(br#","collection":"#);
            push_string(out, collection);
        }
        out.push(b'}');
        Ok(())
    }

    fn has_passed(&self, _: &Row) -> Result<bool, Error> {
        Ok(true)
    }

    fn unseen(&self) -> Option<&str> {
        None
    }
}
