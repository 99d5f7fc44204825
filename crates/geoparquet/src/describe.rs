//! How a file is laid out, for people who wonder why a search in it is fast or slow.

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use serde::Serialize;
use stacyard_store::Error;

use crate::dataset::Dataset;
use crate::folder::Folder;
use crate::read::opened::Opened;
use crate::search::condition::Maker;
use crate::search::filter::doubles;
use crate::store::GeoParquet;

/// How a GeoParquet file is laid out, or all those of a folder together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    /// How many files a folder has; `None`: it is a single file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<usize>,
    /// The program that wrote it, as it says; all that have written files of a folder, with commas between.
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
    /// How many row groups, of all files, a box of one degree around an Item meets: on average, and at most. `None` without a column of
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
        of(self.files().files)
    }
}

impl Folder {
    /// Says how the files are laid out; reads their footers and some boxes.
    pub fn describe(&self) -> Result<Description, Error> {
        let files = self.files().files;
        Ok(Description { files: Some(files.len()), ..of(files)? })
    }
}

impl Dataset {
    /// Says how the files of the version are laid out; reads their footers and some boxes.
    pub fn describe(&self) -> Result<Description, Error> {
        let view = self.view();
        let files = view.opened(view.data_files().iter())?;
        Ok(Description { files: Some(files.len()), ..of(&files)? })
    }
}

fn of(files: &[Arc<Opened>]) -> Result<Description, Error> {
    let mut columns: BTreeMap<String, ColumnSize> = BTreeMap::new();
    let mut compression = BTreeMap::new();
    let mut writers = BTreeSet::new();
    for file in files {
        writers.extend(file.table.metadata.file_metadata().created_by());
        for chunk in file.table.metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
            let name = chunk.column_path().parts().join(".");
            let none = || ColumnSize { name: name.clone(), packed: 0, unpacked: 0 };
            let column = columns.entry(name.clone()).or_insert_with(none);
            column.packed += chunk.compressed_size();
            column.unpacked += chunk.uncompressed_size();
            *compression.entry(format!("{:?}", chunk.compression_codec())).or_default() +=
                chunk.compressed_size();
        }
    }
    let mut columns: Vec<ColumnSize> = columns.into_values().collect();
    columns.sort_by_key(|column| std::cmp::Reverse(column.packed));
    let groups = || files.iter().flat_map(|file| file.table.metadata.row_groups());
    let rows = groups().map(RowGroupMetaData::num_rows);
    let indexed = |chunk: &ColumnChunkMetaData| chunk.offset_index_offset().is_some();
    Ok(Description {
        files: None,
        created_by: (!writers.is_empty()).then(|| writers.into_iter().collect::<Vec<_>>().join(", ")),
        row_groups: groups().count(),
        row_group_rows: [rows.clone().min().unwrap_or(0), rows.max().unwrap_or(0)],
        page_index: groups().all(|group| group.columns().iter().all(indexed)),
        columns,
        compression,
        residual_rows: residual_rows(files)?,
        groups_in_one_degree: groups_in_one_degree(files)?,
    })
}

fn residual_rows(files: &[Arc<Opened>]) -> Result<Option<u64>, Error> {
    let mut all = None;
    for file in files {
        let Some(name) = &file.footer.names.conventions.residual else { continue };
        let table = &file.table;
        let failed = |cause: ParquetError| file.damaged(&cause);
        let columns = table.columns(|path| path.first() == Some(name));
        let rows = all.get_or_insert(0);
        for group in 0..table.metadata.num_row_groups() {
            let whole = 0..table.rows(group);
            for batch in table.read(group, &columns, from_ref(&whole), (8_192, 1)).map_err(failed)? {
                let batch = batch.map_err(failed)?;
                *rows += batch.columns().iter().map(|c| (c.len() - c.null_count()) as u64).sum::<u64>();
            }
        }
    }
    Ok(all)
}

/// `None` where a file has no boxes.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 row groups")]
fn groups_in_one_degree(files: &[Arc<Opened>]) -> Result<Option<[f64; 2]>, Error> {
    let Some(places) = sampled(files)? else { return Ok(None) };
    let (mut sum, mut most) = (0, 0);
    for &(x, y) in &places {
        let corner = |d: f64| geo_types::Coord { x: x + d, y: y + d };
        let area = [geo_types::Rect::new(corner(-0.5), corner(0.5))];
        let mut met = 0;
        for file in files {
            let Some(condition) = (Maker { table: &file.table, footer: &file.footer }).meets(&area) else {
                return Ok(None);
            };
            let groups = 0..file.table.metadata.num_row_groups();
            met += groups.filter(|&group| file.table.group_may_hold(group, &condition)).count();
        }
        (sum, most) = (sum + met, most.max(met));
    }
    Ok((!places.is_empty()).then(|| [sum as f64 / places.len() as f64, most as f64]))
}

/// The middles of the boxes of some Items.
fn sampled(files: &[Arc<Opened>]) -> Result<Option<Vec<(f64, f64)>>, Error> {
    let total: u64 = files.iter().map(|file| file.rows()).sum();
    let step = usize::try_from(total).unwrap_or(0).div_ceil(SAMPLES).max(1);
    let mut places = Vec::new();
    // How many rows come before the next one that is taken.
    let mut before = 0;
    for file in files {
        let table = &file.table;
        let maker = Maker { table, footer: &file.footer };
        let Some(boxes) = maker.boxes() else { return Ok(None) };
        let failed = |cause: ParquetError| file.damaged(&cause);
        let columns = table.columns(|path| boxes.iter().any(|column| column.path == path));
        for group in 0..table.metadata.num_row_groups() {
            let rows = table.rows(group);
            let sampled: Vec<_> = (before..rows).step_by(step).map(|row| row..row + 1).collect();
            before = sampled.last().map_or(before, |last| last.start + step).saturating_sub(rows);
            if sampled.is_empty() {
                continue;
            }
            for batch in table.read(group, &columns, &sampled, (8_192, 1)).map_err(failed)? {
                let batch = batch.map_err(failed)?;
                let values = boxes.each_ref().map(|column| doubles(&batch, column));
                let [Some(west), Some(south), Some(east), Some(north)] = values else { return Ok(None) };
                for row in 0..batch.num_rows() {
                    if let (Some(west), Some(south), Some(east), Some(north)) =
                        (west[row], south[row], east[row], north[row])
                    {
                        places.push((f64::midpoint(west, east), f64::midpoint(south, north)));
                    }
                }
            }
        }
    }
    Ok(Some(places))
}
