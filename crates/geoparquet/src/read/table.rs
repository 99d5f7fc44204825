//! A Parquet file as a table: chosen columns of chosen rows of a row group, read with few requests.
//!
//! The page indexes of a row group are read when it is first touched: those of all would take longer than most
//! searches.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;
use arrow_schema::{Field, Fields, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowGroups, RowSelection};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels, parquet_to_arrow_schema};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{PageIterator, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{
    ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataReader,
    RowGroupMetaData,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescPtr;

use crate::read::bytes::{Blocks, Counted};
use crate::read::cache::Cache;
use crate::read::checked::Checked;
use crate::read::chosen::Pages;
use crate::read::damage::guarded;
use crate::read::flat::Flats;
use crate::read::indexes::Indexes;
use crate::read::lengths::checked_footer;
use crate::read::page::Leaf;
use crate::read::places::{dictionary_range, page_locations};
use crate::read::runs;
use crate::read::tree::Node;

/// A Parquet file, open.
pub(crate) struct Table {
    pub(crate) file: Arc<Counted>,
    pub(crate) metadata: Arc<ParquetMetaData>,
    /// The columns as Arrow has them.
    pub(crate) fields: Fields,
    pub(crate) cache: Cache,
    /// The columns, each with the range of its leaves; `None` where it has a part that is not read here.
    roots: Vec<(Range<usize>, Option<Node>)>,
    /// The row groups, each with its page indexes.
    groups: Vec<OnceLock<Arc<ParquetMetaData>>>,
}

/// Some columns of a table.
pub(crate) struct Columns {
    leaves: Vec<usize>,
    /// Those of types that are read here; `None` if there are others among them.
    nodes: Option<(Vec<Node>, SchemaRef)>,
}

impl Columns {
    pub(crate) fn leaves(&self) -> &[usize] {
        &self.leaves
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }
}

impl Table {
    /// `memory`: how many bytes are kept of what was read.
    pub(crate) fn open(file: &Arc<Counted>, memory: usize) -> Result<Self> {
        let (metadata, fields) = guarded(|| {
            let metadata = match checked_footer(&**file)? {
                Some(footer) => ParquetMetaDataReader::decode_metadata(&footer)?,
                None => ParquetMetaDataReader::new().parse_and_finish(&**file)?,
            };
            let fields = parquet_to_arrow_schema(metadata.file_metadata().schema_descr(), None)?.fields;
            Ok((metadata, fields))
        })?;
        let roots = Node::roots(metadata.file_metadata().schema_descr().root_schema(), &fields);
        let groups = metadata.row_groups().iter().map(|_| OnceLock::new()).collect();
        Ok(Self {
            file: Arc::clone(file),
            metadata: Arc::new(metadata),
            fields,
            cache: Cache::new(memory),
            roots,
            groups,
        })
    }

    pub(crate) fn group(&self, group: usize) -> &RowGroupMetaData {
        self.metadata.row_group(group)
    }

    /// How many rows a row group has.
    pub(crate) fn rows(&self, group: usize) -> usize {
        usize::try_from(self.group(group).num_rows()).unwrap_or(0)
    }

    /// The leaves of a column, by its place among the fields; `None` where it has a part that is not read here.
    pub(crate) fn leaves(&self, field: usize) -> Option<Vec<Leaf>> {
        let (_, root) = self.roots.get(field)?;
        let mut leaves = Vec::new();
        root.as_ref()?.each_leaf(&mut |leaf| leaves.push(*leaf));
        Some(leaves)
    }

    /// The columns whose path (in the file, name by name) is wanted.
    pub(crate) fn columns(&self, mut wanted: impl FnMut(&[String]) -> bool) -> Columns {
        let schema = self.metadata.file_metadata().schema_descr();
        let leaves: Vec<usize> =
            (0..schema.num_columns()).filter(|&leaf| wanted(schema.column(leaf).path().parts())).collect();
        let is_wanted = |leaf: usize| leaves.binary_search(&leaf).is_ok();
        let roots = self.roots.iter().filter(|(range, _)| range.clone().any(is_wanted));
        let nodes = roots.map(|(_, root)| root.as_ref()?.project(&is_wanted)).collect::<Option<Vec<_>>>();
        let nodes = nodes.map(|nodes| {
            let fields: Fields = nodes.iter().map(|node| Arc::clone(node.field())).collect();
            (nodes, Arc::new(Schema::new(fields)))
        });
        Columns { leaves, nodes }
    }

    /// The leaf column at a path, if it has one value a row, and the field that it ends in.
    pub(crate) fn leaf(&self, path: &[String]) -> Option<(usize, &Field)> {
        let schema = self.metadata.file_metadata().schema_descr();
        let is_it = |column: &ColumnDescPtr| column.path().parts() == path && column.max_rep_level() == 0;
        let leaf = schema.columns().iter().position(is_it)?;
        let (first, rest) = path.split_first()?;
        let mut field = self.fields.iter().find(|field| field.name() == first)?;
        for name in rest {
            let arrow_schema::DataType::Struct(fields) = field.data_type() else { return None };
            field = fields.iter().find(|field| field.name() == name)?;
        }
        Some((leaf, field))
    }

    /// A row group with its page indexes, if the file has any.
    pub(crate) fn indexed(&self, group: usize) -> Result<&Arc<ParquetMetaData>> {
        let slot = self.groups.get(group).ok_or_else(|| ParquetError::General("no such row group".into()))?;
        if let Some(known) = slot.get() {
            return Ok(known);
        }
        let alone = ParquetMetaDataBuilder::new(self.metadata.file_metadata().clone())
            .add_row_group(self.group(group).clone())
            .build();
        let mut reader =
            ParquetMetaDataReader::new_with_metadata(alone).with_page_index_policy(PageIndexPolicy::Optional);
        let indexed = guarded(|| {
            reader.read_page_indexes(&Indexes::of(&self.file, self.group(group))?)?;
            reader.finish()
        })?;
        let indexed = Arc::new(indexed);
        Ok(slot.get_or_init(|| indexed))
    }

    /// Where the pages of a column stand, and what is known of their values.
    pub(crate) fn pages(
        &self,
        group: usize,
        leaf: usize,
    ) -> Result<Option<(&[PageLocation], &ColumnIndexMetaData)>> {
        let indexed = self.indexed(group)?;
        let pages = page_locations(indexed, leaf);
        let values = indexed.column_index().and_then(|index| index.first()?.get(leaf));
        Ok(pages.zip(values))
    }

    /// The Bloom filter of a column.
    pub(crate) fn bloom_filter(&self, group: usize, leaf: usize) -> Result<Option<Arc<Sbbf>>> {
        let chunk = self.group(group).column(leaf);
        let Some(offset) = chunk.bloom_filter_offset() else { return Ok(None) };
        self.cache.bloom_filter(offset.cast_unsigned(), || {
            guarded(|| Sbbf::read_from_column_chunk(chunk, &*self.file))
        })
    }

    /// Reads columns of some rows of a row group, which are given in runs, ascending; at most so many at once.
    pub(crate) fn read<'t>(
        &'t self,
        group: usize,
        columns: &'t Columns,
        runs: &[Range<usize>],
        (batch_rows, threads): (usize, usize),
    ) -> Result<Box<dyn Iterator<Item = Result<RecordBatch>> + 't>> {
        let metadata = self.indexed(group)?;
        match &columns.nodes {
            Some((nodes, schema)) if Pages::are_known(metadata, &columns.leaves) => {
                let batches: Vec<_> = runs::slices(runs.iter().cloned(), batch_rows).collect();
                let pages =
                    guarded(|| Pages::fetch(&self.file, &self.cache, metadata, nodes, &batches, threads))?;
                let batches = 0..batches.len();
                Ok(Box::new(batches.map(move |batch| guarded(|| pages.batch(schema, batch)))))
            }
            _ => self.read_others(metadata, columns, runs, batch_rows),
        }
    }

    /// Columns of one value a row of a whole row group, as they stand there; `None` if there is one that is not read here.
    pub(crate) fn flats(&self, group: usize, columns: &Columns, threads: usize) -> Result<Option<Flats>> {
        let metadata = self.indexed(group)?;
        let Some((nodes, _)) = columns.nodes.as_ref().filter(|_| Pages::are_known(metadata, &columns.leaves))
        else {
            return Ok(None);
        };
        let mut all = Vec::new();
        runs::push(&mut all, 0..self.rows(group));
        guarded(|| Pages::fetch(&self.file, &self.cache, metadata, nodes, &[all], threads)?.flats()).map(Some)
    }

    /// The same for files of other types, encodings and codecs, or without a page index, by the `parquet` crate.
    pub(crate) fn read_others<'t>(
        &self,
        metadata: &Arc<ParquetMetaData>,
        columns: &Columns,
        runs: &[Range<usize>],
        batch_rows: usize,
    ) -> Result<Box<dyn Iterator<Item = Result<RecordBatch>> + 't>> {
        let group = metadata.row_group(0);
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let selection = RowSelection::from_consecutive_ranges(runs.iter().cloned(), rows);
        let ranges = guarded(|| {
            let mut ranges = Vec::new();
            for &leaf in &columns.leaves {
                let chunk = group.column(leaf);
                let (start, length) = chunk.byte_range();
                match page_locations(metadata, leaf) {
                    Some(pages) => {
                        ranges.extend(dictionary_range(chunk, pages));
                        ranges.extend(selection.scan_ranges(pages));
                    }
                    None => ranges.push(start..start.saturating_add(length)),
                }
            }
            Ok(ranges)
        })?;
        let blocks = Arc::new(self.file.fetch(ranges)?);
        let chunks = Chunks { blocks, metadata: Arc::clone(metadata) };
        let mut reader = guarded(|| {
            let schema = self.metadata.file_metadata().schema_descr();
            let mask = ProjectionMask::leaves(schema, columns.leaves.iter().copied());
            let levels = parquet_to_arrow_field_levels(schema, mask, None)?;
            ParquetRecordBatchReader::try_new_with_row_groups(&levels, &chunks, batch_rows, Some(selection))
        })?;
        Ok(Box::new(std::iter::from_fn(move || {
            guarded(|| reader.next().transpose().map_err(ParquetError::from)).transpose()
        })))
    }
}

/// The column chunks of one row group whose bytes have been fetched.
struct Chunks {
    blocks: Arc<Blocks>,
    metadata: Arc<ParquetMetaData>,
}

impl RowGroups for Chunks {
    fn num_rows(&self) -> usize {
        usize::try_from(self.metadata.row_group(0).num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        let chunk: &ColumnChunkMetaData = self.metadata.row_group(0).column(leaf);
        let pages = page_locations(&self.metadata, leaf);
        let blocks = Arc::clone(&self.blocks);
        let pages = pages.map(<[PageLocation]>::to_vec);
        let reader = Box::new(SerializedPageReader::new(blocks, chunk, self.num_rows(), pages)?);
        Ok(Box::new(OneChunk(Some(Box::new(Checked::new(reader, chunk))))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The pages of the only column chunk.
struct OneChunk(Option<Box<dyn PageReader>>);

impl Iterator for OneChunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for OneChunk {}
