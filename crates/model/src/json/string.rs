//! Strings: finding their end, taking their escapes apart, writing them.

use std::borrow::Cow;

use super::error::{SyntaxError, SyntaxErrorKind as E};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks (in its high bit) the first byte of the word that is a quote, a backslash or a control character.
/// Marks after the first one may be wrong, which is why only the first is used.
const fn specials(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let slash = word ^ (ONES * b'\\' as u64);
    (quote.wrapping_sub(ONES) & !quote
        | slash.wrapping_sub(ONES) & !slash
        | word.wrapping_sub(ONES * 0x20) & !word)
        & HIGHS
}

/// Whether any of some bytes is a quote, a backslash or a control character: a loop that compilers make vectors of.
#[inline]
#[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch, of which no vector is made")]
fn any_special<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(false, |any, &b| any | (b == b'"') | (b == b'\\') | (b < 0x20))
}

/// The first quote, backslash or control character at or after `at`.
#[inline]
fn next_special(bytes: &[u8], mut at: usize) -> Option<(usize, u8)> {
    // Names are short, hrefs and titles long: a word or two first, then wide steps.
    for _ in 0..2 {
        match word_at(bytes, at) {
            Some(0) => at += 8,
            Some(marks) => return found(bytes, at, marks),
            None => break,
        }
    }
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<32>) {
        if any_special(chunk) {
            break;
        }
        at += 32;
    }
    while let Some(marks) = word_at(bytes, at) {
        if marks != 0 {
            return found(bytes, at, marks);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    let first = rest.iter().position(|&b| b == b'"' || b == b'\\' || b < 0x20)?;
    Some((at + first, rest[first]))
}

/// The marks of the eight bytes from `at` on, if there are eight.
#[inline]
fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    let word = bytes.get(at..)?.first_chunk::<8>()?;
    Some(specials(u64::from_le_bytes(*word)))
}

#[inline]
fn found(bytes: &[u8], at: usize, marks: u64) -> Option<(usize, u8)> {
    let place = at + (marks.trailing_zeros() / 8) as usize;
    Some((place, *bytes.get(place)?))
}

/// Finds the closing quote of the string whose content starts at `start`; also says whether it holds escapes.
#[inline]
pub fn scan_string(bytes: &[u8], start: usize) -> Result<(usize, bool), SyntaxError> {
    let mut at = start;
    let mut escaped = false;
    loop {
        match next_special(bytes, at) {
            Some((end, b'"')) => return Ok((end, escaped)),
            Some((slash, b'\\')) => {
                escaped = true;
                at = skip_escape(bytes, slash)?;
            }
            Some((control, byte)) => return Err(E::ControlCharacter(byte).at(control)),
            None => return Err(E::Truncated.at(bytes.len())),
        }
    }
}

/// The place after the escape that starts at `slash`.
fn skip_escape(bytes: &[u8], slash: usize) -> Result<usize, SyntaxError> {
    match bytes.get(slash + 1) {
        None => Err(E::Truncated.at(bytes.len())),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(slash + 2),
        Some(b'u') => match hex4(bytes, slash + 2)? {
            0xD800..=0xDBFF => match (bytes.get(slash + 6), bytes.get(slash + 7)) {
                (Some(b'\\'), Some(b'u')) if (0xDC00..=0xDFFF).contains(&hex4(bytes, slash + 8)?) => {
                    Ok(slash + 12)
                }
                _ => Err(E::LoneSurrogate.at(slash)),
            },
            0xDC00..=0xDFFF => Err(E::LoneSurrogate.at(slash)),
            _ => Ok(slash + 6),
        },
        Some(_) => Err(E::InvalidEscape.at(slash)),
    }
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, SyntaxError> {
    let digits = bytes.get(at..at + 4).ok_or_else(|| E::Truncated.at(bytes.len()))?;
    digits.iter().try_fold(0, |value, &digit| {
        let digit = char::from(digit).to_digit(16).ok_or_else(|| E::InvalidEscape.at(at))?;
        Ok(value * 16 + digit)
    })
}

/// The text that a string's content, as written between the quotes, stands for.
/// `raw` must have passed [`scan_string`].
pub(super) fn unescape(raw: &str) -> Cow<'_, str> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(slash) = rest.find('\\') {
        text.push_str(&rest[..slash]);
        let bytes = rest.as_bytes();
        let (decoded, length) = match bytes.get(slash + 1) {
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => match hex4(bytes, slash + 2) {
                Ok(high @ 0xD800..=0xDBFF) => {
                    let low = hex4(bytes, slash + 8).unwrap_or(0xDC00);
                    let code = 0x1_0000 + ((high - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF);
                    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
                }
                Ok(code) => (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
                Err(_) => (char::REPLACEMENT_CHARACTER, 2),
            },
            Some(&other) => (char::from(other), 2),
            None => break,
        };
        text.push(decoded);
        rest = rest.get(slash + length..).unwrap_or_default();
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Appends `text` as a JSON string, quotes included, with the fewest escapes that JSON asks for.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    while let Some((at, byte)) = next_special(bytes, start) {
        out.extend_from_slice(&bytes[start..at]);
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
        start = at + 1;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}
