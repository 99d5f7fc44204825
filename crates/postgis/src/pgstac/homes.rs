//! What has to be known of collections to put Items into them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use stacyard_model::json::Document;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use crate::connect::pool::Database;
use crate::pgstac::version::Version;

/// How a collection is cut into partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Whole,
    Years,
    Months,
}

impl Cut {
    /// As a Collection's column `partition_trunc` has it.
    pub(crate) fn of(trunc: Option<&str>) -> Self {
        match trunc {
            Some("year") => Self::Years,
            Some("month") => Self::Months,
            _ => Self::Whole,
        }
    }
}

/// A collection that Items go into.
#[derive(Debug)]
pub(crate) struct Home {
    /// What its Items have in common now.
    pub(crate) base: Document,
    /// What an Item names it by; `None`: it is the first one.
    pub(crate) number: Option<i32>,
    pub(crate) cut: Cut,
    /// What its partitions are named by. A Collection that is made anew has another one.
    pub(crate) key: i64,
    /// Whether it has no Items yet.
    pub(crate) is_empty: bool,
}

/// The collections of a database, by their ids.
#[derive(Default)]
pub(crate) struct Homes {
    known: RwLock<HashMap<String, Arc<Home>>>,
    /// Where those are made that are not there, if they are.
    makes: Option<(Database, Version)>,
    /// The ids of those.
    made: Mutex<BTreeSet<String>>,
}

impl Homes {
    pub(crate) fn new(makes: Option<(Database, Version)>) -> Self {
        Self { makes, ..Self::default() }
    }

    /// A collection that is there.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Home>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// The same; one that is not there is made, where it may be.
    pub(crate) fn get_or_make(&self, id: &str) -> Result<Option<Arc<Home>>, stacyard_store::Error> {
        let known = self.get(id);
        let Some((database, version)) = self.makes.as_ref().filter(|_| known.is_none() && !id.contains('\0'))
        else {
            return Ok(known);
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if self.get(id).is_none() {
            // Triggers of pgstac 0.9 want to find its functions.
            let begin = "BEGIN; SET LOCAL search_path TO pgstac, public";
            let make = async |client: &Client| {
                let insert = "INSERT INTO pgstac.collections (content) VALUES ($1::text::jsonb) ON CONFLICT (id) DO NOTHING";
                let rows = client.execute_typed(insert, &[(&plainest(id), Type::TEXT)]).await?;
                self.read(client, version, Some(id)).await?;
                Ok(rows > 0)
            };
            if database.wait(database.change(begin, make, async |_: &Client, _: &Error| None))? {
                made.insert(id.to_owned());
            }
        }
        Ok(self.get(id))
    }

    /// The ids of those that were made.
    pub(crate) fn made(&self) -> BTreeSet<String> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has those that were made say where and when their Items are.
    pub(crate) async fn say_extents(&self, client: &Client) -> Result<(), Error> {
        let made: Vec<String> = self.made().into_iter().collect();
        if made.is_empty() {
            return Ok(());
        }
        let update = "UPDATE pgstac.collections SET content = jsonb_set_lax(content, '{extent}', \
             pgstac.collection_extent(id, true), true, 'return_target') WHERE id = ANY($1)";
        client.batch_execute("BEGIN; SET LOCAL search_path TO pgstac, public").await?;
        client.execute_typed(update, &[(&made, Type::TEXT_ARRAY)]).await?;
        client.batch_execute("COMMIT").await
    }

    /// Reads what there is: all, or the one with this id.
    pub(crate) async fn read(
        &self,
        client: &Client,
        version: &Version,
        id: Option<&str>,
    ) -> Result<(), Error> {
        let current = if version.has_base_items {
            "(SELECT current.base_item_id FROM pgstac.current_base_item(id) AS current)"
        } else {
            "NULL::int"
        };
        // Of one that is asked for by itself it is of no matter, and would hold its partitions.
        let is_empty = match id {
            None => "NOT EXISTS (SELECT FROM pgstac.items WHERE collection = known.id)",
            Some(_) => "false",
        };
        let sql = format!(
            "SELECT id, base_item::text, {current}, partition_trunc, {is_empty}, key \
             FROM pgstac.collections AS known WHERE $1::text IS NULL OR id = $1"
        );
        let rows = client.query_typed(&sql, &[(&id, Type::TEXT)]).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            let cut = Cut::of(row.get(3));
            // It is JSON: `jsonb` has nothing else.
            let Ok(base) = Document::parse(row.get::<_, String>(1)) else { continue };
            let home = Home { base, number: row.get(2), cut, key: row.get(5), is_empty: row.get(4) };
            known.insert(row.get(0), Arc::new(home));
        }
        Ok(())
    }
}

/// A Collection that says nothing but its id; its extent comes when its Items are in.
fn plainest(id: &str) -> String {
    serde_json::json!({
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": id,
        "description": format!("Items of {id}"),
        "license": "other",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[null, null]]}},
        "links": [],
    })
    .to_string()
}
