//! What can be wrong with a search, and with an Item that a search looks at.

use std::fmt;

use crate::stop::Stopped;

/// Why a request is no search. Each message shows the offending text and says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// A bounding box that is none.
    #[error("bbox {text:?}: {reason}; write WEST,SOUTH,EAST,NORTH in degrees, such as 5.9,45.8,10.5,47.8")]
    Bbox {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A geometry that is none.
    #[error("intersects: {0}; give a GeoJSON geometry or Feature in longitude and latitude")]
    Intersects(String),
    /// A geometry in WKT, which stands in filters only.
    #[error(
        "intersects: WKT is not taken here; give a GeoJSON geometry, or put the WKT into a filter: S_INTERSECTS(geometry, POINT(7 46))"
    )]
    IntersectsWkt,
    /// Both areas at once, which STAC API forbids (Item Search, "Query Parameters and Fields").
    #[error(
        "bbox and intersects cannot be used together; leave one out, or put one into the filter as S_INTERSECTS"
    )]
    TwoAreas,
    /// A `datetime` that is no instant and no interval.
    #[error("datetime {text:?}: {reason}; write an instant or START/END, such as 2024-06-01T00:00:00Z/..")]
    Datetime {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A filter that does not parse.
    #[error("{0}")]
    Filter(#[from] FilterError),
    /// A filter that parses, but that Stacyard cannot answer.
    #[error("filter: {reason}{}\n  {part}", after(remedy.as_ref()))]
    Unsupported {
        /// What is wrong.
        reason: String,
        /// What would be right, where that is known.
        remedy: Option<String>,
        /// The smallest predicate around it, in CQL2.
        part: String,
    },
    /// A `query` that is none.
    #[error("query{}{name}: {reason}", if name.is_empty() { "" } else { " " })]
    Query {
        /// The property with the fault, if it is in one.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A list of sort keys that is none.
    #[error(
        "sortby {text:?}: {reason}; write names with commas between, each with - before it for descending order, such as -datetime,id"
    )]
    Sortby {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A list of fields that is none.
    #[error(
        "fields {text:?}: {reason}; write names with commas between, each with - before it to leave it out, such as id,properties.datetime,-assets"
    )]
    Fields {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A list of ids, collections or terms that is none.
    #[error("{what} {text:?}: an empty name; write names with commas between, none of them empty")]
    List {
        /// `ids`, `collections` or `q`.
        what: &'static str,
        /// The text as given.
        text: String,
    },
    /// A page size out of range.
    #[error("limit {0}: a page has 1 to 10000 Items")]
    Limit(u64),
    /// A grid that there is not.
    #[error("{number} as the {what}: it is {range}")]
    Grid {
        /// What is out of range.
        what: &'static str,
        /// What was given.
        number: u64,
        /// What is possible.
        range: &'static str,
    },
    /// Steps of time are asked for of a property that is not known to hold instants.
    #[error(
        "{name:?} is not known to hold instants; steps of time are those of datetime, start_datetime, end_datetime, created, updated, or of a property that a profile declares as datetime"
    )]
    NoInstants {
        /// The name as written.
        name: String,
    },
    /// The search had to end before it began.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// A property that nothing has. An answer of no Items would hide the mistake.
    #[error("{0}")]
    UnknownProperty(#[from] UnknownProperty),
}

impl SearchError {
    /// The message, which may quote any text, and the lines that stand below it. Of a filter without its remedy.
    pub fn lines(&self) -> (String, Vec<String>) {
        match self {
            Self::Filter(FilterError { reason, place, .. }) => {
                let below = match place {
                    FilterPlace::Text { excerpt, column, .. } => {
                        vec![excerpt.clone(), format!("{:column$}^", "")]
                    }
                    FilterPlace::Json(pointer) if !pointer.is_empty() => {
                        return (format!("filter: {reason} (at {pointer})"), Vec::new());
                    }
                    FilterPlace::Json(_) | FilterPlace::Whole => Vec::new(),
                };
                (format!("filter: {reason}"), below)
            }
            Self::Unsupported { reason, part, .. } => (format!("filter: {reason}"), vec![part.clone()]),
            _ => (self.to_string(), Vec::new()),
        }
    }

    /// What would be right of a filter, where that is known.
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Self::Filter(FilterError { remedy, .. }) | Self::Unsupported { remedy, .. } => remedy.as_deref(),
            _ => None,
        }
    }
}

/// A name in a filter or a sort order that no Item and no queryable has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownProperty {
    /// The name as written.
    pub name: String,
    /// The known name that looks most like it.
    pub nearest: Option<String>,
}

impl fmt::Display for UnknownProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no Item has a property {:?}", self.name)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest:?}?"),
            None => f.write_str("; check its spelling, or ask what the store holds"),
        }
    }
}
impl std::error::Error for UnknownProperty {}

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

/// The remedy stands after a semicolon. A text that holds words of the user is not looked at in this way.
impl From<&'static str> for Reason {
    fn from(text: &'static str) -> Self {
        match text.split_once("; ") {
            Some((cause, remedy)) => (cause.to_owned(), remedy.to_owned()).into(),
            None => text.to_owned().into(),
        }
    }
}

impl From<String> for Reason {
    fn from(cause: String) -> Self {
        Self { cause, remedy: None }
    }
}

impl From<(String, String)> for Reason {
    fn from((cause, remedy): (String, String)) -> Self {
        Self { cause, remedy: Some(remedy) }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.cause, after(self.remedy.as_ref()))
    }
}

/// A remedy as it stands after the cause.
fn after(remedy: Option<&String>) -> String {
    remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default()
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reason, remedy) = (&self.reason, after(self.remedy.as_ref()));
        match &self.place {
            FilterPlace::Text { excerpt, column, .. } => {
                write!(f, "filter: {reason}{remedy}\n  {excerpt}\n  {:column$}^", "")
            }
            FilterPlace::Json(pointer) if !pointer.is_empty() => {
                write!(f, "filter: {reason} (at {pointer}){remedy}")
            }
            FilterPlace::Json(_) | FilterPlace::Whole => write!(f, "filter: {reason}{remedy}"),
        }
    }
}
impl std::error::Error for FilterError {}

/// Why it cannot be said whether an Item answers a search.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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
#[error("the Item {id:?} cannot be searched: {pointer}: {reason}; validate the store first")]
pub struct ItemError {
    /// The Item's id, as far as it has one.
    pub id: String,
    /// Where in the Item (RFC 6901).
    pub pointer: String,
    /// What is wrong.
    pub reason: String,
}
