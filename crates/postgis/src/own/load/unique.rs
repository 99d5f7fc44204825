//! Rows that have what may be there only once: because the table has it, or a row before them of the same set.

use std::collections::{HashMap, HashSet};

use stacyard_store::Problem;
use tokio_postgres::{Client, Error};

use crate::own::load::demands::Unique;
use crate::own::load::explain::{Explainer, refused};
use crate::own::load::target::{SIEVE, Target};

/// A key that more than one row has: the place of the index, and a number of the key.
type Shared = (usize, i64);

/// Looks for such rows of a set, in its order, among those for which nothing else has been `found`.
pub(crate) async fn look(
    client: &Client,
    target: &Target,
    explainer: &Explainer,
    set: &[usize],
    numbers: &HashMap<(&str, &str), usize>,
    found: &mut HashMap<usize, Problem>,
) -> Result<(), Error> {
    let demands = &explainer.demands;
    // Which of these are refused is known only when all others are in.
    if demands.constraints.iter().any(|constraint| constraint.is_of_items) {
        return Ok(());
    }
    let mut shared: HashMap<usize, Vec<(Shared, String)>> = HashMap::new();
    let mut taken: HashSet<Shared> = HashSet::new();
    for (place, index) in demands.indexes.iter().enumerate() {
        let Some(unique) = &index.unique else { continue };
        for row in client.query_typed(&sharing(unique, target), &[]).await? {
            let key = (place, row.get(3));
            if row.get(5) {
                // The one that the table has it from may be another one afterwards: who comes first gets it.
                return Ok(());
            }
            if row.get(4) {
                taken.insert(key);
            }
            if let Some(&number) = numbers.get(&(row.get(0), row.get(1))) {
                shared.entry(number).or_default().push((key, row.get(2)));
            }
        }
    }
    for row in set {
        let Some(keys) = shared.get(row).filter(|_| !found.contains_key(row)) else { continue };
        match keys.iter().find(|(key, _)| taken.contains(key)) {
            None => taken.extend(keys.iter().map(|(key, _)| *key)),
            Some(((place, _), values)) => {
                let index = &demands.indexes[*place];
                let keys = index.unique.as_ref().map(|unique| unique.keys.join(", ")).unwrap_or_default();
                let said = format!(
                    "duplicate key value violates unique constraint \"{}\" (Key ({keys})=({values}) already exists.)",
                    index.name
                );
                found.insert(*row, refused(explainer.pointer_of(&index.columns), &said));
            }
        }
    }
    Ok(())
}

/// The query for rows that share a key with others: of each its own key, the values, a number for them, whether a row of the table has
/// them that stays as it is, and whether one has them that may change.
fn sharing(unique: &Unique, target: &Target) -> String {
    let key = |place: usize| format!("k{place}");
    let keys: Vec<String> = (0..unique.keys.len()).map(key).collect();
    let named: Vec<String> =
        unique.keys.iter().zip(&keys).map(|(sql, key)| format!("{sql} AS {key}")).collect();
    let (named, list) = (named.join(", "), keys.join(", "));
    let only = unique.only.as_deref().unwrap_or("true");
    let each = |sql: &dyn Fn(&String) -> String, between: &str| {
        keys.iter().map(sql).collect::<Vec<_>>().join(between)
    };
    let values = each(&|key| format!("coalesce({key}::text, 'null')"), ", ");
    let is_set = if unique.are_nulls_same {
        "true".to_owned()
    } else {
        each(&|key| format!("{key} IS NOT NULL"), " AND ")
    };
    let equals = if unique.are_nulls_same { "IS NOT DISTINCT FROM" } else { "=" };
    let is_same = each(&|key| format!("old.{key} {equals} new.{key}"), " AND ");
    let old = format!("(SELECT collection, id, {named} FROM {}.items WHERE ({only})) AS old", target.schema);
    let is_other = "(old.collection, old.id) <> (new.collection, new.id)";
    // Where old rows stay, a new one with the same Item is not looked at; where they do not, those of the set may have changed.
    let (is_new, may_change) = if target.keeps_old() {
        (format!("NOT {}", target.is_there("sieved")), "false".to_owned())
    } else {
        let among = format!(
            "EXISTS (SELECT FROM {SIEVE} AS own WHERE own.collection = old.collection AND own.id = old.id)"
        );
        ("true".to_owned(), among)
    };
    let has = |which: &str| format!("EXISTS (SELECT FROM {old} WHERE {is_same} AND {is_other} AND {which})");
    let (stays, changes) = (has(&format!("NOT {may_change}")), has(&may_change));
    format!(
        "WITH new AS (SELECT *, count(*) OVER (PARTITION BY {list}) > 1 AS is_shared, dense_rank() OVER (ORDER BY {list}) AS number \
         FROM (SELECT collection, id, {named} FROM {SIEVE} AS sieved WHERE ({only}) AND {is_new}) AS keyed WHERE {is_set}), \
         met AS (SELECT *, {stays} AS is_taken, {changes} AS is_unsure FROM new) \
         SELECT collection, id, concat_ws(', ', {values}), number, is_taken, is_unsure FROM met \
         WHERE is_shared OR is_taken OR is_unsure"
    )
}
