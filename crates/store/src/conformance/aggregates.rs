//! Aggregations of generated searches, beside those of the evaluator.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use stacyard_model::json::Document;
use stacyard_search::{Aggregate, Aggregation, Bins, Compiled, Grid, Property, Query, Search, Step, Tile};

use super::generate::question;
use super::{Suite, run, said};
use crate::Store;

/// How many searches of each catalog are aggregated.
const SEARCHES: usize = 40;

pub(super) fn check(suite: &mut Suite<'_>) {
    for (seed, items) in [(11, 0), (12, 1), (13, 250)] {
        let items = suite.catalog(seed, items);
        let store = suite.make(&items);
        compare(&store, &items, &Search::default());
        // The same in every run.
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[13; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), random);
        for _ in 0..SEARCHES {
            let question = question().new_tree(&mut runner).expect("a question").current();
            let search = question.search().expect("a search");
            compare(&store, &items, &search);
        }
    }
}

/// All kinds of aggregations, of the properties that generated Items have.
fn wanted() -> Vec<Aggregation> {
    let property = |name: &str| Property::parse(name).expect("a property");
    let names = ["cloud", "platform", "count", "flag", "updated", "datetime", "collection", "title"];
    let mut wanted = vec![
        Aggregation::Total,
        Aggregation::Extent,
        Aggregation::Times(None, Step::Month),
        Aggregation::Times(Some(property("datetime")), Step::Day),
        Aggregation::Times(Some(property("updated")), Step::Year),
        Aggregation::Cells(Grid::Geohash(2)),
        Aggregation::Cells(Grid::Tiles(3)),
    ];
    let tiles = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 0, 1), (1, 1, 1), (3, 7, 3), (3, 0, 3), (6, 33, 21)];
    let tile = |(zoom, x, y)| Tile::new(zoom, x, y).expect("a tile");
    wanted.extend(tiles.map(|place| Aggregation::Cells(Grid::Within(tile(place)))));
    for (name, width) in [("cloud", 10.0), ("count", 0.3), ("platform", 1.0), ("updated", 1.0)] {
        wanted.push(Aggregation::Histogram(property(name), Bins::new(width).expect("a width")));
    }
    for name in names {
        wanted.extend([
            Aggregation::Frequencies(property(name)),
            Aggregation::Least(property(name)),
            Aggregation::Greatest(property(name)),
        ]);
    }
    wanted
}

/// Each alone and all together, with names that no Item has taken for null: which are is looked at elsewhere.
fn compare(store: &Store, items: &[Document], search: &Search) {
    let wanted = wanted();
    let query = Query::from(search.clone()).lenient(true);
    let expected = reference(items, &query, &wanted);
    let (all, _) = store
        .aggregate(&query, &wanted, run())
        .unwrap_or_else(|error| panic!("{}\n{search:?}", said(&error)));
    for ((aggregation, found), expected) in wanted.iter().zip(&all).zip(&expected) {
        assert_eq!(found, expected, "{aggregation:?}\n{search:?}");
        let (alone, _) = store
            .aggregate(&query, std::slice::from_ref(aggregation), run())
            .unwrap_or_else(|error| panic!("{}\n{search:?}", said(&error)));
        assert_eq!(alone, std::slice::from_ref(expected), "{aggregation:?} alone\n{search:?}");
    }
}

fn reference(items: &[Document], query: &Query, wanted: &[Aggregation]) -> Vec<Aggregate> {
    let compiled = Compiled::until(&query.clone().aggregating(wanted), &stacyard_search::Stop::default());
    let compiled = compiled.expect("a search");
    let mut aggregator = compiled.aggregator(wanted).expect("aggregations");
    for item in items {
        if compiled.matches(item.root()).expect("an Item") {
            aggregator.add(item.root()).expect("an Item");
        }
    }
    aggregator.finish()
}
