//! The store: opened once, asked many times.

use std::sync::Arc;

use stacyard_search::Search;
use stacyard_store::{Error, ItemKey, Store};

use crate::connect::address::Address;
use crate::connect::pool::{CONNECTIONS, Database};
use crate::own::columns;
use crate::own::schema::{found, profile};
use crate::own::shape::OwnRow;
use crate::search::searched::Searched;
use crate::sql::ident::Ident;

/// Items in a PostGIS database, in the tables of [`init`](crate::init). Clones share the connections.
#[derive(Clone)]
pub struct PostGis {
    pub(super) searched: Searched,
    /// The server that is written to.
    pub(crate) writer: Database,
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
        let table = columns::table(address.schema(), postgis, promoted);
        Ok(Self { searched: Searched::new(database, table, Arc::new(OwnRow), profile.map(Arc::new)), writer })
    }

    pub(crate) fn schema(&self) -> &Ident {
        self.searched.database.address().schema()
    }

    /// The schema of PostGIS.
    pub(crate) const fn postgis(&self) -> &Ident {
        &self.searched.table.postgis
    }

    /// How the database answers a search, as it says itself (EXPLAIN).
    pub fn explain(&self, search: &Search) -> Result<Vec<String>, Error> {
        self.searched.explain(&Store::from(self.clone()), search)
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
