//! A search made ready to run over Items: the reference that every store must agree with.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use stacyard_model::Interval;
use stacyard_model::json::Value;

use crate::aggregate::{Aggregation, Aggregator};
use crate::cql2::Expr;
use crate::datum::Datum;
use crate::error::{ItemError, MatchError, SearchError};
use crate::eval::{self, Context, Predicate};
use crate::names::{Mismatch, Names, Seen};
use crate::order::{self, OrderKey};
use crate::property::{ItemView, Property};
use crate::request::{Area, Query, Search};
use crate::stop::{Clock, Stop, Stopped};
use crate::time::extent_of;
use crate::told::Told;
use crate::types::Types;

/// A search, compiled once and used by any number of threads.
#[derive(Debug, Clone)]
pub struct Compiled {
    request: Search,
    order: Vec<OrderKey>,
    is_lenient: bool,
    ids: Option<HashSet<String>>,
    /// Each with its place in the request.
    collections: Option<HashMap<String, usize>>,
    datetime: Option<Interval>,
    /// The area and the filter.
    predicate: Arc<Predicate>,
    /// The properties of filter and sort order that an Item need not have, each once.
    names: Vec<(Property, Types)>,
    stop: Stop,
    told: Option<Told>,
}

impl Compiled {
    /// Resolves names, settles types, finds functions, computes constants; what is not supported is an error.
    pub fn new(search: &Search) -> Result<Self, SearchError> {
        Self::until(&search.clone().into(), &Stop::default())
    }

    /// One asking of a query, which has to end when it is told: to compile it, and all that looks at Items for it, fails then.
    pub fn until(query: &Query, stop: &Stop) -> Result<Self, SearchError> {
        let (search, clock) = (query.search(), Clock::new(stop));
        let area = search.area.as_ref().map(|area| match area {
            Area::Box(area) => eval::Area::of_box(*area),
            Area::Shape(shape) => eval::Area::of_geometry(shape),
        });
        let mut request = search.clone();
        let mut once = HashSet::new();
        request.collections.retain(|name| once.insert(name.clone()));
        let read = request.filter.as_ref().map(eval::with_instants).transpose()?;
        request.filter = read.as_ref().map(Expr::gathered);
        // An error shows the part as it was written.
        let predicate = eval::compile_both(area, request.filter.as_ref(), &clock)
            .or_else(|fault| eval::compile_both(None, search.filter.as_ref(), &clock).and(Err(fault)))?;
        let (mut names, mut places) = (Vec::new(), HashMap::new());
        request.each_property(&mut |property| {
            if !property.is_core() && !places.contains_key(property.key()) {
                places.insert(property.key(), names.len());
                names.push((property.clone(), Types::NONE));
            }
        });
        if let Some(filter) = &request.filter {
            eval::types_wanted(filter, &mut |property, types| {
                if let Some(asked) = places.get(property.key()).and_then(|&place| names.get_mut(place)) {
                    asked.1 = asked.1.and(types);
                }
            });
        }
        let ids = (!search.ids.is_empty()).then(|| search.ids.iter().cloned().collect());
        let collections = request.collections.iter().cloned().enumerate().map(|(place, name)| (name, place));
        Ok(Self {
            ids,
            collections: (!request.collections.is_empty()).then(|| collections.collect()),
            datetime: search.datetime,
            order: order::total(&request.sortby, query.is_backwards()),
            request,
            is_lenient: query.is_lenient(),
            predicate: Arc::new(predicate),
            names,
            stop: stop.clone(),
            told: None,
        })
    }

    /// The search that it was made from: for stores that leave out early what cannot answer.
    pub const fn request(&self) -> &Search {
        &self.request
    }

    /// Whether names that no Item has may stand in it ([`Query::lenient`]).
    pub const fn is_lenient(&self) -> bool {
        self.is_lenient
    }

    /// The same, of one of several stores that are asked as one: it tells which names it has seen, and refuses none.
    #[must_use]
    pub fn telling(&self, told: &Told) -> Self {
        Self { told: Some(told.clone()), ..self.clone() }
    }

    /// Who is to be told of the names.
    pub const fn told(&self) -> Option<&Told> {
        self.told.as_ref()
    }

    /// Fails when the search has to end: to be asked now and then by what reads for it.
    pub fn check_stop(&self) -> Result<(), Stopped> {
        self.stop.check()
    }

    /// When the search has to end.
    pub const fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Whether the Item answers the search. An Item that the gate would have refused can give an error instead.
    pub fn matches(&self, item: Value<'_>) -> Result<bool, MatchError> {
        self.check_stop()?;
        let context = Context::new(item, &self.stop);
        let is_wanted = |id: &str| self.ids.as_ref().is_none_or(|ids| ids.contains(id));
        let is_of = |name: &str| self.collections.as_ref().is_none_or(|names| names.contains_key(name));
        if self.ids.is_some() && !context.item.id.and_then(Value::as_str).is_some_and(|id| is_wanted(&id))
            || self.collections.is_some()
                && !context.item.collection.and_then(Value::as_str).is_some_and(|name| is_of(&name))
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
    /// `start_datetime`, `end_datetime`, `created`, `updated`, `published` and `expires` order as instants. Of a query that goes
    /// [backwards](Query::backwards) every byte is inverted.
    pub fn sort_key(&self, item: Value<'_>, out: &mut Vec<u8>) -> Result<(), ItemError> {
        order::push_key(&self.order, &ItemView::of(item), out)
    }

    /// What the order goes by, one after the other: no two Items are the same in all.
    pub fn order(&self) -> &[OrderKey] {
        &self.order
    }

    /// Whether an Item that matches stands after a place in the order, if there is one; its own place is left in `key`.
    pub fn is_after(
        &self,
        item: Value<'_>,
        after: Option<&[u8]>,
        key: &mut Vec<u8>,
    ) -> Result<bool, ItemError> {
        key.clear();
        self.sort_key(item, key)?;
        Ok(after.is_none_or(|after| key.as_slice() > after))
    }

    /// Whether an Item is of the answer from a place in the order on: it matches, and [stands after it](Self::is_after).
    pub fn answers(
        &self,
        item: Value<'_>,
        after: Option<&[u8]>,
        key: &mut Vec<u8>,
    ) -> Result<bool, MatchError> {
        Ok(self.matches(item)? && self.is_after(item, after, key)?)
    }

    /// What is wanted of the Items, of a query that was made for it ([`Query::aggregating`]): its properties are declared to hold
    /// instants or not, as those of the query are.
    pub fn declared(&self, wanted: &[Aggregation]) -> Vec<Aggregation> {
        let mut declared = wanted.to_vec();
        let properties = declared.iter_mut().filter_map(Aggregation::property_mut);
        for (property, key) in properties.zip(&self.request.sortby) {
            property.clone_from(&key.property);
        }
        declared
    }

    /// An aggregator of what is wanted; of a query that was made for it ([`Query::aggregating`]).
    pub fn aggregator(&self, wanted: &[Aggregation]) -> Result<Aggregator, SearchError> {
        Aggregator::new(&self.declared(wanted))
    }

    /// The values that a place in the order is made of: those that its Item is sorted by, then its collection and its id; up to
    /// the first array or object. For stores that find by them what comes after it.
    pub fn place(&self, key: &[u8]) -> Vec<Datum> {
        order::values(key, &self.order)
    }

    /// A record of names of which none has been seen yet.
    pub fn names(&self) -> Names {
        let unseen = |(_, wanted): &(_, Types)| Seen { wanted: *wanted, types: Types::NONE, declared: false };
        let collections = self.request.collections.len();
        Names {
            properties: self.names.iter().map(unseen).collect(),
            missing: self.names.len(),
            collections: vec![false; collections],
            missing_collections: collections,
            missing_ids: self.ids.is_some(),
            any_item: false,
        }
    }

    /// Notes which names of the search the Item has, and with which types of values. Costs nothing once all have been
    /// seen. To be called for every Item that is read, whether or not it answers.
    pub fn observe(&self, item: Value<'_>, names: &mut Names) {
        names.any_item = true;
        if names.all_seen() {
            return;
        }
        let view = ItemView::of(item);
        if names.missing_collections > 0
            && let Some(name) = view.collection.and_then(Value::as_str)
        {
            self.observe_collection(&name, names);
        }
        if let Some(ids) = self.ids.as_ref().filter(|_| names.missing_ids) {
            names.missing_ids = !view.id.and_then(Value::as_str).is_some_and(|id| ids.contains(id.as_ref()));
        }
        let Names { properties, missing, .. } = names;
        for ((property, _), seen) in self.names.iter().zip(properties) {
            if !seen.is_met()
                && let Some(value) = property.find(&view)
            {
                note(seen, Types::of(value.kind()), missing);
            }
        }
    }

    /// Notes that there are Items of a collection.
    pub fn observe_collection(&self, name: &str, names: &mut Names) {
        if let Some(&place) = self.collections.as_ref().and_then(|collections| collections.get(name))
            && !std::mem::replace(&mut names.collections[place], true)
        {
            names.missing_collections -= 1;
        }
    }

    /// Notes that there is an Item with one of the ids.
    pub const fn observe_id(&self, names: &mut Names) {
        names.missing_ids = false;
    }

    /// Notes a name as known though no Item may have it: a declared queryable.
    pub fn declare(&self, name: &str, names: &mut Names) {
        let key = name.strip_prefix("properties.").unwrap_or(name);
        for ((property, _), seen) in self.names.iter().zip(&mut names.properties) {
            seen.declared |= property.key() == key;
        }
    }

    /// Notes that there are Items, and of each property which types of values they have there.
    pub fn declare_all(&self, names: &mut Names, types: impl Fn(&Property) -> Types) {
        names.any_item = true;
        for ((property, _), seen) in self.names.iter().zip(&mut names.properties) {
            note(seen, types(property), &mut names.missing);
        }
    }

    /// Notes that there are Items, and that a property has values of these types there.
    pub fn declare_one(&self, property: &Property, types: Types, names: &mut Names) {
        self.declare_all(names, |one| if one == property { types } else { Types::NONE });
    }

    /// The properties that an Item need not have; of each of which types its values have to be for the search to say
    /// anything of them, nothing where any will do.
    pub fn wanted(&self) -> &[(Property, Types)] {
        &self.names
    }

    /// The names that none of the Items read had: an error, once every Item was read. Where there was no Item at all,
    /// no name can be called unknown, and there are none.
    pub fn unknown<'a>(&'a self, names: &'a Names) -> impl Iterator<Item = &'a Property> {
        let all = self.names.iter().zip(&names.properties);
        let unseen = all.filter(|(_, seen)| names.any_item && seen.types.is_empty() && !seen.declared);
        unseen.map(|((property, _), _)| property)
    }

    /// The properties that the Items read have, but never with a value of a type that the filter says anything of: an error
    /// as well, as a comparison with them is true of no Item.
    pub fn mismatched<'a>(&'a self, names: &'a Names) -> impl Iterator<Item = Mismatch<'a>> {
        self.names.iter().zip(&names.properties).filter_map(|((property, wanted), seen)| {
            let found = seen.types.values();
            let is_one = !found.is_empty() && !seen.is_met();
            is_one.then_some(Mismatch { property, wanted: *wanted, found })
        })
    }

    /// Whether a property of the filter stands where a value does: as a string without its quotes would.
    pub fn is_value(&self, property: &Property) -> bool {
        self.request.filter.as_ref().is_some_and(|filter| eval::is_value(filter, property))
    }

    /// The collections of the search that none of the Items read is of; none where there was no Item at all.
    pub fn missing_collections<'a>(&'a self, names: &'a Names) -> impl Iterator<Item = &'a str> {
        let all = self.request.collections.iter().map(String::as_str);
        all.filter(|name| {
            let place = self.collections.as_ref().and_then(|collections| collections.get(*name));
            names.any_item && place.is_some_and(|&place| !names.collections[place])
        })
    }

    /// Whether the search asks for ids, and none of the Items read has one of them.
    pub const fn is_missing_ids(&self, names: &Names) -> bool {
        names.missing_ids && names.any_item
    }
}

/// Notes that a property has values of these types.
fn note(seen: &mut Seen, types: Types, missing: &mut usize) {
    let before = seen.is_met();
    seen.types = seen.types.and(types);
    *missing -= usize::from(!before && seen.is_met());
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
        assert_eq!(known.nearest_property("clod"), Some("cloud"));
        compiled.declare("clod", &mut first);
        assert!(unknown(&first).is_empty());
    }
}
