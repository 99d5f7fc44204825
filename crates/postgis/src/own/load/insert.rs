//! The rows of a batch into the table: by COPY straight into it, or by way of a temporary table and one statement from there.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use stacyard_model::json::Document;
use stacyard_store::{Counts, Mode, Refused, Why};
use tokio_postgres::{Client, Error, Row};

use crate::connect::counts::counts;
use crate::copy::stream::{self, Columns};
use crate::own::columns::{self, BY_COPY, BY_SQL, at};
use crate::own::decode::write_item_at;
use crate::own::encode::Set;
use crate::own::load::replacement;
use crate::own::load::target::{STAGING, Target};
use crate::own::session::notify;

impl Target {
    /// Copies rows into the table; where some of them may be there, by way of the temporary one. Those that are there
    /// already are refused.
    pub(super) async fn insert(
        &self,
        client: &Client,
        set: Set<'_>,
        updated: &mut Counts,
    ) -> Result<Vec<Refused>, Error> {
        let schema = &self.schema;
        if !self.has_met_old.load(Ordering::Relaxed) {
            copy(client, &format!("{schema}.items"), set).await?;
            self.tell(client, set.numbers.len()).await?;
            return Ok(Vec::new());
        }
        if self.mode != Mode::Replace {
            client.batch_execute(&self.staging()).await?;
        }
        copy(client, STAGING, set).await?;
        let is_upsert = matches!(self.mode, Mode::Upsert | Mode::Replace);
        if self.mode == Mode::Upsert {
            // As a value for each row, as in `same`.
            let there = format!(
                "WITH there AS (SELECT collection FROM {STAGING} AS new WHERE (SELECT true FROM {schema}.items AS old \
                 WHERE old.collection = new.collection AND old.id = new.id))"
            );
            *updated = counts(client, &there, "there").await?;
        }
        let conflict = if is_upsert {
            // A row that SQL has written is written anew too: the Item has been validated now.
            format!(
                "UPDATE SET {} WHERE {} OR (old.{BY_SQL} AND excluded.written_by = '{BY_COPY}')",
                columns::set_excluded(),
                columns::differs("excluded")
            )
        } else {
            "NOTHING".to_owned()
        };
        let columns = columns::all();
        let insert = format!(
            "INSERT INTO {schema}.items AS old ({columns}) SELECT {columns} FROM {STAGING} ORDER BY collection, id \
             ON CONFLICT (collection, id) DO {conflict} RETURNING collection, id"
        );
        let taken = client.query_typed(&insert, &[]).await?;
        if self.mode == Mode::Replace {
            replacement::note(client).await?;
        }
        self.tell(client, taken.len()).await?;
        if is_upsert || taken.len() == set.numbers.len() {
            return Ok(Vec::new());
        }
        let same = if self.mode == Mode::Resume { self.same(client).await? } else { HashSet::new() };
        let taken = keys(&taken);
        let missing = set.numbers.iter().filter_map(|&item| {
            let key = &set.rows.keys[item];
            let why = if same.contains(key) { Why::Present } else { Why::Taken };
            (!taken.contains(&(key.0.as_str(), key.1.as_str()))).then_some(Refused { item, why })
        });
        Ok(missing.collect())
    }

    /// The keys of the batch's rows of which the table has the same Item, however it is spelled.
    async fn same(&self, client: &Client) -> Result<HashSet<(String, String)>, Error> {
        // As a value for each row, it is looked up by the index; a join would be planned without knowing the temporary table.
        let query = format!(
            "SELECT collection, id FROM {STAGING} AS new WHERE NOT (SELECT {} FROM {}.items AS old \
             WHERE old.collection = new.collection AND old.id = new.id)",
            columns::differs("new"),
            self.schema
        );
        let rows = client.query_typed(&query, &[]).await?;
        let mut same: HashSet<_> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        // Others may be spelled otherwise, such as with escapes in the texts of links. OFFSET 0: as above.
        let query = format!(
            "SELECT {}, {} FROM {STAGING} AS new, LATERAL (SELECT {} FROM {}.items AS old \
             WHERE old.collection = new.collection AND old.id = new.id OFFSET 0) AS old WHERE {}",
            columns::selected_of("new"),
            columns::selected_of("old"),
            columns::selected(),
            self.schema,
            columns::differs("new")
        );
        for row in client.query_typed(&query, &[]).await? {
            let item = |first| {
                let mut text = Vec::new();
                write_item_at(&row, first, &mut text).map(|()| Document::parse_bytes(&text))
            };
            if let (Ok(new), Ok(old)) = (item(0)?, item(at::NEXT)?)
                && new.root() == old.root()
            {
                same.insert((row.get(at::COLLECTION), row.get(at::ID)));
            }
        }
        Ok(same)
    }

    /// Notifies of rows that have come or changed; of a replacement at its end.
    async fn tell(&self, client: &Client, rows: usize) -> Result<(), Error> {
        if self.mode == Mode::Replace {
            self.replaced.fetch_add(rows, Ordering::Relaxed);
            return Ok(());
        }
        notify(client, &self.schema, rows).await
    }
}

/// The keys of rows that begin with them.
fn keys(rows: &[Row]) -> HashSet<(&str, &str)> {
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Copies rows into a table in the order of their keys: loaders that wait for each other's rows never do so in a circle.
async fn copy(client: &Client, table: &str, set: Set<'_>) -> Result<(), Error> {
    let Set { rows, numbers } = set;
    let mut order = numbers.to_vec();
    order.sort_unstable_by_key(|&row| &rows.keys[row]);
    stream::send(client, Columns { table, names: columns::all() }, order.iter().map(|&row| rows.row(row)))
        .await
}
