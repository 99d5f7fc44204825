//! The tables as a store: each question goes to the room that answers it.

use std::sync::Arc;

use stacyard_model::Profile;
use stacyard_search::{Aggregation, Aggregator, Stop};
use stacyard_store::{
    Backend, Collections, Count, Editor, Error, Find, ItemKey, Pool, Report, Since, Sorted, Source,
};

use crate::connect::pool::pools;
use crate::own::columns;
use crate::own::store::{PostGis, name_of};
use crate::search::searched::parsed;
use crate::search::source::{Look, RowSource};
use crate::sql::param::{Param, Question};

impl Backend for PostGis {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        Ok(self.searched.items())
    }

    fn keys(&self) -> Result<Box<dyn Source>, Error> {
        Ok(self.names())
    }

    fn mark(&self) -> Result<Option<String>, Error> {
        self.mark_of_now()
    }

    fn since(&self, mark: &str) -> Result<Option<Since>, Error> {
        self.written_since(mark)
    }

    fn audit(&self) -> Result<Box<dyn Source>, Error> {
        let columns = columns::audited(self.schema(), self.postgis());
        let question = Question::plain(format!("SELECT {columns} FROM {}", self.searched.table.name));
        Ok(Box::new(RowSource::new(&self.searched, question, Look::Audit, &Stop::default())))
    }

    fn collections(&self) -> Result<Collections, Error> {
        let query = format!("SELECT id, content::text FROM {}.collections", self.schema());
        let rows =
            self.searched.database.wait(self.searched.rows(&Question::plain(query), &Stop::default()))?;
        let mut found = Collections::new();
        for row in rows {
            found.insert(row.get(0), parsed(row.get(1))?);
        }
        Ok(found)
    }

    fn collection(&self, id: &str) -> Result<Option<serde_json::Value>, Error> {
        if id.contains('\0') {
            return Ok(None);
        }
        let sql = format!("SELECT content::text FROM {}.collections WHERE id = $1", self.schema());
        let question = Question { sql, params: vec![Param::Text(id.to_owned())] };
        let rows = self.searched.database.wait(self.searched.rows(&question, &Stop::default()))?;
        rows.first().map(|row| parsed(row.get(0))).transpose()
    }

    fn ready(&self) -> Result<(), Error> {
        self.searched.ready()
    }

    fn pools(&self) -> Vec<Pool> {
        pools(&self.searched.database, &self.writer)
    }

    fn profile(&self) -> Option<&Arc<Profile>> {
        self.searched.profile.as_ref()
    }

    fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        let Some((collection, id)) = name_of(key) else { return Ok(None) };
        let sql = format!(
            "SELECT {} FROM {} WHERE collection = $1 AND id = $2",
            columns::selected(),
            self.searched.table.name
        );
        let params = [collection, id].map(|name| Param::Text(name.to_owned())).to_vec();
        self.searched.one(&Question { sql, params }, stop)
    }

    fn editor(&self) -> Option<&dyn Editor> {
        Some(self)
    }

    fn find(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        self.searched.find(find)
    }

    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        self.searched.count(find)
    }

    fn estimate(&self, find: Find<'_>) -> Result<Count, Error> {
        self.searched.estimate(find)
    }

    fn aggregate(&self, find: Find<'_>, wanted: &[Aggregation]) -> Result<(Aggregator, Report), Error> {
        self.searched.aggregate(find, wanted)
    }
}
