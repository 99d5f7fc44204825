//! How an Item stands in a row: what a search has to know of the tables that it asks, beside what is SQL in it.

use stacyard_model::json::Tape;
use stacyard_store::Error;
use tokio_postgres::Row;

use crate::sql::param::Question;

/// How an Item stands in a row of a table.
pub(crate) trait RowShape: Send + Sync {
    /// The columns that an Item is made of.
    fn selected(&self) -> &str;

    /// The names by which another statement knows them, which has these rows in the place of a table.
    fn names(&self) -> &str {
        self.selected()
    }

    /// How many they are.
    fn columns(&self) -> usize;

    /// The same of what a search looks at alone, where others may be left out.
    fn searched(&self) -> &str {
        self.selected()
    }

    /// Appends the Item of a row that begins with the columns that are [selected](Self::selected).
    fn write_item(&self, row: &Row, out: &mut Vec<u8>) -> Result<(), Error>;

    /// Whether its Item has passed the gate on its way in.
    fn has_passed(&self, row: &Row) -> Result<bool, Error>;

    /// SQL that is true of rows whose Items the gate is to see before they count; `None`: what SQL says is taken for all.
    fn unseen(&self) -> Option<&str>;

    /// The first column that says something else than the Item of its row, whose text this is; of an audit.
    fn disagreeing(&self, _row: &Row, _text: &[u8], _tape: &mut Tape) -> Result<Option<&'static str>, Error> {
        Ok(None)
    }

    /// What has to be asked before the Item of this row can be made.
    fn missing(&self, _row: &Row) -> Result<Option<Question>, Error> {
        Ok(None)
    }

    /// Takes the answer to what was [missing](Self::missing).
    fn learn(&self, _rows: &[Row]) -> Result<(), Error> {
        Ok(())
    }
}
