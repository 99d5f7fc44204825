//! Single changes, where the database has a say of its own. What all stores do is in the conformance suite.

use stacyard_search::Stop;
use stacyard_store::{ErrorKind, Home, ItemKey, Mode, Store, When};

use super::*;

fn opened(url: &str) -> Store {
    PostGis::open(&Address::parse(url).unwrap()).unwrap().into()
}

#[test]
fn what_the_table_refuses_is_said_with_its_place() {
    let Some(url) = fresh() else { return };
    assert_eq!(load(&url, &[], Mode::Insert), []);
    let schema = schema(&url);
    sql(
        &url,
        &format!(
            "ALTER TABLE {schema}.items ADD CONSTRAINT near CHECK (ST_X(geometry) < 10), \
         ADD CONSTRAINT later CHECK (properties ->> 'x' IS DISTINCT FROM 'y')"
        ),
    )
    .unwrap();
    let store = opened(&url);
    let edit = store.edit().unwrap();
    let far = item("a", "", "").text().replace("[1,2.5]", "[11,2.5]").replace("1,2.5,1,2.5", "11,2.5,11,2.5");
    for (text, pointer) in [
        (far, "/geometry"),
        (item("a", "", r#","x":"y""#).text().to_owned(), "/properties"),
        (item("a", "", r#","x":"\u0000""#).text().to_owned(), "/properties/x"),
        (item("a\\u0000", "", "").text().to_owned(), "/id"),
    ] {
        let error = edit.put_item(text.as_bytes(), When::Always).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert_eq!(error.findings().unwrap().problems[0].pointer, pointer, "{error}");
    }
    let nul = ItemKey::loose("a\0");
    assert!(store.get(&nul, &Stop::default()).unwrap().is_none());
    assert_eq!(edit.delete_item(&nul, When::Always).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(
        store
            .count(&stacyard_search::Search::default().into(), stacyard_store::Run::default())
            .unwrap()
            .answered,
        0
    );
}

#[test]
fn what_rows_of_others_refer_to_stays() {
    let Some(url) = fresh() else { return };
    assert_eq!(load(&url, &[item("a", "", "")], Mode::Insert), []);
    let schema = schema(&url);
    sql(&url, &format!(
        "CREATE TABLE {schema}.plumes (collection text, item text, FOREIGN KEY (collection, item) REFERENCES {schema}.items); \
         INSERT INTO {schema}.plumes VALUES ('', 'a')"
    )).unwrap();
    let store = opened(&url);
    let error = store.edit().unwrap().delete_item(&ItemKey::loose("a"), When::Always).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(stored(&url).len(), 1);
}

#[test]
fn a_change_says_what_its_user_triggers_have_made_of_it() {
    let Some(url) = fresh() else { return };
    assert_eq!(load(&url, &[], Mode::Insert), []);
    let schema = schema(&url);
    sql(&url, &format!(
        "CREATE FUNCTION {schema}.mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         NEW.properties := NEW.properties || '{{\"datetime\": \"2025-01-01T00:00:00Z\"}}'; RETURN NEW; END $$; \
         CREATE TRIGGER mark BEFORE INSERT OR UPDATE ON {schema}.items FOR EACH ROW EXECUTE FUNCTION {schema}.mark()"
    )).unwrap();
    let store = opened(&url);
    let (key, put) =
        store.edit().unwrap().put_item(item("a", "", "").text().as_bytes(), When::Always).unwrap();
    let there = store.get(&key, &Stop::default()).unwrap().unwrap();
    assert_eq!(there.etag, put.etag);
    let column = sql(
        &url,
        &format!("SELECT datetime = '2025-01-01T00:00:00Z' AND written_by = 'sql' FROM {schema}.items"),
    );
    assert_eq!(column.unwrap(), ["t"]);
    // One that keeps rows out.
    sql(&url, &format!(
        "CREATE OR REPLACE FUNCTION {schema}.mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
    )).unwrap();
    let error =
        store.edit().unwrap().put_item(item("a", "", "").text().as_bytes(), When::Always).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
}

#[test]
fn a_changed_item_is_as_one_that_was_loaded() {
    let (Some(loaded), Some(edited)) = (fresh(), fresh()) else { return };
    let items: Vec<Document> =
        conformance::ITEMS.lines().filter_map(|line| Document::parse(line).ok()).collect();
    assert_eq!(load(&loaded, &items, Mode::Insert), []);
    assert_eq!(load(&edited, &[], Mode::Insert), []);
    let store = opened(&edited);
    for item in &items {
        store.edit().unwrap().put_item(item.text().as_bytes(), When::Absent).unwrap();
    }
    let rows = |url: &str| {
        sql(url, &format!("SELECT items::text FROM {}.items ORDER BY collection, id", schema(url))).unwrap()
    };
    assert_eq!(rows(&loaded).len(), items.len());
    assert_eq!(rows(&loaded), rows(&edited));
}

/// SQL of a user takes a Collection away while an Item goes into it: the Item waits for what becomes of that.
#[test]
fn an_item_does_not_go_into_a_collection_that_goes() {
    let Some(url) = fresh() else { return };
    assert_eq!(load(&url, &[], Mode::Insert), []);
    let (schema, store) = (schema(&url), opened(&url));
    let edit = store.edit().unwrap().into_home(Home::Known);
    let collection = r#"{"type":"Collection","stac_version":"1.1.0","id":"c","description":"d","license":"other","extent":{"spatial":{"bbox":[[-180,-90,180,90]]},"temporal":{"interval":[[null,null]]}},"links":[]}"#;
    edit.put_collection(collection.as_bytes(), When::Absent).unwrap();
    let goes = format!("BEGIN; DELETE FROM {schema}.collections; SELECT pg_sleep(1); COMMIT");
    let deleter = std::thread::spawn({
        let url = url.clone();
        move || sql(&url, &goes).unwrap()
    });
    std::thread::sleep(std::time::Duration::from_millis(300));
    let link = r#"{"rel":"collection","href":"c.json"}"#;
    let item = item("a", r#","collection":"c""#, "")
        .text()
        .replace(r#""links":[]"#, &format!(r#""links":[{link}]"#));
    let error = edit.put_item(item.as_bytes(), When::Absent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownName, "{error}");
    deleter.join().unwrap();
    assert_eq!(stored(&url), []);
}
