//! Finding where a JSON value ends without looking at what it means: brackets are counted, strings are skipped.
//!
//! This is all that one core has to do for a FeatureCollection; the syntax is checked by the workers.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// A scan for the end of one value, which can stop where the bytes stop and go on when there are more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan {
    depth: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing of the value has been seen.
    Start,
    /// Inside an array or object.
    Inside,
    /// Inside a string.
    String,
    /// Inside a string, after a backslash.
    Escape,
    /// Inside a number or a word, outside of any array and object.
    Scalar,
}

impl Scan {
    /// Before a value.
    pub(crate) const fn new() -> Self {
        Self { depth: 0, state: State::Start }
    }

    /// Inside an object or array, between its values.
    pub(crate) const fn inside() -> Self {
        Self { depth: 1, state: State::Inside }
    }

    /// Goes on at `at`; gives the place after the value, or `None` when the bytes end first.
    pub(crate) fn run(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
            let string = match self.state {
                State::Inside => Some(0),
                State::String if self.depth > 0 => Some(u64::MAX),
                _ => None,
            };
            let end = match (string, Marks::of(block)) {
                (Some(string), Some(marks)) => self.block(&marks, string).map(|end| at + end),
                // Escapes, and what stands outside of all brackets, are rare enough to be looked at byte by byte.
                _ => self.bytes(&bytes[..at + BLOCK], at),
            };
            if end.is_some() {
                return end;
            }
            at += BLOCK;
        }
        self.bytes(bytes, at)
    }

    /// Goes through a block without escapes, begun in a `string` (all bits) or not (none).
    fn block(&mut self, marks: &Marks, string: u64) -> Option<usize> {
        // Each quote turns everything after it around.
        let mut inside = marks.quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            inside ^= inside << shift;
        }
        inside ^= string;
        self.state = if inside >> 63 == 1 { State::String } else { State::Inside };
        let (opening, closing) = (marks.opening & !inside, marks.closing & !inside);
        if closing.count_ones() >= self.depth {
            let mut left = closing;
            let mut closed = 0;
            while left != 0 {
                let place = left.trailing_zeros();
                closed += 1;
                if self.depth + (opening & ((1 << place) - 1)).count_ones() == closed {
                    self.depth = 0;
                    return Some(place as usize + 1);
                }
                left &= left - 1;
            }
        }
        self.depth = self.depth + opening.count_ones() - closing.count_ones();
        None
    }

    /// The same byte by byte.
    fn bytes(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        loop {
            match self.state {
                State::Start => match bytes.get(at)? {
                    b'"' => {
                        self.state = State::String;
                        at += 1;
                    }
                    b'{' | b'[' => self.state = State::Inside,
                    _ => self.state = State::Scalar,
                },
                State::Scalar => {
                    let rest = bytes.get(at..)?;
                    let end = rest
                        .iter()
                        .position(|b| matches!(b, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n'));
                    return end.map(|end| at + end);
                }
                State::Inside => {
                    at = self.brackets(bytes, at)?;
                    if self.state == State::Inside {
                        return Some(at);
                    }
                }
                State::String => {
                    let special = quote_or_slash(bytes, at)?;
                    at = special + 1;
                    if bytes[special] == b'\\' {
                        self.state = State::Escape;
                    } else if self.depth == 0 {
                        return Some(at);
                    } else {
                        self.state = State::Inside;
                    }
                }
                State::Escape => {
                    bytes.get(at)?;
                    at += 1;
                    self.state = State::String;
                }
            }
        }
    }

    /// Counts brackets up to the one that closes the value, or to the next string.
    fn brackets(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        for (i, byte) in bytes.get(at..)?.iter().enumerate() {
            match byte {
                b'"' => {
                    self.state = State::String;
                    return Some(at + i + 1);
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + i + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// How many bytes are looked at together.
const BLOCK: usize = 64;

/// Where quotes and brackets stand in a block, a bit for each byte.
struct Marks {
    quotes: u64,
    opening: u64,
    closing: u64,
}

impl Marks {
    /// `None` where there are backslashes, after which a quote may be none.
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Option<Self> {
        let (mut quotes, mut opening, mut closing, mut slashes) = (0, 0, 0, 0);
        for (i, word) in block.as_chunks::<8>().0.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            // `[` and `]` differ from `{` and `}` in this bit alone; no other two bytes become these.
            let folded = word | (ONES * 0x20);
            quotes |= equal(word, b'"') << (8 * i);
            opening |= equal(folded, b'{') << (8 * i);
            closing |= equal(folded, b'}') << (8 * i);
            let slash = word ^ (ONES * u64::from(b'\\'));
            slashes |= slash.wrapping_sub(ONES) & !slash & HIGHS;
        }
        (slashes == 0).then_some(Self { quotes, opening, closing })
    }
}

/// One bit (of the lowest eight) for each byte of the word that is `byte`.
#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    let other = word ^ (ONES * byte as u64);
    // Exact for every byte, unlike the shorter test: the high bit is set where the byte is zero.
    let zero = !(((other & !HIGHS).wrapping_add(!HIGHS)) | other | !HIGHS);
    (zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// The first quote or backslash at or after `at`, eight bytes at a time.
#[inline]
fn quote_or_slash(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let (quote, slash) = (word ^ (ONES * u64::from(b'"')), word ^ (ONES * u64::from(b'\\')));
        let marks = (quote.wrapping_sub(ONES) & !quote | slash.wrapping_sub(ONES) & !slash) & HIGHS;
        if marks != 0 {
            return Some(at + (marks.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|b| matches!(b, b'"' | b'\\')).map(|found| at + found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALUES: [&str; 10] = [
        r#"{"a long object":[[[1,2,3],[4,5,6],{"x":"}]}]}]"}],[[],[[],{}]]],"and another name":"with brackets {{{{[[[[ in a string"}"#,
        r#"[{"escapes \\\"}]":"here","none":[[[[[[[[[[[[[[[[1,2,3,4,5,6,7,8,9,10]]]]]]]]]]]]]]]]},{"and":"here \" again"}]"#,
        r#"{"a":[1,{"b":"}]"}],"c\"":"\\"}"#,
        "[]",
        "[[[]],{}]",
        r#""""#,
        r#""a string, long enough for a word \" and \\""#,
        r#"{"\\":"\\\"{"}"#,
        "-1.5e3",
        "null",
    ];

    #[test]
    fn a_value_ends_where_it_ends() {
        for value in VALUES {
            for after in [",", " ,{", "]}"] {
                let text = format!("{value}{after}");
                assert_eq!(Scan::new().run(text.as_bytes(), 0), Some(value.len()), "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_bytes_stop(which in 0..VALUES.len(), cut in 0..200_usize) {
            let text = format!("{},", VALUES[which]);
            let cut = cut % text.len();
            let mut scan = Scan::new();
            let end = scan.run(&text.as_bytes()[..cut], 0).or_else(|| scan.run(text.as_bytes(), cut));
            prop_assert_eq!(end, Some(text.len() - 1));
        }
    }
}
