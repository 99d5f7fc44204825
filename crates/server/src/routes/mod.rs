//! The resources, a file for each. A handler reads what is asked, asks the catalog and represents the answer. Handlers do not
//! call each other; `landing`, `api` and `aggregate` use what others declare.

mod aggregate;
mod api;
mod browse;
mod children;
mod collection;
mod collections;
mod conformance;
mod find;
mod health;
mod item;
mod items;
mod landing;
mod names;
mod place;
mod schemas;
mod search;
mod tiles;
mod tilesets;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state, map_response_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use stacyard_store::{Error, Store};
use tower::ServiceBuilder;
use tower::util::MapRequest;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::ask::{Parameter, Tokens};
use crate::assets;
use crate::catalog::{Catalog, Counts, Queryables, Shelf};
use crate::form::{Also, Form, forms, negotiate};
use crate::guard::{Guard, admit, cors, hardened};
use crate::links::RootPath;
use crate::operate::{Limit, Metrics, limited, observe};
use crate::options::Options;
use crate::problem::Problem;
use crate::represent::{packing, problems_as_pages, tagged_as_packed, with_age};
use crate::state::{App, Server};
use crate::tiles::Tiles;
use crate::work::Works;

/// A resource: where it is, what it is, and what it takes.
struct Resource {
    /// The path; parts in braces are open.
    path: &'static str,
    /// What a GET gives.
    about: &'static str,
    /// The parameters of a GET.
    parameters: &'static [Parameter],
    /// Its JSON is of this media type.
    kind: &'static str,
    /// What there is beside the JSON.
    also: Also,
    /// Whether a POST with the same as a JSON body is taken, too.
    takes_body: bool,
    methods: fn() -> MethodRouter<App>,
}

impl Resource {
    /// The representations that there are.
    fn forms(&self, options: &Options) -> Vec<Form> {
        forms(self.kind, self.also, &options.exports)
    }
}

/// All resources: the router and the documentation of the API are both made of this.
const RESOURCES: &[&[Resource]] = &[
    landing::RESOURCES,
    conformance::RESOURCES,
    collections::RESOURCES,
    collection::RESOURCES,
    items::RESOURCES,
    browse::RESOURCES,
    item::RESOURCES,
    search::RESOURCES,
    names::RESOURCES,
    aggregate::RESOURCES,
    tiles::RESOURCES,
    tilesets::RESOURCES,
    children::RESOURCES,
    api::RESOURCES,
    health::RESOURCES,
];

/// A STAC API over stores. Each has its own collections; a search is answered from all of them.
///
/// # Errors
/// Where there is no store, two have the same Collection, the options do not fit each other, or the system has no random numbers
/// for a key.
pub fn router(stores: Vec<Store>, options: Options) -> Result<Router, Error> {
    let metrics = Metrics::new();
    let stores = (1..).zip(stores).map(|(number, store)| store.watched(metrics.watch(number)));
    let server = Server {
        everything: Catalog::new(stores.collect())?,
        guard: Guard::new(&options)?,
        shelf: Shelf::default(),
        counts: Counts::default(),
        queryables: Queryables::default(),
        tiles: Tiles::default(),
        works: Works::new(&options),
        tokens: Tokens::new(options.key.as_deref())?,
        metrics,
        limit: Limit::new(options.rate),
        options,
    };
    let cors = cors(&server.options.cors_origins)?;
    let app = Arc::new(server);
    let resources = RESOURCES.iter().copied().flatten().map(|resource| {
        let forms: Arc<[Form]> = resource.forms(&app.options).into();
        (resource.path, (resource.methods)().layer(from_fn_with_state(forms, negotiate)))
    });
    let writes = writes::WRITES.iter().filter(|_| app.is_writable());
    let all = resources.chain(writes.map(|write| (write.path, (write.methods)())));
    let router = all.fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    let root = app.options.root_path.clone();
    let inner = ServiceBuilder::new()
        .layer(from_fn(tagged_as_packed))
        .layer(packing(&app.options.exports))
        .layer(from_fn_with_state(Arc::clone(&app), with_age))
        .layer(from_fn_with_state(Arc::clone(&app), problems_as_pages))
        .layer(from_fn_with_state(Arc::clone(&app), limited))
        .layer(from_fn_with_state(Arc::clone(&app), admit))
        .layer(RequestBodyTimeoutLayer::new(SILENCE));
    let router = router.fallback(nothing).method_not_allowed_fallback(other_method).layer(inner);
    // They are the same for everybody, packed already, and count for no limit.
    let router = router.route(assets::PATH, get(assets::asset));
    let router = match cors {
        Some(cors) => router.layer(cors),
        None => router,
    };
    let outer = ServiceBuilder::new()
        .layer(from_fn_with_state(Arc::clone(&app), observe))
        .layer(map_response_with_state(Arc::clone(&app), hardened));
    let router = router.layer(outer).with_state(app);
    Ok(match root {
        Some(root) => below(root, router),
        None => router,
    })
}

/// A client that sends nothing of the body of its request for so long is not waited for.
const SILENCE: Duration = Duration::from_secs(20);

/// The router, with paths below a root as well: a proxy may take the root off or not.
fn below(root: RootPath, router: Router) -> Router {
    Router::new().fallback_service(MapRequest::new(router, move |mut request: Request| {
        let target = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
        if let Some(rest) = root.below(target) {
            let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
            // The rest of a path is one.
            if let Ok(uri) = rest.parse() {
                *request.uri_mut() = uri;
            }
        }
        request
    }))
}

async fn nothing(uri: Uri) -> Problem {
    Problem::not_found(format!("there is no resource {}", uri.path()))
        .help("GET / has links to all there are")
}

/// OPTIONS says in `Allow` what there is; so does the answer to what is not.
async fn other_method(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let detail = format!("the resource does not take {method}");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response()
}
