//! Aggregates of several stores, taken together.

use std::collections::BTreeMap;

use super::extent::Around;
use super::{Aggregate, Aggregation, Bucket, Extent, Frequencies};
use crate::datum::Datum;
use crate::order::push_datum;

impl Aggregate {
    /// What the Items of two stores say together: `wanted` is what both were asked.
    #[must_use]
    pub fn and(self, other: Self, wanted: &Aggregation) -> Self {
        match (self, other) {
            (Self::Total(one), Self::Total(other)) => Self::Total(one + other),
            (Self::Value(one), Self::Value(other)) => {
                let is_greatest = matches!(wanted, Aggregation::Greatest(_));
                Self::Value(match (one, other) {
                    (Some(one), Some(other)) if (place(&one) < place(&other)) == is_greatest => Some(other),
                    (one, other) => one.or(other),
                })
            }
            (Self::Frequencies(one), Self::Frequencies(other)) => Self::Frequencies(one.and(other)),
            (Self::Extent(one), Self::Extent(other)) => Self::Extent(match (one, other) {
                (Some(one), Some(other)) => Some(one.and(other)),
                (one, other) => one.or(other),
            }),
            // Both answer the same question.
            (one, _) => one,
        }
    }
}

impl Frequencies {
    fn and(self, other: Self) -> Self {
        let mut all: BTreeMap<Vec<u8>, Bucket> = BTreeMap::new();
        for bucket in self.buckets.into_iter().chain(other.buckets) {
            let items = bucket.items;
            all.entry(place(&bucket.value)).and_modify(|known| known.items += items).or_insert(bucket);
        }
        let mut buckets: Vec<Bucket> = all.into_values().collect();
        // A stable sort: those of equal frequency stay in their order.
        buckets.sort_by_key(|bucket| std::cmp::Reverse(bucket.items));
        Self { buckets, missing: self.missing + other.missing, other: self.other + other.other }
    }
}

impl Extent {
    fn and(self, other: Self) -> Self {
        let bbox = match (self.bbox, other.bbox) {
            (Some(one), Some(other)) => Some(Around::of(one).and(Around::of(other)).bbox()),
            (one, other) => one.or(other),
        };
        let interval = match (self.interval, other.interval) {
            (Some([start, end]), Some([first, last])) => Some([start.min(first), end.max(last)]),
            (one, other) => one.or(other),
        };
        Self { bbox, interval }
    }
}

/// The place of a value in the order of a search.
fn place(value: &Datum) -> Vec<u8> {
    let mut place = Vec::new();
    push_datum(&mut place, value);
    place
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::Property;

    #[test]
    fn parts_are_taken_together() {
        let gsd = || Property::parse("gsd").unwrap();
        let number = |text: &str| Datum::Number(text.to_owned());
        let value = |text: &str| Aggregate::Value(Some(number(text)));
        let (least, greatest) = (Aggregation::Least(gsd()), Aggregation::Greatest(gsd()));
        // By number, not by text.
        assert_eq!(value("9").and(value("10"), &least), value("9"));
        assert_eq!(value("9").and(value("10"), &greatest), value("10"));
        assert_eq!(value("10").and(value("9"), &greatest), value("10"));
        assert_eq!(Aggregate::Value(None).and(value("1"), &greatest), value("1"));
        assert_eq!(Aggregate::Total(2).and(Aggregate::Total(3), &Aggregation::Total), Aggregate::Total(5));
        let counts = |list: &[(&str, u64)], missing| {
            let buckets = list.iter().map(|&(text, items)| Bucket { value: number(text), items }).collect();
            Aggregate::Frequencies(Frequencies { buckets, missing, other: 1 })
        };
        let both = counts(&[("1", 3), ("2", 2)], 1)
            .and(counts(&[("2", 2), ("0", 1)], 4), &Aggregation::Frequencies(gsd()));
        let Aggregate::Frequencies(both) = both else { panic!() };
        let found: Vec<_> = both.buckets.iter().map(|bucket| (bucket.value.clone(), bucket.items)).collect();
        assert_eq!(found, [(number("2"), 4), (number("1"), 3), (number("0"), 1)]);
        assert_eq!((both.missing, both.other), (5, 2));
        let around = |bbox| Aggregate::Extent(Some(Extent { bbox: Some(bbox), interval: None }));
        let fiji = around([177.0, -19.0, 179.0, -16.0])
            .and(around([-179.0, -20.0, -178.0, -17.0]), &Aggregation::Extent);
        assert_eq!(fiji, around([177.0, -20.0, -178.0, -16.0]));
    }
}
