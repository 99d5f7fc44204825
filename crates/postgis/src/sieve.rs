//! Rows that the database refuses, found in sets: all that break a check or a foreign key in one query for each, and those with
//! values that no type of PostgreSQL holds. Only what is left is tried row by row.

use std::collections::HashMap;

use stacyard_store::{Mode, Problem, Refused, Why};
use tokio_postgres::{Client, Error};

use crate::batch::{Target, copy};
use crate::encode::Rows;
use crate::explain::{Constraint, Explainer, odd, refused};

/// Where the rows stand: columns that are generated have their values, and nothing is checked.
const SIEVE: &str = "pg_temp.stacyard_sieve";

/// What was found.
#[derive(Default)]
pub(crate) struct Sieved {
    /// Rows that are refused for certain.
    pub(crate) refused: Vec<Refused>,
    /// Rows that may be: each is tried by itself.
    pub(crate) suspects: Vec<usize>,
}

/// Looks for rows of a set that was refused as a whole.
pub(crate) async fn sieve(
    client: &Client,
    target: &Target,
    explainer: &Explainer,
    (rows, set): (&Rows, &[usize]),
) -> Sieved {
    let (suspects, plain): (Vec<usize>, Vec<usize>) =
        set.iter().partition(|&&row| odd(rows.row(row)).is_some());
    // Triggers of the user may change rows before they are checked.
    let has_any = explainer.constraints.iter().any(|constraint| constraint.is_sieved);
    if target.has_triggers || !has_any || plain.is_empty() {
        return Sieved { suspects, ..Sieved::default() };
    }
    let (begin, end) = match target.mode {
        Mode::Replace => ("SAVEPOINT sieve", "ROLLBACK TO SAVEPOINT sieve; RELEASE SAVEPOINT sieve"),
        _ => ("BEGIN", "ROLLBACK"),
    };
    if client.batch_execute(begin).await.is_err() {
        return Sieved { suspects, ..Sieved::default() };
    }
    // Where the user may not read a table that a key refers to, or a column of theirs has no default, rows are tried one by one.
    let found = look(client, target, explainer, (rows, &plain)).await.unwrap_or_default();
    // If this fails, so does the next attempt, and says why.
    let _ = client.batch_execute(end).await;
    let refused =
        found.into_iter().map(|(item, problem)| Refused { item, why: Why::Wrong(problem) }).collect();
    Sieved { refused, suspects }
}

async fn look(
    client: &Client,
    target: &Target,
    explainer: &Explainer,
    (rows, set): (&Rows, &[usize]),
) -> Result<HashMap<usize, Problem>, Error> {
    let table = format!(
        "CREATE TEMPORARY TABLE stacyard_sieve (LIKE {}.items INCLUDING GENERATED INCLUDING DEFAULTS) ON COMMIT DROP",
        target.schema
    );
    client.batch_execute(&table).await?;
    copy(client, SIEVE, rows, set).await?;
    let numbers: HashMap<(&str, &str), usize> =
        set.iter().map(|&row| ((rows.keys[row].0.as_str(), rows.keys[row].1.as_str()), row)).collect();
    let mut found = HashMap::new();
    for constraint in explainer.constraints.iter().filter(|constraint| constraint.is_sieved) {
        for row in client.query_typed(&breaking(constraint, target), &[]).await? {
            let Some(&number) = numbers.get(&(row.get(0), row.get(1))) else { continue };
            let said = match (&constraint.refers_to, row.get::<_, Option<&str>>(2)) {
                (Some((_, table, theirs)), Some(values)) if !theirs.is_empty() => format!(
                    "insert or update on table \"items\" violates foreign key constraint \"{}\" (Key ({})=({values}) is not \
                     present in table \"{table}\".)",
                    constraint.name,
                    constraint.columns.join(", ")
                ),
                _ => format!(
                    "new row for relation \"items\" violates check constraint \"{}\"",
                    constraint.name
                ),
            };
            // The first that is broken is the one that PostgreSQL names.
            found.entry(number).or_insert_with(|| refused(constraint.pointer.clone(), &said));
        }
    }
    Ok(found)
}

/// The query for the keys of rows that break a constraint, and the values that are not there.
fn breaking(constraint: &Constraint, target: &Target) -> String {
    let Some((table, _, theirs)) = &constraint.refers_to else {
        let check = constraint.check.as_deref().unwrap_or("true");
        return format!("SELECT collection, id, NULL FROM {SIEVE} WHERE NOT ({check})");
    };
    let ours: Vec<String> = constraint.columns.iter().map(|column| format!("new.{column}")).collect();
    let is_same = ours.iter().zip(theirs).map(|(ours, theirs)| format!("their.{theirs} = {ours}"));
    let is_same = is_same.collect::<Vec<_>>().join(" AND ");
    let is_set = ours.iter().map(|column| format!("{column} IS NOT NULL")).collect::<Vec<_>>().join(" AND ");
    let values = ours.iter().map(|column| format!("{column}::text")).collect::<Vec<_>>().join(", ");
    // A row that stays as it was, since its Item is there already, is not checked.
    let is_there = match target.mode {
        Mode::Upsert | Mode::Replace => String::new(),
        Mode::Insert | Mode::Resume | Mode::Ignore => format!(
            " AND NOT EXISTS (SELECT FROM {}.items AS old WHERE old.collection = new.collection AND old.id = new.id)",
            target.schema
        ),
    };
    format!(
        "SELECT collection, id, concat_ws(', ', {values}) FROM {SIEVE} AS new WHERE {is_set} \
         AND NOT EXISTS (SELECT FROM {table} AS their WHERE {is_same}){is_there}"
    )
}
