//! Questions to the database. Their statements have no name: none stays behind on a connection that a transaction pooler
//! gives to another session next.

use std::pin::pin;

use deadpool_postgres::Object;
use futures_util::TryStreamExt;
use stacyard_search::Stop;
use stacyard_store::Error;
use tokio_postgres::Row;

use crate::connect::pool::Link;
use crate::connect::timed::{begin, end, within};
use crate::sql::param::{Param, Question};

impl Link {
    /// All rows of a query; `doing` completes "cannot ... the database". A connection that has died in the pool, as all do
    /// when the server restarts, is no failure yet: the query is asked again on a new one.
    pub(crate) async fn rows(
        &self,
        doing: &str,
        question: &Question,
        stop: &Stop,
    ) -> Result<Vec<Row>, Error> {
        let params: Vec<_> = question.params.iter().map(Param::typed).collect();
        let mut is_first = true;
        loop {
            let client = self.client_until(stop).await?;
            let asked = async {
                begin(&client, stop).await?;
                let rows = client.query_typed(&question.sql, &params).await?;
                end(&client, stop).await?;
                Ok(rows)
            };
            match within(stop, asked).await {
                Err(cause) if is_first && cause.is_lost() => self.give_up(client),
                Err(cause) => {
                    return Err(cause.of(stop, client, &format!("{doing} {}", self.address.shown())));
                }
                Ok(rows) => return Ok(rows),
            }
            is_first = false;
        }
    }

    /// Hands on the rows of a query one by one; gives their number.
    pub(crate) async fn each_row(
        &self,
        doing: &str,
        question: &Question,
        stop: &Stop,
        mut take: impl AsyncFnMut(&Row) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let mut number = 0;
        let mut is_first = true;
        loop {
            let client = self.client_until(stop).await?;
            let begun = async {
                begin(&client, stop).await?;
                client.query_typed_raw(&question.sql, question.params.iter().map(Param::typed)).await
            };
            let next = match within(stop, begun).await {
                Ok(rows) => {
                    let mut rows = pin!(rows);
                    loop {
                        match within(stop, rows.try_next()).await {
                            Ok(Some(row)) => {
                                if let Err(error) = take(&row).await {
                                    // What is left of the answer is on its way.
                                    drop(Object::take(client));
                                    return Err(error);
                                }
                            }
                            Ok(None) => match within(stop, end(&client, stop)).await {
                                Ok(()) => return Ok(number),
                                Err(cause) => break cause,
                            },
                            Err(cause) => break cause,
                        }
                        number += 1;
                    }
                }
                Err(cause) => cause,
            };
            if !is_first || number > 0 || !next.is_lost() {
                return Err(next.of(stop, client, &format!("{doing} {}", self.address.shown())));
            }
            self.give_up(client);
            is_first = false;
        }
    }
}
