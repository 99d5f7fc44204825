//! Steps of time, in UTC.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// A step of time, in the Gregorian calendar and UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// From January on.
    Year,
    /// From the first day on.
    Month,
    /// From midnight on.
    Day,
    /// From the full hour on.
    Hour,
}

impl Step {
    /// The start of the step that an instant lies in.
    pub fn start(self, at: Timestamp) -> Timestamp {
        let civil = Offset::UTC.to_datetime(at);
        let (year, month, day) = (civil.year(), civil.month(), civil.day());
        let start = match self {
            Self::Year => DateTime::new(year, 1, 1, 0, 0, 0, 0),
            Self::Month => DateTime::new(year, month, 1, 0, 0, 0, 0),
            Self::Day => DateTime::new(year, month, day, 0, 0, 0, 0),
            Self::Hour => DateTime::new(year, month, day, civil.hour(), 0, 0, 0),
        };
        // The first instants of all lie in a step that begins before them.
        start.ok().and_then(|start| Offset::UTC.to_timestamp(start).ok()).unwrap_or(Timestamp::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_begin_in_utc() {
        let at: Timestamp = "2024-02-29T23:59:59.999999999-01:30".parse().unwrap();
        let starts = [Step::Year, Step::Month, Step::Day, Step::Hour].map(|step| step.start(at).to_string());
        assert_eq!(
            starts,
            ["2024-01-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-03-01T01:00:00Z"]
        );
        let before: Timestamp = "1969-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(Step::Hour.start(before).to_string(), "1969-12-31T23:00:00Z");
        assert_eq!(Step::Year.start(Timestamp::MIN), Timestamp::MIN);
    }
}
