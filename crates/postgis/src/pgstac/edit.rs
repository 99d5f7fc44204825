//! Single changes: each one transaction, in which the row is locked before the condition is looked at.

use std::sync::Arc;

use stacyard_model::ObjectKind;
use stacyard_model::json::Document;
use stacyard_store::{
    Deletion, Editor, Encoder, Error, ErrorKind, Findings, Home, ItemKey, Mode, Put, Refused, Stored, When,
    Why,
};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::connect::change::{BEGIN, Fault};
use crate::pgstac::collections::{self, selected, text_of};
use crate::pgstac::encode::{PgStacEncoder, PgStacRows};
use crate::pgstac::homes::{Cut, Homes};
use crate::pgstac::load::batch::{TURN, is_of_constraint};
use crate::pgstac::load::target::Target;
use crate::pgstac::store::PgStac;
use crate::search::locked::{self, AMONG};
use crate::search::searched::{item_text, parsed};
use crate::search::shape::RowShape;

impl PgStac {
    /// The Item of a name as it is now, and stays until the transaction ends.
    async fn locked_item(&self, client: &Client, key: (&str, &str)) -> Result<Option<Stored>, Fault> {
        let shape = &*self.searched.shape;
        let query = format!(
            "SELECT {} FROM pgstac.items WHERE collection = $1 AND id = $2 FOR UPDATE",
            shape.selected()
        );
        let params: [(&(dyn ToSql + Sync), Type); 2] = [(&key.0, Type::TEXT), (&key.1, Type::TEXT)];
        let rows = client.query_typed(&query, &params).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if let Some(question) = shape.missing(row)? {
            let params: Vec<_> = question.params.iter().map(crate::sql::param::Param::typed).collect();
            shape.learn(&client.query_typed(&question.sql, &params).await?)?;
        }
        Ok(Some(Stored::new(item_text(shape, row)?)))
    }

    async fn locked_collection(&self, client: &Client, id: &str) -> Result<Option<Stored>, Fault> {
        let query = format!("SELECT {} FROM pgstac.collections WHERE id = $1 FOR UPDATE", selected());
        let rows = client.query_typed(&query, &[(&id, Type::TEXT)]).await?;
        Ok(rows.first().map(|row| stored_collection(&text_of(row)?)).transpose()?)
    }

    /// What begins a change.
    fn begin(&self) -> String {
        format!("{BEGIN}; SET LOCAL search_path TO pgstac, {}, public", self.searched.table.postgis)
    }

    /// A load of one row.
    fn target(&self, mode: Mode, homes: &Arc<Homes>) -> Target {
        let place = (self.version.clone(), self.searched.table.postgis.clone());
        Target::new(mode, self.writer.address().shown(), place, Arc::clone(homes))
    }
}

impl Editor for PgStac {
    fn put_item(&self, key: &ItemKey, item: &Document, when: When, home: Home) -> Result<Put, Error> {
        let collection = key.collection.clone().unwrap_or_default();
        let name = key.to_string();
        let change = async |client: &Client| {
            // Held until the end: nobody takes the Collection out, or changes what its Items have in common.
            let lock = "SELECT FROM pgstac.collections WHERE id = $1 FOR SHARE";
            client.query_typed(lock, &[(&collection, Type::TEXT)]).await?;
            let homes = Arc::new(Homes::default());
            homes.read(client, &self.version, Some(&collection)).await?;
            if homes.get(&collection).is_some_and(|home| home.cut != Cut::Whole) {
                client.query_typed(TURN, &[(&collection, Type::TEXT)]).await?;
            }
            if home == Home::Known && !collection.is_empty() && homes.get(&collection).is_none() {
                return Err(Error::no_collection(&collection).into());
            }
            let mut rows = PgStacRows::default();
            PgStacEncoder { homes: Arc::clone(&homes) }.item(item.root(), None, &mut rows)?;
            if let Some(Refused { why: Why::Wrong(problem), .. }) = rows.refused.pop() {
                let (kind, id) = (Some(ObjectKind::Item), Some(key.id.clone()));
                return Err(Error::invalid(Findings { kind, id, problems: vec![problem], more: 0 }).into());
            }
            // Before any row is looked at: pgstac takes the whole partition where its constraint has to grow.
            let of_upsert = self.target(Mode::Upsert, &homes);
            let partition = of_upsert.ready(client, &rows).await.map_err(others)?;
            let there = self.locked_item(client, (&collection, &key.id)).await?;
            when.meets(there.as_ref(), &name)?;
            // Where nothing is there, others may be about to put it too: one of them finds it taken.
            let target = if there.is_some() { of_upsert } else { self.target(Mode::Insert, &homes) };
            if !target.put(client, &rows, &partition).await.map_err(others)?.is_empty() {
                return Err(Fault::Raced);
            }
            let put = self.locked_item(client, (&collection, &key.id)).await?.ok_or(Fault::Raced)?;
            Ok(Put { is_new: there.is_none(), etag: put.etag })
        };
        self.writer.wait(self.writer.change(
            &self.begin(),
            change,
            async |_: &Client, _: &tokio_postgres::Error| None,
        ))
    }

    fn delete_item(&self, key: &ItemKey, when: When) -> Result<(), Error> {
        let Some((collection, id)) = name_of(key) else { return Err(Error::not_there(key)) };
        let change = async |client: &Client| {
            let there = self.locked_item(client, (collection, id)).await?;
            when.meets(there.as_ref(), key)?;
            if there.is_none() {
                return Err(Error::not_there(key).into());
            }
            let delete = "DELETE FROM pgstac.items WHERE collection = $1 AND id = $2";
            let params: [(&(dyn ToSql + Sync), Type); 2] = [(&collection, Type::TEXT), (&id, Type::TEXT)];
            if client.execute_typed(delete, &params).await? == 0 {
                return Err(Fault::Raced);
            }
            Ok(())
        };
        self.writer.wait(self.writer.change(
            &self.begin(),
            change,
            async |_: &Client, _: &tokio_postgres::Error| None,
        ))
    }

    fn delete_items(&self, items: &[(ItemKey, When)]) -> Result<u64, Error> {
        let change = async |client: &Client| {
            let table = ("pgstac.items", &*self.searched.shape as &dyn RowShape);
            let keys = locked::lock(client, table, items, name_of).await?;
            if keys.is_empty() {
                return Ok(0);
            }
            let delete = format!("DELETE FROM pgstac.items WHERE {AMONG}");
            Ok(client.execute_typed(&delete, &keys.params()).await?)
        };
        self.writer.wait(self.writer.change(
            &self.begin(),
            change,
            async |_: &Client, _: &tokio_postgres::Error| None,
        ))
    }

    fn put_collection(&self, id: &str, collection: &Document, when: When) -> Result<Put, Error> {
        let content = stored_collection(collection.text())?;
        let text = String::from_utf8_lossy(&content.text);
        let name = format!("the Collection {id:?}");
        let change = async |client: &Client| {
            let there = self.locked_collection(client, id).await?;
            when.meets(there.as_ref(), &name)?;
            collections::refuse_other_base(client, &self.version, id, &text).await?;
            let put = collections::put_one(client, &text).await?;
            Ok(Put { is_new: there.is_none(), etag: stored_collection(&put)?.etag })
        };
        self.writer.wait(self.writer.change(
            &self.begin(),
            change,
            async |_: &Client, _: &tokio_postgres::Error| None,
        ))
    }

    fn delete_collection(&self, id: &str, when: When) -> Result<(), Error> {
        let name = format!("the Collection {id:?}");
        if id.contains('\0') {
            return Err(Error::not_there(&name));
        }
        let change = async |client: &Client| {
            let there = self.locked_collection(client, id).await?;
            when.meets(there.as_ref(), &name)?;
            match collections::delete(client, id).await? {
                Deletion::Done => Ok(()),
                Deletion::NotThere => Err(Error::not_there(&name).into()),
                Deletion::HasItems(items) => {
                    let why = format!("{items} Items belong to {name}");
                    Err(Error::new(ErrorKind::Conflict, &why).remedy("delete these Items first").into())
                }
            }
        };
        self.writer.wait(self.writer.change(
            &self.begin(),
            change,
            async |_: &Client, _: &tokio_postgres::Error| None,
        ))
    }
}

/// The collection and the id of an Item that pgstac can have.
fn name_of(key: &ItemKey) -> Option<(&str, &str)> {
    let collection = key.collection.as_deref()?;
    [collection, &key.id].iter().all(|name| !name.contains('\0')).then_some((collection, &*key.id))
}

/// What fails since others have changed the partition meanwhile goes well the next time.
fn others(cause: tokio_postgres::Error) -> Fault {
    if is_of_constraint(&cause) { Fault::Raced } else { Fault::Failed(cause) }
}

fn stored_collection(content: &str) -> Result<Stored, Error> {
    Ok(Stored::new(parsed(content)?.to_string().into_bytes()))
}
