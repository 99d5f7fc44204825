//! The tables as a store: each question goes to the room that answers it.

use std::sync::Arc;
use std::time::Instant;

use stacyard_model::Profile;
use stacyard_search::{Aggregation, Aggregator, Stop};
use stacyard_store::{
    Backend, Collections, Count, Editor, Error, Find, ItemKey, Pool, Report, Sorted, Source,
};

use crate::own::collections;
use crate::own::columns;
use crate::own::decode::item_text;
use crate::own::search::count::KNOWN;
use crate::own::search::source::{Look, RowSource};
use crate::own::store::{PostGis, name_of};
use crate::sql::param::{Param, Question};

impl Backend for PostGis {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        let question = Question::plain(format!("SELECT {} FROM {}", columns::selected(), self.table().name));
        Ok(Box::new(RowSource::new(&self.database, question, Look::Whole, &Stop::default())))
    }

    fn audit(&self) -> Result<Box<dyn Source>, Error> {
        let columns = columns::audited(self.schema(), self.postgis());
        let question = Question::plain(format!("SELECT {columns} FROM {}", self.table().name));
        Ok(Box::new(RowSource::new(&self.database, question, Look::Audit, &Stop::default())))
    }

    fn collections(&self) -> Result<Collections, Error> {
        let query = format!("SELECT id, content::text FROM {}.collections", self.schema());
        let rows = self.database.wait(self.rows(&Question::plain(query), &Stop::default()))?;
        let mut found = Collections::new();
        for row in rows {
            found.insert(row.get(0), collections::parsed(row.get(1))?);
        }
        Ok(found)
    }

    fn collection(&self, id: &str) -> Result<Option<serde_json::Value>, Error> {
        if id.contains('\0') {
            return Ok(None);
        }
        let sql = format!("SELECT content::text FROM {}.collections WHERE id = $1", self.schema());
        let question = Question { sql, params: vec![Param::Text(id.to_owned())] };
        let rows = self.database.wait(self.rows(&question, &Stop::default()))?;
        rows.first().map(|row| collections::parsed(row.get(0))).transpose()
    }

    fn ready(&self) -> Result<(), Error> {
        let question = Question::plain(format!("SELECT 1 FROM {} LIMIT 0", self.table().name));
        self.database.wait(self.rows(&question, &Stop::default())).map(drop)
    }

    fn pools(&self) -> Vec<Pool> {
        let (reads, writes) = (&self.database.link, &self.writer.link);
        match self.database.address().replica() {
            None => vec![reads.connections("all")],
            Some(_) => vec![reads.connections("reads"), writes.connections("writes")],
        }
    }

    fn profile(&self) -> Option<&Arc<Profile>> {
        self.profile.as_ref()
    }

    fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        let Some((collection, id)) = name_of(key) else { return Ok(None) };
        let sql = format!(
            "SELECT {} FROM {} WHERE collection = $1 AND id = $2",
            columns::selected(),
            self.table().name
        );
        let params = [collection, id].map(|name| Param::Text(name.to_owned())).to_vec();
        let rows = self.database.wait(self.rows(&Question { sql, params }, stop))?;
        rows.first().map(item_text).transpose()
    }

    fn editor(&self) -> Option<&dyn Editor> {
        Some(self)
    }

    fn find(&self, mut find: Find<'_>) -> Result<(Sorted, Report), Error> {
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
                let mut source = self.source(columns::selected(), &condition, search.stop());
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

    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        let search = Arc::clone(&find.search);
        let condition = self.prepare(&search)?;
        let mut report = if condition.exact {
            self.count_rows(find, &condition)?
        } else {
            find.count_over(&mut self.source(columns::searched(), &condition, search.stop()), KNOWN)?
        };
        report.notes = self.check_lists(&search, report.answered)?;
        // What SQL alone answers may come late too.
        search.check_stop()?;
        Ok(report)
    }

    fn estimate(&self, find: Find<'_>) -> Result<Count, Error> {
        let search = find.search;
        let condition = self.prepare(&search)?;
        if !search.request().collections.is_empty() {
            self.check_lists(&search, 0)?;
        }
        let count = self.planned_rows(&search, &condition)?;
        search.check_stop()?;
        Ok(count)
    }

    fn aggregate(&self, find: Find<'_>, wanted: &[Aggregation]) -> Result<(Aggregator, Report), Error> {
        let search = Arc::clone(&find.search);
        let condition = self.prepare(&search)?;
        if let Some((found, mut report)) = self.aggregate_by_sql(&find, &condition, wanted)? {
            report.notes = self.check_lists(&search, report.read)?;
            search.check_stop()?;
            return Ok((found, report));
        }
        let mut source = self.source(columns::selected(), &condition, search.stop());
        let (found, mut report) = find.aggregate_over(&mut source, KNOWN, wanted)?;
        report.notes = self.check_lists(&search, report.read - report.filtered)?;
        Ok((found, report))
    }
}
