//! How an API is asked: what a program or a command line can choose.

use std::path::PathBuf;

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
    /// How many windows of time a harvest asks for at once; 1: the time is not cut.
    pub connections: usize,
    /// How many Items a window has at most, about; an answer with fewer is not cut.
    pub split: u64,
    /// Where a harvest keeps what has come, for a run that goes on after one that was broken off.
    pub journal: Option<JournalOptions>,
    /// Whether a search that the API cannot answer by itself is refused. Else more is fetched, and looked at here.
    pub strict: bool,
}

/// The journal of a harvest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalOptions {
    /// The folder that it is in. It is made where it is not there.
    pub folder: PathBuf,
    /// From when on Items are asked for, where that depends on what changes before the harvest is done: kept, for the run that goes on.
    pub since: Option<String>,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self {
            http: HttpOptions::default(),
            page: 500,
            ahead: 2,
            connections: 4,
            split: 20_000,
            journal: None,
            strict: false,
        }
    }
}
