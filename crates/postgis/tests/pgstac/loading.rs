//! Loads beside pgstac's own.

use std::thread;

use stacyard_store::{ItemKey, When, Why};

use super::*;

/// Items of several months.
fn months(number: usize, properties: &str) -> Vec<Document> {
    let item = |index: usize| {
        let datetime = format!("20{:02}-{:02}-15T00:00:00Z", 10 + index % 2, index % 3 + 1);
        item(&format!("i{index:04}"), &datetime, properties, "")
    };
    (0..number).map(item).collect()
}

/// What has to hold after each load, by pgstac's own views.
fn assert_consistent(database: &Database) {
    // Each partition knows the times that it has, exactly, in its constraint and in its statistics.
    let wrong = "SELECT partition, constraint_dtrange, dtrange FROM partitions_view WHERE dtrange IS DISTINCT FROM constraint_dtrange \
        OR edtrange IS DISTINCT FROM constraint_edtrange";
    assert_eq!(database.sql(wrong), [""; 0]);
    let outside = "SELECT i.id FROM items AS i JOIN partitions_view AS p ON p.partition = i.tableoid::regclass::text \
        WHERE NOT i.datetime <@ p.dtrange OR NOT i.end_datetime <@ p.edtrange";
    assert_eq!(database.sql(outside), [""; 0]);
    let double = "SELECT collection, id FROM items GROUP BY 1, 2 HAVING count(*) > 1";
    assert_eq!(database.sql(double), [""; 0]);
    let left = "SELECT count(*) FROM items_staging UNION ALL SELECT count(*) FROM items_staging_ignore \
        UNION ALL SELECT count(*) FROM items_staging_upsert";
    assert_eq!(database.sql(left), ["0", "0", "0"]);
}

fn cut(database: &Database, by: &str) {
    database.try_load(&[], Mode::Insert, &collections(&[])).unwrap();
    database.sql(&format!("UPDATE collections SET partition_trunc = {by} WHERE id = 'c1'"));
}

#[test]
fn every_mode_in_every_partitioning() {
    for by in ["NULL", "'year'", "'month'"] {
        let Some(database) = fresh(None) else { return };
        cut(&database, by);
        let items = months(150, "");
        assert_eq!(database.load(&items[..100], Mode::Insert), []);
        assert_consistent(&database);
        let refused = database.load(&items, Mode::Insert);
        assert_eq!(refused.len(), 100);
        assert!(refused.iter().all(|refused| refused.why == Why::Taken));
        let refused = database.load(&items, Mode::Resume);
        assert!(refused.len() == 150 && refused.iter().all(|refused| refused.why == Why::Present));
        // Items change, and some move to another partition.
        let mut changed = months(150, r#","n":1"#);
        changed[7] = item("i0007", "2031-07-01T00:00:00Z", "", "");
        assert_eq!(database.load(&changed, Mode::Ignore).len(), 150);
        assert_eq!(database.load(&changed, Mode::Upsert), []);
        assert_consistent(&database);
        changed.sort_by_key(key);
        assert!(stored(&database.open()).iter().eq(&changed), "cut by {by}");
        let found = database
            .sql(r#"SELECT search('{"ids":["i0007"]}') -> 'features' -> 0 -> 'properties' ->> 'datetime'"#);
        assert_eq!(found, ["2031-07-01T00:00:00Z"]);
    }
}

#[test]
fn loaders_of_all_modes_do_not_hinder_each_other() {
    let Some(database) = fresh(None) else { return };
    cut(&database, "'month'");
    let items = months(600, "");
    let (database, items) = (&database, &items);
    thread::scope(|scope| {
        for mode in [Mode::Insert, Mode::Ignore, Mode::Upsert, Mode::Upsert] {
            // Of two in a deadlock PostgreSQL ends either: those of pgstac itself, or ours, which says so and is run again.
            scope.spawn(move || {
                while let Err(error) = database.try_load(items, mode, &Collections::new()) {
                    assert!(error.message().contains("deadlock detected"), "{error}");
                }
            });
        }
        // As pgstac itself does it, in an order of its own.
        scope.spawn(move || {
            for items in items.rchunks(50) {
                let texts: Vec<&str> = items.iter().map(Document::text).collect();
                let upsert = format!("SELECT upsert_items('[{}]')", texts.join(","));
                // pypgstac tries again too, where it was in the way of others.
                while database.try_sql(&upsert).is_err() {}
            }
        });
    });
    assert_eq!(database.load(items, Mode::Upsert), []);
    assert_consistent(database);
    let mut sorted = items.clone();
    sorted.sort_by_key(key);
    assert!(stored(&database.open()).iter().eq(&sorted));
}

#[test]
fn what_others_change_is_seen_by_the_tag() {
    let Some(database) = fresh(None) else { return };
    database.load(&[item("a", "2024-01-01T00:00:00Z", "", "")], Mode::Insert);
    let store = Store::from(database.open());
    let key = ItemKey::new("c1", "a");
    let before = store.get(&key, &stacyard_search::Stop::default()).unwrap().unwrap().etag;
    let other = item("a", "2024-01-01T00:00:00Z", r#","by":"others""#, "");
    database.sql(&format!("SELECT upsert_item('{}')", other.text()));
    let edit = store.edit().unwrap();
    let text = item("a", "2024-01-01T00:00:00Z", r#","by":"us""#, "");
    assert!(edit.put_item(text.text().as_bytes(), When::Matches(before)).is_err());
    let now = store.get(&key, &stacyard_search::Stop::default()).unwrap().unwrap().etag;
    edit.put_item(text.text().as_bytes(), When::Matches(now)).unwrap();
    assert_eq!(database.sql("SELECT get_item('a', 'c1') -> 'properties' ->> 'by'"), ["us"]);
}

#[test]
fn items_that_pgstac_keeps_as_it_has_given_them_out_are_forgotten() {
    let Some(database) = fresh(None) else { return };
    database.load(&[item("a", "2024-01-01T00:00:00Z", "", "")], Mode::Insert);
    let read = r#"SET pgstac.format_cache TO on; SELECT search('{"ids":["a"]}') -> 'features' -> 0 -> 'properties' ->> 'by'"#;
    assert_eq!(database.sql(read), ["NULL"]);
    database.load(&[item("a", "2024-01-01T00:00:00Z", r#","by":"us""#, "")], Mode::Upsert);
    assert_eq!(database.sql(read), ["us"]);
}

#[test]
fn a_loader_that_is_killed_leaves_nothing_half_done() {
    let Some(database) = fresh(None) else { return };
    cut(&database, "'year'");
    let items = months(300, "");
    let mut sink = PgStacSink::create(&database.address(), Mode::Insert, &Collections::new(), false).unwrap();
    let mut rows = PgStacRows::default();
    for item in &items {
        sink.encoder().item(item.root(), None, &mut rows).unwrap();
    }
    sink.write(rows).unwrap();
    // Nobody waits for it: as where the process dies.
    drop(sink);
    let refused = database.load(&items, Mode::Resume);
    assert!(refused.iter().all(|refused| refused.why == Why::Present));
    assert_consistent(&database);
    assert_eq!(stored(&database.open()).len(), 300);
}

#[test]
fn a_collection_that_becomes_another_one_ends_a_load() {
    let other = collection("c1", r#"{"a":{"type":"image/tiff"}}"#);
    let anew = format!("DELETE FROM collections; INSERT INTO collections (content) VALUES ('{other}')");
    // Before 0.10 Items are put together with what their Collection says now.
    let edited = format!("UPDATE collections SET content = '{other}' WHERE id = 'c1'");
    for (version, change) in [(None, &anew), (Some("0.9.12"), &anew), (Some("0.9.12"), &edited)] {
        let Some(database) = fresh(version) else { return };
        let mut sink =
            PgStacSink::create(&database.address(), Mode::Insert, &collections(&[]), false).unwrap();
        let mut rows = PgStacRows::default();
        sink.encoder().item(item("a", "2024-01-01T00:00:00Z", "", "").root(), None, &mut rows).unwrap();
        database.sql(change);
        sink.write(rows).unwrap();
        let error = sink.settled(true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(error.to_string(), r#"the Collection "c1" was changed while Items were loaded into it"#);
        drop(sink);
        assert_eq!(database.sql("SELECT count(*) FROM items"), ["0"]);
    }
}

#[test]
fn a_replacement_is_seen_as_a_whole() {
    for by in ["NULL", "'month'"] {
        let Some(database) = fresh(None) else { return };
        cut(&database, by);
        let old = months(40, "");
        database.load(&old, Mode::Insert);
        let mut new = months(30, r#","n":1"#);
        new.push(item("later", "2031-07-01T00:00:00Z", "", ""));
        let mut kept = collections(&new);
        kept.remove("c2");
        let mut sink = PgStacSink::create(&database.address(), Mode::Replace, &kept, false).unwrap();
        let mut rows = PgStacRows::default();
        for item in &new {
            sink.encoder().item(item.root(), None, &mut rows).unwrap();
        }
        sink.write(rows).unwrap();
        assert_eq!(sink.settled(true).unwrap().unwrap(), []);
        let mut sorted = old.clone();
        sorted.sort_by_key(key);
        assert!(stored(&database.open()).iter().eq(&sorted), "some of it is seen before its end");
        sink.keep(kept);
        let finished = sink.finish().unwrap();
        let before = finished.before.unwrap();
        assert_eq!((before.replaced.total(), before.went.total()), (30, 10));
        assert_eq!(finished.collections.unwrap().went, ["c2"]);
        new.sort_by_key(key);
        assert!(stored(&database.open()).iter().eq(&new));
        assert_eq!(database.sql("SELECT id FROM collections"), ["c1"]);
        assert_consistent(&database);
    }
}

#[test]
fn a_replacement_that_is_broken_off_changes_nothing() {
    let Some(database) = fresh(None) else { return };
    let old = months(10, "");
    database.load(&old, Mode::Insert);
    let mut sink = PgStacSink::create(&database.address(), Mode::Replace, &collections(&[]), false).unwrap();
    let mut rows = PgStacRows::default();
    sink.encoder().item(item("new", "2024-01-01T00:00:00Z", "", "").root(), None, &mut rows).unwrap();
    sink.write(rows).unwrap();
    drop(sink);
    assert!(stored(&database.open()).iter().eq(&old));
    assert_consistent(&database);
}

#[test]
fn collections_are_made_of_their_items() {
    for version in [None, Some("0.9.12")] {
        let Some(database) = fresh(version) else { return };
        let mut sink =
            PgStacSink::create(&database.address(), Mode::Insert, &Collections::new(), true).unwrap();
        let mut rows = PgStacRows::default();
        for item in [item("a", "2024-01-01T00:00:00Z", "", ""), item("b", "2024-02-01T00:00:00Z", "", "")] {
            sink.encoder().item(item.root(), None, &mut rows).unwrap();
        }
        assert_eq!(rows.refused(), []);
        sink.write(rows).unwrap();
        assert_eq!(sink.finish().unwrap().collections.unwrap().new, ["c1"]);
        let made = &database.open().collections().unwrap()["c1"];
        let extent = r#"{"spatial":{"bbox":[[10.5,20,10.5,20]]},"temporal":{"interval":[["2024-01-01T00:00:00+00:00","2024-02-01T00:00:00+00:00"]]}}"#;
        assert_eq!(made["extent"], serde_json::from_str::<serde_json::Value>(extent).unwrap());
        assert_eq!(made["license"], "other");
    }
}
