//! Numbers in a column of f64: which of them come back as they were written.

use stacyard_model::json::Number;

/// How a column spells its whole numbers. JSON tells `10` from `10.0`, an f64 does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Whole {
    /// `10`
    Integer,
    /// `10.0`
    #[default]
    Float,
}

/// Up to here an f64 holds every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What an f64 makes of a JSON number.
pub(crate) struct Narrowed {
    /// The number, or the nearest there is; `None` beyond the range.
    pub(crate) value: Option<f64>,
    /// Which spelling of whole numbers gives it back; `None`: none does.
    pub(crate) spelling: Option<Spelling>,
}

/// The spelling that a number needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// It has a fraction: either will do.
    Any,
    /// It is whole and spelled so.
    Only(Whole),
}

impl Spelling {
    pub(crate) fn fits(self, whole: Whole) -> bool {
        self == Self::Any || self == Self::Only(whole)
    }
}

/// Whether `value` is spelled by a column's rule for whole numbers. Negative zero never is: only `-0.0` can say it.
fn is_plain_whole(value: f64) -> bool {
    value.fract() == 0.0 && value.abs() <= EXACT && !(value == 0.0 && value.is_sign_negative())
}

pub(crate) fn narrow(number: Number<'_>) -> Narrowed {
    if number.is_integer() {
        let value = number.to_f64();
        let exact = number.as_i64().is_some_and(|n| n.unsigned_abs() <= 1 << 53);
        return Narrowed {
            value: value.is_finite().then_some(value),
            spelling: exact.then_some(Spelling::Only(Whole::Integer)),
        };
    }
    match number.exact_f64() {
        Some(value) if is_plain_whole(value) => {
            Narrowed { value: Some(value), spelling: Some(Spelling::Only(Whole::Float)) }
        }
        Some(value) => Narrowed { value: Some(value), spelling: Some(Spelling::Any) },
        None => Narrowed { value: Some(number.to_f64()).filter(|v| v.is_finite()), spelling: None },
    }
}

/// Appends the shortest text that means `value`.
pub(crate) fn write(value: f64, whole: Whole, out: &mut Vec<u8>) {
    if whole == Whole::Integer && is_plain_whole(value) {
        #[expect(clippy::cast_possible_truncation, reason = "at most 2^53")]
        out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    } else {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_comes_back() {
        for text in [
            "0",
            "-1",
            "10",
            "10.0",
            "-0.0",
            "0.1",
            "17.19",
            "1e22",
            "9007199254740992",
            "1.5e-9",
            "172.91173669923782",
            "1E+2",
            "123456789.125",
        ] {
            let number = Number::parse(text).unwrap();
            let narrowed = narrow(number);
            for whole in [Whole::Integer, Whole::Float] {
                let mut out = Vec::new();
                write(narrowed.value.unwrap(), whole, &mut out);
                let printed = String::from_utf8(out).unwrap();
                let same = Number::parse(&printed).unwrap().same(number);
                assert_eq!(narrowed.spelling.unwrap().fits(whole), same, "{text} as {printed}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_known() {
        for text in ["9007199254740993", "-0", "1e400", "0.12345678901234567890", "1e-400"] {
            assert!(narrow(Number::parse(text).unwrap()).spelling.is_none(), "{text}");
        }
    }
}
