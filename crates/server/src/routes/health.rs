//! `/healthz`, `/readyz` and `/metrics`: what operators and their tools ask.

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::{Resource, get};
use crate::ask::Parameters;
use crate::form::Also;
use crate::problem::Problem;
use crate::represent::text;
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[
    Resource {
        path: "/healthz",
        about: "Whether the server runs.",
        parameters: &[],
        kind: PLAIN,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(runs),
    },
    Resource {
        path: "/readyz",
        about: "Whether the stores can be asked now.",
        parameters: &[],
        kind: PLAIN,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(is_ready),
    },
    Resource {
        path: "/metrics",
        about: "How many requests there were, and how long they took, as Prometheus reads it.",
        parameters: &[],
        kind: METRICS,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(metrics),
    },
];

const PLAIN: &str = "text/plain; charset=utf-8";

const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

async fn runs(parameters: Parameters) -> Result<Response, Problem> {
    parameters.none()?;
    Ok(fresh(text(PLAIN, "ok\n")))
}

async fn is_ready(State(app): State<App>, parameters: Parameters) -> Result<Response, Problem> {
    parameters.none()?;
    let (catalog, probe) = (app.everything.clone(), app.works.probe().await?);
    // It is asked beside all others, so that a server that is busy is ready all the same.
    let job = app.works.job();
    let asked = job.go_on(move |_| {
        let _probe = probe;
        catalog.ready()
    });
    timeout(app.works.patience(), asked).await.unwrap_or_else(|_| Err(Problem::unready()))?;
    Ok(fresh(text(PLAIN, "ready\n")))
}

async fn metrics(State(app): State<App>, parameters: Parameters) -> Result<Response, Problem> {
    parameters.none()?;
    let text_of_all = app.metrics.text(app.works.under_way(), &app.everything.pools());
    Ok(fresh(text(METRICS, text_of_all)))
}

/// An answer that nobody may keep.
fn fresh(response: Response) -> Response {
    ([(CACHE_CONTROL, "no-store")], response).into_response()
}
