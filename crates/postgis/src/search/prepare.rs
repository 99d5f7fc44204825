//! A search on its way to the rows.

use stacyard_search::{Compiled, Stop};
use stacyard_store::Error;

use crate::search::searched::Searched;
use crate::search::source::{Look, RowSource};
use crate::sql::condition::Condition;
use crate::sql::param::Question;

impl Searched {
    /// Settles what does not depend on rows.
    pub(super) fn prepare(&self, search: &Compiled) -> Result<Condition, Error> {
        if !search.is_lenient() {
            self.database.wait(self.check_properties(search))?;
        }
        Ok(Condition::of(search.request(), &self.table))
    }

    /// The query for the rows that meet a condition.
    pub(super) fn rows_query(&self, columns: &str, condition: &Condition) -> Question {
        let sql = format!("SELECT {columns} FROM {} WHERE {}", self.table.name, condition.sql);
        Question { sql, params: condition.params.clone() }
    }

    /// Those rows, as a source of Items.
    pub(super) fn source(&self, columns: &str, condition: &Condition, stop: &Stop) -> RowSource {
        RowSource::new(self, self.rows_query(columns, condition), Look::Writer, stop)
    }
}
