//! Who may do what: the roles that pgstac makes, and those who have none of them.

use super::*;

/// A role of this database alone, and the database as it is for that role.
fn role(database: &Database, name: &str, grants: &str) -> Database {
    let name = format!("{name}_{}", database.url.rsplit_once('/').unwrap().1);
    database.sql(&format!("CREATE ROLE {name} LOGIN; {}", grants.replace("ROLE", &name)));
    Database { url: database.url.replacen("stacyard@", &format!("{name}@"), 1) }
}

#[test]
fn each_role_of_pgstac_does_what_it_is_for() {
    let Some(database) = fresh(None) else { return };
    let (one, other) = (item("a", "2024-01-01T00:00:00Z", "", ""), item("b", "2024-02-01T00:00:00Z", "", ""));
    let ingest = role(&database, "ingest", "GRANT pgstac_ingest TO ROLE");
    assert_eq!(ingest.load(std::slice::from_ref(&one), Mode::Insert), []);
    let read = role(&database, "read", "GRANT pgstac_read TO ROLE");
    assert!(stored(&read.open()).iter().eq(&[one]));
    let error = read.try_load(&[other], Mode::Insert, &Collections::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(database.sql("SELECT count(*) FROM items"), ["1"]);
    let none = role(&database, "none", "SELECT");
    let error = PgStac::open(&none.address()).err().unwrap();
    let said = format!("{error}\n{}", error.advice().cloned().unwrap_or_default()).replace(&none.url, "URL");
    insta::assert_snapshot!(said);
}

/// That is why there is no way to search by functions alone: pgstac's read the tables with the rights of whoever calls them.
#[test]
fn functions_of_pgstac_need_its_tables() {
    for version in [None, Some("0.9.12")] {
        let Some(database) = fresh(version) else { return };
        let grants =
            "GRANT USAGE ON SCHEMA pgstac TO ROLE; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgstac TO ROLE";
        let caller = role(&database, "caller", grants);
        for call in ["search('{}')", "get_item('a', 'c1')", "all_collections()"] {
            let error = caller.try_sql(&format!("SELECT {call}")).unwrap_err();
            assert_eq!(
                error.code(),
                Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE),
                "{call}"
            );
        }
    }
}
