//! The store: opened once, asked many times.

use std::sync::Arc;
use std::time::Instant;

use stacyard_model::Profile;
use stacyard_model::json::Tape;
use stacyard_search::{Compiled, KnownNames, Property, Search};
use stacyard_store::{Collections, Error, Find, Hits, Report, Sorted, Sorter, Source, Store, unknown_name};
use tokio_postgres::Row;

use crate::connect::{Address, Database};
use crate::fault;
use crate::filter::{Condition, Param, Tables, seconds};
use crate::ident::Ident;
use crate::migrate;
use crate::profile::{self, Promoted};
use crate::rows::{SELECTED, write_item};
use crate::source::RowSource;

/// The order of a search that asks for none, in columns: that of the index `items_newest`.
const NEWEST: &str = "extent_start DESC, (collection = ''), collection, id";

/// Up to how many Items are asked for in order; more are sorted here.
const MAX_FIRST: u64 = 10_000;

/// How many rows are fetched at once, at most.
const PAGE: u64 = 256;

/// Items in a PostGIS database, in the tables of [`init`](crate::init). Clones share the connections.
#[derive(Clone)]
pub struct PostGis {
    pub(crate) database: Database,
    tables: Tables,
    profile: Option<Arc<Profile>>,
}

impl PostGis {
    /// Connects, and checks that the tables are there and of this version.
    pub fn open(address: &Address) -> Result<Self, Error> {
        let database = address.connect_to_read()?;
        let (postgis, profile) = database.wait(async {
            let client = database.link.client().await?;
            let postgis = migrate::check(&client, address).await?;
            Ok::<_, Error>((postgis, profile::read(&client, address.schema()).await?))
        })?;
        let promoted = profile.as_ref().map(Promoted::of).transpose()?.unwrap_or_default();
        Ok(Self { database, tables: Tables { postgis, promoted }, profile: profile.map(Arc::new) })
    }

    fn schema(&self) -> &Ident {
        self.database.address().schema()
    }

    fn failed(&self, cause: tokio_postgres::Error) -> Error {
        fault::failed(&format!("search {}", self.database.address().shown()), cause)
    }

    async fn rows(&self, query: &str, params: &[Param]) -> Result<Vec<Row>, Error> {
        self.database.link.rows("search", query, params).await
    }

    /// Fails if the search has a property that no Item has.
    async fn check_names(&self, search: &Compiled) -> Result<(), Error> {
        let mut names: Vec<&Property> = Vec::new();
        search.request().each_property(&mut |property| {
            let is_declared =
                || self.profile.as_ref().is_some_and(|profile| profile.field(property.key()).is_some());
            if !property.is_core() && !names.contains(&property) && !is_declared() {
                names.push(property);
            }
        });
        let schema = self.schema();
        for name in names {
            let (is_there, params) = Condition::has(name, &self.tables);
            let query = format!(
                "SELECT NOT EXISTS (SELECT FROM {schema}.items) OR EXISTS (SELECT FROM {schema}.items WHERE {is_there})"
            );
            let rows = self.rows(&query, &params).await?;
            if rows.iter().any(|row| !row.get::<_, bool>(0)) {
                let query = format!(
                    "SELECT DISTINCT jsonb_object_keys(properties) FROM \
                     (SELECT properties FROM {schema}.items LIMIT 10000) AS first"
                );
                let rows = self.rows(&query, &[]).await?;
                let mut known = KnownNames::default();
                for row in &rows {
                    known.add(row.get(0));
                }
                return Err(unknown_name(name, &known));
            }
        }
        Ok(())
    }

    /// Settles what does not depend on rows.
    fn prepare(&self, find: &mut Find<'_>) -> Result<Condition, Error> {
        if !find.check.lenient {
            self.database.wait(self.check_names(&find.search))?;
            // All that is looked at from here on are some of the rows.
            find.check.lenient = true;
        }
        // They have passed the gate on their way in.
        find.check.gate = None;
        Ok(Condition::of(find.search.request(), &self.tables))
    }

    fn rows_query(&self, condition: &Condition) -> String {
        format!("SELECT {SELECTED} FROM {}.items WHERE {}", self.schema(), condition.sql)
    }

    fn source(&self, condition: &Condition) -> RowSource {
        RowSource::new(&self.database, self.rows_query(condition), condition.params.clone())
    }

    /// The first Items in the order of a search without one.
    fn newest(&self, find: &Find<'_>, wanted: u64, condition: &Condition) -> Result<(Sorted, Report), Error> {
        let after = find.after.as_deref();
        let mut sorter = Sorter::new(find.memory, Some(wanted));
        let mut report = Report::default();
        let mut first = First { search: &find.search, exact: condition.exact, after, tape: Tape::new() };
        // A page may come from the middle: nothing before its instant need be read.
        let mut place = after.and_then(|after| find.search.first_instant(after)).map(Behind::Instant);
        let mut page = wanted.clamp(1, PAGE);
        while report.written < wanted {
            let rows = self.database.wait(self.page(condition, place.as_ref(), page))?;
            let mut hits = Hits::default();
            for row in &rows {
                report.read += 1;
                if report.written < wanted && first.add(row, &mut hits)? {
                    report.written += 1;
                }
            }
            sorter.push(hits)?;
            let Some(last) = rows.last().filter(|_| rows.len() as u64 == page) else { break };
            place = Some(Behind::row(last).map_err(|cause| self.failed(cause))?);
            page = (page * 4).min(PAGE);
        }
        Ok((sorter.finish(self.database.address().shown())?, report))
    }

    /// The query of a page of rows, newest first.
    fn page_query(&self, condition: &Condition, behind: &str, rows: u64) -> String {
        format!(
            "SELECT {SELECTED}, extent_start::text AS place FROM {}.items WHERE {} AND {behind} ORDER BY {NEWEST} LIMIT {rows}",
            self.schema(),
            condition.sql
        )
    }

    /// How the database answers a search, as it says itself (EXPLAIN).
    pub fn explain(&self, search: &Search) -> Result<Vec<String>, Error> {
        let condition = Condition::of(search, &self.tables);
        let query = match search.max_items {
            Some(rows) if is_newest_first(search, rows) => self.page_query(&condition, "true", rows),
            _ => self.rows_query(&condition),
        };
        self.database.wait(async {
            let rows = self.rows(&format!("EXPLAIN {query}"), &condition.params).await?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })
    }

    async fn page(
        &self,
        condition: &Condition,
        behind: Option<&Behind>,
        rows: u64,
    ) -> Result<Vec<Row>, Error> {
        let mut params = condition.params.clone();
        let behind = behind.map_or_else(|| "true".to_owned(), |behind| behind.sql(&mut params));
        let query = self.page_query(condition, &behind, rows);
        self.rows(&query, &params).await
    }
}

/// Whether the first Items come from the database in their order.
fn is_newest_first(search: &Search, wanted: u64) -> bool {
    wanted <= MAX_FIRST && search.sortby.is_empty()
}

/// Looks at rows that may answer.
struct First<'f> {
    search: &'f Compiled,
    exact: bool,
    after: Option<&'f [u8]>,
    tape: Tape,
}

impl First<'_> {
    /// Whether the row's Item is one more of the answer.
    fn add(&mut self, row: &Row, hits: &mut Hits) -> Result<bool, Error> {
        let mut text = Vec::new();
        let unreadable =
            |cause: &dyn std::fmt::Display| Error::failed(format!("a row cannot be read: {cause}"));
        write_item(row, &mut text).map_err(|cause| unreadable(&cause))?;
        let item = self.tape.parse(&text).map_err(|cause| unreadable(&cause))?;
        if !self.exact && !self.search.matches(item).map_err(|cause| unreadable(&cause))? {
            return Ok(false);
        }
        let mut key = Vec::new();
        self.search.sort_key(item, &mut key).map_err(|cause| unreadable(&cause))?;
        if self.after.is_some_and(|after| key.as_slice() <= after) {
            return Ok(false);
        }
        hits.try_push(&key, |out| {
            item.write_compact(out);
            Ok(())
        })?;
        Ok(true)
    }
}

/// Behind which rows to go on.
enum Behind {
    /// Those with a later start.
    Instant(jiff::Timestamp),
    /// This one: start, collection, id.
    Row(Option<String>, String, String),
}

impl Behind {
    fn row(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self::Row(row.try_get(11)?, row.try_get(4)?, row.try_get(3)?))
    }

    fn sql(&self, params: &mut Vec<Param>) -> String {
        let mut bind = |text: &str| {
            params.push(Param::Text(text.to_owned()));
            format!("${}::text", params.len())
        };
        match self {
            Self::Instant(at) => format!("extent_start <= {}::numeric", bind(&seconds(*at))),
            Self::Row(start, collection, id) => {
                let (collection, id) = (bind(collection), bind(id));
                // Row comparison would need one direction for all columns.
                let tie = format!(
                    "(((collection = '') > ({collection} = '')) OR ((collection = '') = ({collection} = '') \
                     AND (collection, id) > ({collection}, {id})))"
                );
                match start {
                    // Without a start they are the first.
                    None => format!("(extent_start IS NOT NULL OR {tie})"),
                    Some(start) => {
                        let start = bind(start);
                        format!(
                            "(extent_start <= {start}::numeric AND (extent_start < {start}::numeric OR {tie}))"
                        )
                    }
                }
            }
        }
    }
}

impl Store for PostGis {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        let query = format!("SELECT {SELECTED} FROM {}.items", self.schema());
        Ok(Box::new(RowSource::new(&self.database, query, Vec::new())))
    }

    fn collections(&self) -> Result<Collections, Error> {
        self.database.wait(async {
            let query = format!("SELECT id, content::text FROM {}.collections", self.schema());
            let rows = self.rows(&query, &[]).await?;
            let mut collections = Collections::new();
            for row in rows {
                let content = serde_json::from_str(row.get(1))
                    .map_err(|cause| Error::failed("a Collection cannot be read").caused_by(cause))?;
                collections.insert(row.get(0), content);
            }
            Ok(collections)
        })
    }

    fn profile(&self) -> Option<&Arc<Profile>> {
        self.profile.as_ref()
    }

    fn find(&self, mut find: Find<'_>) -> Result<(Sorted, Report), Error> {
        let started = Instant::now();
        let condition = self.prepare(&mut find)?;
        let in_order = find.max_items.filter(|&items| is_newest_first(find.search.request(), items));
        let (sorted, mut report) = match in_order {
            Some(wanted) => self.newest(&find, wanted, &condition)?,
            None => {
                let mut source = self.source(&condition);
                let (sorted, mut report) = find.run(&mut source)?;
                report.written = report.read - report.filtered;
                (sorted, report)
            }
        };
        report.filtered = report.read - report.written;
        report.levels =
            vec![format!("rows        {} by SQL -> {} by the search itself", report.read, report.written)];
        report.seconds = started.elapsed().as_secs_f64();
        Ok((sorted, report))
    }

    fn count(&self, mut find: Find<'_>) -> Result<Report, Error> {
        // All that answer are counted, on whatever page.
        find.after = None;
        let condition = self.prepare(&mut find)?;
        if !condition.exact {
            return find.count(Box::new(self.source(&condition)));
        }
        self.database.wait(async {
            let query = format!("SELECT count(*) FROM {}.items WHERE {}", self.schema(), condition.sql);
            let rows = self.rows(&query, &condition.params).await?;
            let written = rows.iter().map(|row| row.get::<_, i64>(0).unsigned_abs()).sum();
            Ok(Report { read: written, written, ..Report::default() })
        })
    }
}
