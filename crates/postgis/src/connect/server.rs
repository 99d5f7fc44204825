//! One server, and how a session with it begins.

use std::pin::Pin;
use std::time::Duration;

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Config, Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Error, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::connect::settings::Settings;
use crate::connect::tls::{Mode, Tls};
use crate::connect::{fault, passfile};

/// How often the server looks whether we are still there: a query of a program that was killed ends with it. Servers
/// behind a transaction pooler keep it for their other sessions, which it does not harm.
const CHECK: &str = "SET client_connection_check_interval = '1s'";

/// A server, or several of which the first that answers is taken.
#[derive(Clone)]
pub(crate) struct Server {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    /// Where it is, for people.
    pub(crate) place: String,
}

/// A connection, and the task that drives it.
type Connected = (Client, JoinHandle<()>);

impl Server {
    /// The server that the settings name. The error is a cause, without any value.
    pub(crate) fn of(settings: &Settings, tls: Option<Tls>) -> Result<Self, String> {
        let mut config = settings.config()?;
        if config.get_password().is_none() {
            let host = match config.get_hosts().first() {
                Some(Host::Tcp(host)) => host.clone(),
                _ => "localhost".to_owned(),
            };
            let port = config.get_ports().first().unwrap_or(&5432).to_string();
            let user = config.get_user().unwrap_or_default().to_owned();
            let database = config.get_dbname().unwrap_or(&user).to_owned();
            let file = settings.get("passfile").map(str::to_owned);
            if let Some(password) = passfile::password(file, [&host, &port, &database, &user]) {
                config.password(password);
            }
        }
        config.ssl_mode(match tls.as_ref().map(|tls| tls.mode) {
            None => SslMode::Disable,
            Some(Mode::Prefer) => SslMode::Prefer,
            Some(Mode::Require | Mode::VerifyCa | Mode::VerifyFull) => SslMode::Require,
        });
        Ok(Self { config, tls: tls.map(|tls| tls.connector), place: settings.place() })
    }

    /// Whether it is one alone.
    pub(crate) fn is_one(&self) -> bool {
        self.config.get_hosts().len() <= 1 && self.config.get_hostaddrs().len() <= 1
    }

    /// Whether the settings lead to the same database.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let database = |config: &Config| config.get_dbname().or(config.get_user()).map(str::to_owned);
        let ports = |config: &Config| match config.get_ports() {
            [] => vec![5432],
            ports => ports.to_vec(),
        };
        let (ours, theirs) = (&self.config, &other.config);
        (ours.get_hosts(), ours.get_hostaddrs(), ports(ours), database(ours))
            == (theirs.get_hosts(), theirs.get_hostaddrs(), ports(theirs), database(theirs))
    }

    /// How long a session may take to begin: `tokio-postgres` limits only how long each host takes to accept.
    pub(crate) fn limit(&self) -> Option<Duration> {
        let hosts = u32::try_from(self.config.get_hosts().len()).unwrap_or(u32::MAX);
        Some(self.config.get_connect_timeout()?.saturating_mul(hosts.saturating_add(1)))
    }

    /// Begins a session.
    pub(crate) async fn connect(&self) -> Result<Connected, Error> {
        let tried = self.attempt(&self.config).await;
        let (client, driver) = match tried {
            // As by libpq: what is only preferred is left out where it is what does not work.
            Err(cause) if self.config.get_ssl_mode() == SslMode::Prefer && is_against_tls(&cause) => {
                let mut plain = self.config.clone();
                plain.ssl_mode(SslMode::Disable);
                self.attempt(&plain).await.map_err(|_| cause)?
            }
            tried => tried?,
        };
        // Some systems cannot do it.
        let _ = client.batch_execute(CHECK).await;
        Ok((client, driver))
    }

    async fn attempt(&self, config: &Config) -> Result<Connected, Error> {
        match &self.tls {
            Some(tls) => driven(config, tls.clone()).await,
            None => driven(config, NoTls).await,
        }
    }
}

async fn driven<T>(config: &Config, tls: T) -> Result<Connected, Error>
where
    T: MakeTlsConnect<Socket, Stream: Send + 'static>,
{
    let (client, connection) = config.connect(tls).await?;
    let driver = tokio::spawn(async move {
        // Whoever waits for an answer is told of the error.
        let _ = connection.await;
    });
    Ok((client, driver))
}

/// Whether the handshake failed, or the server lets this user in without TLS only.
fn is_against_tls(cause: &Error) -> bool {
    cause.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) || fault::of_tls(cause).is_some()
}

impl Connect for Server {
    fn connect(&self, _: &Config) -> Pin<Box<dyn Future<Output = Result<Connected, Error>> + Send + '_>> {
        Box::pin(self.connect())
    }
}
