//! Single changes: each one transaction, in which the row is locked before the condition is looked at.

use std::fmt::Display;

use stacyard_model::ObjectKind;
use stacyard_model::json::Document;
use stacyard_store::{
    Editor, Encoder, Error, ErrorKind, Findings, Home, ItemKey, Problem, Put, Stored, When,
};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::connect::change::Fault;
use crate::connect::fault;
use crate::copy::field::{Field, next_field};
use crate::own::collections;
use crate::own::columns::{self, COLUMNS};
use crate::own::encode::{RowEncoder, Rows};
use crate::own::load::explain::{Explainer, refused};
use crate::own::lock::Lock;
use crate::own::schema::found;
use crate::own::session::{loading, notify};
use crate::own::shape::OwnRow;
use crate::own::store::{PostGis, name_of};
use crate::search::locked::{self, AMONG};
use crate::search::searched::{item_text, parsed};

impl PostGis {
    /// The Item of a name as it is now, and stays until the transaction ends.
    async fn locked_item(&self, client: &Client, key: (&str, &str)) -> Result<Option<Stored>, Fault> {
        let query = format!(
            "SELECT {} FROM {}.items WHERE collection = $1 AND id = $2 FOR UPDATE",
            columns::selected(),
            self.schema()
        );
        let params: [(&(dyn ToSql + Sync), Type); 2] = [(&key.0, Type::TEXT), (&key.1, Type::TEXT)];
        let row = client.query_typed(&query, &params).await?;
        Ok(row.first().map(stored).transpose()?)
    }

    /// The same of a Collection.
    async fn locked_collection(&self, client: &Client, id: &str) -> Result<Option<Stored>, Fault> {
        let query =
            format!("SELECT content::text FROM {}.collections WHERE id = $1 FOR UPDATE", self.schema());
        let row = client.query_typed(&query, &[(&id, Type::TEXT)]).await?;
        Ok(row.first().map(|row| stored_collection(row.get(0))).transpose()?)
    }

    /// Whether a collection is there: one whose Collection is kept, which stays until the transaction ends, or one that has Items.
    async fn has_collection(&self, client: &Client, id: &str) -> Result<bool, tokio_postgres::Error> {
        let schema = self.schema();
        for query in [
            format!("SELECT FROM {schema}.collections WHERE id = $1 FOR KEY SHARE"),
            format!("SELECT FROM {schema}.items WHERE collection = $1 LIMIT 1"),
        ] {
            if !client.query_typed(&query, &[(&id, Type::TEXT)]).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Editor for PostGis {
    fn put_item(&self, _: &ItemKey, item: &Document, when: When, home: Home) -> Result<Put, Error> {
        let mut rows = Rows::default();
        RowEncoder.item(item.root(), None, &mut rows)?;
        let (row, (collection, id)) = (rows.row(0), &rows.keys[0]);
        let name = named(collection, id);
        let change = async |client: &Client| {
            let needs_home = home == Home::Known && !collection.is_empty();
            if needs_home && !self.has_collection(client, collection).await? {
                return Err(Error::no_collection(collection).into());
            }
            let there = self.locked_item(client, (collection, id)).await?;
            when.meets(there.as_ref(), &name)?;
            client.batch_execute(loading(found::has_triggers(client, self.schema()).await?)).await?;
            let put = self.insert(client, row, there.is_some()).await?.ok_or(Fault::Raced)?;
            notify(client, self.schema(), 1).await?;
            Ok(Put { is_new: there.is_none(), etag: stored(&put)?.etag })
        };
        let explain = async |client: &Client, cause: &tokio_postgres::Error| {
            let db = cause.as_db_error().filter(|_| fault::is_of_rows(cause))?;
            // What is not known of the table is left out.
            let explainer = Explainer::of(client, self.schema()).await.unwrap_or_default();
            Some(invalid(ObjectKind::Item, id, explainer.problem(db, row)))
        };
        self.writer.wait(self.writer.change(&Lock::Items.begin(self.schema()), change, explain))
    }

    fn delete_item(&self, key: &ItemKey, when: When) -> Result<(), Error> {
        let Some((collection, id)) = name_of(key) else { return Err(Error::not_there(key)) };
        let change = async |client: &Client| {
            let there = self.locked_item(client, (collection, id)).await?;
            when.meets(there.as_ref(), key)?;
            if there.is_none() {
                return Err(Error::not_there(key).into());
            }
            let delete = format!("DELETE FROM {}.items WHERE collection = $1 AND id = $2", self.schema());
            let params: [(&(dyn ToSql + Sync), Type); 2] = [(&collection, Type::TEXT), (&id, Type::TEXT)];
            if client.execute_typed(&delete, &params).await? == 0 {
                return Err(Fault::Raced);
            }
            Ok(notify(client, self.schema(), 1).await?)
        };
        let explain = async |_: &Client, cause: &tokio_postgres::Error| referred_to(key, cause);
        self.writer.wait(self.writer.change(&Lock::Items.begin(self.schema()), change, explain))
    }

    fn delete_items(&self, items: &[(ItemKey, When)]) -> Result<u64, Error> {
        let table = format!("{}.items", self.schema());
        let change = async |client: &Client| {
            let keys = locked::lock(client, (&table, &OwnRow), items, name_of).await?;
            if keys.is_empty() {
                return Ok(0);
            }
            let delete = format!("DELETE FROM {table} WHERE {AMONG}");
            let gone = client.execute_typed(&delete, &keys.params()).await?;
            notify(client, self.schema(), usize::try_from(gone).unwrap_or(usize::MAX)).await?;
            Ok(gone)
        };
        let explain =
            async |_: &Client, cause: &tokio_postgres::Error| referred_to(&"one of these Items", cause);
        self.writer.wait(self.writer.change(&Lock::Items.begin(self.schema()), change, explain))
    }

    fn put_collection(&self, id: &str, collection: &Document, when: When) -> Result<Put, Error> {
        // As a load writes it. What is nested too deep to be read again must not get in.
        let content = stored_collection(collection.text()).map_err(|cause| {
            invalid(ObjectKind::Collection, id, Problem::new("database", cause.to_string()))
        })?;
        let text = String::from_utf8_lossy(&content.text);
        let name = format!("the Collection {id:?}");
        let change = async |client: &Client| {
            let there = self.locked_collection(client, id).await?;
            when.meets(there.as_ref(), &name)?;
            let conflict = if there.is_some() { "UPDATE SET content = excluded.content" } else { "NOTHING" };
            let put = format!(
                "INSERT INTO {}.collections (id, content) VALUES ($1, $2::text::json) \
                 ON CONFLICT (id) DO {conflict} RETURNING content::text",
                self.schema()
            );
            let params: [(&(dyn ToSql + Sync), Type); 2] = [(&id, Type::TEXT), (&text, Type::TEXT)];
            let rows = client.query_typed(&put, &params).await?;
            let row = rows.first().ok_or(Fault::Raced)?;
            Ok(Put { is_new: there.is_none(), etag: stored_collection(row.get(0))?.etag })
        };
        let explain = async |_: &Client, cause: &tokio_postgres::Error| {
            let db = cause.as_db_error().filter(|_| fault::is_of_rows(cause))?;
            Some(invalid(ObjectKind::Collection, id, refused(String::new(), db.message())))
        };
        self.writer.wait(self.writer.change(&Lock::Collections.begin(self.schema()), change, explain))
    }

    fn delete_collection(&self, id: &str, when: When) -> Result<(), Error> {
        let name = format!("the Collection {id:?}");
        if id.contains('\0') {
            return Err(Error::not_there(&name));
        }
        let change = async |client: &Client| {
            let there = self.locked_collection(client, id).await?;
            when.meets(there.as_ref(), &name)?;
            if there.is_none() {
                return Err(Error::not_there(&name).into());
            }
            let items = collections::items_of(client, self.schema(), id).await?;
            if items > 0 {
                let why = format!("{items} Items belong to {name}");
                let error = Error::new(ErrorKind::Conflict, &why).remedy("delete these Items first");
                return Err(error.into());
            }
            if collections::delete(client, self.schema(), id).await? == 0 {
                return Err(Fault::Raced);
            }
            Ok(())
        };
        let explain = async |_: &Client, cause: &tokio_postgres::Error| referred_to(&name, cause);
        self.writer.wait(self.writer.change(&Lock::Alone.begin(self.schema()), change, explain))
    }
}

impl PostGis {
    /// Puts a row in the place of the one that is there, or where none is; `None`: nothing was put. Gives what there is now.
    async fn insert(
        &self,
        client: &Client,
        row: &[u8],
        is_there: bool,
    ) -> Result<Option<Row>, tokio_postgres::Error> {
        let (schema, postgis) = (self.schema(), self.postgis());
        let values = COLUMNS.iter().enumerate().map(|(index, column)| match column.kind {
            // The type of a geometry has another number in each database.
            Type::BYTEA => format!("{postgis}.ST_GeomFromEWKB(${})", index + 1),
            _ => format!("${}", index + 1),
        });
        let conflict =
            if is_there { format!("UPDATE SET {}", columns::set_excluded()) } else { "NOTHING".to_owned() };
        let insert = format!(
            "INSERT INTO {schema}.items AS old ({}) VALUES ({}) ON CONFLICT (collection, id) DO {conflict} RETURNING {}",
            columns::all(),
            values.collect::<Vec<_>>().join(", "),
            columns::selected()
        );
        // After the number of fields.
        let mut row = row.get(2..).unwrap_or_default();
        let fields = COLUMNS.each_ref().map(|column| (Field(next_field(&mut row)), &column.kind));
        let params = fields.each_ref().map(|(field, kind)| (field as &(dyn ToSql + Sync), (*kind).clone()));
        Ok(client.query_typed(&insert, &params).await?.pop())
    }
}

/// The Item of a row, with its tag.
pub(crate) fn stored(row: &Row) -> Result<Stored, Error> {
    Ok(Stored::new(item_text(&OwnRow, row)?))
}

/// A Collection as a store gives it, with its tag.
fn stored_collection(content: &str) -> Result<Stored, Error> {
    Ok(Stored::new(parsed(content)?.to_string().into_bytes()))
}

fn named(collection: &str, id: &str) -> ItemKey {
    ItemKey { collection: Some(collection.to_owned()).filter(|name| !name.is_empty()), id: id.to_owned() }
}

/// The error of what the database refuses.
fn invalid(kind: ObjectKind, id: &str, problem: Problem) -> Error {
    Error::invalid(Findings { kind: Some(kind), id: Some(id.to_owned()), problems: vec![problem], more: 0 })
}

/// The error of what cannot go, since rows of the user refer to it.
fn referred_to(name: &dyn Display, cause: &tokio_postgres::Error) -> Option<Error> {
    let db = cause.as_db_error().filter(|db| *db.code() == SqlState::FOREIGN_KEY_VIOLATION)?;
    let said = db.detail().unwrap_or_else(|| db.message());
    let error = Error::new(ErrorKind::Conflict, &format!("rows of other tables refer to {name}"));
    Some(error.caused_by(std::io::Error::other(said.to_owned())).remedy("delete these rows first"))
}
