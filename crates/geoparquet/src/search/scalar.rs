//! The values of columns of one value a row, asked and counted as their pages have them, without arrays of them. A value that
//! stands in a dictionary is looked at once for all its rows.

use std::cmp::Ordering;

use arrow_buffer::BooleanBuffer;
use parquet::errors::Result;

use crate::read::flat::{Flat, contradiction};
use crate::read::page::{Stored, Values};
use crate::search::condition::{Kind, Test, among};

/// A value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scalar<'a> {
    Integer(i64),
    Float(f64),
    /// In microseconds since 1970.
    Time(i64),
    Text(&'a str),
}

impl Scalar<'_> {
    /// The order of two values of one column.
    pub(crate) fn order(&self, other: &Scalar<'_>) -> Ordering {
        match (self, other) {
            (Self::Integer(a), Scalar::Integer(b)) | (Self::Time(a), Scalar::Time(b)) => a.cmp(b),
            (Self::Float(a), Scalar::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Self::Text(a), Scalar::Text(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

impl Flat {
    /// The rows whose value passes.
    pub(crate) fn passing(&self, test: &Test, kind: Kind) -> Result<BooleanBuffer> {
        let mut rows = Vec::with_capacity(self.rows);
        if matches!(test, Test::Null | Test::NotNull) {
            let wanted = *test == Test::NotNull;
            for data in self.data() {
                let data = data?;
                match &*data.definition {
                    [] => rows.resize(rows.len() + data.entries, wanted),
                    levels => rows.extend(levels.iter().map(|level| (*level == self.whole) == wanted)),
                }
            }
            return Ok(rows.into());
        }
        let known = self.dictionary()?.map(|values| passing(test, kind, values)).transpose()?;
        for data in self.data() {
            let data = data?;
            let looked_up = |places: &[u32]| -> Option<Vec<bool>> {
                let known = known.as_deref()?;
                places.iter().map(|&place| known.get(place as usize).copied()).collect()
            };
            let values = match &data.values {
                Stored::Here(values) => passing(test, kind, values)?,
                Stored::Dictionary(places) if places.is_empty() => Vec::new(),
                Stored::Dictionary(places) => looked_up(places).ok_or_else(contradiction)?,
            };
            if data.definition.is_empty() {
                rows.extend_from_slice(&values);
            } else {
                let mut values = values.into_iter();
                let has_value = data.definition.iter().map(|level| *level == self.whole);
                rows.extend(has_value.map(|has_value| has_value && values.next().unwrap_or_default()));
            }
        }
        if rows.len() == self.rows { Ok(rows.into()) } else { Err(contradiction()) }
    }

    /// Hands over the values of the chosen rows (`None`: of all), each with how many rows have it, if need be more than once;
    /// gives how many rows have none.
    pub(crate) fn tally<'s>(
        &'s self,
        chosen: Option<&BooleanBuffer>,
        kind: Kind,
        mut visit: impl FnMut(Scalar<'s>, u64),
    ) -> Result<u64> {
        let dictionary = self.dictionary()?;
        let mut counts = vec![0; dictionary.map_or(0, Values::len)];
        let (mut first, mut nulls) = (0, 0);
        for data in self.data() {
            let data = data?;
            let mut value = 0;
            for row in 0..data.entries {
                let is_chosen = chosen.is_none_or(|chosen| chosen.value(first + row));
                if data.definition.get(row).is_some_and(|level| *level != self.whole) {
                    nulls += u64::from(is_chosen);
                    continue;
                }
                if is_chosen {
                    match &data.values {
                        Stored::Here(values) => visit(scalar(values, value, kind)?, 1),
                        Stored::Dictionary(places) => {
                            let count = places.get(value).and_then(|&place| counts.get_mut(place as usize));
                            *count.ok_or_else(contradiction)? += 1;
                        }
                    }
                }
                value += 1;
            }
            first += data.entries;
        }
        if let Some(values) = dictionary {
            for (place, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
                visit(scalar(values, place, kind)?, count);
            }
        }
        Ok(nulls)
    }

    /// The doubles of all rows; of those that have none, NaN.
    pub(crate) fn floats(&self) -> Result<Vec<f64>> {
        let mut rows = Vec::with_capacity(self.rows);
        self.each_row(Kind::Float { finite: true }, |value| {
            rows.push(match value {
                None => f64::NAN,
                Some(Scalar::Float(number)) => number,
                Some(_) => return Err(contradiction()),
            });
            Ok(())
        })?;
        Ok(rows)
    }

    /// The instants of all rows, in microseconds since 1970.
    pub(crate) fn instants(&self, kind: Kind) -> Result<Vec<Option<i64>>> {
        let mut rows = Vec::with_capacity(self.rows);
        self.each_row(kind, |value| {
            rows.push(match value {
                None => None,
                Some(Scalar::Time(at)) => Some(at),
                Some(_) => return Err(contradiction()),
            });
            Ok(())
        })?;
        Ok(rows)
    }

    /// Hands over the value of each row, in their order; `None` of one that has none.
    fn each_row<'s>(
        &'s self,
        kind: Kind,
        mut take: impl FnMut(Option<Scalar<'s>>) -> Result<()>,
    ) -> Result<()> {
        let dictionary = self.dictionary()?;
        for data in self.data() {
            let data = data?;
            let mut value = 0;
            for row in 0..data.entries {
                if data.definition.get(row).is_some_and(|level| *level != self.whole) {
                    take(None)?;
                    continue;
                }
                let (values, place) = match (&data.values, dictionary) {
                    (Stored::Here(values), _) => (values, value),
                    (Stored::Dictionary(places), Some(values)) => {
                        (values, *places.get(value).ok_or_else(contradiction)? as usize)
                    }
                    (Stored::Dictionary(_), None) => return Err(contradiction()),
                };
                take(Some(scalar(values, place, kind)?))?;
                value += 1;
            }
        }
        Ok(())
    }
}

/// A value of a page.
fn scalar(values: &Values, place: usize, kind: Kind) -> Result<Scalar<'_>> {
    let found = match (values, kind) {
        (Values::Eight(bytes), Kind::Integer) => {
            bytes.as_chunks().0.get(place).map(|bytes| Scalar::Integer(i64::from_le_bytes(*bytes)))
        }
        (Values::Eight(bytes), Kind::Float { .. }) => {
            bytes.as_chunks().0.get(place).map(|bytes| Scalar::Float(f64::from_le_bytes(*bytes)))
        }
        (Values::Eight(bytes), Kind::Time(_)) => {
            bytes.as_chunks().0.get(place).map(|bytes| Scalar::Time(kind.micros(i64::from_le_bytes(*bytes))))
        }
        (Values::Texts(bytes, ends), Kind::Text) => text(bytes, ends, place).map(Scalar::Text),
        _ => None,
    };
    found.ok_or_else(contradiction)
}

fn text<'b>(bytes: &'b [u8], ends: &[u32], place: usize) -> Option<&'b str> {
    let [before, end] = ends.get(place..)?.first_chunk()?;
    std::str::from_utf8(bytes.get(*before as usize + 4..*end as usize)?).ok()
}

/// Which of some values pass.
fn passing(test: &Test, kind: Kind, values: &Values) -> Result<Vec<bool>> {
    fn each<const N: usize>(bytes: &[u8], test: impl Fn([u8; N]) -> bool) -> Vec<bool> {
        bytes.as_chunks().0.iter().map(|bytes| test(*bytes)).collect()
    }
    Ok(match (test, kind, values) {
        (Test::Integers(low, high), Kind::Integer, Values::Eight(bytes)) => {
            each(bytes, |bytes| (*low..=*high).contains(&i64::from_le_bytes(bytes)))
        }
        (Test::Floats(low, high), Kind::Float { .. }, Values::Eight(bytes)) => {
            each(bytes, |bytes| (*low..=*high).contains(&f64::from_le_bytes(bytes)))
        }
        // As they are in our files.
        (Test::Times(low, high), Kind::Time(1_000), Values::Eight(bytes)) => {
            each(bytes, |bytes| (*low..=*high).contains(&i64::from_le_bytes(bytes)))
        }
        _ => {
            let passes = |place| Ok(test.passes(&scalar(values, place, kind)?));
            (0..values.len()).map(passes).collect::<Result<_>>()?
        }
    })
}

impl Test {
    fn passes(&self, value: &Scalar<'_>) -> bool {
        match (self, *value) {
            (Self::NotNull, _) => true,
            (Self::Integers(low, high), Scalar::Integer(value))
            | (Self::Times(low, high), Scalar::Time(value)) => (*low..=*high).contains(&value),
            (Self::IntegersAmong(ranges), Scalar::Integer(value))
            | (Self::TimesAmong(ranges), Scalar::Time(value)) => among(ranges, value, value),
            (Self::Floats(low, high), Scalar::Float(value)) => (*low..=*high).contains(&value),
            (Self::FloatsAmong(ranges), Scalar::Float(value)) => among(ranges, value, value),
            (Self::Texts(low, high), Scalar::Text(value)) => {
                low.as_deref().is_none_or(|low| value >= low)
                    && high.as_deref().is_none_or(|high| value <= high)
            }
            (Self::Among(list), Scalar::Text(value)) => {
                list.binary_search_by(|one| one.as_str().cmp(value)).is_ok()
            }
            _ => false,
        }
    }
}
