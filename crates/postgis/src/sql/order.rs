//! The order of a search in SQL, so that the first rows are the first Items.
//!
//! SQL orders by the same values as the search's own keys, which settle it (`stacyard_search`, order.rs): by type, then
//! within it. Of some rows SQL knows the place only nearly: arrays and objects, and instants with digits beyond the
//! microsecond. They are marked as odd: where one is met, all rows are sorted by the keys.

use jiff::Timestamp;
use stacyard_model::FieldType;
use stacyard_search::{Compiled, Datum, OrderKey, Place};

use crate::sql::instant;
use crate::sql::jsonb::{boolean, number, text};
use crate::sql::keyset::{After, Known, Part};
use crate::sql::table::{Extent, Instants, Stamp, Table};
use crate::sql::value::{Maker, is_moderate, micros, read, seconds};

/// What rows are sorted by, each in a direction.
pub(crate) struct Order {
    keys: Vec<(By, bool)>,
    /// The rows after the place that the search goes on from.
    pub(crate) after: After,
}

/// What decides between instants that are rounded to the same microsecond.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ties {
    /// Whoever reads the rows: he needs all of a microsecond.
    Left,
    /// SQL, by their texts, which lie far from the rows.
    Settled,
}

enum By {
    /// The start of the temporal extent, in seconds.
    Start(&'static str),
    /// A column of instants rounded to microseconds, none of which is NULL, and the text of them.
    Stamp {
        column: String,
        text: String,
        ties: Ties,
    },
    Collection,
    Id,
    /// A column that has NULL where the Item has no value, and all there is to say otherwise; of a type.
    Column(String, FieldType),
    /// A column of instants cut to microseconds, and the text of them.
    Instant {
        column: String,
        text: String,
    },
    /// A property of any type, as `jsonb`; as an instant where its text is one.
    Value(String),
    InstantValue(String),
}

const BOOLEAN: u8 = 1;
const NUMBER: u8 = 3;
const TEXT: u8 = 4;
const COMPOSITE: u8 = 6;
const NULL: u8 = 7;

/// The place of a type among the others, of a value as `jsonb`.
fn rank(value: &str) -> String {
    format!(
        "CASE jsonb_typeof({value}) WHEN 'boolean' THEN {BOOLEAN} WHEN 'number' THEN {NUMBER} WHEN 'string' THEN {TEXT} \
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

/// The same in nanoseconds since 1970.
const LAST_NANOS: i128 = 253_402_207_200_999_999_000;

impl By {
    fn of(key: &OrderKey, ties: Ties, maker: &mut Maker<'_>) -> Option<Self> {
        let Some(property) = &key.property else {
            return Some(match maker.table().columns.extent {
                Extent::Seconds { start, .. } => Self::Start(start),
                Extent::Stamps { start: Stamp { column, text }, .. } => {
                    Self::Stamp { column: column.to_owned(), text: text.to_owned(), ties }
                }
            });
        };
        match property.place() {
            Place::Id => return Some(Self::Id),
            Place::Collection => return Some(Self::Collection),
            Place::Geometry => return None,
            Place::Properties => {}
        }
        let value = maker.property(property)?;
        if let Some(column) = maker.table().columns.instant(property.key()) {
            let (column, text) = (column.to_owned(), text(&value));
            return Some(match maker.table().instants {
                Instants::Cut(_) => Self::Instant { column, text },
                Instants::Rounded => Self::Stamp { column, text, ties },
            });
        }
        let kinds = [FieldType::String, FieldType::Number, FieldType::Integer, FieldType::Boolean];
        let column = kinds.into_iter().find_map(|kind| Some((maker.whole(property, kind)?, kind)));
        Some(match column {
            _ if property.is_instant() => match maker.whole(property, FieldType::Datetime) {
                Some(column) => Self::Instant { column, text: text(&value) },
                None => Self::InstantValue(value),
            },
            Some((column, kind)) => Self::Column(column, kind),
            None => Self::Value(value),
        })
    }

    /// What SQL sorts by.
    fn expressions(&self, table: &Table) -> Vec<String> {
        let columns = &table.columns;
        match self {
            Self::Start(column) => vec![(*column).to_owned()],
            Self::Stamp { column, text, ties: Ties::Settled } => vec![column.clone(), instant::seconds(text)],
            // None is null, and last.
            Self::Collection => vec![
                format!("({} = '')", columns.collection),
                format!("{}{}", columns.collection, columns.by_code_point),
            ],
            Self::Id => vec![format!("{}{}", columns.id, columns.by_code_point)],
            Self::Column(column, _) | Self::Stamp { column, ties: Ties::Left, .. } => vec![column.clone()],
            Self::Instant { column, text } => vec![column.clone(), is_finer(column, text)],
            Self::Value(value) => vec![rank(value), boolean(value), number(value), text(value)],
            Self::InstantValue(value) => {
                let text = text(value);
                let instant = instant_of(&text, table);
                // Texts that are none come after those that are.
                let other = format!("(CASE WHEN {instant} IS NULL THEN {text} END COLLATE \"C\")");
                let finer = match table.instants {
                    Instants::Cut(_) => is_finer(&instant, &text),
                    Instants::Rounded => format!("coalesce({}, 0)", instant::seconds(&text)),
                };
                vec![rank(value), boolean(value), number(value), instant, finer, other]
            }
        }
    }

    /// SQL that is true of rows whose place SQL does not know.
    fn odd(&self, table: &Table) -> Option<String> {
        let composite =
            |value: &str| format!("coalesce(jsonb_typeof({value}) IN ('array', 'object'), false)");
        match self {
            Self::Start(_) | Self::Stamp { .. } | Self::Collection | Self::Id | Self::Column(..) => None,
            Self::Instant { column, text } => Some(is_odd(column, text)),
            Self::Value(value) => Some(composite(value)),
            Self::InstantValue(value) => {
                let text = text(value);
                match table.instants {
                    Instants::Cut(_) => {
                        let instant = instant_of(&text, table);
                        Some(format!("({} OR {})", composite(value), is_odd(&instant, &text)))
                    }
                    Instants::Rounded => Some(composite(value)),
                }
            }
        }
    }

    /// What SQL sorts by, beside the values that it has at a place with this one; as far as SQL can say them.
    fn parts(&self, at: &Datum, maker: &mut Maker<'_>) -> Option<(Vec<Part>, Known)> {
        let (values, known) = self.values(at, maker)?;
        let parts = self.expressions(maker.table()).into_iter().zip(values);
        let can_be_null = |number: usize| match self {
            Self::Start(_) | Self::Column(..) => true,
            Self::Collection | Self::Id => false,
            // Of the text, where it is no instant.
            Self::Stamp { .. } => number == 1,
            Self::Instant { .. } => number == 0,
            // The rank of the type; whether an instant is finer.
            Self::Value(_) => number > 0,
            Self::InstantValue(_) => number > 0 && number != 4,
        };
        let part =
            |(number, (sql, value))| Part { sql, value, can_be_null: can_be_null(number), descending: false };
        Some((parts.enumerate().map(part).collect(), known))
    }

    /// What [`By::expressions`] are at a value, the first ones at least; `None` in one of them: NULL.
    fn values(&self, at: &Datum, maker: &mut Maker<'_>) -> Option<(Vec<Option<String>>, Known)> {
        let is_rounded = matches!(maker.table().instants, Instants::Rounded);
        let no = || Some(if is_rounded { "0" } else { "false" }.to_owned());
        let rank = |rank: u8| Some(rank.to_string());
        let values = match (self, at) {
            (Self::Stamp { ties: Ties::Left, .. }, Datum::Instant(at)) => {
                let at = maker.text(&read(*at)?);
                return Some((vec![Some(format!("{at}::timestamptz"))], Known::Nearly));
            }
            (Self::Stamp { .. }, Datum::Instant(at)) => rounded(*at, maker)?,
            (Self::Start(_), Datum::Instant(at)) => {
                vec![Some(format!("{}::numeric", maker.text(&seconds(*at))))]
            }
            (Self::Start(_) | Self::Column(..), Datum::Null) => vec![None],
            (Self::Collection, Datum::Null) => vec![Some("true".to_owned()), Some("''".to_owned())],
            (Self::Collection, Datum::Text(name)) => {
                vec![Some("false".to_owned()), Some(bound(name, maker)?)]
            }
            (Self::Id, Datum::Text(id)) => vec![Some(bound(id, maker)?)],
            (Self::Column(_, FieldType::String), Datum::Text(text)) => vec![Some(bound(text, maker)?)],
            (Self::Column(_, FieldType::Boolean), Datum::Bool(known)) => vec![Some(known.to_string())],
            (Self::Column(_, FieldType::Integer), Datum::Number(number)) => {
                // By the index of the column, which is of its own type.
                number.parse::<i64>().ok()?;
                vec![Some(format!("{}::bigint", maker.text(number)))]
            }
            (Self::Column(_, FieldType::Number), Datum::Number(number)) => {
                vec![Some(numeric(number, maker)?)]
            }
            (Self::Instant { .. }, Datum::Null) => vec![None, no()],
            (Self::Instant { .. }, Datum::Instant(at)) => {
                let (at, known) = instant(*at, maker)?;
                return Some((vec![Some(at), no()], known));
            }
            (Self::Value(_), Datum::Null) => vec![rank(NULL), None, None, None],
            (Self::Value(_), Datum::Bool(known)) => vec![rank(BOOLEAN), Some(known.to_string()), None, None],
            (Self::Value(_), Datum::Number(number)) => {
                vec![rank(NUMBER), None, Some(numeric(number, maker)?), None]
            }
            (Self::Value(_), Datum::Text(text)) => vec![rank(TEXT), None, None, Some(bound(text, maker)?)],
            (Self::InstantValue(_), Datum::Null) => vec![rank(NULL), None, None, None, no(), None],
            (Self::InstantValue(_), Datum::Bool(known)) => {
                vec![rank(BOOLEAN), Some(known.to_string()), None, None, no(), None]
            }
            (Self::InstantValue(_), Datum::Number(number)) => {
                vec![rank(NUMBER), None, Some(numeric(number, maker)?), None, no(), None]
            }
            (Self::InstantValue(_), Datum::Text(text)) => {
                vec![rank(TEXT), None, None, None, no(), Some(bound(text, maker)?)]
            }
            (Self::InstantValue(_), Datum::Instant(at)) if is_rounded => {
                let mut values = vec![rank(TEXT), None, None];
                values.extend(rounded(*at, maker)?);
                values.push(None);
                values
            }
            (Self::InstantValue(_), Datum::Instant(at)) => {
                let (at, known) = instant(*at, maker)?;
                let values = vec![rank(TEXT), None, None, Some(at), no(), None];
                return Some((values, known));
            }
            _ => return None,
        };
        Some((values, Known::Exactly))
    }
}

/// SQL for the instant that a text is.
fn instant_of(text: &str, table: &Table) -> String {
    match &table.instants {
        Instants::Cut(function) => format!("{function}({text})"),
        Instants::Rounded => instant::rounded(text),
    }
}

/// An instant as a column has it that is rounded, and as its text has it.
fn rounded(at: Timestamp, maker: &mut Maker<'_>) -> Option<Vec<Option<String>>> {
    let (stamp, exact) = (maker.text(&read(at)?), maker.text(&seconds(at)));
    Some(vec![Some(format!("{stamp}::timestamptz")), Some(format!("{exact}::numeric"))])
}

/// A text as a parameter; PostgreSQL has no NUL.
fn bound(text: &str, maker: &mut Maker<'_>) -> Option<String> {
    (!text.contains('\0')).then(|| maker.text(text))
}

fn numeric(number: &str, maker: &mut Maker<'_>) -> Option<String> {
    is_moderate(number).then(|| format!("{}::numeric", maker.text(number)))
}

/// An instant cut to microseconds, and whether that is all of it.
fn instant(at: Timestamp, maker: &mut Maker<'_>) -> Option<(String, Known)> {
    let is_cut = at.as_nanosecond() % 1_000 != 0 || at.as_nanosecond() >= LAST_NANOS;
    let known = if is_cut { Known::Nearly } else { Known::Exactly };
    Some((format!("{}::timestamptz", maker.text(&micros(at)?)), known))
}

impl Order {
    /// The order of a search, from a place on; `None`: SQL cannot say it.
    pub(crate) fn of(
        search: &Compiled,
        after: Option<&[u8]>,
        ties: Ties,
        maker: &mut Maker<'_>,
    ) -> Option<Self> {
        let mut keys = Vec::new();
        for (number, key) in search.order().iter().enumerate() {
            // Of what does not come first nobody could read all that is tied.
            let ties = if number == 0 { ties } else { Ties::Settled };
            keys.push((By::of(key, ties, maker)?, key.descending));
        }
        let after = after.map_or(After::all(), |after| rows_after(&keys, &search.place(after), maker));
        Some(Self { keys, after })
    }

    /// The column by which rows may be tied, of which none is settled in SQL.
    pub(crate) fn tied(&self) -> Option<&str> {
        match self.keys.first() {
            Some((By::Stamp { column, ties: Ties::Left, .. }, _)) => Some(column),
            _ => None,
        }
    }

    /// What rows are sorted by, each with its direction. PostgreSQL's nulls are the largest of all, as the search's are.
    pub(crate) fn by(&self, table: &Table) -> Vec<(String, &'static str)> {
        let expressions = self.keys.iter().flat_map(|(by, descending)| {
            let direction = if *descending { " DESC" } else { "" };
            by.expressions(table).into_iter().map(move |sql| (sql, direction))
        });
        expressions.collect()
    }

    /// SQL that is true of rows whose place SQL does not know.
    pub(crate) fn odd(&self, table: &Table) -> String {
        let odd: Vec<_> = self.keys.iter().filter_map(|(by, _)| by.odd(table)).collect();
        if odd.is_empty() { "false".to_owned() } else { odd.join(" OR ") }
    }
}

/// The rows after a place, as far as SQL can say which these are.
fn rows_after(keys: &[(By, bool)], place: &[Datum], maker: &mut Maker<'_>) -> After {
    let mut parts = Vec::new();
    let mut known = if place.len() < keys.len() { Known::Nearly } else { Known::Exactly };
    for ((by, descending), at) in keys.iter().zip(place) {
        let Some((more, exactly)) = by.parts(at, maker) else {
            known = Known::Nearly;
            break;
        };
        parts.extend(more.into_iter().map(|part| Part { descending: *descending, ..part }));
        if exactly == Known::Nearly {
            // What else SQL sorts by at this value is of no matter.
            while parts
                .pop_if(|part| part.value.is_none() || part.value.as_deref() == Some("false"))
                .is_some()
            {}
            known = Known::Nearly;
            break;
        }
    }
    let newest = match (keys, known) {
        ([(By::Start(_), true), (By::Collection, false), (By::Id, false)], Known::Exactly) => {
            After::newest(&parts)
        }
        _ => None,
    };
    newest.unwrap_or_else(|| After::of(&parts, known))
}
