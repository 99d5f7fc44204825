//! The order of a search in SQL, so that the first rows are the first Items.
//!
//! SQL orders by the same values as the search's own keys, which settle it (`stacyard_search`, order.rs): by type, then
//! within it. Of some rows SQL knows the place only nearly: arrays and objects, and instants with digits beyond the
//! microsecond. They are told as odd, and whoever meets one sorts all rows by the keys.

use stacyard_model::FieldType;
use stacyard_search::{Compiled, Datum, Place, SortKey};

use crate::filter::{Maker, is_moderate, micros, seconds};
use crate::jsonb::{boolean, number, text};

/// What rows are sorted by, each in a direction.
pub(crate) struct Order {
    keys: Vec<(By, bool)>,
    /// SQL that is false of rows before the place that the search goes on from.
    pub(crate) behind: String,
}

enum By {
    /// The start of the temporal extent.
    Start,
    Collection,
    Id,
    /// A column that has NULL where the Item has no value, and all there is to say otherwise.
    Column(String),
    /// A column of instants cut to microseconds, and the text of them.
    Instant {
        column: String,
        text: String,
    },
    /// A property of any type, as `jsonb`; as an instant where its text is one.
    Value(String),
    InstantValue(String),
}

const NUMBER: u8 = 3;
const TEXT: u8 = 4;
const COMPOSITE: u8 = 6;
const NULL: u8 = 7;

/// The place of a type among the others, of a value as `jsonb`.
fn rank(value: &str) -> String {
    format!(
        "CASE jsonb_typeof({value}) WHEN 'boolean' THEN 1 WHEN 'number' THEN {NUMBER} WHEN 'string' THEN {TEXT} \
         WHEN 'array' THEN {COMPOSITE} WHEN 'object' THEN {COMPOSITE} ELSE {NULL} END"
    )
}

/// Whether an instant has digits that its column, cut to microseconds, has not (nine count). Among the instants of one
/// microsecond these are the later ones. The last of all is the same, however it is written.
fn is_finer(instant: &str, text: &str) -> String {
    format!("coalesce({instant} < {LAST} AND {text} ~ '\\.\\d{{6}}\\d{{0,2}}[1-9]', false)")
}

/// Whether SQL does not know the place of an instant.
fn is_odd(instant: &str, text: &str) -> String {
    format!("({} OR coalesce({instant} >= {LAST}, false))", is_finer(instant, text))
}

/// The last instant that there is, which later ones mean too.
const LAST: &str = "'9999-12-30 22:00:00.999999+00'::timestamptz";

impl By {
    fn of(key: &SortKey, maker: &mut Maker<'_>) -> Option<Self> {
        let property = &key.property;
        match property.place() {
            Place::Id => return Some(Self::Id),
            Place::Collection => return Some(Self::Collection),
            Place::Geometry => return None,
            Place::Properties => {}
        }
        let value = maker.property(property)?;
        if let "datetime" | "start_datetime" | "end_datetime" = property.key() {
            return Some(Self::Instant { column: property.key().to_owned(), text: text(&value) });
        }
        let kinds = [FieldType::String, FieldType::Number, FieldType::Integer, FieldType::Boolean];
        Some(match kinds.into_iter().find_map(|kind| maker.whole(property, kind)) {
            _ if property.is_instant() => match maker.whole(property, FieldType::Datetime) {
                Some(column) => Self::Instant { column, text: text(&value) },
                None => Self::InstantValue(value),
            },
            Some(column) => Self::Column(column),
            None => Self::Value(value),
        })
    }

    /// What SQL sorts by.
    fn expressions(&self, schema: &str) -> Vec<String> {
        match self {
            Self::Start => vec!["extent_start".to_owned()],
            // None is null, and last.
            Self::Collection => vec!["(collection = '')".to_owned(), "collection".to_owned()],
            Self::Id => vec!["id".to_owned()],
            Self::Column(column) => vec![column.clone()],
            Self::Instant { column, text } => vec![column.clone(), is_finer(column, text)],
            Self::Value(value) => vec![rank(value), boolean(value), number(value), text(value)],
            Self::InstantValue(value) => {
                let text = text(value);
                let instant = format!("{schema}.stacyard_timestamp({text})");
                // Texts that are none come behind those that are.
                let other = format!("(CASE WHEN {instant} IS NULL THEN {text} END COLLATE \"C\")");
                let finer = is_finer(&instant, &text);
                vec![rank(value), boolean(value), number(value), instant, finer, other]
            }
        }
    }

    /// SQL that is true of rows whose place SQL does not know.
    fn odd(&self, schema: &str) -> Option<String> {
        let composite =
            |value: &str| format!("coalesce(jsonb_typeof({value}) IN ('array', 'object'), false)");
        match self {
            Self::Start | Self::Collection | Self::Id | Self::Column(_) => None,
            Self::Instant { column, text } => Some(is_odd(column, text)),
            Self::Value(value) => Some(composite(value)),
            Self::InstantValue(value) => {
                let text = text(value);
                let instant = format!("{schema}.stacyard_timestamp({text})");
                Some(format!("({} OR {})", composite(value), is_odd(&instant, &text)))
            }
        }
    }

    /// SQL that is false of rows that come before a value.
    fn behind(&self, first: &Datum, descending: bool, maker: &mut Maker<'_>) -> Option<String> {
        let op = if descending { "<=" } else { ">=" };
        // Nulls come last, or first where it is descending.
        let or_null = |column: &str, sql: String| {
            if descending { sql } else { format!("({sql} OR {column} IS NULL)") }
        };
        let only_null = |column: &str| (!descending).then(|| format!("{column} IS NULL"));
        match (self, first) {
            (Self::Start, Datum::Instant(at)) => {
                let at = maker.text(&seconds(*at));
                Some(or_null("extent_start", format!("extent_start {op} {at}::numeric")))
            }
            (Self::Id, Datum::Text(id)) => Some(format!("id {op} {}", maker.text(id))),
            (Self::Collection, Datum::Text(name)) => {
                let name = maker.text(name);
                Some(if descending {
                    format!("(collection <> '' AND collection <= {name})")
                } else {
                    format!("(collection = '' OR collection >= {name})")
                })
            }
            (Self::Instant { column, .. }, Datum::Instant(at)) => {
                let at = maker.text(&micros(*at)?);
                Some(or_null(column, format!("{column} {op} {at}::timestamptz")))
            }
            (Self::Column(column), Datum::Number(number)) if is_moderate(number) => {
                let number = maker.text(number);
                Some(or_null(column, format!("{column} {op} {number}::numeric")))
            }
            (Self::Column(column), Datum::Text(text)) => {
                let text = maker.text(text);
                Some(or_null(column, format!("{column} {op} {text}")))
            }
            (Self::Column(column) | Self::Instant { column, .. }, Datum::Null) => only_null(column),
            (Self::Value(value), Datum::Number(bound)) if is_moderate(bound) => {
                let bound = format!("{} {op} {}::numeric", number(value), maker.text(bound));
                Some(among(value, NUMBER, &bound, descending))
            }
            (Self::Value(value), Datum::Text(bound)) => {
                let bound = format!("{} {op} {}", text(value), maker.text(bound));
                Some(among(value, TEXT, &bound, descending))
            }
            (Self::Value(value) | Self::InstantValue(value), Datum::Null) if !descending => {
                Some(format!("{} = {NULL}", rank(value)))
            }
            _ => None,
        }
    }
}

/// Values of the types behind that of this rank, and those of this one that meet a bound.
fn among(value: &str, of: u8, bound: &str, descending: bool) -> String {
    let (rank, op) = (rank(value), if descending { "<" } else { ">" });
    format!("({rank} {op} {of} OR ({rank} = {of} AND {bound}))")
}

impl Order {
    /// The order of a search, from a place on; `None`: SQL cannot say it.
    pub(crate) fn of(search: &Compiled, after: Option<&[u8]>, maker: &mut Maker<'_>) -> Option<Self> {
        let mut keys = Vec::new();
        for key in &search.request().sortby {
            keys.push((By::of(key, maker)?, key.descending));
        }
        if keys.is_empty() {
            keys.push((By::Start, true));
        }
        let behind = after.map(|after| search.place(after)).and_then(|place| {
            let (by, descending) = keys.first()?;
            by.behind(place.first()?, *descending, maker)
        });
        keys.extend([(By::Collection, false), (By::Id, false)]);
        Some(Self { keys, behind: behind.unwrap_or_else(|| "true".to_owned()) })
    }

    /// What stands behind ORDER BY. PostgreSQL's nulls are the largest of all, as the search's are.
    pub(crate) fn by(&self, schema: &str) -> String {
        let expressions = self.keys.iter().flat_map(|(by, descending)| {
            let direction = if *descending { " DESC" } else { "" };
            by.expressions(schema).into_iter().map(move |sql| format!("{sql}{direction}"))
        });
        expressions.collect::<Vec<_>>().join(", ")
    }

    /// SQL that is true of rows whose place SQL does not know.
    pub(crate) fn odd(&self, schema: &str) -> String {
        let odd: Vec<_> = self.keys.iter().filter_map(|(by, _)| by.odd(schema)).collect();
        if odd.is_empty() { "false".to_owned() } else { odd.join(" OR ") }
    }
}
