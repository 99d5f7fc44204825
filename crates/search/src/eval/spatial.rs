//! The spatial predicates (OGC 21-065r2 sections 7.5 to 7.7) on the plane of longitude and latitude: boxes first,
//! geometries only where the boxes leave it open.

use geo::{BoundingRect, Intersects};
use geo_types::{Geometry, Rect};
use stacyard_model::json::{Kind, Value};

use super::context::Context;
use crate::bbox::SearchBox;
use crate::cql2::SpatialOp;
use crate::error::MatchError;
use crate::geometry;
use crate::property::{Place, Property};
use crate::relate::{Flaw, Location, Prepared, meet, relate};
use crate::stop::{Clock, Stopped};

/// A geometry of the filter, or where one stands in an Item.
#[derive(Debug)]
pub(crate) enum Shape {
    Fixed(Box<Area>),
    Property(Property),
}

/// A geometry of the filter with what is known of it.
#[derive(Debug)]
pub(crate) struct Area {
    prepared: Prepared,
    bounds: Option<Rect<f64>>,
    /// The boxes that the geometry is made of, if it is a box: what lies inside one need not be looked at.
    boxes: Vec<Rect<f64>>,
}

impl Area {
    pub(crate) fn of_geometry(geometry: &Geometry<f64>) -> Self {
        Self { bounds: geometry.bounding_rect(), prepared: Prepared::new(geometry), boxes: Vec::new() }
    }

    pub(crate) fn of_box(area: SearchBox) -> Self {
        Self { boxes: area.halves().collect(), ..Self::of_geometry(&area.to_geometry()) }
    }

    /// Why a predicate has no answer for it, if so. Whether there is a common point can be said of any geometry.
    pub(crate) fn flaw(&self, op: SpatialOp, clock: &Clock) -> Result<Option<Flaw>, Stopped> {
        if matches!(op, SpatialOp::Intersects | SpatialOp::Disjoint) {
            return Ok(None);
        }
        self.prepared.flaw(clock)
    }
}

/// One side of a predicate for one Item.
enum Side<'a> {
    Fixed(&'a Area),
    /// The Item's own geometry, read when it is needed.
    Item(Value<'a>, Option<Rect<f64>>),
    /// A geometry in the properties.
    Other(Box<Area>),
}

impl Side<'_> {
    const fn bounds(&self) -> Option<Rect<f64>> {
        match self {
            Self::Fixed(area) => area.bounds,
            Self::Item(_, bounds) => *bounds,
            Self::Other(area) => area.bounds,
        }
    }

    const fn boxes(&self) -> &[Rect<f64>] {
        match self {
            Self::Fixed(area) => area.boxes.as_slice(),
            _ => &[],
        }
    }
}

impl Shape {
    /// `None`: null, or no geometry at all.
    fn side<'a>(&'a self, context: &Context<'a>) -> Result<Option<Side<'a>>, MatchError> {
        let property = match self {
            Self::Fixed(area) => return Ok(Some(Side::Fixed(area))),
            Self::Property(property) => property,
        };
        if property.place() == Place::Geometry {
            let Some(value) = context.geometry() else { return Ok(None) };
            return Ok(Some(Side::Item(value, context.bounds(value)?)));
        }
        let Some(value) = property.find(&context.item).filter(|value| value.kind() == Kind::Object) else {
            return Ok(None);
        };
        // The gate has not looked at it: what is no geometry is a value of another type.
        let Ok(geometry) = geometry::read(value) else { return Ok(None) };
        Ok(Some(Side::Other(Area::of_geometry(&geometry).into())))
    }
}

pub(crate) fn holds<'a>(
    op: SpatialOp,
    left: &'a Shape,
    right: &'a Shape,
    context: &Context<'a>,
) -> Result<Option<bool>, MatchError> {
    let (Some(left), Some(right)) = (left.side(context)?, right.side(context)?) else { return Ok(None) };
    if let Some(known) = by_bounds(op, &left, &right) {
        return Ok(Some(known));
    }
    if let Some(known) = by_edges(op, &left, &right, context)? {
        return Ok(Some(known));
    }
    let (a, b) = (prepared(&left, context)?, prepared(&right, context)?);
    Ok(Some(match op {
        SpatialOp::Intersects => meet(a, b, &context.clock)?,
        SpatialOp::Disjoint => !meet(a, b, &context.clock)?,
        _ => relate(a, b, &context.clock)?.holds(op, (a.dimension(), b.dimension())),
    }))
}

fn prepared<'s, 'a>(side: &'s Side<'a>, context: &'s Context<'a>) -> Result<&'s Prepared, MatchError> {
    match side {
        Side::Fixed(area) => Ok(&area.prepared),
        Side::Item(value, _) => context.shape(*value),
        Side::Other(area) => Ok(&area.prepared),
    }
}

/// What the boxes alone decide.
fn by_bounds(op: SpatialOp, left: &Side<'_>, right: &Side<'_>) -> Option<bool> {
    let (Some(a), Some(b)) = (left.bounds(), right.bounds()) else {
        // An empty geometry shares no point with anything, and equals only another empty one.
        let both = left.bounds().is_none() && right.bounds().is_none();
        return Some(op == SpatialOp::Disjoint || (op == SpatialOp::Equals && both));
    };
    if !a.intersects(&b) {
        return Some(op == SpatialOp::Disjoint);
    }
    if matches!(op, SpatialOp::Intersects | SpatialOp::Disjoint) {
        let inside = |inner: Rect<f64>, boxes: &[Rect<f64>]| boxes.iter().any(|outer| covers(*outer, inner));
        if inside(a, right.boxes()) || inside(b, left.boxes()) {
            return Some(op == SpatialOp::Intersects);
        }
    }
    None
}

/// What a geometry of the filter decides whose lines and rings all stay away from the Item's box: the Item lies within it,
/// or outside, and need not be read.
fn by_edges(
    op: SpatialOp,
    left: &Side<'_>,
    right: &Side<'_>,
    context: &Context<'_>,
) -> Result<Option<bool>, MatchError> {
    let (area, bounds, is_left) = match (left, right) {
        (Side::Fixed(area), other) => (area, other.bounds(), true),
        (other, Side::Fixed(area)) => (area, other.bounds(), false),
        _ => return Ok(None),
    };
    let Some(bounds) = bounds else { return Ok(None) };
    let Some(location) = area.prepared.around(&bounds.into(), &context.clock)? else { return Ok(None) };
    let is_within = location == Location::Interior;
    Ok(Some(match op {
        SpatialOp::Intersects => is_within,
        SpatialOp::Disjoint => !is_within,
        SpatialOp::Within => is_within && !is_left,
        SpatialOp::Contains => is_within && is_left,
        // What has fewer dimensions does not cross what it lies within.
        SpatialOp::Equals | SpatialOp::Touches | SpatialOp::Overlaps | SpatialOp::Crosses => false,
    }))
}

fn covers(outer: Rect<f64>, inner: Rect<f64>) -> bool {
    outer.min().x <= inner.min().x
        && outer.min().y <= inner.min().y
        && outer.max().x >= inner.max().x
        && outer.max().y >= inner.max().y
}
