//! Which versions are made, migrated and understood.

use stacyard_postgis::planned;

use super::*;

#[test]
fn a_database_with_items_is_migrated() {
    let Some(database) = fresh(Some("0.9.12")) else { return };
    let items =
        [item("a", "2024-01-01T00:00:00Z", r#","n":1e2"#, ""), item("b", "2024-02-01T00:00:00Z", "", "")];
    database.load(&items, Mode::Insert);
    let (address, package) = (database.address(), package().unwrap());
    let steps = planned(&address, &package, None).unwrap();
    assert_eq!(steps.iter().map(|step| step.file.as_str()).collect::<Vec<_>>(), ["0.9.12-0.10.0"]);
    assert!(steps[0].locks.iter().any(|lock| lock.starts_with("ACCESS EXCLUSIVE")), "{steps:?}");
    let done = install(&address, &package, None).unwrap();
    assert_eq!((done.from.as_deref(), done.to.as_str()), (Some("0.9.12"), "0.10.0"));
    assert_eq!(done.left, [""; 0]);
    assert_eq!(database.open().version(), "0.10.0");
    assert!(stored(&database.open()).iter().eq(&items));
    assert_eq!(install(&address, &package, None).unwrap().from.as_deref(), Some("0.10.0"));
    assert_eq!(planned(&address, &package, None).unwrap(), []);
}

#[test]
fn other_versions_are_refused() {
    let Some(database) = fresh(None) else { return };
    let (address, package) = (database.address(), package().unwrap());
    let said = |error: Error| {
        format!("{error}\n{}", error.advice().cloned().unwrap_or_default())
            .replace(&database.url, "URL")
            .replace(&std::env::var("STACYARD_TEST_PYPGSTAC").unwrap(), "WHEEL")
    };
    insta::assert_snapshot!(said(install(&address, &package, Some("0.8.5")).unwrap_err()), @r"
    pgstac 0.8.5 is none that this version can read and write
    name one of 0.9 or 0.10
    ");
    insta::assert_snapshot!(said(install(&address, &package, Some("0.9.0")).unwrap_err()));
    database.sql("SELECT set_version('0.11.0')");
    insta::assert_snapshot!(said(PgStac::open(&address).err().unwrap()));
    database
        .sql("DELETE FROM migrations WHERE version = '0.11.0'; ALTER TABLE items ADD COLUMN fragments jsonb");
    insta::assert_snapshot!(said(PgStac::open(&address).err().unwrap()));
    assert!(PgStacSink::create(&address, Mode::Insert, &Collections::new(), false).is_err());
}

const PROFILE: &str = "collections = [\"c1\"]\n[fields.\"eo:cloud_cover\"]\ntype = \"number\"\n[fields.seen]\ntype = \"datetime\"\n";

#[test]
fn fields_of_a_profile_are_queryables() {
    for version in [None, Some("0.9.12")] {
        let Some(database) = fresh(version) else { return };
        database.load(&[item("a", "2024-01-01T00:00:00Z", r#","eo:cloud_cover":7"#, "")], Mode::Insert);
        let profile = stacyard_model::Profile::parse(PROFILE).unwrap();
        for _ in 0..2 {
            // Once more it is the same.
            let names = stacyard_postgis::declare(&database.address(), &profile).unwrap();
            assert_eq!(names, ["eo:cloud_cover", "seen"]);
        }
        let rows = database.sql("SELECT name, collection_ids, definition ->> 'type' FROM queryables WHERE name <> ALL('{id,geometry,datetime}') ORDER BY 1");
        assert_eq!(rows, ["eo:cloud_cover {c1} number", "seen {c1} string"]);
        let found = database.sql(r#"SELECT search('{"filter":{"op":"<","args":[{"property":"eo:cloud_cover"},10]}}') -> 'features' -> 0 ->> 'id'"#);
        assert_eq!(found, ["a"]);
        // One that is declared is no unknown name, though no Item has it.
        let query = |name: &str| {
            let filter = stacyard_search::parse_filter(&format!("\"{name}\" IS NULL")).unwrap();
            let search = stacyard_search::Search { filter: Some(filter), ..Default::default() };
            Store::from(database.open())
                .count(&search.into(), stacyard_store::Run::default())
                .map(|report| report.answered)
        };
        assert_eq!(query("seen").unwrap(), 1);
        assert!(query("nowhere").is_err());
    }
}

#[test]
fn several_may_make_pgstac_at_once() {
    let (Some(one), Some(package)) = (empty(), package()) else { return };
    let others = [0; 6].map(|_| empty().unwrap());
    // Two of one database, and some of others on the same server, with the same roles.
    let done: Vec<String> = std::thread::scope(|scope| {
        let start = |database: &Database| {
            let (address, package) = (database.address(), &package);
            scope.spawn(move || install(&address, package, None).unwrap().to)
        };
        let all: Vec<_> = [&one, &one].into_iter().chain(&others).map(start).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(done.iter().all(|version| version == "0.10.0"), "{done:?}");
}
