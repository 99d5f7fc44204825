//! How an API is asked: what a program or a command line can choose.

use std::fmt;
use std::time::Duration;

/// How an API is asked.
#[derive(Clone)]
pub struct ApiOptions {
    /// Headers of each request, such as `Authorization`: their names and values. They go to the API alone, and are not shown.
    pub headers: Vec<(String, String)>,
    /// How long an answer may take, from the request to its last byte.
    pub timeout: Duration,
    /// How often a request is made at most: one that is not answered, or answered with 429 or 5xx, is made again after a while.
    pub attempts: u32,
    /// How many Items a page is to have (`limit`); an API may give fewer.
    pub page: u32,
    /// How many pages are fetched before they are needed.
    pub ahead: usize,
    /// Whether links that lead to another host or port, or away from TLS, are followed. Headers do not go there.
    pub follow_foreign: bool,
    /// Whether a search that the API cannot answer by itself is refused. Else more is fetched, and looked at here.
    pub strict: bool,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            timeout: Duration::from_mins(2),
            attempts: 6,
            page: 500,
            ahead: 2,
            follow_foreign: false,
            strict: false,
        }
    }
}

impl fmt::Debug for ApiOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { headers, timeout, attempts, page, ahead, follow_foreign, strict } = self;
        let names: Vec<_> = headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("ApiOptions")
            .field("headers", &names)
            .field("timeout", timeout)
            .field("attempts", attempts)
            .field("page", page)
            .field("ahead", ahead)
            .field("follow_foreign", follow_foreign)
            .field("strict", strict)
            .finish()
    }
}
