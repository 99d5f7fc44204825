//! Counts and aggregates by the columns alone, beside the evaluator: Items that need no residual, in many row groups.

use std::sync::Arc;

use stacyard_model::json::Document;
use stacyard_search::cql2::Expr;
use stacyard_search::{Aggregation, Compiled, Property, Query, Search, Step, Stop, parse_datetime};
use stacyard_store::{Find, Record, Run, Source, Store};

use crate::tests::search::write;
use crate::{GeoParquet, Options, Order};

/// Decimals that are no doubles, whole numbers, texts that repeat, absent values, ranges of time.
fn items() -> Vec<Document> {
    let item = |n: u32| {
        let time = if n.is_multiple_of(5) {
            format!(
                r#""datetime":null,"start_datetime":"20{:02}-03-01T00:00:00Z","end_datetime":"20{:02}-04-01T00:00:00Z""#,
                10 + n % 15,
                11 + n % 15
            )
        } else {
            format!(r#""datetime":"20{:02}-05-01T{:02}:00:00Z""#, 10 + n % 15, n % 24)
        };
        let cloud =
            if n.is_multiple_of(7) { String::new() } else { format!(r#","cloud":{}.{}"#, n % 10, 1 + n % 9) };
        let platform = if n.is_multiple_of(11) {
            ""
        } else {
            [r#","platform":"a""#, r#","platform":"b""#][n as usize % 2]
        };
        Document::parse(format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"i{n}","collection":"c","geometry":null,"properties":{{{time}{cloud}{platform},"count":{}}},"links":[],"assets":{{}}}}"#,
            i64::from(n) - 100
        ))
        .unwrap()
    };
    (0..600).map(item).collect()
}

fn wanted() -> Vec<Aggregation> {
    let of = |name: &str| Property::parse(name).unwrap();
    let mut wanted = vec![
        Aggregation::Total,
        Aggregation::Times(None, Step::Month),
        Aggregation::Times(Some(of("datetime")), Step::Day),
    ];
    for name in ["cloud", "count", "platform", "datetime", "start_datetime", "id", "collection"] {
        wanted.extend([
            Aggregation::Least(of(name)),
            Aggregation::Greatest(of(name)),
            Aggregation::Frequencies(of(name)),
        ]);
    }
    wanted
}

const FILTERS: [&str; 33] = [
    // What no column can hold.
    "NOT NOT count = 0.5",
    "NOT count NOT IN (0.5, 1.5)",
    "NOT NOT cloud = 3.4000000000000000001",
    "cloud < 0.5",
    "cloud <= 0.1",
    "cloud >= 5.5 AND cloud < 7.7",
    // Beside the double that 0.3 is: the number itself decides.
    "cloud = 3.4",
    "cloud <= 3.4000000000000000001",
    "cloud >= 3.4000000000000000001",
    "cloud > 3.39999999999999999999",
    "cloud <> 3.4",
    "NOT cloud = 3.4",
    "NOT (cloud < 5 OR platform = 'a')",
    "NOT (cloud < 5 AND platform = 'a')",
    "cloud IN (1.2, 3.4, 5)",
    "cloud NOT IN (1.2, 3.4, 5)",
    "cloud BETWEEN 2.2 AND 4.5",
    "cloud NOT BETWEEN 2.2 AND 4.5",
    "count < 0.5",
    "count <= -0.5",
    "count = 7.0",
    "count > 99.9999999999999999999",
    "count < 1e3 AND count <> 4",
    "platform <> 'a'",
    "platform < 'b'",
    "platform >= 'aa'",
    "platform IN ('b', 'c')",
    "platform NOT IN ('b', 'c')",
    "platform IS NULL",
    "platform IS NOT NULL AND cloud IS NULL",
    "datetime >= '2020-05-01T03:00:00Z'",
    "datetime < TIMESTAMP('2020-05-01T03:00:00.0000000001Z') OR count = 3",
    "datetime >= DATE('2022-01-01')",
];

fn id(item: &Document) -> String {
    item.root().get("id").unwrap().as_str().unwrap().into_owned()
}

/// Of all Items that answer, sorted.
fn ids(store: &Store, query: &Query) -> Vec<String> {
    let (mut answer, _) = store.find(query, Run::default()).unwrap();
    let mut ids = Vec::new();
    while let Some(work) = answer.next().unwrap() {
        let batch = work().unwrap();
        let text = |record: &Record| &batch.text[record.start as usize..record.end as usize];
        ids.extend(batch.records.iter().map(|record| id(&Document::parse_bytes(text(record)).unwrap())));
    }
    ids.sort();
    ids
}

#[test]
fn columns_say_what_the_evaluator_says() {
    let items = items();
    let folder = tempfile::tempdir().unwrap();
    let options = Options { order: Order::Input, row_group_rows: 50, ..Options::default() };
    let file = GeoParquet::open(&write(&items, folder.path(), options), 1 << 20).unwrap();
    let store = Store::from(file.clone());
    let mut searches: Vec<Search> = FILTERS
        .iter()
        .map(|filter| Search { filter: Some(Expr::parse(filter).unwrap()), ..Search::default() })
        .collect();
    for span in ["2015-03-15/..", "../2012-05-01T07:00:00Z", "2014-01-01/2016-03-20", "2018-05-01T09:00:00Z"]
    {
        searches.push(Search { datetime: Some(parse_datetime(span).unwrap()), ..Search::default() });
    }
    searches.push(Search { ids: vec!["i7".into(), "i3".into()], ..Search::default() });
    searches.push(Search { collections: vec!["c".into()], ..Search::default() });
    searches.push(Search::default());
    let wanted = wanted();
    for search in searches {
        let found = ids(&store, &Query::from(search.clone()));
        let query = Query::from(search).aggregating(&wanted);
        let compiled = Arc::new(Compiled::until(&query, &Stop::default()).unwrap());
        let mut expected = compiled.aggregator(&wanted).unwrap();
        let (mut count, mut answers) = (0, Vec::new());
        for item in items.iter().filter(|item| compiled.matches(item.root()).unwrap()) {
            expected.add(item.root()).unwrap();
            answers.push(id(item));
            count += 1;
        }
        let asked = &compiled.request().filter;
        answers.sort();
        assert_eq!(found, answers, "{asked:?}");
        assert!(file.files().has_verdict(&compiled, &wanted), "{asked:?}");
        let (found, report) = store.aggregate(&query, &wanted, Run::default()).unwrap();
        assert_eq!(found, expected.finish(), "{asked:?}");
        assert_eq!(report.answered, count, "{asked:?}");
        assert_eq!(store.count(&query, Run::default()).unwrap().answered, count, "{asked:?}");
    }
}

/// All that comes after a place in the order, however many Items these are.
#[test]
fn what_comes_after_a_place() {
    let items = items();
    let folder = tempfile::tempdir().unwrap();
    let file = GeoParquet::open(&write(&items, folder.path(), Options::default()), 1 << 20).unwrap();
    let search = Arc::new(Compiled::new(&Search::default()).unwrap());
    let key = |item: &Document| {
        let mut key = Vec::new();
        search.sort_key(item.root(), &mut key).unwrap();
        key
    };
    let after = key(&items[200]);
    let expected = items.iter().filter(|item| key(item) > after).count() as u64;
    assert!((1..599).contains(&expected));
    let find = Find { after: Some(after), ..Find::new(Arc::clone(&search), Run::in_place()) };
    assert_eq!(file.files().find(find).unwrap().1.answered, expected);
}
