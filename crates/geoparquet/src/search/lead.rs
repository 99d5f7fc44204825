//! The condition that is looked at first, by its columns alone: the others are read only for the rows that it leaves.

use crate::read::table::{Columns, Table};
use crate::search::condition::{Column, Condition, Test};
use crate::search::prune::{Bounds, End};

/// A condition that leaves more of the rows than this is not worth reading by itself.
const MOST_LEFT: f64 = 0.5;

/// A condition that seems to leave few rows, with its columns.
pub(crate) struct Lead {
    pub(crate) condition: Condition,
    pub(crate) columns: Columns,
}

impl Lead {
    /// Of those that all have to be met the one that seems to leave the fewest rows of a row group; `None` where none leaves few, or where it
    /// needs all columns.
    pub(crate) fn of(all: &Condition, table: &Table, group: usize) -> Option<Self> {
        let mut parts = Vec::new();
        all.each_part(&mut |part| parts.push((part.share(&|column| table.bounds(group, column)), part)));
        let (share, part) = parts.into_iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let leaves = |condition: &Condition| {
            let mut leaves = Vec::new();
            condition.each_column(&mut |column| leaves.push(column.leaf));
            leaves
        };
        let of_part = leaves(part);
        if share > MOST_LEFT || leaves(all).iter().all(|leaf| of_part.contains(leaf)) {
            return None;
        }
        let mut paths = Vec::new();
        part.each_column(&mut |column| paths.push(column.path.as_slice()));
        Some(Self { condition: part.clone(), columns: table.columns(|path| paths.contains(&path)) })
    }

    /// Whether it seems to leave few rows of another row group, too.
    pub(crate) fn leaves_few(&self, table: &Table, group: usize) -> bool {
        self.condition.share(&|column| table.bounds(group, column)) <= MOST_LEFT
    }
}

impl Condition {
    /// The conditions that all have to be met.
    fn each_part<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        match self {
            Self::All(list) => list.iter().for_each(|one| one.each_part(visit)),
            Self::Any(_) | Self::Column(..) => visit(self),
        }
    }

    /// About which share of some rows meet it, if their values lie evenly between the ends that are known.
    fn share<'b>(&self, bounds: &impl Fn(&Column) -> Bounds<'b>) -> f64 {
        match self {
            Self::All(list) => list.iter().map(|one| one.share(bounds)).fold(1.0, f64::min),
            Self::Any(list) => list.iter().map(|one| one.share(bounds)).sum::<f64>().min(1.0),
            Self::Column(column, test) => {
                let bounds = bounds(column);
                let micros = |end| column.kind.micros(end);
                match (test, bounds.ends) {
                    (Test::Integers(low, high), Some((End::Integer(least), End::Integer(most)))) => {
                        part([*low, *high].map(approximate), [least, most].map(approximate))
                    }
                    (Test::Times(low, high), Some((End::Integer(least), End::Integer(most)))) => part(
                        [*low, *high].map(approximate),
                        [least, most].map(|end| approximate(micros(end))),
                    ),
                    (Test::Floats(low, high), Some((End::Float(least), End::Float(most)))) => {
                        part([*low, *high], [least, most])
                    }
                    _ if bounds.only_nulls && *test != Test::Null => 0.0,
                    _ => 1.0,
                }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share is a guess")]
fn approximate(value: i64) -> f64 {
    value as f64
}

/// The share of a range that another one covers.
fn part([low, high]: [f64; 2], [least, most]: [f64; 2]) -> f64 {
    let share = (high.min(most) - low.max(least)) / (most - least);
    if share.is_nan() { 1.0 } else { share.clamp(0.0, 1.0) }
}
