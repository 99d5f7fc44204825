//! Numbers of few bits in runs: the
//! [RLE / bit-packed hybrid](https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE) of Parquet, of which
//! levels and places in a dictionary are made.

use crate::read::lengths::Walk;

/// Appends so many numbers of `width` bits; `None` if the bytes do not hold them.
pub(crate) fn read<T: From<u8> + TryFrom<u32> + Copy>(
    bytes: &[u8],
    width: usize,
    count: usize,
    out: &mut Vec<T>,
) -> Option<()> {
    let mut walk = Walk { bytes };
    let end = out.len().checked_add(count)?;
    let mask =
        u32::MAX.checked_shr(u32::BITS - u32::try_from(width).ok().filter(|&width| width <= u32::BITS)?);
    let mask = mask.unwrap_or(0);
    while out.len() < end {
        let header = walk.varint()?;
        let left = end - out.len();
        let run = usize::try_from(header >> 1).ok().filter(|&run| run > 0)?;
        if header & 1 == 0 {
            let value = walk.take(width.div_ceil(8))?;
            let value = value.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
            out.resize(out.len() + run.min(left), T::try_from(value & mask).ok()?);
        } else {
            // Groups of eight numbers, which take as many bytes as one has bits; the last may be cut.
            let count = left.min(run.checked_mul(8)?);
            let length = run.checked_mul(width)?.min(walk.bytes.len());
            let packed = walk.take(length)?;
            if packed.len() < (count * width).div_ceil(8) {
                return None;
            }
            unpack(packed, (width, mask), count, out)?;
        }
    }
    Some(())
}

fn unpack<T: From<u8> + TryFrom<u32> + Copy>(
    packed: &[u8],
    (width, mask): (usize, u32),
    count: usize,
    out: &mut Vec<T>,
) -> Option<()> {
    let end = out.len() + count;
    let mut word = [0; 8];
    if (1..=8).contains(&width) {
        for group in packed.chunks(width).take(count.div_ceil(8)) {
            word[..group.len()].copy_from_slice(group);
            let bits = u64::from_le_bytes(word);
            let numbers: [T; 8] = std::array::from_fn(|index| {
                let [low, ..] = (bits >> (index * width)).to_le_bytes();
                T::from(low & mask.to_le_bytes()[0])
            });
            out.extend_from_slice(&numbers);
        }
        out.truncate(end);
        return (out.len() == end).then_some(());
    }
    for index in 0..count {
        let from = packed.get(index * width / 8..)?;
        let length = from.len().min(8);
        word[..length].copy_from_slice(&from[..length]);
        let bits = u64::from_le_bytes(word) >> (index * width % 8);
        out.push(T::try_from(u32::try_from(bits & u64::from(mask)).ok()?).ok()?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(bytes: &[u8], width: usize, count: usize) -> Option<Vec<u32>> {
        let mut out = Vec::new();
        read(bytes, width, count, &mut out).map(|()| out)
    }

    #[test]
    fn the_example_of_the_specification() {
        // 0 to 7 in three bits each: one group, bit-packed.
        assert_eq!(numbers(&[3, 0b1000_1000, 0b1100_0110, 0b1111_1010], 3, 8), Some((0..8).collect()));
        // Five times 2, then the first three of a group.
        assert_eq!(numbers(&[10, 2, 3, 0b1000_1000, 0b1100_0110], 3, 8), Some(vec![2, 2, 2, 2, 2, 0, 1, 2]));
        assert_eq!(numbers(&[4, 0x34, 0x12], 16, 2), Some(vec![0x1234, 0x1234]));
        assert_eq!(numbers(&[8], 0, 4), Some(vec![0; 4]));
        let wide = [&[3][..], &[0xFF; 31]].concat();
        assert_eq!(numbers(&wide, 31, 8), Some(vec![u32::MAX >> 1; 8]));
        // 1 to 8 in nine bits each, the last of them cut after its last bit that is set.
        let nine = [3, 1, 4, 12, 32, 80, 192, 192, 1, 4];
        assert_eq!(numbers(&nine, 9, 8), Some((1..=8).collect()));
    }

    #[test]
    fn bytes_that_hold_fewer() {
        for bytes in [&[][..], &[10], &[3], &[3, 1], &[0, 2], &[1, 2], &[0xFF; 12]] {
            assert_eq!(numbers(bytes, 3, 8), None, "{bytes:?}");
        }
        let mut levels: Vec<u8> = Vec::new();
        assert_eq!(read(&[4, 0x34, 0x12], 16, 2, &mut levels), None, "more than a byte");
        assert_eq!(numbers(&[3, 0, 0, 0], 33, 1), None);
    }
}
