//! Partitions of `items` by collection: a collection is in one of its own, or with others in the default one.
//!
//! Not by time: a unique key of a partitioned table must hold what it is partitioned by (PostgreSQL, "Table
//! Partitioning", limitations), and the key that domain tables refer to is `(collection, id)`.

use stacyard_store::{Error, Remedy};
use tokio_postgres::Client;

use crate::connect::fault;
use crate::own::schema::step::Step;
use crate::sql::ident::{Ident, literal};

/// Where the Items of all other collections are.
const DEFAULT: &str = "items_default";

/// What makes partitions for these collections, where they have none. The search path is the schema.
pub(crate) async fn steps(client: &Client, collections: &[String]) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    if !collections.is_empty() && !is_partitioned(client).await? {
        refuse_what_depends(client, "it").await?;
        steps.push(Step {
            said: "items partitioned by collection".to_owned(),
            sql: conversion(client).await?,
        });
    }
    let owner =
        ask(client, "SELECT relowner::regrole FROM pg_class WHERE oid = 'items'::regclass").await?.concat();
    let mut moved = Vec::new();
    let mut made = Vec::new();
    let mut known = Vec::new();
    for collection in collections {
        let name = name(collection)?;
        if known.contains(&collection) {
            continue;
        }
        known.push(collection);
        if is_there(client, &name).await? {
            continue;
        }
        let query = format!("SELECT EXISTS (SELECT FROM items WHERE collection = {})", literal(collection));
        if ask(client, &query).await?.first().is_some_and(|found| found == "t") {
            moved.push(literal(collection));
        }
        let collection = literal(collection);
        made.push(Step {
            said: format!("partition {name} for the collection {collection}"),
            sql: format!("CREATE TABLE {name} PARTITION OF items FOR VALUES IN ({collection});\nALTER TABLE {name} OWNER TO {owner};"),
        });
    }
    if moved.is_empty() {
        steps.append(&mut made);
        return Ok(steps);
    }
    refuse_what_depends(client, "the default partition, out of which Items move").await?;
    let columns = ask(
        client,
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute \
         WHERE attrelid = 'items'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
    )
    .await?
    .concat();
    let list = moved.join(", ");
    steps.push(Step {
        said: format!("default partition taken off, for the Items of {list} to move"),
        sql: format!("ALTER TABLE items DETACH PARTITION {DEFAULT};"),
    });
    steps.append(&mut made);
    steps.push(Step {
        said: "Items moved, default partition put back".to_owned(),
        sql: format!(
            "SET LOCAL stacyard.loading = on;\nINSERT INTO items ({columns}) SELECT {columns} FROM {DEFAULT} WHERE collection IN ({list});\n\
             DELETE FROM {DEFAULT} WHERE collection IN ({list});\n\
             ALTER TABLE items ATTACH PARTITION {DEFAULT} DEFAULT;"
        ),
    });
    Ok(steps)
}

/// The table of a collection's Items. What is too long for a name is told apart by a hash.
fn name(collection: &str) -> Result<Ident, Error> {
    if collection.is_empty() || collection.contains('\0') {
        return Err(Error::usage(
            format!("{collection:?} cannot be the name of a collection"),
            Remedy::from("write ")
                .option(("partition", "A,B"))
                .also("Items without a collection stay in the default partition"),
        ));
    }
    let name = format!("items_of_{collection}");
    if name.len() <= 60 {
        return Ident::any(&name).map_err(Error::failed);
    }
    // FNV-1a: the same on every machine and in every version.
    let hash = collection.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let start = collection.char_indices().take_while(|(at, char)| at + char.len_utf8() <= 32);
    let start: String = start.map(|(_, char)| char).collect();
    Ident::any(&format!("items_of_{start}_{hash:016x}")).map_err(Error::failed)
}

/// The first column of each row.
async fn ask(client: &Client, query: &str) -> Result<Vec<String>, Error> {
    let rows = client.simple_query(query).await.map_err(|cause| fault::failed("look at the table", cause))?;
    let first = |message: &tokio_postgres::SimpleQueryMessage| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
        _ => None,
    };
    Ok(rows.iter().filter_map(first).collect())
}

pub(crate) async fn is_partitioned(client: &Client) -> Result<bool, Error> {
    let kind = ask(client, "SELECT relkind FROM pg_class WHERE oid = 'items'::regclass").await?;
    Ok(kind.concat() == "p")
}

async fn is_there(client: &Client, name: &Ident) -> Result<bool, Error> {
    let query = format!(
        "SELECT 1 FROM pg_inherits WHERE inhparent = 'items'::regclass AND inhrelid = to_regclass({})",
        literal(&name.to_string())
    );
    Ok(!ask(client, &query).await?.is_empty())
}

/// Fails where something of the user's stands on the table as it is: it would be left behind, or rows that leave would
/// take theirs along.
async fn refuse_what_depends(client: &Client, what: &str) -> Result<(), Error> {
    let depending = ask(
        client,
        "SELECT format('the foreign key %s of %s', conname, conrelid::regclass) FROM pg_constraint \
         WHERE confrelid = 'items'::regclass AND contype = 'f' AND conparentid = 0 \
         UNION SELECT format('the view %s', r.ev_class::regclass) FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid \
         WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = 'items'::regclass \
         UNION SELECT format('the trigger %s', tgname) FROM pg_trigger WHERE tgrelid = 'items'::regclass AND NOT tgisinternal \
         AND tgname <> 'zz_stacyard' \
         UNION SELECT format('the policy %s', polname) FROM pg_policy WHERE polrelid = 'items'::regclass \
         UNION SELECT format('the publication %s', pubname) FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid \
         WHERE prrelid = 'items'::regclass \
         UNION SELECT format('the constraint %s', conname) FROM pg_constraint WHERE conrelid = 'items'::regclass AND contype IN ('u', 'x') \
         UNION SELECT 'row level security' FROM pg_class WHERE oid = 'items'::regclass AND relrowsecurity \
         UNION SELECT 'a replica identity' FROM pg_class WHERE oid = 'items'::regclass AND relreplident NOT IN ('d', 'n') \
         UNION SELECT format('the rights on the column %s', attname) FROM pg_attribute \
         WHERE attrelid = 'items'::regclass AND attacl IS NOT NULL ORDER BY 1",
    )
    .await?;
    if depending.is_empty() {
        return Ok(());
    }
    Err(Error::failed(format!(
        "{} depend on the table items, and would not follow {what}",
        depending.join(", ")
    ))
    .remedy("nothing was changed; drop them, partition, and make them again"))
}

/// The table as it is becomes the default partition of a new one; no row is read or written.
async fn conversion(client: &Client) -> Result<String, Error> {
    let indexes = "FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid \
        WHERE x.indrelid = 'items'::regclass AND NOT x.indisprimary";
    let mut sql = vec![format!(
        "DROP TRIGGER zz_stacyard ON items;\nALTER TABLE items RENAME TO {DEFAULT};\nALTER TABLE {DEFAULT} RENAME CONSTRAINT items_pkey TO {DEFAULT}_pkey;"
    )];
    // Names are the parent's, whose indexes and keys take those of the partition for their own.
    let renamed = format!(
        "SELECT format('ALTER INDEX %I RENAME TO %I;', i.relname, left('items_default_' || replace(i.relname, 'items_', ''), 63)) {indexes} ORDER BY 1"
    );
    sql.extend(ask(client, &renamed).await?);
    sql.push(format!(
        "CREATE TABLE items (LIKE {DEFAULT} INCLUDING ALL EXCLUDING INDEXES) PARTITION BY LIST (collection);\n\
         ALTER TABLE items ADD CONSTRAINT items_pkey PRIMARY KEY (collection, id);"
    ));
    sql.extend(ask(client, &format!("SELECT pg_get_indexdef(i.oid) || ';' {indexes} ORDER BY 1")).await?);
    for more in [
        "SELECT pg_get_triggerdef(oid) || ';' FROM pg_trigger WHERE tgrelid = 'items'::regclass AND tgname = 'zz_stacyard'",
        "SELECT format('ALTER TABLE items ADD CONSTRAINT %I %s;', conname, replace(pg_get_constraintdef(oid), ' NOT VALID', '')) \
         FROM pg_constraint WHERE conrelid = 'items'::regclass AND contype = 'f' ORDER BY 1",
        "SELECT format('GRANT %s ON items TO %s%s;', privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, \
         CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) \
         FROM pg_class, aclexplode(relacl) WHERE oid = 'items'::regclass AND grantee <> relowner ORDER BY 1",
        "SELECT format('COMMENT ON TABLE items IS %L;', obj_description('items'::regclass, 'pg_class'))",
        "SELECT format('ALTER TABLE items OWNER TO %s;', relowner::regrole) FROM pg_class WHERE oid = 'items'::regclass",
    ] {
        sql.extend(ask(client, more).await?);
    }
    sql.push(format!("ALTER TABLE items ATTACH PARTITION {DEFAULT} DEFAULT;"));
    Ok(sql.join("\n"))
}
