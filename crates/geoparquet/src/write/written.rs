//! What a writer says of the file that it has written: what a table of many files keeps of each.

use jiff::Timestamp;
use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;
use stacyard_search::Extent;

use crate::format::time::{DATETIME, END, START};

/// A GeoParquet file that has been written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// How many rows it has, an Item each.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Where and when the Items are, at most: the box is that around all geometries, from west to east without the
    /// antimeridian, and times are in microseconds, rounded down. `None`: there are no rows.
    pub extent: Option<Extent>,
    /// The leaf columns in the order of the schema.
    pub statistics: Vec<ColumnStatistics>,
}

/// What is known of the values of a leaf column, over all row groups. Values that stand in the residual
/// (docs/geoparquet-layout.md) are not among those of the column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnStatistics {
    /// Its path in the schema of the file, name by name.
    pub path: Vec<String>,
    /// How many nulls it has; `None`: that is not counted.
    pub nulls: Option<u64>,
    /// The least and the greatest value. `None`: there are no values, or no statistics of them.
    pub ends: Option<Ends>,
}

/// The least and the greatest value of a column, by its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Ends {
    /// False is less than true.
    Booleans([bool; 2]),
    /// Integers.
    Integers([i64; 2]),
    /// Doubles, all of them finite.
    Numbers([f64; 2]),
    /// Instants, in microseconds, rounded down.
    Instants([Timestamp; 2]),
    /// Texts, by their bytes. Long ones are cut, the greatest upwards, so that none is less or greater all the same.
    Texts([String; 2]),
}

impl Written {
    /// By the footer of the file, and its size.
    pub(crate) fn of(footer: &ParquetMetaData, bytes: u64) -> Self {
        let rows = footer.file_metadata().num_rows().unsigned_abs();
        let mut extent = Bounds::default();
        let columns = footer.file_metadata().schema_descr().columns().iter().enumerate();
        let statistics = columns.map(|(leaf, column)| {
            let chunks = || footer.row_groups().iter().map(|group| group.column(leaf));
            let time = match column.logical_type_ref() {
                Some(LogicalType::Timestamp(time)) => Some(time.unit),
                _ => None,
            };
            // Others may write another unit; of those nothing is said.
            let ends = match time {
                Some(unit) if !matches!(unit, TimeUnit::MICROS) => None,
                time => Ends::of_all(chunks(), time.is_some()),
            };
            extent.add(column.path().parts(), ends.as_ref());
            ColumnStatistics {
                path: column.path().parts().to_vec(),
                nulls: chunks().map(|chunk| chunk.statistics()?.null_count_opt()).sum(),
                ends,
            }
        });
        let statistics = statistics.collect();
        Self { rows, bytes, extent: (rows > 0).then(|| extent.extent()), statistics }
    }
}

impl Ends {
    /// Of all row groups; `None` also where one of them has values of which it says nothing.
    fn of_all<'a>(chunks: impl Iterator<Item = &'a ColumnChunkMetaData>, is_time: bool) -> Option<Self> {
        let mut all = None;
        for chunk in chunks {
            let statistics = chunk.statistics()?;
            match Self::of(statistics, is_time) {
                Some(ends) => all = Some(ends.around(all)),
                None if statistics.null_count_opt() == Some(chunk.num_values().cast_unsigned()) => {}
                None => return None,
            }
        }
        all
    }

    fn of(statistics: &Statistics, is_time: bool) -> Option<Self> {
        Some(match statistics {
            Statistics::Boolean(of) => Self::Booleans([*of.min_opt()?, *of.max_opt()?]),
            Statistics::Int64(of) if is_time => Self::Instants([*of.min_opt()?, *of.max_opt()?].map(instant)),
            Statistics::Int64(of) => Self::Integers([*of.min_opt()?, *of.max_opt()?]),
            Statistics::Double(of) => Self::Numbers([*of.min_opt()?, *of.max_opt()?]),
            Statistics::ByteArray(of) => {
                let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
                Self::Texts([text(of.min_bytes_opt()?)?, text(of.max_bytes_opt()?)?])
            }
            _ => return None,
        })
    }

    /// Those of both; a column has values of one type.
    fn around(self, other: Option<Self>) -> Self {
        fn join<T: Ord>([a, b]: [T; 2], [c, d]: [T; 2]) -> [T; 2] {
            [a.min(c), b.max(d)]
        }
        match (self, other) {
            (Self::Booleans(these), Some(Self::Booleans(those))) => Self::Booleans(join(these, those)),
            (Self::Integers(these), Some(Self::Integers(those))) => Self::Integers(join(these, those)),
            (Self::Numbers([a, b]), Some(Self::Numbers([c, d]))) => Self::Numbers([a.min(c), b.max(d)]),
            (Self::Instants(these), Some(Self::Instants(those))) => Self::Instants(join(these, those)),
            (Self::Texts(these), Some(Self::Texts(those))) => Self::Texts(join(these, those)),
            (this, _) => this,
        }
    }
}

/// Times of the last day of the year 9999 mean the last instant that there is.
fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// Where and when Items are, by the columns that say it.
#[derive(Default)]
struct Bounds {
    bbox: [Option<f64>; 4],
    interval: Option<Ends>,
}

impl Bounds {
    fn add(&mut self, path: &[String], ends: Option<&Ends>) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (&path[..], ends) {
            (["bbox", edge], Some(Ends::Numbers([least, most]))) => match *edge {
                "xmin" => self.bbox[0] = Some(*least),
                "ymin" => self.bbox[1] = Some(*least),
                "xmax" => self.bbox[2] = Some(*most),
                "ymax" => self.bbox[3] = Some(*most),
                _ => {}
            },
            ([DATETIME | START | END], Some(ends)) => {
                self.interval = Some(ends.clone().around(self.interval.take()));
            }
            _ => {}
        }
    }

    fn extent(self) -> Extent {
        let [west, south, east, north] = self.bbox;
        let bbox = west.zip(south).zip(east.zip(north));
        let interval = match self.interval {
            Some(Ends::Instants(interval)) => Some(interval),
            _ => None,
        };
        Extent { bbox: bbox.map(|((west, south), (east, north))| [west, south, east, north]), interval }
    }
}
