//! Rows that a change is about to take away: locked, and looked at, all with one statement.

use std::collections::HashMap;

use stacyard_store::{ItemKey, Stored, When};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::connect::change::Fault;
use crate::search::searched::item_text;
use crate::search::shape::RowShape;

/// The names of Items as two lists: what a statement joins.
#[derive(Default)]
pub(crate) struct Keys {
    collections: Vec<String>,
    ids: Vec<String>,
}

/// The rows of these names, for statements of which the lists are `$1` and `$2`.
pub(crate) const AMONG: &str = "(collection, id) IN (SELECT * FROM unnest($1, $2))";

impl Keys {
    fn push(&mut self, collection: &str, id: &str) {
        self.collections.push(collection.to_owned());
        self.ids.push(id.to_owned());
    }

    pub(crate) fn params(&self) -> [(&(dyn ToSql + Sync), Type); 2] {
        [(&self.collections, Type::TEXT_ARRAY), (&self.ids, Type::TEXT_ARRAY)]
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// Locks the rows of Items until the transaction ends; gives the names of those that are there and meet their condition. `name_of` says how the table
/// names an Item; `None`: it cannot have it.
pub(crate) async fn lock<'k>(
    client: &Client,
    (table, shape): (&str, &dyn RowShape),
    items: &'k [(ItemKey, When)],
    name_of: impl Fn(&'k ItemKey) -> Option<(&'k str, &'k str)>,
) -> Result<Keys, Fault> {
    let mut asked = Keys::default();
    let mut conditions = HashMap::new();
    for (key, when) in items {
        if let Some(name) = name_of(key) {
            asked.push(name.0, name.1);
            conditions.insert(name, (key, *when));
        }
    }
    // All in one order, so that no two changes wait for each other.
    let query = format!(
        "SELECT {}, collection, id FROM {table} WHERE {AMONG} ORDER BY collection, id FOR UPDATE",
        shape.selected()
    );
    let mut found = Keys::default();
    for row in client.query_typed(&query, &asked.params()).await? {
        let (collection, id): (&str, &str) = (row.get(shape.columns()), row.get(shape.columns() + 1));
        let Some((key, when)) = conditions.get(&(collection, id)) else { continue };
        if *when != When::Always {
            if let Some(question) = shape.missing(&row)? {
                let params: Vec<_> = question.params.iter().map(crate::sql::param::Param::typed).collect();
                shape.learn(&client.query_typed(&question.sql, &params).await?)?;
            }
            if when.meets(Some(&Stored::new(item_text(shape, &row)?)), key).is_err() {
                continue;
            }
        }
        found.push(collection, id);
    }
    Ok(found)
}
