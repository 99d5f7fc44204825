//! Record batches to Items' JSON: each row is written as text, straight from the columns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use stacyard_model::json::Value;

use crate::format::metadata::Conventions;
use crate::format::residual::{self, Onto};
use crate::format::scope::Scope;
use crate::read::cell::{Cell, Member, Values, key, write_members};
use crate::read::decode_error::DecodeError;
use crate::read::names::Names;

/// The columns of a batch, ready to be written row by row.
pub(crate) struct Items {
    /// In the order in which an Item is written; `properties` are apart.
    pub(crate) head: Vec<Member>,
    pub(crate) properties: Vec<Member>,
    pub(crate) tail: Vec<Member>,
    pub(crate) geometry: Option<Cell>,
    pub(crate) bbox: Option<BoxColumn>,
    residual: Option<Cell>,
    /// What of the Item the residual may count on.
    patched: Onto,
    edits: Arc<AtomicU64>,
    scratch: Vec<u8>,
}

/// What the residual of a file may count on.
const fn onto(names: &Names, scope: Scope) -> Onto {
    match scope {
        _ if names.by_others => Onto::Left,
        Scope::All => Onto::Whole,
        Scope::Some => Onto::Part,
    }
}

const ID: &[u8] = b"\"id\":";
const COLLECTION: &[u8] = b"\"collection\":";

/// What Parquet has no value for: a struct without fields, and with it `assets` that are empty. Its writers leave the
/// column out, or make the value null. `links` of no Item are a list of nothing, which some leave out too.
const EMPTY: [(&str, &[u8]); 2] = [("links", b"[]"), ("assets", b"{}")];

/// The struct of boxes: `xmin, ymin, zmin, xmax, ymax, zmax`, those of them that there are.
pub(crate) struct BoxColumn {
    nulls: Option<NullBuffer>,
    numbers: Vec<Cell>,
}

impl Items {
    pub(crate) fn new(batch: &RecordBatch, names: &Names, scope: Scope) -> Result<Self, DecodeError> {
        let conventions = &names.conventions;
        let (mut head, mut properties, mut tail) = (Vec::new(), Vec::new(), Vec::new());
        let (mut geometry, mut bbox, mut residual) = (None, None, None);
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let name = field.name().as_str();
            match name {
                "type" => {}
                _ if names.aside.iter().any(|aside| aside == name) => {}
                _ if name == names.geometry => {
                    let cell = Cell::new("/geometry".to_owned(), column, conventions)?;
                    if !matches!(cell.values, Values::Wkb(..) | Values::Null) {
                        let data_type = Box::new(column.data_type().clone());
                        return Err(DecodeError::Geometry { column: name.to_owned(), data_type });
                    }
                    geometry = Some(cell);
                }
                _ if conventions.residual.as_deref() == Some(name) => {
                    let cell = Cell::new(format!("/{name}"), column, conventions)?;
                    if !matches!(cell.values, Values::Text(_)) {
                        let data_type = Box::new(column.data_type().clone());
                        return Err(DecodeError::Type { column: name.to_owned(), data_type });
                    }
                    residual = Some(cell);
                }
                "bbox" if matches!(column.data_type(), DataType::Struct(_)) => {
                    bbox = Some(BoxColumn::new(column, conventions)?);
                }
                "id" | "collection" | "stac_version" | "stac_extensions" | "bbox" => {
                    head.push(Member::new("", name, column, conventions)?);
                }
                "links" | "assets" => tail.push(Member::new("", name, column, conventions)?),
                _ => properties.push(Member::new("/properties", name, column, conventions)?),
            }
        }
        for given in &names.given {
            let (parent, list) = match given.name.as_str() {
                "collection" => ("", &mut head),
                _ => ("/properties", &mut properties),
            };
            list.push(Member::given(parent, &given.name, &given.value, batch.num_rows()));
        }
        let order = |member: &Member| {
            [
                "\"stac_version\":",
                "\"stac_extensions\":",
                "\"id\":",
                "\"collection\":",
                "\"links\":",
                "\"assets\":",
            ]
            .iter()
            .position(|key| key.as_bytes() == member.key)
        };
        let collections = head.iter().find_map(|member| match &member.cell.values {
            Values::Text(values) if member.key == COLLECTION => Some(values),
            _ => None,
        });
        for member in &mut properties {
            if let Values::Time(_, _, spelling) = &mut member.cell.values
                && !spelling.formats.by_collection.is_empty()
            {
                spelling.collections = collections.cloned();
            }
        }
        if names.by_others && scope == Scope::All {
            for (name, empty) in EMPTY {
                let key = key(name);
                match tail.iter_mut().find(|member| member.key == key) {
                    Some(member) => member.null = Some(empty.into()),
                    None => {
                        tail.push(Member {
                            key,
                            null: Some(empty.into()),
                            cell: Cell::null(format!("/{name}"), batch.num_rows()),
                        });
                    }
                }
            }
        }
        head.sort_by_key(order);
        tail.sort_by_key(order);
        let missing = |column: &str| Err(DecodeError::Missing { column: column.to_owned() });
        match &conventions.residual {
            _ if scope == Scope::Some => {}
            _ if !head.iter().any(|member| member.key == ID) => return missing("id"),
            _ if geometry.is_none() => return missing("geometry"),
            // Without it the columns alone would be read as if they were all.
            Some(name) if residual.is_none() => return missing(name),
            _ => {}
        }
        Ok(Self {
            head,
            properties,
            tail,
            geometry,
            bbox,
            residual,
            patched: onto(names, scope),
            edits: Arc::clone(&names.edits),
            scratch: Vec::new(),
        })
    }

    /// Appends the Item of a row.
    pub(crate) fn write(&mut self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        self.write_item(row, out).map_err(|cause| {
            let id = self.head.iter().find(|member| member.key == ID).and_then(|id| id.cell.text(row));
            match id {
                Some(id) => DecodeError::Item { id: id.to_owned(), cause: Box::new(cause) },
                None => cause,
            }
        })
    }

    fn write_item(&mut self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let patch = self.residual.as_ref().and_then(|residual| residual.text(row)).map(str::to_owned);
        let Some(patch) = patch else { return self.write_columns(row, out) };
        let mut base = std::mem::take(&mut self.scratch);
        base.clear();
        let written = self.write_columns(row, &mut base);
        if written.is_ok() {
            let holds = |path: &[String], operation: Value<'_>| {
                let holds = self.are_as_written(row, path, operation);
                if !holds {
                    self.edits.fetch_add(1, Ordering::Relaxed);
                }
                holds
            };
            residual::apply(&base, patch.as_bytes(), self.patched, holds, out)?;
        }
        self.scratch = base;
        written
    }

    fn write_columns(&self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        out.extend_from_slice(b"{\"type\":\"Feature\"");
        for member in &self.head {
            member.write(row, b",", out)?;
        }
        if let Some(geometry) = &self.geometry {
            out.extend_from_slice(b",\"geometry\":");
            geometry.write(row, out)?;
        }
        if let Some(bbox) = &self.bbox {
            bbox.write(row, out)?;
        }
        out.extend_from_slice(b",\"properties\":{");
        write_members(&self.properties, row, out)?;
        out.push(b'}');
        for member in &self.tail {
            member.write(row, b",", out)?;
        }
        out.push(b'}');
        Ok(())
    }
}

impl BoxColumn {
    fn new(column: &ArrayRef, conventions: &Conventions) -> Result<Self, DecodeError> {
        let column = column.as_struct();
        let mut numbers = Vec::new();
        for name in ["xmin", "ymin", "zmin", "xmax", "ymax", "zmax"] {
            let Some(array) = column.column_by_name(name) else { continue };
            let cell = Cell::new("/bbox".to_owned(), array, conventions)?;
            if !cell.is_of_numbers() {
                let data_type = Box::new(array.data_type().clone());
                return Err(DecodeError::Type { column: format!("bbox.{name}"), data_type });
            }
            numbers.push(cell);
        }
        Ok(Self { nulls: column.nulls().cloned(), numbers })
    }

    /// Writes the box if there is one: all numbers that are not null. NaN is null, as in every column.
    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Ok(());
        }
        let mut separator = b",\"bbox\":[".as_slice();
        for number in self.numbers.iter().filter(|number| !number.is_null(row) && !number.is_nothing(row)) {
            out.extend_from_slice(separator);
            number.write(row, out)?;
            separator = b",";
        }
        if separator == b"," {
            out.push(b']');
        }
        Ok(())
    }
}
