//! Columns of a profile: what the database makes of it, keeps out by it, and searches by it.

use stacyard_model::Profile;

use super::*;

fn profile(text: &str) -> Profile {
    Profile::parse(text).unwrap()
}

fn init(url: &str, text: &str) -> Result<Vec<String>, String> {
    let made = stacyard_postgis::init(
        &Address::parse(url).unwrap(),
        Wanted { profile: Some(&profile(text)), ..Wanted::default() },
    );
    made.map(|made| made.changes).map_err(|error| error.to_string().replace(schema(url), "SCHEMA"))
}

fn insert(url: &str, id: &str, properties: &str) -> Result<Vec<String>, String> {
    let insert = format!(
        "INSERT INTO {}.items (collection, id, datetime, properties) VALUES ('plumes', '{id}', now(), '{properties}')",
        schema(url)
    );
    sql(url, &insert)
}

const PLUMES: &str = r#"
    [fields."mars:facility_id"]
    type = "string"
    description = "It's where it comes from"
    [fields."mars:rate"]
    type = "number"
    unit = "kg/h"
    minimum = 0
    [fields."mars:count"]
    type = "integer"
    enum = [1, 2, 3]
    [fields."mars:seen"]
    type = "datetime"
    [fields."mars:sure"]
    type = "boolean"
    queryable = false
"#;

#[test]
fn fields_have_columns_of_their_types() {
    let Some(url) = fresh() else { return };
    init(&url, PLUMES).unwrap();
    let all = item(
        "a",
        "",
        r#","mars:facility_id":"f","mars:rate":0.10,"mars:count":2.0,"mars:seen":"2024-01-01T02:00:00.1234567+02:00","mars:sure":true"#,
    );
    let nulls = item("b", "", r#","mars:facility_id":null"#);
    assert_eq!(load(&url, &[all, nulls], Mode::Insert), []);
    let columns = "SELECT format('%s %s %s %s %s', mars_facility_id, mars_rate, mars_count, \
        mars_seen AT TIME ZONE 'UTC', mars_sure) FROM S.items ORDER BY id";
    assert_eq!(
        sql(&url, &columns.replace("S.", &format!("{}.", schema(&url)))).unwrap(),
        ["f 0.10 2 2024-01-01 00:00:00.123456 t", "    "]
    );
    // Whoever writes without the gate.
    insert(&url, "fine", r#"{"mars:rate": 1, "mars:count": 3}"#).unwrap();
    for wrong in [
        r#"{"mars:facility_id": 5}"#,
        r#"{"mars:rate": "5"}"#,
        r#"{"mars:rate": -0.1}"#,
        r#"{"mars:count": 4}"#,
        r#"{"mars:count": 1.5}"#,
        r#"{"mars:count": 1e30}"#,
        r#"{"mars:seen": "2024-02-30T00:00:00Z"}"#,
        r#"{"mars:seen": "yesterday"}"#,
        r#"{"mars:sure": "true"}"#,
    ] {
        assert!(insert(&url, "wrong", wrong).unwrap_err().contains("_profile"), "{wrong}");
    }
    let comments = "SELECT col_description('S.items'::regclass, attnum) FROM pg_attribute \
        WHERE attrelid = 'S.items'::regclass AND attname LIKE 'mars%' ORDER BY attname";
    assert_eq!(
        sql(&url, &comments.replace("S.", &format!("{}.", schema(&url)))).unwrap()[1..3],
        ["properties.mars:facility_id: It's where it comes from", "properties.mars:rate [kg/h]"]
    );
    let store = PostGis::open(&Address::parse(&url).unwrap()).unwrap();
    assert_eq!(store.profile().unwrap().as_ref(), &profile(PLUMES));
    // A field that no Item has is no unknown name.
    let question = Question::of(&[("filter", "\"mars:seen\" IS NULL AND id = 'b'")]);
    assert_eq!(conformance::ask(&store, &question).unwrap().1, 1);
}

/// Columns of any values, and of those that are declared.
const SEARCHED: [&str; 2] = [
    r#"
    collections = ["others"]
    [fields.cloud]
    type = "number"
    [fields.platform]
    type = "string"
    [fields.title]
    type = "string"
    [fields.flag]
    type = "boolean"
    "#,
    "[fields.count]\ntype = 'integer'\n[fields.updated]\ntype = 'datetime'",
];

fn with_profile(items: &[Document], text: &str) -> Store {
    let url = fresh().unwrap();
    init(&url, text).unwrap();
    assert_eq!(load(&url, items, Mode::Insert), []);
    PostGis::open(&Address::parse(&url).unwrap()).unwrap().into()
}

#[test]
fn searches_by_columns_answer_the_same() {
    if fresh().is_none() {
        return;
    }
    let items = conformance::catalog(5, 150);
    for text in SEARCHED {
        conformance::compare(&with_profile(&items, text), &items);
    }
}

#[test]
#[ignore = "the whole suite twice: make test-full"]
fn the_suite_passes_by_columns() {
    if fresh().is_none() {
        return;
    }
    for text in SEARCHED {
        conformance::check(&mut |items| with_profile(items, text));
    }
}

#[test]
fn searches_use_the_indexes_of_columns() {
    let Some(url) = fresh() else { return };
    init(&url, PLUMES).unwrap();
    let many = format!(
        "SET search_path = {}, public; INSERT INTO items (collection, id, datetime, properties) SELECT 'c', 'n' || n, to_timestamp(n), \
         jsonb_build_object('mars:facility_id', 'f' || n % 5000, 'mars:rate', n, 'mars:count', 1 + (n = 7)::int, \
         'mars:seen', to_char(to_timestamp(n), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) \
         FROM generate_series(1, 20000) AS n; ANALYZE items",
        schema(&url)
    );
    sql(&url, &many).unwrap();
    let store = PostGis::open(&Address::parse(&url).unwrap()).unwrap();
    for (filter, index) in [
        ("\"mars:facility_id\" = 'f7'", "items_mars_facility_id_idx"),
        ("\"mars:facility_id\" IN ('f7', 'f8')", "items_mars_facility_id_idx"),
        ("\"mars:facility_id\" LIKE 'f77%'", "items_mars_facility_id_idx"),
        ("\"mars:rate\" > 19990", "items_mars_rate_idx"),
        ("\"mars:count\" = 2", "items_mars_count_idx"),
        ("\"mars:count\" IN (2, 3)", "items_mars_count_idx"),
        ("\"mars:seen\" < TIMESTAMP('1970-01-01T00:01:00Z')", "items_mars_seen_idx"),
    ] {
        let question = Question::of(&[("filter", filter)]);
        let plan = store.explain(&question.search().unwrap()).unwrap().join("\n");
        assert!(plan.contains(index), "{filter}: {plan}");
    }
    for (sortby, index) in [
        ("-mars:rate", "Scan Backward using items_mars_rate"),
        ("mars:count,id", "Scan using items_mars_count"),
        ("mars:facility_id", "Scan using items_mars_facility_id"),
    ] {
        let question = Question::of(&[("sortby", sortby), ("max-items", "10")]);
        let plan = store.explain(&question.search().unwrap()).unwrap().join("\n");
        assert!(plan.contains(index), "{sortby}: {plan}");
    }
}

#[test]
fn a_profile_that_changes_changes_the_columns() {
    let Some(url) = fresh() else { return };
    assert_eq!(init(&url, PLUMES).unwrap().len(), 16);
    assert_eq!(init(&url, PLUMES).unwrap(), Vec::<String>::new());
    load(&url, &[item("a", "", r#","mars:facility_id":"f1","mars:rate":5"#)], Mode::Insert);
    sql(&url, &format!("CREATE TABLE {}.facilities (id text PRIMARY KEY)", schema(&url))).unwrap();
    let file = || sql(&url, &format!("SELECT pg_relation_filenode('{}.items')", schema(&url))).unwrap();
    let before = file();
    let references = format!(
        "type = \"string\"\n references = {{ table = \"{}.facilities\", column = \"id\", on_delete = \"restrict\" }}",
        schema(&url)
    );
    let text = PLUMES.replacen("type = \"string\"", &references, 1).replace("minimum = 0", "maximum = 10");
    let text = text.replace("queryable = false", "queryable = true").replace("kg/h", "t/h");
    insta::assert_snapshot!(init(&url, &text).unwrap_err(), @r#"
    cannot change the tables: insert or update on table "items" violates foreign key constraint "items_mars_facility_id_fkey" (Key (mars_facility_id)=(f1) is not present in table "facilities".)
    "#);
    assert!(
        sql(&url, &format!("SELECT content FROM {}.stacyard_profile", schema(&url))).unwrap()[0]
            .contains("kg/h")
    );
    sql(&url, &format!("INSERT INTO {}.facilities VALUES ('f1')", schema(&url))).unwrap();
    let plan = stacyard_postgis::plan(
        &Address::parse(&url).unwrap(),
        Wanted { profile: Some(&profile(&text)), ..Wanted::default() },
    )
    .unwrap();
    insta::assert_snapshot!(plan.replace(schema(&url), "SCHEMA"), @r#"
    -- What stacyard init runs.
    BEGIN;
    SET LOCAL lock_timeout = '5s';
    SET LOCAL search_path TO "SCHEMA", "public", "$user", public;

    -- column "mars_facility_id": foreign key to "SCHEMA"."facilities" ("id"), on delete restrict
    ALTER TABLE items ADD CONSTRAINT "items_mars_facility_id_fkey" FOREIGN KEY ("mars_facility_id") REFERENCES "SCHEMA"."facilities" ("id") ON DELETE RESTRICT NOT VALID;
    ALTER TABLE items VALIDATE CONSTRAINT "items_mars_facility_id_fkey";

    -- column "mars_rate": values checked
    ALTER TABLE items DROP CONSTRAINT "items_mars_rate_profile", ADD CONSTRAINT "items_mars_rate_profile" CHECK ((coalesce(jsonb_typeof((properties -> 'mars:rate')), 'null') = 'null' OR "mars_rate" IS NOT NULL) AND "mars_rate" <= 10) NOT VALID;
    ALTER TABLE items VALIDATE CONSTRAINT "items_mars_rate_profile";

    -- column "mars_rate": comment set
    COMMENT ON COLUMN items."mars_rate" IS 'properties.mars:rate [t/h]';

    -- column "mars_sure": index made
    CREATE INDEX "items_mars_sure_idx" ON items ("mars_sure");

    -- profile stored
    INSERT INTO stacyard_profile (content) VALUES ('
        [fields."mars:facility_id"]
        type = "string"
     references = { table = "SCHEMA.facilities", column = "id", on_delete = "restrict" }
        description = "It''s where it comes from"
        [fields."mars:rate"]
        type = "number"
        unit = "t/h"
        maximum = 10
        [fields."mars:count"]
        type = "integer"
        enum = [1, 2, 3]
        [fields."mars:seen"]
        type = "datetime"
        [fields."mars:sure"]
        type = "boolean"
        queryable = true
    ') ON CONFLICT (one) DO UPDATE SET content = excluded.content;
    COMMIT;
    "#);
    init(&url, &text).unwrap();
    assert_eq!(file(), before, "no row was written anew");
    assert!(insert(&url, "b", r#"{"mars:facility_id": "f2"}"#).unwrap_err().contains("foreign key"));
    assert!(insert(&url, "b", r#"{"mars:rate": 11}"#).unwrap_err().contains("check constraint"));
    insert(&url, "b", r#"{"mars:rate": -1}"#).unwrap();
    assert!(sql(&url, &format!("DELETE FROM {}.facilities", schema(&url))).is_err());
    let strict = text.replace("maximum = 10", "maximum = 4");
    insta::assert_snapshot!(init(&url, &strict).unwrap_err(), @r#"
    cannot change the tables: check constraint "items_mars_rate_profile" of relation "items" is violated by some row
    "#);
    let fewer = "[fields.\"mars:rate\"]\ntype = \"integer\"\ncolumn = \"rate\"\nrequired = true";
    insta::assert_snapshot!(init(&url, fewer).unwrap().join("\n"), @r#"
    column "mars_count" dropped; the property mars:count stays in properties
    column "mars_facility_id" dropped; the property mars:facility_id stays in properties
    column "mars_rate" dropped; the property mars:rate stays in properties
    column "mars_seen" dropped; the property mars:seen stays in properties
    column "mars_sure" dropped; the property mars:sure stays in properties
    columns added, which writes the table anew: "rate" (integer)
    column "rate": values checked
    column "rate": index made
    column "rate": comment set
    profile stored
    "#);
    assert_eq!(
        sql(&url, &format!("SELECT rate FROM {}.items ORDER BY id", schema(&url))).unwrap(),
        ["5", "-1"]
    );
    insta::assert_snapshot!(init(&url, "").unwrap().join("\n"), @r#"
    column "rate" dropped; the property mars:rate stays in properties
    profile stored
    "#);
}

#[test]
fn profiles_that_no_table_can_have_are_refused() {
    let Some(url) = fresh() else { return };
    let fault = |text: &str| init(&url, text).unwrap_err();
    insta::assert_snapshot!(fault("[fields.'Bbox']\ntype = 'string'"), @r#"
    the field "Bbox" of the profile cannot have the column "bbox": the table has one of this name
    "#);
    insta::assert_snapshot!(fault("[fields.'a:b']\ntype = 'string'\n[fields.'a-b']\ntype = 'string'"), @r#"
    the fields "a-b" and "a:b" would both have the column "a_b"
    "#);
    insta::assert_snapshot!(fault(&format!("[fields.'{}']\ntype = 'string'", "x".repeat(49))), @r#"
    the field "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" of the profile cannot have the column "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": it has 49 bytes, more than 48
    "#);
    insta::assert_snapshot!(fault("[fields.a]\ntype = 'string'\nreferences = { table = 'no_such', column = 'id' }"), @"there is no table no_such, to which the profile refers");
    // A view of the user's stands on the column.
    init(&url, "[fields.a]\ntype = 'string'").unwrap();
    sql(&url, &format!("CREATE VIEW {0}.mine AS SELECT a FROM {0}.items", schema(&url))).unwrap();
    insta::assert_snapshot!(fault(""), @"cannot change the tables: cannot drop column a of table items because other objects depend on it (view mine depends on column a of table items)");
}

#[test]
fn names_and_texts_of_a_profile_are_never_sql() {
    let Some(url) = fresh() else { return };
    let evil = r"'; DROP TABLE items; --\";
    let text = format!(
        "collections = [\"plumes\", '''{evil}''']\n[fields.\"{}\"]\ntype = 'string'\ndescription = '''{evil}'''\n\
         enum = ['''{evil}''', 'b']\ncolumn = '''{evil}\"'''",
        evil.replace('\\', "\\\\")
    );
    init(&url, &text).unwrap();
    let properties = format!(r#"{{"{}": "c"}}"#, evil.replace('\\', "\\\\").replace('\'', "''"));
    assert!(insert(&url, "a", &properties).unwrap_err().contains("check constraint"));
    insert(&url, "a", &properties.replace("\"c\"", "\"b\"")).unwrap();
    let store = PostGis::open(&Address::parse(&url).unwrap()).unwrap();
    let filter = format!("\"{evil}\" = 'b'");
    assert_eq!(conformance::ask(&store, &Question::of(&[("filter", &filter)])).unwrap().1, 1);
}

/// A foreign key of a profile for some collections binds no others.
#[test]
fn a_foreign_key_binds_those_that_the_profile_speaks_of() {
    let Some(url) = fresh() else { return };
    load(&url, &[], Mode::Insert);
    sql(&url, &format!("CREATE TABLE {0}.facilities (id text PRIMARY KEY)", schema(&url))).unwrap();
    let text = format!(
        "collections = [\"plumes\"]\n[fields.fac]\ntype = \"string\"\n\
         references = {{ table = \"{}.facilities\", column = \"id\", on_delete = \"cascade\" }}",
        schema(&url)
    );
    init(&url, &text).unwrap();
    let of =
        |id: &str, collection: &str| item(id, &format!(r#","collection":"{collection}""#), r#","fac":"f""#);
    let refused = load(&url, &[of("a", "scenes"), of("b", "plumes")], Mode::Insert);
    assert!(matches!(&refused[..], [Refused { item: 1, why: Why::Wrong(_) }]), "{refused:?}");
    let store = PostGis::open(&Address::parse(&url).unwrap()).unwrap();
    assert_eq!(conformance::ask(&store, &Question::of(&[("filter", "fac = 'f'")])).unwrap().1, 1);
    // A profile of other collections makes the column anew.
    assert!(init(&url, &text.replace("plumes", "scenes")).unwrap_err().contains("foreign key"));
}
