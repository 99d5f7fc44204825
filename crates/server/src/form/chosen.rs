//! The representation that a request wants, chosen before its handler is called.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ACCEPT, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::accept::preferred;
use super::{Also, Form, What, forms, names};
use crate::links::{first_value, link};
use crate::media::HTML_LINKED;
use crate::media::PROBLEM;
use crate::problem::Problem;

/// What is wanted, and what else there is.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) form: Form,
    all: Arc<[Form]>,
}

impl Chosen {
    /// Whether there is a choice, and with it the parameter `f`.
    pub(crate) fn has_others(&self) -> bool {
        self.all.len() > 1
    }

    pub(crate) const fn what(&self) -> What {
        self.form.what
    }

    /// Links to all representations but the JSON, where each has this URL.
    pub(crate) fn alternates(&self, url: impl Fn(&Form) -> String) -> Vec<Value> {
        let kind = |form: &Form| if form.what == What::Page { HTML_LINKED } else { form.kind };
        self.all.iter().skip(1).map(|form| link("alternate", kind(form), url(form))).collect()
    }

    /// The same of a resource without parameters.
    pub(crate) fn alternates_of(&self, url: &str) -> Vec<Value> {
        self.alternates(|form| format!("{url}?f={}", form.name))
    }
}

impl<S: Sync> FromRequestParts<S> for Chosen {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let chosen = parts.extensions.get::<Self>().cloned();
        // A resource that nobody has chosen for has its JSON only.
        Ok(chosen.unwrap_or_else(|| {
            let all: Arc<[Form]> = forms(crate::media::JSON, Also::Nothing, &[]).into();
            Self { form: all[0].clone(), all }
        }))
    }
}

/// Chooses for a resource that has these representations.
pub(crate) async fn negotiate(State(all): State<Arc<[Form]>>, mut request: Request, next: Next) -> Response {
    let form = match chosen(&all, request.uri(), request.headers()) {
        Ok(form) => form.clone(),
        Err(problem) => return varying(problem.into_response()),
    };
    let chosen = Chosen { form, all };
    let varies = chosen.has_others();
    request.extensions_mut().insert(chosen);
    let response = next.run(request).await;
    if varies { varying(response) } else { response }
}

fn chosen<'a>(all: &'a [Form], uri: &Uri, headers: &HeaderMap) -> Result<&'a Form, Problem> {
    // Where there is no choice there is no such parameter, as the handler says.
    let by_name = if all.len() > 1 { first_value(uri, "f") } else { None };
    let found = match &by_name {
        Some(name) => {
            all.iter().find(|form| form.name == name || form.names.iter().any(|other| other == name))
        }
        None => preferred(headers, all),
    };
    found.ok_or_else(|| {
        let problem =
            Problem::bad(format!("f: there is no representation {:?} here", by_name.unwrap_or_default()));
        problem.parameter("f").help(format!("there are {}", names(all).join(", ")))
    })
}

fn varying(mut response: Response) -> Response {
    response.headers_mut().append(VARY, HeaderValue::from_name(ACCEPT));
    response
}

/// Whether whoever asks wants to read what went wrong on a page.
pub(crate) fn wants_page(uri: &Uri, headers: &HeaderMap) -> bool {
    let all = forms(PROBLEM, Also::Page, &[]);
    match first_value(uri, "f").as_deref() {
        Some("html") => true,
        Some("json") => false,
        _ => preferred(headers, &all).is_some_and(|form| form.what == What::Page),
    }
}
