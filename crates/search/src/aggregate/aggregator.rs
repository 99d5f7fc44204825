//! The reference of aggregations: Items are looked at one by one.

use std::collections::HashMap;

use jiff::Timestamp;
use stacyard_model::Rfc3339;
use stacyard_model::json::{Kind, Number, Value};

use super::extent::Around;
use super::{Aggregate, Aggregation, Bins, Bucket, Extent, Frequencies, Grid, MAX_BUCKETS, Step};
use crate::datum::Datum;
use crate::error::{ItemError, MatchError, SearchError, TooMany};
use crate::order;
use crate::property::{ItemView, Property};
use crate::time::extent_of;

/// Makes aggregates of Items, some at a time: one for each worker, joined at the end.
#[derive(Debug, Clone)]
pub struct Aggregator {
    parts: Vec<(Aggregation, Part)>,
}

/// What has been seen so far.
#[derive(Debug, Clone)]
enum Part {
    Total(u64),
    /// The least or the greatest value, as its place in the order.
    Value(Option<Vec<u8>>),
    Counts {
        /// By the places of the values in the order.
        buckets: HashMap<Vec<u8>, u64>,
        missing: u64,
        other: u64,
    },
    Extent {
        around: Option<Around>,
        interval: Option<[Timestamp; 2]>,
        is_empty: bool,
    },
}

impl Aggregator {
    /// Of what is wanted.
    ///
    /// # Errors
    /// Steps of time of a property that holds no instants.
    pub fn new(wanted: &[Aggregation]) -> Result<Self, SearchError> {
        let part = |aggregation: &Aggregation| {
            Ok(match aggregation {
                Aggregation::Total => Part::Total(0),
                Aggregation::Least(_) | Aggregation::Greatest(_) => Part::Value(None),
                Aggregation::Times(Some(property), _) if !property.is_instant() => {
                    return Err(SearchError::NoInstants { name: property.name().to_owned() });
                }
                Aggregation::Frequencies(_)
                | Aggregation::Histogram(..)
                | Aggregation::Times(..)
                | Aggregation::Cells(_) => Part::Counts { buckets: HashMap::new(), missing: 0, other: 0 },
                Aggregation::Extent => Part::Extent { around: None, interval: None, is_empty: true },
            })
        };
        let parts = wanted.iter().map(|wanted| Ok((wanted.clone(), part(wanted)?)));
        Ok(Self { parts: parts.collect::<Result<_, SearchError>>()? })
    }

    /// Looks at an Item.
    ///
    /// # Errors
    /// Times of it that are malformed, which the gate does not let pass; more values than are counted.
    pub fn add(&mut self, item: Value<'_>) -> Result<(), MatchError> {
        let view = ItemView::of(item);
        for (aggregation, part) in &mut self.parts {
            match aggregation {
                Aggregation::Total => part.count(1),
                Aggregation::Least(property) | Aggregation::Greatest(property) => {
                    if let Some(key) = key(property, &view) {
                        part.keep(key, matches!(aggregation, Aggregation::Greatest(_)));
                    }
                }
                Aggregation::Frequencies(property) => {
                    let seen = match property.find(&view) {
                        Some(value) if !value.is_null() => {
                            key(property, &view).map_or(Seen::Other, Seen::Key)
                        }
                        _ => Seen::Missing,
                    };
                    part.see(seen, 1, aggregation)?;
                }
                Aggregation::Histogram(property, bins) => {
                    part.see(range(property, *bins, &view), 1, aggregation)?;
                }
                Aggregation::Times(property, step) => {
                    part.see(time(property.as_ref(), *step, &view)?, 1, aggregation)?;
                }
                Aggregation::Cells(grid) => part.see(cell(*grid, item), 1, aggregation)?,
                Aggregation::Extent => {
                    // Where it is says something also where a time of it does not.
                    let span = extent_of(&view);
                    let known = span.as_ref().ok().copied().flatten();
                    part.widen(bbox(item), known.map(|span| (span.start(), span.end())));
                    span?;
                }
            }
        }
        Ok(())
    }

    /// Takes the same value of many Items at once, for the part at this place: what a store knows of a column. Where values are
    /// counted, a null is one that is missing.
    ///
    /// # Errors
    /// More values than are counted.
    pub fn add_values(&mut self, part: usize, value: &Datum, items: u64) -> Result<(), MatchError> {
        let Some((aggregation, part)) = self.parts.get_mut(part).filter(|_| items > 0) else { return Ok(()) };
        let key = key_of(value);
        match (&*aggregation, key) {
            (Aggregation::Total, _) => part.count(items),
            (Aggregation::Least(_) | Aggregation::Greatest(_), Some(key)) => {
                part.keep(key, matches!(aggregation, Aggregation::Greatest(_)));
            }
            (Aggregation::Times(_, step), Some(_)) => {
                let seen = match value {
                    Datum::Instant(at) => Seen::instant(step.start(*at)),
                    _ => Seen::Other,
                };
                part.see(seen, items, aggregation)?;
            }
            (Aggregation::Histogram(_, bins), Some(_)) => {
                let number = match value {
                    Datum::Number(text) => text.parse().ok(),
                    _ => None,
                };
                part.see(Seen::range(*bins, number), items, aggregation)?;
            }
            (_, key) => part.see(key.map_or(Seen::Missing, Seen::Key), items, aggregation)?,
        }
        Ok(())
    }

    /// Adds what another one has seen.
    ///
    /// # Errors
    /// More values than are counted.
    pub fn merge(&mut self, other: Self) -> Result<(), MatchError> {
        for ((aggregation, part), (_, more)) in self.parts.iter_mut().zip(other.parts) {
            match more {
                Part::Total(items) => part.count(items),
                Part::Value(key) => {
                    if let Some(key) = key {
                        part.keep(key, matches!(aggregation, Aggregation::Greatest(_)));
                    }
                }
                Part::Counts { buckets, missing, other } => {
                    for (key, items) in buckets {
                        part.see(Seen::Key(key), items, aggregation)?;
                    }
                    part.see(Seen::Missing, missing, aggregation)?;
                    part.see(Seen::Other, other, aggregation)?;
                }
                Part::Extent { is_empty: true, .. } => {}
                Part::Extent { around, interval, .. } => {
                    part.widen(None, interval.map(|[start, end]| (Some(start), Some(end))));
                    if let Part::Extent { around: all, .. } = part {
                        *all = [*all, around].into_iter().flatten().reduce(Around::and);
                    }
                }
            }
        }
        Ok(())
    }

    /// What the Items say, in the order in which it was wanted.
    pub fn finish(self) -> Vec<Aggregate> {
        self.parts.into_iter().map(|(_, part)| part.finish()).collect()
    }
}

/// What an Item has where values are counted.
enum Seen {
    Key(Vec<u8>),
    Missing,
    Other,
    /// It is not asked for.
    Elsewhere,
}

impl Seen {
    fn instant(at: Timestamp) -> Self {
        let mut key = Vec::new();
        order::push_instant(&mut key, at);
        Self::Key(key)
    }

    /// `None`: it is no number.
    fn range(bins: Bins, number: Option<f64>) -> Self {
        let Some(start) = number.and_then(|number| bins.start(number)) else { return Self::Other };
        let mut key = Vec::new();
        order::push_datum(&mut key, &Datum::Number(start.to_string()));
        Self::Key(key)
    }
}

impl Part {
    fn count(&mut self, more: u64) {
        if let Self::Total(items) = self {
            *items += more;
        }
    }

    /// Keeps the least value, or the greatest.
    fn keep(&mut self, key: Vec<u8>, greatest: bool) {
        if let Self::Value(kept) = self
            && kept.as_ref().is_none_or(|kept| if greatest { key > *kept } else { key < *kept })
        {
            *kept = Some(key);
        }
    }

    fn see(&mut self, seen: Seen, items: u64, aggregation: &Aggregation) -> Result<(), TooMany> {
        let Self::Counts { buckets, missing, other } = self else { return Ok(()) };
        match seen {
            Seen::Missing => *missing += items,
            Seen::Other => *other += items,
            Seen::Elsewhere => {}
            Seen::Key(key) => {
                if let Some(count) = buckets.get_mut(&key) {
                    *count += items;
                } else if buckets.len() < MAX_BUCKETS {
                    buckets.insert(key, items);
                } else {
                    return Err(TooMany {
                        of: aggregation.property().map(|property| property.name().to_owned()),
                    });
                }
            }
        }
        Ok(())
    }

    fn widen(&mut self, bbox: Option<[f64; 4]>, span: Option<(Option<Timestamp>, Option<Timestamp>)>) {
        let Self::Extent { around, interval, is_empty } = self else { return };
        *is_empty = false;
        *around = [*around, bbox.map(Around::of)].into_iter().flatten().reduce(Around::and);
        if let Some((Some(start), Some(end))) = span {
            *interval =
                Some(interval.map_or([start, end], |[first, last]| [first.min(start), last.max(end)]));
        }
    }

    fn finish(self) -> Aggregate {
        match self {
            Self::Total(items) => Aggregate::Total(items),
            Self::Value(key) => Aggregate::Value(key.and_then(|key| order::value(&key))),
            Self::Counts { buckets, missing, other } => {
                let mut buckets: Vec<_> = buckets.into_iter().collect();
                buckets.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
                let buckets = buckets.into_iter();
                let buckets =
                    buckets.filter_map(|(key, items)| Some(Bucket { value: order::value(&key)?, items }));
                Aggregate::Frequencies(Frequencies { buckets: buckets.collect(), missing, other })
            }
            Self::Extent { is_empty: true, .. } => Aggregate::Extent(None),
            Self::Extent { around, interval, .. } => {
                Aggregate::Extent(Some(Extent { bbox: around.map(Around::bbox), interval }))
            }
        }
    }
}

/// The place of a value in the order, if it is one that is counted.
fn key(property: &Property, item: &ItemView<'_>) -> Option<Vec<u8>> {
    let value = property.find(item)?;
    if matches!(value.kind(), Kind::Null | Kind::Array | Kind::Object) {
        return None;
    }
    let mut key = Vec::new();
    order::push_value(&mut key, Some(value), property.is_instant());
    Some(key)
}

fn key_of(value: &Datum) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    order::push_datum(&mut key, value);
    (*value != Datum::Null).then_some(key)
}

/// The range that a number of an Item lies in.
fn range(property: &Property, bins: Bins, item: &ItemView<'_>) -> Seen {
    match property.find(item).filter(|value| !value.is_null()) {
        None => Seen::Missing,
        Some(value) => Seen::range(bins, value.as_number().map(Number::to_f64)),
    }
}

/// The start of the step of time that an Item lies in.
fn time(property: Option<&Property>, step: Step, item: &ItemView<'_>) -> Result<Seen, ItemError> {
    let at = match property {
        None => extent_of(item)?.and_then(stacyard_model::Interval::start),
        Some(property) => match property.find(item).filter(|value| !value.is_null()) {
            None => None,
            Some(value) => match value.as_str().and_then(|text| Rfc3339::parse(&text)) {
                Some(time) => Some(time.instant),
                None => return Ok(Seen::Other),
            },
        },
    };
    Ok(at.map_or(Seen::Missing, |at| Seen::instant(step.start(at))))
}

fn cell(grid: Grid, item: Value<'_>) -> Seen {
    let cell = match bbox(item) {
        None if matches!(grid, Grid::Within(_)) => None,
        None => return Seen::Missing,
        Some(bbox) => grid.cell_of_box(bbox),
    };
    let Some(number) = cell else { return Seen::Elsewhere };
    let mut key = Vec::new();
    order::push_datum(&mut key, &Datum::Text(grid.name(number)));
    Seen::Key(key)
}

/// The Item's box without heights, as it is written.
fn bbox(item: Value<'_>) -> Option<[f64; 4]> {
    let numbers = item.get("bbox")?.elements()?.map(|number| Some(number.as_number()?.to_f64()));
    let numbers: Vec<f64> = numbers.collect::<Option<_>>()?;
    match numbers[..] {
        [west, south, east, north] | [west, south, _, east, north, _] => Some([west, south, east, north]),
        _ => None,
    }
}
