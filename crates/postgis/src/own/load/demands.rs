//! What the table demands of its rows, as the catalog has it: checks, foreign keys and indexes, with the columns that they look at.

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use crate::own::columns::COLUMNS;
use crate::sql::ident::Ident;

/// A check or a foreign key of the table, or of one of its partitions alone.
pub(crate) struct Constraint {
    pub(crate) name: String,
    /// The columns that it looks at.
    pub(crate) columns: Vec<String>,
    /// The same, quoted.
    pub(crate) quoted: Vec<String>,
    /// The condition of a check.
    pub(crate) check: Option<String>,
    /// The table that a foreign key refers to, its bare name, and the columns there, quoted.
    pub(crate) refers_to: Option<(String, String, Vec<String>)>,
    /// A foreign key to the table itself: rows of one load may refer to each other.
    pub(crate) is_of_items: bool,
    /// Whether a query tells which rows break it, whatever else is in the table or comes with them.
    pub(crate) is_sieved: bool,
    /// Which rows are of its partition, where it is of one alone.
    pub(crate) partition: Option<String>,
}

/// An index of the table, or of one of its partitions.
pub(crate) struct Index {
    pub(crate) name: String,
    /// The columns that it looks at.
    pub(crate) columns: Vec<String>,
    /// What it demands, where a query tells which rows do not meet it.
    pub(crate) unique: Option<Unique>,
}

/// A unique index of the user.
pub(crate) struct Unique {
    /// What no two rows have the same of.
    pub(crate) keys: Vec<String>,
    /// Which rows it is for, where it is not for all.
    pub(crate) only: Option<String>,
    pub(crate) are_nulls_same: bool,
}

/// All of it.
#[derive(Default)]
pub(crate) struct Demands {
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) indexes: Vec<Index>,
    /// Columns that the database generates, each with those that it is generated from.
    generated: Vec<(String, Vec<String>)>,
}

/// The names of the columns with these numbers, in their order.
fn names(numbers: &str, table: &str, name: &str) -> String {
    format!(
        "ARRAY(SELECT {name} FROM unnest({numbers}) WITH ORDINALITY AS key(number, place) JOIN pg_attribute \
         ON attrelid = {table} AND attnum = number ORDER BY place)"
    )
}

/// The table and its partitions.
const TABLES: &str =
    "(SELECT $1::text::regclass UNION SELECT relid FROM pg_partition_tree($1::text::regclass))";

impl Demands {
    /// Asks the database.
    pub(crate) async fn of(client: &Client, schema: &Ident) -> Result<Self, Error> {
        let table = format!("{schema}.items");
        Ok(Self {
            constraints: constraints(client, &table).await?,
            indexes: indexes(client, &table).await?,
            generated: generated(client, &table).await?,
        })
    }

    /// Whether a query tells of some rows that they are refused.
    pub(crate) fn can_be_sieved(&self) -> bool {
        self.constraints.iter().any(|constraint| constraint.is_sieved)
            || self.indexes.iter().any(|index| index.unique.is_some())
    }

    /// The columns of a load that such queries look at, as places among [`COLUMNS`].
    pub(crate) fn sieved_columns(&self) -> Vec<usize> {
        let constraints = self.constraints.iter().filter(|constraint| constraint.is_sieved);
        let indexes = self.indexes.iter().filter(|index| index.unique.is_some());
        let looked_at: Vec<&String> = constraints
            .flat_map(|constraint| &constraint.columns)
            .chain(indexes.flat_map(|index| &index.columns))
            .collect();
        let is_needed = |column: &str| {
            // They tell rows apart, and partitions.
            matches!(column, "collection" | "id")
                || looked_at.iter().any(|&name| {
                    name == column
                        || self.generated.iter().any(|(generated, from)| {
                            generated == name && from.iter().any(|from| from == column)
                        })
                })
        };
        (0..COLUMNS.len()).filter(|&place| is_needed(COLUMNS[place].name)).collect()
    }
}

async fn constraints(client: &Client, table: &str) -> Result<Vec<Constraint>, Error> {
    // In the order in which PostgreSQL looks at them: checks first, each by name. A key that is not valid does not hold for
    // old rows whose columns stay the same; what is not enforced (`conenforced`, from PostgreSQL 18 on) holds for none. Of a row as a
    // whole (the column 0) another table cannot tell. What partitions have from the table is that of the table.
    let query = format!(
        "SELECT conname::text, {}, {}, CASE contype WHEN 'c' THEN pg_get_expr(conbin, conrelid) END, \
         confrelid::regclass::text, (SELECT relname::text FROM pg_class WHERE oid = confrelid), {}, \
         confrelid = $1::text::regclass, \
         coalesce((to_jsonb(known) ->> 'conenforced')::bool, true) AND 0 <> ALL (coalesce(conkey, '{{}}')) \
         AND (contype = 'c' OR (convalidated AND confrelid <> $1::text::regclass)), \
         CASE WHEN conrelid <> $1::text::regclass THEN pg_get_partition_constraintdef(conrelid) END \
         FROM pg_constraint AS known WHERE conrelid IN {TABLES} AND conparentid = 0 AND coninhcount = 0 AND contype IN ('c', 'f') \
         ORDER BY contype, conname",
        names("conkey", "conrelid", "attname::text"),
        names("conkey", "conrelid", "quote_ident(attname)"),
        names("confkey", "confrelid", "quote_ident(attname)"),
    );
    let rows = client.query_typed(&query, &[(&table, Type::TEXT)]).await?;
    let constraint = |row: &tokio_postgres::Row| {
        let check: Option<String> = row.get(3);
        let refers_to = row.get::<_, Option<String>>(5).map(|name| (row.get(4), name, row.get(6)));
        Constraint {
            name: row.get(0),
            columns: row.get(1),
            quoted: row.get(2),
            refers_to: refers_to.filter(|_| check.is_none()),
            is_of_items: row.get(7),
            is_sieved: row.get(8),
            partition: row.get(9),
            check,
        }
    };
    Ok(rows.iter().map(constraint).collect())
}

async fn indexes(client: &Client, table: &str) -> Result<Vec<Index>, Error> {
    // An index depends on the columns of its expressions and its condition; one of a constraint has all of its own in its key. As above,
    // what looks at a row as a whole (`items.*`) cannot be told by another table.
    let query = format!(
        "SELECT name.relname::text, {}, \
         ARRAY(SELECT DISTINCT attname::text FROM pg_depend JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid \
         WHERE classid = 'pg_class'::regclass AND objid = indexrelid AND refclassid = 'pg_class'::regclass \
         AND refobjid = indrelid AND refobjsubid > 0), \
         indisunique AND NOT indisprimary AND indimmediate AND indisvalid AND NOT indisexclusion \
         AND indrelid = $1::text::regclass AND strpos(pg_get_indexdef(indexrelid), '.*') = 0, \
         ARRAY(SELECT pg_get_indexdef(indexrelid, number, true) FROM generate_series(1, indnkeyatts) AS number), \
         pg_get_expr(indpred, indrelid), coalesce((to_jsonb(known) ->> 'indnullsnotdistinct')::bool, false) \
         FROM pg_index AS known JOIN pg_class AS name ON name.oid = indexrelid WHERE indrelid IN {TABLES} ORDER BY 1",
        names("indkey::int2[]", "indrelid", "attname::text"),
    );
    let rows = client.query_typed(&query, &[(&table, Type::TEXT)]).await?;
    let index = |row: &tokio_postgres::Row| {
        let mut columns: Vec<String> = row.get(1);
        for more in row.get::<_, Vec<String>>(2) {
            if !columns.contains(&more) {
                columns.push(more);
            }
        }
        let unique = row.get::<_, bool>(3).then(|| Unique {
            keys: row.get(4),
            only: row.get(5),
            are_nulls_same: row.get(6),
        });
        Index { name: row.get(0), columns, unique }
    };
    Ok(rows.iter().map(index).collect())
}

async fn generated(client: &Client, table: &str) -> Result<Vec<(String, Vec<String>)>, Error> {
    // Before PostgreSQL 15 the column depends on the others, since then its expression does.
    let query = "SELECT own.attname::text, ARRAY(SELECT DISTINCT other.attname::text FROM pg_depend JOIN pg_attribute AS other \
         ON other.attrelid = refobjid AND other.attnum = refobjsubid WHERE refclassid = 'pg_class'::regclass \
         AND refobjid = own.attrelid AND refobjsubid NOT IN (0, own.attnum) \
         AND ((classid = 'pg_class'::regclass AND objid = own.attrelid AND objsubid = own.attnum) \
         OR (classid = 'pg_attrdef'::regclass AND objid = default_of.oid))) \
         FROM pg_attribute AS own JOIN pg_attrdef AS default_of ON adrelid = attrelid AND adnum = attnum \
         WHERE attrelid = $1::text::regclass AND attgenerated <> ''";
    let rows = client.query_typed(query, &[(&table, Type::TEXT)]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
