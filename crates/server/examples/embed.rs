//! A program that has a STAC API beside what it serves itself.
//!
//! `cargo run --example embed STORE`

use std::net::TcpListener;

use axum::Router;
use axum::routing::get;
use stacyard_server::{Ending, Options, router, run};

/// The routes of the program, and the API.
fn app(store: &str) -> Result<Router, stacyard::Error> {
    let api =
        router(vec![stacyard::open(store)?], Options { title: "Mine".to_owned(), ..Options::default() })?;
    Ok(Router::new().route("/hello", get(|| async { "hello" })).merge(api))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = std::env::args().nth(1).ok_or("name a store")?;
    let listener = TcpListener::bind("127.0.0.1:8080")?;
    Ok(run(app(&store)?, listener, &Ending::default())?)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    use super::app;

    #[tokio::test]
    async fn both_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.ndjson");
        std::fs::write(&path, "").unwrap();
        let app = app(&path.to_string_lossy()).unwrap();
        for path in ["/hello", "/", "/search"] {
            let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
            assert_eq!(app.clone().oneshot(request).await.unwrap().status(), 200, "{path}");
        }
    }
}
