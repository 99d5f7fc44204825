//! The first few Items in the order of a search: SQL sorts, and no more rows are read than the answer needs.

use stacyard_model::Gate;
use stacyard_model::json::Tape;
use stacyard_search::{Compiled, MatchError, Query, Search, Stop};
use stacyard_store::{Batch, Error, Find, Hits, Report, Sorted, Sorter, Store};
use tokio_postgres::Row;

use crate::own::columns::{self, at};
use crate::own::decode::{is_loaded, unreadable, write_item};
use crate::own::search::source::push_record;
use crate::own::store::PostGis;
use crate::sql::condition::Condition;
use crate::sql::keyset::Known;
use crate::sql::order::Order;
use crate::sql::param::Question;
use crate::sql::value::Maker;

/// Up to how many rows are asked for in order; where the answer needs more, all are read and sorted here.
const MAX_FIRST: u64 = 40_000;

/// So many bytes of Items that are not valid are held while the first rows are looked at (8 MiB); where there are more, all rows are read,
/// and each is set aside as it is met.
const MAX_REFUSED: usize = 8 << 20;

impl PostGis {
    /// The first Items in the order of the search; `None`: SQL cannot say which these are.
    pub(in crate::own) fn first(
        &self,
        find: &mut Find<'_>,
        wanted: u64,
        condition: &Condition,
    ) -> Result<Option<(Sorted, Report)>, Error> {
        // Items that are brought up to date first may stand elsewhere in the order.
        if find.check.migrate {
            return Ok(None);
        }
        let after = find.after.as_deref();
        let mut maker = Maker::new(condition.params.clone(), self.table());
        let Some(order) = Order::of(&find.search, after, &mut maker) else { return Ok(None) };
        let params = maker.into_params();
        // Some of the rows may not answer, or stand before the place: then some more are asked for.
        let is_exact = condition.exact && order.after.known == Known::Exactly;
        let mut limit = if is_exact { wanted } else { wanted + wanted / 4 + 8 };
        while limit <= MAX_FIRST {
            let mut sorter = Sorter::new(find.run.memory, Some(wanted)).until(find.search.stop());
            let mut report = Report::default();
            let mut first = First {
                search: &find.search,
                gate: find.check.gate.as_ref(),
                exact: condition.exact,
                after,
                tape: Tape::new(),
                refused: Batch::default(),
            };
            let mut is_odd = false;
            let question =
                Question { sql: self.first_query(condition, &order, limit), params: params.clone() };
            let stop = find.search.stop();
            let rows = self.database.link.each_row("search", &question, stop, |row| {
                report.read += 1;
                is_odd |= row.try_get::<_, bool>(at::NEXT).map_err(|cause| self.failed(cause))?;
                let mut hits = Hits::default();
                let number = report.read;
                if !is_odd && report.answered < wanted && first.add((number, row), &mut hits)? {
                    report.answered += 1;
                    sorter.push(hits)?;
                }
                is_odd |= first.refused.text.len() > MAX_REFUSED;
                Ok(())
            });
            let rows = self.database.wait(rows)?;
            if is_odd {
                return Ok(None);
            }
            if report.answered == wanted || rows < limit {
                let refused = first.refused;
                find.set_aside(self.database.address().shown(), &refused)?;
                report.rejected = refused.records.len() as u64;
                return Ok(Some((sorter.finish(self.database.address().shown())?, report)));
            }
            limit *= 4;
        }
        Ok(None)
    }

    /// The query for the first rows in an order, each with whether SQL does not know its place.
    fn first_query(&self, condition: &Condition, order: &Order, rows: u64) -> String {
        let (selected, table) = (columns::selected(), self.table());
        let (odd, by) = (order.odd(table), order.by(table));
        let sorted: Vec<_> = by.iter().map(|(sql, direction)| format!("{sql}{direction}")).collect();
        let part = |more: &str, after: &str| {
            format!(
                "SELECT {selected}, {odd} AS odd{more} FROM {} WHERE {} AND {after} ORDER BY {} LIMIT {rows}",
                table.name,
                condition.sql,
                sorted.join(", ")
            )
        };
        if let [after] = order.after.parts.as_slice() {
            return part("", after);
        }
        // Each part by the index, and of all of them the first.
        let more: Vec<_> =
            by.iter().enumerate().map(|(key, (sql, _))| format!(", {sql} AS key{key}")).collect();
        let parts: Vec<_> =
            order.after.parts.iter().map(|after| format!("({})", part(&more.concat(), after))).collect();
        let by: Vec<_> =
            by.iter().enumerate().map(|(key, (_, direction))| format!("key{key}{direction}")).collect();
        format!(
            "SELECT {selected}, odd FROM ({}) AS page ORDER BY {} LIMIT {rows}",
            parts.join(" UNION ALL "),
            by.join(", ")
        )
    }

    /// How the database answers a search, as it says itself (EXPLAIN).
    pub fn explain(&self, search: &Search) -> Result<Vec<String>, Error> {
        let query = Query::from(search.clone());
        let compiled = Store::from(self.clone()).compile(&query, &Stop::default())?;
        let condition = Condition::of(compiled.request(), self.table());
        let mut maker = Maker::new(condition.params.clone(), self.table());
        let order = search.max_items.and_then(|rows| Some((rows, Order::of(&compiled, None, &mut maker)?)));
        let Question { sql, params } = match order {
            Some((rows, order)) => {
                Question { sql: self.first_query(&condition, &order, rows), params: maker.into_params() }
            }
            None => self.rows_query(columns::selected(), &condition),
        };
        let question = Question { sql: format!("EXPLAIN {sql}"), params };
        let rows = self.database.wait(self.rows(&question, &Stop::default()))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }
}

/// Looks at rows that may answer.
struct First<'f> {
    search: &'f Compiled,
    gate: Option<&'f Gate>,
    exact: bool,
    after: Option<&'f [u8]>,
    tape: Tape,
    /// What is not valid.
    refused: Batch,
}

impl First<'_> {
    /// Whether the row's Item is one more of the answer.
    fn add(&mut self, (number, row): (u64, &Row), hits: &mut Hits) -> Result<bool, Error> {
        let mut text = Vec::new();
        write_item(row, &mut text).map_err(|cause| unreadable(&cause))?;
        let item = self.tape.parse(&text).map_err(|cause| unreadable(&cause))?;
        if let Some(gate) = self.gate
            && !is_loaded(row).map_err(|cause| unreadable(&cause))?
            && !gate.item(item).errors.is_empty()
        {
            push_record(&text, number, &mut self.refused)?;
            return Ok(false);
        }
        let mut key = Vec::new();
        let answers = if self.exact {
            self.search.is_after(item, self.after, &mut key).map_err(MatchError::from)
        } else {
            self.search.answers(item, self.after, &mut key)
        };
        match answers {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(MatchError::Stopped(stopped)) => return Err(stopped.into()),
            Err(cause) => return Err(unreadable(&cause)),
        }
        hits.try_push(&key, |out| {
            item.write_compact(out);
            Ok(())
        })?;
        Ok(true)
    }
}
