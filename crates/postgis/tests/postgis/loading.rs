//! Loads beside what is there already: replacements, loads that go on, and several at once.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use stacyard_store::Deletion;

use super::*;

/// Some SQL, with `S.` for the schema of the test.
fn run(url: &str, text: &str) -> Vec<String> {
    sql(url, &text.replace("S.", &format!("{}.", schema(url)))).unwrap()
}

fn ids(url: &str) -> Vec<String> {
    run(url, "SELECT id FROM S.items ORDER BY id")
}

/// Plumes that refer to the Items `a` and `b`.
fn plumes(url: &str, on_delete: &str) {
    run(
        url,
        &format!(
            "CREATE TABLE S.plumes (collection text, id text, \
             FOREIGN KEY (collection, id) REFERENCES S.items (collection, id) ON DELETE {on_delete}); \
             INSERT INTO S.plumes SELECT collection, id FROM S.items WHERE id IN ('a', 'b')"
        ),
    );
}

#[test]
fn a_replacement_leaves_the_rows_of_others_that_refer_to_items_which_stay() {
    let Some(url) = fresh() else { return };
    let old = [item("a", "", ""), item("b", "", r#","x":1"#), item("gone", "", "")];
    load(&url, &old, Mode::Insert);
    plumes(&url, "CASCADE");
    let versions = || run(&url, "SELECT xmin FROM S.items WHERE id IN ('a', 'b') ORDER BY id");
    let before = versions();
    let new = [item("a", "", ""), item("b", "", r#","x":1.0"#), item("c", "", "")];
    assert_eq!(load(&url, &new, Mode::Replace), []);
    assert_eq!(stored(&url).len(), 3);
    assert!(stored(&url).iter().all(|item| new.contains(item)), "{:?}", ids(&url));
    assert_eq!(run(&url, "SELECT id FROM S.plumes ORDER BY id"), ["a", "b"]);
    let after = versions();
    assert_eq!(before[0], after[0], "a row that stays the same is not written again");
    assert_ne!(before[1], after[1], "1.0 is not 1");
    assert_eq!(load(&url, &new[1..], Mode::Replace), []);
    assert_eq!(run(&url, "SELECT id FROM S.plumes"), ["b"], "the plumes of what is gone are gone");
}

#[test]
fn a_replacement_that_others_forbid_changes_nothing() {
    let Some(url) = fresh() else { return };
    let old = [item("a", "", ""), item("b", "", ""), item("gone", "", "")];
    load(&url, &old, Mode::Insert);
    plumes(&url, "RESTRICT");
    assert_eq!(load(&url, &old[..2], Mode::Replace), []);
    let address = Address::parse(&url).unwrap();
    let new = [item("b", "", ""), item("c", "", "")];
    let error = try_load(&address, &new, Mode::Replace, &Collections::new()).unwrap_err();
    assert_eq!(ids(&url), ["a", "b"]);
    insta::assert_snapshot!(refused::shown(&error, &url), @r#"
    cannot load into postgis://stacyard@PLACE?schema=SCHEMA: update or delete on table "items" violates foreign key constraint "plumes_collection_id_fkey" on table "plumes" (Key (collection, id)=(, a) is still referenced from table "plumes".)
      help: nothing was replaced: delete the rows of other tables that refer to Items which the input does not have, or use `mode upsert`, which keeps these Items
    "#);
    // One that is looked at when the transaction ends.
    run(
        &url,
        "ALTER TABLE S.plumes DROP CONSTRAINT plumes_collection_id_fkey, ADD FOREIGN KEY (collection, id) \
         REFERENCES S.items (collection, id) DEFERRABLE INITIALLY DEFERRED",
    );
    let deferred = try_load(&address, &new, Mode::Replace, &Collections::new()).unwrap_err();
    assert_eq!(deferred.advice(), error.advice());
    assert_eq!(ids(&url), ["a", "b"]);
}

#[test]
fn a_replacement_takes_what_the_database_takes() {
    let Some(url) = fresh() else { return };
    stacyard_postgis::init(&Address::parse(&url).unwrap(), Wanted::default()).unwrap();
    run(&url, "CREATE UNIQUE INDEX names ON S.items ((properties ->> 'name'))");
    let named = |id: &str, name: &str| item(id, "", &format!(r#","name":"{name}""#));
    // More than a batch, into a table without rows, and into one with some.
    let mut items: Vec<Document> = (0..100).map(|n| named(&format!("i{n:03}"), &format!("n{n}"))).collect();
    items.extend([named("j1", "n7"), named("j2", "new"), item("j3", "", r#","x":"\u0000""#)]);
    for _ in 0..2 {
        let refused = load(&url, &items, Mode::Replace);
        assert_eq!(refused.iter().map(|refused| refused.item).collect::<Vec<_>>(), [0, 2]);
        assert!(said(&refused[0]).contains("(n7) already exists"), "{refused:?}");
        assert_eq!(ids(&url).len(), 101);
    }
    // What is refused is not in the new content, whether it was in the old one or not.
    let refused = load(&url, &[named("j2", "other"), item("i001", "", r#","x":"\u0000""#)], Mode::Replace);
    assert_eq!((refused.len(), ids(&url)), (1, vec!["j2".to_owned()]));
}

#[test]
fn a_replacement_has_the_collections_of_its_input() {
    let Some(url) = fresh() else { return };
    let address = Address::parse(&url).unwrap();
    stacyard_postgis::init(&address, Wanted::default()).unwrap();
    let load = |mode, collections: &[(&str, serde_json::Value)]| {
        let collections =
            collections.iter().map(|(id, content)| ((*id).to_owned(), content.clone())).collect();
        try_load(&address, &[item("a", "", "")], mode, &collections).unwrap();
        run(&url, "SELECT id || content || xmin FROM S.collections ORDER BY id")
    };
    let first = load(Mode::Insert, &[("a", json!({"v": 1})), ("b", json!({"v": 1})), ("c", json!({"v": 1}))]);
    let second = load(Mode::Replace, &[("a", json!({"v": 1})), ("b", json!({"v": 2}))]);
    assert_eq!((second.len(), &second[0]), (2, &first[0]));
    assert!(second[1].starts_with(r#"b{"v":2}"#), "{second:?}");
    let third = load(Mode::Resume, &[("b", json!({"v": 3})), ("d", json!({"v": 1}))]);
    assert_eq!(third[..2], second[..], "those that are there stay");
    assert_eq!(load(Mode::Replace, &[]), third, "an input that has none takes none away");
}

#[test]
fn a_load_goes_on_behind_what_is_there() {
    let Some(url) = fresh() else { return };
    let (a, b, odd) = (item("a", "", r#","x":1"#), item("b", "", ""), item("odd", "", r#","x":1e2"#));
    let collection = item("a", r#","collection":"c""#, r#","x":1"#);
    load(&url, &[a.clone(), b.clone(), odd.clone(), collection.clone()], Mode::Insert);
    let before = run(&url, "SELECT xmin FROM S.items ORDER BY collection, id");
    let again = [item("new", "", ""), odd, item("a", "", r#","x":1.0"#), b, collection];
    let why = |item, why| Refused { item, why };
    assert_eq!(
        load(&url, &again, Mode::Resume),
        [why(1, Why::Present), why(2, Why::Taken), why(3, Why::Present), why(4, Why::Present)]
    );
    let after = run(&url, "SELECT xmin FROM S.items WHERE id <> 'new' ORDER BY collection, id");
    assert_eq!(before, after, "nothing of what is there is written again");
    assert!(stored(&url).contains(&a) && ids(&url).contains(&"new".to_owned()));
}

/// Links and assets stand in the table as they were written: `\u00b5` is `µ` all the same.
#[test]
fn an_item_that_is_spelled_otherwise_was_loaded_before() {
    let Some(url) = fresh() else { return };
    let spelled = |id: &str, name: &str, number: &str, odd: &str| {
        let text = item(id, "", odd).root().raw().to_owned();
        let text = text.replace("\"links\":[]", &format!(r#""links":[{{"rel":"a","href":"{name}"}}]"#));
        let assets = format!(r#""assets":{{"{name}":{{"href":"b","n":{number}}}}}"#);
        Document::parse(text.replace("\"assets\":{}", &assets)).unwrap()
    };
    let odd = r#","x":1e2"#;
    let old = [("a", "µ", "1", ""), ("b", "µ", "1", odd), ("c", "µ", "1", ""), ("d", "\\u0000", "1", "")];
    load(&url, &old.map(|(id, name, number, odd)| spelled(id, name, number, odd)), Mode::Insert);
    let again = [
        spelled("a", "\\u00b5", "1", ""),
        spelled("b", "\\u00B5", "1", odd),
        spelled("c", "\\u00b5", "1.0", ""),
        spelled("d", "\\u0000", "1", ""),
        spelled("d2", "new", "1", ""),
    ];
    let refused = load(&url, &again, Mode::Resume);
    let whys: Vec<_> = refused.iter().map(|refused| (refused.item, &refused.why)).collect();
    assert_eq!(whys, [(0, &Why::Present), (1, &Why::Present), (2, &Why::Taken), (3, &Why::Present)]);
}

/// Loads wait for a replacement, as other replacements do: what they bring is there behind it.
#[test]
fn loads_wait_for_a_replacement() {
    let Some(url) = fresh() else { return };
    load(&url, &[item("a", "", ""), item("b", "", "")], Mode::Insert);
    let address = Address::parse(&url).unwrap();
    for (new, mode, wanted) in [("c", Mode::Upsert, vec!["c", "d"]), ("e", Mode::Replace, vec!["d"])] {
        let mut first = PostGisSink::create(&address, Mode::Replace).unwrap();
        first.write(rows(&[item(new, "", "")], &first)).unwrap();
        let second = {
            let url = url.clone();
            thread::spawn(move || load(&url, &[item("d", "", "")], mode))
        };
        let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'S.items'::regclass";
        let started = Instant::now();
        while run(&url, waits) == ["0"] {
            assert!(!second.is_finished() && started.elapsed() < Duration::from_secs(20), "it does not wait");
            thread::sleep(Duration::from_millis(5));
        }
        // Readers do not wait.
        assert!(!ids(&url).contains(&new.to_owned()));
        first.finish().unwrap();
        assert_eq!(second.join().unwrap(), []);
        assert_eq!(ids(&url), wanted);
    }
}

/// Two that wait for each other's rows: the load is the one that the server ends.
#[test]
fn a_load_that_loses_a_deadlock_is_tried_again() {
    let Some(url) = fresh() else { return };
    load(&url, &[item("a", "", ""), item("z", "", "")], Mode::Insert);
    let impatient = format!("{url}&options=-c%20deadlock_timeout%3D2s");
    let update = |id: &str| format!("UPDATE {}.items SET links = '[]' WHERE id = '{id}'", schema(&url));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let plain = url.replace("postgis://", "postgresql://");
        let plain = plain.split_once('?').unwrap().0;
        let (client, connection) = tokio_postgres::connect(plain, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
            .batch_execute(&format!("SET deadlock_timeout = '5min'; BEGIN; {}", update("z")))
            .await
            .unwrap();
        let loader = thread::spawn(move || {
            let items = [item("a", "", r#","x":1"#), item("z", "", r#","x":1"#)];
            try_load(&Address::parse(&impatient).unwrap(), &items, Mode::Upsert, &Collections::new())
        });
        let waiting =
            "SELECT 1 FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid";
        let is_row = |message: &SimpleQueryMessage| matches!(message, SimpleQueryMessage::Row(_));
        while !client.simple_query(waiting).await.unwrap().iter().any(is_row) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // It waits for this one; now each waits for the other.
        client.batch_execute(&format!("{}; COMMIT", update("a"))).await.unwrap();
        assert_eq!(loader.join().unwrap().unwrap(), []);
    });
    let has_x = |item: &Document| item.root().pointer("/properties/x").is_some();
    assert_eq!(stored(&url).iter().filter(|item| has_x(item)).count(), 2);
}

#[test]
fn a_batch_that_others_are_in_the_way_of_is_tried_again() {
    let Some(url) = fresh() else { return };
    stacyard_postgis::init(&Address::parse(&url).unwrap(), Wanted::default()).unwrap();
    let run = |text: &str| run(&url, text);
    run("CREATE SEQUENCE S.tries; CREATE TABLE S.code (code text, times int); INSERT INTO S.code VALUES ('40001', 3);
         CREATE FUNCTION S.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF nextval('S.tries') < (SELECT times FROM S.code) THEN
         RAISE 'in the way' USING ERRCODE = (SELECT code FROM S.code); END IF; RETURN NULL; END $$;
         CREATE TRIGGER fail BEFORE INSERT ON S.items FOR EACH STATEMENT EXECUTE FUNCTION S.fail()");
    for (code, mode) in [("40001", Mode::Insert), ("40P01", Mode::Upsert), ("40P01", Mode::Replace)] {
        run(&format!("UPDATE S.code SET code = '{code}'; SELECT setval('S.tries', 1, false)"));
        let refused = load(&url, &[item(code, "", ""), item("b", "", &format!(r#","x":"{mode:?}""#))], mode);
        assert_eq!(refused, [], "{code} {mode:?}");
        let tries: i32 = run("SELECT last_value FROM S.tries")[0].parse().unwrap();
        assert!(tries >= 3, "{code} {mode:?}: {tries}");
    }
    // Not for ever.
    run("UPDATE S.code SET times = 1000");
    let mut said = Vec::new();
    for (mode, code) in [(Mode::Insert, "40P01"), (Mode::Replace, "40001")] {
        run(&format!("UPDATE S.code SET code = '{code}'"));
        let address = Address::parse(&url).unwrap();
        let error = try_load(&address, &[item("c", "", "")], mode, &Collections::new()).unwrap_err();
        said.push(refused::shown(&error, &url));
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    cannot load into postgis://stacyard@PLACE?schema=SCHEMA: in the way
      help: another session changes the same rows in another order; run it again
    cannot load into postgis://stacyard@PLACE?schema=SCHEMA: in the way
      help: run it again; a replica that cancels long searches may wait longer (max_standby_streaming_delay); nothing was replaced
    ");
}

/// Who deletes a Collection waits for the Items that are on their way, and counts them.
#[test]
fn a_collection_does_not_go_from_under_items_that_come() {
    let Some(url) = fresh() else { return };
    let address = Address::parse(&url).unwrap();
    stacyard_postgis::init(&address, Wanted::default()).unwrap();
    let collection = Collections::from([("c".to_owned(), json!({"id": "c"}))]);
    stacyard_postgis::put_collections(&address, &collection).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let plain = url.replace("postgis://", "postgresql://");
        let (client, connection) =
            tokio_postgres::connect(plain.split_once('?').unwrap().0, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let insert = format!(
            "BEGIN; INSERT INTO {}.items (collection, id, datetime) VALUES ('c', 'a', now())",
            schema(&url)
        );
        client.batch_execute(&insert).await.unwrap();
        let deleting = {
            let address = Address::parse(&url).unwrap();
            thread::spawn(move || stacyard_postgis::delete_collection(&address, "c"))
        };
        let waits = format!(
            "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '{}.items'::regclass",
            schema(&url)
        );
        let is_row = |message: &SimpleQueryMessage| matches!(message, SimpleQueryMessage::Row(_));
        while !client.simple_query(&waits).await.unwrap().iter().any(is_row) {
            assert!(!deleting.is_finished(), "it does not wait");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        client.batch_execute("COMMIT").await.unwrap();
        assert_eq!(deleting.join().unwrap().unwrap(), Deletion::HasItems(1));
    });
    assert_eq!(run(&url, "SELECT id FROM S.collections"), ["c"]);
    run(&url, "DELETE FROM S.items");
    assert_eq!(stacyard_postgis::delete_collection(&address, "c").unwrap(), Deletion::Done);
    assert_eq!(stacyard_postgis::delete_collection(&address, "c").unwrap(), Deletion::NotThere);
}
