//! How many Items answer, and what they say together: by statistics and columns where those have the verdict, by the evaluator
//! where not.
//!
//! A row group is told by its statistics, if they say that all of it answers, and the rest of it as well; or by its columns, but
//! for rows with a residual; or else by Items made of the columns that are needed.

use arrow_buffer::BooleanBuffer;
use jiff::Timestamp;
use parquet::errors::Result as Read;
use rustc_hash::FxHashMap;
use stacyard_model::json::Tape;
use stacyard_search::{Aggregation, Aggregator, Compiled, Datum, MAX_BUCKETS, MatchError, Property};
use stacyard_store::Error;

use crate::read::flat::Flats;
use crate::read::runs;
use crate::read::table::{Columns, Table};
use crate::search::ask::{Ask, SLICE};
use crate::search::cells::{self, Cells};
use crate::search::condition::{Column, Kind, Maker, Test};
use crate::search::levels::add;
use crate::search::picked::{Picked, each};
use crate::search::scalar::Scalar;
use crate::search::verdict::{Share, Verdict};
use crate::search::wave::wave;

/// How the columns tell what is wanted.
pub(crate) struct Plan {
    verdict: Verdict,
    parts: Vec<Part>,
    /// Rows that have a value here are not what their columns say.
    residual: Option<Column>,
    /// All of these.
    columns: Columns,
}

/// What is told, of which column.
enum Part {
    Total,
    Least(Column),
    Greatest(Column),
    Frequencies(Column),
    Times(Column),
    /// By the start of the temporal extent.
    Starts(Column, Option<[Column; 2]>),
    /// By the middle of the box.
    Cells(Cells),
}

/// What has been told so far, for each part.
#[derive(Default)]
struct Tally {
    /// An end, by the order of the column's values.
    end: Option<Value>,
    /// How many rows have a value.
    values: FxHashMap<Value, u64>,
    /// How many rows there are in each hour since 1970.
    hours: FxHashMap<i64, u64>,
    /// How many rows there are in each cell, by its number.
    cells: FxHashMap<u64, u64>,
    /// How many rows have no value; of a total, all.
    rows: u64,
}

/// A value that is kept; a float as its bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Value {
    Integer(i64),
    Float(u64),
    Time(i64),
    Text(Box<str>),
}

impl Plan {
    /// `None` where the columns cannot tell all of it.
    pub(crate) fn of(maker: &Maker<'_>, search: &Compiled, wanted: &[Aggregation]) -> Option<Self> {
        let verdict = maker.verdict(search.request())?;
        let residual = match &maker.footer.names.conventions.residual {
            Some(name) => Some(maker.column(std::slice::from_ref(name))?),
            None => None,
        };
        // The query was made for what is wanted: its keys know which properties hold instants.
        let mut keys = search.request().sortby.iter();
        let mut part = |aggregation: &Aggregation| {
            let property = aggregation.property().map(|named| keys.next().map_or(named, |key| &key.property));
            Part::of(maker, aggregation, property)
        };
        let parts = wanted.iter().map(&mut part).collect::<Option<Vec<_>>>()?;
        let mut leaves = Vec::new();
        verdict.each_column(&mut |column| leaves.push(column.path.clone()));
        leaves
            .extend(parts.iter().flat_map(Part::columns).chain(&residual).map(|column| column.path.clone()));
        let columns = maker.table.columns(|path| leaves.iter().any(|leaf| leaf == path));
        Some(Self { verdict, parts, residual, columns })
    }

    /// Tells a row group by its statistics: how many Items answer, if they say so.
    fn statistics(&self, table: &Table, group: usize, tallies: &mut [Tally]) -> Option<u64> {
        let is_plain = self.residual.as_ref().is_none_or(|residual| table.is_null(group, residual));
        match table.group_share(group, &self.verdict) {
            Share::None if is_plain => return Some(0),
            Share::All if is_plain => {}
            _ => return None,
        }
        let rows = table.rows(group) as u64;
        let ends = self.parts.iter().map(|part| match part {
            Part::Total => Some(None),
            Part::Least(column) => Some(table.group_ends(group, column)?.first().copied()),
            Part::Greatest(column) => Some(table.group_ends(group, column)?.last().copied()),
            _ => None,
        });
        let ends: Vec<Option<Scalar<'_>>> = ends.collect::<Option<_>>()?;
        for ((part, tally), end) in self.parts.iter().zip(tallies).zip(ends) {
            match end {
                Some(end) => tally.keep(end, matches!(part, Part::Greatest(_))),
                None if matches!(part, Part::Total) => tally.rows += rows,
                None => {}
            }
        }
        Some(rows)
    }

    /// Tells chosen rows of a row group by their columns.
    fn columns(&self, columns: &Flats, rows: &BooleanBuffer, tallies: &mut [Tally]) -> Read<()> {
        let count = rows.count_set_bits();
        if count == 0 {
            return Ok(());
        }
        let chosen = (count < rows.len()).then_some(rows);
        for (part, tally) in self.parts.iter().zip(tallies) {
            match part {
                Part::Total => tally.rows += count as u64,
                Part::Least(column) | Part::Greatest(column) => {
                    let greatest = matches!(part, Part::Greatest(_));
                    let mut end: Option<Scalar<'_>> = None;
                    columns.of(column.leaf)?.tally(chosen, column.kind, |value, _| {
                        if end.is_none_or(|end| is_beyond(&value, &end, greatest)) {
                            end = Some(value);
                        }
                    })?;
                    if let Some(end) = end {
                        tally.keep(end, greatest);
                    }
                }
                Part::Frequencies(column) => {
                    let mut values = FxHashMap::default();
                    tally.rows += columns.of(column.leaf)?.tally(chosen, column.kind, |value, rows| {
                        *values.entry(Value::from(value)).or_default() += rows;
                    })?;
                    tally.add_values(values);
                }
                Part::Times(column) | Part::Starts(column, None) => {
                    tally.rows += columns.of(column.leaf)?.tally(chosen, column.kind, |value, rows| {
                        if let Scalar::Time(at) = value {
                            *tally.hours.entry(at.div_euclid(HOUR)).or_default() += rows;
                        }
                    })?;
                }
                Part::Cells(cells) => tally.rows += cells.count(columns, rows, &mut tally.cells)?,
                Part::Starts(datetime, Some([start, end])) => {
                    let instants = |column: &Column| columns.of(column.leaf)?.instants(column.kind);
                    let (instant, start, end) = (instants(datetime)?, instants(start)?, instants(end)?);
                    for row in rows.set_indices() {
                        match start[row].filter(|_| end[row].is_some()).or(instant[row]) {
                            Some(at) => *tally.hours.entry(at.div_euclid(HOUR)).or_default() += 1,
                            None => tally.rows += 1,
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Hands over what has been told.
    fn finish(&self, tallies: Vec<Tally>, whole: &mut Aggregator) -> Result<(), MatchError> {
        for (place, (part, tally)) in self.parts.iter().zip(tallies).enumerate() {
            if let Some(end) = tally.end {
                whole.add_values(place, &end.datum(), 1)?;
            }
            for (value, rows) in tally.values {
                whole.add_values(place, &value.datum(), rows)?;
            }
            for (hour, rows) in tally.hours {
                whole.add_values(place, &Value::Time(hour.saturating_mul(HOUR)).datum(), rows)?;
            }
            if let Part::Cells(cells) = part {
                for (cell, rows) in tally.cells {
                    whole.add_values(place, &Datum::Text(cells.grid.name(cell)), rows)?;
                }
            }
            if !matches!(part, Part::Least(_) | Part::Greatest(_)) {
                whole.add_values(place, &Datum::Null, tally.rows)?;
            }
        }
        Ok(())
    }
}

/// Of an hour, in microseconds. All steps of time begin with an hour.
const HOUR: i64 = 3_600_000_000;

impl Part {
    fn of(maker: &Maker<'_>, wanted: &Aggregation, property: Option<&Property>) -> Option<Self> {
        let column = || {
            let property = property?;
            let column = maker.property(property)?;
            // Instants are texts in JSON; which properties hold instants decides how both are counted.
            let fits = match column.kind {
                Kind::Integer | Kind::Float { .. } => true,
                Kind::Time(_) => property.is_instant(),
                Kind::Text => !property.is_instant(),
                Kind::Other => false,
            };
            fits.then_some(column)
        };
        Some(match wanted {
            Aggregation::Total => Self::Total,
            Aggregation::Least(_) => Self::Least(column()?),
            Aggregation::Greatest(_) => Self::Greatest(column()?),
            Aggregation::Frequencies(_) => Self::Frequencies(column()?),
            Aggregation::Times(Some(_), _) => {
                Self::Times(column().filter(|column| matches!(column.kind, Kind::Time(_)))?)
            }
            Aggregation::Times(None, _) => {
                let (datetime, range) = maker.extent()?;
                Self::Starts(datetime, range)
            }
            Aggregation::Cells(grid) => Self::Cells(Cells::of(maker, *grid)?),
            Aggregation::Histogram(..) | Aggregation::Extent => return None,
        })
    }

    fn columns(&self) -> Vec<&Column> {
        match self {
            Self::Total => Vec::new(),
            Self::Least(column)
            | Self::Greatest(column)
            | Self::Frequencies(column)
            | Self::Times(column) => {
                vec![column]
            }
            Self::Starts(datetime, range) => {
                std::iter::once(datetime).chain(range.iter().flatten()).collect()
            }
            Self::Cells(cells) => cells.columns.iter().collect(),
        }
    }
}

/// Whether a value is beyond the end that is kept.
fn is_beyond(value: &Scalar<'_>, end: &Scalar<'_>, greatest: bool) -> bool {
    let order = value.order(end);
    if greatest { order.is_gt() } else { order.is_lt() }
}

impl Tally {
    fn keep(&mut self, end: Scalar<'_>, greatest: bool) {
        if self.end.as_ref().is_none_or(|kept| is_beyond(&end, &kept.scalar(), greatest)) {
            self.end = Some(end.into());
        }
    }

    fn add_values(&mut self, values: FxHashMap<Value, u64>) {
        // More than can be counted are an error in the end, and need not all be held. Zero has two spellings.
        for (value, rows) in values {
            if self.values.len() <= MAX_BUCKETS + 1 || self.values.contains_key(&value) {
                *self.values.entry(value).or_default() += rows;
            }
        }
    }

    fn merge(&mut self, other: Self, greatest: bool) {
        if let Some(end) = &other.end {
            self.keep(end.scalar(), greatest);
        }
        self.add_values(other.values);
        for (hour, rows) in other.hours {
            *self.hours.entry(hour).or_default() += rows;
        }
        for (cell, rows) in other.cells {
            cells::add(&mut self.cells, cell, rows);
        }
        self.rows += other.rows;
    }
}

impl From<Scalar<'_>> for Value {
    fn from(value: Scalar<'_>) -> Self {
        match value {
            Scalar::Integer(value) => Self::Integer(value),
            Scalar::Float(value) => Self::Float(value.to_bits()),
            Scalar::Time(at) => Self::Time(at),
            Scalar::Text(text) => Self::Text(text.into()),
        }
    }
}

impl Value {
    fn scalar(&self) -> Scalar<'_> {
        match self {
            Self::Integer(value) => Scalar::Integer(*value),
            Self::Float(bits) => Scalar::Float(f64::from_bits(*bits)),
            Self::Time(at) => Scalar::Time(*at),
            Self::Text(text) => Scalar::Text(text),
        }
    }

    /// As the Item says it.
    fn datum(self) -> Datum {
        match self {
            Self::Integer(value) => Datum::Number(value.to_string()),
            Self::Float(bits) => {
                Datum::Number(zmij::Buffer::new().format_finite(f64::from_bits(bits)).to_owned())
            }
            // Times of the last day of the year 9999 mean the last instant that there is.
            Self::Time(at) => Datum::Instant(Timestamp::from_microsecond(at).unwrap_or(Timestamp::MAX)),
            Self::Text(text) => Datum::Text(text.into()),
        }
    }
}

impl Ask {
    /// How the columns tell what is wanted; `None` where they cannot.
    pub(crate) fn plan(&self, wanted: &[Aggregation]) -> Option<Plan> {
        let file = &self.file;
        Plan::of(&Maker { table: &file.table, footer: &file.footer }, &self.search, wanted)
    }

    /// What all Items that answer say together, and how many there are.
    pub(crate) fn aggregate(
        &self,
        wanted: &[Aggregation],
        threads: usize,
    ) -> Result<(Aggregator, u64), Error> {
        let mut whole = self.search.aggregator(wanted)?;
        let empty = whole.clone();
        let plan = self.plan(wanted);
        let parts = plan.as_ref().map_or(&[][..], |plan| &plan.parts);
        let tallies = || parts.iter().map(|_| Tally::default()).collect::<Vec<_>>();
        let mut all = tallies();
        let mut answered = 0;
        let mut groups = self.groups().peekable();
        while groups.peek().is_some() {
            let mut open = Vec::new();
            for (_, group) in wave(&mut groups) {
                match plan.as_ref().and_then(|plan| plan.statistics(self.table(), group, &mut all)) {
                    Some(rows) => answered += rows,
                    None => open.push(group),
                }
            }
            let mut rest = Vec::new();
            let by_columns = |(): &mut (), group, threads| {
                let mut some = tallies();
                let (number, rest) = self.by_columns(plan.as_ref(), group, threads, &mut some)?;
                Ok((some, number, rest))
            };
            each(
                open,
                threads,
                || (),
                by_columns,
                |(some, number, picked)| {
                    for ((all, some), part) in all.iter_mut().zip(some).zip(parts) {
                        all.merge(some, matches!(part, Part::Greatest(_)));
                    }
                    answered += number;
                    rest.extend(picked);
                    Ok(())
                },
            )?;
            let by_items = |tape: &mut Tape, slice: Picked, _| {
                let (mut part, mut number) = (empty.clone(), 0);
                self.matching(tape, slice.group, &slice.rows, |_, item| {
                    number += 1;
                    Ok(part.add(item)?)
                })?;
                Ok((part, number))
            };
            let slices = rest.into_iter().flat_map(|picked| picked.slices(SLICE * 8));
            each(slices, threads, Tape::new, by_items, |(part, number)| {
                answered += number;
                Ok(whole.merge(part)?)
            })?;
        }
        if let Some(plan) = plan {
            plan.finish(all, &mut whole)?;
        }
        add(&self.levels.after_exact, usize::try_from(answered).unwrap_or(usize::MAX));
        Ok((whole, answered))
    }

    /// Tells a row group by its columns: how many of its Items answer, beside rows that only the evaluator can tell.
    fn by_columns(
        &self,
        plan: Option<&Plan>,
        group: usize,
        threads: usize,
        tallies: &mut [Tally],
    ) -> Result<(u64, Option<Picked>), Error> {
        let failed = |cause| self.damaged(&cause);
        let mut rows = Vec::new();
        self.search.check_stop()?;
        let read = |plan: &Plan| self.table().flats(group, &plan.columns, threads);
        let Some((plan, columns)) = (match plan {
            Some(plan) => read(plan).map_err(failed)?.map(|columns| (plan, columns)),
            None => None,
        }) else {
            self.narrow(group, None, threads, |_, run, _| runs::push(&mut rows, run))?;
            return Ok((0, Some(Picked::open(group, rows))));
        };
        let total = self.table().rows(group);
        let mut answer = plan.verdict.rows(&columns, total).map_err(failed)?;
        let mut rest = None;
        if let Some(residual) = plan.residual.as_ref().filter(|column| !self.table().is_null(group, column)) {
            let open = columns.of(residual.leaf).and_then(|flat| flat.passing(&Test::NotNull, residual.kind));
            let open = open.map_err(failed)?;
            answer = &answer & &!&open;
            if open.count_set_bits() > 0 {
                self.narrow(group, None, threads, |_, run, _| {
                    run.filter(|&row| open.value(row)).for_each(|row| runs::push(&mut rows, row..row + 1));
                })?;
                rest = Some(Picked::open(group, rows));
            }
        }
        let number = answer.count_set_bits();
        if rest.is_none() {
            add(&self.levels.rows, total);
            add(&self.levels.after_columns, number);
        }
        plan.columns(&columns, &answer, tallies).map_err(failed)?;
        Ok((number as u64, rest))
    }
}
