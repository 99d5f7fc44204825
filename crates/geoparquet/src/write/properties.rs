//! How the columns are stored: compression, pages, statistics, bloom filter.

use arrow_schema::Schema;
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::format::layout::RESIDUAL;
use crate::format::metadata::CREATED_BY;
use crate::write::item_shape::ItemShape;
use crate::write::options::Options;

/// Rows a page has at most: a search that knows the page reads no more than these.
pub(crate) const PAGE_ROWS: usize = 1_000;

/// About how many bytes a page has at most, before it is packed. To read one row the page has to be unpacked; pages of
/// half the size or twice that make files of the same size.
pub(crate) const PAGE_BYTES: usize = 32 << 10;

/// The codec of a name: `zstd`, `gzip`, `brotli` (each also with a level: `zstd(9)`), `snappy`, `lz4`, `none`.
pub fn parse_compression(name: &str) -> Result<Compression, String> {
    let name = match name {
        "zstd" => "zstd(3)",
        "gzip" => "gzip(6)",
        "brotli" => "brotli(5)",
        "lz4" => "lz4_raw",
        "none" => "uncompressed",
        other => other,
    };
    match name.parse() {
        Ok(Compression::LZO | Compression::LZ4) | Err(_) => {
            Err("write zstd, gzip, brotli (each also with a level, such as zstd(9)), snappy, lz4 or none"
                .to_owned())
        }
        Ok(codec) => Ok(codec),
    }
}

/// The writer's settings for a schema.
pub(crate) fn writer(
    schema: &Schema,
    key_values: Vec<KeyValue>,
    items: &ItemShape,
    options: &Options,
) -> Result<WriterProperties, ParquetError> {
    let parquet = ArrowSchemaConverter::new().convert(schema)?;
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("{CREATED_BY}{}", env!("CARGO_PKG_VERSION")))
        .set_compression(options.compression)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_data_page_size_limit(PAGE_BYTES)
        // The limits are looked at after each of these.
        .set_write_batch_size(PAGE_ROWS / 4)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_column_bloom_filter_enabled(ColumnPath::from("id"), true)
        // Who looks for one Item in a hundred row groups should find one of them, and not five.
        .set_column_bloom_filter_fpp(ColumnPath::from("id"), 0.01)
        .set_column_bloom_filter_max_ndv(ColumnPath::from("id"), options.row_group_rows)
        .set_key_value_metadata(Some(key_values));
    for column in parquet.columns() {
        // Nobody prunes by the text of a link or the bytes of a geometry: their statistics only swell the footer.
        let parts = column.path().parts();
        // A dictionary of values that hardly repeat makes the file larger, and has to be read for a single row.
        properties = properties.set_column_dictionary_enabled(column.path().clone(), items.repeats(parts));
        if matches!(parts.first().map(String::as_str), Some("assets" | "links" | "geometry" | RESIDUAL)) {
            properties =
                properties.set_column_statistics_enabled(column.path().clone(), EnabledStatistics::None);
        }
    }
    Ok(properties.build())
}
