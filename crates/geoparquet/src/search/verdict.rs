//! Whether a row's columns alone say that its Item answers a search: the evaluator's own verdict, for rows that need not be made
//! into Items.
//!
//! It holds for rows of our own files that have no residual: these Items are what their columns say, value for value. What columns
//! cannot decide (areas, patterns, arithmetic, types that do not fit) has no verdict at all. Of rows whose box lies in the one that is asked for
//! it is `sure` that they answer, of others not that they do not.
//! [`condition`](crate::search::condition) is the other half: conditions that every row must meet, from which rows are left out.

use arrow_buffer::BooleanBuffer;
use jiff::Timestamp;
use jiff::tz::Offset;
use parquet::errors::Result;
use stacyard_model::json::Number;
use stacyard_search::cql2::{CompareOp, Expr, Literal};
use stacyard_search::{Area, Search};

use crate::format::time;
use crate::read::flat::Flats;
use crate::search::condition::{Column, Condition, Kind, Maker, Test};

/// A set of rows. A comparison holds no null, so that what is not known is in neither of two opposite sets.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    All(Vec<Self>),
    Any(Vec<Self>),
    /// Those whose value in the column passes.
    Column(Column, Test),
    /// All others, nulls as well.
    Not(Box<Self>),
}

/// How many of some rows are in the set, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    None,
    Some,
    All,
}

impl Verdict {
    /// The columns that it looks at.
    pub(crate) fn each_column<'a>(&'a self, visit: &mut impl FnMut(&'a Column)) {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().for_each(|one| one.each_column(visit)),
            Self::Column(column, _) => visit(column),
            Self::Not(inner) => inner.each_column(visit),
        }
    }

    /// The rows of a row group that answer.
    pub(crate) fn rows(&self, columns: &Flats, rows: usize) -> Result<BooleanBuffer> {
        let join = |list: &[Self], first: BooleanBuffer, both: fn(&BooleanBuffer, &BooleanBuffer) -> _| {
            list.iter().try_fold(first, |found, one| Ok(both(&found, &one.rows(columns, rows)?)))
        };
        match self {
            Self::All(list) => join(list, BooleanBuffer::new_set(rows), |a, b| a & b),
            Self::Any(list) => join(list, BooleanBuffer::new_unset(rows), |a, b| a | b),
            Self::Column(column, test) => columns.of(column.leaf)?.passing(test, column.kind),
            Self::Not(inner) => Ok(!&inner.rows(columns, rows)?),
        }
    }

    /// The same as a condition, which knows no others.
    fn into_condition(self) -> Option<Condition> {
        let each = |list: Vec<Self>| list.into_iter().map(Self::into_condition).collect::<Option<_>>();
        match self {
            Self::All(list) => each(list).map(Condition::All),
            Self::Any(list) => each(list).map(Condition::Any),
            Self::Column(column, test) => Some(Condition::Column(column, test)),
            Self::Not(_) => None,
        }
    }

    /// How many answer of rows of which `leaf` says how many pass the test of a column.
    pub(crate) fn share(&self, leaf: &impl Fn(&Column, &Test) -> Share) -> Share {
        let fold = |list: &[Self], decisive: Share, neutral: Share| {
            list.iter().fold(neutral, |known, one| match (known, one.share(leaf)) {
                (a, b) if a == decisive || b == decisive => decisive,
                (a, b) if a == b => a,
                _ => Share::Some,
            })
        };
        match self {
            Self::All(list) => fold(list, Share::None, Share::All),
            Self::Any(list) => fold(list, Share::All, Share::None),
            Self::Column(column, test) => leaf(column, test),
            Self::Not(inner) => match inner.share(leaf) {
                Share::None => Share::All,
                Share::Some => Share::Some,
                Share::All => Share::None,
            },
        }
    }
}

/// A constant among the values that a column can have: the last one that is not above it, and the first that is not below.
/// Where the column can have it, both are the same.
#[derive(Clone, Copy)]
struct Among<T> {
    floor: T,
    ceil: T,
}

impl Maker<'_> {
    /// The verdict of a search; `None` where the columns have none.
    pub(crate) fn verdict(&self, search: &Search) -> Option<Verdict> {
        if search.area.is_some() { None } else { self.but_for_area(search) }
    }

    /// The verdict of all but the area.
    fn but_for_area(&self, search: &Search) -> Option<Verdict> {
        if !self.footer.is_ours || !search.text.is_empty() {
            return None;
        }
        let mut all = Vec::new();
        for (list, name) in [(&search.ids, "id"), (&search.collections, "collection")] {
            if !list.is_empty() {
                all.push(among_texts(self.member(name, Kind::Text)?, list.clone()));
            }
        }
        if let Some(wanted) = search.datetime {
            let low = wanted.start().map_or(Some(i64::MIN), |at| Some(instant(at)?.ceil))?;
            let high = match wanted.end() {
                None => i64::MAX,
                // What the columns have beyond the last instant is taken for it.
                Some(at) if at == Timestamp::MAX => i64::MAX,
                Some(at) => instant(at)?.floor,
            };
            all.push(self.overlap(low, high)?);
        }
        if let Some(filter) = &search.filter {
            all.push(self.is(filter, true)?);
        }
        Some(Verdict::All(all))
    }

    /// A condition that only rows meet whose Items answer, if not all of these; `None` where there is none.
    pub(crate) fn sure(&self, search: &Search) -> Option<Condition> {
        let mut rest = self.but_for_area(search)?.into_condition()?;
        if let Some(name) = &self.footer.names.conventions.residual {
            // Rows that have a value here are not what their columns say.
            let residual = self.column(std::slice::from_ref(name))?;
            rest = Condition::All(vec![rest, Condition::Column(residual, Test::Null)]);
        }
        let Some(area) = &search.area else { return Some(rest) };
        // A geometry answers whose box lies in the one that is asked for, if it is not empty.
        let Area::Box(area) = area else { return None };
        self.footer.names.conventions.has_points().then_some(())?;
        let [west, south, east, north] = self.boxes()?;
        let within = |column: &Column, low, high| Condition::Column(column.clone(), Test::Floats(low, high));
        let within = area.halves().map(|half| {
            let (min, max) = (half.min(), half.max());
            let [x, y] = [[min.x, max.x], [min.y, max.y]];
            let sides = [(&west, x), (&east, x), (&south, y), (&north, y)];
            Condition::All(sides.map(|(column, [low, high])| within(column, low, high)).into())
        });
        Some(Condition::All(vec![rest, Condition::Any(within.collect())]))
    }

    /// The temporal extent overlaps a span.
    fn overlap(&self, low: i64, high: i64) -> Option<Verdict> {
        let (datetime, range) = self.extent()?;
        let instant = Verdict::Column(datetime, Test::Times(low, high));
        let Some([start, end]) = range else { return Some(instant) };
        let is_null = |column: &Column| Verdict::Column(column.clone(), Test::Null);
        let no_range = Verdict::Any(vec![is_null(&start), is_null(&end)]);
        let range = Verdict::All(vec![
            Verdict::Column(start, Test::Times(i64::MIN, high)),
            Verdict::Column(end, Test::Times(low, i64::MAX)),
        ]);
        Some(Verdict::Any(vec![range, Verdict::All(vec![instant, no_range])]))
    }

    /// The rows of which an expression is true; or, if not `wanted`, false.
    fn is(&self, expr: &Expr, wanted: bool) -> Option<Verdict> {
        let each = |list: &[Expr]| list.iter().map(|one| self.is(one, wanted)).collect::<Option<Vec<_>>>();
        match expr {
            Expr::And(list) if wanted => each(list).map(Verdict::All),
            Expr::Or(list) if !wanted => each(list).map(Verdict::All),
            Expr::And(list) | Expr::Or(list) => each(list).map(Verdict::Any),
            Expr::Not(inner) => self.is(inner, !wanted),
            Expr::Compare(op, left, right) => self.comparison(*op, left, right, wanted),
            Expr::Between(three) => {
                let [value, low, high] = three.as_ref();
                let both = vec![
                    self.comparison(CompareOp::GreaterOrEqual, value, low, wanted)?,
                    self.comparison(CompareOp::LessOrEqual, value, high, wanted)?,
                ];
                Some(if wanted { Verdict::All(both) } else { Verdict::Any(both) })
            }
            Expr::In(value, list) => self.one_of(value, list, wanted),
            Expr::IsNull(inner) => {
                let Expr::Property(property) = inner.as_ref() else { return None };
                let test = if wanted { Test::Null } else { Test::NotNull };
                Some(Verdict::Column(self.property(property)?, test))
            }
            _ => None,
        }
    }

    fn comparison(&self, op: CompareOp, left: &Expr, right: &Expr, wanted: bool) -> Option<Verdict> {
        let (property, op, literal) = match (left, right) {
            (Expr::Property(property), Expr::Literal(literal)) => (property, op, literal),
            (Expr::Literal(literal), Expr::Property(property)) => (property, op.mirrored(), literal),
            _ => return None,
        };
        let op = if wanted { op } else { opposite(op) };
        let column = self.property(property)?;
        match (column.kind, literal) {
            (Kind::Integer, Literal::Number(number)) => {
                let at = integer(Number::parse(number.text())?)?;
                let [before, after] = [at.ceil.checked_sub(1)?, at.floor.checked_add(1)?];
                Some(compared(&column, op, at, [before, after], [i64::MIN, i64::MAX], Test::Integers))
            }
            (Kind::Float { .. }, Literal::Number(number)) => {
                let at = double(Number::parse(number.text())?)?;
                let (beside, ends) =
                    ([at.ceil.next_down(), at.floor.next_up()], [f64::NEG_INFINITY, f64::INFINITY]);
                Some(compared(&column, op, at, beside, ends, Test::Floats))
            }
            (Kind::Time(_), literal) if property.is_instant() => {
                let at = match literal {
                    Literal::Timestamp(at) => instant(*at)?,
                    // A day compares by its first instant, in UTC.
                    Literal::Date(day) => instant(Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?)?,
                    _ => return None,
                };
                let beside = [at.ceil - 1, at.floor + 1];
                Some(compared(&column, op, at, beside, [i64::MIN, i64::MAX], Test::Times))
            }
            (Kind::Text, Literal::Text(text)) if !property.is_instant() => {
                Some(compared_texts(column, op, text))
            }
            _ => None,
        }
    }

    fn one_of(&self, value: &Expr, list: &[Expr], wanted: bool) -> Option<Verdict> {
        let Expr::Property(property) = value else { return None };
        let texts = list.iter().map(|one| match one {
            Expr::Literal(Literal::Text(text)) => Some(text.clone()),
            _ => None,
        });
        if let Some(texts) = texts.collect::<Option<Vec<_>>>() {
            let column = self.property(property).filter(|column| column.kind == Kind::Text)?;
            if property.is_instant() {
                return None;
            }
            let found = among_texts(column.clone(), texts);
            return Some(if wanted {
                found
            } else {
                Verdict::All(vec![Verdict::Column(column, Test::NotNull), Verdict::Not(Box::new(found))])
            });
        }
        let each = list.iter().map(|one| self.comparison(CompareOp::Equal, value, one, wanted));
        let each = each.collect::<Option<Vec<_>>>()?;
        Some(if wanted { Verdict::Any(each) } else { Verdict::All(each) })
    }
}

fn among_texts(column: Column, mut texts: Vec<String>) -> Verdict {
    texts.sort_unstable();
    texts.dedup();
    Verdict::Column(column, Test::Among(texts))
}

/// What is true where a comparison is false. Of null neither is.
fn opposite(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Equal => CompareOp::NotEqual,
        CompareOp::NotEqual => CompareOp::Equal,
        CompareOp::Less => CompareOp::GreaterOrEqual,
        CompareOp::LessOrEqual => CompareOp::Greater,
        CompareOp::Greater => CompareOp::LessOrEqual,
        CompareOp::GreaterOrEqual => CompareOp::Less,
    }
}

/// `before` and `after`: the last value below the constant, and the first above it.
fn compared<T: Copy + PartialEq>(
    column: &Column,
    op: CompareOp,
    at: Among<T>,
    [before, after]: [T; 2],
    [least, most]: [T; 2],
    range: fn(T, T) -> Test,
) -> Verdict {
    let test = |test| Verdict::Column(column.clone(), test);
    let is_value = at.floor == at.ceil;
    match op {
        CompareOp::Equal if is_value => test(range(at.floor, at.floor)),
        CompareOp::Equal => Verdict::Any(Vec::new()),
        CompareOp::NotEqual if is_value => {
            Verdict::Any(vec![test(range(least, before)), test(range(after, most))])
        }
        CompareOp::NotEqual => test(Test::NotNull),
        CompareOp::Less => test(range(least, before)),
        CompareOp::LessOrEqual => test(range(least, at.floor)),
        CompareOp::Greater => test(range(after, most)),
        CompareOp::GreaterOrEqual => test(range(at.ceil, most)),
    }
}

fn compared_texts(column: Column, op: CompareOp, text: &str) -> Verdict {
    let equal = Verdict::Column(column.clone(), Test::Among(vec![text.to_owned()]));
    let but_equal = |low: Option<String>, high: Option<String>| {
        let others =
            Verdict::Not(Box::new(Verdict::Column(column.clone(), Test::Among(vec![text.to_owned()]))));
        Verdict::All(vec![Verdict::Column(column.clone(), Test::Texts(low, high)), others])
    };
    match op {
        CompareOp::Equal => equal,
        CompareOp::NotEqual => but_equal(None, None),
        CompareOp::Less => but_equal(None, Some(text.to_owned())),
        CompareOp::Greater => but_equal(Some(text.to_owned()), None),
        CompareOp::LessOrEqual => Verdict::Column(column, Test::Texts(None, Some(text.to_owned()))),
        CompareOp::GreaterOrEqual => Verdict::Column(column, Test::Texts(Some(text.to_owned()), None)),
    }
}

/// `None` where it is beyond what a double counts one by one.
fn integer(number: Number<'_>) -> Option<Among<i64>> {
    if let Some(exact) = number.as_i64() {
        return Some(Among { floor: exact, ceil: exact });
    }
    let near = number.to_f64().floor();
    if near.abs() > 9e15 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number that fits")]
    let near = near as i64;
    // A double of a number just below a whole one can be that one.
    let is_below = |whole: i64| Some(Number::parse(&whole.to_string())?.cmp(&number));
    let floor = if is_below(near)?.is_le() { near } else { near - 1 };
    let ceil = if is_below(floor)?.is_eq() { floor } else { floor + 1 };
    Some(Among { floor, ceil })
}

/// As doubles are written in JSON, which is what the evaluator compares.
fn double(number: Number<'_>) -> Option<Among<f64>> {
    let near = number.to_f64();
    if !near.is_finite() {
        return None;
    }
    let mut buffer = zmij::Buffer::new();
    let order = Number::parse(buffer.format_finite(near))?.cmp(&number);
    let floor = if order.is_le() { near } else { near.next_down() };
    let ceil = if order.is_ge() { near } else { near.next_up() };
    Some(Among { floor, ceil })
}

/// In microseconds; `None` in the last day of the year 9999, where the columns have times beyond the last instant that there is.
fn instant(at: Timestamp) -> Option<Among<i64>> {
    let floor = time::whole_micros(at);
    let is_whole = at.as_nanosecond().rem_euclid(1_000) == 0;
    let ceil = if is_whole { floor } else { floor + 1 };
    (floor < time::whole_micros(Timestamp::MAX)).then_some(Among { floor, ceil })
}
