//! Damaged files: whatever a few bytes turn into, reading ends in Items or in an error, and in bounded memory.

use std::fs;
use std::sync::{Arc, LazyLock};

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use proptest::prelude::*;
use proptest::sample::Index;
use stacyard_model::json::Document;
use stacyard_search::Search;
use stacyard_search::cql2::Expr;
use stacyard_store::{Backend, Error, Run, Source, Store};
use tempfile::NamedTempFile;

use crate::format::layout::Layout;
use crate::format::metadata::CREATED_BY;
use crate::format::metadata::{self, Conventions};
use crate::format::schema;
use crate::read::footer::Footer;
use crate::store::GeoParquet;
use crate::write::item_shape::ItemShape;
use crate::write::key_values::geo;
use crate::write::rows::Rows;
use crate::write::shape::Declared;

/// How many Items there are in each file.
const ROWS: usize = 12;

/// A whole file, and where in it a byte says much.
struct Whole {
    bytes: Vec<u8>,
    footer: usize,
    /// The beginnings of column chunks: page headers.
    pages: Vec<usize>,
}

/// Items of many shapes, in files of each codec, page version and encoding that readers meet.
static FILES: LazyLock<Vec<Whole>> = LazyLock::new(|| {
    let plain = |properties: WriterPropertiesBuilder| properties.set_dictionary_enabled(false);
    vec![
        whole(|properties| properties.set_compression(Compression::ZSTD(ZstdLevel::default()))),
        whole(|properties| plain(properties.set_compression(Compression::UNCOMPRESSED))),
        whole(|properties| properties.set_compression(Compression::SNAPPY).set_data_page_row_count_limit(3)),
        whole(|properties| {
            plain(properties.set_writer_version(WriterVersion::PARQUET_2_0))
                .set_compression(Compression::LZ4_RAW)
                .set_max_row_group_row_count(Some(5))
        }),
        whole(|properties| {
            plain(properties.set_compression(Compression::GZIP(GzipLevel::default())))
                .set_column_encoding("id".into(), Encoding::DELTA_BYTE_ARRAY)
                .set_column_encoding("geometry".into(), Encoding::DELTA_LENGTH_BYTE_ARRAY)
                .set_column_encoding("count".into(), Encoding::DELTA_BINARY_PACKED)
                .set_column_encoding("gsd".into(), Encoding::BYTE_STREAM_SPLIT)
        }),
    ]
});

fn whole(set: impl Fn(WriterPropertiesBuilder) -> WriterPropertiesBuilder) -> Whole {
    let items: Vec<Document> = (0..ROWS)
        .map(|i| {
            let odd = if i % 4 == 0 { r#","x":"text","y":{}"# } else { r#","x":1,"y":null"# };
            let text = format!(
                r#"{{"type":"Feature","stac_version":"1.1.0","id":"i{i}","collection":"c","geometry":{{"type":"Polygon","coordinates":[[[{i},1],[3,1],[3,4.5],[{i},1]]]}},"bbox":[{i},1,3,4.5],"properties":{{"datetime":"2024-06-01T00:00:{i:02}Z","gsd":{i}.5,"count":{i},"list":[[1,{i}],[]],"flag":true{odd}}},"links":[{{"rel":"self","href":"x{i}"}}],"assets":{{"a{}":{{"href":"y","roles":["data"]}}}}}}"#,
                i % 3
            );
            Document::parse(text).unwrap()
        })
        .collect();
    let mut shape = ItemShape::default();
    for item in &items {
        shape.add(item.root(), &Declared::default(), &mut Vec::new());
    }
    let layout = Arc::new(Layout::of(&shape, &Declared::default()));
    let schema = Arc::new(schema::schema(&layout));
    let mut rows = Rows::new(&layout, &schema);
    for item in &items {
        rows.add(item.root());
    }
    let pair = |key: &str, value: String| parquet::file::metadata::KeyValue::new(key.to_owned(), value);
    let properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_key_value_metadata(Some(vec![
            pair(metadata::GEO, geo(&shape).to_string()),
            pair(metadata::OURS, serde_json::to_string(&Conventions::of(&layout)).unwrap()),
        ]));
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(set(properties).build())).unwrap();
    writer.write(&rows.finish().unwrap()).unwrap();
    let metadata = writer.close().unwrap();
    let length = u32::from_le_bytes(*bytes[bytes.len() - 8..].first_chunk().unwrap());
    let footer = bytes.len() - 8 - length as usize;
    let chunks = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let pages = chunks.map(|chunk| usize::try_from(chunk.byte_range().0).unwrap()).collect();
    Whole { bytes, footer, pages }
}

#[derive(Debug, Clone)]
enum Place {
    Footer(Index),
    /// So many bytes into the header of a page.
    Header(Index, usize),
    Anywhere(Index),
}

#[derive(Debug, Clone)]
enum Damage {
    Flip(u8),
    Set(u8),
    /// The largest number that a header can hold, in the encoding of the headers.
    Largest,
    Zero(usize),
    Remove(usize),
    Repeat(usize),
    Truncate,
}

fn damage() -> impl Strategy<Value = (Place, Damage)> {
    let place = prop_oneof![
        3 => any::<Index>().prop_map(Place::Footer),
        3 => (any::<Index>(), 0_usize..40).prop_map(|(page, byte)| Place::Header(page, byte)),
        2 => any::<Index>().prop_map(Place::Anywhere),
    ];
    let damage = prop_oneof![
        6 => (0_u8..8).prop_map(|bit| Damage::Flip(1 << bit)),
        4 => prop_oneof![Just(0), Just(1), Just(0xFF), any::<u8>()].prop_map(Damage::Set),
        2 => Just(Damage::Largest),
        1 => (1_usize..64).prop_map(Damage::Zero),
        1 => (1_usize..64).prop_map(Damage::Remove),
        1 => (1_usize..64).prop_map(Damage::Repeat),
        1 => Just(Damage::Truncate),
    ];
    (place, damage)
}

fn apply(whole: &Whole, damages: &[(Place, Damage)]) -> Vec<u8> {
    let mut bytes = whole.bytes.clone();
    for (place, damage) in damages {
        let at = match place {
            Place::Footer(index) => whole.footer + index.index(whole.bytes.len() - whole.footer),
            Place::Header(page, byte) => page.get(&whole.pages) + byte,
            Place::Anywhere(index) => index.index(whole.bytes.len()),
        };
        let at = at.min(bytes.len() - 1);
        let end = |length: &usize| (at + length).min(bytes.len());
        match damage {
            Damage::Flip(bit) => bytes[at] ^= bit,
            Damage::Set(byte) => bytes[at] = *byte,
            Damage::Largest => {
                let end = end(&5);
                bytes[at..end].copy_from_slice(&[0xFE, 0xFF, 0xFF, 0xFF, 0x0F][..end - at]);
            }
            Damage::Zero(length) => {
                let end = end(length);
                bytes[at..end].fill(0);
            }
            Damage::Remove(length) => {
                let end = end(length);
                bytes.drain(at..end);
            }
            Damage::Repeat(length) => {
                let part = bytes[at..end(length)].to_vec();
                bytes.splice(at..at, part);
            }
            Damage::Truncate => bytes.truncate(at),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

fn file(bytes: &[u8]) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    file
}

/// How many Items are read from a file.
fn read(file: &NamedTempFile) -> Result<usize, Error> {
    let mut source = GeoParquet::open(file.path(), 1 << 20)?.items()?;
    let mut rows = 0;
    while let Some(work) = source.next()? {
        rows += work()?.records.len();
    }
    Ok(rows)
}

/// How many Items of a file answer a search that looks at columns, then at every third row, then at all that it has.
fn searched(file: &NamedTempFile) -> Result<u64, Error> {
    let filter = Expr::parse("count >= 0 AND id LIKE 'i%' AND NOT count IN (1, 2, 4, 5, 7, 8)").unwrap();
    asked(file, Some(filter), None)
}

fn asked(file: &NamedTempFile, filter: Option<Expr>, max_items: Option<u64>) -> Result<u64, Error> {
    let query = Search { filter, max_items, ..Search::default() }.into();
    let store = Store::from(GeoParquet::open(file.path(), 1 << 20)?);
    let (mut answer, report) = store.find(&query, Run::in_place())?;
    while let Some(work) = answer.next()? {
        work()?;
    }
    Ok(report.answered)
}

fn refused(bytes: &[u8]) -> String {
    let file = file(bytes);
    let error = read(&file).unwrap_err();
    format!("{error}\nhelp: {}", error.advice().unwrap()).replace(file.path().to_str().unwrap(), "FILE")
}

#[test]
fn whole_files_are_read() {
    for whole in FILES.iter() {
        assert_eq!(read(&file(&whole.bytes)).unwrap(), ROWS);
        assert_eq!(searched(&file(&whole.bytes)).unwrap(), 6);
    }
}

#[test]
fn a_footer_that_claims_more_than_it_holds() {
    // A list of 2^31 - 1 row groups.
    let footer = [0x49, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07];
    insta::assert_snapshot!(refused(&[b"PAR1", &footer[..], &[7, 0, 0, 0], b"PAR1"].concat()), @r"
    FILE cannot be read as Parquet: its footer claims more than it holds
    help: check that it is a whole Parquet file, or name the kind of store with `store-kind`
    ");
}

#[test]
fn a_page_that_claims_more_values_than_it_holds() {
    let ids = StringArray::from_iter_values((0..200).map(|row| format!("i{row}")));
    let geometries = BinaryArray::from_iter_values([[0]; 200]);
    for encoding in [Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let columns: [(_, ArrayRef); 2] =
                [("id", Arc::new(ids.clone())), ("geometry", Arc::new(geometries.clone()))];
            let batch =
                RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)));
            let properties = WriterProperties::builder()
                .set_dictionary_enabled(false)
                .set_writer_version(version)
                .set_column_encoding("id".into(), encoding);
            let mut bytes = Vec::new();
            let batch = batch.unwrap();
            let mut writer =
                ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            // 200 integers in blocks of 128 and 4 parts; in the second encoding there are two such lists.
            let starts = bytes.windows(5).enumerate().filter(|(_, window)| *window == [128, 1, 4, 200, 1]);
            let starts: Vec<usize> = starts.map(|(start, _)| start).collect();
            // The geometries of the newer version are in that encoding by themselves.
            let lists = if encoding == Encoding::DELTA_BYTE_ARRAY { 2 } else { 1 };
            assert_eq!(starts.len(), if version == WriterVersion::PARQUET_2_0 { lists + 2 } else { lists });
            for start in starts {
                let mut bytes = bytes.clone();
                bytes[start + 4] = 127;
                let said = refused(&bytes);
                assert!(
                    said.starts_with("cannot read FILE: a page claims more values than it holds"),
                    "{said}"
                );
            }
        }
    }
}

/// The metadata of the first file, with so many rows in its only row group, and in all.
fn counted(in_group: i64, in_all: i64) -> ParquetMetaData {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(file(&FILES[0].bytes).as_file()).unwrap();
    let old = metadata.file_metadata();
    let pairs = old.key_value_metadata().cloned();
    let all = FileMetaData::new(old.version(), in_all, None, pairs, old.schema_descr_ptr(), None);
    let group = metadata.row_group(0).clone().into_builder().set_num_rows(in_group).build().unwrap();
    ParquetMetaData::new(all, vec![group])
}

#[test]
fn counts_that_contradict_each_other() {
    let refused = |in_group, in_all| Footer::of(&counted(in_group, in_all), "FILE").err();
    assert!(refused(12, 12).is_none());
    insta::assert_snapshot!(refused(12, 13).unwrap(), @"FILE cannot be read as Parquet: its row groups together have another number of rows than the file");
    for (in_group, in_all) in [(12, 11), (11, 12), (-1, -1), (i64::MAX, i64::MIN)] {
        assert!(refused(in_group, in_all).is_some(), "{in_group} {in_all}");
    }
}

#[test]
fn pages_with_fewer_rows_than_the_footer_says() {
    let mut bytes = FILES[0].bytes[..FILES[0].footer].to_vec();
    ParquetMetaDataWriter::new(&mut bytes, &counted(13, 13)).finish().unwrap();
    insta::assert_snapshot!(refused(&bytes), @r"
    cannot read FILE: it ends before row 12 of 13
    help: the file is damaged: fetch or write it again
    ");
}

/// A search without any condition believes the footer, until it comes to the pages.
#[test]
fn rows_that_are_only_claimed_take_no_memory() {
    // With more the footer is refused.
    let claimed = counted(i64::from(u32::MAX), i64::from(u32::MAX));
    let mut bytes = FILES[0].bytes[..FILES[0].footer].to_vec();
    ParquetMetaDataWriter::new(&mut bytes, &claimed).finish().unwrap();
    let file = file(&bytes);
    let before = peak();
    for max_items in [None, Some(3)] {
        let error = asked(&file, None, max_items).unwrap_err();
        assert!(error.to_string().starts_with("cannot read"), "{error}");
    }
    let more = peak() - before;
    assert!(more < 512 << 10, "{more} KiB");
}

/// How much address space the process has asked for at once, at most, in KiB; nothing where the system does not tell.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")).map_or(0, |number| number.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_read_or_refused(which in 0_usize..5, damages in prop::collection::vec(damage(), 1..4)) {
        let whole = &FILES[which];
        let damaged = file(&apply(whole, &damages));
        let before = peak();
        match read(&damaged) {
            Ok(rows) => prop_assert_eq!(rows, ROWS),
            Err(error) => prop_assert!(error.advice().is_some(), "{error}"),
        }
        // Values are believed, whatever they have become: any number of Items may answer.
        match searched(&damaged) {
            Ok(found) => prop_assert!(found <= ROWS as u64),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        let more = peak() - before;
        prop_assert!(more < (2 << 20) + (256 << 10), "{more} KiB");
    }
}
