//! The store: opened once, asked many times.

use std::sync::Arc;
use std::time::Instant;

use stacyard_model::json::Tape;
use stacyard_model::{FieldType, Gate, Profile};
use stacyard_search::{
    Aggregate, Aggregation, Compiled, KnownNames, MatchError, Property, Query, Search, Stop, Types,
};
use stacyard_store::{
    Backend, Batch, Collections, Count, Editor, Error, ErrorKind, Find, Hits, ItemKey, Known, Note, Report,
    Sorted, Sorter, Source, Store, check_lists, check_properties,
};
use tokio_postgres::Row;

use crate::connect::{Address, Database};
use crate::edit::name_of;
use crate::fault;
use crate::filter::{Condition, Maker, Param, Tables};
use crate::ident::Ident;
use crate::keyset;
use crate::met::Met;
use crate::migrate;
use crate::order::Order;
use crate::profile::{self, Promoted};
use crate::rows::{BY_SQL, ODD, SEARCHED, SELECTED, audited, is_loaded, item_text, write_item};
use crate::source::{Look, RowSource, push_record};

/// Which rows have passed the gate on their way in is said of each; what names none has is asked apart from them.
const KNOWN: Known = Known { are_valid: false, names: true };

/// Up to how many rows are asked for in order; where the answer needs more, all are read and sorted here.
const MAX_FIRST: u64 = 40_000;

/// So many bytes of Items that are not valid are held while the first rows are looked at (8 MiB); where there are more, all rows are read,
/// and each is set aside as it is met.
const MAX_REFUSED: usize = 8 << 20;

/// Items in a PostGIS database, in the tables of [`init`](crate::init). Clones share the connections.
#[derive(Clone)]
pub struct PostGis {
    pub(crate) database: Database,
    /// The server that is written to.
    pub(crate) writer: Database,
    tables: Tables,
    profile: Option<Arc<Profile>>,
    /// Names that its Items were seen to have.
    met: Arc<Met>,
}

impl PostGis {
    /// Connects, and checks that the tables are there and of this version.
    pub fn open(address: &Address) -> Result<Self, Error> {
        let (database, writer) = address.connect_to_both()?;
        let (postgis, profile) = database.wait(async {
            let client = database.link.client().await?;
            let postgis = migrate::check(&client, address).await?;
            Ok::<_, Error>((postgis, profile::read(&client, address.schema()).await?))
        })?;
        let promoted = profile.as_ref().map(Promoted::of).transpose()?.unwrap_or_default();
        Ok(Self {
            database,
            writer,
            tables: Tables { postgis, promoted },
            profile: profile.map(Arc::new),
            met: Arc::default(),
        })
    }

    pub(crate) fn schema(&self) -> &Ident {
        self.database.address().schema()
    }

    pub(crate) const fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The schema of PostGIS.
    pub(crate) const fn postgis(&self) -> &Ident {
        &self.tables.postgis
    }

    fn failed(&self, cause: tokio_postgres::Error) -> Error {
        fault::failed(&format!("search {}", self.database.address().shown()), cause)
    }

    async fn rows(&self, query: &str, params: &[Param], stop: &Stop) -> Result<Vec<Row>, Error> {
        self.database.link.rows("search", (query, params), stop).await
    }

    /// Fails if the search has a property that no Item has, or compares one with values of another type than any Item has.
    async fn check_properties(&self, search: &Compiled) -> Result<(), Error> {
        let schema = self.schema();
        let mut names = search.names();
        for (property, wanted) in search.wanted() {
            if let Some(field) = self.profile.as_ref().and_then(|profile| profile.field(property.key())) {
                search.declare(&field.name, &mut names);
                let declared = match field.kind {
                    FieldType::String | FieldType::Datetime => Types::STRING,
                    FieldType::Integer | FieldType::Number => Types::NUMBER,
                    FieldType::Boolean => Types::BOOL,
                };
                if wanted.is_empty() || wanted.meets(declared) {
                    search.declare_one(property, declared, &mut names);
                    continue;
                }
            }
            if let Some(types) = self.met.property(property.key(), *wanted) {
                search.declare_one(property, types, &mut names);
                continue;
            }
            // One that is there as it is wanted is found at once; only of another all rows are looked at.
            let wanted = if wanted.is_empty() { Types::VALUE.and(Types::NULL) } else { *wanted };
            let mut types = Types::NONE;
            let all = Types::NULL.and(Types::VALUE);
            for asked in [wanted, all] {
                if types.is_empty() {
                    types = self.type_among(search, property, asked).await?;
                }
            }
            if types == Types::NULL {
                types = types.and(self.type_among(search, property, Types::VALUE).await?);
            }
            if !types.is_empty() {
                self.met.note_property(property.key(), types);
                search.declare_one(property, types, &mut names);
            }
        }
        let query = format!("SELECT EXISTS (SELECT FROM {schema}.items)");
        if !names.lacks_types() || !self.rows(&query, &[], search.stop()).await?.iter().any(|row| row.get(0))
        {
            return Ok(());
        }
        search.declare_all(&mut names, |_| Types::NONE);
        let query = format!(
            "SELECT DISTINCT jsonb_object_keys(properties) FROM \
             (SELECT properties FROM {schema}.items LIMIT 10000) AS first"
        );
        let mut known = KnownNames::default();
        for row in &self.rows(&query, &[], search.stop()).await? {
            known.add(row.get(0));
        }
        check_properties(search, &names, || Ok(known))
    }

    /// The type of a value of a property that is of one of these, if a row has one.
    async fn type_among(&self, search: &Compiled, property: &Property, types: Types) -> Result<Types, Error> {
        let Some((value, params)) = Condition::value(property, &self.tables) else { return Ok(types) };
        let names: Vec<String> = types.names().map(|name| format!("'{name}'")).collect();
        let query = format!(
            "SELECT jsonb_typeof({value}) FROM {}.items WHERE jsonb_typeof({value}) IN ({}) LIMIT 1",
            self.schema(),
            names.join(", ")
        );
        let rows = self.rows(&query, &params, search.stop()).await?;
        Ok(rows.first().map_or(Types::NONE, |row| Types::named(row.get(0))))
    }

    /// Once `found` Items answer: fails if no Item is of any of the collections of the search, unless it is lenient; gives
    /// warnings of what else is missing.
    fn lists(&self, search: &Compiled, found: u64) -> Result<Vec<Note>, Error> {
        let request = search.request();
        let mut names = search.names();
        if found > 0 {
            search.observe_id(&mut names);
        }
        for name in request.collections.iter().filter(|name| self.met.has_collection(name)) {
            search.observe_collection(name, &mut names);
        }
        if !names.lacks_list() || (found > 0 && request.collections.len() < 2) {
            return Ok(Vec::new());
        }
        let schema = self.schema();
        self.database.wait(async {
            let ids = Param::Texts(request.ids.clone());
            let query = format!(
                "SELECT EXISTS (SELECT FROM {schema}.items), EXISTS (SELECT FROM {schema}.items WHERE id = ANY($1))"
            );
            let rows = self.rows(&query, &[ids], search.stop()).await?;
            if rows.iter().any(|row| row.get(0)) {
                search.declare_all(&mut names, |_| Types::NONE);
            }
            if rows.iter().any(|row| row.get(1)) {
                search.observe_id(&mut names);
            }
            let collections = Param::Texts(request.collections.clone());
            let query = format!(
                "SELECT name FROM unnest($1) AS name WHERE EXISTS (SELECT FROM {schema}.items WHERE collection = name)"
            );
            for row in &self.rows(&query, &[collections], search.stop()).await? {
                self.met.note_collection(row.get(0));
                search.observe_collection(row.get(0), &mut names);
            }
            let mut known = KnownNames::default();
            if search.missing_collections(&names).next().is_some() {
                // From one to the next by the index: there may be many rows.
                let query = format!(
                    "WITH RECURSIVE known AS (SELECT min(collection) AS name FROM {schema}.items UNION ALL \
                     SELECT (SELECT min(collection) FROM {schema}.items WHERE collection > name) FROM known \
                     WHERE name IS NOT NULL) SELECT name FROM known WHERE name <> '' LIMIT 4096"
                );
                for row in &self.rows(&query, &[], search.stop()).await? {
                    known.add(row.get(0));
                }
            }
            check_lists(search, &names, || Ok(known))
        })
    }

    /// Settles what does not depend on rows.
    fn prepare(&self, search: &Compiled) -> Result<Condition, Error> {
        if !search.is_lenient() {
            self.database.wait(self.check_properties(search))?;
        }
        Ok(Condition::of(search.request(), &self.tables))
    }

    fn rows_query(&self, columns: &str, condition: &Condition) -> String {
        format!("SELECT {columns} FROM {}.items WHERE {}", self.schema(), condition.sql)
    }

    fn source(&self, columns: &str, condition: &Condition, stop: &Stop) -> RowSource {
        let question = (self.rows_query(columns, condition), condition.params.clone());
        RowSource::new(&self.database, question, Look::Writer, stop)
    }

    /// The first Items in the order of the search; `None`: SQL cannot say which these are.
    fn first(
        &self,
        find: &mut Find<'_>,
        wanted: u64,
        condition: &Condition,
    ) -> Result<Option<(Sorted, Report)>, Error> {
        // Items that are brought up to date first may stand elsewhere in the order.
        if find.check.migrate {
            return Ok(None);
        }
        let after = find.after.as_deref();
        let mut maker = Maker::new(condition.params.clone(), &self.tables);
        let schema = self.schema().to_string();
        let Some(order) = Order::of(&find.search, after, &schema, &mut maker) else { return Ok(None) };
        let params = maker.into_params();
        // Some of the rows may not answer, or stand before the place: then four times as many are asked for.
        let is_exact = condition.exact && order.behind.known == keyset::Known::Exactly;
        let mut limit = if is_exact { wanted } else { wanted + wanted / 4 + 8 };
        while limit <= MAX_FIRST {
            let mut sorter = Sorter::new(find.run.memory, Some(wanted)).until(find.search.stop());
            let mut report = Report::default();
            let mut first = First {
                search: &find.search,
                gate: find.check.gate.as_ref(),
                exact: condition.exact,
                after,
                tape: Tape::new(),
                refused: Batch::default(),
            };
            let mut is_odd = false;
            let query = self.first_query(condition, &order, limit);
            let stop = find.search.stop();
            let rows = self.database.link.each_row("search", (&query, &params), stop, |row| {
                report.read += 1;
                is_odd |= row.try_get::<_, bool>(ODD).map_err(|cause| self.failed(cause))?;
                let mut hits = Hits::default();
                let number = report.read;
                if !is_odd && report.written < wanted && first.add((number, row), &mut hits)? {
                    report.written += 1;
                    sorter.push(hits)?;
                }
                is_odd |= first.refused.text.len() > MAX_REFUSED;
                Ok(())
            });
            let rows = self.database.wait(rows)?;
            if is_odd {
                return Ok(None);
            }
            if report.written == wanted || rows < limit {
                let refused = first.refused;
                find.set_aside(self.database.address().shown(), &refused)?;
                report.rejected = refused.records.len() as u64;
                return Ok(Some((sorter.finish(self.database.address().shown())?, report)));
            }
            limit *= 4;
        }
        Ok(None)
    }

    fn first_query(&self, condition: &Condition, order: &Order, rows: u64) -> String {
        let schema = self.schema().to_string();
        let (odd, by) = (order.odd(&schema), order.by(&schema));
        let sorted: Vec<_> = by.iter().map(|(sql, direction)| format!("{sql}{direction}")).collect();
        let part = |more: &str, behind: &str| {
            format!(
                "SELECT {SELECTED}, {odd} AS odd{more} FROM {schema}.items WHERE {} AND {behind} ORDER BY {} LIMIT {rows}",
                condition.sql,
                sorted.join(", ")
            )
        };
        if let [behind] = order.behind.parts.as_slice() {
            return part("", behind);
        }
        // Each part by the index, and of all of them the first.
        let more: Vec<_> =
            by.iter().enumerate().map(|(key, (sql, _))| format!(", {sql} AS key{key}")).collect();
        let parts: Vec<_> =
            order.behind.parts.iter().map(|behind| format!("({})", part(&more.concat(), behind))).collect();
        let by: Vec<_> =
            by.iter().enumerate().map(|(key, (_, direction))| format!("key{key}{direction}")).collect();
        format!(
            "SELECT {SELECTED}, odd FROM ({}) AS page ORDER BY {} LIMIT {rows}",
            parts.join(" UNION ALL "),
            by.join(", ")
        )
    }

    /// The number of Items that meet a condition which says all of the search. Of their rows only those are read that SQL has written,
    /// where there are any.
    fn count_rows(&self, find: Find<'_>, condition: &Condition) -> Result<Report, Error> {
        let (schema, search) = (self.schema(), Arc::clone(&find.search));
        let query = format!(
            "SELECT count(*), EXISTS (SELECT FROM {schema}.items WHERE {BY_SQL}) FROM {schema}.items WHERE {}",
            condition.sql
        );
        let rows = self.database.wait(self.rows(&query, &condition.params, search.stop()))?;
        let all = rows.iter().map(|row| row.get::<_, i64>(0).unsigned_abs()).sum();
        if find.check.gate.is_none() || !rows.iter().any(|row| row.get(1)) {
            return Ok(Report { read: all, written: all, ..Report::default() });
        }
        let by_sql = Condition {
            sql: format!("{BY_SQL} AND {}", condition.sql),
            params: condition.params.clone(),
            exact: true,
        };
        let looked = find.count_over(&mut self.source(SELECTED, &by_sql, search.stop()), KNOWN)?;
        // Items that are not valid have gone or come meanwhile at most.
        Ok(Report { read: all, written: all.saturating_sub(looked.rejected), ..looked })
    }

    /// How the database answers a search, as it says itself (EXPLAIN).
    pub fn explain(&self, search: &Search) -> Result<Vec<String>, Error> {
        let query = Query::from(search.clone());
        let compiled = Store::from(self.clone()).compile(&query, &Stop::default())?;
        let condition = Condition::of(compiled.request(), &self.tables);
        let mut maker = Maker::new(condition.params.clone(), &self.tables);
        let order = search.max_items.and_then(|rows| {
            Some((rows, Order::of(&compiled, None, &self.schema().to_string(), &mut maker)?))
        });
        let (query, params) = match order {
            Some((rows, order)) => (self.first_query(&condition, &order, rows), maker.into_params()),
            None => (self.rows_query(SELECTED, &condition), condition.params),
        };
        let rows = self.database.wait(self.rows(&format!("EXPLAIN {query}"), &params, &Stop::default()))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }
}

/// Looks at rows that may answer.
struct First<'f> {
    search: &'f Compiled,
    gate: Option<&'f Gate>,
    exact: bool,
    after: Option<&'f [u8]>,
    tape: Tape,
    /// What is not valid.
    refused: Batch,
}

impl First<'_> {
    /// Whether the row's Item is one more of the answer.
    fn add(&mut self, (number, row): (u64, &Row), hits: &mut Hits) -> Result<bool, Error> {
        let mut text = Vec::new();
        let unreadable = |cause: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Damaged, &format!("a row cannot be read: {cause}"))
        };
        write_item(row, &mut text).map_err(|cause| unreadable(&cause))?;
        let item = self.tape.parse(&text).map_err(|cause| unreadable(&cause))?;
        if let Some(gate) = self.gate
            && !is_loaded(row).map_err(|cause| unreadable(&cause))?
            && !gate.item(item).errors.is_empty()
        {
            push_record(&text, number, &mut self.refused)?;
            return Ok(false);
        }
        if !self.exact {
            match self.search.matches(item) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(MatchError::Stopped(stopped)) => return Err(stopped.into()),
                Err(cause) => return Err(unreadable(&cause)),
            }
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

impl Backend for PostGis {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        let query = format!("SELECT {SELECTED} FROM {}.items", self.schema());
        Ok(Box::new(RowSource::new(&self.database, (query, Vec::new()), Look::Whole, &Stop::default())))
    }

    fn audit(&self) -> Result<Box<dyn Source>, Error> {
        let columns = audited(self.schema(), &self.tables.postgis);
        let query = format!("SELECT {columns} FROM {}.items", self.schema());
        Ok(Box::new(RowSource::new(&self.database, (query, Vec::new()), Look::Audit, &Stop::default())))
    }

    fn collections(&self) -> Result<Collections, Error> {
        self.database.wait(async {
            let query = format!("SELECT id, content::text FROM {}.collections", self.schema());
            let rows = self.rows(&query, &[], &Stop::default()).await?;
            let mut collections = Collections::new();
            for row in rows {
                let content = serde_json::from_str(row.get(1)).map_err(|cause| {
                    Error::new(ErrorKind::Damaged, "a Collection cannot be read").caused_by(cause)
                })?;
                collections.insert(row.get(0), content);
            }
            Ok(collections)
        })
    }

    fn profile(&self) -> Option<&Arc<Profile>> {
        self.profile.as_ref()
    }

    fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        let Some((collection, id)) = name_of(key) else { return Ok(None) };
        let query =
            format!("SELECT {SELECTED} FROM {}.items WHERE collection = $1 AND id = $2", self.schema());
        let params = [collection, id].map(|name| Param::Text(name.to_owned()));
        let rows = self.database.wait(self.rows(&query, &params, stop))?;
        rows.first().map(item_text).transpose()
    }

    fn editor(&self) -> Option<&dyn Editor> {
        Some(self)
    }

    fn find(&self, mut find: Find<'_>) -> Result<(Sorted, Report), Error> {
        let started = Instant::now();
        let search = Arc::clone(&find.search);
        let condition = self.prepare(&search)?;
        let first = match find.first {
            Some(wanted) => self.first(&mut find, wanted, &condition)?,
            None => None,
        };
        let (sorted, mut report) = match first {
            Some(first) => first,
            None => {
                let mut source = self.source(SELECTED, &condition, search.stop());
                let (sorted, mut report) = find.over(&mut source, KNOWN)?;
                report.written = report.read - report.filtered - report.rejected;
                (sorted, report)
            }
        };
        report.filtered = report.read - report.written - report.rejected;
        report.notes = self.lists(&search, report.written)?;
        search.check_stop()?;
        report.levels =
            vec![format!("rows        {} by SQL -> {} by the search itself", report.read, report.written)];
        report.seconds = started.elapsed().as_secs_f64();
        Ok((sorted, report))
    }

    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        let search = Arc::clone(&find.search);
        let condition = self.prepare(&search)?;
        let mut report = if condition.exact {
            self.count_rows(find, &condition)?
        } else {
            find.count_over(&mut self.source(SEARCHED, &condition, search.stop()), KNOWN)?
        };
        report.notes = self.lists(&search, report.written)?;
        // What SQL alone answers may come late too.
        search.check_stop()?;
        Ok(report)
    }

    /// What the planner expects, of which the statistics of the last ANALYZE decide how good it is.
    fn estimate(&self, find: Find<'_>) -> Result<Count, Error> {
        let search = find.search;
        let condition = self.prepare(&search)?;
        if !search.request().collections.is_empty() {
            self.lists(&search, 0)?;
        }
        let query = format!("EXPLAIN {}", self.rows_query("id", &condition));
        let rows = self.database.wait(self.rows(&query, &condition.params, search.stop()))?;
        search.check_stop()?;
        // "Seq Scan on items  (cost=0.00..22.70 rows=1270 width=36)"
        let plan = rows.first().map_or("", |row| row.get(0));
        let expected = plan.split_once(" rows=").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        let expected = expected.map(Count::Estimate);
        expected.ok_or_else(|| Error::failed("the database does not say how many rows it expects"))
    }

    fn aggregate(&self, find: Find<'_>, wanted: &[Aggregation]) -> Result<(Vec<Aggregate>, Report), Error> {
        let search = Arc::clone(&find.search);
        let condition = self.prepare(&search)?;
        if let Some((found, mut report)) = self.aggregate_by_sql(&find, &condition, wanted)? {
            report.notes = self.lists(&search, report.read)?;
            search.check_stop()?;
            return Ok((found, report));
        }
        let mut source = self.source(SELECTED, &condition, search.stop());
        let (found, mut report) = find.aggregate_over(&mut source, KNOWN, wanted)?;
        report.notes = self.lists(&search, report.read - report.filtered)?;
        Ok((found, report))
    }
}
