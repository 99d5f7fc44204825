//! Rows that the database refuses, found in sets: all that break a check or a foreign key in one query for each, and those that have
//! what another has that may be there only once. Only what is left is tried row by row.

use std::collections::HashMap;

use stacyard_store::{Mode, Problem, Refused, Why};
use tokio_postgres::{Client, Error};

use crate::copy::field::next_field;
use crate::copy::stream::{self, Columns};
use crate::own::columns::COLUMNS;
use crate::own::encode::Set;
use crate::own::load::demands::Constraint;
use crate::own::load::explain::{Explainer, refused};
use crate::own::load::target::{SIEVE, Target};
use crate::own::load::unique;

/// Which rows of a set are refused for certain; `None`: that cannot be found out in sets.
pub(crate) async fn sieve(
    client: &Client,
    target: &Target,
    explainer: &Explainer,
    set: Set<'_>,
) -> Option<Vec<Refused>> {
    // Triggers of the user may change rows before they are checked.
    if target.has_triggers || !explainer.demands.can_be_sieved() {
        return None;
    }
    let (begin, end) = match target.mode {
        Mode::Replace => ("SAVEPOINT sieve", "ROLLBACK TO SAVEPOINT sieve; RELEASE SAVEPOINT sieve"),
        _ => ("BEGIN", "ROLLBACK"),
    };
    client.batch_execute(begin).await.ok()?;
    // Where the user may not read a table that a key refers to, or a column of theirs has no default, rows are tried one by one.
    let found = look(client, target, explainer, set).await;
    // If this fails, so does the next attempt, and says why.
    let _ = client.batch_execute(end).await;
    let found = found.ok()?.into_iter();
    Some(found.map(|(item, problem)| Refused { item, why: Why::Wrong(problem) }).collect())
}

async fn look(
    client: &Client,
    target: &Target,
    explainer: &Explainer,
    set: Set<'_>,
) -> Result<HashMap<usize, Problem>, Error> {
    let table = format!(
        "CREATE TEMPORARY TABLE stacyard_sieve (LIKE {}.items INCLUDING GENERATED INCLUDING DEFAULTS) ON COMMIT DROP",
        target.schema
    );
    client.batch_execute(&table).await?;
    let columns = explainer.demands.sieved_columns();
    let names: Vec<&str> = columns.iter().map(|&place| COLUMNS[place].name).collect();
    let narrow: Vec<Vec<u8>> = set.numbers.iter().map(|&row| narrowed(set.rows.row(row), &columns)).collect();
    stream::send(
        client,
        Columns { table: SIEVE, names: &names.join(", ") },
        narrow.iter().map(Vec::as_slice),
    )
    .await?;
    let numbers: HashMap<(&str, &str), usize> =
        set.numbers.iter().map(|&row| (set.rows.key(row), row)).collect();
    let mut found = HashMap::new();
    for constraint in explainer.demands.constraints.iter().filter(|constraint| constraint.is_sieved) {
        let pointer = explainer.pointer_of(&constraint.columns);
        for row in client.query_typed(&breaking(constraint, target), &[]).await? {
            let Some(&number) = numbers.get(&(row.get(0), row.get(1))) else { continue };
            let said = match (&constraint.refers_to, row.get::<_, Option<&str>>(2)) {
                (Some((_, table, theirs)), Some(values)) if !theirs.is_empty() => format!(
                    "insert or update on table \"items\" violates foreign key constraint \"{}\" (Key ({})=({values}) is not \
                     present in table \"{table}\".)",
                    constraint.name,
                    constraint.quoted.join(", ")
                ),
                _ => format!(
                    "new row for relation \"items\" violates check constraint \"{}\"",
                    constraint.name
                ),
            };
            // The first that is broken is the one that PostgreSQL names.
            found.entry(number).or_insert_with(|| refused(pointer.clone(), &said));
        }
    }
    unique::look(client, target, explainer, set.numbers, &numbers, &mut found).await?;
    Ok(found)
}

/// Some columns of a row in COPY's binary format.
fn narrowed(row: &[u8], columns: &[usize]) -> Vec<u8> {
    let mut left = row.get(2..).unwrap_or_default();
    let mut out = Vec::with_capacity(row.len());
    out.extend_from_slice(&i16::try_from(columns.len()).unwrap_or(i16::MAX).to_be_bytes());
    for place in 0..COLUMNS.len() {
        let before = left;
        next_field(&mut left);
        if columns.contains(&place) {
            out.extend_from_slice(&before[..before.len() - left.len()]);
        }
    }
    out
}

/// The query for the keys of rows that break a constraint, and the values that are not there.
fn breaking(constraint: &Constraint, target: &Target) -> String {
    let partition = constraint.partition.as_deref().unwrap_or("true");
    let Some((table, _, theirs)) = &constraint.refers_to else {
        let check = constraint.check.as_deref().unwrap_or("true");
        return format!("SELECT collection, id, NULL FROM {SIEVE} WHERE ({partition}) AND NOT ({check})");
    };
    let ours: Vec<String> = constraint.quoted.iter().map(|column| format!("new.{column}")).collect();
    let is_same = ours.iter().zip(theirs).map(|(ours, theirs)| format!("their.{theirs} = {ours}"));
    let is_same = is_same.collect::<Vec<_>>().join(" AND ");
    let is_set = ours.iter().map(|column| format!("{column} IS NOT NULL")).collect::<Vec<_>>().join(" AND ");
    let values = ours.iter().map(|column| format!("{column}::text")).collect::<Vec<_>>().join(", ");
    // A row that stays as it was, since its Item is there already, is not checked.
    let is_there =
        if target.keeps_old() { format!(" AND NOT {}", target.is_there("new")) } else { String::new() };
    format!(
        "SELECT collection, id, concat_ws(', ', {values}) FROM {SIEVE} AS new WHERE ({partition}) AND {is_set} \
         AND NOT EXISTS (SELECT FROM {table} AS their WHERE {is_same}){is_there}"
    )
}
