//! pgstac as a store: opened once, asked many times.

use std::sync::Arc;

use stacyard_search::{Aggregation, Aggregator, Search, Stop};
use stacyard_store::{
    Backend, Collections, Count, Editor, Error, Find, ItemKey, Pool, Report, Sorted, Source, Store,
};

use crate::connect::address::Address;
use crate::connect::pool::{CONNECTIONS, Database, pools};
use crate::pgstac::bases::Bases;
use crate::pgstac::collections::{selected, text_of};
use crate::pgstac::queryables;
use crate::pgstac::shape::PgStacRow;
use crate::pgstac::version::{self, Version};
use crate::search::searched::{Searched, parsed};
use crate::sql::ident::Ident;
use crate::sql::param::{Param, Question};
use crate::sql::table::{Columns, Extent, Instants, Promoted, Stamp, Table};

/// Items in a database of pgstac. Clones share the connections.
#[derive(Clone)]
pub struct PgStac {
    pub(super) searched: Searched,
    /// The server that is written to.
    pub(super) writer: Database,
    pub(super) version: Version,
}

impl PgStac {
    /// Connects, and checks that the tables are there and of a version that is understood. A few are asked for at once; others wait.
    pub fn open(address: &Address) -> Result<Self, Error> {
        Self::with_connections(address, CONNECTIONS)
    }

    /// The same with so many connections at once, at most.
    pub fn with_connections(address: &Address, connections: usize) -> Result<Self, Error> {
        let (database, writer) = Database::both(address, connections)?;
        let ((version, postgis), declared) = database.wait(async {
            let client = database.link.client().await?;
            let (version, postgis) = version::found(&client, address).await?;
            Ok::<_, Error>(((version, postgis), queryables::declared(&client, address).await?))
        })?;
        let shape = PgStacRow::new(&postgis, &version, Arc::new(Bases::default()));
        let searched = Searched::new(database, table(postgis), Arc::new(shape), None);
        let searched = searched.declaring(declared);
        Ok(Self { searched, writer, version })
    }

    /// The version of pgstac that is there.
    pub fn version(&self) -> &str {
        &self.version.name
    }

    /// How the database answers a search, as it says itself (EXPLAIN).
    pub fn explain(&self, search: &Search) -> Result<Vec<String>, Error> {
        self.searched.explain(&Store::from(self.clone()), search)
    }
}

/// What a search knows of pgstac's `items`.
fn table(postgis: Ident) -> Table {
    Table {
        name: "pgstac.items".to_owned(),
        postgis,
        instants: Instants::Rounded,
        columns: Columns {
            id: "id",
            collection: "collection",
            by_code_point: " COLLATE \"C\"",
            geometry: "geometry",
            properties: "(content -> 'properties')",
            bbox: "(content -> 'bbox')",
            // What its collection has in common may say it.
            bbox_is_whole: false,
            extent: Extent::Stamps {
                start: Stamp { column: "datetime", text: START },
                end: Stamp { column: "end_datetime", text: END },
            },
            instants: &["datetime"],
            // It is the start of the range where an Item has one.
            instants_unless: Some("end_datetime <> datetime"),
        },
        promoted: Promoted::default(),
        collections: "SELECT id FROM pgstac.collections AS known WHERE EXISTS (SELECT FROM pgstac.items WHERE collection = known.id)"
            .to_owned(),
    }
}

/// The texts that the columns were read from, as `pgstac.stac_daterange` chooses them. OFFSET 0: `content` lies far from the row, and is
/// looked at once.
const START: &str = "(SELECT CASE WHEN of ->> 'start_datetime' IS NOT NULL AND of ->> 'end_datetime' IS NOT NULL \
    THEN of ->> 'start_datetime' ELSE of ->> 'datetime' END FROM (SELECT content -> 'properties' AS of OFFSET 0) AS properties)";
const END: &str = "(SELECT CASE WHEN of ->> 'start_datetime' IS NOT NULL AND of ->> 'end_datetime' IS NOT NULL \
    THEN of ->> 'end_datetime' ELSE of ->> 'datetime' END FROM (SELECT content -> 'properties' AS of OFFSET 0) AS properties)";

impl Backend for PgStac {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        Ok(self.searched.items_in_parts())
    }

    fn collections(&self) -> Result<Collections, Error> {
        let question = Question::plain(format!("SELECT {} FROM pgstac.collections", selected()));
        let mut found = Collections::new();
        for row in self.searched.database.wait(self.searched.rows(&question, &Stop::default()))? {
            found.insert(row.get(0), parsed(&text_of(&row)?)?);
        }
        Ok(found)
    }

    fn collection(&self, id: &str) -> Result<Option<serde_json::Value>, Error> {
        if id.contains('\0') {
            return Ok(None);
        }
        let question = Question {
            sql: format!("SELECT {} FROM pgstac.collections WHERE id = $1", selected()),
            params: vec![Param::Text(id.to_owned())],
        };
        let rows = self.searched.database.wait(self.searched.rows(&question, &Stop::default()))?;
        rows.first().map(|row| parsed(&text_of(row)?)).transpose()
    }

    fn ready(&self) -> Result<(), Error> {
        self.searched.ready()
    }

    fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        let Some(collection) = key.collection.as_ref().filter(|name| !name.contains('\0')) else {
            return Ok(None);
        };
        if key.id.contains('\0') {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {} FROM pgstac.items WHERE collection = $1 AND id = $2",
            self.searched.shape.selected()
        );
        let params = vec![Param::Text(collection.clone()), Param::Text(key.id.clone())];
        self.searched.one(&Question { sql, params }, stop)
    }

    fn pools(&self) -> Vec<Pool> {
        pools(&self.searched.database, &self.writer)
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
