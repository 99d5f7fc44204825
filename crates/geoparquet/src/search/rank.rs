//! The order of a search by one number a row, where the columns have it: enough to tell which rows cannot be among the
//! first.

use arrow_array::RecordBatch;
use parquet::errors::Result;
use stacyard_search::{Compiled, Datum, OrderKey, Property};

use crate::format::time;
use crate::search::condition::{Column, Kind, Maker};
use crate::search::filter::{numbers, ordered};
use crate::search::prune::Numbers;

/// The first component of the order: of two rows that of the lower rank comes first; of equal ranks nothing is known.
pub(crate) struct Rank {
    value: Value,
    descending: bool,
}

/// Ranks of which rows are looked for.
#[derive(Clone, Copy)]
pub(crate) struct Ranked<'r> {
    pub(crate) rank: &'r Rank,
    pub(crate) least: i64,
    pub(crate) most: i64,
}

enum Value {
    Column(Column),
    /// The start of the temporal extent: of the range where a row has one, else the instant.
    Start {
        datetime: Column,
        range: Option<[Column; 2]>,
    },
}

impl Rank {
    /// `None` where the columns do not say it.
    pub(crate) fn of(maker: &Maker<'_>, search: &Compiled) -> Option<Self> {
        let column = |property: &Property| {
            maker.property(property).filter(|column| !matches!(column.kind, Kind::Text | Kind::Other))
        };
        let OrderKey { property, descending } = search.order().first()?;
        let Some(property) = property else {
            let (datetime, range) = maker.extent()?;
            let value = Value::Start { datetime, range };
            return Some(Self { value, descending: *descending });
        };
        let column = column(property)?;
        // Other properties with a column of instants are texts in JSON, and order as such.
        if matches!(column.kind, Kind::Time(_)) && !property.is_instant() {
            return None;
        }
        Some(Self { value: Value::Column(column), descending: *descending })
    }

    /// The columns that it is made of.
    pub(crate) fn columns(&self) -> Vec<&Column> {
        match &self.value {
            Value::Column(column) => vec![column],
            Value::Start { datetime, range } => {
                std::iter::once(datetime).chain(range.iter().flatten()).collect()
            }
        }
    }

    /// Nulls are first in descending and last in ascending order.
    fn of_value(&self, value: Option<i64>) -> i64 {
        // Times of the last day of the year 9999 mean the last instant that there is.
        let last = if self.is_time() { time::whole_micros(jiff::Timestamp::MAX) } else { i64::MAX };
        match value.map(|value| value.min(last)) {
            Some(value) if self.descending => !value,
            Some(value) => value,
            None if self.descending => i64::MIN,
            None => i64::MAX,
        }
    }

    /// The least rank of rows after a place in the order.
    pub(crate) fn after(&self, search: &Compiled, place: &[u8]) -> i64 {
        self.of_place(search, place).unwrap_or(i64::MIN)
    }

    /// The rank of a row at a place in the order; `None` where the place does not say it.
    pub(crate) fn of_place(&self, search: &Compiled, place: &[u8]) -> Option<i64> {
        let place = search.place(place);
        let value = match (place.first(), &self.value) {
            // Columns of instants are looked at in microseconds, rounded down.
            (Some(Datum::Instant(at)), _) if self.is_time() => Some(time::whole_micros(*at)),
            (Some(Datum::Number(number)), Value::Column(column)) => match column.kind {
                Kind::Integer => number.parse().ok(),
                Kind::Float { .. } => number.parse().ok().and_then(ordered),
                Kind::Time(_) | Kind::Text | Kind::Other => None,
            },
            (Some(Datum::Null), _) => return Some(self.of_value(None)),
            _ => None,
        };
        value.map(|value| self.of_value(Some(value)))
    }

    fn is_time(&self) -> bool {
        match &self.value {
            Value::Column(column) => matches!(column.kind, Kind::Time(_)),
            Value::Start { .. } => true,
        }
    }

    /// Of each row; `None` where the columns are not of the types that the schema says.
    pub(crate) fn ranks(&self, batch: &RecordBatch) -> Option<Vec<i64>> {
        let values = match &self.value {
            Value::Column(column) => numbers(batch, column)?,
            Value::Start { datetime, range: None } => numbers(batch, datetime)?,
            Value::Start { datetime, range: Some([start, end]) } => {
                let (instants, starts) = (numbers(batch, datetime)?, numbers(batch, start)?);
                let ranges = starts.into_iter().zip(numbers(batch, end)?);
                let start = |(start, end): (Option<i64>, Option<i64>)| start.filter(|_| end.is_some());
                ranges.zip(instants).map(|(range, instant)| start(range).or(instant)).collect()
            }
        };
        Some(values.into_iter().map(|value| self.of_value(value)).collect())
    }

    /// No row of which this is `known` has a lower rank than the first, or a higher one than the second.
    pub(crate) fn span(&self, known: impl Fn(&Column) -> Result<Option<Numbers>>) -> Result<[i64; 2]> {
        let numbers = match &self.value {
            Value::Column(column) | Value::Start { datetime: column, range: None } => known(column)?,
            Value::Start { datetime, range: Some([start, end]) } => match (known(datetime)?, known(start)?) {
                (Some(instants), Some(starts)) => {
                    let no_end = known(end)?.is_none_or(|ends| ends.has_nulls);
                    let ends = match (instants.ends, starts.ends) {
                        (Some([a, b]), Some([c, d])) => Some([a.min(c), b.max(d)]),
                        (ends, None) | (None, ends) => ends,
                    };
                    let has_nulls = instants.has_nulls && (starts.has_nulls || no_end);
                    Some(Numbers { ends, has_nulls })
                }
                _ => None,
            },
        };
        let Some(Numbers { ends, has_nulls }) = numbers else { return Ok([i64::MIN, i64::MAX]) };
        let values = ends.into_iter().flatten().map(Some).chain(has_nulls.then_some(None));
        let ranks = values.map(|value| self.of_value(value));
        let widen = |span: Option<[i64; 2]>, rank: i64| {
            let [least, most] = span.unwrap_or([rank, rank]);
            Some([least.min(rank), most.max(rank)])
        };
        Ok(ranks.fold(None, widen).unwrap_or([i64::MIN, i64::MAX]))
    }
}
