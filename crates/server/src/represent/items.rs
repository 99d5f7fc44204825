//! Items that answer a search, in whichever representation is wanted.

use axum::http::Method;
use axum::response::Response;

use super::document::unmade;
use super::features::{features, page_of_features};
use super::page_links::PageLinks;
use super::whole::{exported, lines};
use crate::ask::Asked;
use crate::catalog::Catalog;
use crate::form::What;
use crate::problem::Problem;
use crate::state::App;

/// Answers a search. `name` is that of a file of the Items.
pub(crate) async fn items(
    app: &App,
    catalog: Catalog,
    method: &Method,
    asked: Asked,
    links: PageLinks,
    name: &str,
) -> Result<Response, Problem> {
    let (is_head, places) = (method == Method::HEAD, asked.places.clone());
    let answered = match links.chosen.what() {
        What::Lines => lines(app, catalog, &asked, is_head).await,
        What::Export(index) => match app.options.exports.get(index) {
            Some(export) => exported(app, catalog, &asked, export, (name, is_head)).await,
            None => Err(Problem::not_found("this is written as nothing")),
        },
        // Without its body there is nothing to ask the stores for.
        _ if is_head => Ok(unmade(links.chosen.form.kind)),
        What::Page => page_of_features(app, catalog, asked, links).await,
        What::Json => features(app, catalog, asked, links).await,
    };
    answered.map_err(|problem| places.blamed(problem))
}
