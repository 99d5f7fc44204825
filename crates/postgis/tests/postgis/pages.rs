//! Pages begin where the one before has ended: what lies before is not read again. That they are right is in the conformance suite.

use stacyard_search::{PageSize, Query, Search, SortKey};
use stacyard_store::{Mode, PageItem, Run, Store};

use super::*;

/// Walks pages of ten; gives how many rows each has read, and how many Items came.
fn walk(store: &Store, sortby: &str) -> (Vec<u64>, usize) {
    let sortby = if sortby.is_empty() { Vec::new() } else { SortKey::parse_list(sortby).unwrap() };
    let query = Query::from(Search { sortby, ..Search::default() });
    let (mut read, mut seen, mut after) = (Vec::new(), std::collections::HashSet::new(), None);
    loop {
        let mut page =
            store.page(&query, after.as_ref(), PageSize::new(10).unwrap(), Run::in_place()).unwrap();
        read.push(page.report.read);
        for item in &mut page {
            let PageItem { text, cursor } = item.unwrap();
            assert!(seen.insert(text));
            after = Some(cursor);
        }
        if !page.has_more().unwrap() {
            return (read, seen.len());
        }
    }
}

#[test]
fn a_page_reads_its_own_rows_alone() {
    let Some(url) = fresh() else { return };
    // All of one time, in three collections, one of which is none; two have no datetime.
    let items: Vec<Document> = (0..300)
        .map(|number| {
            let collection = match number % 3 {
                0 => String::new(),
                more => format!(r#","collection":"c{more}""#),
            };
            let links = if collection.is_empty() { "[]" } else { r#"[{"rel":"collection","href":"c.json"}]"# };
            let item = item(&number.to_string(), &collection, &format!(r#","n":{},"s":"{}""#, number % 7, number % 5));
            let item = item.text().replace(r#""links":[]"#, &format!(r#""links":{links}"#));
            let range = r#""datetime":null,"start_datetime":"2024-06-01T00:00:00Z","end_datetime":"2024-06-02T00:00:00Z""#;
            let item = if number < 2 { item.replace(r#""datetime":"2024-06-01T00:00:00Z""#, range) } else { item };
            Document::parse(item).unwrap()
        })
        .collect();
    assert_eq!(load(&url, &items, Mode::Insert), []);
    let store = Store::from(PostGis::open(&Address::parse(&url).unwrap()).unwrap());
    for sortby in
        ["", "id", "-id", "datetime", "-datetime", "collection", "-n,s", "s,-n,-datetime", "-collection,n"]
    {
        let (read, items) = walk(&store, sortby);
        assert_eq!(items, 300, "{sortby}");
        assert!(read.iter().all(|read| *read <= 11), "{sortby}: {read:?}");
    }
}

#[test]
fn an_index_says_where_a_page_of_the_newest_begins() {
    let Some(url) = fresh() else { return };
    assert_eq!(load(&url, &[], Mode::Insert), []);
    let schema = schema(&url);
    sql(&url, &format!(
        "INSERT INTO {schema}.items (id, properties) SELECT number::text, '{{\"datetime\": \"2024-06-01T00:00:00Z\"}}' \
         FROM generate_series(1, 3000) AS number; ANALYZE {schema}.items"
    )).unwrap();
    let store = Store::from(PostGis::open(&Address::parse(&url).unwrap()).unwrap());
    let (read, items) = walk(&store, "");
    assert_eq!(items, 3000);
    assert!(read.iter().all(|read| *read <= 11), "{read:?}");
}

/// Of instants of one microsecond SQL does not know which is first: a page must not leave out those of the place.
#[test]
fn instants_that_sql_cannot_tell_apart_are_on_one_page_each() {
    let Some(url) = fresh() else { return };
    let items: Vec<Document> = (0..9)
        .map(|nanos| {
            let at = format!("2024-06-01T00:00:00.00000000{nanos}Z");
            let item = item(&format!("i{}", 9 - nanos), "", "");
            Document::parse(item.text().replace("2024-06-01T00:00:00Z", &at)).unwrap()
        })
        .collect();
    assert_eq!(load(&url, &items, Mode::Insert), []);
    let store = Store::from(PostGis::open(&Address::parse(&url).unwrap()).unwrap());
    for sortby in ["datetime", "-datetime", "collection,datetime"] {
        let query = Query::from(Search { sortby: SortKey::parse_list(sortby).unwrap(), ..Search::default() });
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let size = PageSize::new(2).unwrap();
            let mut page = store.page(&query, after.as_ref(), size, Run::in_place()).unwrap();
            for item in &mut page {
                let PageItem { text, cursor } = item.unwrap();
                seen.push(text);
                after = Some(cursor);
            }
            if !page.has_more().unwrap() {
                break;
            }
        }
        let ids: Vec<String> = seen.iter().map(|text| key(&Document::parse_bytes(text).unwrap()).1).collect();
        let mut expected: Vec<String> = (0..9).map(|nanos| format!("i{}", 9 - nanos)).collect();
        if sortby.starts_with('-') {
            expected.reverse();
        }
        assert_eq!(ids, expected, "{sortby}");
    }
}
