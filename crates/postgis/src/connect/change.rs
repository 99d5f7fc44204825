//! A change as one transaction, made anew where other sessions were in the way.

use stacyard_store::{Error, ErrorKind};
use tokio_postgres::Client;

use crate::connect::fault::{self, Attempts};
use crate::connect::pool::Database;

/// What keeps a change from being made.
pub(crate) enum Fault {
    /// Its condition does not hold, or it makes no sense.
    Refused(Error),
    /// The database says no.
    Failed(tokio_postgres::Error),
    /// Another session has made a row of the same name between two steps.
    Raced,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(cause: tokio_postgres::Error) -> Self {
        Self::Failed(cause)
    }
}

/// What begins the transaction of a change. A row that another session holds for long is not waited for: whoever asks for the change
/// has to know.
pub(crate) const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = '5s'";

impl Database {
    /// Makes a change as one transaction, and anew where other sessions were in the way. What the database does not take `explain` may
    /// say better.
    pub(crate) async fn change<T>(
        &self,
        begin: &str,
        change: impl AsyncFn(&Client) -> Result<T, Fault>,
        explain: impl AsyncFn(&Client, &tokio_postgres::Error) -> Option<Error>,
    ) -> Result<T, Error> {
        let link = &self.link;
        let failed = |cause| fault::failed(&format!("change {}", link.address.shown()), cause);
        let (mut attempts, mut is_first) = (Attempts::default(), true);
        loop {
            let client = link.client().await?;
            let done = match client.batch_execute(begin).await {
                // A connection that has died in the pool.
                Err(cause) if std::mem::take(&mut is_first) && fault::is_lost(&cause) => {
                    link.give_up(client);
                    continue;
                }
                Err(cause) => Err(Fault::Failed(cause)),
                Ok(()) => change(&client).await,
            };
            let fault = match done {
                Ok(done) => match client.batch_execute("COMMIT").await {
                    Ok(()) => return Ok(done),
                    Err(cause) if fault::is_lost(&cause) => {
                        return Err(failed(cause).unsure().remedy(
                            "it is not known whether the change was made, since the connection was lost while it was \
                             committed: read what is there now",
                        ));
                    }
                    Err(cause) => Fault::Failed(cause),
                },
                Err(fault) => fault,
            };
            // Where this fails too the connection is lost, and the pool will notice.
            let _ = client.batch_execute("ROLLBACK").await;
            match fault {
                Fault::Refused(error) => return Err(error),
                Fault::Failed(cause) if fault::is_conflict(&cause) && attempts.wait().await => {}
                Fault::Failed(cause) => {
                    return Err(explain(&client, &cause).await.unwrap_or_else(|| failed(cause)));
                }
                Fault::Raced if attempts.wait().await => {}
                Fault::Raced => {
                    return Err(Error::new(ErrorKind::Conflict, "the table does not take the change")
                        .remedy(
                            "others change the same row at the same time, or a trigger of the table refuses it: look at both, and try again",
                        ));
                }
            }
        }
    }
}
