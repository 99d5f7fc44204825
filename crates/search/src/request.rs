//! The search request, and the spellings of its parts on a command line and in a query string.

use geo_types::Geometry;
use stacyard_model::Interval;

use crate::aggregate::Aggregation;
use crate::bbox::SearchBox;
use crate::cql2::{self, Expr};
use crate::error::{FilterError, SearchError};
use crate::eval;
use crate::fields::Fields;
use crate::free_text::FreeText;
use crate::geometry;
use crate::order::SortKey;
use crate::property::Property;

/// A search (STAC API Item Search, with the filter, sort and fields extensions). The default finds every Item.
///
/// Its parts are parsed where they come in, so that none of them can be wrong; what Stacyard cannot answer all the
/// same (a function it does not know) is told by [`Compiled::new`](crate::Compiled::new).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Search {
    /// Items of any of these collections; empty: of all.
    pub collections: Vec<String>,
    /// Items with any of these ids; empty: with all.
    pub ids: Vec<String>,
    /// Items whose geometry intersects this.
    pub area: Option<Area>,
    /// Items whose temporal extent overlaps this.
    pub datetime: Option<Interval>,
    /// Items in whose titles, descriptions or keywords one of these terms occurs.
    pub text: FreeText,
    /// Items of which this is true. A `query` is a filter too ([`parse_query`](crate::parse_query)).
    pub filter: Option<Expr>,
    /// The order of the Items; empty: `datetime` descending. See [`Compiled::sort_key`](crate::Compiled::sort_key).
    pub sortby: Vec<SortKey>,
    /// The parts of an Item that are wanted.
    pub fields: Fields,
    /// How many Items a page has.
    pub limit: Option<PageSize>,
    /// How many Items are wanted over all pages.
    pub max_items: Option<u64>,
}

impl Search {
    /// The same search of a store that declares some properties to hold instants: these compare and order as such.
    #[must_use]
    pub fn with_instants(mut self, is_instant: impl Fn(&str) -> bool) -> Self {
        let declare = &mut |property: &mut Property| property.declare(&is_instant);
        if let Some(filter) = &mut self.filter {
            filter.each_property_mut(declare);
        }
        self.sortby.iter_mut().for_each(|key| declare(&mut key.property));
        self
    }

    /// Calls `visit` for every property in filter and sort order.
    pub fn each_property<'a>(&'a self, visit: &mut impl FnMut(&'a Property)) {
        if let Some(filter) = &self.filter {
            filter.each_property(visit);
        }
        self.sortby.iter().for_each(|key| visit(&key.property));
    }
}

/// A question to a store: a search, and how strictly it is taken. How it is answered (threads, memory, time) is no part of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    search: Search,
    is_lenient: bool,
    is_backwards: bool,
}

impl Query {
    /// The same, where properties that no Item has are null everywhere, and collections that there are not have no Items. Else a
    /// search that names such is an error: an answer of nothing would hide the mistake.
    #[must_use]
    pub fn lenient(self, is_lenient: bool) -> Self {
        Self { is_lenient, ..self }
    }

    /// The same Items in the opposite order, the last one first.
    #[must_use]
    pub fn backwards(self) -> Self {
        Self { is_backwards: !self.is_backwards, ..self }
    }

    /// What is searched for.
    pub const fn search(&self) -> &Search {
        &self.search
    }

    /// Whether names that no Item has are taken.
    pub const fn is_lenient(&self) -> bool {
        self.is_lenient
    }

    /// Whether the order is the opposite of the one that `sortby` says.
    pub const fn is_backwards(&self) -> bool {
        self.is_backwards
    }

    /// The same, of a store that declares some properties to hold instants ([`Search::with_instants`]).
    #[must_use]
    pub fn with_instants(self, is_instant: impl Fn(&str) -> bool) -> Self {
        Self { search: self.search.with_instants(is_instant), ..self }
    }
}

impl Query {
    /// The same for aggregations: their properties stand in the place of the order, which is of no matter then, so that they are known
    /// or refused, and declared, as those of an order are.
    #[must_use]
    pub fn aggregating(self, wanted: &[Aggregation]) -> Self {
        let keys = wanted.iter().filter_map(Aggregation::property);
        let sortby = keys.map(|property| SortKey { property: property.clone(), descending: false }).collect();
        Self { search: Search { sortby, max_items: None, ..self.search }, ..self }
    }
}

impl From<Search> for Query {
    fn from(search: Search) -> Self {
        Self { search, is_lenient: false, is_backwards: false }
    }
}

/// Where to search: `bbox` or `intersects`, never both.
#[derive(Debug, Clone, PartialEq)]
pub enum Area {
    /// `bbox`
    Box(SearchBox),
    /// `intersects`
    Shape(Geometry<f64>),
}

impl Area {
    /// The shape as a GeoJSON geometry; `None`: it is a box.
    pub fn shape_json(&self) -> Option<serde_json::Value> {
        match self {
            Self::Box(_) => None,
            Self::Shape(shape) => Some(cql2::geometry_json(shape)),
        }
    }

    /// Of the texts of `bbox` and `intersects`, of which at most one may be there.
    pub fn parse(bbox: Option<&str>, intersects: Option<&str>) -> Result<Option<Self>, SearchError> {
        match (bbox, intersects) {
            (Some(_), Some(_)) => Err(SearchError::TwoAreas),
            (Some(bbox), None) => SearchBox::parse(bbox).map(Self::Box).map(Some),
            (None, Some(shape)) => geometry::parse_shape(shape).map(Self::Shape).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// How many Items a page has: 1 to 10,000 (STAC API Item Search, `limit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u32);

impl PageSize {
    /// The largest page.
    pub const MAX: u32 = 10_000;

    /// A page of so many Items.
    pub fn new(items: u64) -> Result<Self, SearchError> {
        let fits = u32::try_from(items).ok().filter(|items| (1..=Self::MAX).contains(items));
        fits.map(Self).ok_or(SearchError::Limit(items))
    }

    /// How many Items.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Parses `datetime`: an instant, or `START/END` where `..` or nothing is an open end.
pub fn parse_datetime(text: &str) -> Result<Interval, SearchError> {
    let wrong = |error: stacyard_model::IntervalError| SearchError::Datetime {
        text: text.to_owned(),
        reason: error.to_string(),
    };
    Interval::parse(text.trim()).map_err(wrong)
}

/// Parses `filter`: CQL2 JSON where it starts with `{`, else CQL2 text. What has no meaning (a number compared with a
/// string, a function that is unknown) is an error with its place as well.
pub fn parse_filter(text: &str) -> Result<Expr, SearchError> {
    let filter = Expr::parse(text)?;
    // Compiled as it is written, so that the place of a fault can be found.
    let meaning = eval::with_instants(&filter).and_then(|_| eval::compile(&filter));
    let Err(fault) = meaning else { return Ok(filter) };
    let place = fault.part.as_deref().and_then(|part| cql2::locate(text, part));
    Err(match place {
        Some(place) => FilterError::new(fault.reason, place).into(),
        None => fault.into(),
    })
}

/// Parses `ids`: names with commas between.
pub fn parse_ids(text: &str) -> Result<Vec<String>, SearchError> {
    parse_list("ids", text)
}

/// Parses `collections`: names with commas between.
pub fn parse_collections(text: &str) -> Result<Vec<String>, SearchError> {
    parse_list("collections", text)
}

fn parse_list(what: &'static str, text: &str) -> Result<Vec<String>, SearchError> {
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        return Err(SearchError::List { what, text: text.to_owned() });
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_tells_what_is_wrong_with_it() {
        insta::assert_snapshot!(Area::parse(Some("0,0,1,1"), Some("{}")).unwrap_err(), @"bbox and intersects cannot be used together; leave one out, or put one into the filter as S_INTERSECTS");
        insta::assert_snapshot!(PageSize::new(0).unwrap_err(), @"limit 0: a page has 1 to 10000 Items; give a number of that range");
        assert!(PageSize::new(10_001).is_err() && PageSize::new(10_000).is_ok());
        insta::assert_snapshot!(parse_datetime("June").unwrap_err(), @r#"datetime "June": "June" is not an RFC 3339 date and time such as 2024-06-01T00:00:00Z; write an instant or START/END, such as 2024-06-01T00:00:00Z/.."#);
        insta::assert_snapshot!(parse_filter("cloud < 20 AND (gsd = 10 OR NOT cloud NOT IN ('high'))\nOR nmae IS NULL AND 1 + 'x' > 3").unwrap_err(), @r#"
        filter: the string "x" stands where a number is expected
          OR nmae IS NULL AND 1 + 'x' > 3
                              ^
        "#);
        insta::assert_snapshot!(parse_filter("cloud < 20 OR\n (title = CASEI(5)) = true").unwrap_err(), @r"
        filter: the number 5 stands where the text of CASEI is expected
           (title = CASEI(5)) = true
            ^
        ");
        insta::assert_snapshot!(parse_filter("id = 'a' AND area(geometry) > 5").unwrap_err(), @r"
        filter: the function area is not supported; beside those of CQL2 there are lower and upper
          id = 'a' AND area(geometry) > 5
                       ^
        ");
        insta::assert_snapshot!(parse_filter(r#"{"op":"and","args":[{"op":"isNull","args":[{"property":"a"}]},{"op":"s_within","args":[{"property":"geometry"},7]}]}"#).unwrap_err(), @"filter: the number 7 stands where a geometry is expected (at /args/1)");
        insta::assert_snapshot!(parse_ids("a,,b").unwrap_err(), @r#"ids "a,,b": an empty name; write names with commas between, none of them empty"#);
        assert_eq!(parse_collections("a, b").unwrap(), ["a", "b"]);
    }
}
