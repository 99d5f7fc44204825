//! Items that answer a search, in whichever representation is wanted.

use axum::http::Method;
use axum::response::Response;

use super::document::unmade;
use super::features::features;
use super::page_links::PageLinks;
use super::whole::{collected, exported, lines, rows};
use crate::ask::Asked;
use crate::catalog::Catalog;
use crate::form::What;
use crate::problem::Problem;
use crate::state::App;

/// Answers a search, but for a page for people. `name` is that of a file of the Items, and `columns` are those of one of rows.
pub(crate) async fn items(
    app: &App,
    catalog: Catalog,
    method: &Method,
    asked: Asked,
    links: PageLinks,
    columns: Vec<String>,
    name: &str,
) -> Result<Response, Problem> {
    let (is_head, places) = (method == Method::HEAD, asked.places.clone());
    let answered = match links.chosen.what() {
        What::Lines => lines(app, catalog, &asked, is_head).await,
        What::Export(index) => match app.options.exports.get(index) {
            Some(export) => exported(app, catalog, &asked, export, (name, is_head)).await,
            None => Err(Problem::not_found("this is written as nothing")),
        },
        What::Collected => collected(app, catalog, &asked, (name, is_head)).await,
        What::Rows => rows(app, catalog, asked, columns, (name, is_head)).await,
        // Without its body there is nothing to ask the stores for.
        _ if is_head => Ok(unmade(links.chosen.form.kind)),
        What::Json | What::Page => features(app, catalog, asked, links).await,
    };
    answered.map_err(|problem| places.blamed(problem))
}
