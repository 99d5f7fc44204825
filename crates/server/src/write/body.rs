//! The bodies of changes.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderName, HeaderValue};
use stacyard_model::json::Document;
use tokio::sync::OwnedSemaphorePermit;

use crate::ask::{Held, media_type, not_json, parsed, whole};
use crate::media::{GEOJSON, JSON, JSON_PATCH, MERGE_PATCH};
use crate::problem::Problem;
use crate::state::App;

/// Items or Collections as a whole.
pub(crate) struct Whole(pub(crate) Document);

impl FromRequest<App> for Whole {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if ![JSON, GEOJSON].contains(&&*media_type(&request)) {
            return Err(not_json(JSON));
        }
        parsed(&whole(request, app, app.options.body_bytes).await?.bytes).map(Self)
    }
}

/// A patch.
pub(crate) enum Change {
    /// By RFC 7396.
    Merge(Document),
    /// By RFC 6902.
    Operations(Document),
}

impl FromRequest<App> for Change {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let change = match &*media_type(&request) {
            JSON | MERGE_PATCH => Self::Merge,
            JSON_PATCH => Self::Operations,
            _ => {
                let known = format!("{MERGE_PATCH}, {JSON_PATCH}");
                let value = HeaderValue::from_str(&known);
                let problem = not_json(&format!("{MERGE_PATCH} or {JSON_PATCH}"));
                // RFC 5789 section 3.1.
                return Err(match value {
                    Ok(value) => problem.header(HeaderName::from_static("accept-patch"), value),
                    Err(_) => problem,
                });
            }
        };
        parsed(&whole(request, app, app.options.body_bytes).await?.bytes).map(change)
    }
}

/// Many Items at once, as bytes: they are read where it may take long. Only so many such bodies are held.
pub(crate) struct Bulk {
    pub(crate) body: Held,
    pub(crate) held: OwnedSemaphorePermit,
}

impl FromRequest<App> for Bulk {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if media_type(&request) != JSON {
            return Err(not_json(JSON));
        }
        let held = app.works.hold()?;
        Ok(Self { body: whole(request, app, app.options.bulk_bytes).await?, held })
    }
}
