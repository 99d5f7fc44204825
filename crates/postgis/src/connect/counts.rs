//! How many rows there are, by collection.

use stacyard_store::{Counts, MAX_COLLECTIONS};
use tokio_postgres::{Client, Error, Row};

/// How many rows a table has, or those that a statement `with` it gives, by collection.
pub(crate) async fn counts(client: &Client, with: &str, table: &str) -> Result<Counts, Error> {
    let most = MAX_COLLECTIONS + 1;
    let query = format!(
        "{with} SELECT collection, count(*), (sum(count(*)) OVER ())::int8 FROM {table} GROUP BY collection LIMIT {most}"
    );
    let rows = client.query_typed(&query, &[]).await?;
    let mut counts = Counts::default();
    let number = |row: &Row, column: usize| row.get::<_, i64>(column).unsigned_abs();
    for row in &rows {
        counts.add(row.get(0), number(row, 1));
    }
    let all = rows.first().map_or(0, |row| number(row, 2));
    if all > counts.total() {
        counts.add_unnamed(all - counts.total());
    }
    Ok(counts)
}
