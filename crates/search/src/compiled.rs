//! A search made ready to run over Items: the reference that every store must agree with.

use std::collections::HashSet;

use jiff::Timestamp;
use stacyard_model::Interval;
use stacyard_model::json::Value;

use crate::cql2::Expr;
use crate::deadline::{Deadline, Late};
use crate::error::{ItemError, MatchError, SearchError};
use crate::eval::{self, Context, Predicate};
use crate::names::Names;
use crate::order::{self, FirstValue};
use crate::property::{ItemView, Property};
use crate::request::{Area, Search};
use crate::time::extent_of;

/// A search, compiled once and used by any number of threads.
#[derive(Debug)]
pub struct Compiled {
    request: Search,
    ids: Option<HashSet<String>>,
    collections: Option<HashSet<String>>,
    datetime: Option<Interval>,
    /// The area and the filter.
    predicate: Predicate,
    /// The properties of filter and sort order that an Item need not have, each once.
    names: Vec<Property>,
    deadline: Option<Deadline>,
}

impl Compiled {
    /// Resolves names, settles types, finds functions, computes constants; what is not supported is an error.
    pub fn new(search: &Search) -> Result<Self, SearchError> {
        let area = search.area.as_ref().map(|area| match area {
            Area::Box(area) => eval::Area::of_box(*area),
            Area::Shape(shape) => eval::Area::of_geometry(shape),
        });
        let request = Search { filter: search.filter.as_ref().map(Expr::gathered), ..search.clone() };
        // An error shows the part as it was written.
        let predicate = eval::compile_both(area, request.filter.as_ref())
            .or_else(|fault| eval::compile_both(None, search.filter.as_ref()).and(Err(fault)))?;
        let (mut names, mut keys) = (Vec::new(), HashSet::new());
        search.each_property(&mut |property| {
            if !property.is_core() && keys.insert(property.key()) {
                names.push(property.clone());
            }
        });
        let set = |list: &[String]| (!list.is_empty()).then(|| list.iter().cloned().collect());
        Ok(Self {
            request,
            ids: set(&search.ids),
            collections: set(&search.collections),
            datetime: search.datetime,
            predicate,
            names,
            deadline: None,
        })
    }

    /// The search that it was made from: for stores that leave out early what cannot answer.
    pub const fn request(&self) -> &Search {
        &self.request
    }

    /// The same search, to be over by then: all that looks at Items for it fails after that.
    #[must_use]
    pub fn until(self, deadline: Option<Deadline>) -> Self {
        Self { deadline, ..self }
    }

    /// Fails when the time that the search may take is over: to be asked now and then by what reads for it.
    pub fn check_time(&self) -> Result<(), Late> {
        self.deadline.map_or(Ok(()), |deadline| deadline.check())
    }

    /// When the search has to be over.
    pub const fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// Whether the Item answers the search. An Item that the gate would have refused can give an error instead.
    pub fn matches(&self, item: Value<'_>) -> Result<bool, MatchError> {
        self.check_time()?;
        let context = Context::new(item, self.deadline);
        if !is_among(self.ids.as_ref(), context.item.id)
            || !is_among(self.collections.as_ref(), context.item.collection)
        {
            return Ok(false);
        }
        if let Some(wanted) = self.datetime
            && !extent_of(&context.item)?.is_some_and(|extent| extent.overlaps(wanted))
        {
            return Ok(false);
        }
        Ok(self.predicate.holds(&context)? == Some(true) && self.request.text.is_in(context.item.properties))
    }

    /// Appends the Item's place in the order of the search: comparing such keys byte by byte compares the Items, and
    /// Items of different collection or id never have the same.
    ///
    /// The order is that of `sortby`, nulls last in ascending and first in descending order; without it the start of
    /// the temporal extent, descending. Ties go by `collection`, then `id`, an Item without collection last. Values of
    /// different types: false, true, numbers, instants, strings by code point, arrays, objects. `datetime`,
    /// `start_datetime`, `end_datetime`, `created`, `updated`, `published` and `expires` order as instants.
    pub fn sort_key(&self, item: Value<'_>, out: &mut Vec<u8>) -> Result<(), ItemError> {
        order::push_key(&self.request.sortby, &ItemView::of(item), out)
    }

    /// The value that a place in the order begins with, if it is one of [`FirstValue`]: for stores that can leave out
    /// early what is not behind it.
    pub fn first_value(&self, key: &[u8]) -> Option<FirstValue> {
        order::first_value(key, self.request.sortby.first().is_none_or(|key| key.descending))
    }

    /// The instant that a place in the order begins with, if it begins with one.
    pub fn first_instant(&self, key: &[u8]) -> Option<Timestamp> {
        match self.first_value(key) {
            Some(FirstValue::Instant(at)) => Some(at),
            _ => None,
        }
    }

    /// A record of names of which none has been seen yet.
    pub fn names(&self) -> Names {
        Names::new(self.names.len())
    }

    /// Notes which names of filter and sort order the Item has; null counts as having it. Costs nothing once all have
    /// been seen. To be called for every Item that is read, whether or not it answers.
    pub fn observe(&self, item: Value<'_>, names: &mut Names) {
        names.any_item = true;
        if names.all_seen() {
            return;
        }
        let view = ItemView::of(item);
        for (property, seen) in self.names.iter().zip(&mut names.seen) {
            if !*seen && property.find(&view).is_some() {
                *seen = true;
                names.missing -= 1;
            }
        }
    }

    /// Notes a name as known though no Item may have it: a declared queryable.
    pub fn declare(&self, name: &str, names: &mut Names) {
        let key = name.strip_prefix("properties.").unwrap_or(name);
        for (property, seen) in self.names.iter().zip(&mut names.seen) {
            if !*seen && property.key() == key {
                *seen = true;
                names.missing -= 1;
            }
        }
    }

    /// Notes that there are Items, and which of the names they can have.
    pub fn declare_all(&self, names: &mut Names, has: impl Fn(&Property) -> bool) {
        names.any_item = true;
        for (property, seen) in self.names.iter().zip(&mut names.seen) {
            if !*seen && has(property) {
                *seen = true;
                names.missing -= 1;
            }
        }
    }

    /// The names that none of the Items read had: an error, once every Item was read. Where there was no Item at all,
    /// no name can be called unknown, and there are none.
    pub fn unknown<'a>(&'a self, names: &'a Names) -> impl Iterator<Item = &'a Property> {
        let unseen =
            self.names.iter().zip(&names.seen).filter(|(_, seen)| !**seen).map(|(property, _)| property);
        unseen.filter(|_| names.any_item)
    }
}

/// Whether the value is one of the wanted texts.
fn is_among(wanted: Option<&HashSet<String>>, value: Option<Value<'_>>) -> bool {
    wanted
        .is_none_or(|wanted| value.and_then(Value::as_str).is_some_and(|text| wanted.contains(text.as_ref())))
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;
    use crate::cql2::Expr;
    use crate::names::KnownNames;
    use crate::order::SortKey;
    use crate::request::parse_datetime;

    fn item(id: &str, geometry: &str, properties: &str) -> Document {
        Document::parse(format!(
            r#"{{"id":"{id}","collection":"c","geometry":{geometry},"properties":{properties}}}"#
        ))
        .unwrap()
    }

    fn found(search: &Search, item: &Document) -> bool {
        Compiled::new(search).unwrap().matches(item.root()).unwrap()
    }

    const POINT: &str = r#"{"type":"Point","coordinates":[179.5,10]}"#;

    #[test]
    fn compiled_searches_are_shared_by_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Compiled>();
    }

    #[test]
    fn ids_and_collections() {
        let item = item("a", "null", "{}");
        assert!(found(&Search::default(), &item));
        assert!(found(
            &Search { ids: vec!["b".into(), "a".into()], collections: vec!["c".into()], ..Search::default() },
            &item
        ));
        assert!(!found(&Search { ids: vec!["A".into()], ..Search::default() }, &item));
        assert!(!found(&Search { collections: vec!["d".into()], ..Search::default() }, &item));
        let loose = Document::parse(r#"{"id":"a","properties":{}}"#).unwrap();
        assert!(!found(&Search { collections: vec!["c".into()], ..Search::default() }, &loose));
    }

    #[test]
    fn areas_on_both_sides_of_the_antimeridian() {
        let item = item("a", POINT, "{}");
        let within = |bbox: &str| {
            found(&Search { area: Area::parse(Some(bbox), None).unwrap(), ..Search::default() }, &item)
        };
        assert!(within("179,0,-179,20"));
        assert!(within("179.5,10,180,20"), "a shared corner");
        assert!(within("179.5,10,179.5,10"), "a box of one point");
        assert!(within("179.5,-90,179.5,90"), "a box of one line");
        assert!(!within("-180,0,179.4999,20"));
        assert!(!within("179.6,0,-179,20"));
        let shape = r#"{"type":"LineString","coordinates":[[179,10],[180,10]]}"#;
        assert!(found(&Search { area: Area::parse(None, Some(shape)).unwrap(), ..Search::default() }, &item));
        let null = super::tests::item("n", "null", "{}");
        assert!(!found(
            &Search { area: Area::parse(Some("-180,-90,180,90"), None).unwrap(), ..Search::default() },
            &null
        ));
    }

    #[test]
    fn datetime_overlaps_the_extent() {
        let range = item(
            "a",
            "null",
            r#"{"datetime":null,"start_datetime":"2024-01-01T00:00:00Z","end_datetime":"2024-02-01T00:00:00Z"}"#,
        );
        let at = |text: &str, item: &Document| {
            found(&Search { datetime: Some(parse_datetime(text).unwrap()), ..Search::default() }, item)
        };
        for (text, wanted) in [
            ("2024-02-01T00:00:00Z/..", true),
            ("../2024-01-01T00:00:00Z", true),
            ("2024-01-15", true),
            ("2024-02-01T00:00:00.000000001Z/", false),
            ("2023-12-31", false),
        ] {
            assert_eq!(at(text, &range), wanted, "{text}");
        }
        assert!(!at("2024-01-01/..", &item("n", "null", r#"{"datetime":null}"#)));
    }

    #[test]
    fn a_filter_must_be_true_not_merely_unknown() {
        let item = item("a", POINT, r#"{"x":1}"#);
        let with = |filter: &str| {
            found(&Search { filter: Some(Expr::parse(filter).unwrap()), ..Search::default() }, &item)
        };
        assert!(with("x = 1") && !with("x = 2") && !with("y = 1") && !with("NOT y = 1"));
        let unsupported = Search { filter: Some(Expr::parse("Buffer(x) = 1").unwrap()), ..Search::default() };
        insta::assert_snapshot!(Compiled::new(&unsupported).unwrap_err(), @r"
        filter: the function Buffer is not supported; beside those of CQL2 there are lower and upper
          Buffer(x) = 1
        ");
    }

    #[test]
    fn names_that_nothing_has_are_known_at_the_end() {
        let search = Search {
            filter: Some(Expr::parse("cloud < 1 AND id = 'a' AND properties.cloud > 0 OR clod = 2").unwrap()),
            sortby: SortKey::parse_list("-gsd,collection").unwrap(),
            ..Search::default()
        };
        let compiled = Compiled::new(&search).unwrap();
        let unknown =
            |names: &Names| compiled.unknown(names).map(|p| p.name().to_owned()).collect::<Vec<_>>();
        let (mut first, mut second) = (compiled.names(), compiled.names());
        assert!(unknown(&first).is_empty(), "no Item, no unknown name");
        compiled.observe(item("a", "null", r#"{"cloud":null}"#).root(), &mut first);
        assert_eq!(unknown(&first), ["clod", "gsd"]);
        compiled.observe(item("b", "null", r#"{"gsd":1}"#).root(), &mut second);
        first.merge(&second);
        assert_eq!(unknown(&first), ["clod"]);
        let mut known = KnownNames::default();
        known.add_item(item("a", "null", r#"{"cloud":null}"#).root());
        assert_eq!(known.unknown("clod").nearest.as_deref(), Some("cloud"));
        compiled.declare("clod", &mut first);
        assert!(first.all_seen() && unknown(&first).is_empty());
    }
}
