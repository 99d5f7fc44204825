//! All Items, however many, as they are at one moment.

use super::*;

#[test]
fn partitions_of_many_pages_are_read_in_parts_at_one_moment() {
    let Some(database) = fresh(None) else { return };
    let more = format!(r#","text":{:?}"#, "x".repeat(900));
    let items: Vec<Document> =
        (0..6_000).map(|id| item(&format!("{id:05}"), "2024-01-01T00:00:00Z", &more, "")).collect();
    assert_eq!(database.load(&items, Mode::Insert), []);
    let other = item("other", "2024-01-01T00:00:00Z", "", "");
    let other =
        Document::parse(other.text().replace(r#""collection":"c1""#, r#""collection":"c2""#)).unwrap();
    assert_eq!(database.load(std::slice::from_ref(&other), Mode::Insert), []);
    let pages: u32 = database
        .sql("SELECT max(pg_relation_size(partition::regclass)) / 8192 FROM partitions_view")[0]
        .parse()
        .unwrap();
    assert!(pages > 512, "{pages}");
    let store = database.open();
    let mut source = store.items().unwrap();
    let mut found = Vec::new();
    let mut is_first = true;
    while let Some(work) = source.next().unwrap() {
        let batch = work().unwrap();
        let text = |record: &Record| &batch.text[record.start as usize..record.end as usize];
        found.extend(batch.records.iter().map(|record| Document::parse_bytes(text(record)).unwrap()));
        if std::mem::take(&mut is_first) {
            // What others do from now on is not seen.
            database.sql("DELETE FROM items WHERE id < '03000'; UPDATE items SET content = jsonb_set(content, '{properties,n}', '1')");
        }
    }
    found.sort_by_key(key);
    assert!(found.iter().eq(items.iter().chain([&other])), "{} of {}", found.len(), items.len() + 1);
}
