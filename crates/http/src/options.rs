//! How servers are asked: what a program or a command line can choose.

use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use stacyard_store::Error;

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

impl HttpOptions {
    /// The headers, as they are sent. What shows requests does not show them.
    ///
    /// # Errors
    /// Headers that are none.
    pub fn header_map(&self) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let wrong = || {
                Error::usage(format!("{name:?} is no header that can be sent"), "write NAME: VALUE, in ASCII")
            };
            let mut value = HeaderValue::try_from(value).map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.append(HeaderName::try_from(name).map_err(|_| wrong())?, value);
        }
        Ok(headers)
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
