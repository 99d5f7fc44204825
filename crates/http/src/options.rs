//! How servers are asked: what a program or a command line can choose.

use std::fmt;
use std::time::Duration;

/// How a server is asked.
#[derive(Clone)]
pub struct HttpOptions {
    /// Headers of each request, such as `Authorization`: their names and values. They go to the origin of the first URL alone, and are not shown.
    pub headers: Vec<(String, String)>,
    /// How long an answer may take, from the request to its last byte.
    pub timeout: Duration,
    /// How often a request is made at most: one that is not answered, or answered with 429 or 5xx, is made again after a while.
    pub attempts: u32,
    /// Whether links that lead to another host or port, or away from TLS, are followed. Headers do not go there.
    pub follow_foreign: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { headers: Vec::new(), timeout: Duration::from_mins(2), attempts: 6, follow_foreign: false }
    }
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { headers, timeout, attempts, follow_foreign } = self;
        let names: Vec<_> = headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("HttpOptions")
            .field("headers", &names)
            .field("timeout", timeout)
            .field("attempts", attempts)
            .field("follow_foreign", follow_foreign)
            .finish()
    }
}
