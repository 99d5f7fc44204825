//! The conformance suite: what every store must do, whatever it is made of. For the tests of a store, given a way to make
//! a fresh one:
//!
//! ```ignore
//! stacyard_store::conformance::check(&mut |items| MyStore::with(items).into());
//! ```
//!
//! 1. Searches of a small and nasty [catalog](ITEMS), with answers written by hand from the specifications.
//! 2. Thousands of generated searches of generated catalogs, beside the evaluator of `stacyard-search`: the same Items in
//!    the same order, and the same count.
//! 3. Pages in every order, while Items come and go in between.
//! 4. Items by their names.
//! 5. Whole answers, in parts.
//! 6. Aggregations of generated searches, beside those of the evaluator.
//! 7. Single changes on every condition, where the store takes them.
//!
//! What fails panics, with a command that asks the same.

#![expect(clippy::panic, clippy::expect_used, reason = "a suite of tests")]

mod aggregates;
mod answers;
mod cases;
mod catalog;
mod differential;
mod edits;
mod generate;
mod items;
mod memory;
mod paging;
mod question;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use stacyard_model::json::Document;
use stacyard_search::{Compiled, Search};

pub use catalog::ITEMS;
pub use differential::compare;
pub use generate::catalog;
pub use memory::Memory;
pub use question::Question;

use crate::{Run, Source, Store};

/// Makes a fresh store that holds these Items, in any order.
pub type Make<'m> = dyn FnMut(&[Document]) -> Store + 'm;

/// Runs the whole suite.
///
/// # Panics
/// Where the store answers otherwise than it should.
pub fn check(make: &mut Make<'_>) {
    check_with(make, &|_| true);
}

/// The same of a store that has no place for some Items: of those that it `takes`.
///
/// # Panics
/// Where the store answers otherwise than it should.
pub fn check_with(make: &mut Make<'_>, takes: &dyn Fn(&Document) -> bool) {
    let suite = &mut Suite { make, takes };
    cases::check(suite);
    differential::check(suite);
    paging::check(suite);
    items::check(suite);
    answers::check(suite);
    aggregates::check(suite);
    edits::check(suite);
}

/// What the checks are run on.
struct Suite<'m> {
    make: &'m mut Make<'m>,
    takes: &'m dyn Fn(&Document) -> bool,
}

impl Suite<'_> {
    fn make(&mut self, items: &[Document]) -> Store {
        (self.make)(items)
    }

    /// The small catalog.
    fn items(&self) -> Vec<Document> {
        catalog::items().into_iter().filter(self.takes).collect()
    }

    /// A generated one.
    fn catalog(&self, seed: u64, items: u64) -> Vec<Document> {
        generate::catalog(seed, items).into_iter().filter(self.takes).collect()
    }
}

/// A way in which a store is asked: as [`ask`].
pub type Ask<'a> = dyn Fn(&Question) -> Result<(Vec<String>, u64), String> + 'a;

/// Asks a store that holds [`ITEMS`] the searches with answers written by hand, in a way that is not that of the library.
///
/// # Panics
/// Where it answers otherwise than it should.
pub fn check_answers(ask: &Ask<'_>) {
    cases::check_by(ask);
}

/// Some generated questions for a [`catalog`], the same in every run.
///
/// # Panics
/// It does not.
pub fn questions(number: u32) -> Vec<Question> {
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[17; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    (0..number).map(|_| generate::question().new_tree(&mut runner).expect("a question").current()).collect()
}

/// The ids of the Items that a store finds, in order (of those with the id `b` with the number of their collection), and
/// how many it counts.
pub fn ask<S: Clone + Into<Store>>(store: &S, question: &Question) -> Result<(Vec<String>, u64), String> {
    let store = &store.clone().into();
    let search = question.search().map_err(|error| error.to_string())?;
    let names = found(store, &search)?.iter().map(name).collect();
    Ok((names, count(store, &search)?))
}

/// The id; with the collection after it where two share the id.
pub fn name(item: &Document) -> String {
    let member =
        |name| item.root().get(name).and_then(stacyard_model::json::Value::as_plain_str).unwrap_or_default();
    match (member("id"), member("collection")) {
        ("b", collection) => format!("b{}", collection.trim_start_matches('c')),
        (id, _) => id.to_owned(),
    }
}

/// What a store answers, in order.
fn found(store: &Store, search: &Search) -> Result<Vec<Document>, String> {
    let (mut answer, _) = store.find(&search.clone().into(), run()).map_err(|error| said(&error))?;
    let mut found = Vec::new();
    while let Some(work) = answer.next().map_err(|error| said(&error))? {
        let batch = work().map_err(|error| said(&error))?;
        for record in &batch.records {
            let text = &batch.text[record.start as usize..record.end as usize];
            found.push(Document::parse_bytes(text).map_err(|error| error.to_string())?);
        }
    }
    Ok(found)
}

/// The error as the user sees it, with what can be done.
fn said(error: &crate::Error) -> String {
    format!("{error}; {}", error.advice().cloned().unwrap_or_default())
}

fn count(store: &Store, search: &Search) -> Result<u64, String> {
    store.count(&search.clone().into(), run()).map(|report| report.answered).map_err(|error| said(&error))
}

/// With so little memory that what can be written out is.
fn run() -> Run<'static> {
    Run { memory: 1 << 20, threads: 2, ..Run::default() }
}

/// What the evaluator says of each Item, in order, with the places in it.
fn reference<'a>(items: &'a [Document], search: &Search) -> Vec<(Vec<u8>, &'a Document)> {
    let compiled = Compiled::new(search).expect("a search");
    let mut found = Vec::new();
    for item in items {
        if compiled.matches(item.root()).expect("an Item") {
            found.push((key(&compiled, item), item));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn key(search: &Compiled, item: &Document) -> Vec<u8> {
    let mut key = Vec::new();
    search.sort_key(item.root(), &mut key).expect("an Item");
    key
}
