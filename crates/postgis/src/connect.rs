//! Where a database is, and connections to it.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime as PoolRuntime};
use stacyard_store::{Error, without_password};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::{Config, Host, SslMode};
use tokio_postgres::{Client, NoTls};

use crate::fault;
use crate::ident::Ident;
use crate::passfile;

/// The schema where nothing else is said.
const SCHEMA: &str = "stac";

/// How long to wait for a server that does not answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait for a connection that others have.
const POOL_TIMEOUT: Duration = Duration::from_mins(1);

/// Connections at once, at most.
const CONNECTIONS: usize = 8;

/// A database and a schema in it, as a URL names them: `postgis://user@host:port/db?schema=stac`. What the URL leaves
/// out comes from `PGHOST`, `PGPORT`, `PGUSER`, `PGDATABASE` and `PGPASSWORD`, or the password file.
#[derive(Clone)]
pub struct Address {
    config: Config,
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
                "write postgis://user@host:port/database, ?schema=NAME behind it for another schema than stac",
            )
        };
        let (_, rest) = url.split_once("://").ok_or_else(|| wrong("no URL".to_owned()))?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut schema = Ident::new(SCHEMA)?;
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("schema", name)) => {
                    schema =
                        Ident::new(&decoded(name).ok_or_else(|| wrong(format!("{name:?} is no name")))?)?;
                }
                _ => kept.push(pair),
            }
        }
        let bare = format!("postgresql://{place}?{}", kept.join("&"));
        // Its message can hold a part of the URL, never the password.
        let mut config: Config = bare.parse().map_err(|e: tokio_postgres::Error| {
            wrong(std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string))
        })?;
        complete(&mut config);
        let wants_tls = |mode: String| mode == "require" || mode.starts_with("verify");
        if config.get_ssl_mode() == SslMode::Require || env::var("PGSSLMODE").is_ok_and(wants_tls) {
            return Err(wrong("TLS is not supported yet".to_owned()));
        }
        config.ssl_mode(SslMode::Disable).application_name("stacyard");
        config.connect_timeout(config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT));
        Ok(Self { config, schema, shown })
    }

    /// The URL for people: without a password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub(crate) fn schema(&self) -> &Ident {
        &self.schema
    }

    pub(crate) fn connect(&self) -> Result<Database, Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|cause| Error::failed("cannot start a thread for the database").caused_by(cause))?;
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(self.config.clone(), NoTls, manager);
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(PoolRuntime::Tokio1)
            .wait_timeout(Some(POOL_TIMEOUT))
            .build()
            .map_err(|cause| Error::failed("cannot make a pool of connections").caused_by(cause))?;
        Ok(Database { runtime: Arc::new(runtime), link: Link { pool, address: self.clone() } })
    }
}

/// Adds what the environment says of what the URL leaves open.
fn complete(config: &mut Config) {
    let named = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host(named("PGHOST").unwrap_or_else(|| "localhost".to_owned()));
    }
    if config.get_ports().is_empty()
        && let Some(port) = named("PGPORT").and_then(|port| port.parse().ok())
    {
        config.port(port);
    }
    if config.get_user().is_none()
        && let Some(user) = named("PGUSER").or_else(|| named("USER"))
    {
        config.user(user);
    }
    if config.get_dbname().is_none()
        && let Some(name) = named("PGDATABASE")
    {
        config.dbname(name);
    }
    if config.get_password().is_none() {
        let host = match config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            _ => "localhost".to_owned(),
        };
        let port = config.get_ports().first().unwrap_or(&5432).to_string();
        let user = config.get_user().unwrap_or_default().to_owned();
        let database = config.get_dbname().unwrap_or(&user).to_owned();
        let in_file = || passfile::password(named("PGPASSFILE"), [&host, &port, &database, &user]);
        if let Some(password) = named("PGPASSWORD").or_else(in_file) {
            config.password(password);
        }
    }
}

/// Percent-decoding (RFC 3986 section 2.1).
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let hex = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// A database with a pool of connections. Clones share it.
#[derive(Clone)]
pub(crate) struct Link {
    pool: Pool,
    pub(crate) address: Address,
}

impl Link {
    /// A connection, which goes back to the pool when it is dropped.
    pub(crate) async fn client(&self) -> Result<Object, Error> {
        self.pool.get().await.map_err(|cause| fault::unconnected(self.address.shown(), cause))
    }
}

/// The same for code that is not asynchronous. What runs on its threads holds the [`Link`] alone: a runtime must not
/// end on a thread of its own.
#[derive(Clone)]
pub(crate) struct Database {
    runtime: Arc<Runtime>,
    pub(crate) link: Link,
}

impl Database {
    /// Waits for an answer of the database.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn address(&self) -> &Address {
        &self.link.address
    }

    /// A connection that is not the pool's: for what changes its session.
    pub(crate) fn own_client(&self) -> Result<Client, Error> {
        let address = self.address();
        let (client, connection) = self
            .wait(address.config.connect(NoTls))
            .map_err(|cause| fault::failed(&format!("connect to {}", address.shown()), cause))?;
        self.runtime.spawn(connection);
        Ok(client)
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
    fn schemas_are_names() {
        let schema = |url: &str| Address::parse(url).unwrap().schema().name().to_owned();
        assert_eq!(schema("postgis://h/db"), "stac");
        assert_eq!(schema("postgis://h/db?schema=a%20b%22"), "a b\"");
        assert!(Address::parse("postgis://h/db?schema=pg_toast").is_err());
        assert!(Address::parse("postgis://h/db?schema=%zz").is_err());
    }
}
