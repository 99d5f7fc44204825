//! Connections that die under a store, on the server that `make test` starts.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use stacyard_postgis::{Address, PostGis, PostGisSink, Rows, Wanted};
use stacyard_store::conformance::{self, Question};
use stacyard_store::{Backend, Encoder, Mode, Sink};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

/// A store with three Items, whose sessions have a name, and two sessions beside it: within the transaction of a lock,
/// PostgreSQL shows the sessions as they were.
struct Yard {
    url: String,
    name: String,
    store: PostGis,
    runtime: Runtime,
    beside: Client,
    holder: Client,
}

impl Yard {
    fn new(test: &str) -> Option<Self> {
        let Ok(server) = std::env::var("STACYARD_TEST_DATABASE") else {
            eprintln!("skipped: no STACYARD_TEST_DATABASE (make test starts a server)");
            return None;
        };
        let name = format!("{test}_{}", std::process::id());
        // A test that fails while it has the lock ends nevertheless.
        let limit = "options=-c%20statement_timeout%3D30s";
        let url = format!("{server}?schema={name}&application_name={name}&{limit}");
        let address = Address::parse(&url).unwrap();
        stacyard_postgis::init(&address, Wanted::default()).unwrap();
        let mut sink = PostGisSink::create(&address, Mode::Insert).unwrap();
        let mut rows = Rows::default();
        for item in conformance::catalog(1, 3) {
            sink.encoder().item(item.root(), None, &mut rows).unwrap();
        }
        sink.write(rows).unwrap();
        sink.finish().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let connect = || {
            runtime.block_on(async {
                let url = server.replace("postgis://", "postgresql://");
                let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
                tokio::spawn(connection);
                client
            })
        };
        let (beside, holder) = (connect(), connect());
        Some(Self { store: PostGis::open(&address).unwrap(), url, name, runtime, beside, holder })
    }

    /// Ends all sessions of the store, once one of them waits for a lock if `waiting`.
    fn end_sessions(&self, waiting: bool) {
        let condition = if waiting { "wait_event_type = 'Lock'" } else { "true" };
        let end = format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = '{}' AND {condition}",
            self.name
        );
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.runtime.block_on(self.beside.query(&end, &[])).unwrap().is_empty() {
            assert!(Instant::now() < deadline, "no session to end");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn lock(&self) {
        let lock = format!("BEGIN; LOCK TABLE {}.items IN ACCESS EXCLUSIVE MODE", self.name);
        self.runtime.block_on(self.holder.batch_execute(&lock)).unwrap();
    }

    fn unlock(&self) {
        self.runtime.block_on(self.holder.batch_execute("COMMIT")).unwrap();
    }

    fn counted(&self) -> Result<(Vec<String>, u64), String> {
        let all = Question::of(&[("max-items", "10")]);
        conformance::ask(&self.store, &all).map_err(|error| error.replace(&self.url, "URL"))
    }

    fn read(&self) -> usize {
        let mut source = self.store.items().unwrap();
        let mut read = 0;
        while let Some(work) = source.next().unwrap() {
            read += work().unwrap().records.len();
        }
        read
    }
}

/// As a proxy whose server is gone.
#[test]
fn a_server_that_never_answers_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let address = Address::parse(&format!("postgis://me@{place}/db?connect_timeout=1")).unwrap();
    let begun = Instant::now();
    let said = [PostGis::open(&address).err(), stacyard_postgis::init(&address, Wanted::default()).err()]
        .map(|error| error.unwrap().to_string().replace(&place, "PLACE"));
    assert_eq!(said, ["cannot connect to postgis://me@PLACE/db?connect_timeout=1 in time"; 2]);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn connections_that_die_in_the_pool_are_replaced() {
    let Some(yard) = Yard::new("idle") else { return };
    for _ in 0..3 {
        assert_eq!(yard.counted().unwrap().1, 3);
        yard.end_sessions(false);
        assert_eq!(yard.read(), 3);
        yard.end_sessions(false);
    }
}

#[test]
fn a_question_whose_connection_dies_is_asked_again_once() {
    let Some(yard) = Yard::new("asking") else { return };
    yard.lock();
    thread::scope(|scope| {
        let counted = scope.spawn(|| yard.counted());
        yard.end_sessions(true);
        yard.unlock();
        assert_eq!(counted.join().unwrap().unwrap().1, 3);
    });
    yard.lock();
    thread::scope(|scope| {
        let read = scope.spawn(|| yard.read());
        yard.end_sessions(true);
        yard.unlock();
        assert_eq!(read.join().unwrap(), 3);
    });
    yard.lock();
    thread::scope(|scope| {
        let counted = scope.spawn(|| yard.counted());
        yard.end_sessions(true);
        yard.end_sessions(true);
        insta::assert_snapshot!(counted.join().unwrap().unwrap_err(), @"cannot search URL: terminating connection due to administrator command; the server was stopped, or an administrator ended the session; try again");
    });
}
