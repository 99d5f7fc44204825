//! The server as its pages know it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::links::Base;
use crate::problem::Problem;
use crate::state::App;

/// The server as its pages know it.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) base: Base,
    /// What it is called.
    pub(crate) title: String,
    /// Whether Items can be put into its Collections.
    pub(crate) is_writable: bool,
}

impl Site {
    pub(crate) fn new(base: Base, app: &App) -> Self {
        Self { base, title: app.options.title.clone(), is_writable: app.is_writable() }
    }

    /// The URL of a packed file, by what it is for.
    pub(super) fn asset(&self, role: &str, extension: &str) -> Option<String> {
        crate::assets::path(role, extension).map(|path| self.base.url(&path))
    }
}

impl FromRequestParts<App> for Site {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self::new(Base::from_request_parts(parts, app).await?, app))
    }
}
