//! What goes in comes out again, and other readers of pgstac read the same, as far as they can say it.

use super::*;

/// Items that pgstac's rows do not say by themselves.
const ODD: [(&str, &str); 9] = [
    ("nulls", r#","a":null,"b":{"c":null,"d":[null,1]}"#),
    ("numbers", r#","a":1e2,"b":-0,"c":1.0,"d":1.50,"e":12345678901234567890123,"f":2.5E-7,"g":-0.0"#),
    ("backslashes", r#","a":"\\","b":"\\\\","c":"\\n","d":"\n","e":"C:\\new\\\"x\"""#),
    ("names", r#","":1,"a/b~c":2,"ü":3,"pgstac:base_item":7"#),
    ("empty", r#","a":[],"b":{},"c":"","d":[[],{}]"#),
    ("digits", r#","a":0.1,"b":0.30000000000000004,"c":1e-7"#),
    ("times", r#","updated":"2024-01-01T00:00:00.123456789+01:00""#),
    ("long", r#","a":"ÄÖÜ\u2028\ud83d\ude00""#),
    ("deep", r#","a":[[[[{"b":[1,[2,[3.0]]]}]]]]"#),
];

fn odd() -> Vec<Document> {
    let mut items: Vec<Document> =
        ODD.iter().map(|(id, properties)| item(id, "2024-01-01T00:00:00Z", properties, "")).collect();
    items.push(item(
        "members",
        "2024-01-01T00:00:00Z",
        "",
        r#","private":{"a":1},"pgstac:base_item":3,"foreign":[1]"#,
    ));
    items.push(item("fine", "2024-01-01T00:00:00.123456789Z", "", ""));
    let geometries = [
        r#"{"type":"Point","coordinates":[10.0,20.0]}"#,
        r#"{"type":"Point","coordinates":[1,2,3]}"#,
        r#"{"coordinates":[1,2],"type":"Point"}"#,
        r#"{"type":"LineString","coordinates":[[1,2,3],[4,5]]}"#,
        r#"{"type":"Point","coordinates":[0.1,1e-7],"note":"foreign"}"#,
        r#"{"type":"GeometryCollection","geometries":[]}"#,
    ];
    for (number, geometry) in geometries.iter().enumerate() {
        let text = item(&format!("geometry{number}"), "2024-01-01T00:00:00Z", "", "");
        let text = text.text().replacen(r#"{"type":"Point","coordinates":[10.5,20]}"#, geometry, 1);
        items.push(Document::parse(text).unwrap());
    }
    items.sort_by_key(key);
    items
}

fn assert_back(database: &Database, items: &[Document]) {
    let back = stored(&database.open());
    assert_eq!(back.len(), items.len());
    for (back, item) in back.iter().zip(items) {
        assert!(back == item, "{}\ncame back as\n{}", item.text(), back.text());
    }
}

#[test]
fn odd_items_come_back() {
    let Some(database) = fresh(None) else { return };
    let items = odd();
    assert_eq!(database.load(&items, Mode::Insert), []);
    assert_back(&database, &items);
}

#[test]
fn items_come_back_that_pgstac_has_written() {
    let Some(database) = fresh(None) else { return };
    database.try_load(&[], Mode::Insert, &collections(&[])).unwrap();
    let items = [
        item("a", "2024-01-01T00:00:00Z", r#","n":[1,2.5],"m":{"x":"y"}"#, ""),
        item("b", "2024-01-02T00:00:00Z", "", ""),
    ];
    for item in &items {
        database.sql(&format!("SELECT create_item('{}')", item.text()));
    }
    assert_back(&database, &items);
}

const ASSETS: &str = r#"{"data":{"type":"image/tiff","title":"T","roles":["data","x"],"bands":[{"name":"a","gsd":10},{"name":"b"}],"n":1.0},"thumb":{"type":"image/png"}}"#;

/// Beside a base: what is the same, what is other, what is absent, lists of the same length and of others.
const BESIDE: [&str; 6] = [
    r#"{"data":{"href":"d.tif","type":"image/tiff","title":"T","roles":["data","x"],"bands":[{"name":"a","gsd":10},{"name":"b"}],"n":1.0},"thumb":{"href":"t.png","type":"image/png"}}"#,
    r#"{"data":{"href":"d.tif","type":"other","title":"T","roles":["data"],"bands":[{"name":"a"},{"name":"b","gsd":20}],"n":1}}"#,
    "{}",
    r#"{"data":{"href":"d.tif","roles":["x","data"],"bands":[]},"more":{"href":"m"}}"#,
    r#"{"data":{"href":"d.tif","title":null,"bands":null},"thumb":{"href":"t.png","title":null}}"#,
    r#"{"thumb":{"href":"t.png","type":"image/png","roles":[]}}"#,
];

#[test]
fn items_come_back_beside_what_their_collection_says() {
    for version in [None, Some("0.9.12")] {
        let Some(database) = fresh(version) else { return };
        let items: Vec<Document> = BESIDE
            .iter()
            .enumerate()
            .map(|(number, assets)| {
                let item = item(&format!("i{number}"), "2024-01-01T00:00:00Z", "", "");
                Document::parse(item.text().replacen(r#""assets":{}"#, &format!(r#""assets":{assets}"#), 1))
                    .unwrap()
            })
            .collect();
        let kept: Collections = [("c1".to_owned(), collection("c1", ASSETS))].into();
        assert_eq!(database.try_load(&items, Mode::Insert, &kept).unwrap(), []);
        assert_back(&database, &items);
        // What is equal is stored once, in the Collection.
        let rows = database.sql("SELECT content -> 'assets' FROM items WHERE id = 'i0'");
        assert_eq!(rows, [r#"{"data": {"href": "d.tif"}, "thumb": {"href": "t.png"}}"#]);
        for item in &items {
            let (_, id) = key(item);
            let theirs = database.hydrated(&id);
            assert!(without_nulls(theirs.text()) == without_nulls(item.text()), "{id}: {}", theirs.text());
        }
        // pgstac writes them in its own way, and they come back too.
        for item in &items {
            database.sql(&format!("SELECT upsert_item('{}')", item.text()));
        }
        let back = stored(&database.open());
        for (back, item) in back.iter().zip(&items) {
            assert!(without_nulls(back.text()) == without_nulls(item.text()), "{}", back.text());
        }
    }
}

/// pgstac's own functions leave nulls out, and 1 is 1.0 there.
fn without_nulls(text: &str) -> serde_json::Value {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(members) => {
                members.retain(|_, member| !member.is_null());
                members.values_mut().for_each(strip);
            }
            serde_json::Value::Array(list) => list.iter_mut().for_each(strip),
            serde_json::Value::Number(number) => {
                *value = serde_json::Value::from(number.to_string().trim_end_matches(".0"));
            }
            _ => {}
        }
    }
    let mut value = serde_json::from_str(text).unwrap();
    strip(&mut value);
    value
}

#[test]
fn a_collection_that_changes_does_not_change_its_items() {
    let Some(database) = fresh(None) else { return };
    let with = |assets: &str| -> Collections { [("c1".to_owned(), collection("c1", assets))].into() };
    let asset = |id: &str| {
        let item = item(id, "2024-01-01T00:00:00Z", "", "");
        Document::parse(item.text().replacen(r#""assets":{}"#, &format!(r#""assets":{}"#, BESIDE[1]), 1))
            .unwrap()
    };
    let items = [asset("a"), asset("b"), asset("c")];
    let store = database.open();
    for (number, assets) in
        [ASSETS, r#"{"data":{"title":"another","type":"other"}}"#, "{}"].iter().enumerate()
    {
        // With a store that is open all the time, and with pgstac's own function for one of them.
        if number == 1 {
            let collection = collection("c1", assets).to_string();
            database.sql(&format!("SELECT upsert_collection('{collection}')"));
        } else {
            store.put_collections(&with(assets)).unwrap();
        }
        assert_eq!(
            database.try_load(&items[number..=number], Mode::Insert, &Collections::new()).unwrap(),
            []
        );
        let back = stored(&store);
        assert!(back.iter().eq(&items[..=number]), "after {number}: {:?}", back.last().map(Document::text));
    }
    for (id, _) in [("a", 0), ("b", 1), ("c", 2)] {
        assert!(without_nulls(database.hydrated(id).text())["assets"]["data"]["type"] == "other");
    }
}

#[test]
fn before_0_10_a_collection_with_items_keeps_what_they_have_in_common() {
    let Some(database) = fresh(Some("0.9.12")) else { return };
    database.load(&[item("a", "2024-01-01T00:00:00Z", "", "")], Mode::Insert);
    let other: Collections = [("c1".to_owned(), collection("c1", ASSETS))].into();
    let error = database.open().put_collections(&other).unwrap_err();
    insta::assert_snapshot!(error, @r#""c1" has Items, which other item_assets or another stac_version would change"#);
}

#[test]
fn what_is_kept_beside_a_row_counts_only_for_that_row() {
    let Some(database) = fresh(None) else { return };
    let odd = item("a", "2024-01-01T00:00:00Z", r#","n":1e2"#, "");
    database.load(std::slice::from_ref(&odd), Mode::Insert);
    assert_back(&database, std::slice::from_ref(&odd));
    // As pypgstac's upsert does it: `private` stays as it is.
    database.sql("UPDATE items SET content = jsonb_set(content, '{properties,n}', '7') WHERE id = 'a'");
    assert_back(&database, &[item("a", "2024-01-01T00:00:00Z", r#","n":7"#, "")]);
}

#[test]
fn what_pgstac_has_no_place_for_is_refused() {
    let Some(database) = fresh(None) else { return };
    let text = |more: &str| item("a", "2024-01-01T00:00:00Z", more, "").text().to_owned();
    let lists = r#"{"data":{"href":"d","bands":[null,1]}}"#;
    let items = [
        text("").replacen(r#""collection":"c1","#, "", 1),
        text("").replacen(r#"{"type":"Point","coordinates":[10.5,20]}"#, "null", 1),
        text(r#","a":"x\u0000y""#),
        text(",\"a\":\"\u{1235f}\u{203b}\""),
        text(r#","a":1e20000"#),
        text("").replacen(r#""c1""#, r#""nowhere""#, 1),
        text("").replacen(r#""assets":{}"#, &format!(r#""assets":{lists}"#), 1),
    ];
    let kept: Collections = [("c1".to_owned(), collection("c1", r#"{"data":{"bands":[{"a":1},2]}}"#))].into();
    let items: Vec<Document> = items.into_iter().map(|text| Document::parse(text).unwrap()).collect();
    let refused = database.try_load(&items, Mode::Insert, &kept).unwrap();
    let said: Vec<String> = refused
        .iter()
        .map(|refused| match &refused.why {
            stacyard_store::Why::Wrong(problem) => format!("{} {}", refused.item, problem),
            other => format!("{} {other:?}", refused.item),
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
    assert!(stored(&database.open()).is_empty());
}
