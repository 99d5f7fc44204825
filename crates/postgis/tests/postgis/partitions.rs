//! Partitions by collection: chosen at once or later, and seen by nobody who searches or loads.

use super::*;

fn partition(url: &str, collections: &[&str]) -> Result<Vec<String>, String> {
    let partitions: Vec<String> = collections.iter().map(|name| (*name).to_owned()).collect();
    let wanted = Wanted { partitions: &partitions, ..Wanted::default() };
    let done = stacyard_postgis::init(&Address::parse(url).unwrap(), wanted);
    done.map(|done| done.changes).map_err(|error| error.to_string().replace(schema(url), "SCHEMA"))
}

/// How many Items each table has.
fn tables(url: &str) -> Vec<String> {
    let query =
        "SELECT tableoid::regclass::text || ' ' || count(*) FROM S.items GROUP BY tableoid ORDER BY 1";
    let found = sql(url, &query.replace("S.", &format!("{}.", schema(url)))).unwrap();
    found.iter().map(|line| line.replace(&format!("{}.", schema(url)), "")).collect()
}

fn in_partitions(items: &[Document]) -> Store {
    let url = fresh().unwrap();
    partition(&url, &["c1", "d", "e"]).unwrap();
    assert_eq!(load(&url, items, Mode::Insert), []);
    PostGis::open(&Address::parse(&url).unwrap()).unwrap().into()
}

#[test]
fn partitions_answer_the_same() {
    if fresh().is_none() {
        return;
    }
    let items = conformance::catalog(6, 150);
    conformance::compare(&in_partitions(&items), &items);
}

#[test]
#[ignore = "the whole suite once more: make test-full"]
fn the_suite_passes_in_partitions() {
    if fresh().is_none() {
        return;
    }
    conformance::check(&mut |items| in_partitions(items));
}

#[test]
fn items_move_into_partitions() {
    let Some(url) = fresh() else { return };
    let of =
        |id: &str, collection: &str| item(id, &format!(r#","collection":"{collection}""#), r#","n":1.50"#);
    let items = [of("1", "a"), of("2", "a"), of("3", "b"), item("4", "", "")];
    load(&url, &items, Mode::Insert);
    let file =
        |table: &str| sql(&url, &format!("SELECT pg_relation_filenode('{}.{table}')", schema(&url))).unwrap();
    let before = file("items");
    sql(&url, &format!("GRANT SELECT ON {}.items TO PUBLIC", schema(&url))).unwrap();
    insta::assert_snapshot!(partition(&url, &["new"]).unwrap().join("\n"), @r#"
    items partitioned by collection
    partition "items_of_new" for the collection 'new'
    "#);
    assert_eq!(file("items_default"), before, "no row was written");
    assert_eq!(tables(&url), ["items_default 4"]);
    insta::assert_snapshot!(partition(&url, &["a", "new"]).unwrap().join("\n"), @r#"
    default partition taken off, for the Items of 'a' to move
    partition "items_of_a" for the collection 'a'
    Items moved, default partition put back
    "#);
    assert_eq!(tables(&url), ["items_default 2", "items_of_a 2"]);
    assert_eq!(partition(&url, &["a", "new"]).unwrap(), Vec::<String>::new());
    let acl = format!(
        "SELECT relacl::text LIKE '%=r/%' FROM pg_class WHERE oid = '{}.items'::regclass",
        schema(&url)
    );
    assert_eq!(sql(&url, &acl).unwrap(), ["t"]);
    let mut back = stored(&url);
    back.sort_by_key(key);
    assert!(back.iter().all(|item| items.contains(item)) && back.len() == items.len());
    assert_eq!(load(&url, &[of("5", "new"), of("1", "a"), of("6", "b")], Mode::Ignore).len(), 1);
    assert_eq!(tables(&url), ["items_default 3", "items_of_a 2", "items_of_new 1"]);
    assert_eq!(load(&url, &[of("1", "new")], Mode::Replace), []);
    assert_eq!(tables(&url), ["items_of_new 1"]);
    let long = "x".repeat(70);
    partition(&url, &[&long, &format!("{long}y"), "'; DROP TABLE items; --"]).unwrap();
    load(&url, &[of("1", &long), of("2", "'; DROP TABLE items; --")], Mode::Insert);
    assert_eq!(tables(&url).len(), 3);
    assert!(partition(&url, &[""]).unwrap_err().contains("cannot be the name of a collection"));
}

/// Keys both ways, before and after.
#[test]
fn what_stands_on_the_table_is_not_left_behind() {
    let Some(url) = fresh() else { return };
    load(&url, &[item("1", r#","collection":"a""#, r#","f":"f1""#)], Mode::Insert);
    let domain = "CREATE TABLE S.facilities (id text PRIMARY KEY); INSERT INTO S.facilities VALUES ('f1'); \
        CREATE TABLE S.plumes (collection text, item_id text, FOREIGN KEY (collection, item_id) \
        REFERENCES S.items (collection, id) ON DELETE CASCADE); INSERT INTO S.plumes VALUES ('a', '1'); \
        CREATE VIEW S.mine AS SELECT id FROM S.items";
    let domain = domain.replace("S.", &format!("{}.", schema(&url)));
    sql(&url, &domain).unwrap();
    let fields = stacyard_model::Profile::parse(&format!(
        "[fields.f]\ntype = 'string'\nreferences = {{ table = '{}.facilities', column = 'id' }}",
        schema(&url)
    ));
    let fields = fields.unwrap();
    let wanted = Wanted { profile: Some(&fields), ..Wanted::default() };
    stacyard_postgis::init(&Address::parse(&url).unwrap(), wanted).unwrap();
    insta::assert_snapshot!(partition(&url, &["a"]).unwrap_err(), @"the foreign key plumes_collection_item_id_fkey of plumes, the view mine depend on the table items, and would not follow it");
    let drop = "DROP VIEW S.mine; ALTER TABLE S.plumes DROP CONSTRAINT plumes_collection_item_id_fkey";
    sql(&url, &drop.replace("S.", &format!("{}.", schema(&url)))).unwrap();
    partition(&url, &["b"]).unwrap();
    let refused = load(&url, &[item("2", r#","collection":"b""#, r#","f":"f2""#)], Mode::Insert);
    assert!(matches!(&refused[0].why, Why::Wrong(why) if why.message.contains("foreign key")), "{refused:?}");
    let add =
        "ALTER TABLE S.plumes ADD FOREIGN KEY (collection, item_id) REFERENCES S.items (collection, id)";
    sql(&url, &add.replace("S.", &format!("{}.", schema(&url)))).unwrap();
    partition(&url, &["c"]).unwrap();
    assert!(partition(&url, &["a"]).unwrap_err().contains("plumes"), "its Items would have to move");
    // A profile of a partitioned table, and one that changes.
    let more = format!("{}\n[fields.n]\ntype = 'number'\nminimum = 0\n", fields.text())
        .replace("references", "# references");
    let more = stacyard_model::Profile::parse(&more).unwrap();
    for profile in [&more, &fields] {
        let wanted = Wanted { profile: Some(profile), ..Wanted::default() };
        stacyard_postgis::init(&Address::parse(&url).unwrap(), wanted).unwrap();
    }
}

/// What a DBA runs by hand is what `init` runs.
#[test]
fn a_plan_can_be_run_by_hand() {
    let Some(url) = fresh() else { return };
    let address = Address::parse(&url).unwrap();
    let fields = stacyard_model::Profile::parse("[fields.a]\ntype = 'string'").unwrap();
    let wanted = Wanted { profile: Some(&fields), ..Wanted::default() };
    sql(&url, &stacyard_postgis::plan(&address, wanted).unwrap()).unwrap();
    assert_eq!(stacyard_postgis::init(&address, wanted).unwrap(), made(4));
    let partitions = ["a".to_owned()];
    let wanted = Wanted { partitions: &partitions, ..wanted };
    sql(&url, &stacyard_postgis::plan(&address, wanted).unwrap()).unwrap();
    assert_eq!(stacyard_postgis::init(&address, wanted).unwrap(), made(4));
    assert_eq!(load(&url, &[item("1", r#","collection":"a""#, r#","a":"x""#)], Mode::Insert), []);
    assert_eq!(tables(&url), ["items_of_a 1"]);
}

/// The tables stay those of their owner, whoever partitions them.
#[test]
fn partitions_belong_to_the_owner_of_the_table() {
    let Some(url) = fresh() else { return };
    load(&url, &[item("1", r#","collection":"a""#, "")], Mode::Insert);
    let role = format!("owner_{}", schema(&url));
    sql(&url, &format!("CREATE ROLE {role}; ALTER TABLE {}.items OWNER TO {role}", schema(&url))).unwrap();
    partition(&url, &["a", "b", "a"]).unwrap();
    let owners = format!(
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = '{}' AND tablename LIKE 'items%'",
        schema(&url)
    );
    assert_eq!(sql(&url, &owners).unwrap(), std::slice::from_ref(&role));
    sql(&url, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
    let Some(url) = fresh() else { return };
    load(&url, &[], Mode::Insert);
    let more = "ALTER TABLE S.items ENABLE ROW LEVEL SECURITY; ALTER TABLE S.items ADD CONSTRAINT one UNIQUE (collection, id)";
    sql(&url, &more.replace("S.", &format!("{}.", schema(&url)))).unwrap();
    let refused = partition(&url, &["a"]).unwrap_err();
    assert!(refused.contains("row level security, the constraint one depend on"), "{refused}");
}
