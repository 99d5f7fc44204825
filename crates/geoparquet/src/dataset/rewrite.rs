//! A file of a dataset without some of its Items. Row groups that keep all of theirs are copied as they are, byte by byte; the columns of the others
//! are cut, or packed anew.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use arrow_schema::{Fields, Schema};
use bytes::{Buf, Bytes};
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowWriter, ArrowWriterOptions, compute_leaves,
};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ColumnChunkMetaData, KeyValue, ParquetMetaData, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::writer::SerializedRowGroupWriter;
use stacyard_store::{Counts, Error, ErrorKind};

use crate::dataset::file::{DataFile, EDITED, FIRST, LAID_OUT, Shelf};
use crate::dataset::keys::{ItemHash, KeyList, Listed, each_item, each_name, key};
use crate::dataset::splice::{is_cut, splice};
use crate::dataset::write::{NewFile, Said, new_path};
use crate::read::damage::guarded;
use crate::read::opened::Opened;
use crate::read::page::Leaf;
use crate::read::places::page_locations;
use crate::read::runs;
use crate::sink::unwritable;
use crate::write::rows::MAX_BATCH_ROWS;

/// Bytes of columns that are read at once (16 MiB), unless one has more.
const FETCHED: u64 = 16 << 20;

/// A file, written again.
#[derive(Debug, Clone)]
pub(crate) struct Rewritten {
    /// What is left of it; `None`: nothing.
    pub(crate) new: Option<NewFile>,
    /// The Items that it had before, by collection.
    pub(crate) gone: Counts,
}

/// Writes a file without the Items of these keys, which are in ascending order; `None`: it has none of them, as a file of another program may.
///
/// # Errors
/// A file that cannot be read or written; one of ours that does not have all of them.
pub(crate) fn without(
    shelf: &Shelf,
    file: &DataFile,
    drop: &[ItemHash],
    table: &Fields,
) -> Result<Option<Rewritten>, Error> {
    let opened = shelf.open(file)?;
    let kept = match file.keys {
        Some(list) => {
            let listed = list.listed(&*shelf.keys(file)?).map_err(|cause| shelf.unread(file, cause))?;
            Kept::of_ours(&opened, listed, drop)?
        }
        None => Kept::of_others(&opened, drop)?,
    };
    if kept.gone.total() == 0 {
        return Ok(None);
    }
    if kept.rows.is_empty() {
        return Ok(Some(Rewritten { new: None, gone: kept.gone }));
    }
    // A folder of another program may have any name, which the log would have to escape.
    let folder = file.path.rsplit_once('/').filter(|_| file.keys.is_some());
    let folder = folder.map_or("items", |(folder, _)| folder);
    let mut new = Again { shelf, opened: &opened, kept: &kept }.write(folder, table)?;
    if file.keys.is_some() {
        let tags = new.add.tags.get_or_insert_default();
        tags.insert(FIRST.to_owned(), Some(file.first().to_owned()));
        tags.extend(file.laid_out().map(|laid_out| (LAID_OUT.to_owned(), Some(laid_out.to_string()))));
        tags.extend(file.tag(EDITED).map(|_| (EDITED.to_owned(), Some(new.rows.to_string()))));
    }
    Ok(Some(Rewritten { new: Some(new), gone: kept.gone }))
}

/// What of a file is kept.
struct Kept {
    /// In runs.
    rows: Vec<Range<usize>>,
    /// Its list of keys, if it is a file of ours.
    listed: Option<Listed>,
    gone: Counts,
}

impl Kept {
    /// By the list of the file, which has all of these keys. That the rows that go are those Items is looked at: a list that lies would take others away.
    fn of_ours(opened: &Opened, listed: Listed, drop: &[ItemHash]) -> Result<Self, Error> {
        let is_whole = listed.is_whole(opened.rows());
        let Listed(mut listed) = listed;
        let mut gone: Vec<(u32, ItemHash)> = Vec::new();
        let mut are_there = true;
        for key in drop {
            let from = listed.partition_point(|(known, _)| known < key);
            let those = listed[from..].iter().take_while(|(known, _)| known == key);
            let before = gone.len();
            gone.extend(those.map(|(key, row)| (*row, *key)));
            are_there &= gone.len() > before;
        }
        gone.sort_unstable();
        gone.dedup();
        let places: Vec<u32> = gone.iter().map(|(row, _)| *row).collect();
        let mut counts = Counts::default();
        let mut expected = gone.iter().map(|(_, key)| *key);
        let mut is_true = is_whole && are_there;
        if is_true {
            each_name(opened, &places, |collection, id| {
                is_true &= expected.next() == Some(key(collection, id));
                counts.add(collection.unwrap_or_default(), 1);
            })?;
        }
        if !is_true || expected.next().is_some() {
            let message = format!("{}: its list of keys has Items that its rows do not have", opened.name);
            return Err(Error::new(ErrorKind::Damaged, &message).remedy(
                "it is damaged: bring it back from a copy; a part that is not committed yet can be written anew",
            ));
        }
        let mut rows = Vec::new();
        let mut next = 0;
        for row in places.iter().map(|&row| row as usize).chain([listed.len()]) {
            if row > next {
                runs::push(&mut rows, next..row);
            }
            next = row + 1;
        }
        listed.retain_mut(|(_, row)| {
            // So many rows before it go.
            let before = places.partition_point(|place| place < row);
            let is_kept = places.get(before) != Some(row);
            *row -= u32::try_from(before).unwrap_or_default();
            is_kept
        });
        Ok(Self { rows, listed: Some(Listed(listed)), gone: counts })
    }

    /// By all of its Items.
    fn of_others(opened: &Opened, drop: &[ItemHash]) -> Result<Self, Error> {
        let mut kept = Self { rows: Vec::new(), listed: None, gone: Counts::default() };
        let mut row = 0;
        each_item(opened, |key, collection| {
            if drop.binary_search(&key).is_ok() {
                kept.gone.add(collection.unwrap_or_default(), 1);
            } else {
                runs::push(&mut kept.rows, row..row + 1);
            }
            row += 1;
        })?;
        Ok(kept)
    }
}

/// A file that is written again.
struct Again<'a> {
    shelf: &'a Shelf,
    opened: &'a Opened,
    kept: &'a Kept,
}

impl Again<'_> {
    fn write(&self, folder: &str, table: &Fields) -> Result<NewFile, Error> {
        let path = new_path(folder)?;
        let mut output = self.shelf.storage.begin(&path)?;
        let target = output.path().to_owned();
        let failed = |cause| unwritable(&target, cause);
        let old = &self.opened.table;
        let schema = Arc::new(Schema::new(old.fields.clone()));
        let settings = ArrowWriterOptions::new()
            .with_properties(self.properties())
            .with_parquet_schema(old.metadata.file_metadata().schema_descr().clone())
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(output.buffered(), Arc::clone(&schema), settings);
        let (mut out, factory) = writer.and_then(ArrowWriter::into_serialized_writer).map_err(failed)?;
        let (mut first, mut index) = (0, 0);
        for group in 0..old.metadata.num_row_groups() {
            let rows = old.rows(group);
            let of_group = runs::within(&self.kept.rows, first..first + rows);
            first += rows;
            let count: usize = of_group.iter().map(Range::len).sum();
            if count == 0 {
                continue;
            }
            let mut to = out.next_row_group().map_err(failed)?;
            let append = |column: Column| column.append(&mut to).map_err(failed);
            // A file in which some columns have a page index and others none cannot be written.
            if count == rows && self.is_indexed(group)? {
                self.each_as_it_is(group, append)?;
            } else {
                let writers = || factory.create_column_writers(index).map_err(failed);
                self.each_without(group, &of_group, writers, append)?;
            }
            to.close().map_err(failed)?;
            index += 1;
        }
        let mut list = KeyList { start: out.bytes_written() as u64, count: 0 };
        if let Some(listed) = &self.kept.listed {
            list.count = listed.0.len() as u64;
            out.write_all(&listed.to_bytes()).map_err(|cause| Error::io("write", &target, cause))?;
        }
        let footer = out.close().map_err(failed)?;
        let bytes = output.commit()?;
        let said = Said { conventions: &self.opened.footer.names.conventions, items: None, table };
        let mut new = said.new_file(path, &footer, (bytes, list), &old.fields);
        if self.kept.listed.is_none() {
            new.add.tags = None;
        }
        Ok(new)
    }

    /// As the file was written; but what is written again is packed fast.
    fn properties(&self) -> WriterProperties {
        let metadata = &self.opened.table.metadata;
        let file = metadata.file_metadata();
        let pairs: Vec<KeyValue> = file.key_value_metadata().into_iter().flatten().cloned().collect();
        let mut properties = WriterProperties::builder()
            .set_created_by(file.created_by().unwrap_or_default().to_owned())
            .set_key_value_metadata(Some(pairs))
            .set_data_page_row_count_limit(crate::write::properties::PAGE_ROWS)
            .set_data_page_size_limit(crate::write::properties::PAGE_BYTES)
            .set_write_batch_size(crate::write::properties::PAGE_ROWS / 4)
            .set_max_row_group_row_count(None);
        for chunk in metadata.row_groups().iter().take(1).flat_map(RowGroupMetaData::columns) {
            let path = chunk.column_path().clone();
            let statistics =
                if chunk.statistics().is_some() { EnabledStatistics::Page } else { EnabledStatistics::None };
            properties = properties
                .set_column_compression(path.clone(), chunk.compression())
                .set_column_dictionary_enabled(path.clone(), chunk.dictionary_page_offset().is_some())
                .set_column_statistics_enabled(path.clone(), statistics);
            if chunk.bloom_filter_offset().is_some() {
                properties = properties
                    .set_column_bloom_filter_enabled(path.clone(), true)
                    .set_column_bloom_filter_fpp(path.clone(), 0.01)
                    .set_column_bloom_filter_max_ndv(path, crate::write::options::ROW_GROUP_ROWS);
            }
        }
        properties.build()
    }

    /// A row group with its page indexes.
    fn indexed(&self, group: usize) -> Result<&Arc<ParquetMetaData>, Error> {
        self.opened.table.indexed(group).map_err(|cause| self.opened.damaged(&cause))
    }

    fn is_indexed(&self, group: usize) -> Result<bool, Error> {
        let indexed = self.indexed(group)?;
        let mut leaves = 0..self.opened.table.group(group).num_columns();
        Ok(leaves.all(|leaf| page_locations(indexed, leaf).is_some()))
    }

    /// Hands over the columns of a row group as they are.
    fn each_as_it_is(
        &self,
        group: usize,
        mut take: impl FnMut(Column) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let table = &self.opened.table;
        let damaged = |cause: ParquetError| self.opened.damaged(&cause);
        let indexed = self.indexed(group)?;
        let chunks = table.group(group).columns();
        let mut next = 0;
        while next < chunks.len() {
            // As many as are read at once.
            let mut bytes = 0;
            let some = chunks[next..].iter().take_while(|chunk| {
                bytes += chunk.byte_range().1;
                bytes <= FETCHED
            });
            let end = next + some.count().max(1);
            let fetched = table.file.fetch(chunks[next..end].iter().map(range).collect()).map_err(damaged)?;
            for (leaf, chunk) in (next..end).zip(&chunks[next..end]) {
                let bytes = Chunk::of(&fetched, chunk).map_err(damaged)?;
                let filter = table.bloom_filter(group, leaf).map_err(damaged)?;
                let close = ColumnCloseResult {
                    bytes_written: bytes.bytes.len() as u64,
                    rows_written: table.rows(group) as u64,
                    metadata: chunk.clone(),
                    bloom_filter: filter.map(|filter| filter.as_ref().clone()),
                    column_index: indexed.column_index().and_then(|index| index.first()?.get(leaf).cloned()),
                    offset_index: indexed.offset_index().and_then(|index| index.first()?.get(leaf).cloned()),
                };
                take(Column::Bytes(bytes, Box::new(close)))?;
            }
            next = end;
        }
        Ok(())
    }

    /// Hands over the columns of a row group with some rows: they are cut, or where that cannot be done packed anew.
    fn each_without(
        &self,
        group: usize,
        kept: &[Range<usize>],
        writers: impl FnOnce() -> Result<Vec<ArrowColumnWriter>, Error>,
        mut take: impl FnMut(Column) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let table = &self.opened.table;
        let damaged = |cause: ParquetError| self.opened.damaged(&cause);
        let indexed = self.indexed(group)?;
        let mut cut: HashMap<usize, Leaf> = HashMap::new();
        let mut packed: HashSet<&String> = HashSet::new();
        for (number, field) in table.fields.iter().enumerate() {
            let can_be_cut = |leaves: &Vec<Leaf>| {
                self.kept.listed.is_some() && leaves.iter().all(|leaf| is_cut(indexed, leaf))
            };
            match table.leaves(number).filter(can_be_cut) {
                Some(leaves) => cut.extend(leaves.into_iter().map(|leaf| (leaf.number, leaf))),
                None => drop(packed.insert(field.name())),
            }
        }
        let mut writers: Vec<Option<ArrowColumnWriter>> = if packed.is_empty() {
            table.group(group).columns().iter().map(|_| None).collect()
        } else {
            writers()?.into_iter().map(Some).collect()
        };
        if !packed.is_empty() {
            let columns = table.columns(|path| path.first().is_some_and(|root| packed.contains(root)));
            for batch in table.read(group, &columns, kept, (MAX_BATCH_ROWS, 1)).map_err(damaged)? {
                let batch = batch.map_err(damaged)?;
                let mut leaves = columns.leaves().iter();
                for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                    for values in compute_leaves(field, column).map_err(damaged)? {
                        let writer = leaves.next().and_then(|&leaf| writers.get_mut(leaf)?.as_mut());
                        writer.map_or(Ok(()), |writer| writer.write(&values)).map_err(damaged)?;
                    }
                }
            }
        }
        let chunk = |leaf: usize| table.group(group).column(leaf);
        let ranges = cut.keys().map(|&leaf| range(chunk(leaf)));
        let fetched = table.file.fetch(ranges.collect()).map_err(damaged)?;
        for (leaf, writer) in writers.into_iter().enumerate() {
            let column = match (cut.get(&leaf), writer) {
                (Some(cut), _) => {
                    let old = Chunk::of(&fetched, chunk(leaf)).map_err(damaged)?;
                    let spliced = guarded(|| splice(indexed, *cut, &old.bytes, kept));
                    let (bytes, mut close) = spliced.map_err(damaged)?;
                    // Of those that go it may say that they are there, as of any.
                    let filter = table.bloom_filter(group, leaf).map_err(damaged)?;
                    close.bloom_filter = filter.map(|filter| filter.as_ref().clone());
                    Column::Bytes(Chunk { start: 0, bytes }, Box::new(close))
                }
                (None, Some(writer)) => Column::Packed(Box::new(writer.close().map_err(damaged)?)),
                (None, None) => continue,
            };
            take(column)?;
        }
        Ok(())
    }
}

fn range(chunk: &ColumnChunkMetaData) -> Range<u64> {
    let (start, length) = chunk.byte_range();
    start..start.saturating_add(length)
}

/// A column of a row group, ready to be written.
enum Column {
    Bytes(Chunk, Box<ColumnCloseResult>),
    Packed(Box<ArrowColumnChunk>),
}

impl Column {
    fn append<W: io::Write + Send>(self, to: &mut SerializedRowGroupWriter<'_, W>) -> ParquetResult<()> {
        match self {
            Self::Bytes(bytes, close) => to.append_column(&bytes, *close),
            Self::Packed(chunk) => chunk.append_to_row_group(to),
        }
    }
}

/// The bytes of a column chunk, which stand at the place that they have in the file.
pub(crate) struct Chunk {
    pub(crate) start: u64,
    pub(crate) bytes: Bytes,
}

impl Chunk {
    fn of(file: &impl ChunkReader, chunk: &ColumnChunkMetaData) -> ParquetResult<Self> {
        let (start, length) = chunk.byte_range();
        let length = usize::try_from(length)
            .map_err(|_| ParquetError::General("a column of too many bytes".into()))?;
        Ok(Self { start, bytes: file.get_bytes(start, length)? })
    }

    fn from(&self, start: u64) -> ParquetResult<Bytes> {
        let at = start.checked_sub(self.start).and_then(|at| usize::try_from(at).ok());
        let at = at.filter(|at| *at <= self.bytes.len());
        at.map(|at| self.bytes.slice(at..)).ok_or_else(|| ParquetError::EOF("beyond a column".into()))
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Chunk {
    type T = Box<dyn Read + Send>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(Box::new(self.from(start)?.reader()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        Ok(self.from(start)?.slice(..length))
    }
}
