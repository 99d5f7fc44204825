//! A search as one filter: what its other parameters say about Items has a spelling in CQL2, too.

use stacyard_model::Interval;
use stacyard_search::cql2::{Bound, Expr, Literal, SpatialOp, TemporalOp};
use stacyard_search::{Area, Property, Search};

/// The filter that asks alone for the Items of a search. `has_spans`: some of those that answer but for their time have a start and an end, which
/// are named only then, as a name that no Item has is an error. `None`: all Items are asked for. Words (`q`) are not in it: CQL2 cannot say them.
pub(crate) fn one_filter(search: &Search, has_spans: bool) -> Option<Expr> {
    let area = search.area.as_ref().map(|area| {
        let area = match area {
            Area::Box(area) => Literal::Box(*area),
            Area::Shape(shape) => Literal::Geometry(shape.clone()),
        };
        let geometry = Expr::Property(Property::geometry());
        Expr::Spatial(SpatialOp::Intersects, geometry.into(), Expr::Literal(area).into())
    });
    Expr::all([
        one_of("collection", &search.collections),
        one_of("id", &search.ids),
        area,
        search.datetime.and_then(|wanted| overlaps(wanted, has_spans)),
        search.filter.clone(),
    ])
}

/// Whether an Item has both a start and an end, which are its time then.
pub(crate) fn has_span() -> Option<Expr> {
    let [start, end] = ends()?.map(|end| Expr::Not(Expr::IsNull(end.into()).into()));
    Some(Expr::and(vec![start, end]))
}

fn property(name: &str) -> Option<Expr> {
    Property::parse(name).ok().map(Expr::Property)
}

fn ends() -> Option<[Expr; 2]> {
    Some([property("start_datetime")?, property("end_datetime")?])
}

fn one_of(name: &str, values: &[String]) -> Option<Expr> {
    if values.is_empty() {
        return None;
    }
    let values = values.iter().map(|value| Expr::Literal(Literal::Text(value.clone())));
    Some(Expr::In(property(name)?.into(), values.collect()))
}

fn overlaps(wanted: Interval, has_spans: bool) -> Option<Expr> {
    let bound = |end: Option<_>| end.map_or(Bound::Open, Bound::Timestamp);
    let wanted = match (wanted.start(), wanted.end()) {
        (Some(start), Some(end)) if start == end => Expr::Literal(Literal::Timestamp(start)),
        (start, end) => Expr::Interval(Box::new([bound(start), bound(end)])),
    };
    let meets = |time: Expr| Expr::Temporal(TemporalOp::Intersects, time.into(), wanted.clone().into());
    let at = meets(property("datetime")?);
    if !has_spans {
        return Some(at);
    }
    let span = meets(Expr::Interval(Box::new(ends()?.map(Bound::Expr))));
    let has_span = has_span()?;
    let without = Expr::and(vec![Expr::Not(has_span.clone().into()), at]);
    Some(Expr::or(vec![Expr::and(vec![has_span, span]), without]))
}

#[cfg(test)]
mod tests {
    use stacyard_search::{SearchBox, parse_datetime, parse_filter};

    use super::*;

    #[test]
    fn each_part_of_a_search_is_a_condition() {
        let search = Search {
            collections: vec!["a".to_owned(), "it's".to_owned()],
            ids: vec!["i1".to_owned()],
            area: Some(Area::Box(SearchBox::parse("170,-5,-170,5").unwrap())),
            datetime: Some(parse_datetime("2024-06-01T00:00:00Z/..").unwrap()),
            filter: Some(parse_filter("x < 2 OR y = 3").unwrap()),
            ..Search::default()
        };
        assert_eq!(
            one_filter(&search, false).unwrap().to_text().unwrap(),
            "collection IN ('a', 'it''s') AND id IN ('i1') AND S_INTERSECTS(geometry, BBOX(170, -5, -170, 5)) \
             AND T_INTERSECTS(datetime, INTERVAL('2024-06-01T00:00:00Z', '..')) AND (x < 2 OR y = 3)"
        );
        let when = Search { datetime: search.datetime, ..Search::default() };
        let text = one_filter(&when, true).unwrap().to_text().unwrap();
        assert!(text.contains("T_INTERSECTS(INTERVAL(start_datetime, end_datetime), INTERVAL("), "{text}");
        assert_eq!(one_filter(&Search::default(), true), None);
    }
}
