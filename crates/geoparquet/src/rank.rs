//! The order of a search by one number a row, where the columns have it: enough to tell which rows cannot be among the
//! first.

use arrow_array::RecordBatch;
use stacyard_search::{Compiled, Property};

use crate::condition::{Column, Kind, Maker};
use crate::filter::numbers;
use crate::prune::Numbers;
use crate::table::Table;
use crate::time;

/// The first component of the order: of two rows that of the lower rank comes first; of equal ranks nothing is known.
pub(crate) struct Rank {
    value: Value,
    descending: bool,
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
        let Some(first) = search.request().sortby.first() else {
            let named = |name: &str| {
                column(&Property::parse(name).ok()?).filter(|column| matches!(column.kind, Kind::Time(_)))
            };
            let ends = ["start_datetime", "end_datetime"];
            let has_ranges = ends.iter().all(|name| maker.table.fields.iter().any(|f| f.name() == name));
            let range = if has_ranges { Some([named(ends[0])?, named(ends[1])?]) } else { None };
            let value = Value::Start { datetime: named("datetime")?, range };
            return Some(Self { value, descending: true });
        };
        let column = column(&first.property)?;
        // Other properties with a column of instants are texts in JSON, and order as such.
        if matches!(column.kind, Kind::Time(_)) && !first.property.is_instant() {
            return None;
        }
        Some(Self { value: Value::Column(column), descending: first.descending })
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

    /// Rows behind a place in the order have at least this rank.
    pub(crate) fn behind(&self, search: &Compiled, place: &[u8]) -> i64 {
        match search.first_instant(place) {
            // Columns of instants are looked at in microseconds, rounded down.
            Some(instant) if self.is_time() => self.of_value(Some(time::whole_micros(instant))),
            _ => i64::MIN,
        }
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

    /// No row of the group has a lower rank.
    pub(crate) fn best(&self, table: &Table, group: usize) -> i64 {
        let known = |column: &Column| table.group_numbers(group, column);
        let numbers = match &self.value {
            Value::Column(column) => known(column),
            Value::Start { datetime, range: None } => known(datetime),
            Value::Start { datetime, range: Some(range) } => {
                known(datetime).zip(known(&range[0])).map(|(instants, starts)| {
                    let no_end = known(&range[1]).is_none_or(|ends| ends.has_nulls);
                    let ends = match (instants.ends, starts.ends) {
                        (Some([a, b]), Some([c, d])) => Some([a.min(c), b.max(d)]),
                        (ends, None) | (None, ends) => ends,
                    };
                    let has_nulls = instants.has_nulls && (starts.has_nulls || no_end);
                    Numbers { ends, has_nulls }
                })
            }
        };
        match numbers {
            Some(Numbers { ends: Some([least, most]), has_nulls }) if !(has_nulls && self.descending) => {
                self.of_value(Some(if self.descending { most } else { least }))
            }
            Some(Numbers { ends: None, .. }) => self.of_value(None),
            _ => i64::MIN,
        }
    }
}
