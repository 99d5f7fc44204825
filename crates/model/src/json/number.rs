//! Numbers as text: compared exactly, converted only where nothing is lost.

use std::cmp::Ordering;

/// A JSON number, as it is written.
///
/// An integer and a float are told apart by their spelling: `1` is an integer, `1.0` and `1e0` are floats.
/// Two numbers are *equal* when they are the same decimal value; [`Number::same`] also asks for the same kind.
#[derive(Debug, Clone, Copy)]
pub struct Number<'a>(&'a str);

impl<'a> Number<'a> {
    /// Wraps a text that the parser has accepted as a number.
    pub(super) const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Parses a text as one JSON number.
    pub fn parse(text: &'a str) -> Option<Self> {
        (scan(text.as_bytes(), 0).ok()? == text.len()).then_some(Self(text))
    }

    /// The number as written.
    pub const fn text(self) -> &'a str {
        self.0
    }

    /// Whether it is spelled without a fraction and an exponent.
    pub fn is_integer(self) -> bool {
        !self.0.bytes().any(|b| matches!(b, b'.' | b'e' | b'E'))
    }

    /// Whether its value is a whole number, however spelled: what JSON Schema calls an `integer`.
    pub fn is_whole(self) -> bool {
        self.is_integer() || Decimal::of(self.0).is_whole()
    }

    /// The value, where it is spelled as an integer and fits. `-0` does not: an i64 would lose its sign.
    pub fn as_i64(self) -> Option<i64> {
        let text = self.0;
        if text.len() > 20 || text == "-0" {
            return None;
        }
        text.parse().ok()
    }

    /// The nearest f64, which may be an infinity. See [`Number::exact_f64`].
    pub fn to_f64(self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The value as an f64 whose shortest form is this very value: nothing is lost on the way through a column of
    /// f64. `None` where something would be.
    pub fn exact_f64(self) -> Option<f64> {
        let value = self.to_f64();
        if !value.is_finite() {
            return None;
        }
        // Up to 15 digits always survive (DBL_DIG), and most floats are written in the shortest form already. Of two
        // shortest forms printers choose differently: it is the one that columns are written back with that counts.
        let text = self.0;
        if text.len() <= 15 && !text.contains(['e', 'E']) {
            return Some(value);
        }
        let mut buffer = zmij::Buffer::new();
        let shortest = buffer.format_finite(value);
        (shortest == text || Decimal::of(shortest) == Decimal::of(text)).then_some(value)
    }

    /// Whether both are the same JSON value: the same kind (integer or float) and the same decimal value.
    /// Of a zero the sign counts where it can be written back.
    pub fn same(self, other: Number<'_>) -> bool {
        self.0 == other.0
            || (self.is_integer() == other.is_integer()
                && self.0.starts_with('-') == other.0.starts_with('-')
                && Decimal::of(self.0) == Decimal::of(other.0))
    }

    /// A number of the value that a [key](Number::sortable) was made of, by the bytes of the key and what follows them.
    pub fn from_sortable(bytes: impl IntoIterator<Item = u8>) -> Option<String> {
        let mut bytes = bytes.into_iter();
        let mask = match bytes.next()? {
            1 => return Some("0".to_owned()),
            2 => 0,
            0 => 0xFF,
            _ => return None,
        };
        let mut bytes = bytes.map(|byte| byte ^ mask);
        let mut exponent = [0; 8];
        for byte in &mut exponent {
            *byte = bytes.next()?;
        }
        let exponent = (u64::from_be_bytes(exponent) ^ (1 << 63)).cast_signed();
        let mut digits = String::new();
        loop {
            match bytes.next()? {
                0 => break,
                digit @ 1..=10 => digits.push(char::from(b'0' + digit - 1)),
                _ => return None,
            }
        }
        let text = spelled(&digits, exponent);
        Some(if mask == 0 { text } else { format!("-{text}") })
    }

    /// A key whose bytes order as the numbers do, exactly and at any magnitude.
    pub fn sortable(self) -> SortableNumber {
        SortableNumber(Decimal::of(self.0).sortable())
    }
}

/// The number 0.DIGITS times ten to the exponent, as people write it.
fn spelled(digits: &str, exponent: i64) -> String {
    match usize::try_from(exponent) {
        Ok(whole @ 1..=21) if whole >= digits.len() => format!("{digits:0<whole$}"),
        Ok(whole @ 1..=21) => format!("{}.{}", &digits[..whole], &digits[whole..]),
        _ if (-6..=0).contains(&exponent) => {
            let width = digits.len() + usize::try_from(-exponent).unwrap_or_default();
            format!("0.{digits:0>width$}")
        }
        _ => format!("0.{digits}e{exponent}"),
    }
}

impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Number<'_> {}
impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Number<'_> {
    /// By value, exactly: 9007199254740993 is greater than 9007199254740992.0.
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Some(a), Some(b)) = (self.as_i64(), other.as_i64()) {
            return a.cmp(&b);
        }
        Decimal::of(self.0).cmp(&Decimal::of(other.0))
    }
}

/// The bytes of [`Number::sortable`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortableNumber(Vec<u8>);

impl SortableNumber {
    /// The key: comparing two keys byte by byte compares the numbers. No key is a proper prefix of another.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A decimal value: `0.d1d2d3... x 10^exponent`, d1 and the last digit not zero. Zero has no digits.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    exponent: i64,
    digits: Vec<u8>,
}

impl Decimal {
    fn of(text: &str) -> Self {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        // An exponent beyond i64 is beyond anything: clamped, its sign kept, so that the order still holds.
        let clamp = if exponent.starts_with('-') { i64::MIN / 4 } else { i64::MAX / 4 };
        let exponent = exponent.parse::<i64>().map_or(clamp, |e| e.clamp(i64::MIN / 4, i64::MAX / 4));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').collect();
        while digits.last() == Some(&0) {
            digits.pop();
        }
        let leading = digits.iter().take_while(|&&d| d == 0).count();
        digits.drain(..leading);
        if digits.is_empty() {
            return Self { negative: false, exponent: 0, digits };
        }
        #[expect(clippy::cast_possible_wrap, reason = "both count the bytes of a text, far below i64::MAX")]
        let exponent = exponent + whole.len() as i64 - leading as i64;
        Self { negative, exponent, digits }
    }

    fn is_whole(&self) -> bool {
        i64::try_from(self.digits.len()).is_ok_and(|n| n <= self.exponent) || self.digits.is_empty()
    }

    fn sortable(&self) -> Vec<u8> {
        if self.digits.is_empty() {
            return vec![1];
        }
        let mut key = vec![2];
        key.extend_from_slice(&(self.exponent.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        key.extend(self.digits.iter().map(|d| d + 1));
        key.push(0);
        if self.negative {
            for byte in &mut key {
                *byte = !*byte;
            }
            key[0] = 0;
        }
        key
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |d: &Self| if d.digits.is_empty() { 0 } else { 1 - 2 * i8::from(d.negative) };
        let magnitude = || self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            0 => Ordering::Equal,
            1 => magnitude(),
            _ => magnitude().reverse(),
        })
    }
}

/// The place after the number that starts at `start` (RFC 8259 section 6); the error is the offending place.
pub(super) fn scan(bytes: &[u8], start: usize) -> Result<usize, usize> {
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut at = start + usize::from(bytes.get(start) == Some(&b'-'));
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        Some(b'1'..=b'9') => digits(at),
        _ => return Err(at),
    };
    if bytes.get(at).is_some_and(u8::is_ascii_digit) {
        return Err(at);
    }
    if bytes.get(at) == Some(&b'.') {
        let end = digits(at + 1);
        if end == at + 1 {
            return Err(end);
        }
        at = end;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let end = digits(at + 1 + sign);
        if end == at + 1 + sign {
            return Err(end);
        }
        at = end;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number<'_> {
        Number::parse(text).unwrap()
    }

    #[test]
    fn the_order_is_exact_at_any_magnitude() {
        let ascending = [
            "-1e400",
            "-12345678901234567890.5",
            "-9007199254740993",
            "-9007199254740992",
            "-1.5",
            "-1",
            "-0.001",
            "0",
            "1e-400",
            "0.1",
            "0.10000000000000000001",
            "1",
            "1.5",
            "9007199254740992",
            "9007199254740993",
            "18446744073709551616",
            "1e400",
        ];
        for pair in ascending.windows(2) {
            let (a, b) = (number(pair[0]), number(pair[1]));
            assert!(a < b, "{} < {}", pair[0], pair[1]);
            assert!(a.sortable() < b.sortable(), "key {} < {}", pair[0], pair[1]);
        }
        for (a, b) in [("1", "1.0"), ("100", "1e2"), ("0", "-0.0"), ("1.10", "1.1"), ("120e-2", "1.2")] {
            assert_eq!(number(a), number(b));
            assert_eq!(number(a).sortable(), number(b).sortable());
        }
    }

    #[test]
    fn the_same_value_keeps_its_kind() {
        assert!(number("1.10").same(number("1.1")));
        assert!(!number("1").same(number("1.0")));
        assert!(!number("0.0").same(number("-0.0")));
    }

    #[test]
    fn what_a_double_cannot_hold_is_known() {
        for exact in [
            "0.1",
            "1.5",
            "-0.0",
            "1e22",
            "9007199254740992",
            "123456789012345.0",
            "1e-7",
            "0.30000000000000004",
        ] {
            assert!(number(exact).exact_f64().is_some(), "{exact}");
        }
        // Halfway between two shortest forms, of which 72844469050413.12 is the one that is printed.
        assert!(number("72844469050413.12").exact_f64().is_some());
        assert!(number("72844469050413.13").exact_f64().is_none());
        for inexact in ["9007199254740993", "1e400", "1e-400", "0.1000000000000000055511151231257827"] {
            assert!(number(inexact).exact_f64().is_none(), "{inexact}");
        }
    }

    #[test]
    fn whole_numbers_are_known_however_spelled() {
        for whole in ["1", "1.0", "10e-1", "1e3", "0.0"] {
            assert!(number(whole).is_whole(), "{whole}");
        }
        for fraction in ["1.5", "1e-3"] {
            assert!(!number(fraction).is_whole(), "{fraction}");
        }
    }

    #[test]
    fn spellings_that_json_does_not_know_are_refused() {
        for bad in ["", "-", "01", "1.", ".5", "1e", "+1", "1e+", "0x10", "1_000", "1 "] {
            assert!(Number::parse(bad).is_none(), "{bad:?}");
        }
    }
}
