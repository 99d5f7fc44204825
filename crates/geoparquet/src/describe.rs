//! How a file is laid out, for people who wonder why a search in it is fast or slow.

use std::collections::BTreeMap;
use std::slice::from_ref;

use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use serde::Serialize;
use stacyard_store::Error;

use crate::search::condition::Maker;
use crate::search::filter::doubles;
use crate::store::GeoParquet;

/// How a GeoParquet file is laid out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    /// The program that wrote it, as it says.
    pub created_by: Option<String>,
    /// How many row groups, and the fewest and the most rows of one.
    pub row_groups: usize,
    /// Rows of the smallest and the largest row group.
    pub row_group_rows: [i64; 2],
    /// Whether searches can leave out single pages.
    pub page_index: bool,
    /// The leaf columns: what each takes.
    pub columns: Vec<ColumnSize>,
    /// Bytes of all columns by the codec that packs them.
    pub compression: BTreeMap<String, i64>,
    /// Rows with a residual (docs/geoparquet-layout.md), where there is that column.
    pub residual_rows: Option<u64>,
    /// How many row groups a box of one degree around an Item meets: on average, and at most. `None` without a column of
    /// boxes.
    pub groups_in_one_degree: Option<[f64; 2]>,
}

/// A leaf column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnSize {
    /// Its path, names with dots between.
    pub name: String,
    /// Bytes in the file.
    pub packed: i64,
    /// Bytes when unpacked.
    pub unpacked: i64,
}

/// Items around which a box is laid.
const SAMPLES: usize = 1_000;

impl GeoParquet {
    /// Says how the file is laid out; reads its footer and some boxes.
    pub fn describe(&self) -> Result<Description, Error> {
        let table = &self.inner.table;
        let groups = table.metadata.row_groups();
        let mut columns: Vec<ColumnSize> = Vec::new();
        let mut compression = BTreeMap::new();
        for group in groups {
            for (leaf, chunk) in group.columns().iter().enumerate() {
                if leaf == columns.len() {
                    let name = chunk.column_path().parts().join(".");
                    columns.push(ColumnSize { name, packed: 0, unpacked: 0 });
                }
                columns[leaf].packed += chunk.compressed_size();
                columns[leaf].unpacked += chunk.uncompressed_size();
                *compression.entry(format!("{:?}", chunk.compression_codec())).or_default() +=
                    chunk.compressed_size();
            }
        }
        columns.sort_by_key(|column| std::cmp::Reverse(column.packed));
        let rows = groups.iter().map(RowGroupMetaData::num_rows);
        let indexed = |chunk: &ColumnChunkMetaData| chunk.offset_index_offset().is_some();
        Ok(Description {
            created_by: table.metadata.file_metadata().created_by().map(str::to_owned),
            row_groups: groups.len(),
            row_group_rows: [rows.clone().min().unwrap_or(0), rows.max().unwrap_or(0)],
            page_index: groups.iter().all(|group| group.columns().iter().all(indexed)),
            columns,
            compression,
            residual_rows: self.residual_rows()?,
            groups_in_one_degree: self.groups_in_one_degree()?,
        })
    }

    fn residual_rows(&self) -> Result<Option<u64>, Error> {
        let Some(name) = &self.inner.footer.names.conventions.residual else { return Ok(None) };
        let table = &self.inner.table;
        let failed = |cause: ParquetError| self.inner.damaged(&cause);
        let columns = table.columns(|path| path.first() == Some(name));
        let mut rows = 0;
        for group in 0..table.metadata.num_row_groups() {
            let all = 0..table.rows(group);
            for batch in table.read(group, &columns, from_ref(&all), (8_192, 1)).map_err(failed)? {
                let batch = batch.map_err(failed)?;
                rows += batch.columns().iter().map(|c| (c.len() - c.null_count()) as u64).sum::<u64>();
            }
        }
        Ok(Some(rows))
    }

    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 row groups")]
    fn groups_in_one_degree(&self) -> Result<Option<[f64; 2]>, Error> {
        let (table, footer) = (&self.inner.table, &self.inner.footer);
        let maker = Maker { table, footer };
        let Some(boxes) = maker.boxes() else { return Ok(None) };
        let failed = |cause: ParquetError| self.inner.damaged(&cause);
        let columns = table.columns(|path| boxes.iter().any(|column| column.path == path));
        let total = table.metadata.file_metadata().num_rows();
        let step = usize::try_from(total).unwrap_or(0).div_ceil(SAMPLES).max(1);
        let (mut number, mut sum, mut most) = (0_u32, 0, 0);
        for group in 0..table.metadata.num_row_groups() {
            let rows = table.rows(group);
            let sampled: Vec<_> = (0..rows).step_by(step).map(|row| row..row + 1).collect();
            for batch in table.read(group, &columns, &sampled, (8_192, 1)).map_err(failed)? {
                let batch = batch.map_err(failed)?;
                let values = boxes.each_ref().map(|column| doubles(&batch, column));
                let [Some(west), Some(south), Some(east), Some(north)] = values else { return Ok(None) };
                for row in 0..batch.num_rows() {
                    let (Some(west), Some(south), Some(east), Some(north)) =
                        (west[row], south[row], east[row], north[row])
                    else {
                        continue;
                    };
                    let (x, y) = (f64::midpoint(west, east), f64::midpoint(south, north));
                    let corner = |d: f64| geo_types::Coord { x: x + d, y: y + d };
                    let Some(condition) = maker.meets(&[geo_types::Rect::new(corner(-0.5), corner(0.5))])
                    else {
                        return Ok(None);
                    };
                    let groups = 0..table.metadata.num_row_groups();
                    let met = groups.filter(|&group| table.group_may_hold(group, &condition)).count();
                    (number, sum, most) = (number + 1, sum + met, most.max(met));
                }
            }
        }
        Ok((number > 0).then(|| [sum as f64 / f64::from(number), most as f64]))
    }
}
