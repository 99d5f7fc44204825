//! The Collections of a file, changed apart from its Items: a new footer after the very bytes of the rows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use parquet::file::metadata::{
    FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataOptions,
    ParquetMetaDataReader, ParquetMetaDataWriter,
};
use serde_json::{Value, json};
use stacyard_store::{
    CollectionChanges, Collections, Deletion, Error, Mode, Output, Remedy, items_of, merged,
};

use crate::format::metadata::{STAC, stac};
use crate::read::damage::guarded;
use crate::read::local::LocalFile;
use crate::store::GeoParquet;

/// What follows the footer: its length, and the magic bytes.
const TAIL: usize = 8;

/// Puts Collections into a file; those with the same ids are replaced. If another writer has to be waited for, `wait` is
/// called before.
pub fn put_collections(
    path: &Path,
    new: &Collections,
    wait: &mut dyn FnMut(&Path),
) -> Result<CollectionChanges, Error> {
    let (output, store) = begin(path, wait)?;
    let old = &store.inner.footer.collections;
    let changes = CollectionChanges::of(old, new, Mode::Upsert);
    if !changes.new.is_empty() || !changes.changed.is_empty() {
        rewrite(&store, path, output, &merged(old.clone(), new.clone(), Mode::Upsert))?;
    }
    Ok(changes)
}

/// Takes a Collection to which no Item belongs out of a file. If another writer has to be waited for, `wait` is called before: what
/// that one leaves is what is looked at.
pub fn delete_collection(
    path: &Path,
    id: &str,
    threads: usize,
    wait: &mut dyn FnMut(&Path),
) -> Result<Deletion, Error> {
    let (output, store) = begin(path, wait)?;
    let items = items_of(&store, id, threads)?;
    if items > 0 {
        return Ok(Deletion::HasItems(items));
    }
    let mut collections = store.inner.footer.collections.clone();
    if collections.remove(id).is_none() {
        return Ok(Deletion::NotThere);
    }
    rewrite(&store, path, output, &collections)?;
    Ok(Deletion::Done)
}

/// Opens the file, after other writers of it have to wait.
fn begin(path: &Path, wait: &mut dyn FnMut(&Path)) -> Result<(Output, GeoParquet), Error> {
    // That it is there, and what it says it is.
    drop(GeoParquet::open(path, 0)?);
    let output = Output::file(path, false, wait)?;
    Ok((output, GeoParquet::open(path, 0)?))
}

/// Writes the file again with other Collections and the same rows.
fn rewrite(
    store: &GeoParquet,
    path: &Path,
    mut output: Output,
    collections: &Collections,
) -> Result<(), Error> {
    let damaged = |cause| store.inner.damaged(&cause);
    let (mut file, size) = LocalFile::open(path)?.into_parts();
    let failed = |cause| Error::io("read", path, cause);
    let (footer, rows) = footer(&mut file, size).map_err(failed)?;
    let old = decode(&footer).map_err(damaged)?;
    let new = with_collections(&old, collections);
    let mut footer = Vec::new();
    ParquetMetaDataWriter::new(&mut footer, &new).finish().map_err(damaged)?;
    // Of another writer's footer something might be lost on the way.
    let again = decode(&footer[..footer.len() - TAIL]).map_err(damaged)?;
    if again.row_groups() != old.row_groups()
        || again.file_metadata().schema_descr() != old.file_metadata().schema_descr()
    {
        return Err(Error::failed(format!("{}: its footer has parts that would be lost", path.display()))
            .remedy(
                Remedy::from("let Stacyard write the file first: ").command("optimize", &[&store.inner.name]),
            ));
    }
    io::copy(&mut file.take(rows), &mut output.as_file()).map_err(|cause| Error::io("write", path, cause))?;
    output.append(&footer)?;
    output.commit()?;
    Ok(())
}

fn decode(footer: &[u8]) -> parquet::errors::Result<ParquetMetaData> {
    // All that it says, not only what a search needs.
    let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
    guarded(|| ParquetMetaDataReader::decode_metadata_with_options(footer, Some(&options)))
}

/// The footer, and how many bytes stand before it; the file stands at its beginning again.
fn footer(file: &mut File, size: u64) -> io::Result<(Vec<u8>, u64)> {
    let mut length = [0; 4];
    let tail = size.saturating_sub(TAIL as u64);
    file.seek(SeekFrom::Start(tail))?;
    file.read_exact(&mut length)?;
    let rows = tail.saturating_sub(u64::from(u32::from_le_bytes(length)));
    let mut footer = Vec::new();
    file.seek(SeekFrom::Start(rows))?;
    file.by_ref().take(tail - rows).read_to_end(&mut footer)?;
    file.rewind()?;
    Ok((footer, rows))
}

fn with_collections(old: &ParquetMetaData, collections: &Collections) -> ParquetMetaData {
    let file = old.file_metadata();
    let mut pairs = file.key_value_metadata().cloned().unwrap_or_default();
    let known = pairs.iter().find(|pair| pair.key == STAC).and_then(|pair| pair.value.as_deref());
    let mut value: Value =
        known.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| stac(&Collections::new()));
    if let Some(members) = value.as_object_mut() {
        // Deprecated since 1.1: it is among the others now.
        members.remove("collection");
        members.remove("collections");
        if !collections.is_empty() {
            members.insert("collections".to_owned(), json!(collections));
        }
    }
    pairs.retain(|pair| pair.key != STAC);
    pairs.push(KeyValue::new(STAC.to_owned(), value.to_string()));
    let file = FileMetaData::new(
        file.version(),
        file.num_rows(),
        file.created_by().map(str::to_owned),
        Some(pairs),
        file.schema_descr_ptr(),
        file.column_orders().cloned(),
    );
    ParquetMetaDataBuilder::new(file).set_row_groups(old.row_groups().to_vec()).build()
}
