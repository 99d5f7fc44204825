//! Aggregates of a few Items, by hand.

use stacyard_model::json::Document;

use super::*;
use crate::error::MatchError;

const ITEMS: [&str; 5] = [
    r#"{"id":"a","bbox":[1,2,3,4],"properties":{"datetime":"2024-01-31T23:30:00-01:00","gsd":10,"platform":"x"}}"#,
    r#"{"id":"b","bbox":[177,-19,-5,-178,-16,9],"properties":{"datetime":null,"start_datetime":"2024-02-01T00:00:00Z","end_datetime":"2025-01-01T00:00:00Z","gsd":10.0,"platform":null}}"#,
    r#"{"id":"c","bbox":[1,2,3,4],"properties":{"datetime":"2023-06-01T00:00:00Z","gsd":1e1,"platform":["x"]}}"#,
    r#"{"id":"d","properties":{"datetime":"2024-02-29T12:00:00Z","gsd":0.5,"platform":"y","created":"soon"}}"#,
    r#"{"id":"e","bbox":[1,2,3,4],"properties":{"datetime":"2024-02-29T12:00:00Z","platform":true}}"#,
];

fn property(name: &str) -> Property {
    Property::parse(name).unwrap()
}

/// Of all Items, seen by two workers.
fn aggregate(wanted: &[Aggregation], items: &[&str]) -> Vec<Aggregate> {
    let mut workers = [Aggregator::new(wanted).unwrap(), Aggregator::new(wanted).unwrap()];
    for (index, item) in items.iter().enumerate() {
        workers[index % 2].add(Document::parse(*item).unwrap().root()).unwrap();
    }
    let [mut one, other] = workers;
    one.merge(other).unwrap();
    one.finish()
}

fn frequencies(aggregation: Aggregation) -> (Vec<(String, u64)>, u64, u64) {
    let [Aggregate::Frequencies(found)] = &aggregate(&[aggregation], &ITEMS)[..] else { panic!() };
    let text = |value: &Datum| match value {
        Datum::Null => "null".to_owned(),
        Datum::Bool(value) => value.to_string(),
        Datum::Number(text) => text.clone(),
        Datum::Instant(at) => at.to_string(),
        Datum::Text(text) => format!("{text:?}"),
    };
    (
        found.buckets.iter().map(|bucket| (text(&bucket.value), bucket.items)).collect(),
        found.missing,
        found.other,
    )
}

fn counted(buckets: &[(&str, u64)], missing: u64, other: u64) -> (Vec<(String, u64)>, u64, u64) {
    (buckets.iter().map(|(value, items)| ((*value).to_owned(), *items)).collect(), missing, other)
}

#[test]
fn values_are_counted_however_they_are_spelled() {
    assert_eq!(
        frequencies(Aggregation::Frequencies(property("gsd"))),
        counted(&[("10", 3), ("0.5", 1)], 1, 0)
    );
    assert_eq!(
        frequencies(Aggregation::Frequencies(property("platform"))),
        counted(&[("true", 1), ("\"x\"", 1), ("\"y\"", 1)], 1, 1)
    );
}

#[test]
fn numbers_are_counted_in_ranges() {
    let histogram = |name, width| Aggregation::Histogram(property(name), Bins::new(width).unwrap());
    assert_eq!(frequencies(histogram("gsd", 4.0)), counted(&[("8", 3), ("0", 1)], 1, 0));
    assert_eq!(frequencies(histogram("gsd", 0.25)), counted(&[("10", 3), ("0.5", 1)], 1, 0));
    assert_eq!(frequencies(histogram("platform", 1.0)), counted(&[], 1, 4));
}

#[test]
fn times_are_counted_in_utc() {
    assert_eq!(
        frequencies(Aggregation::Times(None, Step::Month)),
        counted(&[("2024-02-01T00:00:00Z", 4), ("2023-06-01T00:00:00Z", 1)], 0, 0),
        "by the starts of the extents"
    );
    assert_eq!(
        frequencies(Aggregation::Times(Some(property("datetime")), Step::Year)),
        counted(&[("2024-01-01T00:00:00Z", 3), ("2023-01-01T00:00:00Z", 1)], 1, 0)
    );
    assert_eq!(frequencies(Aggregation::Times(Some(property("created")), Step::Year)), counted(&[], 4, 1));
    insta::assert_snapshot!(
        Aggregator::new(&[Aggregation::Times(Some(property("gsd")), Step::Day)]).unwrap_err(),
        @r#""gsd" is not known to hold instants; steps of time are those of datetime, start_datetime, end_datetime, created, updated, or of a property that a profile declares as datetime"#
    );
}

#[test]
fn cells_are_those_of_the_middle_of_the_box() {
    // The middle of 177 to -178 is 179.5.
    assert_eq!(
        frequencies(Aggregation::Cells(Grid::Tiles(1))),
        counted(&[("\"1/1/0\"", 3), ("\"1/1/1\"", 1)], 1, 0)
    );
}

#[test]
fn the_least_and_the_greatest_go_by_the_order_of_a_search() {
    let wanted = ["gsd", "datetime", "platform", "none"]
        .into_iter()
        .flat_map(|name| [Aggregation::Least(property(name)), Aggregation::Greatest(property(name))]);
    let found = aggregate(&wanted.collect::<Vec<_>>(), &ITEMS);
    let number = |text: &str| Aggregate::Value(Some(Datum::Number(text.to_owned())));
    let instant = |text: &str| Aggregate::Value(Some(Datum::Instant(text.parse().unwrap())));
    assert_eq!(
        found,
        [
            number("0.5"),
            number("10"),
            instant("2023-06-01T00:00:00Z"),
            instant("2024-02-29T12:00:00Z"),
            Aggregate::Value(Some(Datum::Bool(true))),
            Aggregate::Value(Some(Datum::Text("y".to_owned()))),
            Aggregate::Value(None),
            Aggregate::Value(None),
        ]
    );
}

#[test]
fn totals_and_extents() {
    let wanted = [Aggregation::Total, Aggregation::Extent];
    assert_eq!(aggregate(&wanted, &[]), [Aggregate::Total(0), Aggregate::Extent(None)]);
    let interval = ["2023-06-01T00:00:00Z", "2025-01-01T00:00:00Z"].map(|text| text.parse().unwrap());
    let all = Extent { bbox: Some([1.0, -19.0, -178.0, 4.0]), interval: Some(interval) };
    assert_eq!(aggregate(&wanted, &ITEMS), [Aggregate::Total(5), Aggregate::Extent(Some(all))]);
    let nowhere = r#"{"id":"n","properties":{}}"#;
    let none = Extent { bbox: None, interval: None };
    assert_eq!(aggregate(&wanted, &[nowhere]), [Aggregate::Total(1), Aggregate::Extent(Some(none))]);
}

#[test]
fn values_of_columns_are_as_good_as_items() {
    let wanted =
        [Aggregation::Frequencies(property("gsd")), Aggregation::Times(None, Step::Year), Aggregation::Total];
    let mut by_columns = Aggregator::new(&wanted).unwrap();
    for (value, items) in [
        (Datum::Number("0.50".to_owned()), 1),
        (Datum::Number("10".to_owned()), 1),
        (Datum::Number("1E1".to_owned()), 2),
        (Datum::Null, 1),
    ] {
        by_columns.add_values(0, &value, items).unwrap();
    }
    for (at, items) in [("2024-02-01T00:30:00Z", 4), ("2023-06-01T00:00:00Z", 1)] {
        by_columns.add_values(1, &Datum::Instant(at.parse().unwrap()), items).unwrap();
    }
    by_columns.add_values(2, &Datum::Null, 5).unwrap();
    assert_eq!(by_columns.finish(), aggregate(&wanted, &ITEMS));
}

#[test]
fn values_without_end_are_refused() {
    let wanted = [Aggregation::Frequencies(property("id"))];
    let mut aggregator = Aggregator::new(&wanted).unwrap();
    let mut add = |id: usize| aggregator.add(Document::parse(format!(r#"{{"id":"{id}"}}"#)).unwrap().root());
    (0..MAX_BUCKETS).for_each(|id| add(id).unwrap());
    assert!(add(7).is_ok());
    let error = add(MAX_BUCKETS).unwrap_err();
    assert!(matches!(error, MatchError::TooMany(_)));
    insta::assert_snapshot!(error, @"there are more than 65536 values of id to count");
}
