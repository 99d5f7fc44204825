//! What can be wrong with a search, and with an Item that a search looks at.

use std::fmt;

use crate::stop::Stopped;

/// Why a request is no search: the [cause](Self::cause) shows the offending text, the [remedy](Self::remedy) says what would
/// be right.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchError {
    /// A bounding box that is none.
    Bbox {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A geometry that is none.
    Intersects(String),
    /// A geometry in WKT, which stands in filters only.
    IntersectsWkt,
    /// Both areas at once, which STAC API forbids (Item Search, "Query Parameters and Fields").
    TwoAreas,
    /// A `datetime` that is no instant and no interval.
    Datetime {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A filter that does not parse.
    Filter(FilterError),
    /// A filter that parses, but that Stacyard cannot answer.
    Unsupported {
        /// What is wrong.
        reason: String,
        /// What would be right, where that is known.
        remedy: Option<String>,
        /// The smallest predicate around it, in CQL2.
        part: String,
    },
    /// A `query` that is none.
    Query {
        /// The property with the fault, if it is in one.
        name: String,
        /// What is wrong.
        reason: String,
        /// What would be right, where that is known.
        remedy: Option<String>,
    },
    /// A list of sort keys that is none.
    Sortby {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A list of fields that is none.
    Fields {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A list of ids, collections or terms that is none.
    List {
        /// `ids`, `collections` or `q`.
        what: &'static str,
        /// The text as given.
        text: String,
    },
    /// A page size out of range.
    Limit(u64),
    /// A grid that there is not.
    Grid {
        /// What is out of range.
        what: &'static str,
        /// What was given.
        number: u64,
        /// What is possible.
        range: &'static str,
    },
    /// A width that ranges of numbers cannot have.
    Width(String),
    /// Steps of time are asked for of a property that is not known to hold instants.
    NoInstants {
        /// The name as written.
        name: String,
    },
    /// The search had to end before it began.
    Stopped(Stopped),
}

impl SearchError {
    /// What is wrong. It may quote any text.
    pub fn cause(&self) -> String {
        match self {
            Self::Bbox { text, reason } => format!("bbox {text:?}: {reason}"),
            Self::Intersects(reason) => format!("intersects: {reason}"),
            Self::IntersectsWkt => "intersects: WKT is not taken here".to_owned(),
            Self::TwoAreas => "bbox and intersects cannot be used together".to_owned(),
            Self::Datetime { text, reason } => format!("datetime {text:?}: {reason}"),
            Self::Filter(error) => error.cause(),
            Self::Unsupported { reason, .. } => format!("filter: {reason}"),
            Self::Query { name, reason, .. } if name.is_empty() => format!("query: {reason}"),
            Self::Query { name, reason, .. } => format!("query {name}: {reason}"),
            Self::Sortby { text, reason } => format!("sortby {text:?}: {reason}"),
            Self::Fields { text, reason } => format!("fields {text:?}: {reason}"),
            Self::List { what, text } => format!("{what} {text:?}: an empty name"),
            Self::Limit(limit) => format!("limit {limit}: a page has 1 to 10000 Items"),
            Self::Grid { what, number, range } => format!("{number} as the {what}: it is {range}"),
            Self::Width(width) => format!("{width} as the width of ranges: it has to be above zero"),
            Self::NoInstants { name } => format!("{name:?} is not known to hold instants"),
            Self::Stopped(stopped) => stopped.to_string(),
        }
    }

    /// What would be right, where that is known.
    pub fn remedy(&self) -> Option<&str> {
        Some(match self {
            Self::Bbox { .. } => "write WEST,SOUTH,EAST,NORTH in degrees, such as 5.9,45.8,10.5,47.8",
            Self::Intersects(_) => "give a GeoJSON geometry or Feature in longitude and latitude",
            Self::IntersectsWkt => {
                "give a GeoJSON geometry, or put the WKT into a filter: S_INTERSECTS(geometry, POINT(7 46))"
            }
            Self::TwoAreas => "leave one out, or put one into the filter as S_INTERSECTS",
            Self::Datetime { .. } => "write an instant or START/END, such as 2024-06-01T00:00:00Z/..",
            Self::Sortby { .. } => {
                "write names with commas between, each with - before it for descending order, such as -datetime,id"
            }
            Self::Fields { .. } => {
                "write names with commas between, each with - before it to leave it out, such as id,properties.datetime,-assets"
            }
            Self::List { .. } => "write names with commas between, none of them empty",
            Self::NoInstants { .. } => {
                "steps of time are those of datetime, start_datetime, end_datetime, created, updated, or of a property that a \
                 profile declares as datetime"
            }
            Self::Limit(_) | Self::Grid { .. } => "give a number of that range",
            Self::Width(_) => "give a number such as 10 or 0.5",
            Self::Query { name, remedy: None, .. } if !name.is_empty() => {
                r#"write the operators of each property as an object, such as {"eo:cloud_cover": {"lt": 20}}"#
            }
            Self::Filter(FilterError { remedy, .. })
            | Self::Unsupported { remedy, .. }
            | Self::Query { remedy, .. } => return remedy.as_deref(),
            Self::Stopped(_) => return None,
        })
    }

    /// The part of a filter that is meant: the lines that stand below the message.
    pub fn excerpt(&self) -> Vec<String> {
        match self {
            Self::Filter(error) => error.excerpt(),
            Self::Unsupported { part, .. } => vec![part.clone()],
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for SearchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_all(f, &self.cause(), self.remedy(), &self.excerpt())
    }
}
impl std::error::Error for SearchError {}

impl From<FilterError> for SearchError {
    fn from(error: FilterError) -> Self {
        Self::Filter(error)
    }
}

impl From<Stopped> for SearchError {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}

/// The cause, what would be right after a semicolon, and the lines below.
fn write_all(
    f: &mut fmt::Formatter<'_>,
    cause: &str,
    remedy: Option<&str>,
    excerpt: &[String],
) -> fmt::Result {
    f.write_str(cause)?;
    remedy.map_or(Ok(()), |remedy| write!(f, "; {remedy}"))?;
    excerpt.iter().try_for_each(|line| write!(f, "\n  {line}"))
}

/// Why a text is no CQL2 filter, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// What is wrong.
    pub reason: String,
    /// What would be right, where that is known.
    pub remedy: Option<String>,
    /// Where it is.
    pub place: FilterPlace,
}

/// A place in a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterPlace {
    /// In CQL2 text: a line, and a column of it (both from 0, in characters).
    Text {
        /// The part of the line around the place.
        excerpt: String,
        /// The character of the excerpt.
        column: usize,
        /// The byte of the whole text.
        offset: usize,
    },
    /// In CQL2 JSON: a JSON pointer.
    Json(String),
    /// The filter as a whole.
    Whole,
}

impl FilterPlace {
    /// A byte of a CQL2 text.
    pub(crate) fn at(text: &str, offset: usize) -> Self {
        const AROUND: usize = 60;
        let offset = text.floor_char_boundary(offset);
        let line_start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
        let start = text.floor_char_boundary(line_start.max(offset.saturating_sub(AROUND)));
        let end = text.ceil_char_boundary(line_end.min(offset + AROUND));
        let excerpt = text[start..end].replace(stacyard_model::is_active, " ");
        let column = text[start..offset].chars().count();
        Self::Text { excerpt, column, offset }
    }
}

impl FilterError {
    pub(crate) fn new(reason: impl Into<Reason>, place: FilterPlace) -> Self {
        let Reason { cause, remedy } = reason.into();
        Self { reason: cause, remedy, place }
    }

    /// An error at a byte of a CQL2 text.
    pub(crate) fn at(text: &str, offset: usize, reason: impl Into<Reason>) -> Self {
        Self::new(reason, FilterPlace::at(text, offset))
    }

    pub(crate) fn whole(reason: impl Into<Reason>) -> Self {
        Self::new(reason, FilterPlace::Whole)
    }
}

/// What is wrong with a filter, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) cause: String,
    pub(crate) remedy: Option<String>,
}

impl From<&str> for Reason {
    fn from(cause: &str) -> Self {
        Self { cause: cause.to_owned(), remedy: None }
    }
}

impl From<String> for Reason {
    fn from(cause: String) -> Self {
        Self { cause, remedy: None }
    }
}

/// A cause and its remedy.
impl<C: Into<String>, R: Into<String>> From<(C, R)> for Reason {
    fn from((cause, remedy): (C, R)) -> Self {
        Self { cause: cause.into(), remedy: Some(remedy.into()) }
    }
}

impl FilterError {
    /// What is wrong, and in JSON where.
    fn cause(&self) -> String {
        match &self.place {
            FilterPlace::Json(pointer) if !pointer.is_empty() => {
                format!("filter: {} (at {pointer})", self.reason)
            }
            FilterPlace::Text { .. } | FilterPlace::Json(_) | FilterPlace::Whole => {
                format!("filter: {}", self.reason)
            }
        }
    }

    /// The line of the text around the place, and a mark below it.
    fn excerpt(&self) -> Vec<String> {
        match &self.place {
            FilterPlace::Text { excerpt, column, .. } => vec![excerpt.clone(), format!("{:column$}^", "")],
            FilterPlace::Json(_) | FilterPlace::Whole => Vec::new(),
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_all(f, &self.cause(), self.remedy.as_deref(), &self.excerpt())
    }
}
impl std::error::Error for FilterError {}

/// Why it cannot be said whether an Item answers a search.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatchError {
    /// A part of the Item is malformed.
    #[error(transparent)]
    Item(#[from] ItemError),
    /// The search has to end.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// An aggregation has more values than are counted.
    #[error(transparent)]
    TooMany(#[from] TooMany),
}

/// There are more values to count than [`MAX_BUCKETS`](crate::MAX_BUCKETS).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there are more than {} values{} to count", crate::MAX_BUCKETS, of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default())]
pub struct TooMany {
    /// The property that they are of, if they are of one.
    pub of: Option<String>,
}

/// An Item that cannot be searched because a part that the search needs is malformed.
///
/// Items that passed the gate never give this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the Item {id:?} cannot be searched: {pointer}: {reason}")]
pub struct ItemError {
    /// The Item's id, as far as it has one.
    pub id: String,
    /// Where in the Item (RFC 6901).
    pub pointer: String,
    /// What is wrong.
    pub reason: String,
}
