//! Where a database is, and connections to it.

use std::env;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime as PoolRuntime};
use stacyard_store::{Error, without_password};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::Client;
use tokio_postgres::config::Config;

use crate::fault;
use crate::ident::Ident;
use crate::runtime;
use crate::server::Server;
use crate::settings::Settings;
use crate::tls::Tls;

/// The schema where nothing else is said.
const SCHEMA: &str = "stac";

/// How long to wait for a connection that others have.
const POOL_TIMEOUT: Duration = Duration::from_mins(1);

/// Connections at once, at most.
const CONNECTIONS: usize = 8;

/// A database and a schema in it, as a URL names them: `postgis://user@host:port/db?schema=stac`. What the URL leaves
/// out comes from a service (`service=` in it, or `PGSERVICE`), the environment (`PGHOST` and so on) or the password file,
/// as with libpq. With `read=HOST:PORT` another server is asked than the one that is written to.
#[derive(Clone)]
pub struct Address {
    primary: Server,
    replica: Option<Server>,
    schema: Ident,
    shown: String,
}

impl Address {
    /// Understands a URL.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let shown = without_password(url);
        let wrong = |cause: String| {
            Error::usage(
                format!("{shown}: {cause}"),
                "write postgis://user@host:port/database, with ?schema=NAME after it for another schema than stac",
            )
        };
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let mut settings = Settings::of_url(url).map_err(wrong)?;
        let schema = Ident::new(settings.take("schema").as_deref().unwrap_or(SCHEMA))?;
        let read = settings.take("read");
        settings.complete(&variable)?;
        let server = |settings: &Settings| {
            // A socket of this machine needs no TLS, whatever is asked for: nobody is between.
            let tls = if settings.is_remote() { Tls::of(settings, &variable)? } else { None };
            Server::of(settings, tls).map_err(wrong)
        };
        let primary = server(&settings)?;
        let replica = read
            .map(|place| settings.at(&place).map_err(wrong).and_then(|settings| server(&settings)))
            .transpose()?;
        Ok(Self { primary, replica, schema, shown })
    }

    /// The URL for people: without a password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether both lead to one and the same schema, as far as names tell: an alias of a host is not looked up.
    pub fn is_same(&self, other: &Self) -> bool {
        self.schema.to_string() == other.schema.to_string() && self.primary.is_same(&other.primary)
    }

    pub(crate) fn schema(&self) -> &Ident {
        &self.schema
    }

    /// To change what is there.
    pub(crate) fn connect(&self) -> Result<Database, Error> {
        self.database(&self.primary)
    }

    /// To read, and to change what is there: two servers where a replica is read from.
    pub(crate) fn connect_to_both(&self) -> Result<(Database, Database), Error> {
        let writer = self.connect()?;
        let reader = self.replica.as_ref().map(|replica| self.database(replica)).transpose()?;
        Ok((reader.unwrap_or_else(|| writer.clone()), writer))
    }

    fn database(&self, server: &Server) -> Result<Database, Error> {
        let runtime = runtime::shared()?;
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(Config::new(), server.clone(), manager);
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(PoolRuntime::Tokio1)
            .wait_timeout(Some(POOL_TIMEOUT))
            .create_timeout(server.limit())
            .build()
            .map_err(|cause| Error::failed("cannot make a pool of connections").caused_by(cause))?;
        let link = Link { pool, server: server.clone(), address: self.clone() };
        Ok(Database { runtime, link })
    }
}

/// A database with a pool of connections. Clones share it.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) pool: Pool,
    server: Server,
    pub(crate) address: Address,
}

impl Link {
    /// A connection, which goes back to the pool when it is dropped.
    pub(crate) async fn client(&self) -> Result<Object, Error> {
        self.pool.get().await.map_err(|cause| fault::unconnected(&self.connecting(), cause))
    }

    /// What fails where there is no connection; with the place, where the URL leaves it open or is of two servers.
    fn connecting(&self) -> String {
        let (shown, place) = (self.address.shown(), &self.server.place);
        if self.address.replica.is_none() && shown.contains(place.as_str()) {
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
    /// Waits for an answer of the database, on any thread.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        runtime::wait(self.runtime, answer)
    }

    pub(crate) const fn runtime(&self) -> &'static Runtime {
        self.runtime
    }

    pub(crate) fn address(&self) -> &Address {
        &self.link.address
    }

    /// A connection that is not the pool's: for what changes its session.
    pub(crate) fn own_client(&self) -> Result<OwnClient, Error> {
        let (server, doing) = (&self.link.server, self.link.connecting());
        let limit = server.limit().unwrap_or(Duration::MAX);
        let connected = self.wait(async { timeout(limit, server.connect()).await });
        let (client, driver) =
            connected.map_err(|_| fault::too_late(&doing))?.map_err(|cause| fault::failed(&doing, cause))?;
        Ok(OwnClient { client, driver })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let error = Address::parse("postgis://me:secret@host:port/db").err().unwrap().to_string();
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn urls_of_postgresql_are_taken_too() {
        for scheme in ["postgis", "postgres", "postgresql", "PostgreSQL"] {
            let address = Address::parse(&format!("{scheme}://me:secret@h:5433/db?schema=x")).unwrap();
            assert_eq!(address.schema().name(), "x");
            assert_eq!(address.shown(), format!("{scheme}://me:***@h:5433/db?schema=x"));
        }
    }

    #[test]
    fn schemas_are_names() {
        let schema = |url: &str| Address::parse(url).unwrap().schema().name().to_owned();
        assert_eq!(schema("postgis://h/db"), "stac");
        assert_eq!(schema("postgis://h/db?schema=a%20b%22"), "a b\"");
        assert!(Address::parse("postgis://h/db?schema=pg_toast").is_err());
        assert!(Address::parse("postgis://h/db?schema=%zz").is_err());
    }
}
