//! Pages by the place in the order, while Items come and go between them.

use std::collections::{BTreeSet, HashMap, HashSet};

use stacyard_model::json::Document;
use stacyard_search::Compiled;

use super::generate::catalog;
use super::{Make, Question, found, key, reference};

/// Every sort of order: none, by each type, mixed and missing values, several, ties everywhere.
const ORDERS: [&str; 9] =
    ["", "datetime", "-datetime", "cloud", "-cloud,platform", "collection", "-id", "platform,-count", "flag"];

pub(super) fn check(make: &mut Make<'_>) {
    let items = catalog(9, 50);
    for order in ORDERS {
        // Small pages of all, larger ones of some.
        for (size, filter) in [(1, "TRUE"), (7, "count > -300 OR platform = 'a'")] {
            let question = Question::default().with("max-items", size.to_string()).with("filter", filter);
            let question = if order.is_empty() { question } else { question.with("sortby", order) };
            walk(make, &items, &question);
            // Where there is nothing to do there is an end.
            let of_none = found(&*make(&items[..0]), &question.search().expect("a search"), None);
            assert!(of_none.is_ok_and(|found| found.is_empty()), "{}", question.command());
        }
    }
}

/// Walks the pages. At the start there is every Item but each third; behind each page one of these comes, and each
/// seventh goes.
fn walk(make: &mut Make<'_>, items: &[Document], question: &Question) {
    let search = question.search().expect("a search");
    let compiled = Compiled::new(&search).expect("a search");
    let number = |wanted: fn(usize) -> bool| (0..items.len()).filter(move |index| wanted(*index));
    let mut there: BTreeSet<usize> = number(|index| !index.is_multiple_of(3)).collect();
    let mut coming = number(|index| index.is_multiple_of(3));
    let mut going = number(|index| index % 7 == 1 && !index.is_multiple_of(3));
    let stays = |index: &usize| !(index % 7 == 1 || index.is_multiple_of(3));
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut after = None;
    let mut store = None;
    loop {
        let now: Vec<Document> = there.iter().map(|index| items[*index].clone()).collect();
        let store = store.insert(make(&now));
        let page =
            found(&**store, &search, after.clone()).unwrap_or_else(|e| panic!("{e}\n{}", question.command()));
        // The page is what the reference has behind that place.
        let all = reference(&now, &search);
        let behind = all.iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        let size = search.max_items.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
        let wanted: Vec<&str> = behind.take(size).map(|(_, item)| item.text()).collect();
        let same =
            page.iter().zip(&wanted).all(|(found, wanted)| Document::parse(*wanted).as_ref() == Ok(found));
        assert!(same && page.len() == wanted.len(), "another page\n{}", question.command());
        let Some(last) = page.last() else { break };
        after = Some(key(&compiled, last));
        for item in &page {
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
