//! Items of a spool as files of a dataset, which no version has yet.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::Fields;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::file::metadata::ParquetMetaData;
use stacyard_model::json::{Tape, push_pointer_token};
use stacyard_store::{Error, Storage, in_order};

use crate::dataset::file::{KEYS, LAID_OUT, LaidOut};
use crate::dataset::keys::{ItemHash, KeyList, Listed, key, names_of};
use crate::dataset::log::action::{Add, Texts};
use crate::dataset::log::now;
use crate::dataset::options::PartitionBy;
use crate::dataset::stats;
use crate::format::layout::{Layout, RESERVED};
use crate::format::metadata::{Conventions, GEO, OUR_GEO};
use crate::format::schema;
use crate::sink::{RowGroupWork, unwritable};
use crate::write::item_shape::ItemShape;
use crate::write::key_values::key_values;
use crate::write::options::Options;
use crate::write::order::{Order, Part, Parts};
use crate::write::properties;
use crate::write::shape::Declared;
use crate::write::spool::{Location, Spool};
use crate::write::written::Written;

/// Items of a file at most: an upsert writes whole files anew, and each file of a search has to be opened.
pub(crate) const FILE_ROWS: u64 = 100_000;

/// A part of so many Items has a file of its own; smaller ones share one, as files of a few Items are worse than two parts in one.
const PART_ROWS: u64 = 5_000;

/// A file that is written, and that no version has yet.
#[derive(Debug, Clone)]
pub(crate) struct NewFile {
    pub(crate) path: String,
    pub(crate) add: Add,
    pub(crate) rows: u64,
    /// Its columns.
    pub(crate) fields: Fields,
}

/// What files are written of.
pub(crate) struct Content<'c> {
    pub(crate) spool: &'c mut Spool,
    pub(crate) items: &'c ItemShape,
    pub(crate) options: &'c Options,
    pub(crate) partition_by: PartitionBy,
}

impl Content<'_> {
    /// Writes the files, for a table of these columns.
    ///
    /// # Errors
    /// Files that cannot be written; those that are, are taken away again.
    pub(crate) fn write(self, storage: &dyn Storage, table: &Fields) -> Result<Vec<NewFile>, Error> {
        let mut done = Vec::new();
        let written = self.write_each(storage, table, &mut done);
        if let Err(error) = written {
            discard(storage, &done);
            return Err(error);
        }
        Ok(done)
    }

    fn write_each(self, storage: &dyn Storage, table: &Fields, done: &mut Vec<NewFile>) -> Result<(), Error> {
        let Self { spool, items, options, partition_by } = self;
        let declared = Declared {
            profile: options.profile.clone(),
            max_columns: options.max_columns,
            table: Some(table.clone()),
        };
        let (run, rules) = (uuid()?, rules(partition_by, options));
        let layout = Arc::new(Layout::of(items, &declared));
        let schema = Arc::new(schema::schema(&layout));
        let mut pairs = key_values(items, &layout, options);
        pairs.iter_mut().filter(|pair| pair.key == GEO).for_each(|pair| OUR_GEO.clone_into(&mut pair.key));
        let conventions = Conventions::of(&layout);
        let names = spool.collections.as_slice().to_vec();
        let (memory, threads) = (options.memory, options.threads.max(1));
        let reader = spool.reader()?;
        let rows_of_group = options.row_group_rows.max(1);
        let bytes_of_group = memory as u64 / threads as u64;
        let parts = options.order.parts(spool, memory / 4, |time| partition_by.period(time))?;
        let mut cut = Cut { parts, next: None };
        while let Some((part, location)) = cut.begin()? {
            let path = path(&names, part, partition_by)?;
            let mut output = storage.begin(&path)?;
            let target = output.path().to_owned();
            let failed = |cause| unwritable(&target, cause);
            let properties = properties::writer(&schema, pairs.clone(), items, options).map_err(failed)?;
            // Without the Arrow schema, as in a file that stands alone.
            let settings =
                ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
            let writer = ArrowWriter::try_new_with_options(output.buffered(), Arc::clone(&schema), settings);
            let (mut file, factory) = writer.and_then(ArrowWriter::into_serialized_writer).map_err(failed)?;
            let work = RowGroupWork { layout: &layout, schema: &schema, reader: &reader, factory: &factory };
            let (mut rows, mut first, mut last) = (0, Some(location), part);
            let mut index = 0..;
            let mut keys: Vec<ItemHash> = Vec::new();
            in_order(
                || {
                    let mut group: Vec<Location> = first.take().into_iter().collect();
                    rows += group.len() as u64;
                    let mut bytes: u64 = group.iter().map(|location| u64::from(location.length)).sum();
                    while (group.len() as u64) < rows_of_group
                        && bytes < bytes_of_group
                        && let Some(location) = cut.within(&mut last, rows)?
                    {
                        rows += 1;
                        bytes += u64::from(location.length);
                        group.push(location);
                    }
                    Ok((!group.is_empty()).then_some(group).zip(index.next()))
                },
                (threads, 1),
                Tape::new,
                |tape, (locations, index)| {
                    let mut keys = Vec::with_capacity(locations.len());
                    let chunks = work.encode(tape, index, &locations, |batch| {
                        names_of(batch, |collection, id| keys.push(key(collection, id)));
                        Ok(())
                    })?;
                    Ok((chunks, keys))
                },
                |(chunks, mut some)| {
                    let mut group = file.next_row_group().map_err(failed)?;
                    for chunk in chunks {
                        chunk.append_to_row_group(&mut group).map_err(failed)?;
                    }
                    group.close().map_err(failed)?;
                    keys.append(&mut some);
                    Ok(ControlFlow::Continue(()))
                },
            )?;
            let list = KeyList { start: file.bytes_written() as u64, count: keys.len() as u64 };
            file.write_all(&Listed::of(keys).to_bytes())
                .map_err(|cause| Error::io("write", &target, cause))?;
            let footer = file.close().map_err(failed)?;
            let bytes = output.commit()?;
            let table = crate::dataset::schema::with(table, schema.fields()).ok().flatten();
            let said = Said {
                conventions: &conventions,
                items: Some(items),
                table: table.as_ref().unwrap_or(schema.fields()),
            };
            let mut new = said.new_file(path, &footer, (bytes, list), schema.fields());
            // As they came, files of one load may lie over one another.
            if options.order != Order::Input {
                let laid_out = LaidOut { run: &run, rules: &rules, rows };
                new.add.tags.get_or_insert_default().insert(LAID_OUT.to_owned(), Some(laid_out.to_string()));
            }
            done.push(new);
        }
        drop(cut);
        spool.check_unchanged()
    }
}

/// What decides how Items are put into files, as a text of always the same length.
pub(crate) fn rules(partition_by: PartitionBy, options: &Options) -> String {
    let profile = options.profile.as_ref().map(|profile| profile.text()).unwrap_or_default();
    let how = format!("{partition_by} {:?} {:?}", options.order, options.compression);
    format!("{:032x}", key(Some(&how), profile))
}

/// What is said of a file in the log.
pub(crate) struct Said<'s> {
    pub(crate) conventions: &'s Conventions,
    /// What stands in its Items, where that is known.
    pub(crate) items: Option<&'s ItemShape>,
    /// The columns of the table.
    pub(crate) table: &'s Fields,
}

impl Said<'_> {
    /// The file, with what the log says of it.
    pub(crate) fn new_file(
        &self,
        path: String,
        footer: &ParquetMetaData,
        (size, list): (u64, KeyList),
        fields: &Fields,
    ) -> NewFile {
        let written = Written::of(footer, size);
        let is_partial = |path: &[String]| {
            let [name, ..] = path else { return false };
            let mut pointer =
                if RESERVED.contains(&name.as_str()) { String::new() } else { "/properties".to_owned() };
            push_pointer_token(&mut pointer, name);
            self.conventions.is_partial(&pointer)
        };
        let is_nowhere = |name: &str| {
            self.items.is_some_and(|items| {
                let properties = &items.properties;
                !RESERVED.contains(&name) && properties.get(name).is_none() && !properties.forgot
            })
        };
        let stats = stats::to_json(&written, self.table, is_partial, is_nowhere);
        let tags: Texts = [(KEYS.to_owned(), Some(format!("{}:{}", list.start, list.count)))].into();
        let add = Add {
            path: path.clone(),
            partition_values: Texts::new(),
            size,
            modification_time: now(),
            data_change: true,
            stats: Some(stats),
            tags: Some(tags),
            deletion_vector: None,
        };
        NewFile { path, add, rows: written.rows, fields: fields.clone() }
    }
}

/// Takes files away that no version has, and never will.
pub(crate) fn discard(storage: &dyn Storage, files: &[NewFile]) {
    for file in files {
        // What stays is for a vacuum.
        let _ = storage.delete(&file.path);
    }
}

/// All Items, cut into files.
struct Cut<'a> {
    parts: Parts<'a>,
    next: Option<(Part, Location)>,
}

impl Cut<'_> {
    /// The first Item of the next file.
    fn begin(&mut self) -> Result<Option<(Part, Location)>, Error> {
        match self.next.take() {
            Some(next) => Ok(Some(next)),
            None => self.parts.next().transpose(),
        }
    }

    /// The next Item of a file that has so many `rows`, the `last` of which is of this part; `None`: the next one is of another file.
    fn within(&mut self, last: &mut Part, rows: u64) -> Result<Option<Location>, Error> {
        if self.next.is_none() {
            self.next = self.parts.next().transpose()?;
        }
        let Some((part, location)) = self.next else { return Ok(None) };
        if rows >= FILE_ROWS || part != *last && rows >= PART_ROWS {
            return Ok(None);
        }
        self.next = None;
        *last = part;
        Ok(Some(location))
    }
}

impl PartitionBy {
    /// The number of the period that a time is in: all have the same, or those of a year or of a month.
    fn period(self, micros: i64) -> i32 {
        let date = || {
            let at = jiff::Timestamp::from_microsecond(micros).ok()?;
            Some(jiff::tz::Offset::UTC.to_datetime(at).date())
        };
        match self {
            Self::Collection => 0,
            Self::Year => date().map_or(i32::MIN, |date| i32::from(date.year())),
            Self::Month => {
                date().map_or(i32::MIN, |date| i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
            }
        }
    }
}

/// A place for a new file, in a folder that says to people what is in it.
fn path(names: &[String], part: Part, partition_by: PartitionBy) -> Result<String, Error> {
    let name = names.get(part.collection as usize).map(String::as_str).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let mut path: String = name.chars().take(64).map(|c| if is_plain(c) { c } else { '-' }).collect();
    // Others take folders of such names for none of the data.
    if path.is_empty() || path.starts_with(['.', '_']) {
        path = format!("items{path}");
    }
    match partition_by {
        PartitionBy::Collection => {}
        _ if part.period == i32::MIN => path.push_str("/undated"),
        PartitionBy::Year => {
            let _ = write!(path, "/{:04}", part.period);
        }
        PartitionBy::Month => {
            let _ = write!(path, "/{:04}-{:02}", part.period.div_euclid(12), part.period.rem_euclid(12) + 1);
        }
    }
    new_path(&path)
}

/// A name that no file has, in a folder.
pub(crate) fn new_path(folder: &str) -> Result<String, Error> {
    Ok(format!("{folder}/part-{}.parquet", uuid()?))
}

/// A random UUID (RFC 9562, version 4).
pub(crate) fn uuid() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|cause| Error::failed(format!("the system gives no random numbers: {cause}")))?;
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex: String = bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Ok(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}
