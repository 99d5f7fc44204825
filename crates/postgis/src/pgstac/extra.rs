//! What an Item says that pgstac has no place for, in the column `private`, which none of its functions looks at: the whole text of
//! an Item, or of its geometry, where the row would give another one back. It says which row it is of, so that it counts for
//! nothing once somebody else has changed that row.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use stacyard_model::json::{Kind, Value, push_string};

/// The member of `private` that is ours.
pub(crate) const OURS: &str = "stacyard";

/// Appends what is to be kept of an Item beside its row.
pub(crate) fn write(mark: &str, texts: [(&str, Option<&[u8]>); 2], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(OURS.as_bytes());
    out.extend_from_slice(b"\":{\"of\":");
    push_string(out, mark);
    for (name, text) in texts {
        if let Some(text) = text {
            out.push(b',');
            push_string(out, name);
            out.push(b':');
            push_string(out, &String::from_utf8_lossy(text));
        }
    }
    out.extend_from_slice(b"}}");
}

/// A mark of a row: of what its content says, however `jsonb` spells it, and the bytes of its geometry.
pub(crate) fn mark(content: Value<'_>, geometry: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(geometry);
    feed(content, &mut hash);
    let digest: [u8; 32] = hash.finalize().into();
    let (half, _) = digest.split_at(16);
    half.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn feed(value: Value<'_>, hash: &mut Sha256) {
    match value.kind() {
        Kind::Object => {
            let mut members: Vec<_> =
                value.members().into_iter().flatten().map(|(key, value)| (key.text(), value)).collect();
            members.sort_by(|one, other| one.0.cmp(&other.0));
            hash.update(b"{");
            for (name, value) in members {
                text(&name, hash);
                feed(value, hash);
            }
            hash.update(b"}");
        }
        Kind::Array => {
            hash.update(b"[");
            value.elements().into_iter().flatten().for_each(|element| feed(element, hash));
            hash.update(b"]");
        }
        Kind::String => text(&value.as_str().unwrap_or_default(), hash),
        Kind::Number => {
            hash.update(b"0");
            hash.update(plain(value.raw()));
            hash.update(b" ");
        }
        Kind::Null | Kind::True | Kind::False => hash.update(value.raw()),
    }
}

fn text(text: &str, hash: &mut Sha256) {
    hash.update(b"\"");
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

/// A number as digits and a power of ten: the same for all spellings of a value.
fn plain(number: &str) -> String {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{decimals}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return "0".to_owned();
    }
    let left_out = digits.len() - digits.trim_end_matches('0').len();
    let count = |digits: usize| i64::try_from(digits).unwrap_or(i64::MAX);
    let power =
        exponent.parse::<i64>().unwrap_or(i64::MAX).saturating_add(count(left_out) - count(decimals.len()));
    format!("{sign}{significant}e{power}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_plain_form() {
        for same in [["1", "1.0"], ["100", "1e2"], ["0.5", "5E-1"], ["-0", "0.00"], ["-1.50", "-15e-1"]] {
            assert_eq!(plain(same[0]), plain(same[1]), "{same:?}");
        }
        assert_ne!(plain("1"), plain("-1"));
        assert_ne!(plain("10"), plain("1"));
        assert_ne!(plain("101"), plain("11"));
    }
}
