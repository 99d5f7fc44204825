//! pgstac's tables, made and migrated by its own SQL: `package` is where that is, `steps` which files of it have to run, and `locks`
//! what each of these takes.

mod locks;
pub(crate) mod package;
mod steps;

use stacyard_model::Profile;
use stacyard_store::{Error, ErrorKind, Remedy};
use tokio_postgres::Client;

use crate::connect::address::Address;
use crate::connect::change::Fault;
use crate::connect::fault::{self, Attempts};
use crate::connect::pool::Database;
use crate::pgstac::install::locks::locks;
use crate::pgstac::install::package::Package;
use crate::pgstac::install::steps::steps;
use crate::pgstac::queryables;
use crate::pgstac::version::{self, VERSION, numbers};

/// What [`install`] has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The version before; `None`: there was none.
    pub from: Option<String>,
    /// The version now.
    pub to: String,
    /// Statements that pgstac has put off and that could not be run since, each with what was wrong.
    pub left: Vec<String>,
}

/// A file of SQL that is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStep {
    /// Its name in the package.
    pub file: String,
    /// What it locks, beside what it makes.
    pub locks: Vec<String>,
}

/// Makes pgstac's tables, or migrates those that are there, in one transaction; then has pgstac do what it has put off. `to` is a version;
/// the newest of the package, if `None`.
///
/// # Errors
/// A database that cannot be changed, or a version that the package cannot make of the one that is there: nothing was changed then.
pub fn install(address: &Address, package: &Package, to: Option<&str>) -> Result<Installed, Error> {
    let database = Database::of(address)?;
    let client = database.own_client()?;
    database.wait(async {
        let failed = |cause| fault::failed(&format!("migrate {}", address.shown()), cause);
        let (from, to, files) = plan(&client, address, package, to).await?;
        if files.is_empty() {
            return Ok(Installed { from, to, left: Vec::new() });
        }
        if from.is_some() {
            // They name functions as they are now.
            finish_queued(&client).await.map_err(failed)?;
        }
        let mut attempts = Attempts::default();
        let (from, to) = loop {
            match migrate(&client, address, package, &to).await {
                Ok(versions) => break versions,
                Err(Fault::Refused(error)) => return Err(error),
                Err(Fault::Raced) if attempts.wait().await => {}
                Err(Fault::Raced) => {
                    let message = format!("others make roles or tables on the server of {}", address.shown());
                    return Err(
                        Error::new(ErrorKind::Unavailable, &message).remedy("nothing was changed; try again")
                    );
                }
                Err(Fault::Failed(cause)) => return Err(failed(cause)),
            }
        };
        let left = finish_queued(&client).await.map_err(failed)?;
        // Some of that SQL sets things for its session, which is of somebody else next where a pooler lies between.
        client.batch_execute("RESET ALL").await.map_err(failed)?;
        Ok(Installed { from, to, left })
    })
}

/// The migration as one transaction: from which version, and to which.
async fn migrate(
    client: &Client,
    address: &Address,
    package: &Package,
    to: &str,
) -> Result<(Option<String>, String), Fault> {
    let migrated = async {
        // Who comes while others migrate finds it done.
        client.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('pgstac', 8471))").await?;
        let (from, to, files) = plan(client, address, package, Some(to)).await?;
        for file in &files {
            client.batch_execute(&package.sql(file)?).await.map_err(|cause| {
                if is_of_roles(&cause) {
                    return Fault::Raced;
                }
                let doing = format!("migrate {} by {file}", address.shown());
                fault::failed(&doing, cause).also("nothing was changed").into()
            })?;
        }
        let now = current(client, address).await?;
        if now.as_deref() != Some(to.as_str()) {
            let now = now.unwrap_or_default();
            return Err(Error::failed(format!("after its migration pgstac is of version {now:?}, not {to}"))
                .remedy("nothing was changed; the package does not do what it says")
                .into());
        }
        client.batch_execute("COMMIT").await?;
        Ok((from, to))
    };
    let migrated = migrated.await;
    if migrated.is_err() {
        let _ = client.batch_execute("ROLLBACK").await;
    }
    migrated
}

/// Whether another session makes or changes the same roles, which are those of the whole server.
fn is_of_roles(cause: &tokio_postgres::Error) -> bool {
    fault::is_duplicate(cause)
        || cause.as_db_error().is_some_and(|cause| cause.message().contains("concurrently updated"))
}

/// Declares the fields of a profile as queryables, in one transaction; gives their names.
///
/// # Errors
/// A database without tables of pgstac, or one that does not take them: nothing was changed then.
pub fn declare(address: &Address, profile: &Profile) -> Result<Vec<String>, Error> {
    let database = Database::of(address)?;
    let mut client = database.own_client()?;
    let failed = |cause| fault::failed(&format!("declare queryables in {}", address.shown()), cause);
    database.wait(async {
        let (version, _) = version::found(&client, address).await?;
        let transaction = client.transaction().await.map_err(failed)?;
        transaction.batch_execute("SET LOCAL search_path TO pgstac, public").await.map_err(failed)?;
        let names = queryables::declare(transaction.client(), &version, profile).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(names)
    })
}

/// What [`install`] would run.
///
/// # Errors
/// As [`install`].
pub fn planned(address: &Address, package: &Package, to: Option<&str>) -> Result<Vec<MigrationStep>, Error> {
    let database = Database::of(address)?;
    let client = database.own_client()?;
    database.wait(async {
        let (from, _, files) = plan(&client, address, package, to).await?;
        let step = |file: String| {
            let locks = if from.is_some() { locks(&package.sql(&file)?) } else { Vec::new() };
            Ok(MigrationStep { file, locks })
        };
        files.into_iter().map(step).collect()
    })
}

/// The version that is there, the one that is wanted, and the files from one to the other.
async fn plan(
    client: &Client,
    address: &Address,
    package: &Package,
    to: Option<&str>,
) -> Result<(Option<String>, String, Vec<String>), Error> {
    let from = current(client, address).await?;
    let to = match to {
        Some(to) => to.to_owned(),
        None => package.newest().ok_or_else(|| package.without_sql())?,
    };
    if !matches!(numbers(&to), Some([0, 9 | 10, _])) {
        return Err(Error::usage(
            format!("pgstac {to} is none that this version can read and write"),
            "name one of 0.9 or 0.10",
        )
        .of_kind(ErrorKind::Unsupported));
    }
    if from.as_deref() == Some(to.as_str()) {
        return Ok((from, to, Vec::new()));
    }
    let files = steps(package.names(), from.as_deref(), &to).ok_or_else(|| {
        let there = from.as_ref().map_or_else(|| "nothing".to_owned(), |from| format!("pgstac {from}"));
        Error::usage(
            format!("{} has no way from {there} to pgstac {to}", package.shown()),
            Remedy::from("name another version with ")
                .option("pgstac-version")
                .text(", or a newer package with ")
                .option("pgstac-package"),
        )
    })?;
    Ok((from, to, files))
}

/// The version that a database has.
async fn current(client: &Client, address: &Address) -> Result<Option<String>, Error> {
    let failed = |cause| fault::failed(&format!("read {}", address.shown()), cause);
    let there = "SELECT to_regclass('pgstac.migrations') IS NOT NULL";
    if !client.query_typed_one(there, &[]).await.map_err(failed)?.get::<_, bool>(0) {
        return Ok(None);
    }
    let rows = client.query_typed(VERSION, &[]).await.map_err(failed)?;
    Ok(rows.first().map(|row| row.get(0)))
}

/// Has pgstac run what it has put off; gives what could not be run.
async fn finish_queued(client: &Client) -> Result<Vec<String>, tokio_postgres::Error> {
    let there = "SELECT to_regclass('pgstac.query_queue') IS NOT NULL";
    if !client.query_typed_one(there, &[]).await?.get::<_, bool>(0) {
        return Ok(Vec::new());
    }
    client.batch_execute("SET search_path TO pgstac, public").await?;
    let waiting = async || {
        let rows = client.query_typed("SELECT query FROM pgstac.query_queue ORDER BY query", &[]).await?;
        Ok::<_, tokio_postgres::Error>(rows.iter().map(|row| row.get(0)).collect::<Vec<String>>())
    };
    let mut before = waiting().await?;
    // Each call runs some of them, as long as its own limit allows.
    while !before.is_empty() {
        client.batch_execute("CALL pgstac.run_queued_queries()").await?;
        let now = waiting().await?;
        if now == before {
            break;
        }
        before = now;
    }
    Ok(before)
}
