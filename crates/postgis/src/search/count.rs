//! How many Items answer: counted by the database, or estimated by its planner.

use std::sync::Arc;

use stacyard_search::Compiled;
use stacyard_store::{Count, Error, Find, Known, Report};

use crate::search::searched::Searched;
use crate::sql::condition::Condition;
use crate::sql::param::Question;

/// Which rows have passed the gate on their way in is said of each; what names none has is asked apart from them.
pub(crate) const KNOWN: Known = Known { are_valid: false, names: true };

impl Searched {
    /// The number of Items that meet a condition which says all of the search. Of their rows only those are read that the gate
    /// is to see, where there are any.
    pub(super) fn count_rows(&self, find: Find<'_>, condition: &Condition) -> Result<Report, Error> {
        let (table, search) = (&self.table.name, Arc::clone(&find.search));
        let unseen = self.shape.unseen().filter(|_| find.check.gate.is_some());
        let is_unseen = unseen
            .map_or("false".to_owned(), |unseen| format!("EXISTS (SELECT FROM {table} WHERE {unseen})"));
        let sql = format!("SELECT count(*), {is_unseen} FROM {table} WHERE {}", condition.sql);
        let question = Question { sql, params: condition.params.clone() };
        let rows = self.database.wait(self.rows(&question, search.stop()))?;
        let all = rows.iter().map(|row| row.get::<_, i64>(0).unsigned_abs()).sum();
        let Some(unseen) = unseen.filter(|_| rows.iter().any(|row| row.get(1))) else {
            return Ok(Report { read: all, answered: all, ..Report::default() });
        };
        let unseen = Condition {
            sql: format!("{unseen} AND {}", condition.sql),
            params: condition.params.clone(),
            exact: true,
        };
        let looked =
            find.count_over(&mut self.source(self.shape.selected(), &unseen, search.stop()), KNOWN)?;
        // Items that are not valid have gone or come meanwhile at most.
        Ok(Report { read: all, answered: all.saturating_sub(looked.rejected), ..looked })
    }

    /// How many rows the planner expects; the statistics of the last ANALYZE decide how good that is.
    pub(super) fn planned_rows(&self, search: &Compiled, condition: &Condition) -> Result<Count, Error> {
        let Question { sql, params } = self.rows_query("id", condition);
        let question = Question { sql: format!("EXPLAIN {sql}"), params };
        let rows = self.database.wait(self.rows(&question, search.stop()))?;
        // "Seq Scan on items  (cost=0.00..22.70 rows=1270 width=36)"
        let plan = rows.first().map_or("", |row| row.get(0));
        let expected = plan.split_once(" rows=").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        let expected = expected.map(Count::Estimate);
        expected.ok_or_else(|| Error::failed("the database does not say how many rows it expects"))
    }
}
