//! What the Items of a collection have in common, which pgstac keeps once: their base. An Item is stored without it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use stacyard_model::json::{Document, Value};
use stacyard_store::Error;
use tokio_postgres::Row;

use crate::search::searched::unreadable;
use crate::sql::param::{Param, Question};

/// The base of an Item, by the partition that its row is in and the number that it names. It never changes: pgstac 0.10 keeps the bases
/// that a collection has had, and one that is deleted and made anew has other partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BaseKey {
    pub(crate) partition: u32,
    /// `None`: the first one that its collection has had.
    pub(crate) number: Option<i32>,
}

/// How many are kept.
const MOST: usize = 10_000;

/// The bases that were met so far.
#[derive(Default)]
pub(crate) struct Bases {
    known: RwLock<HashMap<BaseKey, Arc<Document>>>,
}

impl Bases {
    /// The base of an Item, once it was [learned](Self::learn).
    pub(crate) fn get(&self, key: BaseKey) -> Option<Arc<Document>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    /// The question for a base.
    pub(crate) fn question(key: BaseKey, collection: &str) -> Question {
        let BaseKey { partition, number } = key;
        let number = number.map_or_else(|| "NULL".to_owned(), |number| number.to_string());
        // One that is named and not there: pgstac takes the one that the Collection has now.
        let base = format!("coalesce(pgstac.collection_base_item(id, {number}::int), base_item)");
        Question {
            sql: format!(
                "SELECT '{partition}'::oid, {number}::int, {base}::text FROM pgstac.collections WHERE id = $1"
            ),
            params: vec![Param::Text(collection.to_owned())],
        }
    }

    /// Takes the answer to such a [question](Self::question).
    pub(crate) fn learn(&self, rows: &[Row]) -> Result<(), Error> {
        for row in rows {
            let key = BaseKey { partition: row.get(0), number: row.get(1) };
            let base = Document::parse(row.get::<_, String>(2)).map_err(|cause| unreadable(&cause))?;
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(key, Arc::new(base));
        }
        Ok(())
    }
}

/// The member of `content` that says which base an Item was stored against.
pub(crate) const BASE_ITEM: &str = "pgstac:base_item";

/// Stands in the place of a member that the base has and the Item has not.
pub(crate) const ABSENT: &str = "\u{1235f}\u{203b}";

/// A member of a base that says something: one that is null does not.
pub(crate) fn said<'a>(base: Value<'a>, name: &str) -> Option<Value<'a>> {
    base.get(name).filter(|value| !value.is_null())
}
