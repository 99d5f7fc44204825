//! How the columns are stored: compression, pages, statistics, bloom filter.

use arrow_schema::Schema;
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::layout::RESIDUAL;
use crate::sink::ROW_GROUP_ROWS;

/// Rows a page has at most: a search that knows the page reads no more than these.
pub(crate) const PAGE_ROWS: usize = 1_000;

/// The writer's settings for a schema.
pub(crate) fn writer(schema: &Schema, key_values: Vec<KeyValue>) -> Result<WriterProperties, ParquetError> {
    let parquet = ArrowSchemaConverter::new().convert(schema)?;
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("stacyard ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_data_page_row_count_limit(PAGE_ROWS)
        // The limit is looked at after each of these.
        .set_write_batch_size(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_column_bloom_filter_enabled(ColumnPath::from("id"), true)
        .set_column_bloom_filter_max_ndv(ColumnPath::from("id"), ROW_GROUP_ROWS)
        .set_key_value_metadata(Some(key_values));
    for column in parquet.columns() {
        // Nobody prunes by the text of a link or the bytes of a geometry: their statistics only swell the footer.
        let parts = column.path().parts();
        if matches!(parts.first().map(String::as_str), Some("assets" | "links" | "geometry" | RESIDUAL)) {
            properties =
                properties.set_column_statistics_enabled(column.path().clone(), EnabledStatistics::None);
        }
    }
    Ok(properties.build())
}
