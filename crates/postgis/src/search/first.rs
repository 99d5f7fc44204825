//! The first few Items in the order of a search: SQL sorts, and no more rows are read than the answer needs.

use std::borrow::Cow;

use stacyard_model::Gate;
use stacyard_model::json::Tape;
use stacyard_search::{Compiled, MatchError, Query, Search, Stop};
use stacyard_store::{Batch, Error, Find, Hits, Report, Sorted, Sorter, Store};
use tokio_postgres::Row;

use crate::copy::field::Bytes;
use crate::search::searched::{Searched, unreadable};
use crate::search::shape::RowShape;
use crate::search::source::push_record;
use crate::sql::condition::Condition;
use crate::sql::keyset::Known;
use crate::sql::order::{Order, Ties};
use crate::sql::param::{Param, Question};
use crate::sql::table::{Columns, Table};
use crate::sql::value::Maker;

/// Up to how many rows are asked for in order; where the answer needs more, all are read and sorted here.
const MAX_FIRST: u64 = 40_000;

/// So many bytes of Items that are not valid are held while the first rows are looked at (8 MiB); where there are more, all rows are read,
/// and each is set aside as it is met.
const MAX_REFUSED: usize = 8 << 20;

impl Searched {
    /// The first Items in the order of the search; `None`: SQL cannot say which these are.
    pub(super) fn first(
        &self,
        find: &mut Find<'_>,
        wanted: u64,
        condition: &Condition,
    ) -> Result<Option<(Sorted, Report)>, Error> {
        // Items that are brought up to date first may stand elsewhere in the order.
        if find.check.migrate {
            return Ok(None);
        }
        let table = self.in_order(&find.search)?;
        for ties in [Ties::Left, Ties::Settled] {
            let mut maker = Maker::new(condition.params.clone(), &table);
            let Some(order) = Order::of(&find.search, find.after.as_deref(), ties, &mut maker) else {
                return Ok(None);
            };
            let order = InOrder { order, table: &table, params: maker.into_params() };
            match self.first_in(find, wanted, condition, &order)? {
                First::Found(found) => return Ok(Some(*found)),
                First::Unknown => return Ok(None),
                First::Tied => {}
            }
        }
        Ok(None)
    }

    fn first_in(
        &self,
        find: &mut Find<'_>,
        wanted: u64,
        condition: &Condition,
        by: &InOrder<'_>,
    ) -> Result<First, Error> {
        let (after, order) = (find.after.as_deref(), &by.order);
        // Some of the rows may not answer, or stand before the place: then some more are asked for. One more tells whether the last one
        // is tied with others.
        let is_exact = condition.exact && order.after.known == Known::Exactly;
        let mut limit =
            if is_exact { wanted } else { wanted + wanted / 16 + 2 } + u64::from(order.tied().is_some());
        while limit <= MAX_FIRST {
            let mut sorter = Sorter::new(find.run.memory, Some(wanted)).until(find.search.stop());
            let mut report = Report::default();
            let mut looker = Looker {
                search: &find.search,
                shape: &*self.shape,
                gate: find.check.gate.as_ref(),
                exact: condition.exact,
                after,
                tape: Tape::new(),
                refused: Batch::default(),
            };
            let mut is_odd = false;
            // The places in the order, as far as SQL knows them, of the last row and of the one that made the answer whole.
            let (mut last, mut whole) = (None, None);
            let question =
                Question { sql: self.first_query(condition, by, limit), params: by.params.clone() };
            let stop = find.search.stop();
            let rows = self.database.link.each_row("search", &question, stop, async |row| {
                let failed = |cause| self.failed(cause);
                report.read += 1;
                is_odd |= row.try_get::<_, bool>(self.shape.columns()).map_err(failed)?;
                if order.tied().is_some() {
                    let Bytes(tie) = row.try_get(self.shape.columns() + 1).map_err(failed)?;
                    last = Some(tie.to_vec());
                }
                self.ask_for_missing(row, stop).await?;
                let mut hits = Hits::default();
                let number = report.read;
                let is_tied = last.is_some() && last == whole;
                if !is_odd && (report.answered < wanted || is_tied) && looker.add((number, row), &mut hits)? {
                    report.answered += u64::from(report.answered < wanted);
                    if report.answered == wanted && whole.is_none() {
                        whole.clone_from(&last);
                    }
                    sorter.push(hits)?;
                }
                is_odd |= looker.refused.text.len() > MAX_REFUSED;
                Ok(())
            });
            let rows = self.database.wait(rows)?;
            if is_odd {
                return Ok(First::Unknown);
            }
            if rows == limit && whole.is_some() && whole == last {
                return Ok(First::Tied);
            }
            if report.answered == wanted || rows < limit {
                let refused = looker.refused;
                find.set_aside(self.database.address().shown(), &refused)?;
                report.rejected = refused.records.len() as u64;
                let sorted = sorter.finish(self.database.address().shown())?;
                return Ok(First::Found(Box::new((sorted, report))));
            }
            limit *= 4;
        }
        Ok(First::Unknown)
    }

    /// The table as an order may see it: without columns of instants that say something else of some rows, where there are any.
    fn in_order(&self, search: &Compiled) -> Result<Cow<'_, Table>, Error> {
        let columns = &self.table.columns;
        let mut properties = search.order().iter().filter_map(|key| key.property.as_ref());
        let Some(unless) = columns
            .instants_unless
            .filter(|_| properties.any(|property| columns.instant(property.key()).is_some()))
        else {
            return Ok(Cow::Borrowed(&self.table));
        };
        let sql = format!("SELECT EXISTS (SELECT FROM {} WHERE {unless})", self.table.name);
        let rows = self.database.wait(self.rows(&Question::plain(sql), search.stop()))?;
        if !rows.iter().any(|row| row.get(0)) {
            return Ok(Cow::Borrowed(&self.table));
        }
        Ok(Cow::Owned(Table { columns: Columns { instants: &[], ..*columns }, ..self.table.clone() }))
    }

    /// The query for the first rows in an order, each with whether SQL does not know its place.
    fn first_query(
        &self,
        condition: &Condition,
        InOrder { order, table, .. }: &InOrder<'_>,
        rows: u64,
    ) -> String {
        let selected = self.shape.selected();
        let (tie, tied) =
            order.tied().map_or_else(Default::default, |column| (format!(", {column} AS tie"), ", tie"));
        let (odd, by) = (order.odd(table), order.by(table));
        let sorted: Vec<_> = by.iter().map(|(sql, direction)| format!("{sql}{direction}")).collect();
        let part = |more: &str, after: &str| {
            format!(
                "SELECT {selected}, {odd} AS odd{tie}{more} FROM {} WHERE {} AND {after} ORDER BY {} LIMIT {rows}",
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
            "SELECT {}, odd{tied} FROM ({}) AS page ORDER BY {} LIMIT {rows}",
            self.shape.names(),
            parts.join(" UNION ALL "),
            by.join(", ")
        )
    }

    /// How the database answers a search, as it says itself (EXPLAIN).
    pub(crate) fn explain(&self, store: &Store, search: &Search) -> Result<Vec<String>, Error> {
        let query = Query::from(search.clone());
        let compiled = store.compile(&query, &Stop::default())?;
        let condition = Condition::of(compiled.request(), &self.table);
        let mut maker = Maker::new(condition.params.clone(), &self.table);
        let order = search
            .max_items
            .and_then(|rows| Some((rows, Order::of(&compiled, None, Ties::Left, &mut maker)?)));
        let Question { sql, params } = match order {
            Some((rows, order)) => {
                let by = InOrder { order, table: &self.table, params: maker.into_params() };
                Question { sql: self.first_query(&condition, &by, rows), params: by.params }
            }
            None => self.rows_query(self.shape.selected(), &condition),
        };
        let question = Question { sql: format!("EXPLAIN {sql}"), params };
        let rows = self.database.wait(self.rows(&question, &Stop::default()))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }
}

/// The first Items in an order.
enum First {
    Found(Box<(Sorted, Report)>),
    /// SQL cannot say which these are.
    Unknown,
    /// SQL could, if it settled what is tied.
    Tied,
}

/// An order of a table, with the parameters of its SQL and of the condition.
struct InOrder<'t> {
    order: Order,
    table: &'t Table,
    params: Vec<Param>,
}

/// Looks at rows that may answer.
struct Looker<'f> {
    search: &'f Compiled,
    shape: &'f dyn RowShape,
    gate: Option<&'f Gate>,
    exact: bool,
    after: Option<&'f [u8]>,
    tape: Tape,
    /// What is not valid.
    refused: Batch,
}

impl Looker<'_> {
    /// Whether the row's Item is one more of the answer.
    fn add(&mut self, (number, row): (u64, &Row), hits: &mut Hits) -> Result<bool, Error> {
        let mut text = Vec::new();
        self.shape.write_item(row, &mut text)?;
        let item = self.tape.parse(&text).map_err(|cause| unreadable(&cause))?;
        if let Some(gate) = self.gate
            && !self.shape.has_passed(row)?
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
