//! Work is bounded, and ends when nobody waits for it any more.

use std::sync::mpsc::{Sender, channel};
use std::thread::sleep;
use std::time::Duration;

use stacyard::{Error, Store};
use stacyard_server::{Options, router};
use stacyard_store::{Backend, Collections, Find, Nothing, Report, Sorted, Source};

use super::support::{Stores, options};

/// A store whose searches go on until they have to end.
struct Endless {
    begun: Sender<()>,
    ended: Sender<()>,
}

impl Backend for Endless {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        Ok(Box::new(Nothing))
    }

    fn collections(&self) -> Result<Collections, Error> {
        Ok(Collections::new())
    }

    fn find(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        self.begun.send(()).unwrap();
        loop {
            if let Err(stopped) = find.search.check_stop() {
                self.ended.send(()).unwrap();
                return Err(stopped.into());
            }
            sleep(Duration::from_millis(1));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn long_work_leaves_turns_for_others() {
    let (begun, has_begun) = channel();
    let (ended, _has_ended) = channel();
    let options = Options { works: 4, patience: Duration::from_millis(50), ..options() };
    let client =
        Stores::new().client_of(router(vec![Store::from(Endless { begun, ended })], options).unwrap());
    let ask = |path: &'static str| {
        let client = client.clone();
        tokio::spawn(async move { client.get(path).await })
    };
    let long = [ask("/search?limit=1001"), ask("/search?limit=2000"), ask("/search?limit=10000")];
    has_begun.recv_timeout(Duration::from_secs(10)).unwrap();
    has_begun.recv_timeout(Duration::from_secs(10)).unwrap();
    // Two of four turns are taken, and the third has to wait.
    assert!(has_begun.recv_timeout(Duration::from_millis(100)).is_err());
    let short = [ask("/search"), ask("/search?limit=1000")];
    has_begun.recv_timeout(Duration::from_secs(10)).unwrap();
    has_begun.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(client.get("/search").await.status.as_u16(), 503);
    long.iter().chain(&short).for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_are_refused_and_those_without_a_client_end() {
    let (begun, has_begun) = channel();
    let (ended, has_ended) = channel();
    let options = Options { works: 1, patience: Duration::ZERO, ..options() };
    let client =
        Stores::new().client_of(router(vec![Store::from(Endless { begun, ended })], options).unwrap());
    let first = client.clone();
    let first = tokio::spawn(async move { first.get("/search").await });
    has_begun.recv_timeout(Duration::from_secs(10)).unwrap();
    let refused = client.get("/search").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"), "{}", refused.text());
    assert!(has_ended.try_recv().is_err());
    // The client goes away.
    first.abort();
    has_ended.recv_timeout(Duration::from_secs(10)).unwrap();
}
