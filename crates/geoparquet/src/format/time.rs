//! Times in a column of microseconds: which texts come back as they were written.

use std::collections::BTreeMap;

use arrow_schema::TimeUnit;
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use stacyard_model::{Rfc3339, TimeStyle};

/// The properties that say when an Item is: its instant, or the start and the end of its range (STAC Common Metadata, "Date and
/// Time").
pub(crate) const DATETIME: &str = "datetime";
pub(crate) const START: &str = "start_datetime";
pub(crate) const END: &str = "end_datetime";

/// How a column of timestamps is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeFormat {
    /// Digits of a second; `None`: as many as the value needs.
    pub(crate) digits: Option<u8>,
    /// Separator and zone; its digits do not count.
    pub(crate) style: TimeStyle,
}

impl Default for TimeFormat {
    fn default() -> Self {
        Self { digits: None, style: TimeStyle::utc(0) }
    }
}

/// How a column of timestamps is written in the Items of each collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TimeFormats {
    pub(crate) common: TimeFormat,
    /// Of the collections that do it otherwise.
    pub(crate) by_collection: BTreeMap<Box<str>, TimeFormat>,
}

impl From<TimeFormat> for TimeFormats {
    fn from(common: TimeFormat) -> Self {
        Self { common, by_collection: BTreeMap::new() }
    }
}

impl TimeFormats {
    /// That of an Item's collection, as its column says it.
    pub(crate) fn of(&self, collection: Option<&str>) -> TimeFormat {
        collection.and_then(|collection| self.by_collection.get(collection)).copied().unwrap_or(self.common)
    }
}

/// The date and time of UTC at which the columns' count begins.
const EPOCH: DateTime = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);

/// Microseconds since 1970, rounded down.
pub(crate) fn micros(time: Rfc3339) -> Option<i64> {
    i64::try_from(time.utc.duration_since(EPOCH).as_nanos().div_euclid(1_000)).ok()
}

/// Microseconds since 1970, rounded down.
pub(crate) fn whole_micros(instant: jiff::Timestamp) -> i64 {
    // Jiff's instants end within the year 9999.
    i64::try_from(instant.as_nanosecond().div_euclid(1_000)).unwrap_or(i64::MIN)
}

/// Microseconds since 1970 of so many of a unit, rounded down.
pub(crate) fn micros_of(value: i64, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => value.saturating_mul(1_000_000),
        TimeUnit::Millisecond => value.saturating_mul(1_000),
        TimeUnit::Microsecond => value,
        TimeUnit::Nanosecond => value.div_euclid(1_000),
    }
}

/// The date and time of so many of a unit since 1970, from the year 0 to 9999.
pub(crate) fn date_time(value: i64, unit: TimeUnit) -> Option<DateTime> {
    let since = match unit {
        TimeUnit::Second => SignedDuration::from_secs(value),
        TimeUnit::Millisecond => SignedDuration::from_millis(value),
        TimeUnit::Microsecond => SignedDuration::from_micros(value),
        TimeUnit::Nanosecond => SignedDuration::from_nanos(value),
    };
    EPOCH.checked_add(since).ok().filter(|time| time.year() >= 0)
}

/// The date so many days since 1970, from the year 0 to 9999.
pub(crate) fn date(days: i32) -> Option<Date> {
    let since = SignedDuration::from_hours(i64::from(days) * 24);
    EPOCH.date().checked_add(since).ok().filter(|date| date.year() >= 0)
}

/// Whether microseconds and a style give the text back.
pub(crate) fn is_exact(time: Rfc3339) -> bool {
    time.style.fraction_digits <= 6
}

/// Whether it has no more digits than its value needs.
pub(crate) fn is_trimmed(time: Rfc3339) -> bool {
    time.style.fraction_digits == needed_digits(time.utc.subsec_nanosecond())
}

fn needed_digits(nanoseconds: i32) -> u8 {
    let (mut digits, mut rest) = (9, nanoseconds);
    while digits > 0 && rest % 10 == 0 {
        rest /= 10;
        digits -= 1;
    }
    digits
}

impl TimeFormat {
    /// Whether a column of this format gives the text back.
    pub(crate) fn fits(self, time: Rfc3339) -> bool {
        is_exact(time)
            && TimeStyle { fraction_digits: 0, ..time.style }
                == TimeStyle { fraction_digits: 0, ..self.style }
            && self.digits.map_or_else(|| is_trimmed(time), |digits| digits == time.style.fraction_digits)
    }

    /// Appends the text of a time.
    pub(crate) fn write(self, utc: DateTime, out: &mut Vec<u8>) {
        // More than the format has only where another program has changed the column.
        let needed = needed_digits(utc.subsec_nanosecond());
        let fraction_digits = self.digits.map_or(needed, |digits| digits.max(needed));
        TimeStyle { fraction_digits, ..self.style }.write(utc, out);
    }

    /// As the file's metadata says it: an example, `1970-01-01T00:00:00.000Z`, `.*` for as many digits as needed.
    pub(crate) fn pattern(self) -> String {
        let mut text = Vec::new();
        TimeStyle { fraction_digits: self.digits.unwrap_or(0), ..self.style }.write(EPOCH, &mut text);
        let mut text = String::from_utf8_lossy(&text).into_owned();
        if self.digits.is_none() {
            text.insert_str(19, ".*");
        }
        text
    }

    pub(crate) fn from_pattern(pattern: &str) -> Option<Self> {
        let trimmed = pattern.get(19..21) == Some(".*");
        let text = if trimmed { pattern.replacen(".*", "", 1) } else { pattern.to_owned() };
        let style = Rfc3339::parse(&text)?.style;
        Some(Self {
            digits: (!trimmed).then_some(style.fraction_digits),
            style: TimeStyle { fraction_digits: 0, ..style },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_takes_what_it_gives_back() {
        let time = |text: &str| Rfc3339::parse(text).unwrap();
        let millis = TimeFormat { digits: Some(3), style: TimeStyle::utc(0) };
        assert!(millis.fits(time("2024-06-01T12:00:00.000Z")));
        assert!(!millis.fits(time("2024-06-01T12:00:00Z")));
        assert!(!millis.fits(time("2024-06-01T12:00:00.000+00:00")));
        let trimmed = TimeFormat::default();
        for (text, fits) in [
            ("12:00:00Z", true),
            ("12:00:00.1Z", true),
            ("12:00:00.10Z", false),
            ("12:00:00.123456Z", true),
            ("12:00:00.1234567Z", false),
        ] {
            let time = time(&format!("1960-06-01T{text}"));
            assert_eq!(trimmed.fits(time), fits, "{text}");
            if fits {
                let mut out = Vec::new();
                trimmed.write(date_time(micros(time).unwrap(), TimeUnit::Microsecond).unwrap(), &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), format!("1960-06-01T{text}"));
            }
        }
    }

    #[test]
    fn patterns_come_back() {
        for pattern in [
            "1970-01-01T00:00:00.000Z",
            "1970-01-01T00:00:00.*Z",
            "1970-01-01t00:00:00+00:00",
            "1970-01-01T05:30:00+05:30",
        ] {
            assert_eq!(TimeFormat::from_pattern(pattern).unwrap().pattern(), pattern);
        }
    }
}
