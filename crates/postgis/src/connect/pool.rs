//! Connections to a database: a pool of them, and those that are somebody's own.

use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime as PoolRuntime};
use stacyard_search::Stop;
use stacyard_store::Error;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::Client;
use tokio_postgres::config::Config;

use crate::connect::address::Address;
use crate::connect::fault;
use crate::connect::server::Server;
use crate::connect::timed::LOOK;

/// How long to wait for a connection that others have.
const POOL_TIMEOUT: Duration = Duration::from_mins(1);

/// So many connections at once at most, where nobody says how many.
pub const CONNECTIONS: usize = 8;

/// A database with a pool of connections. Clones share it.
#[derive(Clone)]
pub(crate) struct Link {
    pool: Pool,
    server: Server,
    pub(crate) address: Address,
}

impl Link {
    /// A connection, which goes back to the pool when it is dropped.
    pub(crate) async fn client(&self) -> Result<Object, Error> {
        self.pool.get().await.map_err(|cause| fault::unconnected(&self.connecting(), cause))
    }

    /// A connection that is not the pool's.
    pub(crate) async fn connect(&self) -> Result<OwnClient, Error> {
        let (server, doing) = (&self.server, self.connecting());
        let limit = server.limit().unwrap_or(Duration::MAX);
        let connected = timeout(limit, server.connect()).await.map_err(|_| fault::too_late(&doing))?;
        let (client, driver) = connected.map_err(|cause| fault::failed(&doing, cause))?;
        Ok(OwnClient { client, driver })
    }

    /// One of the pool, for as long as somebody wants it.
    pub(crate) async fn client_until(&self, stop: &Stop) -> Result<Object, Error> {
        let mut client = pin!(self.client());
        loop {
            if let Ok(client) = timeout(LOOK, &mut client).await {
                return client;
            }
            stop.check()?;
        }
    }

    /// Leaves a dead connection to itself, and those that wait in the pool: they are likely no better.
    pub(crate) fn give_up(&self, client: Object) {
        drop(Object::take(client));
        self.pool.retain(|_, _| false);
    }

    /// Its connections, as they are now.
    pub(crate) fn connections(&self, name: &'static str) -> stacyard_store::Pool {
        let now = self.pool.status();
        stacyard_store::Pool {
            name,
            most: now.max_size,
            open: now.size,
            busy: now.size.saturating_sub(now.available),
            waiting: now.waiting,
        }
    }

    /// What cannot be done where there is no connection; with the server, where the URL does not name it, or names two.
    fn connecting(&self) -> String {
        let (shown, place) = (self.address.shown(), &self.server.place);
        if self.address.replica().is_none() && shown.contains(place.as_str()) {
            return format!("connect to {shown}");
        }
        format!("connect to {shown} at {place}")
    }
}

/// The same for code that is not asynchronous.
#[derive(Clone)]
pub(crate) struct Database {
    runtime: &'static Runtime,
    pub(crate) link: Link,
}

impl Database {
    /// The database that is written to.
    pub(crate) fn of(address: &Address) -> Result<Self, Error> {
        Self::at(address, address.primary(), CONNECTIONS)
    }

    /// The databases that are read from and written to: two servers where a replica is read from, each with so many connections at
    /// most.
    pub(crate) fn both(address: &Address, connections: usize) -> Result<(Self, Self), Error> {
        let writer = Self::at(address, address.primary(), connections)?;
        let reader = address.replica().map(|replica| Self::at(address, replica, connections)).transpose()?;
        Ok((reader.unwrap_or_else(|| writer.clone()), writer))
    }

    fn at(address: &Address, server: &Server, connections: usize) -> Result<Self, Error> {
        let runtime = stacyard_runtime::shared()
            .map_err(|cause| Error::failed("cannot start a thread for the database").caused_by(cause))?;
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(Config::new(), server.clone(), manager);
        let pool = Pool::builder(manager)
            .max_size(connections.max(1))
            .runtime(PoolRuntime::Tokio1)
            .wait_timeout(Some(POOL_TIMEOUT))
            .create_timeout(server.limit())
            .build()
            .map_err(|cause| Error::failed("cannot make a pool of connections").caused_by(cause))?;
        let link = Link { pool, server: server.clone(), address: address.clone() };
        Ok(Self { runtime, link })
    }

    /// Waits for an answer of the database, on any thread.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        stacyard_runtime::wait(self.runtime, answer)
    }

    pub(crate) const fn runtime(&self) -> &'static Runtime {
        self.runtime
    }

    pub(crate) fn address(&self) -> &Address {
        &self.link.address
    }

    /// A connection that is not the pool's: for what changes its session.
    pub(crate) fn own_client(&self) -> Result<OwnClient, Error> {
        self.wait(self.link.connect())
    }
}

/// The pools of the databases that are read from and written to, which may be one.
pub(crate) fn pools(reads: &Database, writes: &Database) -> Vec<stacyard_store::Pool> {
    match reads.address().replica() {
        None => vec![reads.link.connections("all")],
        Some(_) => vec![reads.link.connections("reads"), writes.link.connections("writes")],
    }
}

/// A connection that ends when it is dropped, and with it what runs on it.
pub(crate) struct OwnClient {
    client: Client,
    driver: JoinHandle<()>,
}

impl Deref for OwnClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for OwnClient {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Drop for OwnClient {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
