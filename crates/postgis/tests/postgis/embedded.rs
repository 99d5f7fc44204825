//! A store within a program that is asynchronous: it may be asked, and dropped, on any thread.

use stacyard_search::{Aggregation, PageSize, Query, Search, Stop};
use stacyard_store::{ItemKey, Mode, PageItem, Run, Source as _, Store, When};
use tokio::runtime::{Builder, Runtime};

use super::*;

const COLLECTION: &str = r#"{"type":"Collection","stac_version":"1.1.0","id":"c","description":"d","license":"other","extent":{"spatial":{"bbox":[[-180,-90,180,90]]},"temporal":{"interval":[[null,null]]}},"links":[]}"#;

/// All that a store can be asked.
fn ask_everything(url: &str) {
    let store: Store = PostGis::open(&Address::parse(url).unwrap()).unwrap().into();
    let query = Query::from(Search::default());
    for mut source in [store.items().unwrap(), store.keys().unwrap(), store.audit().unwrap()] {
        let mut records = 0;
        while let Some(work) = source.next().unwrap() {
            records += work().unwrap().records.len();
        }
        assert_eq!(records, 600);
    }
    assert!(store.collections().unwrap().is_empty());
    assert!(store.profile().is_none() && store.caution().is_none());
    let (mut all, report) = store.find(&query, Run::default()).unwrap();
    assert_eq!(report.answered, 600);
    assert!(all.next().unwrap().is_some());
    let size = PageSize::new(10).unwrap();
    let page = store.page(&query, None, size, Run::in_place()).unwrap();
    let items: Vec<PageItem> = page.map(Result::unwrap).collect();
    let mut next = store.page(&query, Some(&items[9].cursor), size, Run::default()).unwrap();
    assert_ne!(next.next().unwrap().unwrap().text, items[9].text);
    assert_eq!(store.count(&query, Run::default()).unwrap().answered, 600);
    store.estimate(&query, Run::default()).unwrap();
    store.aggregate(&query, &[Aggregation::Total, Aggregation::Extent], Run::default()).unwrap();
    assert!(store.extent(&query, Run::in_place()).unwrap().is_some());
    let edit = store.edit().unwrap();
    let (key, put) = edit.put_item(item("new", "", "").text().as_bytes(), When::Absent).unwrap();
    assert_eq!(store.get(&key, &Stop::default()).unwrap().unwrap().etag, put.etag);
    edit.delete_item(&key, When::Matches(put.etag)).unwrap();
    assert!(store.get(&ItemKey::loose("new"), &Stop::default()).unwrap().is_none());
    edit.put_collection(COLLECTION.as_bytes(), When::Absent).unwrap();
    assert!(store.get_collection("c").unwrap().is_some());
    edit.delete_collection("c", When::Always).unwrap();
    // One that is left in the middle.
    drop(store.items().unwrap().next().unwrap());
}

/// As a task on a thread of a runtime, and as what it was started for.
fn within(runtime: &Runtime) {
    let Some(url) = fresh() else { return };
    runtime.block_on(async {
        let items: Vec<Document> = (0..600).map(|number| item(&number.to_string(), "", "")).collect();
        assert_eq!(load(&url, &items, Mode::Insert), []);
        ask_everything(&url);
        tokio::spawn(async move { ask_everything(&url) }).await.unwrap();
    });
}

#[test]
fn a_store_works_on_threads_of_other_runtimes() {
    within(&Builder::new_multi_thread().worker_threads(2).build().unwrap());
    within(&Builder::new_current_thread().build().unwrap());
}

#[test]
fn stores_are_shared_by_threads() {
    fn is_shared<T: Send + Sync + Clone + 'static>() {}
    is_shared::<PostGis>();
    is_shared::<Store>();
}

/// A task has a budget of steps, after which whatever it waits for is not ready until it has come back.
#[test]
fn a_task_that_has_done_much_still_gets_an_answer() {
    let Some(url) = fresh() else { return };
    let items: Vec<Document> = (0..600).map(|number| item(&number.to_string(), "", "")).collect();
    assert_eq!(load(&url, &items, Mode::Insert), []);
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        tokio::spawn(async move {
            while tokio::task::coop::has_budget_remaining() {
                tokio::task::consume_budget().await;
            }
            ask_everything(&url);
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_store_has_as_many_connections_as_it_is_given() {
    let Some(url) = fresh() else { return };
    assert_eq!(load(&url, &[item("a", "", "")], Mode::Insert), []);
    let store: Store = PostGis::with_connections(&Address::parse(&url).unwrap(), 3).unwrap().into();
    let ask = || store.count(&Search::default().into(), Run::in_place()).unwrap().answered;
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        assert!(askers.into_iter().all(|asker| asker.join().unwrap() == 1));
    });
    let pools = store.pools();
    let [pool] = &pools[..] else { panic!("one server has one pool: {pools:?}") };
    assert_eq!((pool.most, pool.busy, pool.waiting), (3, 0, 0));
    assert!((2..=3).contains(&pool.open), "{pool:?}");
}
