//! How an API is asked: what a program or a command line can choose.

use stacyard_http::HttpOptions;

/// How an API is asked.
#[derive(Debug, Clone)]
pub struct ApiOptions {
    /// How its server is.
    pub http: HttpOptions,
    /// How many Items a page is to have (`limit`); an API may give fewer.
    pub page: u32,
    /// How many pages are fetched before they are needed.
    pub ahead: usize,
    /// Whether a search that the API cannot answer by itself is refused. Else more is fetched, and looked at here.
    pub strict: bool,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self { http: HttpOptions::default(), page: 500, ahead: 2, strict: false }
    }
}
