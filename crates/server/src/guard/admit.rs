//! The way in: each request is made that of a principal, and whoever may read nothing gets no further.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::Version;
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;

use super::browser::is_of_another_page;
use super::principal::Principal;
use super::scope::Reach;
use crate::problem::Problem;
use crate::state::App;

/// What answers anybody, as those who watch over servers have no tokens: whether it runs, and whether the stores do.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// Makes the request that of a principal.
pub(crate) async fn admit(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    check_host(&request)?;
    if !OPEN.contains(&request.uri().path()) {
        let principal = app.guard.principal(request.headers())?;
        if principal.reads == Reach::Nothing {
            return Err(principal.refused());
        }
        request.extensions_mut().insert(principal);
    }
    Ok(next.run(request).await)
}

/// A request of HTTP/1.1 names its host, once (RFC 9112 section 3.2).
fn check_host(request: &Request) -> Result<(), Problem> {
    let hosts = request.headers().get_all(HOST).iter().count();
    if request.version() == Version::HTTP_11 && hosts != 1 {
        return Err(Problem::bad(format!("a request has one Host header, and this one has {hosts}")));
    }
    Ok(())
}

impl Principal {
    /// What is said to one who may not do this.
    fn refused(&self) -> Problem {
        match &self.label {
            None => Problem::no_token(false),
            Some(label) => Problem::forbidden(format!("the token {label:?} is not good for this")),
        }
    }

    /// The one that [`admit`] has told.
    pub(crate) fn of(parts: &Parts) -> Result<&Self, Problem> {
        parts.extensions.get::<Self>().ok_or_else(|| Problem::no_token(false))
    }
}

/// The right to write, in all or in some collections.
#[derive(Debug)]
pub(crate) struct Writer(Principal);

impl FromRequestParts<App> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let principal = Principal::of(parts)?;
        if principal.writes == Reach::Nothing {
            return Err(principal.refused());
        }
        // Where no token is needed, the browser of somebody who may write could be told to by any page.
        if principal.label.is_none() && is_of_another_page(&parts.headers, &app.options) {
            let detail = "pages of this origin may not write";
            return Err(Problem::forbidden(detail).help("whoever runs the server can allow the origin"));
        }
        Ok(Self(principal.clone()))
    }
}

impl Writer {
    /// Whether a collection may be written. Whether there is one has to be known before, so that this says nothing of it.
    pub(crate) fn check(&self, collection: &str) -> Result<(), Problem> {
        if self.0.writes.covers(collection) { Ok(()) } else { Err(self.0.refused()) }
    }
}
