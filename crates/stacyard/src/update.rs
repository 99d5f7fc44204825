//! What a copy asks for that brings a target up to date: what has changed at the source since the latest Item that the target has.

use jiff::{SignedDuration, Timestamp};
use stacyard_model::Interval;
use stacyard_search::cql2::Expr;
use stacyard_search::{
    Aggregate, Aggregation, Datum, Property, Query, Search, SearchError, parse_datetime, parse_filter,
};
use stacyard_store::{Error, Note, Remedy, Run, Store};

/// How long before the latest Item of the target it is asked from (24 hours): what has changed while the last copy was under way, and what its
/// source has shown some time after it was made. Items that come again as they are change nothing.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// From when on Items are asked for, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Since {
    /// Those that have changed: by their `updated`.
    Updated(Timestamp),
    /// Those that are new: by their time.
    Datetime(Timestamp),
    /// All: the target has none.
    Ever,
}

impl Since {
    /// What the Items of `target` say that answer a query. `updated` serves where all of them have it, and the source can be asked by it.
    pub(crate) fn of(
        target: &Store,
        query: &Query,
        can_filter: bool,
        run: &mut Run<'_>,
    ) -> Result<Self, Error> {
        let query = lenient(query, None);
        let [updated, datetime, start] = ["updated", "datetime", "start_datetime"].map(Property::parse);
        let unknown = |name: String| Error::failed(format!("a property is not known: {name}"));
        let (updated, datetime, start) =
            (updated.map_err(unknown)?, datetime.map_err(unknown)?, start.map_err(unknown)?);
        let wanted = [updated.clone(), datetime, start].map(Aggregation::Greatest);
        let (found, _) = target.aggregate(&query, &wanted, run.part())?;
        let instant = |place: usize| match found.get(place) {
            Some(Aggregate::Value(Some(Datum::Instant(at)))) => Some(*at),
            _ => None,
        };
        // One that is said to change in the future must not hide what changes until then.
        let now = Timestamp::now();
        if let Some(at) = instant(0).filter(|_| can_filter).map(|at| at.min(now)) {
            let lacks = Expr::IsNull(Expr::Property(updated).into());
            if target.count(&lenient(&query, Some(lacks)), run.part())?.answered == 0 {
                return Ok(Self::Updated(before(at)));
            }
        }
        // An Item has one of the two at least: the earlier is before what either lacks.
        let latest = instant(1).into_iter().chain(instant(2)).min();
        Ok(latest.map_or(Self::Ever, |at| Self::Datetime(before(at))))
    }

    /// The part of a query that is asked for.
    pub(crate) fn narrow(&self, query: &Query) -> Result<Query, Error> {
        let mut search = query.search().clone();
        match self {
            Self::Updated(at) => {
                // Those of the source that say nothing of it are not in the target, where all do.
                let changed = parse_filter(&format!("updated >= TIMESTAMP('{at}') OR updated IS NULL"))?;
                search.filter = Some(Expr::and(search.filter.take().into_iter().chain([changed]).collect()));
            }
            Self::Datetime(at) => {
                let (start, end) = search.datetime.map_or((None, None), |of| (of.start(), of.end()));
                let start = start.map_or(*at, |start| start.max(*at));
                // Of a time that is over nothing new is asked for but its end.
                let start = end.map_or(start, |end| start.min(end));
                search.datetime = Interval::new(Some(start), end).ok();
            }
            Self::Ever => {}
        }
        Ok(Query::from(search).lenient(query.is_lenient()))
    }

    /// What a user has to know of it.
    pub(crate) fn note(&self) -> Note {
        let gone = "Items that the source has deleted are not told by it";
        let all = Remedy::setting("overwrite").text(" copies all anew, without those");
        match self {
            Self::Updated(at) => Note {
                message: format!(
                    "asked for Items whose `updated` is not before {at}, a day before the latest of the target; {gone}"
                ),
                help: all,
            },
            Self::Datetime(at) => Note {
                message: format!(
                    "asked for Items whose time is not before {at}, a day before the latest of the target, as not all can be told by `updated`: changes \
                     of older Items are not seen; {gone}"
                ),
                help: all,
            },
            Self::Ever => Note {
                message: "the target had no Item of this search: all were asked for".to_owned(),
                help: Remedy::default(),
            },
        }
    }
}

/// As it is kept in a journal.
impl std::fmt::Display for Since {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Updated(at) => write!(f, "updated {at}"),
            Self::Datetime(at) => write!(f, "datetime {at}"),
            Self::Ever => f.write_str("ever"),
        }
    }
}

impl std::str::FromStr for Since {
    type Err = SearchError;

    fn from_str(text: &str) -> Result<Self, SearchError> {
        let (by, at) = text.split_once(' ').unwrap_or((text, ""));
        let at = || parse_datetime(at).map(|of| of.start().unwrap_or_default());
        Ok(match by {
            "updated" => Self::Updated(at()?),
            "datetime" => Self::Datetime(at()?),
            _ => Self::Ever,
        })
    }
}

fn before(latest: Timestamp) -> Timestamp {
    latest.checked_sub(OVERLAP).unwrap_or(Timestamp::MIN)
}

/// A query for all that answers, whatever its order, with one condition more.
fn lenient(query: &Query, also: Option<Expr>) -> Query {
    let search = query.search().clone();
    let filter = search.filter.into_iter().chain(also).collect::<Vec<_>>();
    let filter = if filter.is_empty() { None } else { Some(Expr::and(filter)) };
    Query::from(Search { filter, sortby: Vec::new(), max_items: None, ..search }).lenient(true)
}
