//! Points in time and closed intervals of them: RFC 3339 texts, the temporal extent of an Item, `datetime` searches.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// A text of RFC 3339 section 5.6 taken apart: the instant, and how it was written.
///
/// The same instant can be written in many ways; [`TimeStyle::write`] gives back the very text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rfc3339 {
    /// The instant, at nanosecond precision (later digits are cut).
    pub instant: Timestamp,
    /// The same as a date and time of UTC, which reaches to the end of the year 9999.
    pub utc: DateTime,
    /// How it was written.
    pub style: TimeStyle,
}

/// How an RFC 3339 text is written, beside the instant it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeStyle {
    /// Digits after the decimal point; 0: no point. More than 9 cannot be written back.
    pub fraction_digits: u8,
    /// `T`, `t` or a space.
    pub separator: u8,
    /// The end of the text.
    pub zone: Zone,
}

/// The zone at the end of an RFC 3339 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Zone {
    /// `Z`
    UpperZ,
    /// `z`
    LowerZ,
    /// `+hh:mm` or `-hh:mm`.
    Offset {
        /// Written with a minus; `-00:00` is not `+00:00`.
        negative: bool,
        /// Up to 23 hours and 59 minutes.
        minutes: u16,
    },
}

impl TimeStyle {
    /// `2024-06-01T12:00:00Z` with so many digits of a second.
    pub const fn utc(fraction_digits: u8) -> Self {
        Self { fraction_digits, separator: b'T', zone: Zone::UpperZ }
    }

    /// Whether this is UTC by its spelling, as STAC asks: `Z` or `+00:00`.
    pub const fn is_utc(self) -> bool {
        matches!(self.zone, Zone::UpperZ | Zone::Offset { negative: false, minutes: 0 })
    }
}

impl Rfc3339 {
    /// Parses a text, strictly: a real date (no 30 February), two digits everywhere, a zone.
    /// The 60th second of a minute is taken where the hour and minute are 23:59 in UTC, as leap seconds are, and
    /// means the last second before. Instants from 9999-12-30T22:00:01Z on are taken as [`Timestamp::MAX`].
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let two = |at: usize| -> Option<i8> {
            let pair = bytes.get(at..at + 2)?;
            let digit = |b: u8| b.is_ascii_digit().then(|| (b - b'0').cast_signed());
            Some(digit(pair[0])? * 10 + digit(pair[1])?)
        };
        let is = |at: usize, wanted: u8| bytes.get(at) == Some(&wanted);
        if bytes.len() < 20 || !(is(4, b'-') && is(7, b'-') && is(13, b':') && is(16, b':')) {
            return None;
        }
        let separator = bytes[10];
        if !matches!(separator, b'T' | b't' | b' ') {
            return None;
        }
        let year = i16::from(two(0)?) * 100 + i16::from(two(2)?);
        let (month, day, hour, minute, second) = (two(5)?, two(8)?, two(11)?, two(14)?, two(17)?);

        let mut at = 19;
        let mut nanoseconds: i32 = 0;
        let mut fraction_digits: u8 = 0;
        if bytes[at] == b'.' {
            at += 1;
            let digits = bytes[at..].iter().take_while(|b| b.is_ascii_digit());
            for &digit in digits {
                if fraction_digits < 9 {
                    nanoseconds = nanoseconds * 10 + i32::from(digit - b'0');
                }
                fraction_digits = fraction_digits.saturating_add(1);
                at += 1;
            }
            if fraction_digits == 0 {
                return None;
            }
            for _ in fraction_digits..9 {
                nanoseconds *= 10;
            }
        }
        let (zone, offset_seconds) = match bytes.get(at..)? {
            b"Z" => (Zone::UpperZ, 0),
            b"z" => (Zone::LowerZ, 0),
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let (hours, minutes) = (two(at + 1)?, two(at + 4)?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let negative = *sign == b'-';
                let total = u16::try_from(i16::from(hours) * 60 + i16::from(minutes)).ok()?;
                let seconds = i64::from(total) * if negative { -60 } else { 60 };
                (Zone::Offset { negative, minutes: total }, seconds)
            }
            _ => return None,
        };
        let leap = second == 60;
        let civil =
            DateTime::new(year, month, day, hour, minute, if leap { 59 } else { second }, nanoseconds)
                .ok()?;
        // An offset can lead out of the years 0 to 9999 that RFC 3339 can write: no style says such a time.
        let utc =
            civil.checked_sub(SignedDuration::from_secs(offset_seconds)).ok().filter(|utc| utc.year() >= 0);
        let unwritable = leap || utc.is_none();
        let utc = utc.unwrap_or(civil);
        if leap && (utc.hour(), utc.minute()) != (23, 59) {
            return None;
        }
        // The last day of the year 9999 is beyond the last instant: many write it for an open end, so it means that.
        let instant = Offset::UTC.to_timestamp(utc).unwrap_or(Timestamp::MAX);
        let fraction_digits = if unwritable { u8::MAX } else { fraction_digits };
        Some(Self { instant, utc, style: TimeStyle { fraction_digits, separator, zone } })
    }
}

impl TimeStyle {
    /// Appends a time of UTC in this style: the text that [`Rfc3339::parse`] takes apart into the two, where the style
    /// has at most 9 digits.
    pub fn write(self, utc: DateTime, out: &mut Vec<u8>) {
        let offset = match self.zone {
            Zone::Offset { negative, minutes } => i64::from(minutes) * if negative { -60 } else { 60 },
            _ => 0,
        };
        let civil = utc.checked_add(SignedDuration::from_secs(offset)).unwrap_or(utc);
        let mut digits = |value: u32, width: u32| {
            for place in (0..width).rev() {
                out.push(b'0' + u8::try_from(value / 10_u32.pow(place) % 10).unwrap_or(0));
            }
        };
        digits(u32::from(civil.year().unsigned_abs()), 4);
        let parts = [
            (b'-', civil.month()),
            (b'-', civil.day()),
            (self.separator, civil.hour()),
            (b':', civil.minute()),
            (b':', civil.second()),
        ];
        for (mark, value) in parts {
            out.push(mark);
            let value = value.unsigned_abs();
            out.extend_from_slice(&[b'0' + value / 10, b'0' + value % 10]);
        }
        let wanted = u32::from(self.fraction_digits.min(9));
        if wanted > 0 {
            out.push(b'.');
            let fraction = civil.subsec_nanosecond().unsigned_abs() / 10_u32.pow(9 - wanted);
            for place in (0..wanted).rev() {
                out.push(b'0' + u8::try_from(fraction / 10_u32.pow(place) % 10).unwrap_or(0));
            }
        }
        match self.zone {
            Zone::UpperZ => out.push(b'Z'),
            Zone::LowerZ => out.push(b'z'),
            Zone::Offset { negative, minutes } => {
                out.push(if negative { b'-' } else { b'+' });
                let two = |value: u16| {
                    [
                        b'0' + u8::try_from(value / 10).unwrap_or(0),
                        b'0' + u8::try_from(value % 10).unwrap_or(0),
                    ]
                };
                out.extend_from_slice(&two(minutes / 60));
                out.push(b':');
                out.extend_from_slice(&two(minutes % 60));
            }
        }
    }
}

/// A closed interval of time; an end that is absent is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

/// Why a text is no interval.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum IntervalError {
    NotATime(String),
    StartAfterEnd,
    OpenAtBothEnds,
    TooManyParts,
}

impl fmt::Display for IntervalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATime(text) => {
                write!(f, "{text:?} is not an RFC 3339 date and time such as 2024-06-01T00:00:00Z")
            }
            Self::StartAfterEnd => f.write_str("the interval starts after its end"),
            Self::OpenAtBothEnds => {
                f.write_str("an interval open at both ends matches everything: leave it out")
            }
            Self::TooManyParts => f.write_str("an interval is START/END, or one instant"),
        }
    }
}
impl std::error::Error for IntervalError {}

impl Interval {
    /// The interval from `start` to `end`, both included; `None` is open.
    pub fn new(start: Option<Timestamp>, end: Option<Timestamp>) -> Result<Self, IntervalError> {
        match (start, end) {
            (Some(start), Some(end)) if start > end => Err(IntervalError::StartAfterEnd),
            _ => Ok(Self { start, end }),
        }
    }

    /// Parses the `datetime` parameter of STAC API (OGC API Features 7.15.4): an instant, or `START/END` where an
    /// end may be `..` or empty. A date alone (`2024-06-01`) is taken as its first instant at the start and its last
    /// nanosecond at the end.
    pub fn parse(text: &str) -> Result<Self, IntervalError> {
        let mut parts = text.split('/');
        let (first, second) = (parts.next().unwrap_or_default(), parts.next());
        if parts.next().is_some() {
            return Err(IntervalError::TooManyParts);
        }
        match second {
            None => Self::new(Some(bound(first, false)?), Some(bound(first, true)?)),
            Some(second) => {
                let open = |text: &str| text.is_empty() || text == "..";
                let start = (!open(first)).then(|| bound(first, false)).transpose()?;
                let end = (!open(second)).then(|| bound(second, true)).transpose()?;
                if start.is_none() && end.is_none() {
                    return Err(IntervalError::OpenAtBothEnds);
                }
                Self::new(start, end)
            }
        }
    }

    /// The first instant; `None`: open.
    pub const fn start(self) -> Option<Timestamp> {
        self.start
    }

    /// The last instant; `None`: open.
    pub const fn end(self) -> Option<Timestamp> {
        self.end
    }

    /// Whether the two share an instant.
    pub fn overlaps(self, other: Self) -> bool {
        let before = |end: Option<Timestamp>, start: Option<Timestamp>| matches!((end, start), (Some(e), Some(s)) if e < s);
        !before(self.end, other.start) && !before(other.end, self.start)
    }
}

fn bound(text: &str, last: bool) -> Result<Timestamp, IntervalError> {
    let wrong = || IntervalError::NotATime(text.to_owned());
    if text.len() == 10 {
        let clock = if last { "T23:59:59.999999999Z" } else { "T00:00:00Z" };
        return Rfc3339::parse(&format!("{text}{clock}")).map(|time| time.instant).ok_or_else(wrong);
    }
    Rfc3339::parse(text).map(|time| time.instant).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_as_it_was_written() {
        for text in [
            "2024-06-01T12:34:56Z",
            "2024-06-01T12:34:56.1Z",
            "2024-06-01T12:34:56.123456789Z",
            "2024-06-01t12:34:56z",
            "2024-06-01 12:34:56+00:00",
            "2024-06-01T01:34:56.000+05:30",
            "2024-06-01T12:34:56-00:00",
            "0001-01-01T00:00:00Z",
            "9998-12-31T23:59:59-11:30",
            "1969-12-31T23:59:59.999Z",
        ] {
            let mut out = Vec::new();
            let time = Rfc3339::parse(text).unwrap();
            time.style.write(time.utc, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_date_and_time_is_refused() {
        for text in [
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-06-01",
            "2024-06-01T12:34Z",
            "2024-06-01T12:34:56",
            "2024-06-01T24:00:00Z",
            "2024-06-01T12:34:56.Z",
            "2024-6-1T12:34:56Z",
            "2024-06-01T12:34:61Z",
            "2024-06-01T12:34:60Z",
            "2024-06-01T12:34:56+24:00",
            "2024-06-01T12:34:56+0100",
            "+024-06-01T12:34:56Z",
            "é024-06-01T12:34:56Z",
        ] {
            assert!(Rfc3339::parse(text).is_none(), "{text}");
        }
        assert!(Rfc3339::parse("2016-12-31T23:59:60Z").is_some(), "a leap second");
        assert_eq!(Rfc3339::parse("9999-12-31T23:59:59Z").unwrap().instant, Timestamp::MAX);
    }

    #[test]
    fn offsets_are_taken_off() {
        let instant = |text| Rfc3339::parse(text).unwrap().instant;
        assert_eq!(instant("2024-06-01T05:30:00+05:30"), instant("2024-06-01T00:00:00Z"));
        assert!(instant("2024-06-01T00:00:00.000000001Z") > instant("2024-06-01T00:00:00Z"));
    }

    #[test]
    fn intervals_are_closed_and_may_be_open_ended() {
        let parse = |text| Interval::parse(text).unwrap();
        assert!(
            parse("2024-01-01T00:00:00Z/2024-02-01T00:00:00Z").overlaps(parse("2024-02-01T00:00:00Z/.."))
        );
        assert!(!parse("../2024-01-01T00:00:00Z").overlaps(parse("2024-01-01T00:00:00.000000001Z")));
        assert!(parse("2024-06-01").overlaps(parse("2024-06-01T23:59:59.5Z")));
        assert_eq!(Interval::parse("../.."), Err(IntervalError::OpenAtBothEnds));
        assert_eq!(Interval::parse("2024-02-01/2024-01-01"), Err(IntervalError::StartAfterEnd));
        assert_eq!(Interval::parse("a/b/c"), Err(IntervalError::TooManyParts));
        assert!(matches!(Interval::parse("June"), Err(IntervalError::NotATime(_))));
    }
}
