//! Questions to the database. Their statements have no name: none stays behind on a connection that a transaction pooler
//! gives to another session next.

use std::pin::pin;

use deadpool_postgres::Object;
use futures_util::TryStreamExt;
use stacyard_store::Error;
use tokio_postgres::Row;

use crate::connect::Link;
use crate::fault;
use crate::filter::Param;

impl Link {
    /// All rows of a query; `doing` completes "cannot ... the database". A connection that has died in the pool, as all do
    /// when the server restarts, is no failure yet: the query is asked again on a new one.
    pub(crate) async fn rows(&self, doing: &str, query: &str, params: &[Param]) -> Result<Vec<Row>, Error> {
        let params: Vec<_> = params.iter().map(Param::typed).collect();
        let mut is_first = true;
        loop {
            let client = self.client().await?;
            match client.query_typed(query, &params).await {
                Err(cause) if is_first && fault::is_lost(&cause) => self.give_up(client),
                answer => {
                    return answer
                        .map_err(|cause| fault::failed(&format!("{doing} {}", self.address.shown()), cause));
                }
            }
            is_first = false;
        }
    }

    /// Hands on the rows of a query one by one; gives their number.
    pub(crate) async fn each_row(
        &self,
        doing: &str,
        query: &str,
        params: &[Param],
        mut take: impl FnMut(&Row) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let failed = |cause| fault::failed(&format!("{doing} {}", self.address.shown()), cause);
        let mut number = 0;
        let mut is_first = true;
        loop {
            let client = self.client().await?;
            let rows = client.query_typed_raw(query, params.iter().map(Param::typed)).await;
            let next = match rows {
                Ok(rows) => {
                    let mut rows = pin!(rows);
                    loop {
                        match rows.try_next().await {
                            Ok(Some(row)) => take(&row)?,
                            Ok(None) => return Ok(number),
                            Err(cause) => break cause,
                        }
                        number += 1;
                    }
                }
                Err(cause) => cause,
            };
            if !is_first || number > 0 || !fault::is_lost(&next) {
                return Err(failed(next));
            }
            self.give_up(client);
            is_first = false;
        }
    }

    /// Leaves a dead connection to itself, and those that wait in the pool: they are likely no better.
    pub(crate) fn give_up(&self, client: Object) {
        drop(Object::take(client));
        self.pool.retain(|_, _| false);
    }
}
