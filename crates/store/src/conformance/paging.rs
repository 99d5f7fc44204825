//! Pages by the place in the order, while Items come and go between them.

use std::collections::{BTreeSet, HashMap, HashSet};

use stacyard_model::json::Document;
use stacyard_search::{Compiled, PageSize, Search};

use super::{Question, Suite, key, reference, run};
use crate::{Cursor, Error, Page, PageItem, Store};

/// Every sort of order: none, by each type, mixed and missing values, several, ties everywhere.
const ORDERS: [&str; 9] =
    ["", "datetime", "-datetime", "cloud", "-cloud,platform", "collection", "-id", "platform,-count", "flag"];

pub(super) fn check(suite: &mut Suite<'_>) {
    let items = suite.catalog(9, 50);
    for order in ORDERS {
        // Small pages of all, larger ones of some.
        for (size, filter) in [(1, "TRUE"), (7, "count > -300 OR platform = 'a'")] {
            let question = Question::default().with("filter", filter);
            let question = if order.is_empty() { question } else { question.with("sortby", order) };
            walk(suite, &items, (&question, size));
            // Where there is nothing to do there is an end.
            let search = question.search().expect("a search");
            let none = page(&suite.make(&items[..0]), &search, None, size);
            assert!(none.items.is_empty() && !none.has_more, "{}", question.command());
        }
    }
    foreign(&suite.make(&items));
}

/// A cursor of one query says nothing of another.
fn foreign(store: &Store) {
    let cursor = page(store, &Search::default(), None, 1).items.pop().expect("an Item").1;
    let other = Question::of(&[("sortby", "id")]).search().expect("a search").into();
    let size = PageSize::new(1).expect("a size");
    assert!(store.page(&other, Some(&cursor), size, run()).is_err(), "the cursor of another query was taken");
    assert!(
        store.page_before(&other, &cursor, size, run()).is_err(),
        "the cursor of another query was taken"
    );
}

struct Taken {
    items: Vec<(Document, Cursor)>,
    is_first: bool,
    has_more: bool,
}

fn page(store: &Store, search: &Search, after: Option<&Cursor>, size: u64) -> Taken {
    let size = PageSize::new(size).expect("a size");
    taken(store.page(&search.clone().into(), after, size, run()))
}

fn page_before(store: &Store, search: &Search, before: &Cursor, size: u64) -> Taken {
    let size = PageSize::new(size).expect("a size");
    taken(store.page_before(&search.clone().into(), before, size, run()))
}

fn taken(page: Result<Page, Error>) -> Taken {
    let mut page = page.unwrap_or_else(|e| panic!("{e}"));
    let mut items = Vec::new();
    for item in &mut page {
        let PageItem { text, cursor } = item.unwrap_or_else(|e| panic!("{e}"));
        // As it comes back from whoever had the link.
        let cursor = Cursor::parse(&cursor.to_string()).expect("a cursor");
        items.push((Document::parse_bytes(&text).expect("an Item"), cursor));
    }
    let has_more = page.has_more().unwrap_or_else(|e| panic!("{e}"));
    Taken { items, is_first: page.is_first(), has_more }
}

/// Walks the pages. At the start there is every Item but each third; after each page one of these comes, and each
/// seventh goes.
fn walk(suite: &mut Suite<'_>, items: &[Document], (question, size): (&Question, u64)) {
    let search = question.search().expect("a search");
    let compiled = Compiled::new(&search).expect("a search");
    let number = |wanted: fn(usize) -> bool| (0..items.len()).filter(move |index| wanted(*index));
    let mut there: BTreeSet<usize> = number(|index| !index.is_multiple_of(3)).collect();
    let mut coming = number(|index| index.is_multiple_of(3));
    let mut going = number(|index| index % 7 == 1 && !index.is_multiple_of(3));
    let stays = |index: &usize| !(index % 7 == 1 || index.is_multiple_of(3));
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut after: Option<(Cursor, Vec<u8>)> = None;
    let mut store = None;
    loop {
        let now: Vec<Document> = there.iter().map(|index| items[*index].clone()).collect();
        let store = store.insert(suite.make(&now));
        let page = page(store, &search, after.as_ref().map(|(cursor, _)| cursor), size);
        // The page is what the reference has after that place.
        let all = reference(&now, &search);
        let rest = all.iter().filter(|(key, _)| after.as_ref().is_none_or(|(_, after)| key > after));
        let rest: Vec<&Document> = rest.map(|(_, item)| *item).collect();
        let size = usize::try_from(size).expect("a size");
        let same = page.items.iter().map(|(found, _)| found).eq(rest.iter().take(size).copied());
        assert!(same, "another page\n{}", question.command());
        assert_eq!(page.has_more, rest.len() > size, "{}", question.command());
        let Some((last, cursor)) = page.items.last() else { break };
        assert_eq!(page.is_first, after.is_none(), "{}", question.command());
        // The page before it is what the reference has before its first Item.
        let (first, begins) = &page.items[0];
        let first = key(&compiled, first);
        let earlier: Vec<&Document> =
            all.iter().filter(|(key, _)| *key < first).map(|(_, item)| *item).collect();
        let back = page_before(store, &search, begins, size as u64);
        let wanted = earlier.iter().skip(earlier.len().saturating_sub(size)).copied();
        assert!(
            back.items.iter().map(|(found, _)| found).eq(wanted),
            "another page before\n{}",
            question.command()
        );
        assert_eq!((back.is_first, back.has_more), (earlier.len() <= size, true), "{}", question.command());
        after = Some((cursor.clone(), key(&compiled, last)));
        for (item, _) in &page.items {
            *seen.entry(unique(item)).or_default() += 1;
        }
        there.extend(coming.next());
        if let Some(gone) = going.next() {
            there.remove(&gone);
        }
    }
    let answering: HashSet<String> = reference(items, &search).iter().map(|(_, item)| unique(item)).collect();
    for (index, item) in items.iter().enumerate() {
        let times = seen.get(&unique(item)).copied().unwrap_or(0);
        assert!(times <= 1, "seen {times} times\n{}", question.command());
        assert!(
            times == 1 || !stays(&index) || !answering.contains(&unique(item)),
            "never seen\n{}",
            question.command()
        );
    }
}

fn unique(item: &Document) -> String {
    ["collection", "id"].map(|name| item.root().get(name).map_or("", |value| value.raw())).join("/")
}
