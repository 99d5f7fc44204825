//! Asks a GeoParquet file or a database the same question again and again in one process, as a server does, and prints how long the
//! answer took: what the bench compares with warm peers.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use stacyard_geoparquet::GeoParquet;
use stacyard_postgis::{Address, PostGis};
use stacyard_search::cql2::Expr;
use stacyard_search::{Area, Compiled, Fields, Search, SearchError, parse_datetime, parse_ids};
use stacyard_store::{Check, Find, SORT_MEMORY, Source, Store, default_threads};

/// Columns are large and come and go: the system's allocator hands their pages back and asks for them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a server might keep of a file (256 MiB).
const CACHE: usize = 256 << 20;

/// Prints `count` Items and the median of the `seconds` that an answer took.
#[derive(Parser)]
struct Flags {
    /// A file, or postgis://...
    store: String,
    #[arg(long)]
    filter: Option<String>,
    #[arg(long, allow_hyphen_values = true)]
    bbox: Option<String>,
    #[arg(long)]
    intersects: Option<String>,
    #[arg(long)]
    datetime: Option<String>,
    /// With commas between; each time another one of them is asked for.
    #[arg(long)]
    ids: Option<String>,
    #[arg(long)]
    fields: Option<String>,
    #[arg(long)]
    max_items: Option<u64>,
    #[arg(long, default_value_t = 7)]
    repeat: usize,
}

#[expect(clippy::print_stdout, reason = "a tool of the bench, whose output is read")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let flags = Flags::parse();
    let store: Box<dyn Store> = if flags.store.starts_with("postgis:") {
        Box::new(PostGis::open(&Address::parse(&flags.store)?)?)
    } else {
        Box::new(GeoParquet::open(Path::new(&flags.store), CACHE)?)
    };
    let ids = flags.ids.as_deref().map(parse_ids).transpose()?.unwrap_or_default();
    let mut seconds = Vec::new();
    let mut count = 0;
    // The first answer warms up.
    for turn in 0..=flags.repeat {
        let search = search(&flags, ids.get(turn % ids.len().max(1)))?;
        let begin = Instant::now();
        let find = Find {
            check: Check::default(),
            search: Arc::new(Compiled::new(&search)?),
            max_items: flags.max_items,
            after: None,
            memory: SORT_MEMORY,
            threads: default_threads(),
            rejects: None,
            observer: &mut (),
        };
        let (mut answer, _) = store.find(find)?;
        count = 0;
        while let Some(work) = answer.next()? {
            count += work()?.records.len();
        }
        seconds.push(begin.elapsed().as_secs_f64());
    }
    let first = seconds.remove(0);
    seconds.sort_by(f64::total_cmp);
    println!("count {count}\nfirst {first}\nseconds {}", seconds[seconds.len() / 2]);
    Ok(())
}

fn search(flags: &Flags, id: Option<&String>) -> Result<Search, SearchError> {
    Ok(Search {
        ids: id.cloned().into_iter().collect(),
        area: Area::parse(flags.bbox.as_deref(), flags.intersects.as_deref())?,
        datetime: flags.datetime.as_deref().map(parse_datetime).transpose()?,
        filter: flags.filter.as_deref().map(Expr::parse).transpose()?,
        fields: flags.fields.as_deref().map(Fields::parse).transpose()?.unwrap_or_default(),
        max_items: flags.max_items,
        ..Search::default()
    })
}
