//! Which rows meet the conditions, by their columns.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::{DataType, TimeUnit};

use crate::format::wkb;
use crate::search::condition::{Column, Condition, Kind, Test, among};

impl Condition {
    /// The rows that meet it.
    pub(crate) fn rows(&self, batch: &RecordBatch) -> BooleanBuffer {
        let all = || BooleanBuffer::new_set(batch.num_rows());
        match self {
            Self::All(list) => list.iter().fold(all(), |rows, one| &rows & &one.rows(batch)),
            Self::Any(list) => {
                let none = BooleanBuffer::new_unset(batch.num_rows());
                list.iter().fold(none, |rows, one| &rows | &one.rows(batch))
            }
            Self::Column(column, test) => find(batch, column)
                .map_or_else(all, |(values, nulls)| test.rows(&values, nulls.as_ref(), column.kind)),
        }
    }
}

/// The column's values, and which of them are null, by themselves or because what they stand in is.
fn find(batch: &RecordBatch, column: &Column) -> Option<(ArrayRef, Option<NullBuffer>)> {
    let (first, rest) = column.path.split_first()?;
    let mut values = batch.column_by_name(first)?.clone();
    let mut nulls = values.logical_nulls();
    for name in rest {
        values = values.as_struct_opt()?.column_by_name(name)?.clone();
        nulls = NullBuffer::union(nulls.as_ref(), values.logical_nulls().as_ref());
    }
    if column.kind == (Kind::Float { finite: false }) {
        nulls = NullBuffer::union(nulls.as_ref(), finite(&values).map(NullBuffer::new).as_ref());
    }
    Some((values, nulls))
}

/// Which of some floats JSON has a number for.
fn finite(values: &ArrayRef) -> Option<BooleanBuffer> {
    match values.data_type() {
        DataType::Float16 => {
            primitives::<Float16Type>(values, <<Float16Type as ArrowPrimitiveType>::Native>::is_finite)
        }
        DataType::Float32 => primitives::<Float32Type>(values, f32::is_finite),
        DataType::Float64 => primitives::<Float64Type>(values, f64::is_finite),
        _ => None,
    }
}

/// The values of a column of numbers or instants (in microseconds) as integers that order as they do; `None` where it is
/// no such column.
pub(crate) fn numbers(batch: &RecordBatch, column: &Column) -> Option<Vec<Option<i64>>> {
    let (values, nulls) = find(batch, column)?;
    let kind = column.kind;
    let all = match values.data_type() {
        DataType::Int8 => each::<Int8Type>(&values, |value| Some(value.into())),
        DataType::Int16 => each::<Int16Type>(&values, |value| Some(value.into())),
        DataType::Int32 => each::<Int32Type>(&values, |value| Some(value.into())),
        DataType::Int64 => each::<Int64Type>(&values, Some),
        DataType::Float16 => each::<Float16Type>(&values, |value| ordered(value.into())),
        DataType::Float32 => each::<Float32Type>(&values, |value| ordered(value.into())),
        DataType::Float64 => each::<Float64Type>(&values, ordered),
        DataType::Timestamp(unit, _) => {
            let micros = |value| Some(kind.micros(value));
            match unit {
                TimeUnit::Second => each::<TimestampSecondType>(&values, micros),
                TimeUnit::Millisecond => each::<TimestampMillisecondType>(&values, micros),
                TimeUnit::Microsecond => each::<TimestampMicrosecondType>(&values, micros),
                TimeUnit::Nanosecond => each::<TimestampNanosecondType>(&values, micros),
            }
        }
        _ => return None,
    };
    let is_null = |row: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
    Some(all.into_iter().enumerate().map(|(row, value)| value.filter(|_| !is_null(row))).collect())
}

/// The values of a column of floats.
pub(crate) fn doubles(batch: &RecordBatch, column: &Column) -> Option<Vec<Option<f64>>> {
    let (values, nulls) = find(batch, column)?;
    let all: Vec<f64> = match values.data_type() {
        DataType::Float32 => {
            values.as_primitive::<Float32Type>().values().iter().map(|&v| v.into()).collect()
        }
        DataType::Float64 => values.as_primitive::<Float64Type>().values().to_vec(),
        _ => return None,
    };
    let is_null = |row: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
    let value = |(row, value): (usize, f64)| Some(value).filter(|value| value.is_finite() && !is_null(row));
    Some(all.into_iter().enumerate().map(value).collect())
}

fn each<T: ArrowPrimitiveType>(
    values: &ArrayRef,
    map: impl Fn(T::Native) -> Option<i64>,
) -> Vec<Option<i64>> {
    values.as_primitive::<T>().values().iter().map(|&value| map(value)).collect()
}

/// An integer that orders as the float does, both zeros the same; `None` of what JSON reads as null.
pub(crate) fn ordered(value: f64) -> Option<i64> {
    let bits = (value + 0.0).to_bits().cast_signed();
    // Of negative floats the greater bits are the lesser values.
    value.is_finite().then_some(if bits < 0 { bits ^ i64::MAX } else { bits })
}

impl Test {
    fn rows(&self, values: &ArrayRef, nulls: Option<&NullBuffer>, kind: Kind) -> BooleanBuffer {
        let length = values.len();
        let valid = || nulls.map_or_else(|| BooleanBuffer::new_set(length), |nulls| nulls.inner().clone());
        let passed = match (self, values.data_type()) {
            (Self::Null, _) => return !&valid(),
            (Self::Integers(low, high), _) => integers(values, |value| (*low..=*high).contains(&value)),
            (Self::IntegersAmong(ranges), _) => integers(values, |value| among(ranges, value, value)),
            (Self::Floats(low, high), _) => floats(values, |value| value >= *low && value <= *high),
            (Self::FloatsAmong(ranges), _) => {
                floats(values, |value| !value.is_nan() && among(ranges, value, value))
            }
            (Self::Times(low, high), _) => {
                instants(values, |value| (*low..=*high).contains(&kind.micros(value)))
            }
            (Self::TimesAmong(ranges), _) => {
                instants(values, |value| among(ranges, kind.micros(value), kind.micros(value)))
            }
            (Self::Texts(low, high), DataType::Utf8) => Some(texts(values, |value| {
                low.as_deref().is_none_or(|low| value >= low)
                    && high.as_deref().is_none_or(|high| value <= high)
            })),
            (Self::Among(list), DataType::Utf8) => {
                Some(texts(values, |value| list.binary_search_by(|one| one.as_str().cmp(value)).is_ok()))
            }
            (Self::Meets(boxes), DataType::Binary) => {
                let values = values.as_binary::<i32>();
                let meets = |row| wkb::bounds(values.value(row)).is_none_or(|found| found.meets(boxes));
                Some(BooleanBuffer::collect_bool(length, |row| {
                    nulls.is_none_or(|n| n.is_valid(row)) && meets(row)
                }))
            }
            // Not null is all that is asked; or a type that is not looked at could be anything.
            _ => None,
        };
        passed.map_or_else(valid, |passed| &passed & &valid())
    }
}

fn integers(values: &ArrayRef, fits: impl Fn(i64) -> bool) -> Option<BooleanBuffer> {
    match values.data_type() {
        DataType::Int8 => primitives::<Int8Type>(values, |value| fits(value.into())),
        DataType::Int16 => primitives::<Int16Type>(values, |value| fits(value.into())),
        DataType::Int32 => primitives::<Int32Type>(values, |value| fits(value.into())),
        DataType::Int64 => primitives::<Int64Type>(values, fits),
        _ => None,
    }
}

fn floats(values: &ArrayRef, fits: impl Fn(f64) -> bool) -> Option<BooleanBuffer> {
    match values.data_type() {
        DataType::Float16 => primitives::<Float16Type>(values, |value| fits(value.into())),
        DataType::Float32 => primitives::<Float32Type>(values, |value| fits(value.into())),
        DataType::Float64 => primitives::<Float64Type>(values, fits),
        _ => None,
    }
}

fn instants(values: &ArrayRef, fits: impl Fn(i64) -> bool) -> Option<BooleanBuffer> {
    let DataType::Timestamp(unit, _) = values.data_type() else { return None };
    match unit {
        TimeUnit::Second => primitives::<TimestampSecondType>(values, fits),
        TimeUnit::Millisecond => primitives::<TimestampMillisecondType>(values, fits),
        TimeUnit::Microsecond => primitives::<TimestampMicrosecondType>(values, fits),
        TimeUnit::Nanosecond => primitives::<TimestampNanosecondType>(values, fits),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an arm of a match with others that have no answer")]
fn primitives<T: ArrowPrimitiveType>(
    values: &ArrayRef,
    fits: impl Fn(T::Native) -> bool,
) -> Option<BooleanBuffer> {
    let values = values.as_primitive::<T>().values();
    Some(BooleanBuffer::collect_bool(values.len(), |row| fits(values[row])))
}

fn texts(values: &ArrayRef, fits: impl Fn(&str) -> bool) -> BooleanBuffer {
    let values = values.as_string::<i32>();
    BooleanBuffer::collect_bool(values.len(), |row| fits(values.value(row)))
}
