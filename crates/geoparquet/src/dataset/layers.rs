//! Files that lie over one another: large ones of several loads, of the same times and places. A search has to look into all that may have an answer.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::dataset::file::DataFile;
use crate::dataset::stats::{Column, End};
use crate::format::time::{DATETIME, END, START};

/// Of so many loads files may lie over one another.
const LAYERS: usize = 4;

/// Those of some files over which others of them, of so many loads, lie that they are worth to be written anew together.
pub(crate) fn crowded(files: &[(usize, &DataFile)]) -> Vec<usize> {
    let mut some: Vec<(usize, Region<'_>)> =
        files.iter().map(|(index, file)| (*index, Region::of(file))).collect();
    // Where those that lie over a file stay as they are, to write it alone changes nothing.
    loop {
        let before = some.len();
        let is_crowded: Vec<bool> = some.iter().map(|(_, region)| region.is_crowded(&some)).collect();
        let mut is_crowded = is_crowded.into_iter();
        some.retain(|_| is_crowded.next().unwrap_or_default());
        if some.len() == before {
            return some.into_iter().map(|(index, _)| index).collect();
        }
    }
}

/// Where and when the Items of a file are, as the log says it.
struct Region<'f> {
    /// Of one load files lie side by side.
    load: &'f str,
    collection: Option<&'f str>,
    /// From west to east, from south to north, and in time (microseconds); all of it where nothing is said.
    sides: [[f64; 2]; 3],
}

impl<'f> Region<'f> {
    fn of(file: &'f DataFile) -> Self {
        let column = |path: &[&str]| {
            let path: Vec<String> = path.iter().copied().map(str::to_owned).collect();
            file.stats().column(&path).and_then(Column::ends)
        };
        let side = |low: &str, high: &str| {
            let least = column(&["bbox", low]).and_then(|(least, _)| number(least));
            let most = column(&["bbox", high]).and_then(|(_, most)| number(most));
            [least.unwrap_or(f64::NEG_INFINITY), most.unwrap_or(f64::INFINITY)]
        };
        let times = [DATETIME, START, END].into_iter().filter_map(|name| {
            let (least, most) = column(&[name])?;
            Some([instant(least)?, instant(most)?])
        });
        let time = times.reduce(|[a, b], [c, d]| [a.min(c), b.max(d)]);
        Self {
            load: file.laid_out().map_or(file.path.as_str(), |laid_out| laid_out.run),
            collection: file.collection(),
            sides: [
                side("xmin", "xmax"),
                side("ymin", "ymax"),
                time.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]),
            ],
        }
    }

    fn is_crowded(&self, all: &[(usize, Self)]) -> bool {
        let mut loads = HashSet::new();
        all.iter().any(|(_, other)| {
            if self.meets(other) {
                loads.insert(other.load);
            }
            loads.len() > LAYERS
        })
    }

    fn meets(&self, other: &Self) -> bool {
        let are_apart = self.collection.zip(other.collection).is_some_and(|(one, other)| one != other);
        let sides = self.sides.iter().zip(&other.sides);
        !are_apart && sides.into_iter().all(|([low, high], [from, to])| low <= to && from <= high)
    }
}

fn number(end: &End) -> Option<f64> {
    match end {
        End::Number(number) => Some(*number),
        #[expect(clippy::cast_precision_loss, reason = "a double that was whole")]
        End::Integer(number) => Some(*number as f64),
        End::Text(_) => None,
    }
}

fn instant(end: &End) -> Option<f64> {
    let End::Text(text) = end else { return None };
    let at: Timestamp = text.parse().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "a microsecond more or less is the same load")]
    Some(at.as_microsecond() as f64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::dataset::file::{KEYS, LAID_OUT};
    use crate::dataset::log::action::{Add, Texts};

    /// A file of a load, whose Items are in these degrees and of this day.
    fn file(load: &str, [west, east]: [f64; 2], day: u32, collection: &str) -> DataFile {
        let time = format!("2024-06-{day:02}T00:00:00.000Z");
        let stats = json!({
            "numRecords": 100_000,
            "minValues": {"bbox": {"xmin": west, "ymin": 0, "xmax": west, "ymax": 0}, "datetime": time, "collection": collection},
            "maxValues": {"bbox": {"xmin": east, "ymin": 1.5, "xmax": east, "ymax": 1.5}, "datetime": time, "collection": collection},
            "nullCount": {"collection": 0},
        });
        let tags: Texts = [
            (KEYS.to_owned(), Some("0:100000".to_owned())),
            (LAID_OUT.to_owned(), Some(format!("{load}:rules:100000"))),
        ]
        .into();
        let add = Add {
            path: format!("{load}-{west}-{day}.parquet"),
            partition_values: Texts::new(),
            size: 1 << 30,
            modification_time: 0,
            data_change: true,
            stats: Some(stats.to_string()),
            tags: Some(tags),
            deletion_vector: None,
        };
        DataFile::of(&Arc::new(add), "test").unwrap()
    }

    fn of(files: &[DataFile]) -> Vec<usize> {
        crowded(&files.iter().enumerate().collect::<Vec<_>>())
    }

    #[test]
    fn files_of_many_loads_lie_over_one_another() {
        let loads = ["a", "b", "c", "d", "e"];
        let over = |loads: &[&str]| -> Vec<DataFile> {
            loads
                .iter()
                .flat_map(|load| [file(load, [0.0, 1.0], 1, "x"), file(load, [3.0, 4.0], 1, "x")])
                .collect()
        };
        assert!(of(&over(&loads[..4])).is_empty());
        assert_eq!(of(&over(&loads)), (0..10).collect::<Vec<_>>());
        // Only where they do.
        let mut some = over(&loads[..4]);
        some.push(file("e", [0.5, 2.0], 1, "x"));
        assert_eq!(of(&some), [0, 2, 4, 6, 8]);
        // Of those that lie over it none is crowded itself.
        let mut weeks: Vec<DataFile> =
            (0..9).map(|n| file(&n.to_string(), [f64::from(n), f64::from(n) + 0.5], 1, "x")).collect();
        weeks.push(file("all", [0.0, 9.0], 1, "x"));
        assert!(of(&weeks).is_empty());
        let apart = |make: &dyn Fn(u32, &str) -> DataFile| {
            assert!(of(&(0..).zip(loads).map(|(n, load)| make(n, load)).collect::<Vec<_>>()).is_empty());
        };
        apart(&|n, load| file(load, [f64::from(n), f64::from(n) + 0.5], 1, "x"));
        apart(&|n, load| file(load, [0.0, 1.0], n + 1, "x"));
        apart(&|_, load| file(load, [0.0, 1.0], 1, load));
        assert!(
            of(&(0..9).map(|_| file("a", [0.0, 1.0], 1, "x")).collect::<Vec<_>>()).is_empty(),
            "one load"
        );
    }
}
