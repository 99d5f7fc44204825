//! The parts of a path that a route leaves open.

use axum::extract::{FromRequestParts, Path, RawPathParams};
use axum::http::request::Parts;

use crate::problem::Problem;

/// The ids in a path, decoded.
#[derive(Debug)]
pub(crate) struct Segments<T>(pub(crate) T);

impl<S: Send + Sync> FromRequestParts<S> for Segments<String> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::from_request_parts(parts, state).await.map_err(|_| not_text())?;
        Ok(Self(id))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Segments<(String, String)> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(ids) = Path::from_request_parts(parts, state).await.map_err(|_| not_text())?;
        Ok(Self(ids))
    }
}

/// The id, where the path has one.
impl<S: Send + Sync> FromRequestParts<S> for Segments<Option<String>> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let ids = RawPathParams::from_request_parts(parts, state).await.map_err(|_| not_text())?;
        Ok(Self(ids.iter().next().map(|(_, id)| id.to_owned())))
    }
}

/// All segments that the route leaves open, by their names.
impl<S: Send + Sync> FromRequestParts<S> for Segments<Vec<(String, String)>> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let all = RawPathParams::from_request_parts(parts, state).await.map_err(|_| not_text())?;
        Ok(Self(all.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()))
    }
}

fn not_text() -> Problem {
    Problem::bad("the path of the URL is not UTF-8")
}
