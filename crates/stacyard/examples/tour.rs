//! Copies a store into another, asks both the same question, reads it page by page, and changes an Item:
//! `cargo run --example tour -- items.ndjson postgis://me@localhost/catalog`.

use stacyard::{
    Copying, Error, Mode, PageItem, PageSize, Query, Run, Search, Stop, When, open, parse_filter,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut names = std::env::args().skip(1);
    let (from, to) = names.next().zip(names.next()).ok_or("name a store and a database")?;
    Ok(tour(&from, &to)?)
}

/// What it does.
pub(crate) fn tour(from: &str, to: &str) -> Result<(), Error> {
    let upsert = Copying { mode: Some(Mode::Upsert), ..Copying::default() };
    stacyard::copy(from, to, upsert, Run::default())?;
    let (file, database) = (open(from)?, open(to)?);
    let query = Query::from(Search { filter: Some(parse_filter("gsd < 20")?), ..Search::default() });
    let count = file.count(&query, Run::default())?.answered;
    assert_eq!(count, database.count(&query, Run::default())?.answered);
    let mut after = None;
    loop {
        let mut page = database.page(&query, after.as_ref(), PageSize::new(10)?, Run::in_place())?;
        for item in &mut page {
            let PageItem { text, cursor } = item?;
            let item = String::from_utf8_lossy(&text).replacen("\"gsd\"", "\"checked\":true,\"gsd\"", 1);
            let (key, put) = database.edit()?.put_item(item.as_bytes(), When::Always)?;
            assert_eq!(database.get(&key, &Stop::default())?.map(|stored| stored.etag), Some(put.etag));
            after = Some(cursor);
        }
        if !page.has_more()? {
            return Ok(());
        }
    }
}
