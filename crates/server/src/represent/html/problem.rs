//! What went wrong, as a page for whoever asked for one.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::layout::{Trail, page, with_policy};
use super::parts::{text_of, value};
use super::site::Site;
use super::words;
use crate::form::wants_page;
use crate::media::HTML;
use crate::problem::Said;
use crate::state::App;

/// Shows problems as pages to those who want pages.
pub(crate) async fn problems_as_pages(State(app): State<App>, request: Request, next: Next) -> Response {
    let wants_page = wants_page(request.uri(), request.headers());
    let is_head = request.method() == Method::HEAD;
    let (mut parts, body) = request.into_parts();
    let site = Site::from_request_parts(&mut parts, &app).await;
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let Some(Said(said)) = response.extensions_mut().remove::<Said>() else { return response };
    if !response.headers().get_all(VARY).iter().any(|value| value == ACCEPT.as_str()) {
        response.headers_mut().append(VARY, HeaderValue::from_name(ACCEPT));
    }
    let (true, Ok(site)) = (wants_page, site) else { return response };
    let (mut head, _) = response.into_parts();
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(HTML));
    head.headers.remove(CONTENT_LENGTH);
    let body = if is_head { String::new() } else { problem(&site, &said).into_string() };
    with_policy(Response::from_parts(head, body.into()))
}

/// What went wrong, and how to go on.
fn problem(site: &Site, said: &Value) -> Markup {
    let title = format!("{} {}", said["status"], text_of(said, "title").unwrap_or_default());
    let content = html! {
        (wrong(said))
        h2 { (words::GO_ON) }
        ul {
            li { a href=(site.base.root()) { (words::HOME) } }
            li { a href=(site.base.url("/search")) { (words::SEARCH) } }
            li { a href=(site.base.url("/collections")) { (words::COLLECTIONS) } }
        }
    };
    page(site, &Trail::root(site), title.trim(), &Value::Null, &content)
}

/// What is wrong, where, and what can be done about it.
pub(super) fn wrong(said: &Value) -> Markup {
    html! {
        div .wrong role="alert" {
            @if let Some(detail) = text_of(said, "detail") { p .plain { (detail) } }
            @if let Some(lines) = said["lines"].as_array() {
                pre tabindex="0" { @for line in lines { (line.as_str().unwrap_or_default()) "\n" } }
            }
            @if let Some(help) = text_of(said, "help") { p .plain { (help) } }
            @if let Some(nearest) = text_of(said, "nearest") { p { "Is it " code { (nearest) } "?" } }
            @if let Some(parameter) = text_of(said, "parameter") { p .dim { "It is about " code { (parameter) } "." } }
            @for error in said["errors"].as_array().into_iter().flatten() { p { (value(error)) } }
        }
    }
}
