//! The tables: made, and brought from one version to the next, by numbered SQL files (refinery).

use std::fmt::Write as _;

use refinery::{Migration, Runner};
use stacyard_model::Profile;
use stacyard_store::{Error, Remedy};
use tokio_postgres::Client;

use crate::connect::address::Address;
use crate::connect::fault;
use crate::own::schema::absent::HISTORY;
use crate::own::schema::found::{Found, NEWEST, found, newer, not_ours, postgis};
use crate::own::schema::step::{Step, not_made};
use crate::own::schema::{partition, profile};
use crate::sql::ident::{Ident, literal};

/// The migrations, oldest first. A released one never changes: its checksum is in the databases.
const MIGRATIONS: [(&str, &str); NEWEST as usize] = [
    ("V1__items_and_collections", include_str!("migrations/V1__items_and_collections.sql")),
    ("V2__profile_and_datetime", include_str!("migrations/V2__profile_and_datetime.sql")),
    ("V3__rows_by_sql", include_str!("migrations/V3__rows_by_sql.sql")),
    ("V4__written_by", include_str!("migrations/V4__written_by.sql")),
];

/// The version since which a schema can have a profile.
const PROFILE: i32 = 2;

/// The oldest version that is known to work: PostgreSQL 14 has lz4.
const OLDEST_POSTGRES: i32 = 140_000;

/// How long a migration waits for a lock.
const LOCK_TIMEOUT: &str = "5s";

/// What is wanted of a database, beside the tables.
#[derive(Debug, Default, Clone, Copy)]
pub struct Wanted<'a> {
    /// The profile whose fields have columns; `None`: as they are.
    pub profile: Option<&'a Profile>,
    /// Collections that have a partition of their own, beside those that have one.
    pub partitions: &'a [String],
}

/// The SQL that is still to be run, for people to read or to run themselves.
pub(crate) async fn plan(client: &Client, address: &Address, wanted: Wanted<'_>) -> Result<String, Error> {
    let (version, schema, postgis) = prepared(client, address).await?;
    let path = enter(client, &schema, &postgis).await?;
    if version < NEWEST && !wanted.partitions.is_empty() {
        return Err(Error::usage(
            format!("there are no tables yet in {} whose partitions could be planned", address.shown()),
            Remedy::from("make or migrate them first: ")
                .command("init", &[])
                .text(" without ")
                .option("partition"),
        ));
    }
    let steps = steps(client, &schema, version, wanted).await?;
    let migrations = migrations()?;
    let left: Vec<_> = migrations.iter().filter(|migration| migration.version() > version).collect();
    if left.is_empty() && steps.is_empty() {
        return Ok(format!("-- {} has all of it\n", address.shown()));
    }
    let mut sql =
        format!("-- What stacyard init runs.\nBEGIN;\nSET LOCAL lock_timeout = '{LOCK_TIMEOUT}';\n");
    if version == 0 {
        let _ = writeln!(sql, "CREATE SCHEMA IF NOT EXISTS {schema};");
    }
    let _ = writeln!(sql, "{};", path.replace("SET ", "SET LOCAL "));
    if version == 0 {
        let _ = writeln!(
            sql,
            "CREATE TABLE {HISTORY} (version int PRIMARY KEY, name varchar(255), applied_on varchar(255), checksum varchar(255));"
        );
    }
    for migration in left {
        let (number, name) = (migration.version(), migration.name());
        let _ = write!(
            sql,
            "\n-- Version {number}: {name}\n{}INSERT INTO {HISTORY} VALUES ({number}, '{name}', \
             to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '{}');\n",
            migration.sql().unwrap_or_default(),
            migration.checksum()
        );
    }
    for Step { said, sql: step } in steps {
        let _ = writeln!(sql, "\n-- {}\n{step}", said.replace(char::is_control, " "));
    }
    sql.push_str("COMMIT;\n");
    Ok(sql)
}

/// What is still to be done to the tables of this version.
async fn steps(
    client: &Client,
    schema: &Ident,
    version: i32,
    wanted: Wanted<'_>,
) -> Result<Vec<Step>, Error> {
    let is_there = version >= PROFILE;
    let mut steps = if is_there { partition::steps(client, wanted.partitions).await? } else { Vec::new() };
    if let Some(profile) = wanted.profile {
        let is_partitioned = !steps.is_empty() || (is_there && partition::is_partitioned(client).await?);
        let old = if is_there { profile::read(client, schema).await? } else { None };
        steps.extend(profile::steps(client, old.as_ref(), profile, is_partitioned).await?);
    }
    Ok(steps)
}

/// Makes names mean those of our schema first, then what they mean to the user; gives the SQL that did.
async fn enter(client: &Client, schema: &Ident, postgis: &Ident) -> Result<String, Error> {
    let failed = |cause| fault::failed("look at the schema", cause);
    let row = client.query_typed_one("SELECT current_setting('search_path')", &[]).await.map_err(failed)?;
    let own: String = row.get(0);
    let own = if own.trim().is_empty() { String::new() } else { format!(", {own}") };
    let path = format!("SET search_path TO {schema}, {postgis}{own}");
    client.batch_execute(&path).await.map_err(failed)?;
    Ok(path)
}

fn migrations() -> Result<Vec<Migration>, Error> {
    let migrations = MIGRATIONS.iter().map(|(name, sql)| Migration::unapplied(name, sql));
    migrations
        .collect::<Result<_, _>>()
        .map_err(|cause| Error::failed("a migration is not well formed").caused_by(cause))
}

async fn prepared(client: &Client, address: &Address) -> Result<(i32, Ident, Ident), Error> {
    let schema = address.schema().clone();
    let failed = |cause| fault::failed("ask for the server's version", cause);
    let row = client
        .query_one("SELECT current_setting('server_version_num')::int, version()", &[])
        .await
        .map_err(failed)?;
    if row.get::<_, i32>(0) < OLDEST_POSTGRES {
        return Err(Error::failed(format!("the server is too old: {}", row.get::<_, String>(1)))
            .remedy("use PostgreSQL 14 or newer"));
    }
    let postgis = postgis(client).await?;
    let version = match found(client, &schema).await? {
        Found::Nothing => 0,
        Found::Ours(version) if version > NEWEST => return Err(newer(address.shown(), version)),
        Found::Ours(version) => version,
        Found::Others => return Err(not_ours(&schema)),
    };
    Ok((version, schema, postgis))
}

/// Makes what is missing, then what else is wanted, each in one transaction. Gives the version before, and what was changed
/// beyond it.
pub(crate) async fn run(
    client: &mut Client,
    address: &Address,
    wanted: Wanted<'_>,
) -> Result<(i32, Vec<String>), Error> {
    let failed = |cause| fault::failed("prepare the schema", cause);
    // Two at once wait for each other; the later one then finds all done.
    let lock = format!(
        "SET lock_timeout = '{LOCK_TIMEOUT}'; SELECT pg_advisory_lock(hashtext('stacyard'), hashtext({}))",
        literal(address.schema().name())
    );
    client.batch_execute(&lock).await.map_err(failed)?;
    let (version, schema, postgis) = prepared(client, address).await?;
    enter(client, &schema, &postgis).await?;
    if version < NEWEST {
        // What cannot be is said before anything is made.
        steps(client, &schema, version, wanted).await?;
        // Who may make tables in a schema that is there need not have the right to make schemas.
        let there = client.query_opt("SELECT FROM pg_namespace WHERE nspname = $1", &[&schema.name()]).await;
        if there.map_err(failed)?.is_none() {
            client.batch_execute(&format!("CREATE SCHEMA {schema}")).await.map_err(failed)?;
        }
    }
    if version < NEWEST {
        migrate(client, address).await?;
    }
    let transaction = client.transaction().await.map_err(failed)?;
    let steps = steps(transaction.client(), &schema, NEWEST, wanted).await?;
    for Step { sql, .. } in &steps {
        transaction
            .batch_execute(sql)
            .await
            .map_err(|cause| not_made(address.shown(), version < NEWEST, cause))?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok((version, steps.into_iter().map(|step| step.said).collect()))
}

/// Runs the migrations, in one transaction.
async fn migrate(client: &mut Client, address: &Address) -> Result<(), Error> {
    let mut runner = Runner::new(&migrations()?).set_grouped(true).set_abort_divergent(true);
    runner.set_migration_table_name(HISTORY);
    runner.run_async(client).await.map_err(|cause| {
        let source = std::error::Error::source(&cause);
        let is_conflict =
            source.and_then(<dyn std::error::Error>::downcast_ref).is_some_and(fault::is_conflict);
        let said = source.map(ToString::to_string).unwrap_or_default();
        Error::failed(format!("cannot make the tables in {}: {said}", address.shown()))
            .caused_by(cause)
            .remedy(if is_conflict {
                "nothing was changed; another session was in the way: run it again"
            } else {
                "nothing was changed; the database says what is wrong"
            })
    })?;
    Ok(())
}
