//! Problems made of the errors of the libraries.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};
use stacyard_search::SearchError;
use stacyard_store::{Error, ErrorKind, Named};

use super::{Problem, words};

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        Self::from(Error::from(error))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let problem = Self::of(&error);
        Self { cause: Some(Arc::new(error)), ..problem }
    }
}

impl Problem {
    /// What is said of an error, without the error.
    pub(crate) fn of(error: &Error) -> Self {
        let status = match error.kind() {
            _ if error.is_unsure() => {
                let detail = "it is not known whether the change was made";
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).help("read what is there now");
            }
            ErrorKind::Usage | ErrorKind::UnknownName => StatusCode::BAD_REQUEST,
            ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::Exists => StatusCode::CONFLICT,
            ErrorKind::Conflict => StatusCode::PRECONDITION_FAILED,
            ErrorKind::Limit => {
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, late()).help("ask for less");
            }
            ErrorKind::Unavailable | ErrorKind::Cancelled => {
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be reached now")
                    .again_after(5);
            }
            // What a store lacks, a file that is gone included, is not for the client to mend.
            ErrorKind::NotFound
            | ErrorKind::Unsupported
            | ErrorKind::Denied
            | ErrorKind::Damaged
            | ErrorKind::Failed
            | ErrorKind::BrokenPipe => {
                return Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the store could not answer");
            }
        };
        // What stands in the way of a change may name tables of the user: the log has that.
        let detail = match error.kind() {
            ErrorKind::Conflict => error.message().to_owned(),
            _ => error.to_string(),
        };
        let mut problem = Self::new(status, detail);
        if let Some(help) = error.advice().and_then(words::remedy) {
            problem = problem.help(help);
        }
        if let Some(findings) = error.findings() {
            let all: Vec<Value> = findings.problems.iter().map(|problem| json!(problem)).collect();
            return problem.with("errors", all);
        }
        if let Some(unknown) = error.unknown() {
            problem.is_no_collection = unknown.what == Named::Collection;
            problem = problem.with("unknown", unknown.name.as_str());
            if let Some(nearest) = &unknown.nearest {
                problem = problem.with("nearest", nearest.as_str());
            }
        }
        if error.details().is_empty() { problem } else { problem.with("lines", error.details()) }
    }
}

/// What is said of work that takes longer, or more memory, than is allowed.
const fn late() -> &'static str {
    "this takes more time or memory than the server allows"
}
