//! Questions with a time limit: the server is told how long a statement may take, and where even that does not end it, the
//! connection is given up.

use std::pin::pin;
use std::time::Duration;

use deadpool_postgres::Object;
use stacyard_search::{Stop, Stopped};
use stacyard_store::Error;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;

use crate::connect::fault;

/// How much longer is waited here than the server has been told, so that it can say itself that the time is over.
const GRACE: Duration = Duration::from_millis(500);

/// How often what is waited for is asked whether anybody still wants its answer.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// Why a question has no answer.
pub(crate) enum Unanswered {
    Failed(tokio_postgres::Error),
    /// The time is over, or nobody wants it any more.
    Stopped,
}

impl Unanswered {
    /// Whether the connection is gone, for no fault of the question.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::Failed(cause) if fault::is_lost(cause))
    }

    /// The error. A connection with a time limit is in a transaction that has failed, and one that was left has an answer on its way:
    /// nobody else gets it.
    pub(crate) fn of(self, stop: &Stop, client: Object, doing: &str) -> Error {
        if !stop.is_never() {
            drop(Object::take(client));
        }
        match (self, stop.check().err()) {
            (Self::Failed(cause), Some(stopped)) if cause.code() == Some(&SqlState::QUERY_CANCELED) => {
                stopped.into()
            }
            (Self::Stopped, Some(stopped)) => stopped.into(),
            (Self::Failed(cause), _) => fault::failed(doing, cause),
            (Self::Stopped, None) => fault::too_late(doing),
        }
    }
}

/// Waits for an answer no longer than it may take, and is wanted.
pub(crate) async fn within<T>(
    stop: &Stop,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Unanswered> {
    if stop.is_never() {
        return answer.await.map_err(Unanswered::Failed);
    }
    let mut answer = pin!(answer);
    let mut late = Duration::ZERO;
    loop {
        if let Ok(answer) = timeout(LOOK, &mut answer).await {
            return answer.map_err(Unanswered::Failed);
        }
        match stop.check() {
            Ok(()) => {}
            Err(Stopped::Late { .. }) if late < GRACE => late += LOOK,
            Err(_) => return Err(Unanswered::Stopped),
        }
    }
}

/// Tells the server how long the statement that follows may take. In a transaction: behind a pooler the next session must
/// not have the limit.
pub(crate) async fn begin(client: &Object, stop: &Stop) -> Result<(), tokio_postgres::Error> {
    let Some(left) = stop.left() else { return Ok(()) };
    // Zero would be no limit, and the server counts in i32.
    let left = left.as_millis().clamp(1, 2_000_000_000);
    client.batch_execute(&format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {left}")).await
}

/// Ends the transaction.
pub(crate) async fn end(client: &Object, stop: &Stop) -> Result<(), tokio_postgres::Error> {
    if stop.left().is_some() { client.batch_execute("COMMIT").await } else { Ok(()) }
}
