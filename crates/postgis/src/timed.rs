//! Questions that have to be answered by then: the server is told how long a statement may take, and where even that does not
//! end it, the connection is given up.

use std::time::Duration;

use deadpool_postgres::Object;
use stacyard_search::Deadline;
use stacyard_store::Error;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;

use crate::fault;

/// How much longer is waited here than the server has been told, so that it can say itself that the time is over.
const GRACE: Duration = Duration::from_millis(500);

/// Why a question has no answer.
pub(crate) enum Unanswered {
    Failed(tokio_postgres::Error),
    Late,
}

impl Unanswered {
    /// Whether the connection is gone, for no fault of the question.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::Failed(cause) if fault::is_lost(cause))
    }

    /// The error. A connection with a time limit is in a transaction that has failed: nobody else gets it.
    pub(crate) fn of(self, deadline: Option<Deadline>, client: Object, doing: &str) -> Error {
        if deadline.is_some() {
            drop(Object::take(client));
        }
        let late = deadline.and_then(|deadline| deadline.check().err());
        match (self, late) {
            (Self::Failed(cause), Some(late)) if cause.code() == Some(&SqlState::QUERY_CANCELED) => {
                late.into()
            }
            (Self::Late, Some(late)) => late.into(),
            (Self::Failed(cause), _) => fault::failed(doing, cause),
            (Self::Late, None) => fault::too_late(doing),
        }
    }
}

/// Waits for an answer no longer than it may take.
pub(crate) async fn within<T>(
    deadline: Option<Deadline>,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Unanswered> {
    let answer = match deadline {
        None => answer.await,
        Some(deadline) => {
            timeout(deadline.left().saturating_add(GRACE), answer).await.map_err(|_| Unanswered::Late)?
        }
    };
    answer.map_err(Unanswered::Failed)
}

/// Tells the server how long the statement that follows may take. In a transaction: behind a pooler the next session must
/// not have the limit.
pub(crate) async fn begin(client: &Object, deadline: Option<Deadline>) -> Result<(), tokio_postgres::Error> {
    let Some(deadline) = deadline else { return Ok(()) };
    // Zero would be no limit, and the server counts in i32.
    let left = deadline.left().as_millis().clamp(1, 2_000_000_000);
    client.batch_execute(&format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {left}")).await
}

/// Ends the transaction.
pub(crate) async fn end(client: &Object, deadline: Option<Deadline>) -> Result<(), tokio_postgres::Error> {
    if deadline.is_some() { client.batch_execute("COMMIT").await } else { Ok(()) }
}
