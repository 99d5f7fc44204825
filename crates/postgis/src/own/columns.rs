//! The columns of `items`: their order, types and purposes, and all SQL that lists them. The migrations make them; nothing else
//! names more than the few that it is about.

use std::sync::LazyLock;

use tokio_postgres::types::Type;

use crate::sql::ident::Ident;
use crate::sql::table::{Columns, Extent, Instants, Promoted, Table};

/// A column that a load writes.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// Its type as a parameter. That of `geometry`, which has another number in each database, is sent as EWKB.
    pub(crate) kind: Type,
    role: Role,
    /// Where its value stands in the Item, as a JSON pointer; empty where that is not one place.
    pub(crate) pointer: &'static str,
}

/// What a column is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It is of the primary key.
    Key,
    /// It follows from others, for SQL to look at.
    Derived,
    /// It says a part of the Item that a search may look at.
    Searched,
    /// It says a part that no search looks at; the SQL stands in for it where that may not be absent.
    Wide(&'static str),
    /// It says who has written the row.
    Writer,
}

const fn column(name: &'static str, kind: Type, role: Role, pointer: &'static str) -> Column {
    Column { name, kind, role, pointer }
}

/// How many there are.
pub(crate) const COUNT: i16 = 18;

/// In the order of a row that is loaded.
pub(crate) static COLUMNS: [Column; COUNT as usize] = [
    column("collection", Type::TEXT, Role::Key, "/collection"),
    column("id", Type::TEXT, Role::Key, "/id"),
    column("datetime", Type::TIMESTAMPTZ, Role::Derived, "/properties/datetime"),
    column("start_datetime", Type::TIMESTAMPTZ, Role::Derived, "/properties/start_datetime"),
    column("end_datetime", Type::TIMESTAMPTZ, Role::Derived, "/properties/end_datetime"),
    column("extent_start", Type::NUMERIC, Role::Derived, "/properties"),
    column("extent_end", Type::NUMERIC, Role::Derived, "/properties"),
    column("geometry", Type::BYTEA, Role::Derived, "/geometry"),
    column("bbox", Type::JSONB, Role::Wide("NULL"), "/bbox"),
    column("stac_version", Type::TEXT, Role::Searched, "/stac_version"),
    column("stac_extensions", Type::JSONB, Role::Wide("NULL"), "/stac_extensions"),
    column("geometry_text", Type::TEXT, Role::Searched, "/geometry"),
    column("properties", Type::JSONB, Role::Searched, "/properties"),
    column("links", Type::JSON, Role::Wide("'[]'"), "/links"),
    column("assets", Type::JSON, Role::Wide("'{}'"), "/assets"),
    column("others", Type::JSONB, Role::Wide("NULL"), ""),
    column("verbatim", Type::TEXT, Role::Wide("NULL"), ""),
    column("written_by", Type::TEXT, Role::Writer, ""),
];

/// What a search knows of the table.
pub(crate) fn table(schema: &Ident, postgis: Ident, promoted: Promoted) -> Table {
    Table {
        name: format!("{schema}.items"),
        postgis,
        instants: Instants::Cut(format!("{schema}.stacyard_timestamp")),
        columns: Columns {
            id: "id",
            collection: "collection",
            by_code_point: "",
            geometry: "geometry",
            properties: "properties",
            bbox: "bbox",
            bbox_is_whole: true,
            extent: Extent::Seconds { start: "extent_start", end: "extent_end" },
            instants: &INSTANTS,
            instants_unless: None,
        },
        // From one to the next by the index: there may be many rows.
        collections: format!(
            "WITH RECURSIVE known AS (SELECT min(collection) AS name FROM {schema}.items UNION ALL \
             SELECT (SELECT min(collection) FROM {schema}.items WHERE collection > name) FROM known \
             WHERE name IS NOT NULL) SELECT name FROM known WHERE name <> ''"
        ),
        promoted,
    }
}

/// Properties whose instants have columns of the same names.
pub(crate) const INSTANTS: [&str; 3] = ["datetime", "start_datetime", "end_datetime"];

/// Who has written a row, as `written_by` has it: a load says so, and a trigger where SQL has written or changed it.
pub(crate) const BY_COPY: &str = "copy";

/// SQL that is true of rows that a load has not written, or SQL has changed since: the gate has not seen their Items. There is an index
/// of these (migration V4).
pub(crate) const BY_SQL: &str = "written_by = 'sql'";

/// The column of this name.
pub(crate) fn named(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name == name)
}

/// All columns, in the order of a row that is loaded.
pub(crate) fn all() -> &'static str {
    static ALL: LazyLock<String> = LazyLock::new(|| listed(|_| true, |column| column.name.to_owned()));
    &ALL
}

/// The columns that an Item is made of, and who has written the row; [`at`] says where they stand.
pub(crate) fn selected() -> &'static str {
    static SELECTED: LazyLock<String> =
        LazyLock::new(|| listed(Column::is_selected, |column| column.name.to_owned()));
    &SELECTED
}

/// The same of rows that have these names for their table in a statement of several.
pub(crate) fn selected_of(row: &str) -> String {
    listed(Column::is_selected, |column| format!("{row}.{}", column.name))
}

/// The same of what a search looks at alone: wide columns are left out, but where the Item is still to be validated.
pub(crate) fn searched() -> &'static str {
    static SEARCHED: LazyLock<String> = LazyLock::new(|| {
        listed(Column::is_selected, |column| match column.role {
            Role::Wide(left_out) => format!("CASE WHEN {BY_SQL} THEN {} ELSE {left_out} END", column.name),
            _ => column.name.to_owned(),
        })
    });
    &SEARCHED
}

/// [`selected`], then what an audit looks at: the columns that are derived, and whether the whole text still says what the columns
/// say. The geometry as bytes: its type is none of PostgreSQL's own, and would be asked for while the rows wait.
pub(crate) fn audited(schema: &Ident, postgis: &Ident) -> String {
    let derived = listed(
        |column| column.role == Role::Derived,
        |column| match column.kind {
            Type::BYTEA => format!("{postgis}.ST_AsEWKB({}, 'NDR')", column.name),
            _ => column.name.to_owned(),
        },
    );
    format!(
        "{}, {derived}, verbatim IS NULL OR {schema}.stacyard_agrees(verbatim, collection, id, stac_version, stac_extensions, \
         geometry_text, bbox, properties, links, assets, others)",
        selected()
    )
}

/// The columns that are derived, in their order.
pub(crate) fn derived() -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter().filter(|column| column.role == Role::Derived)
}

/// What is written in the place of a row that is there.
pub(crate) fn set_excluded() -> &'static str {
    static SETS: LazyLock<String> = LazyLock::new(|| {
        listed(|column| column.role != Role::Key, |column| format!("{0} = excluded.{0}", column.name))
    });
    &SETS
}

/// Whether the row `old` is another Item than that of the row `new`: rows that would stay the same are not written again. As
/// texts, since 1 and 1.0 are equal as `jsonb`.
pub(crate) fn differs(new: &str) -> String {
    let all = |row: &str| {
        listed(
            |column| matches!(column.role, Role::Searched | Role::Wide(_)),
            |column| match column.kind {
                Type::JSON | Type::JSONB => format!("{row}.{}::text", column.name),
                _ => format!("{row}.{}", column.name),
            },
        )
    };
    format!("({}) IS DISTINCT FROM ({})", all("old"), all(new))
}

/// Where the columns stand that are [`selected`].
pub(crate) mod at {
    pub(crate) const COLLECTION: usize = 0;
    pub(crate) const ID: usize = 1;
    pub(crate) const BBOX: usize = 2;
    pub(crate) const STAC_VERSION: usize = 3;
    pub(crate) const STAC_EXTENSIONS: usize = 4;
    pub(crate) const GEOMETRY_TEXT: usize = 5;
    pub(crate) const PROPERTIES: usize = 6;
    pub(crate) const LINKS: usize = 7;
    pub(crate) const ASSETS: usize = 8;
    pub(crate) const OTHERS: usize = 9;
    pub(crate) const VERBATIM: usize = 10;
    pub(crate) const WRITTEN_BY: usize = 11;
    /// Where the first column after these stands.
    pub(crate) const NEXT: usize = 12;
}

impl Column {
    const fn is_selected(&self) -> bool {
        !matches!(self.role, Role::Derived)
    }
}

fn listed(is_wanted: impl Fn(&Column) -> bool, sql: impl Fn(&Column) -> String) -> String {
    COLUMNS.iter().filter(|column| is_wanted(column)).map(sql).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_columns() {
        let places = [
            ("collection", at::COLLECTION),
            ("id", at::ID),
            ("bbox", at::BBOX),
            ("stac_version", at::STAC_VERSION),
            ("stac_extensions", at::STAC_EXTENSIONS),
            ("geometry_text", at::GEOMETRY_TEXT),
            ("properties", at::PROPERTIES),
            ("links", at::LINKS),
            ("assets", at::ASSETS),
            ("others", at::OTHERS),
            ("verbatim", at::VERBATIM),
            ("written_by", at::WRITTEN_BY),
        ];
        assert!(selected().split(", ").eq(places.iter().map(|(name, _)| *name)));
        assert!(places.iter().map(|(_, place)| *place).eq(0..at::NEXT));
    }

    #[test]
    fn what_a_search_leaves_out_is_read_where_it_is_to_be_validated() {
        insta::assert_snapshot!(searched(), @"collection, id, CASE WHEN written_by = 'sql' THEN bbox ELSE NULL END, stac_version, CASE WHEN written_by = 'sql' THEN stac_extensions ELSE NULL END, geometry_text, properties, CASE WHEN written_by = 'sql' THEN links ELSE '[]' END, CASE WHEN written_by = 'sql' THEN assets ELSE '{}' END, CASE WHEN written_by = 'sql' THEN others ELSE NULL END, CASE WHEN written_by = 'sql' THEN verbatim ELSE NULL END, written_by");
    }
}
