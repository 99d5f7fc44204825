//! Which row groups and pages can hold a row that meets the conditions, by what the file says of their values.

use std::ops::Range;

use parquet::errors::Result;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::statistics::Statistics;
use parquet::geospatial::bounding_box::BoundingBox;
use parquet::geospatial::statistics::GeospatialStatistics;

use crate::format::wkb::Bounds as Area;
use crate::read::table::Table;
use crate::search::condition::{Column, Condition, Kind, Test, among};
use crate::search::filter::ordered;
use crate::search::scalar::Scalar;
use crate::search::verdict::{Share, Verdict};

/// What is known of some values of a column. Texts may be cut: then they are bounds all the same.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Bounds<'a> {
    pub(crate) ends: Option<(End<'a>, End<'a>)>,
    /// There is no null among them; there is nothing else.
    pub(crate) no_nulls: bool,
    pub(crate) only_nulls: bool,
    /// The box around some geometries.
    pub(crate) area: Option<Area>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum End<'a> {
    Integer(i64),
    Float(f64),
    Text(&'a [u8]),
}

/// The least and the greatest of some numbers, `None` where all are null; and whether there can be nulls.
pub(crate) struct Numbers {
    pub(crate) ends: Option<[i64; 2]>,
    pub(crate) has_nulls: bool,
}

impl Bounds<'_> {
    /// Of a column of numbers or instants.
    pub(crate) fn numbers(&self, kind: Kind) -> Option<Numbers> {
        if self.only_nulls {
            return Some(Numbers { ends: None, has_nulls: true });
        }
        let ends = match self.ends? {
            (End::Integer(least), End::Integer(most)) => [least, most].map(|end| kind.micros(end)),
            (End::Float(least), End::Float(most)) => [ordered(least)?, ordered(most)?],
            _ => return None,
        };
        Some(Numbers { ends: Some(ends), has_nulls: !self.no_nulls })
    }
}

impl Test {
    /// Whether one of the values can pass.
    fn may_pass(&self, kind: Kind, bounds: &Bounds<'_>) -> bool {
        match self {
            Self::Null => return !bounds.no_nulls,
            _ if bounds.only_nulls => return false,
            Self::NotNull => return true,
            Self::Meets(boxes) => return bounds.area.is_none_or(|area| area.meets(boxes)),
            _ => {}
        }
        let Some((least, most)) = bounds.ends else { return true };
        match (self, least, most) {
            (Self::Integers(low, high), End::Integer(least), End::Integer(most)) => {
                least <= *high && most >= *low
            }
            (Self::Times(low, high), End::Integer(least), End::Integer(most)) => {
                kind.micros(least) <= *high && kind.micros(most) >= *low
            }
            (Self::IntegersAmong(ranges), End::Integer(least), End::Integer(most)) => {
                among(ranges, least, most)
            }
            (Self::TimesAmong(ranges), End::Integer(least), End::Integer(most)) => {
                among(ranges, kind.micros(least), kind.micros(most))
            }
            (Self::FloatsAmong(ranges), End::Float(least), End::Float(most)) => {
                least.is_nan() || most.is_nan() || among(ranges, least, most)
            }
            // Of NaN nothing is known.
            (Self::Floats(low, high), End::Float(least), End::Float(most)) => !(least > *high || most < *low),
            (Self::Texts(low, high), End::Text(least), End::Text(most)) => {
                high.as_ref().is_none_or(|high| least <= high.as_bytes())
                    && low.as_ref().is_none_or(|low| most >= low.as_bytes())
            }
            (Self::Among(list), End::Text(least), End::Text(most)) => {
                let first = list.partition_point(|one| one.as_bytes() < least);
                list.get(first).is_some_and(|one| one.as_bytes() <= most)
            }
            _ => true,
        }
    }
}

impl Test {
    /// Whether all of the values pass.
    fn must_pass(&self, kind: Kind, bounds: &Bounds<'_>) -> bool {
        match self {
            Self::Null => return bounds.only_nulls,
            Self::NotNull => return bounds.no_nulls,
            _ if !bounds.no_nulls => return false,
            _ => {}
        }
        match (self, bounds.ends) {
            (Self::Integers(low, high), Some((End::Integer(least), End::Integer(most)))) => {
                least >= *low && most <= *high
            }
            (Self::Times(low, high), Some((End::Integer(least), End::Integer(most)))) => {
                kind.micros(least) >= *low && kind.micros(most) <= *high
            }
            (Self::Floats(low, high), Some((End::Float(least), End::Float(most)))) => {
                least >= *low && most <= *high
            }
            (Self::Texts(low, high), Some((End::Text(least), End::Text(most)))) => {
                low.as_ref().is_none_or(|low| least >= low.as_bytes())
                    && high.as_ref().is_none_or(|high| most <= high.as_bytes())
            }
            _ => false,
        }
    }
}

/// The box of a chunk's geometries, where it says one that is not across the antimeridian.
fn area(of: &BoundingBox) -> Option<Area> {
    let area = Area { min: [of.get_xmin(), of.get_ymin()], max: [of.get_xmax(), of.get_ymax()] };
    (0..2).all(|axis| area.min[axis] <= area.max[axis]).then_some(area)
}

impl Kind {
    /// Whether there can be nulls that the file does not count as such.
    fn has_uncounted_nulls(self) -> bool {
        self == Self::Float { finite: false }
    }

    /// An instant in microseconds, rounded down.
    pub(crate) fn micros(self, value: i64) -> i64 {
        match self {
            Self::Time(unit) if unit >= 1_000 => value.saturating_mul(unit / 1_000),
            Self::Time(unit) => value.div_euclid(1_000 / unit),
            _ => value,
        }
    }
}

impl Condition {
    /// Whether a row can meet it, where `leaf` says so of the conditions that hold no others.
    fn may_hold(&self, leaf: &impl Fn(&Self) -> Result<bool>) -> Result<bool> {
        // Of `All` one that cannot decides, of `Any` one that can.
        let (list, decisive) = match self {
            Self::All(list) => (list, false),
            Self::Any(list) => (list, true),
            Self::Column(..) => return leaf(self),
        };
        for one in list {
            if one.may_hold(leaf)? == decisive {
                return Ok(decisive);
            }
        }
        Ok(!decisive)
    }

    /// The same by what is known of the columns.
    pub(crate) fn may_hold_within<'b>(
        &self,
        bounds: &impl Fn(&Column) -> Result<Bounds<'b>>,
    ) -> Result<bool> {
        self.may_hold(&|leaf| {
            Ok(match leaf {
                Self::Column(column, test) => test.may_pass(column.kind, &bounds(column)?),
                Self::All(_) | Self::Any(_) => true,
            })
        })
    }
}

impl Table {
    /// Whether the statistics of a row group leave it open that a row meets the condition.
    pub(crate) fn group_may_hold(&self, group: usize, condition: &Condition) -> bool {
        let bounds = |column: &Column| Ok(self.bounds(group, column));
        condition.may_hold_within(&bounds).unwrap_or(true)
    }

    /// What the statistics of a row group say of a column.
    pub(crate) fn bounds(&self, group: usize, column: &Column) -> Bounds<'_> {
        let chunk = self.group(group).column(column.leaf);
        let area = chunk.geo_statistics().and_then(GeospatialStatistics::bounding_box).and_then(area);
        let Some(statistics) = chunk.statistics() else { return Bounds { area, ..Bounds::default() } };
        let nulls = statistics.null_count_opt();
        let integers = |least: Option<i64>, most: Option<i64>| {
            least.zip(most).map(|(least, most)| (End::Integer(least), End::Integer(most)))
        };
        let floats = |least: Option<f64>, most: Option<f64>| {
            least.zip(most).map(|(least, most)| (End::Float(least), End::Float(most)))
        };
        let ends = match statistics {
            Statistics::Int32(s) => {
                integers(s.min_opt().copied().map(i64::from), s.max_opt().copied().map(i64::from))
            }
            Statistics::Int64(s) => integers(s.min_opt().copied(), s.max_opt().copied()),
            Statistics::Float(s) => {
                floats(s.min_opt().copied().map(f64::from), s.max_opt().copied().map(f64::from))
            }
            Statistics::Double(s) => floats(s.min_opt().copied(), s.max_opt().copied()),
            // Old writers compared bytes as signed numbers.
            Statistics::ByteArray(s) if !statistics.is_min_max_deprecated() => {
                let ends = s.min_bytes_opt().zip(s.max_bytes_opt());
                ends.map(|(least, most)| (End::Text(least), End::Text(most)))
            }
            _ => None,
        };
        let no_nulls = nulls == Some(0) && !column.kind.has_uncounted_nulls();
        Bounds { ends, no_nulls, only_nulls: nulls == Some(self.rows(group) as u64), area }
    }

    /// How many rows of a row group are in a set, by the statistics.
    pub(crate) fn group_share(&self, group: usize, verdict: &Verdict) -> Share {
        verdict.share(&|column, test| {
            let bounds = self.bounds(group, column);
            if !test.may_pass(column.kind, &bounds) {
                Share::None
            } else if test.must_pass(column.kind, &bounds) {
                Share::All
            } else {
                Share::Some
            }
        })
    }

    /// Whether all of a column is null, by the statistics.
    pub(crate) fn is_null(&self, group: usize, column: &Column) -> bool {
        self.bounds(group, column).only_nulls
    }

    /// The least and the greatest value of a column of numbers or instants in our own files, none where all are null; `None` where
    /// the statistics do not say it.
    pub(crate) fn group_ends(&self, group: usize, column: &Column) -> Option<Vec<Scalar<'static>>> {
        let bounds = self.bounds(group, column);
        if bounds.only_nulls {
            return Some(Vec::new());
        }
        let scalar = |end| match (end, column.kind) {
            (End::Integer(value), Kind::Integer) => Some(Scalar::Integer(value)),
            (End::Integer(value), Kind::Time(_)) => Some(Scalar::Time(column.kind.micros(value))),
            (End::Float(value), Kind::Float { .. }) => Some(Scalar::Float(value)),
            _ => None,
        };
        let (least, most) = bounds.ends?;
        Some(vec![scalar(least)?, scalar(most)?])
    }

    /// What is known of a column of numbers or instants, as [`crate::search::filter::numbers`] gives them; `None` if nothing is.
    pub(crate) fn group_numbers(&self, group: usize, column: &Column) -> Option<Numbers> {
        self.bounds(group, column).numbers(column.kind)
    }

    /// The same of the page that holds a row.
    pub(crate) fn page_numbers(&self, group: usize, column: &Column, row: usize) -> Result<Option<Numbers>> {
        Ok(self.page_bounds(group, column, row)?.numbers(column.kind))
    }

    /// Whether the page index leaves it open that a row of the pages that hold a row meets the condition.
    pub(crate) fn page_may_hold(&self, group: usize, condition: &Condition, row: usize) -> Result<bool> {
        condition.may_hold_within(&|column| self.page_bounds(group, column, row))
    }

    /// Whether the Bloom filters of a row group leave it open.
    pub(crate) fn group_may_have(&self, group: usize, condition: &Condition) -> Result<bool> {
        condition.may_hold(&|leaf| {
            let Condition::Column(column, Test::Among(list)) = leaf else { return Ok(true) };
            let filter = self.bloom_filter(group, column.leaf)?;
            Ok(filter.is_none_or(|filter| list.iter().any(|one| filter.check(one.as_str()))))
        })
    }

    /// In runs, the rows of the pages that are kept, by the first row that they have in common; and how many stretches of rows
    /// there are whose pages of these columns are the same, and how many of them are left.
    pub(crate) fn rows_of_pages(
        &self,
        group: usize,
        columns: &[&Column],
        mut keep: impl FnMut(usize) -> Result<bool>,
    ) -> Result<(Vec<Range<usize>>, [usize; 2])> {
        let rows = self.rows(group);
        // Pages of different columns need not end at the same rows: each stretch between two ends is asked.
        let mut ends = vec![rows];
        for column in columns {
            if let Some((pages, _)) = self.pages(group, column.leaf)? {
                ends.extend(pages.iter().filter_map(|page| usize::try_from(page.first_row_index).ok()));
            }
        }
        ends.retain(|&end| end > 0 && end <= rows);
        ends.sort_unstable();
        ends.dedup();
        let mut start = 0;
        let mut kept: Vec<Range<usize>> = Vec::new();
        for &end in &ends {
            if keep(start)? {
                kept.push(start..end);
            }
            start = end;
        }
        let counts = [ends.len(), kept.len()];
        Ok((kept, counts))
    }

    /// Of the page that holds a row.
    fn page_bounds(&self, group: usize, column: &Column, row: usize) -> Result<Bounds<'_>> {
        let Some((pages, values)) = self.pages(group, column.leaf)? else { return Ok(Bounds::default()) };
        // It panics when asked for anything.
        if matches!(values, ColumnIndexMetaData::NONE) {
            return Ok(Bounds::default());
        }
        let next = pages.partition_point(|page: &PageLocation| {
            usize::try_from(page.first_row_index).is_ok_and(|first| first <= row)
        });
        let Some(page) = next.checked_sub(1).filter(|&page| (page as u64) < values.num_pages()) else {
            return Ok(Bounds::default());
        };
        let integers =
            |ends: Option<(i64, i64)>| ends.map(|(least, most)| (End::Integer(least), End::Integer(most)));
        let floats =
            |ends: Option<(f64, f64)>| ends.map(|(least, most)| (End::Float(least), End::Float(most)));
        let ends = match values {
            ColumnIndexMetaData::INT32(index) => {
                let ends = index.min_value(page).zip(index.max_value(page));
                integers(ends.map(|(least, most)| (i64::from(*least), i64::from(*most))))
            }
            ColumnIndexMetaData::INT64(index) => {
                integers(index.min_value(page).copied().zip(index.max_value(page).copied()))
            }
            ColumnIndexMetaData::FLOAT(index) => {
                let ends = index.min_value(page).zip(index.max_value(page));
                floats(ends.map(|(least, most)| (f64::from(*least), f64::from(*most))))
            }
            ColumnIndexMetaData::DOUBLE(index) => {
                floats(index.min_value(page).copied().zip(index.max_value(page).copied()))
            }
            ColumnIndexMetaData::BYTE_ARRAY(index) => {
                let ends = index.min_value(page).zip(index.max_value(page));
                ends.map(|(least, most)| (End::Text(least), End::Text(most)))
            }
            _ => None,
        };
        Ok(Bounds {
            ends,
            no_nulls: values.null_count(page) == Some(0) && !column.kind.has_uncounted_nulls(),
            only_nulls: values.is_null_page(page),
            area: None,
        })
    }
}
