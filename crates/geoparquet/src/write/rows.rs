//! Items to record batches.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, StructArray};
use arrow_buffer::{NullBufferBuilder, ScalarBuffer};
use arrow_schema::{ArrowError, SchemaRef};
use stacyard_model::json::{Tape, Value};
use stacyard_store::Error;

use crate::format::bbox::Bbox;
use crate::format::layout::{Column, Layout};
use crate::format::residual::{Path, Residual, Step};
use crate::format::schema;
use crate::format::wkb::Written;
use crate::write::column::{Builder, StructBuilder};
use crate::write::properties;
use crate::write::spool::{Location, SpoolReader};

/// A batch is cut at so many rows.
pub(crate) const MAX_BATCH_ROWS: usize = properties::PAGE_ROWS;

/// A batch is cut when its Items had so many bytes of JSON, and their residuals, so that no column comes near the 2 GiB of
/// its offsets.
pub(crate) const MAX_BATCH_BYTES: usize = 16 << 20;

/// A record batch being filled with Items.
pub(crate) struct Rows {
    layout: Arc<Layout>,
    schema: SchemaRef,
    members: StructBuilder,
    properties: StructBuilder,
    geometry: Builder,
    bbox: BboxColumn,
    patches: Vec<Option<String>>,
    residual: Residual,
    bytes: usize,
}

impl Rows {
    pub(crate) fn new(layout: &Arc<Layout>, schema: &SchemaRef) -> Self {
        Self {
            members: StructBuilder::new(&layout.members),
            properties: StructBuilder::new(&layout.properties),
            geometry: Builder::new(&Column::Geometry(layout.geometry)),
            bbox: BboxColumn::default(),
            patches: Vec::new(),
            residual: Residual::default(),
            bytes: 0,
            layout: Arc::clone(layout),
            schema: Arc::clone(schema),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.patches.len()
    }

    /// Whether the batch has as much as one batch should have.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= MAX_BATCH_ROWS || self.bytes >= MAX_BATCH_BYTES
    }

    /// Adds an Item that was counted for the layout.
    pub(crate) fn add(&mut self, item: Value<'_>) {
        let row = self.len();
        self.bytes += item.raw().len();
        let residual = &mut self.residual;
        let (mut geometry, mut bbox): (Option<Written>, _) = (None, None);
        if self.layout.spells_by_collection() {
            self.properties.spell_as_in(item.get("collection").and_then(Value::as_str).as_deref());
        }
        self.members.begin();
        self.properties.begin();
        for (key, value) in item.members().into_iter().flatten() {
            match &*key.text() {
                "type" => {}
                "geometry" if value.is_null() => {}
                "geometry" => {
                    self.geometry.pad(row);
                    geometry = self.geometry.append_geometry(value, &Path::key(key), residual);
                }
                "bbox" => bbox = Some(value),
                "properties" => {
                    let path = Path::key(key);
                    for (key, value) in value.members().into_iter().flatten() {
                        self.properties.member(key, value, &path.then(Step::Key(key)), residual);
                    }
                }
                _ => self.members.member(key, value, &Path::key(key), residual),
            }
        }
        self.members.end(residual, |name, residual| residual.remove(&Path::root(name)));
        let properties = Path::root("properties");
        self.properties.end(residual, |name, residual| residual.remove(&properties.then(Step::Name(name))));
        self.add_bbox(bbox, geometry.as_ref());
        let patch = self.residual.take().map(|patch| String::from_utf8_lossy(&patch).into_owned());
        self.bytes += patch.as_ref().map_or(0, String::len);
        self.patches.push(patch);
    }

    fn add_bbox(&mut self, value: Option<Value<'_>>, geometry: Option<&Written>) {
        let path = Path::root("bbox");
        let parsed = value.and_then(Bbox::parse);
        let column = match (parsed, geometry) {
            (Some(bbox), Some(geometry)) if bbox.bounds(geometry) => Some(bbox),
            (_, Some(geometry)) if !geometry.bounds.is_empty() => Some(Bbox::of(&geometry.bounds)),
            _ => None,
        };
        self.bbox.push(column);
        let is_own = column == parsed && column.is_some();
        match value {
            Some(value) if is_own => {
                if !parsed.and_then(|b| b.spelling).is_some_and(|s| s.fits(self.layout.bbox)) {
                    self.residual.set(&path, value);
                }
            }
            None if column.is_none() => {}
            value => {
                let mut text = Vec::new();
                match column {
                    Some(column) => column.write(&mut text),
                    None => text.extend_from_slice(b"null"),
                }
                self.residual.set_in_place_of(&path, value, &text);
            }
        }
    }

    /// The batch.
    pub(crate) fn finish(self) -> Result<RecordBatch, ArrowError> {
        let rows = self.len();
        let (member_fields, members) = self.members.finish(rows)?;
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        let (mut narrow, mut wide) = (Vec::new(), Vec::new());
        for (field, column) in member_fields.iter().zip(members) {
            if matches!(field.name().as_str(), "links" | "assets") {
                wide.push(column);
            } else {
                narrow.push(column);
            }
        }
        columns.push(Arc::new(StringArray::from_iter_values(std::iter::repeat_n("Feature", rows))));
        columns.append(&mut narrow);
        columns.push(self.geometry.finish(rows)?);
        columns.push(self.bbox.finish(self.layout.bbox_heights)?);
        columns.append(&mut self.properties.finish(rows)?.1);
        columns.append(&mut wide);
        if self.layout.residual {
            columns.push(Arc::new(self.patches.into_iter().collect::<StringArray>()));
        } else if self.patches.iter().any(Option::is_some) {
            return Err(ArrowError::InvalidArgumentError(
                "an Item has changed between the two passes".to_owned(),
            ));
        }
        RecordBatch::try_new(self.schema, columns)
    }
}

/// Reads Items again, and makes batches of them.
pub(crate) fn each_batch(
    reader: &SpoolReader,
    tape: &mut Tape,
    locations: &[Location],
    (layout, schema): (&Arc<Layout>, &SchemaRef),
    mut take: impl FnMut(RecordBatch) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut full = |rows: Rows| {
        take(rows.finish().map_err(|e| Error::failed("cannot make a record batch").caused_by(e))?)
    };
    let mut bytes = Vec::new();
    let mut rows = Rows::new(layout, schema);
    for &location in locations {
        reader.read(location, &mut bytes)?;
        let item = tape
            .parse(&bytes)
            .map_err(|e| Error::failed("an Item has changed between the two passes").caused_by(e))?;
        rows.add(item);
        if rows.is_full() {
            full(std::mem::replace(&mut rows, Rows::new(layout, schema)))?;
        }
    }
    if rows.len() > 0 { full(rows) } else { Ok(()) }
}

/// The `bbox` column: one vector a number.
#[derive(Default)]
struct BboxColumn {
    valid: Vec<bool>,
    numbers: [Vec<Option<f64>>; 6],
}

impl BboxColumn {
    fn push(&mut self, bbox: Option<Bbox>) {
        self.valid.push(bbox.is_some());
        let fields = bbox.map_or([None; 6], |bbox| bbox.fields());
        for (column, number) in self.numbers.iter_mut().zip(fields) {
            column.push(number);
        }
    }

    fn finish(self, heights: bool) -> Result<ArrayRef, ArrowError> {
        let mut nulls = NullBufferBuilder::new(self.valid.len());
        self.valid.iter().for_each(|&valid| nulls.append(valid));
        let kept = |index: &usize| heights || index % 3 != 2;
        let columns = self.numbers.into_iter().enumerate().filter(|(index, _)| kept(index));
        let columns = columns.map(|(_, column)| {
            let mut nulls = NullBufferBuilder::new(column.len());
            for number in &column {
                nulls.append(number.is_some());
            }
            let values: ScalarBuffer<f64> = column.into_iter().map(Option::unwrap_or_default).collect();
            Float64Array::try_new(values, nulls.finish()).map(|array| Arc::new(array) as ArrayRef)
        });
        let columns = columns.collect::<Result<_, _>>()?;
        Ok(Arc::new(StructArray::try_new(schema::bbox_fields(heights), columns, nulls.finish())?))
    }
}
