//! A column chunk without some of its rows: a page that keeps all of its rows is copied byte by byte, and out of the others the bytes of the rows that go
//! are cut. The wide columns of Items (links, assets, geometries) have pages of few rows, so that nearly all of them stay as they are. Values are looked at
//! for the statistics: of lists all, of other columns those of pages that are cut.

use std::cell::RefCell;
use std::io::Write as _;
use std::ops::Range;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page as NewPage, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use zstd::bulk::Compressor;

use crate::dataset::ends::{Summary, are_known};
use crate::read::chosen::Pages;
use crate::read::damage::damaged;
use crate::read::hybrid;
use crate::read::page::{self, Data, Leaf, Page, Physical, Stored, Values, bits_of, count_of};
use crate::read::places::page_locations;
use crate::read::runs;

/// As columns that are packed anew: a footer does not say which level they had, and `optimize` packs them as wanted.
const ZSTD_LEVEL: i32 = 1;

/// Whether a column is cut here. One with statistics that its page index does not tell is not.
pub(crate) fn is_cut(group: &ParquetMetaData, leaf: &Leaf) -> bool {
    let chunk = group.row_group(0).column(leaf.number);
    let is_plain = |encoding| matches!(encoding, Encoding::PLAIN | Encoding::RLE | Encoding::RLE_DICTIONARY);
    // Bits are written as they are, which the footer then has to say.
    let is_said = leaf.physical != Physical::Boolean || chunk.encodings_mask().is_set(Encoding::PLAIN);
    is_said
        && (chunk.statistics().is_none() || Summaries::of(group, leaf).is_some())
        && chunk.geo_statistics().is_none()
        && chunk.encodings().all(is_plain)
        && Pages::are_known(group, &[leaf.number])
}

/// The rows of a column chunk that are kept, which are some and not all: its new bytes, and what is said of them. `group`: a row group alone, with its
/// indexes. `bytes`: those of the chunk.
pub(crate) fn splice(
    group: &ParquetMetaData,
    leaf: Leaf,
    bytes: &Bytes,
    kept: &[Range<usize>],
) -> Result<(Bytes, ColumnCloseResult)> {
    let metadata = group.row_group(0);
    let chunk = metadata.column(leaf.number);
    let rows = usize::try_from(metadata.num_rows()).unwrap_or(0);
    let locations = page_locations(group, leaf.number).ok_or_else(|| damaged("a column has no pages"))?;
    let begin = chunk.byte_range().0;
    let starts = || locations.iter().map(|page| usize::try_from(page.first_row_index).unwrap_or(usize::MAX));
    // Pages that are packed anew may be a little longer.
    let mut out = TrackedWrite::new(Vec::with_capacity(bytes.len() + bytes.len() / 8));
    let mut index = OffsetIndexBuilder::new();
    let mut summaries = Summaries::of(group, &leaf);
    let (mut values, mut unpacked) = (chunk.num_values(), chunk.uncompressed_size());
    let dictionary = part(bytes, begin..locations[0].offset.cast_unsigned(), begin)?;
    out.write_all(&dictionary)?;
    let read = |page: &Bytes, rows| match Page::read(page, chunk.compression(), leaf, rows)? {
        Page::Data(data) => Ok(data),
        Page::Dictionary(_) => Err(damaged("a dictionary stands among the pages")),
    };
    let read_dictionary = || match Page::read(&dictionary, chunk.compression(), leaf, 0)? {
        Page::Dictionary(values) => Ok(values),
        Page::Data(_) => Err(damaged("a page stands in the place of the dictionary")),
    };
    let ends = starts().skip(1).chain([rows]);
    let is_in_order = starts().next() == Some(0)
        && starts().zip(ends.clone()).all(|(start, end)| start <= end && end <= rows);
    if !is_in_order {
        return Err(damaged("the rows of its pages are out of order"));
    }
    for (number, (location, (start, end))) in locations.iter().zip(starts().zip(ends)).enumerate() {
        let page = page_bytes(bytes, location, begin)?;
        let runs = runs::within(kept, start..end);
        let left: usize = runs.iter().map(Range::len).sum();
        let offset = out.bytes_written();
        if left == end - start {
            out.write_all(&page)?;
            if let Some(summaries) = &mut summaries
                && !summaries.copy(number, left)
            {
                let data = read(&page, left)?;
                let all = 0..data.values.len();
                summaries.add(&data, (data.entries, std::slice::from_ref(&all)), read_dictionary)?;
            }
        } else {
            let (entries, size) = page::sizes(&page)?;
            (values, unpacked) = (values - signed(entries), unpacked - signed(size));
            if left == 0 {
                continue;
            }
            let data = read(&page, end - start)?;
            let new = cut(&data, leaf, &runs).ok_or_else(contradiction)?;
            if let Some(summaries) = &mut summaries {
                summaries.cut((number, end - start), &data, (new.entries, &new.places), read_dictionary)?;
            }
            let said = SerializedPageWriter::new(&mut out).write_page(new.packed(chunk.compression())?)?;
            (values, unpacked) =
                (values + i64::from(said.num_values), unpacked + signed(said.uncompressed_size));
        }
        let size = i32::try_from(out.bytes_written() - offset).map_err(|_| damaged("a page is too long"))?;
        index.append_offset_and_size(signed(offset), size);
        index.append_row_count(signed(left));
    }
    let length = out.bytes_written();
    let mut metadata = ColumnChunkMetaData::builder(chunk.column_descr_ptr())
        .set_compression(chunk.compression())
        .set_encodings_mask(*chunk.encodings_mask())
        .set_num_values(values)
        .set_total_compressed_size(signed(length))
        .set_total_uncompressed_size(unpacked)
        .set_dictionary_page_offset((!dictionary.is_empty()).then_some(0))
        .set_data_page_offset(signed(dictionary.len()));
    let mut column_index = None;
    if let Some(summaries) = summaries {
        let (statistics, pages) = summaries.finish()?;
        metadata = metadata.set_statistics(statistics);
        column_index = Some(pages);
    }
    let close = ColumnCloseResult {
        bytes_written: length as u64,
        rows_written: kept.iter().map(Range::len).sum::<usize>() as u64,
        metadata: metadata.build()?,
        bloom_filter: None,
        column_index,
        offset_index: Some(index.build()),
    };
    Ok((out.into_inner()?.into(), close))
}

fn contradiction() -> ParquetError {
    damaged("a page holds less than it says")
}

/// What is said of the pages of a column, and of all of it.
struct Summaries<'a> {
    /// What was said of all of it.
    column: &'a Statistics,
    /// What was said of its pages; `None` where there are lists: the `parquet` crate takes a page with as many nulls as rows for one without values.
    pages: Option<&'a ColumnIndexMetaData>,
    index: ColumnIndexBuilder,
    all: Summary,
    dictionary: Option<Values>,
}

impl<'a> Summaries<'a> {
    /// `None` where there are no statistics, or such that cannot be made anew.
    fn of(group: &'a ParquetMetaData, leaf: &Leaf) -> Option<Self> {
        let chunk = group.row_group(0).column(leaf.number);
        let column = chunk.statistics().filter(|_| are_known(chunk))?;
        let pages = match leaf.repetition {
            0 => Some(group.column_index()?.first()?.get(leaf.number)?),
            _ => None,
        };
        let index = ColumnIndexBuilder::new(chunk.column_type());
        Some(Self { column, pages, index, all: Summary::default(), dictionary: None })
    }

    /// A page that stays as it is; `false` where that was not said of it.
    fn copy(&mut self, page: usize, rows: usize) -> bool {
        let known = self.pages.and_then(|pages| Summary::of_page(pages, page, rows));
        known.map(|summary| self.push(summary)).is_some()
    }

    /// A page that has so many entries left, with the values at these places. Mostly what goes does not touch its ends.
    fn cut(
        &mut self,
        (page, rows): (usize, usize),
        data: &Data,
        (entries, places): (usize, &[Range<usize>]),
        dictionary: impl Fn() -> Result<Values>,
    ) -> Result<()> {
        if let Some(before) = self.pages.and_then(|pages| Summary::of_page(pages, page, rows)) {
            let gone = runs::without(std::slice::from_ref(&(0..data.values.len())), places);
            let gone = self.summary(data, 0, &gone, &dictionary)?;
            let values = places.iter().map(Range::len).sum();
            if let Some(rest) = before.without(&gone, entries.saturating_sub(values), values) {
                self.push(rest);
                return Ok(());
            }
        }
        self.add(data, (entries, places), dictionary)
    }

    /// A page with so many entries, and the values at these places.
    fn add(
        &mut self,
        data: &Data,
        (entries, places): (usize, &[Range<usize>]),
        dictionary: impl Fn() -> Result<Values>,
    ) -> Result<()> {
        let nulls = entries.saturating_sub(places.iter().map(Range::len).sum());
        let summary = self.summary(data, nulls, places, dictionary)?;
        self.push(summary);
        Ok(())
    }

    fn summary(
        &mut self,
        data: &Data,
        nulls: usize,
        places: &[Range<usize>],
        dictionary: impl Fn() -> Result<Values>,
    ) -> Result<Summary> {
        let places = places.iter().cloned().flatten();
        let summary = match &data.values {
            Stored::Here(values) => Summary::of_values(self.column, nulls, values, places),
            Stored::Dictionary(numbers) => {
                let values = match self.dictionary.take() {
                    Some(known) => known,
                    None => dictionary()?,
                };
                let values = self.dictionary.insert(values);
                // Each value once, however often it is there.
                let mut is_there = vec![false; values.len()];
                for at in places {
                    let number = numbers.get(at).map_or(usize::MAX, |number| *number as usize);
                    *is_there.get_mut(number).ok_or_else(contradiction)? = true;
                }
                let places = (0..is_there.len()).filter(|place| is_there[*place]);
                Summary::of_values(self.column, nulls, values, places)
            }
        };
        summary.ok_or_else(contradiction)
    }

    fn push(&mut self, summary: Summary) {
        summary.append_to(&mut self.index);
        self.all.add(summary);
    }

    fn finish(self) -> Result<(Statistics, ColumnIndexMetaData)> {
        let statistics = self.all.statistics(self.column.physical_type());
        Ok((statistics.ok_or_else(contradiction)?, self.index.build()?))
    }
}

fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// A part of a chunk, which begins at a place of the file.
fn part(bytes: &Bytes, range: Range<u64>, begin: u64) -> Result<Bytes> {
    let at = |at: u64| usize::try_from(at.checked_sub(begin)?).ok().filter(|at| *at <= bytes.len());
    let range = at(range.start).zip(at(range.end)).filter(|(start, end)| start <= end);
    let (start, end) = range.ok_or_else(|| damaged("a page is not where it is said to be"))?;
    Ok(bytes.slice(start..end))
}

fn page_bytes(bytes: &Bytes, location: &PageLocation, begin: u64) -> Result<Bytes> {
    let start = location.offset.cast_unsigned();
    let length = u64::try_from(location.compressed_page_size).unwrap_or(0);
    part(bytes, start..start.saturating_add(length), begin)
}

/// A page that is not packed yet.
struct Cut {
    entries: usize,
    /// The places that its values had among those of the page.
    places: Vec<Range<usize>>,
    encoding: Encoding,
    body: Vec<u8>,
}

impl Cut {
    fn packed(self, codec: Compression) -> Result<CompressedPage> {
        let Self { entries, encoding, body, .. } = self;
        let size = body.len();
        let body = match codec {
            Compression::ZSTD(_) => pack(&body)?,
            _ => body,
        };
        let num_values = u32::try_from(entries).map_err(|_| damaged("a page has too many values"))?;
        let page = NewPage::DataPage {
            buf: body.into(),
            num_values,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        Ok(CompressedPage::new(page, size))
    }
}

fn pack(body: &[u8]) -> Result<Vec<u8>> {
    thread_local! {
        // To make one takes as long as to pack a page.
        static ZSTD: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    ZSTD.with_borrow_mut(|zstd| match zstd {
        Some(zstd) => zstd.compress(body),
        None => zstd.insert(Compressor::new(ZSTD_LEVEL)?).compress(body),
    })
    .map_err(|cause| ParquetError::External(Box::new(cause)))
}

/// Some rows of a page, in version 1 of data pages; `None` where it has less than it says.
fn cut(data: &Data, leaf: Leaf, rows: &[Range<usize>]) -> Option<Cut> {
    let entries: Vec<Range<usize>> = match leaf.repetition {
        0 => rows.to_vec(),
        _ => {
            let start = |row: usize| Some(*data.starts.get(row)? as usize);
            rows.iter().map(|run| Some(start(run.start)?..start(run.end)?)).collect::<Option<_>>()?
        }
    };
    let count = entries.iter().map(Range::len).sum();
    let mut body = Vec::with_capacity(data.size());
    if leaf.repetition > 0 {
        push_levels(&chosen(&data.repetition, &entries)?, leaf.repetition, &mut body)?;
    }
    let mut places = entries;
    if leaf.definition > 0 {
        if data.definition.is_empty() {
            let width = bits_of(leaf.definition.into());
            push_bytes(|bytes| hybrid::write_run(leaf.definition.into(), count, width, bytes), &mut body)?;
        } else {
            push_levels(&chosen(&data.definition, &places)?, leaf.definition, &mut body)?;
            // Only where the level is the greatest there is a value.
            let (mut seen, mut before) = (0, 0);
            for run in &mut places {
                before += count_of(data.definition.get(seen..run.start)?, leaf.definition);
                let here = count_of(data.definition.get(run.clone())?, leaf.definition);
                seen = run.end;
                *run = before..before + here;
                before += here;
            }
        }
    }
    let encoding = push_values(&data.values, &places, &mut body)?;
    Some(Cut { entries: count, places, encoding, body })
}

fn chosen<T: Copy>(all: &[T], places: &[Range<usize>]) -> Option<Vec<T>> {
    let parts = places.iter().map(|run| all.get(run.clone()));
    Some(parts.collect::<Option<Vec<_>>>()?.concat())
}

/// Levels, with the length of their bytes before them.
fn push_levels(levels: &[u8], greatest: u8, body: &mut Vec<u8>) -> Option<()> {
    push_bytes(|bytes| hybrid::write(levels, bits_of(greatest.into()), bytes), body)
}

fn push_bytes(write: impl FnOnce(&mut Vec<u8>), body: &mut Vec<u8>) -> Option<()> {
    let start = body.len();
    body.extend_from_slice(&[0; 4]);
    write(body);
    let length = u32::try_from(body.len() - start - 4).ok()?;
    body[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Some(())
}

fn push_values(values: &Stored, places: &[Range<usize>], body: &mut Vec<u8>) -> Option<Encoding> {
    let mut push = |bytes: &[u8], width: usize| {
        places.iter().try_for_each(|run| {
            body.extend_from_slice(bytes.get(run.start * width..run.end * width)?);
            Some(())
        })
    };
    match values {
        Stored::Here(Values::Four(bytes)) => push(bytes, 4)?,
        Stored::Here(Values::Eight(bytes)) => push(bytes, 8)?,
        // Each has its length before it.
        Stored::Here(Values::Texts(bytes, ends)) => places.iter().try_for_each(|run| {
            body.extend_from_slice(bytes.get(*ends.get(run.start)? as usize..*ends.get(run.end)? as usize)?);
            Some(())
        })?,
        Stored::Here(Values::Boolean(all)) => {
            for eight in chosen(all, places)?.chunks(8) {
                body.push(eight.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit)));
            }
        }
        Stored::Dictionary(all) => {
            let numbers = chosen(all, places)?;
            let width = bits_of(numbers.iter().copied().max().unwrap_or_default()).max(1);
            body.push(u8::try_from(width).ok()?);
            hybrid::write(&numbers, width, body);
            return Some(Encoding::RLE_DICTIONARY);
        }
    }
    Some(Encoding::PLAIN)
}
