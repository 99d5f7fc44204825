//! What has changed in the tables since a moment: rows carry the number of the transaction that has written them (`xmin`; PostgreSQL, "System Columns").
//!
//! Every transaction before a snapshot's own `xmin` has ended, so what is written later has a number from there on (PostgreSQL, "Transaction ID and Snapshot
//! Information Functions"). Numbers come again after four thousand million: a mark counts no longer than half of that.

use std::sync::Arc;

use stacyard_search::Stop;
use stacyard_store::{Error, ErrorKind, ItemKey, Since, Source};
use tokio_postgres::Row;

use crate::own::columns;
use crate::own::name_row::{NameRow, name};
use crate::own::store::PostGis;
use crate::search::searched::Searched;
use crate::search::source::{Look, RowSource};
use crate::sql::param::{Param, Question};

/// What makes one mark comparable with another: the server, its history and when it was started (a volume that is put back has the same history), the
/// database, the table and its partitions, and what is read of it. Then the oldest transaction that is open, and the next one.
///
/// No row comes where a mark could not be relied on: of a standby, which may lag behind another one that is asked next, and of rows of another server.
const MARK: &str = "SELECT concat_ws('.', 'pg1', (SELECT system_identifier FROM pg_control_system()), \
     left(pg_walfile_name(pg_current_wal_lsn()), 8), extract(epoch FROM pg_postmaster_start_time()), \
     (SELECT oid FROM pg_database WHERE datname = current_database()), \
     (SELECT md5(string_agg(relid::oid::text, ',' ORDER BY relid::oid)) FROM pg_partition_tree($1::text::regclass)), $1::text::regclass::oid, md5($2)), \
     pg_snapshot_xmin(pg_current_snapshot())::text, pg_snapshot_xmax(pg_current_snapshot())::text \
     WHERE NOT pg_is_in_recovery() AND NOT EXISTS (SELECT FROM pg_partition_tree($1::text::regclass) JOIN pg_class ON pg_class.oid = relid WHERE relkind = 'f')";

/// For so many transactions a mark counts: as many as can be told from earlier ones, less some for those that come meanwhile.
const COUNTS: u64 = (1 << 31) - 10_000_000;

/// So many names of changed Items are held; with more of them all is read.
const MOST: usize = 100_000;

/// A state of the table.
#[derive(Debug, PartialEq, Eq)]
struct Mark<'m> {
    of: &'m str,
    transaction: u64,
}

impl<'m> Mark<'m> {
    /// `OF@TRANSACTION`.
    fn parse(text: &'m str) -> Option<Self> {
        let (of, transaction) = text.rsplit_once('@')?;
        Some(Self { of, transaction: transaction.parse().ok()? })
    }

    /// The condition of rows that were written since.
    fn condition(&self) -> String {
        // `xid` has the lower half.
        format!("age(xmin) <= age('{}'::xid)", self.transaction & u64::from(u32::MAX))
    }
}

impl PostGis {
    /// A mark of how the table is now; `None`: there is none to rely on, or this user may not ask for what it takes.
    pub(super) fn mark_of_now(&self) -> Result<Option<String>, Error> {
        Ok(self.marked()?.map(|(mark, _)| mark))
    }

    /// The same, with the number of the next transaction.
    fn marked(&self) -> Result<Option<(String, u64)>, Error> {
        // Of several servers one may be behind the other.
        if !self.searched.database.address().is_one() {
            return Ok(None);
        }
        let params =
            [&self.searched.table.name, columns::selected()].map(|text| Param::Text(text.to_owned()));
        let question = Question { sql: MARK.to_owned(), params: params.to_vec() };
        let rows = match self.searched.database.wait(self.searched.rows(&question, &Stop::default())) {
            // A server that is not quite PostgreSQL may not have all of these functions.
            Err(error) if matches!(error.kind(), ErrorKind::Denied | ErrorKind::Failed) => return Ok(None),
            rows => rows?,
        };
        let mark = rows.first().and_then(|row| {
            let text = |column| row.try_get::<_, Option<&str>>(column).ok().flatten();
            Some((format!("{}@{}", text(0)?, text(1)?), text(2)?.parse().ok()?))
        });
        Ok(mark)
    }

    /// What was written since a mark; `None`: it says nothing of how the table is now, or too much was.
    pub(super) fn written_since(&self, mark: &str) -> Result<Option<Since>, Error> {
        let Some((now, next)) = self.marked()? else { return Ok(None) };
        let (Some(then), Some(now)) = (Mark::parse(mark), Mark::parse(&now)) else { return Ok(None) };
        let passed = next.checked_sub(then.transaction);
        let is_later = now.transaction >= then.transaction && passed.is_some_and(|passed| passed <= COUNTS);
        if then.of != now.of || !is_later {
            return Ok(None);
        }
        let (table, condition) = (&self.searched.table.name, then.condition());
        let names = format!("SELECT {} FROM {table} WHERE {condition} LIMIT {}", NameRow::COLUMNS, MOST + 1);
        let rows =
            self.searched.database.wait(self.searched.rows(&Question::plain(names), &Stop::default()))?;
        if rows.len() > MOST {
            return Ok(None);
        }
        let names = rows.iter().map(key_of).collect::<Result<_, _>>()?;
        let items = format!("SELECT {} FROM {table} WHERE {condition}", columns::selected());
        Ok(Some(Since { names, items: source(&self.searched, items) }))
    }

    /// The names of all Items.
    pub(super) fn names(&self) -> Box<dyn Source> {
        let names = self.searched.shaped(Arc::new(NameRow));
        source(&names, format!("SELECT {} FROM {}", NameRow::COLUMNS, names.table.name))
    }
}

fn source(table: &Searched, sql: String) -> Box<dyn Source> {
    Box::new(RowSource::new(table, Question::plain(sql), Look::Whole, &Stop::default()))
}

fn key_of(row: &Row) -> Result<ItemKey, Error> {
    let (id, collection) = name(row)?;
    Ok(ItemKey { collection: collection.map(str::to_owned), id: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_is_written() {
        let mark = Mark::parse("pg1.7.1.5.16384.0f@4294967301").unwrap();
        assert_eq!(mark, Mark { of: "pg1.7.1.5.16384.0f", transaction: 4_294_967_301 });
        // The second round of the counter.
        assert_eq!(mark.condition(), "age(xmin) <= age('5'::xid)");
        assert_eq!(Mark::parse("pg1"), None);
        assert_eq!(Mark::parse("pg1@x"), None);
    }
}
