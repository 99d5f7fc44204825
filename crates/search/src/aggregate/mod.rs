//! What many Items say together: how many there are, how often values occur, the least and the greatest, where and when.
//!
//! [`Aggregator`] is the reference: it looks at Items one by one. A store that knows an answer from its columns must agree with it
//! (docs/search-semantics.md, "Aggregations").

mod aggregator;
mod bins;
mod extent;
mod grid;
mod step;
#[cfg(test)]
mod tests;
mod tile;

use jiff::Timestamp;

pub use self::aggregator::Aggregator;
pub use self::bins::Bins;
pub use self::extent::Extent;
pub use self::grid::Grid;
pub use self::step::Step;
pub use self::tile::{Lines, Tile};
use crate::datum::Datum;
use crate::property::Property;

/// So many different values are counted at most: more say nothing to anybody, and would have to be held. Beyond it is an error.
pub const MAX_BUCKETS: usize = 65_536;

/// What is asked of the Items that answer a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregation {
    /// How many there are: [`Aggregate::Total`].
    Total,
    /// The least value of a property, in the order of a search; of Booleans, numbers, instants and strings:
    /// [`Aggregate::Value`].
    Least(Property),
    /// The greatest one: [`Aggregate::Value`].
    Greatest(Property),
    /// How often each value of a property occurs: [`Aggregate::Frequencies`].
    Frequencies(Property),
    /// How many there are in ranges of a property that holds numbers: [`Aggregate::Frequencies`] of numbers, the starts of the ranges.
    Histogram(Property, Bins),
    /// How many there are in each step of time (UTC), by a property that holds instants, or, where none is named, by the
    /// start of their temporal extents: [`Aggregate::Frequencies`] of instants, the starts of the steps.
    Times(Option<Property>, Step),
    /// How many there are in each cell of a grid, by the middle of their `bbox`: [`Aggregate::Frequencies`] of texts, the
    /// names of the cells.
    Cells(Grid),
    /// Where and when they are, taken together: [`Aggregate::Extent`].
    Extent,
}

impl Aggregation {
    /// The property that it looks at.
    pub const fn property(&self) -> Option<&Property> {
        match self {
            Self::Least(property)
            | Self::Greatest(property)
            | Self::Frequencies(property)
            | Self::Histogram(property, _)
            | Self::Times(Some(property), _) => Some(property),
            Self::Total | Self::Times(None, _) | Self::Cells(_) | Self::Extent => None,
        }
    }

    /// The tile that all of these are of: Items elsewhere do not matter to them.
    pub fn tile_of(wanted: &[Self]) -> Option<Tile> {
        let tile = |one: &Self| match one {
            Self::Cells(Grid::Within(tile)) => Some(*tile),
            _ => None,
        };
        let first = wanted.first().and_then(tile)?;
        wanted.iter().all(|one| tile(one) == Some(first)).then_some(first)
    }

    pub(crate) const fn property_mut(&mut self) -> Option<&mut Property> {
        match self {
            Self::Least(property)
            | Self::Greatest(property)
            | Self::Frequencies(property)
            | Self::Histogram(property, _)
            | Self::Times(Some(property), _) => Some(property),
            Self::Total | Self::Times(None, _) | Self::Cells(_) | Self::Extent => None,
        }
    }
}

/// What the Items say.
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregate {
    /// A number of Items.
    Total(u64),
    /// A value; `None`: no Item has one.
    Value(Option<Datum>),
    /// How often values occur.
    Frequencies(Frequencies),
    /// Where and when; `None`: there is no Item.
    Extent(Option<Extent>),
}

/// How often values occur.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frequencies {
    /// Each value once, the most frequent first; those of equal frequency in the order of a search.
    pub buckets: Vec<Bucket>,
    /// Items that have no value: it is absent, or null.
    pub missing: u64,
    /// Items whose value cannot be counted: an array, an object, or no instant or number where one is wanted.
    pub other: u64,
}

/// A value, and how often it occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The value; of a time and of a range its start, of a cell its name.
    pub value: Datum,
    /// In how many Items.
    pub items: u64,
}

impl Bucket {
    /// The start of a step of time.
    pub const fn start(&self) -> Option<Timestamp> {
        match self.value {
            Datum::Instant(at) => Some(at),
            _ => None,
        }
    }
}
