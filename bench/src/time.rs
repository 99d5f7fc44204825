//! Moments as microseconds since 1970, and the spellings that the catalogs of the field use.

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// 2023-01-01, where the catalogs begin.
pub(crate) const BEGIN: Moment = Moment(19_358 * DAY);
/// How many days they span: to the end of 2025.
pub(crate) const DAYS: i64 = 1_096;
/// 2026-01-01: when the imagery was processed anew, one product a second.
pub(crate) const REPROCESSED: Moment = Moment(20_454 * DAY);

/// The parts of a [`Moment`] in UTC.
pub(crate) struct Parts {
    pub(crate) year: i64,
    pub(crate) month: i64,
    day: i64,
    of_day: i64,
    pub(crate) day_of_year: i64,
}

impl Moment {
    pub(crate) fn plus_days(self, days: i64) -> Self {
        Self(self.0 + days * DAY)
    }

    pub(crate) fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + seconds * SECOND)
    }

    pub(crate) fn plus_micros(self, micros: i64) -> Self {
        Self(self.0 + micros)
    }

    /// The civil calendar, after Howard Hinnant's `civil_from_days`; for years from 1970 on.
    pub(crate) fn parts(self) -> Parts {
        let shifted = self.0 / DAY + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let from_march = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * from_march + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let leap = i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
        let day_of_year = if month <= 2 { from_march - 305 } else { from_march + 60 + leap };
        Parts {
            year,
            month,
            day: from_march - (153 * shifted_month + 2) / 5 + 1,
            of_day: self.0 % DAY,
            day_of_year,
        }
    }

    /// RFC 3339 with as many digits of the second as asked for (0, 3 or 6).
    pub(crate) fn rfc3339(self, digits: usize) -> String {
        let Parts { year, month, day, of_day, .. } = self.parts();
        let (seconds, micros) = (of_day / SECOND, of_day % SECOND);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let head = format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        match digits {
            0 => format!("{head}Z"),
            3 => format!("{head}.{:03}Z", micros / 1000),
            _ => format!("{head}.{micros:06}Z"),
        }
    }

    /// `20240612T105031`, as product names have it.
    pub(crate) fn compact(self) -> String {
        let second = self.parts().of_day / SECOND;
        format!("{}T{:02}{:02}{:02}", self.date(), second / 3600, second / 60 % 60, second % 60)
    }

    /// `20240612`.
    pub(crate) fn date(self) -> String {
        let Parts { year, month, day, .. } = self.parts();
        format!("{year}{month:02}{day:02}")
    }
}
