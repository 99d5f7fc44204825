//! What is counted, in the text format of Prometheus.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use stacyard_store::{Pool, Watch};

use super::Served;
use crate::work::route;

/// The limits of the buckets of times, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// What is told of the connections of stores.
const POOLS: [(&str, &str); 4] = [
    ("connections_most", "Connections that a store can have at once"),
    ("connections_open", "Connections that a store has"),
    ("connections_busy", "Connections that are in use"),
    ("connections_awaited", "Questions that wait for a connection"),
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByRoute {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStore {
    route: String,
    store: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByPool {
    store: usize,
    pool: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatus {
    method: &'static str,
    route: String,
    status: u16,
}

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<ByStatus, Counter>,
    seconds: Family<ByRoute, Histogram>,
    bytes: Family<ByRoute, Counter>,
    stores: Family<ByStore, Histogram>,
    pools: [Family<ByPool, Gauge>; 4],
    under_way: Gauge,
    working: Gauge,
    open: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let requests = Family::default();
        let seconds: Family<_, Histogram> = Family::new_with_constructor(|| Histogram::new(SECONDS));
        let (bytes, under_way, working, open) = <(Family<_, _>, Gauge, Gauge, Gauge)>::default();
        let mut registry = Registry::with_prefix("stacyard");
        registry.register("http_requests", "Requests that are over", requests.clone());
        let help = "From a request to the last byte of its answer";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, seconds.clone());
        registry.register_with_unit("http_response_body", "Sent in bodies", Unit::Bytes, bytes.clone());
        let stores: Family<_, Histogram> = Family::new_with_constructor(|| Histogram::new(SECONDS));
        let help = "From a question to a store, or a change of it, until its answer begins";
        registry.register_with_unit("store_duration", help, Unit::Seconds, stores.clone());
        let pools = <[Family<ByPool, Gauge>; 4]>::default();
        for (family, (name, help)) in pools.iter().zip(POOLS) {
            registry.register(name, help, family.clone());
        }
        registry.register("http_requests_under_way", "Requests that are not over yet", under_way.clone());
        registry.register("works", "Requests that the stores are working for", working.clone());
        registry.register("answers_open", "Answers that clients are taking part by part", open.clone());
        Self { registry, requests, seconds, bytes, stores, pools, under_way, working, open }
    }

    /// A request has come.
    pub(crate) fn begin(&self) {
        self.under_way.inc();
    }

    /// A request is over.
    pub(crate) fn end(&self, route: &str, served: &Served) {
        self.under_way.dec();
        let by_route = ByRoute { method: method(&served.method), route: route.to_owned() };
        self.seconds.get_or_create(&by_route).observe(served.seconds);
        self.bytes.get_or_create(&by_route).inc_by(served.bytes);
        let ByRoute { method, route } = by_route;
        self.requests.get_or_create(&ByStatus { method, route, status: served.status }).inc();
    }

    /// Who is told how long the store of this number takes.
    pub(crate) fn watch(&self, store: usize) -> Watch {
        let stores = self.stores.clone();
        Arc::new(move |took| {
            let by_store = ByStore { route: route().to_string(), store };
            stores.get_or_create(&by_store).observe(took.as_secs_f64());
        })
    }

    /// All of it as text, with so many requests that are worked for and answers that are open now, and the connections of the stores.
    pub(crate) fn text(&self, [working, open]: [usize; 2], pools: &[Vec<Pool>]) -> String {
        let number = |number| i64::try_from(number).unwrap_or(i64::MAX);
        for (store, pools) in (1..).zip(pools) {
            for pool in pools {
                let by_pool = ByPool { store, pool: pool.name };
                let numbers = [pool.most, pool.open, pool.busy, pool.waiting];
                for (family, found) in self.pools.iter().zip(numbers) {
                    family.get_or_create(&by_pool).set(number(found));
                }
            }
        }
        self.working.set(number(working));
        self.open.set(number(open));
        let mut text = String::new();
        // A String takes all that is written.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// A method that there is: else a client could make up any number of labels.
fn method(name: &str) -> &'static str {
    const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    METHODS.into_iter().find(|known| *known == name).unwrap_or("other")
}
