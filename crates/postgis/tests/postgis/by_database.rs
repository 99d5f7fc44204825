//! What the database answers alone. Rows are made unreadable, so that whoever reads one sets it aside. That the answers are right is in the
//! conformance suite.

use stacyard_search::{Aggregate, Aggregation, Datum, Property, Query, Search, Step, parse_filter};
use stacyard_store::{Mode, Run, Store};

use super::*;

fn opened(url: &str) -> Store {
    PostGis::open(&Address::parse(url).unwrap()).unwrap().into()
}

fn property(name: &str) -> Property {
    Property::parse(name).unwrap()
}

#[test]
fn values_are_aggregated_without_reading_rows() {
    let Some(url) = fresh() else { return };
    let items =
        [item("a", "", r#","n":1,"list":[1]"#), item("b", "", r#","n":1.0"#), item("c", "", r#","n":"x""#)];
    assert_eq!(load(&url, &items, Mode::Insert), []);
    let schema = schema(&url);
    sql(
        &url,
        &format!(
            "BEGIN; SET LOCAL stacyard.loading = on; UPDATE {schema}.items SET geometry_text = '{{'; COMMIT"
        ),
    )
    .unwrap();
    let (store, query) = (opened(&url), Query::from(Search::default()));
    let wanted = [
        Aggregation::Total,
        Aggregation::Frequencies(property("n")),
        Aggregation::Frequencies(property("collection")),
        Aggregation::Least(property("n")),
        Aggregation::Greatest(property("n")),
        Aggregation::Times(None, Step::Year),
        Aggregation::Times(Some(property("datetime")), Step::Hour),
    ];
    let (found, report) = store.aggregate(&query, &wanted, Run::default()).unwrap();
    assert_eq!(report.read, 3);
    assert_eq!(found[0], Aggregate::Total(3));
    let Aggregate::Frequencies(numbers) = &found[1] else { unreachable!() };
    assert_eq!(numbers.buckets.iter().map(|bucket| bucket.items).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(found[3], Aggregate::Value(Some(Datum::Number("1".to_owned()))));
    assert_eq!(found[4], Aggregate::Value(Some(Datum::Text("x".to_owned()))));
    // What SQL does not know is looked at.
    for wanted in [Aggregation::Extent, Aggregation::Frequencies(property("list"))] {
        let (_, report) = store.aggregate(&query, &[wanted], Run::default()).unwrap();
        assert_eq!(report.rejected, 3);
    }
}

#[test]
fn a_name_that_was_seen_stays_known_while_a_store_is_open() {
    let Some(url) = fresh() else { return };
    let items = [item("a", "", r#","n":1"#), item("b", "", "")];
    assert_eq!(load(&url, &items, Mode::Insert), []);
    let count = |store: &Store, filter: &str| {
        let search = Search { filter: Some(parse_filter(filter).unwrap()), ..Search::default() };
        store.count(&search.into(), Run::default()).map(|report| report.answered)
    };
    let store = opened(&url);
    assert_eq!(count(&store, "n = 1").unwrap(), 1);
    let schema = schema(&url);
    sql(&url, &format!("DELETE FROM {schema}.items WHERE id = 'a'")).unwrap();
    assert_eq!(count(&store, "n = 1").unwrap(), 0);
    // As another type it has not been seen, and by another store not at all.
    assert!(count(&store, "n = 'x'").is_err());
    assert!(count(&opened(&url), "n = 1").is_err());
    // Types add up.
    assert_eq!(
        load(&url, &[item("n", "", r#","both":1"#), item("s", "", r#","both":"x""#)], Mode::Insert),
        []
    );
    assert_eq!(count(&store, "both = 1").unwrap(), 1);
    assert_eq!(count(&store, "both = 'x'").unwrap(), 1);
    sql(&url, &format!("DELETE FROM {schema}.items WHERE id IN ('n', 's')")).unwrap();
    assert_eq!(count(&store, "both = 1").unwrap(), 0);
    // What is unknown is asked for again.
    assert!(count(&store, "m = 1").is_err());
    assert_eq!(load(&url, &[item("c", "", r#","m":1"#)], Mode::Insert), []);
    assert_eq!(count(&store, "m = 1").unwrap(), 1);
}
