//! The order of the rows: what is near in space and time is near in the file, so that a search reads little of it.
//!
//! Rows go by collection (their columns differ), and within one along a Hilbert curve through longitude, latitude and
//! time. Each of the three is first replaced by its rank among the collection's values, so that a catalog that lies
//! in one corner of the world, or has an outlier far away, is spread as well as any other.

use std::str::FromStr;

use stacyard_store::{Error, Hits, Sorter, Source};

use crate::write::spool::{Entry, Location, Spool};

/// The order of the rows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By collection, then along a Hilbert curve through space and time.
    #[default]
    SpaceTime,
    /// By collection, then by the start of the temporal extent.
    Time,
    /// As in the input.
    Input,
}

impl FromStr for Order {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "space-time" => Ok(Self::SpaceTime),
            "time" => Ok(Self::Time),
            "input" => Ok(Self::Input),
            _ => Err(format!("there is no order {text:?}: write space-time, time or input")),
        }
    }
}

/// Bits of each of the three dimensions of the curve: all of a 64-bit key.
const BITS: u32 = 21;

/// Values of each dimension that are looked at to find ranks: an error of rank is at most about 1 in so many.
const SAMPLE: u64 = 4096;

/// Entries that go to the sorter together.
const CHUNK: usize = 8192;

/// Where the Items are found again, in the order of the rows.
pub(crate) type Locations<'a> = Box<dyn Iterator<Item = Result<Location, Error>> + Send + 'a>;

/// The same, each with the part of the whole that it is of.
pub(crate) type Parts<'a> = Box<dyn Iterator<Item = Result<(Part, Location), Error>> + Send + 'a>;

/// A part of all Items: the number of the collection, and of a period of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Part {
    pub(crate) collection: u32,
    pub(crate) period: i32,
}

impl Part {
    const SIZE: usize = 8;

    fn to_bytes(self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..4].copy_from_slice(&self.collection.to_le_bytes());
        bytes[4..].copy_from_slice(&self.period.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (collection, period) = bytes.split_first_chunk()?;
        Some(Self {
            collection: u32::from_le_bytes(*collection),
            period: i32::from_le_bytes(*period.first_chunk()?),
        })
    }
}

impl Order {
    /// Puts the Items of a spool in order, in so many bytes of memory.
    pub(crate) fn locations(self, spool: &mut Spool, memory: usize) -> Result<Locations<'_>, Error> {
        if self == Self::Input {
            return Ok(Box::new(spool.entries()?.map(|entry| entry.map(|entry| entry.location))));
        }
        let parts = self.parts(spool, memory, |_| 0)?;
        Ok(Box::new(parts.map(|next| next.map(|(_, location)| location))))
    }

    /// The same, part by part; `period` is that of a time in microseconds. The order of the input is that within a part.
    pub(crate) fn parts(
        self,
        spool: &mut Spool,
        memory: usize,
        period: impl Fn(i64) -> i32,
    ) -> Result<Parts<'_>, Error> {
        let ranks = collection_ranks(spool.collections.as_slice());
        let scales = if self == Self::SpaceTime { Scale::of(spool)? } else { Vec::new() };
        let mut sorter = Sorter::new(memory, None);
        let mut hits = Hits::default();
        for (number, entry) in spool.entries()?.enumerate() {
            let entry = entry?;
            let place = match scales.get(entry.collection as usize) {
                Some(scale) => scale.place(&entry),
                None if self == Self::Input => number as u64,
                None => entry.time.cast_unsigned() ^ (1 << 63),
            };
            let part = Part { collection: entry.collection, period: period(entry.time) };
            let key = |out: &mut Vec<u8>| {
                out.extend_from_slice(&ranks[entry.collection as usize].to_be_bytes());
                out.extend_from_slice(&(part.period.cast_unsigned() ^ (1 << 31)).to_be_bytes());
                out.extend_from_slice(&place.to_be_bytes());
                Ok(())
            };
            hits.push(key, |out| {
                out.extend_from_slice(&part.to_bytes());
                out.extend_from_slice(&entry.location.to_bytes());
            })?;
            if number % CHUNK == CHUNK - 1 {
                sorter.push(std::mem::take(&mut hits))?;
            }
        }
        sorter.push(hits)?;
        let mut sorted = sorter.finish("rows")?;
        let mut batch = Vec::new().into_iter();
        Ok(Box::new(std::iter::from_fn(move || {
            loop {
                if let Some(next) = batch.next() {
                    return Some(Ok(next));
                }
                let next = sorted.next().and_then(|work| work.map(|work| work()).transpose());
                match next {
                    Ok(Some(found)) => {
                        let chunks = found.text.chunks(Part::SIZE + Location::SIZE);
                        let entry = |chunk: &[u8]| {
                            let (part, location) = chunk.split_at_checked(Part::SIZE)?;
                            Some((Part::from_bytes(part)?, Location::from_bytes(location)?))
                        };
                        batch = chunks.filter_map(entry).collect::<Vec<_>>().into_iter();
                    }
                    Ok(None) => return None,
                    Err(error) => return Some(Err(error)),
                }
            }
        })))
    }
}

/// The place of each collection when they are sorted by name.
fn collection_ranks(names: &[String]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_unstable_by_key(|&number| &names[number]);
    let mut ranks = vec![0; names.len()];
    for (rank, number) in (0..).zip(order) {
        ranks[number] = rank;
    }
    ranks
}

/// Some of the values of each dimension of a collection, sorted.
#[derive(Debug, Default)]
struct Scale {
    dimensions: [Vec<i64>; 3],
}

/// Longitude, latitude and time as integers that order as they do. What has no place stands before all others.
fn coordinates(entry: &Entry) -> [i64; 3] {
    let micro_degrees = |degrees: f32| {
        if degrees.is_nan() {
            return i64::MIN;
        }
        #[expect(clippy::cast_possible_truncation, reason = "saturates, which keeps the order")]
        let micro = (f64::from(degrees) * 1e6) as i64;
        micro
    };
    [micro_degrees(entry.center[0]), micro_degrees(entry.center[1]), entry.time]
}

impl Scale {
    /// Of each collection.
    fn of(spool: &mut Spool) -> Result<Vec<Self>, Error> {
        let mut counts = vec![0_u64; spool.collections.as_slice().len()];
        for entry in spool.entries()? {
            counts[entry?.collection as usize] += 1;
        }
        let steps: Vec<u64> = counts.iter().map(|count| count.div_ceil(SAMPLE).max(1)).collect();
        let mut scales: Vec<Self> = counts.iter().map(|_| Self::default()).collect();
        for entry in spool.entries()? {
            let entry = entry?;
            let collection = entry.collection as usize;
            counts[collection] -= 1;
            if counts[collection].is_multiple_of(steps[collection]) {
                for (values, value) in scales[collection].dimensions.iter_mut().zip(coordinates(&entry)) {
                    values.push(value);
                }
            }
        }
        scales.iter_mut().flat_map(|scale| &mut scale.dimensions).for_each(|values| values.sort_unstable());
        Ok(scales)
    }

    /// The place of an Item on the curve.
    fn place(&self, entry: &Entry) -> u64 {
        let mut ranks = [0; 3];
        for ((rank, values), value) in ranks.iter_mut().zip(&self.dimensions).zip(coordinates(entry)) {
            let below = values.partition_point(|&known| known < value) as u64;
            let part = (below << BITS) / (values.len() as u64 + 1);
            *rank = u32::try_from(part).unwrap_or(u32::MAX >> (32 - BITS));
        }
        hilbert(ranks)
    }
}

/// The distance along the Hilbert curve through a cube of 2^[`BITS`] cells a side (John Skilling, "Programming the
/// Hilbert curve", AIP Conference Proceedings 707, 2004).
fn hilbert(mut x: [u32; 3]) -> u64 {
    let mut bit = 1 << (BITS - 1);
    while bit > 1 {
        let mask = bit - 1;
        for axis in 0..3 {
            if x[axis] & bit == 0 {
                let swapped = (x[0] ^ x[axis]) & mask;
                x[0] ^= swapped;
                x[axis] ^= swapped;
            } else {
                x[0] ^= mask;
            }
        }
        bit >>= 1;
    }
    x[1] ^= x[0];
    x[2] ^= x[1];
    let mut flip = 0;
    let mut bit = 1 << (BITS - 1);
    while bit > 1 {
        if x[2] & bit != 0 {
            flip ^= bit - 1;
        }
        bit >>= 1;
    }
    let mut distance = 0;
    for bit in (0..BITS).rev() {
        for axis in x {
            distance = distance << 1 | u64::from((axis ^ flip) >> bit & 1);
        }
    }
    distance
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_curve_goes_through_every_cell_and_never_jumps() {
        // The first 8^3 cells of the curve fill a cube of 8 a side; neighbours on the curve are neighbours in space.
        let mut cells = BTreeMap::new();
        for x in 0..8 {
            for y in 0..8 {
                for z in 0..8 {
                    cells.insert(hilbert([x, y, z]), [x, y, z]);
                }
            }
        }
        assert!(cells.keys().copied().eq(0..512), "each distance once");
        let cells: Vec<[u32; 3]> = cells.into_values().collect();
        for pair in cells.windows(2) {
            let apart: u32 = pair[0].iter().zip(pair[1]).map(|(&a, b)| a.abs_diff(b)).sum();
            assert_eq!(apart, 1, "{pair:?}");
        }
    }
}
