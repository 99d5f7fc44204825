//! Numbers of few bits in runs: the
//! [RLE / bit-packed hybrid](https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE) of Parquet, of which
//! levels and places in a dictionary are made.

use crate::read::lengths::Walk;

/// So many numbers are packed together.
const GROUP: usize = 8;

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

/// Appends the bytes of numbers that have no more than `width` bits, which is 1 at least.
pub(crate) fn write<T: Copy + PartialEq + Into<u32>>(numbers: &[T], width: usize, out: &mut Vec<u8>) {
    // Those from here are packed by eights, as they do not repeat for long.
    let (mut packed, mut at) = (0, 0);
    while let Some(eight) = numbers.get(at..at + GROUP) {
        let first = eight[0];
        at += GROUP;
        if eight.iter().any(|number| *number != first) {
            continue;
        }
        pack(&numbers[packed..at - GROUP], width, out);
        let more = numbers[at..].iter().take_while(|number| **number == first).count();
        write_run(first.into(), GROUP + more, width, out);
        at += more;
        packed = at;
    }
    pack(&numbers[packed..], width, out);
}

/// Appends the bytes of one number so many times.
pub(crate) fn write_run(number: u32, times: usize, width: usize, out: &mut Vec<u8>) {
    push_varint(times << 1, out);
    out.extend_from_slice(&number.to_le_bytes()[..width.div_ceil(8)]);
}

fn pack<T: Copy + Into<u32>>(numbers: &[T], width: usize, out: &mut Vec<u8>) {
    if numbers.is_empty() {
        return;
    }
    push_varint(numbers.len().div_ceil(GROUP) << 1 | 1, out);
    for group in numbers.chunks(GROUP) {
        let mut eight = [0; GROUP];
        for (to, from) in eight.iter_mut().zip(group) {
            *to = (*from).into();
        }
        let (mut bits, mut count) = (0_u64, 0);
        for number in eight {
            bits |= u64::from(number) << count;
            count += width;
            if count >= 32 {
                out.extend_from_slice(&bits.to_le_bytes()[..4]);
                bits >>= 32;
                count -= 32;
            }
        }
        out.extend_from_slice(&bits.to_le_bytes()[..count / 8]);
    }
}

fn push_varint(mut value: usize, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn unpack<T: From<u8> + TryFrom<u32> + Copy>(
    packed: &[u8],
    (width, mask): (usize, u32),
    count: usize,
    out: &mut Vec<T>,
) -> Option<()> {
    let end = out.len() + count;
    out.reserve(count.next_multiple_of(GROUP));
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
    fn what_is_written_is_read() {
        let of = |list: &[u32], width| {
            let mut bytes = Vec::new();
            write(list, width, &mut bytes);
            bytes
        };
        // As the specification has it.
        assert_eq!(of(&[0, 1, 2, 3, 4, 5, 6, 7], 3), [3, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        assert_eq!(of(&[2; 9], 3), [18, 2]);
        assert_eq!(of(&[0x1234; 8], 16), [16, 0x34, 0x12]);
        let parts: [&[u32]; 7] = [&[1; 3], &[5], &[7; 30], &[0, 1, 2], &[3; 8], &[4; 200], &[6; 2]];
        for first in 0..parts.len() {
            for last in first..parts.len() {
                let list = parts[first..=last].concat();
                for width in [3, 7, 8, 9, 17, 32] {
                    assert_eq!(
                        numbers(&of(&list, width), width, list.len()).as_deref(),
                        Some(&*list),
                        "{width}"
                    );
                }
            }
        }
        let wide = [u32::MAX, 0, u32::MAX >> 1, 9];
        assert_eq!(numbers(&of(&wide, 32), 32, 4).as_deref(), Some(&wide[..]));
        assert!(of(&[], 3).is_empty());
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
