//! The store: opened once, asked many times.

use std::sync::Arc;

use stacyard_model::Profile;
use stacyard_search::Stop;
use stacyard_store::{Error, ItemKey};
use tokio_postgres::Row;

use crate::connect::address::Address;
use crate::connect::fault;
use crate::connect::pool::{CONNECTIONS, Database};
use crate::own::columns;
use crate::own::schema::{found, profile};
use crate::own::search::met::Met;
use crate::sql::ident::Ident;
use crate::sql::param::Question;
use crate::sql::table::Table;

/// Items in a PostGIS database, in the tables of [`init`](crate::init). Clones share the connections.
#[derive(Clone)]
pub struct PostGis {
    pub(crate) database: Database,
    /// The server that is written to.
    pub(crate) writer: Database,
    table: Table,
    pub(super) profile: Option<Arc<Profile>>,
    /// Names that its Items were seen to have.
    pub(super) met: Arc<Met>,
}

impl PostGis {
    /// Connects, and checks that the tables are there and of this version. A few are asked for at once; others wait.
    pub fn open(address: &Address) -> Result<Self, Error> {
        Self::with_connections(address, CONNECTIONS)
    }

    /// The same with so many connections at once, at most.
    pub fn with_connections(address: &Address, connections: usize) -> Result<Self, Error> {
        let (database, writer) = Database::both(address, connections)?;
        let (postgis, profile) = database.wait(async {
            let client = database.link.client().await?;
            let postgis = found::check(&client, address).await?;
            Ok::<_, Error>((postgis, profile::read(&client, address.schema()).await?))
        })?;
        let promoted = profile.as_ref().map(profile::promoted).transpose()?.unwrap_or_default();
        Ok(Self {
            database,
            writer,
            table: columns::table(address.schema(), postgis, promoted),
            profile: profile.map(Arc::new),
            met: Arc::default(),
        })
    }

    pub(crate) fn schema(&self) -> &Ident {
        self.database.address().schema()
    }

    /// What a search knows of the table.
    pub(crate) const fn table(&self) -> &Table {
        &self.table
    }

    /// The schema of PostGIS.
    pub(crate) const fn postgis(&self) -> &Ident {
        &self.table.postgis
    }

    /// All rows of a query.
    pub(super) async fn rows(&self, question: &Question, stop: &Stop) -> Result<Vec<Row>, Error> {
        self.database.link.rows("search", question, stop).await
    }

    /// The error of a search that the database did not answer.
    pub(super) fn failed(&self, cause: tokio_postgres::Error) -> Error {
        fault::failed(&format!("search {}", self.database.address().shown()), cause)
    }
}

/// The columns that a key stands for, where a row can have it.
pub(crate) fn name_of(key: &ItemKey) -> Option<(&str, &str)> {
    let collection = match &key.collection {
        // It is what the column has where there is none.
        Some(collection) if collection.is_empty() => return None,
        Some(collection) => collection,
        None => "",
    };
    (!collection.contains('\0') && !key.id.contains('\0')).then_some((collection, key.id.as_str()))
}
