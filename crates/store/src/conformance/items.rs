//! Items by their names.

use stacyard_model::json::Document;
use stacyard_search::Stop;

use super::Suite;
use crate::{ETag, ItemKey, Store};

pub(super) fn check(suite: &mut Suite<'_>) {
    let all = suite.items();
    let store = suite.make(&all);
    for item in &all {
        let wanted = key(item);
        let found = store.get(&wanted, &Stop::default()).unwrap_or_else(|e| panic!("{e}"));
        let found = found.unwrap_or_else(|| panic!("{wanted} is not found"));
        assert!(Document::parse_bytes(&found.text).as_ref() == Ok(item), "{wanted} is another one");
        assert_eq!(found.etag, ETag::of(&found.text), "{wanted}");
    }
    let absent = [
        ItemKey::new("c1", "no such id"),
        ItemKey::new("no such collection", "a"),
        ItemKey::new("", "a"),
        ItemKey::loose("a"),
        ItemKey::loose(""),
    ];
    for key in absent {
        assert!(get(&store, &key).is_none(), "{key} is found");
    }
    // A store without Items has none either, and that is no error.
    assert!(get(&suite.make(&[]), &ItemKey::new("c1", "a")).is_none());
}

pub(super) fn get(store: &Store, key: &ItemKey) -> Option<crate::Stored> {
    store.get(key, &Stop::default()).unwrap_or_else(|e| panic!("{key}: {e}"))
}

pub(super) fn key(item: &Document) -> ItemKey {
    let member = |name| item.root().get(name).and_then(stacyard_model::json::Value::as_str);
    ItemKey {
        collection: member("collection").map(std::borrow::Cow::into_owned),
        id: member("id").unwrap_or_default().into_owned(),
    }
}
