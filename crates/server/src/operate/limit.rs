//! How often a client may ask. Who asks more often is told to wait, before anything is done for it.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Origin;
use crate::problem::Problem;
use crate::state::App;

/// After so many requests those clients are forgotten that have not asked for a while.
const TIDY: u32 = 1 << 14;

/// How often each client may ask.
pub(crate) struct Limit {
    clients: Option<DefaultKeyedRateLimiter<IpAddr>>,
    seen: AtomicU32,
}

impl Limit {
    /// So often in a second, and twice as often at once; `None`: as often as it likes.
    pub(crate) fn new(per_second: Option<NonZeroU32>) -> Self {
        let quota = |rate: NonZeroU32| Quota::per_second(rate).allow_burst(rate.saturating_mul(TWICE));
        Self { clients: per_second.map(|rate| RateLimiter::keyed(quota(rate))), seen: AtomicU32::new(0) }
    }

    /// `Err`: the client has to wait for so many seconds.
    fn check(&self, client: IpAddr) -> Result<(), u32> {
        let Some(clients) = &self.clients else { return Ok(()) };
        if self.seen.fetch_add(1, Ordering::Relaxed) % TIDY == TIDY - 1 {
            clients.retain_recent();
        }
        clients.check_key(&network(client)).map_err(|late| {
            let wait = late.wait_time_from(DefaultClock::default().now());
            u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
        })
    }
}

const TWICE: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// What counts as one client: whoever has one address of version 6 has 2^64 of them.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Refuses those who ask too often.
pub(crate) async fn limited(State(app): State<App>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Origin>().and_then(|origin| origin.client);
    match client.map_or(Ok(()), |client| app.limit.check(client)) {
        Ok(()) => next.run(request).await,
        Err(seconds) => {
            let detail = "more requests than this server answers for one client";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).again_after(seconds).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_its_own_limit() {
        let limit = Limit::new(NonZeroU32::new(2));
        let [one, same, other] =
            ["2001:db8::1", "2001:db8::2", "203.0.113.9"].map(|text| text.parse().unwrap());
        let granted = (0..10).filter(|_| limit.check(one).is_ok()).count();
        assert!((4..=5).contains(&granted), "{granted}");
        assert_eq!(limit.check(same), Err(1));
        assert_eq!(limit.check(other), Ok(()));
        assert!((0..1000).all(|_| Limit::new(None).check(one).is_ok()));
    }
}
