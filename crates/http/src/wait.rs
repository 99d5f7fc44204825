//! Waiting for as long as somebody wants what is waited for.

use std::pin::pin;
use std::time::Duration;

use stacyard_search::{Stop, Stopped};
use tokio::time::timeout;

/// How often it is asked whether anybody does.
const LOOK: Duration = Duration::from_millis(50);

/// Waits until it is there, or nobody wants it any more.
pub async fn wanted<T>(stop: &Stop, answer: impl Future<Output = T>) -> Result<T, Stopped> {
    if stop.is_never() {
        return Ok(answer.await);
    }
    let mut answer = pin!(answer);
    loop {
        if let Ok(answer) = timeout(LOOK, &mut answer).await {
            return Ok(answer);
        }
        stop.check()?;
    }
}
