//! Generated searches of generated catalogs, beside the reference evaluator.

use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use stacyard_model::json::Document;
use stacyard_search::{Compiled, Search};

use super::generate::question;
use super::{Suite, count, found, name, reference};
use crate::Store;

/// How many searches of each catalog; `PROPTEST_CASES` makes them more or fewer.
const SEARCHES: u32 = 500;

/// The seeds of the catalogs, and how many Items each has.
const CATALOGS: [(u64, u64); 4] = [(1, 0), (2, 3), (3, 60), (4, 300)];

pub(super) fn check(suite: &mut Suite<'_>) {
    for (seed, items) in CATALOGS {
        let items = suite.catalog(seed, items);
        compare(&suite.make(&items), &items);
    }
}

/// Asks a store that holds just these Items generated searches, and compares with the reference evaluator.
///
/// # Panics
/// Where they differ, with the smallest search that was found.
pub fn compare<S: Clone + Into<Store>>(store: &S, items: &[Document]) {
    let store = &store.clone().into();
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(SEARCHES);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    // The same in every run.
    let random =
        TestRng::from_seed(RngAlgorithm::ChaCha, &[u8::try_from(items.len() % 251).unwrap_or(0); 32]);
    let result = TestRunner::new_with_rng(config, random).run(&question(), |question| {
        let search = question.search().map_err(|error| fail(&question, &error.to_string()))?;
        let wanted = reference(items, &search);
        let answer = found(store, &search);
        let counted = count(store, &search);
        // What no Item can answer, as it names what none has, is an error of both.
        let fault = fault(&search, items);
        let (answer, counted) = match (answer, counted) {
            (Ok(answer), Ok(counted)) if fault.is_none() => (answer, counted),
            (Err(one), Err(other))
                if fault.is_some_and(|fault| one.contains(fault) && other.contains(fault)) =>
            {
                return Ok(());
            }
            other => return Err(fail(&question, &format!("{other:?}"))),
        };
        let first = search.max_items.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
        let names: Vec<String> = answer.iter().map(name).collect();
        let wanted_names: Vec<String> = wanted.iter().take(first).map(|(_, item)| name(item)).collect();
        if names != wanted_names {
            return Err(fail(&question, &format!("found {names:?}\nwanted {wanted_names:?}")));
        }
        let other = answer.iter().zip(&wanted).find(|(found, (_, wanted))| found != wanted);
        if let Some((found, (_, wanted))) = other {
            let texts = [wanted.text(), found.text()].join("\n");
            return Err(fail(&question, &format!("an Item has come back as another one:\n{texts}")));
        }
        if counted != wanted.len() as u64 {
            return Err(fail(&question, &format!("counted {counted}, there are {}", wanted.len())));
        }
        Ok(())
    });
    if let Err(TestError::Fail(reason, question)) = result {
        panic!("of {} Items: {reason}\n{}", items.len(), question.command());
    }
}

/// What the error says of a search that names what no Item has.
fn fault(search: &Search, items: &[Document]) -> Option<&'static str> {
    let compiled = Compiled::new(search).ok()?;
    let mut names = compiled.names();
    for item in items {
        compiled.observe(item.root(), &mut names);
    }
    let missing = compiled.missing_collections(&names).count();
    if compiled.unknown(&names).next().is_some() {
        Some("no Item has a property")
    } else if compiled.mismatched(&names).next().is_some() {
        Some("in all Items that have it")
    } else if missing > 0 && missing == search.collections.len() {
        Some("no Item is of the collection")
    } else {
        None
    }
}

fn fail(question: &super::Question, message: &str) -> proptest::test_runner::TestCaseError {
    proptest::test_runner::TestCaseError::fail(format!("{}\n{message}", question.command()))
}
