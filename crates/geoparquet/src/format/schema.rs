//! The Arrow schema of a layout.

use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Fields, Schema, TimeUnit};

use crate::format::layout::{Column, Field, Layout, RESIDUAL};

/// The columns of a file in their order: what people look for first comes first, what is wide comes last.
pub(crate) fn schema(layout: &Layout) -> Schema {
    let wide = |field: &&Field| matches!(&*field.name, "links" | "assets");
    // A constant that the specification calls optional, but its own library gives Items without a type back where it
    // is missing.
    let mut fields = vec![ArrowField::new("type", DataType::Utf8, false)];
    fields.extend(layout.members.iter().filter(|f| !wide(f)).map(field));
    fields.push(ArrowField::new("geometry", DataType::Binary, true));
    fields.push(ArrowField::new("bbox", DataType::Struct(bbox_fields(layout.bbox_heights)), true));
    fields.extend(layout.properties.iter().map(field));
    fields.extend(layout.members.iter().filter(wide).map(field));
    if layout.residual {
        fields.push(ArrowField::new(RESIDUAL, DataType::Utf8, true));
    }
    Schema::new(fields)
}

/// The struct of GeoParquet 1.1, "bbox covering encoding".
pub(crate) fn bbox_fields(heights: bool) -> Fields {
    let names: &[&str] = if heights {
        &["xmin", "ymin", "zmin", "xmax", "ymax", "zmax"]
    } else {
        &["xmin", "ymin", "xmax", "ymax"]
    };
    names.iter().map(|name| ArrowField::new(*name, DataType::Float64, true)).collect()
}

pub(crate) fn field(field: &Field) -> ArrowField {
    ArrowField::new(&*field.name, data_type(&field.column), true)
}

/// The element of a list, named as the Parquet format asks (LogicalTypes.md, "Lists").
pub(crate) fn element(column: &Column) -> ArrowField {
    ArrowField::new("element", data_type(column), true)
}

pub(crate) fn data_type(column: &Column) -> DataType {
    match column {
        Column::Boolean => DataType::Boolean,
        Column::Integer => DataType::Int64,
        Column::Float(_) => DataType::Float64,
        Column::Text => DataType::Utf8,
        Column::Time(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Column::Geometry(_) => DataType::Binary,
        Column::Struct(fields) => DataType::Struct(fields.iter().map(self::field).collect()),
        Column::List(element) => DataType::List(Arc::new(self::element(element))),
    }
}
