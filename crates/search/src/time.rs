//! Time in Items: the temporal extent, and spans for the temporal predicates.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use stacyard_model::{Interval, Rfc3339};

use crate::cql2::build::full_date;
use crate::error::ItemError;
use crate::property::ItemView;

/// The temporal extent of an Item ([`stacyard_model::temporal_extent`]), which cannot be searched where a time of it says nothing.
pub(crate) fn extent_of(item: &ItemView<'_>) -> Result<Option<Interval>, ItemError> {
    stacyard_model::temporal_extent(item.properties).map_err(|error| ItemError {
        id: item.id_text(),
        pointer: format!("/properties/{}", error.name),
        reason: error.reason,
    })
}

/// A closed span of time: an instant (both ends the same), a day, or an interval. An open end is the end of all time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) low: Timestamp,
    pub(crate) high: Timestamp,
}

impl Span {
    pub(crate) const fn instant(at: Timestamp) -> Self {
        Self { low: at, high: at }
    }

    /// A day in UTC, from its first to its last nanosecond.
    pub(crate) fn day(date: Date) -> Self {
        let at = |clock: DateTime, beyond| Offset::UTC.to_timestamp(clock).unwrap_or(beyond);
        Self {
            low: at(date.at(0, 0, 0, 0), Timestamp::MIN),
            high: at(date.at(23, 59, 59, 999_999_999), Timestamp::MAX),
        }
    }

    /// Of the text of a property: an RFC 3339 instant or date.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match Rfc3339::parse(text) {
            Some(time) => Some(Self::instant(time.instant)),
            None => full_date(text).map(Self::day),
        }
    }
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;

    fn extent(properties: &str) -> Result<Option<Interval>, ItemError> {
        let item = Document::parse(format!(r#"{{"id":"x","properties":{properties}}}"#)).unwrap();
        extent_of(&ItemView::of(item.root()))
    }

    #[test]
    fn the_range_wins_where_it_is_whole() {
        let interval = |text| Ok(Some(Interval::parse(text).unwrap()));
        assert_eq!(extent(r#"{"datetime":"2024-01-02T00:00:00Z"}"#), interval("2024-01-02T00:00:00Z"));
        assert_eq!(
            extent(
                r#"{"datetime":"2024-01-02T00:00:00Z","start_datetime":"2024-01-01T00:00:00Z","end_datetime":"2024-01-03T00:00:00Z"}"#
            ),
            interval("2024-01-01T00:00:00Z/2024-01-03T00:00:00Z")
        );
        for half in ["null", "\"2024-01-01T00:00:00Z\""] {
            assert_eq!(
                extent(&format!(
                    r#"{{"datetime":"2024-01-02T00:00:00Z","start_datetime":{half},"end_datetime":null}}"#
                )),
                interval("2024-01-02T00:00:00Z")
            );
        }
        assert_eq!(extent(r#"{"datetime":null}"#), Ok(None));
        assert_eq!(extent("{}"), Ok(None));
    }

    #[test]
    fn what_is_no_time_is_an_error() {
        insta::assert_snapshot!(extent(r#"{"datetime":"June"}"#).unwrap_err(), @r#"the Item "x" cannot be searched: /properties/datetime: "June" is not an RFC 3339 date and time"#);
        assert!(extent(r#"{"datetime":5}"#).is_err());
        assert!(
            extent(r#"{"start_datetime":"2024-01-03T00:00:00Z","end_datetime":"2024-01-01T00:00:00Z"}"#)
                .is_err()
        );
    }
}
