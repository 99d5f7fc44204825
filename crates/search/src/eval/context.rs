//! One Item while a search looks at it: its members, and its geometry once something has asked for it.

use std::cell::OnceCell;

use geo_types::Rect;
use stacyard_model::json::Value;

use crate::error::{ItemError, MatchError};
use crate::geometry;
use crate::property::ItemView;
use crate::relate::Prepared;
use crate::stop::{Clock, Stop};

pub(crate) struct Context<'a> {
    pub(crate) item: ItemView<'a>,
    bounds: OnceCell<Option<Rect<f64>>>,
    shape: OnceCell<Prepared>,
    /// Of the search: what takes long looks at it.
    pub(crate) clock: Clock,
}

impl<'a> Context<'a> {
    pub(crate) fn new(item: Value<'a>, stop: &Stop) -> Self {
        let clock = Clock::new(stop);
        Self { item: ItemView::of(item), bounds: OnceCell::new(), shape: OnceCell::new(), clock }
    }

    /// Of no Item at all: where constants are computed.
    pub(crate) fn empty() -> Self {
        let clock = Clock::default();
        Self { item: ItemView::default(), bounds: OnceCell::new(), shape: OnceCell::new(), clock }
    }

    /// The geometry where it is not null.
    pub(crate) fn geometry(&self) -> Option<Value<'a>> {
        self.item.geometry.filter(|geometry| !geometry.is_null())
    }

    /// The box of the Item's geometry, from its positions: an Item's `bbox` may say something else.
    pub(crate) fn bounds(&self, geometry: Value<'a>) -> Result<Option<Rect<f64>>, MatchError> {
        if let Some(known) = self.bounds.get() {
            return Ok(*known);
        }
        let bounds = geometry::bounds(geometry).map_err(|reason| self.error("/geometry", reason))?;
        Ok(*self.bounds.get_or_init(|| bounds))
    }

    /// The Item's geometry itself.
    pub(crate) fn shape(&self, geometry: Value<'a>) -> Result<&Prepared, MatchError> {
        if let Some(known) = self.shape.get() {
            return Ok(known);
        }
        let shape = geometry::read(geometry).map_err(|reason| self.error("/geometry", reason))?;
        Ok(self.shape.get_or_init(|| Prepared::new(&shape)))
    }

    pub(crate) fn error(&self, pointer: impl Into<String>, reason: impl Into<String>) -> ItemError {
        ItemError { id: self.item.id_text(), pointer: pointer.into(), reason: reason.into() }
    }
}
