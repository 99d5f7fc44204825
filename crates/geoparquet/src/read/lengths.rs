//! The lengths and depths that a Parquet footer claims, looked at before the `parquet` crate reserves memory for as many
//! row groups and columns, and goes down as deep as they are nested.

use bytes::Bytes;
use parquet::errors::Result;
use parquet::file::reader::ChunkReader;

use crate::read::damage::damaged;

/// How deep a schema may be nested. Readers of Arrow schemas give up at 64, and a list takes two levels.
const MAX_DEPTH: usize = 256;

/// How deep the values of a footer stand in one another: those of the specification end at 10.
const MAX_NESTING: u8 = 32;

/// Types of the compact protocol.
const I32: u8 = 5;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// The footer of a file. One that is no whole Parquet file is refused, or whose footer cannot be as long or as deep as it claims; `None`: it is
/// encrypted, of which the reader has to say more.
///
/// Only lengths are looked at, in the bytes of the
/// [compact protocol](https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
pub(crate) fn checked_footer(file: &impl ChunkReader) -> Result<Option<Bytes>> {
    let Some(end) = file.len().checked_sub(8) else { return Err(damaged("it is too short")) };
    let tail = file.get_bytes(end, 8)?;
    let (length, magic) = tail.split_at(4);
    match magic {
        b"PARE" => return Ok(None),
        b"PAR1" => {}
        _ if *file.get_bytes(0, 4)? == *b"PAR1" => return Err(damaged("its end is missing")),
        _ => return Err(damaged("it begins and ends as another kind of file")),
    }
    let length = length.first_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    let start = end.checked_sub(length.into()).ok_or_else(|| damaged("its beginning is missing"))?;
    let footer = file.get_bytes(start, length as usize)?;
    Walk { bytes: &footer }.file().ok_or_else(|| damaged("its footer claims more than it holds"))?;
    Ok(Some(footer))
}

/// Bytes not yet looked at.
pub(crate) struct Walk<'b> {
    pub(crate) bytes: &'b [u8],
}

impl<'b> Walk<'b> {
    /// FileMetaData.
    fn file(&mut self) -> Option<()> {
        self.fields(|walk, id, kind| match (id, kind) {
            (2, LIST) => walk.schema(),
            // Row groups. The reader goes by the number of a field alone.
            (4, LIST) => walk.value(kind, 0),
            (2 | 4, _) => None,
            _ => walk.value(kind, 0),
        })
    }

    /// The list of all columns, each group before its members.
    fn schema(&mut self) -> Option<()> {
        // How many members each open group still has.
        let mut open: Vec<u64> = Vec::new();
        let (kind, count) = self.list()?;
        for _ in 0..count {
            if kind != STRUCT || open.len() > MAX_DEPTH {
                return None;
            }
            let mut members = 0;
            self.fields(|walk, id, kind| match (id, kind) {
                (5, _) => {
                    members = walk.integer(kind)?;
                    (members <= count).then_some(())
                }
                _ => walk.value(kind, 0),
            })?;
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            if members > 0 {
                open.push(members);
            }
            while open.last() == Some(&0) {
                open.pop();
            }
        }
        Some(())
    }

    /// The fields of a struct; `each` takes the value of one.
    pub(crate) fn fields(&mut self, mut each: impl FnMut(&mut Self, u64, u8) -> Option<()>) -> Option<()> {
        let mut id = 0;
        loop {
            let header = self.byte()?;
            match (header >> 4, header & 0xF) {
                (_, 0) => return Some(()),
                (0, kind) => {
                    id = self.varint()? / 2;
                    each(self, id, kind)?;
                }
                (step, kind) => {
                    id += u64::from(step);
                    each(self, id, kind)?;
                }
            }
        }
    }

    pub(crate) fn value(&mut self, kind: u8, depth: u8) -> Option<()> {
        match kind {
            // Booleans are the type itself.
            1 | 2 => Some(()),
            3 => self.skip(1),
            4..=6 => self.varint().map(drop),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(length)
            }
            _ if depth == MAX_NESTING => None,
            LIST => {
                let (kind, count) = self.list()?;
                (0..count).try_for_each(|_| match kind {
                    1 | 2 => self.skip(1),
                    _ => self.value(kind, depth + 1),
                })
            }
            STRUCT => self.fields(|walk, _, kind| walk.value(kind, depth + 1)),
            _ => None,
        }
    }

    /// The type of a list's elements and how many there are, which is no more than there are bytes.
    fn list(&mut self) -> Option<(u8, u64)> {
        let header = self.byte()?;
        let count = match header >> 4 {
            15 => self.varint()?,
            count => count.into(),
        };
        (count <= self.bytes.len() as u64).then_some((header & 0xF, count))
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    pub(crate) fn skip(&mut self, length: u64) -> Option<()> {
        self.take(usize::try_from(length).ok()?).map(drop)
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    /// An i32 that is not negative.
    pub(crate) fn integer(&mut self, kind: u8) -> Option<u64> {
        let zigzag = (kind == I32).then(|| self.varint())??;
        (zigzag.is_multiple_of(2) && zigzag <= u32::MAX.into()).then_some(zigzag / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(footer: &[u8]) -> bool {
        Walk { bytes: footer }.file().is_none()
    }

    /// 2^31 - 1, as a length and as a number with a sign.
    const LENGTH: [u8; 5] = [0xFF, 0xFF, 0xFF, 0xFF, 0x07];
    const NUMBER: [u8; 5] = [0xFE, 0xFF, 0xFF, 0xFF, 0x0F];

    /// A footer with a schema of groups that stand in one another, so many, and a column.
    fn nested(groups: u8) -> Vec<u8> {
        let mut footer = vec![0x29, 0xFC, groups + 1];
        footer.extend([0x55, 2, 0].repeat(groups.into()));
        footer.extend([0, 0]);
        footer
    }

    #[test]
    fn lists_that_are_longer_than_the_footer() {
        assert!(!is_refused(&[0x29, 0x0C, 0x29, 0x0C, 0]));
        for kind in [0x29, 0x49, 0x59] {
            assert!(is_refused(&[&[kind, 0xFC][..], &LENGTH, &[0; 100]].concat()), "{kind:x}");
        }
        // A group with more columns than there are.
        assert!(!is_refused(&nested(1)));
        assert!(is_refused(&[&[0x29, 0x2C, 0x55][..], &NUMBER, &[0, 0, 0]].concat()));
        // A text that is longer, deep in a struct of a field that is not looked at.
        assert!(is_refused(&[&[0x9C, 0x1C, 0x18][..], &LENGTH, &[0; 100]].concat()));
    }

    #[test]
    fn lists_under_another_type() {
        assert!(is_refused(&[0x25, 0, 0]));
        assert!(is_refused(&[0x45, 0, 0]));
        assert!(is_refused(&[0x29, 0x1C, 0x56, 2, 0, 0]));
    }

    #[test]
    fn what_is_too_deep() {
        assert!(!is_refused(&nested(100)));
        let mut schema = vec![0x29, 0xFC, 0x80, 0x08];
        schema.extend([0x55, 2, 0].repeat(1_023));
        schema.extend([0, 0]);
        assert!(is_refused(&schema));
        let structs = |depth| [vec![0x9C], vec![0x1C; depth], vec![0; depth + 2]].concat();
        assert!(!is_refused(&structs(20)));
        assert!(is_refused(&structs(1_000_000)));
        let lists = |depth: usize| [&[0x99][..], &[0x19].repeat(depth), &[0; 2]].concat();
        assert!(!is_refused(&lists(20)));
        assert!(is_refused(&lists(1_000_000)));
    }
}
