//! A table of Items that is asked: each question goes to the file that answers it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use stacyard_model::Profile;
use stacyard_model::json::Tape;
use stacyard_search::{Aggregation, Aggregator, Stop, Types};
use stacyard_store::{Count, Error, ErrorKind, Find, Report, Sorted, Source};
use tokio_postgres::Row;

use crate::connect::fault;
use crate::connect::pool::Database;
use crate::search::count::KNOWN;
use crate::search::met::Met;
use crate::search::shape::RowShape;
use crate::search::source::{Look, RowSource};
use crate::sql::param::Question;
use crate::sql::table::Table;

/// A table of Items that is asked. Clones share the connections.
#[derive(Clone)]
pub(crate) struct Searched {
    pub(crate) database: Database,
    pub(crate) table: Table,
    pub(crate) shape: Arc<dyn RowShape>,
    pub(crate) profile: Option<Arc<Profile>>,
    /// Properties that the database says its Items have, with the types of their values.
    pub(super) declared: Arc<HashMap<String, Types>>,
    /// Names that its Items were seen to have.
    pub(super) met: Arc<Met>,
}

impl Searched {
    pub(crate) fn new(
        database: Database,
        table: Table,
        shape: Arc<dyn RowShape>,
        profile: Option<Arc<Profile>>,
    ) -> Self {
        Self { database, table, shape, profile, declared: Arc::default(), met: Arc::default() }
    }

    /// The same of a database that declares properties.
    pub(crate) fn declaring(self, declared: HashMap<String, Types>) -> Self {
        Self { declared: Arc::new(declared), ..self }
    }

    /// The same, of which another part of the rows is read.
    pub(crate) fn shaped(&self, shape: Arc<dyn RowShape>) -> Self {
        Self { shape, ..self.clone() }
    }

    /// All rows of a query.
    pub(crate) async fn rows(&self, question: &Question, stop: &Stop) -> Result<Vec<Row>, Error> {
        self.database.link.rows("search", question, stop).await
    }

    /// The error of a search that the database did not answer.
    pub(super) fn failed(&self, cause: tokio_postgres::Error) -> Error {
        fault::failed(&format!("search {}", self.database.address().shown()), cause)
    }

    /// All Items.
    pub(crate) fn items(&self) -> Box<dyn Source> {
        let question = Question::plain(format!("SELECT {} FROM {}", self.shape.selected(), self.table.name));
        Box::new(RowSource::new(self, question, Look::Whole, &Stop::default()))
    }

    /// The same part by part, over several connections.
    pub(crate) fn items_in_parts(&self) -> Box<dyn Source> {
        Box::new(RowSource::all(self))
    }

    /// Whether the table is there, and may be read.
    pub(crate) fn ready(&self) -> Result<(), Error> {
        let question = Question::plain(format!("SELECT 1 FROM {} LIMIT 0", self.table.name));
        self.database.wait(self.rows(&question, &Stop::default())).map(drop)
    }

    /// The Item of the one row of a query, without white space, as a search gives it.
    pub(crate) fn one(&self, question: &Question, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        let rows = self.database.wait(async {
            let rows = self.rows(question, stop).await?;
            for row in &rows {
                self.ask_for_missing(row, stop).await?;
            }
            Ok::<_, Error>(rows)
        })?;
        rows.first().map(|row| item_text(&*self.shape, row)).transpose()
    }

    /// Asks for what has to be known before the Item of a row can be made.
    pub(super) async fn ask_for_missing(&self, row: &Row, stop: &Stop) -> Result<(), Error> {
        if let Some(question) = self.shape.missing(row)? {
            self.shape.learn(&self.rows(&question, stop).await?)?;
        }
        Ok(())
    }

    pub(crate) fn find(&self, mut find: Find<'_>) -> Result<(Sorted, Report), Error> {
        let started = Instant::now();
        let search = Arc::clone(&find.search);
        let condition = self.prepare(&search)?;
        let first = match find.first {
            Some(wanted) => self.first(&mut find, wanted, &condition)?,
            None => None,
        };
        let (sorted, mut report) = match first {
            Some(first) => first,
            None => {
                let mut source = self.source(self.shape.selected(), &condition, search.stop());
                find.over(&mut source, KNOWN)?
            }
        };
        report.filtered = report.read - report.answered - report.rejected;
        report.notes = self.check_lists(&search, report.answered)?;
        search.check_stop()?;
        report.levels =
            vec![format!("rows        {} by SQL -> {} by the search itself", report.read, report.answered)];
        report.seconds = started.elapsed().as_secs_f64();
        Ok((sorted, report))
    }

    pub(crate) fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        let search = Arc::clone(&find.search);
        let condition = self.prepare(&search)?;
        let mut report = if condition.exact {
            self.count_rows(find, &condition)?
        } else {
            find.count_over(&mut self.source(self.shape.searched(), &condition, search.stop()), KNOWN)?
        };
        report.notes = self.check_lists(&search, report.answered)?;
        // What SQL alone answers may come late too.
        search.check_stop()?;
        Ok(report)
    }

    pub(crate) fn estimate(&self, find: Find<'_>) -> Result<Count, Error> {
        let search = find.search;
        let condition = self.prepare(&search)?;
        if !search.request().collections.is_empty() {
            self.check_lists(&search, 0)?;
        }
        let count = self.planned_rows(&search, &condition)?;
        search.check_stop()?;
        Ok(count)
    }

    pub(crate) fn aggregate(
        &self,
        find: Find<'_>,
        wanted: &[Aggregation],
    ) -> Result<(Aggregator, Report), Error> {
        let search = Arc::clone(&find.search);
        let condition = self.prepare(&search)?;
        if let Some((found, mut report)) = self.aggregate_by_sql(&find, &condition, wanted)? {
            report.notes = self.check_lists(&search, report.read)?;
            search.check_stop()?;
            return Ok((found, report));
        }
        let mut source = self.source(self.shape.selected(), &condition, search.stop());
        let (found, mut report) = find.aggregate_over(&mut source, KNOWN, wanted)?;
        report.notes = self.check_lists(&search, report.read - report.filtered)?;
        Ok((found, report))
    }
}

/// The Item of a row, without white space, as a search gives it.
pub(crate) fn item_text(shape: &dyn RowShape, row: &Row) -> Result<Vec<u8>, Error> {
    let (mut text, mut compact) = (Vec::new(), Vec::new());
    shape.write_item(row, &mut text)?;
    Tape::new().parse(&text).map_err(|cause| unreadable(&cause))?.write_compact(&mut compact);
    Ok(compact)
}

/// The error of a row that cannot be read as an Item.
pub(crate) fn unreadable(cause: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Damaged, &format!("a row cannot be read: {cause}"))
}

/// A Collection as it was read.
pub(crate) fn parsed(content: &str) -> Result<serde_json::Value, Error> {
    serde_json::from_str(content)
        .map_err(|cause| Error::new(ErrorKind::Damaged, "a Collection cannot be read").caused_by(cause))
}
