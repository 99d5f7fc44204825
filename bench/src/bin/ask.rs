//! Asks a GeoParquet file, a dataset or a database the same question again and again in one process, as a server does, and prints how long the
//! answer took: what the bench compares with warm peers.

use std::path::Path;
use std::time::Instant;

use clap::Parser;
use stacyard_geoparquet::{Dataset, GeoParquet, local_storage};
use stacyard_postgis::{Address, PgStac, PostGis};
use stacyard_search::cql2::Expr;
use stacyard_search::{
    Aggregate, Aggregation, Area, Fields, PageSize, Property, Query, Search, SearchError, parse_datetime,
    parse_ids,
};
use stacyard_store::{At, Error, Run, Source, Store};

/// Columns are large and come and go: the system's allocator hands their pages back and asks for them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a server might keep of a file (256 MiB).
const CACHE: usize = 256 << 20;

/// Prints `count` Items and the median of the `seconds` that an answer took.
#[derive(Parser)]
struct Flags {
    /// A file, a dataset (`dir/`), postgis://... or pgstac://...
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
    /// Asks for pages of so many Items instead.
    #[arg(long)]
    page: Option<u64>,
    /// How many pages in a row, each from the cursor of the one before.
    #[arg(long, default_value_t = 1)]
    pages: usize,
    /// Asks how many Items answer instead.
    #[arg(long)]
    count: bool,
    /// Asks for the least value of a property instead.
    #[arg(long)]
    least: Option<String>,
    /// Asks for the greatest one.
    #[arg(long)]
    greatest: Option<String>,
    /// Asks how often each value of a property occurs.
    #[arg(long)]
    frequencies: Option<String>,
    #[arg(long, default_value_t = 7)]
    repeat: usize,
}

#[expect(clippy::print_stdout, reason = "a tool of the bench, whose output is read")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let flags = Flags::parse();
    let store: Store = if flags.store.starts_with("pgstac:") {
        PgStac::open(&Address::parse(&flags.store)?)?.into()
    } else if flags.store.starts_with("postgis:") {
        PostGis::open(&Address::parse(&flags.store)?)?.into()
    } else if flags.store.ends_with('/') {
        let dataset = Dataset::open(local_storage(Path::new(&flags.store)), At::Latest, CACHE)?;
        dataset.ok_or("there is no dataset")?.into()
    } else {
        GeoParquet::open(Path::new(&flags.store), CACHE)?.into()
    };
    let wanted = wanted(&flags)?;
    let ids = flags.ids.as_deref().map(parse_ids).transpose()?.unwrap_or_default();
    let mut seconds = Vec::new();
    let mut count = 0;
    // The first answer warms up.
    for turn in 0..=flags.repeat {
        let query = search(&flags, ids.get(turn % ids.len().max(1)))?.into();
        let begin = Instant::now();
        count = match flags.page {
            _ if !wanted.is_empty() => rows(&store.aggregate(&query, &wanted, Run::default())?.0),
            _ if flags.count => usize::try_from(store.count(&query, Run::default())?.answered)?,
            Some(size) => pages(&store, &query, (PageSize::new(size)?, flags.pages))?,
            None => all(&store, &query)?,
        };
        seconds.push(begin.elapsed().as_secs_f64());
    }
    let first = seconds.remove(0);
    seconds.sort_by(f64::total_cmp);
    println!("count {count}\nfirst {first}\nseconds {}", seconds[seconds.len() / 2]);
    Ok(())
}

/// What is asked of all Items together.
fn wanted(flags: &Flags) -> Result<Vec<Aggregation>, String> {
    let property = |name: &Option<String>| name.as_deref().map(Property::parse).transpose();
    let least = property(&flags.least)?.map(Aggregation::Least);
    let greatest = property(&flags.greatest)?.map(Aggregation::Greatest);
    let frequencies = property(&flags.frequencies)?.map(Aggregation::Frequencies);
    Ok([least, greatest, frequencies].into_iter().flatten().collect())
}

/// How many rows the answer has in SQL: of one value one, else one for each value that occurs, null as well.
fn rows(found: &[Aggregate]) -> usize {
    let of_one = |aggregate: &Aggregate| match aggregate {
        Aggregate::Frequencies(found) => found.buckets.len() + usize::from(found.missing > 0),
        _ => 1,
    };
    found.iter().map(of_one).max().unwrap_or(0)
}

/// How many Items answer, each of them read.
fn all(store: &Store, query: &Query) -> Result<usize, Error> {
    let (mut answer, _) = store.find(query, Run::default())?;
    let mut count = 0;
    while let Some(work) = answer.next()? {
        count += work()?.records.len();
    }
    Ok(count)
}

/// How many Items are on the first pages, each of them read.
fn pages(store: &Store, query: &Query, (size, pages): (PageSize, usize)) -> Result<usize, Error> {
    let (mut count, mut after) = (0, None);
    for _ in 0..pages {
        let page = store.page(query, after.as_ref(), size, Run::default())?;
        for item in page {
            count += 1;
            after = Some(item?.cursor);
        }
    }
    Ok(count)
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
