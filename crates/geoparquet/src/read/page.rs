//! One page of a column chunk, unpacked
//! ([Parquet format, data pages](https://parquet.apache.org/docs/file-format/data-pages/)).

use std::cell::RefCell;

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result};
use zstd::bulk::Decompressor;

use crate::read::damage::damaged;
use crate::read::hybrid;
use crate::read::lengths::Walk;

/// Entries a page has at most: no writer comes near it, and a few bytes can claim any number.
const MAX_ENTRIES: usize = 1 << 24;

/// The physical type of a column, as far as its bytes tell values apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Physical {
    Boolean,
    Four,
    Eight,
    Bytes,
}

/// What the schema says of a leaf column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf {
    /// Its number in the file.
    pub(crate) number: usize,
    pub(crate) physical: Physical,
    /// Its greatest definition and repetition levels.
    pub(crate) definition: u8,
    pub(crate) repetition: u8,
}

/// A page, as it is kept: any of its values can be had without a look at those before it.
#[derive(Debug)]
pub(crate) enum Page {
    Dictionary(Values),
    Data(Data),
}

/// A data page: one entry a row, or where there are lists as many as they make of it.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) entries: usize,
    /// Where there are lists: the repetition levels, and at which entries rows begin, and the last one ends.
    pub(crate) repetition: Vec<u8>,
    pub(crate) starts: Vec<u32>,
    /// The definition levels, if there is an entry without a value.
    pub(crate) definition: Vec<u8>,
    pub(crate) values: Stored,
}

#[derive(Debug)]
pub(crate) enum Stored {
    Here(Values),
    /// Places in the dictionary.
    Dictionary(Vec<u32>),
}

/// Values as they stand in a page.
#[derive(Debug)]
pub(crate) enum Values {
    Boolean(Vec<bool>),
    /// Of any type with so many bytes.
    Four(Bytes),
    Eight(Bytes),
    /// With their lengths between them, and where each ends, the first of these being where all begin.
    Texts(Bytes, Vec<u32>),
}

impl Page {
    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Dictionary(values) => values.size(),
            Self::Data(page) => page.size(),
        }
    }

    /// Unpacks the page that the bytes are, and its levels. `rows`: how many begin in it.
    pub(crate) fn read(bytes: &[u8], codec: Compression, leaf: Leaf, rows: usize) -> Result<Self> {
        let contradiction = || damaged("a page holds less than it says");
        let mut walk = Walk { bytes };
        let header = Header::read(&mut walk).ok_or_else(|| damaged("the header of a page cannot be read"))?;
        let packed = walk.take(header.packed).ok_or_else(|| damaged("a page is cut off"))?;
        // Of version 2 the levels are not packed.
        let levels = header.levels[0].saturating_add(header.levels[1]);
        let (levels, packed) = packed.split_at_checked(levels).ok_or_else(contradiction)?;
        let length = header.unpacked.checked_sub(levels.len()).ok_or_else(contradiction)?;
        let bytes: Bytes = match codec {
            // Where there are no values, nothing is packed either.
            Compression::ZSTD(_) if header.is_packed && !packed.is_empty() => unpack(packed, length)?.into(),
            _ => packed.to_vec().into(),
        };
        if bytes.len() != length {
            return Err(damaged("a page is not as long as it says"));
        }
        match header.kind {
            DICTIONARY => Values::read(bytes, 0, header.entries, leaf.physical).map(Self::Dictionary),
            DATA | DATA_2 => Data::read(bytes, levels, &header, leaf, rows).map(Self::Data),
            _ => None,
        }
        .ok_or_else(contradiction)
    }
}

impl Stored {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Here(values) => values.len(),
            Self::Dictionary(places) => places.len(),
        }
    }
}

impl Values {
    fn size(&self) -> usize {
        match self {
            Self::Boolean(values) => values.len(),
            Self::Four(bytes) | Self::Eight(bytes) => bytes.len(),
            Self::Texts(bytes, ends) => bytes.len() + size_of_val(&**ends),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Boolean(values) => values.len(),
            Self::Four(bytes) => bytes.len() / 4,
            Self::Eight(bytes) => bytes.len() / 8,
            Self::Texts(_, ends) => ends.len().saturating_sub(1),
        }
    }

    /// So many values, which begin at a place of the bytes.
    fn read(bytes: Bytes, start: usize, count: usize, physical: Physical) -> Option<Self> {
        let fixed = |width: usize| {
            Some(bytes.slice(
                start..start.checked_add(count.checked_mul(width)?).filter(|&end| end <= bytes.len())?,
            ))
        };
        match physical {
            Physical::Boolean => {
                let bits =
                    bytes.get(start..)?.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
                let values: Vec<bool> = bits.take(count).collect();
                (values.len() == count).then_some(Self::Boolean(values))
            }
            Physical::Four => fixed(4).map(Self::Four),
            Physical::Eight => fixed(8).map(Self::Eight),
            Physical::Bytes => {
                let mut ends = Vec::with_capacity(count.min(bytes.len()) + 1);
                let mut at = start;
                ends.push(u32::try_from(at).ok()?);
                for _ in 0..count {
                    at = (at + 4).checked_add(length_at(&bytes, at)?)?;
                    ends.push(u32::try_from(at).ok()?);
                }
                (at <= bytes.len()).then_some(Self::Texts(bytes, ends))
            }
        }
    }
}

impl Data {
    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        let values = match &self.values {
            Stored::Here(values) => values.size(),
            Stored::Dictionary(places) => size_of_val(&**places),
        };
        values + self.repetition.len() + self.definition.len() + size_of_val(&*self.starts)
    }

    /// `apart`: the levels of version 2; those of version 1 stand before the values, each with their length.
    fn read(bytes: Bytes, apart: &[u8], header: &Header, leaf: Leaf, rows: usize) -> Option<Self> {
        let entries = header.entries;
        (leaf.repetition > 0 || entries == rows).then_some(())?;
        let (mut apart, mut start) = (Walk { bytes: apart }, 0_usize);
        let mut levels = |greatest: u8, length: usize| {
            let mut levels: Vec<u8> = Vec::new();
            let part = if header.kind == DATA_2 {
                apart.take(length)?
            } else if greatest == 0 {
                return Some(levels);
            } else {
                let first = start + 4;
                start = first.checked_add(length_at(&bytes, start)?)?;
                bytes.get(first..start).filter(|_| header.levels_in_runs)?
            };
            if greatest > 0 {
                hybrid::read(part, bits_of(greatest.into()), entries, &mut levels)?;
            }
            Some(levels)
        };
        let repetition = levels(leaf.repetition, header.levels[0])?;
        let mut definition = levels(leaf.definition, header.levels[1])?;
        let mut starts = Vec::new();
        if leaf.repetition > 0 {
            starts.reserve(rows.min(entries) + 1);
            let begins = repetition.iter().zip(0..).filter(|(level, _)| **level == 0);
            starts.extend(begins.map(|(_, entry): (_, u32)| entry));
            (starts.len() == rows && starts.first().is_none_or(|&first| first == 0)).then_some(())?;
            starts.push(u32::try_from(entries).ok()?);
        }
        let mut count = entries;
        if leaf.definition > 0 {
            count = count_of(&definition, leaf.definition);
            if count == entries {
                definition = Vec::new();
            }
        }
        let values = match (header.encoding, leaf.physical) {
            (PLAIN, physical) => Stored::Here(Values::read(bytes, start, count, physical)?),
            (PLAIN_DICTIONARY | RLE_DICTIONARY, _) => {
                let mut places = Vec::new();
                if count > 0 {
                    let (width, runs) = bytes.get(start..)?.split_first()?;
                    hybrid::read(runs, (*width).into(), count, &mut places)?;
                }
                Stored::Dictionary(places)
            }
            (RLE, Physical::Boolean) => {
                let mut bits: Vec<u8> = Vec::new();
                hybrid::read(bytes.get(start.checked_add(4)?..)?, 1, count, &mut bits)?;
                Stored::Here(Values::Boolean(bits.into_iter().map(|bit| bit == 1).collect()))
            }
            _ => return None,
        };
        Some(Self { entries, repetition, starts, definition, values })
    }
}

/// How many of the levels are this one.
pub(crate) fn count_of(levels: &[u8], level: u8) -> usize {
    levels.iter().map(|one| usize::from(*one == level)).sum()
}

/// The length that stands before a text, or before levels.
fn length_at(bytes: &[u8], at: usize) -> Option<usize> {
    let (length, _) = bytes.get(at..)?.split_first_chunk()?;
    usize::try_from(u32::from_le_bytes(*length)).ok()
}

/// How many bits a number needs.
pub(crate) fn bits_of(number: u32) -> usize {
    (u32::BITS - number.leading_zeros()) as usize
}

/// Whether pages with values, or levels, in an encoding are read here.
pub(crate) fn is_known_encoding(encoding: parquet::basic::Encoding) -> bool {
    use parquet::basic::Encoding;
    // What old writers call places in a dictionary, last.
    [Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY, Encoding::PLAIN_DICTIONARY].contains(&encoding)
}

/// Whether pages of a codec are unpacked here.
pub(crate) fn is_known(codec: Compression) -> bool {
    matches!(codec, Compression::UNCOMPRESSED | Compression::ZSTD(_))
}

fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>> {
    thread_local! {
        // To make one takes as long as to unpack a page.
        static ZSTD: RefCell<Decompressor<'static>> = RefCell::default();
    }
    let unpacked = ZSTD.with_borrow_mut(|zstd| zstd.decompress(packed, length));
    unpacked.map_err(|cause| ParquetError::External(Box::new(cause)))
}

/// The kinds of pages.
const DATA: u64 = 0;
const DICTIONARY: u64 = 2;
const DATA_2: u64 = 3;

/// Encodings.
const PLAIN: u64 = 0;
const PLAIN_DICTIONARY: u64 = 2;
const RLE: u64 = 3;
const RLE_DICTIONARY: u64 = 8;

/// How many entries a page has, and how many bytes it had with its header before it was packed.
pub(crate) fn sizes(bytes: &[u8]) -> Result<(usize, usize)> {
    let mut walk = Walk { bytes };
    let header = Header::read(&mut walk).ok_or_else(|| damaged("the header of a page cannot be read"))?;
    Ok((header.entries, header.unpacked.saturating_add(bytes.len() - walk.bytes.len())))
}

/// What is used of a `PageHeader` (parquet.thrift).
#[derive(Default)]
struct Header {
    kind: u64,
    unpacked: usize,
    packed: usize,
    entries: usize,
    encoding: u64,
    levels_in_runs: bool,
    /// Of version 2: the bytes of repetition and definition levels, and whether what follows them is packed.
    levels: [usize; 2],
    is_packed: bool,
}

impl Header {
    fn read(walk: &mut Walk<'_>) -> Option<Self> {
        let mut header = Self { levels_in_runs: true, is_packed: true, ..Self::default() };
        walk.fields(|walk, id, kind| {
            match id {
                1 => header.kind = walk.integer(kind)?,
                2 => header.unpacked = usize::try_from(walk.integer(kind)?).ok()?,
                3 => header.packed = usize::try_from(walk.integer(kind)?).ok()?,
                5 | 7 | 8 => return header.read_kind(walk, id),
                _ => return walk.value(kind, 0),
            }
            Some(())
        })?;
        (header.entries <= MAX_ENTRIES).then_some(header)
    }

    /// The part that only this kind of page has.
    fn read_kind(&mut self, walk: &mut Walk<'_>, part: u64) -> Option<()> {
        walk.fields(|walk, id, kind| {
            match (part, id) {
                (_, 1) => self.entries = usize::try_from(walk.integer(kind)?).ok()?,
                (5 | 7, 2) | (8, 4) => self.encoding = walk.integer(kind)?,
                (5, 3 | 4) => self.levels_in_runs &= walk.integer(kind)? == RLE,
                (8, 5) => self.levels[1] = usize::try_from(walk.integer(kind)?).ok()?,
                (8, 6) => self.levels[0] = usize::try_from(walk.integer(kind)?).ok()?,
                // A boolean is its own type: true is 1.
                (8, 7) => self.is_packed = kind == 1,
                _ => return walk.value(kind, 0),
            }
            Some(())
        })
    }
}
