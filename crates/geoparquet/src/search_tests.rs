//! Searches in a file beside the reference: the evaluator on each Item, sorted by its keys. Same Items, same order. Here
//! for what the conformance suite has no place for: the layout, and files of others.

use std::sync::Arc;

use arrow_array::RecordBatchReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::file::properties::WriterProperties;
use stacyard_model::json::Document;
use stacyard_search::cql2::Expr;
use stacyard_search::{Area, Compiled, Search, SortKey, parse_collections, parse_datetime, parse_ids};
use stacyard_store::{Check, Encoder, Find, Output, Sink, Source, Store};

use crate::{GeoParquet, GeoParquetSink, Options, Order};

/// A random number generator of the simplest sort (Marsaglia's xorshift64), so that every run sees the same.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }
}

/// An Item with all that makes searches hard: absent and null values, mixed types, numbers beyond doubles, ranges
/// without an instant, digits beyond microseconds, geometries that are null, empty, across the antimeridian or beside
/// their box. `odd` puts values into the residual.
fn item(random: &mut Random, number: u64, odd: bool) -> String {
    let day = |random: &mut Random| {
        format!("202{}-0{}-1{}T", random.below(5), 1 + random.below(9), random.below(9))
    };
    let mut number_below = |end: u32| f64::from(u32::try_from(random.below(end.into())).unwrap());
    let (x, y) = (number_below(360) - 180.0, number_below(170) - 85.0);
    let (east, north) = (x + number_below(30) / 10.0, y + number_below(30) / 10.0);
    let square =
        |x: f64, east: f64| format!("[[[{x},{y}],[{east},{y}],[{east},{north}],[{x},{north}],[{x},{y}]]]");
    let geometry = match random.below(12) {
        0 => r#""geometry":null"#.to_owned(),
        1 => format!(r#""geometry":{{"type":"Point","coordinates":[{x},{y}]}},"bbox":[{x},{y},{x},{y}]"#),
        2 => format!(
            r#""geometry":{{"type":"MultiPolygon","coordinates":[{},{}]}},"bbox":[179,{y},-179,{north}]"#,
            square(179.0, 180.0),
            square(-180.0, -179.0)
        ),
        3 => format!(r#""geometry":{{"type":"Polygon","coordinates":{}}},"bbox":[0,0,1,1]"#, square(x, east)),
        4 => r#""geometry":{"type":"GeometryCollection","geometries":[]},"bbox":[5,5,6,6]"#.to_owned(),
        _ => format!(
            r#""geometry":{{"type":"Polygon","coordinates":{}}},"bbox":[{x},{y},{east},{north}]"#,
            square(x, east)
        ),
    };
    let clock = random.pick(&["00:00:00Z", "12:30:00.123456789Z", "12:30:00.123456Z", "23:59:59+05:30"]);
    let day_text = day(random);
    let time = match random.below(8) {
        0 => format!(
            r#""datetime":null,"start_datetime":"{day_text}00:00:00Z","end_datetime":"2026-01-01T00:00:00Z""#
        ),
        1 => format!(
            r#""datetime":"{day_text}{clock}","start_datetime":"2020-01-01T00:00:00Z","end_datetime":"{day_text}23:00:00Z""#
        ),
        _ => format!(r#""datetime":"{day_text}{clock}""#),
    };
    let cloud = match random.below(if odd { 12 } else { 8 }) {
        0 => String::new(),
        1 => r#","cloud":null"#.to_owned(),
        2 => r#","cloud":0"#.to_owned(),
        8 => r#","cloud":"7""#.to_owned(),
        9 => r#","cloud":9007199254740993"#.to_owned(),
        10 => r#","cloud":-1e400"#.to_owned(),
        11 => r#","cloud":[1]"#.to_owned(),
        _ => format!(r#","cloud":{}.{}"#, random.below(100), random.below(10)),
    };
    let platform = match random.below(6) {
        0 => String::new(),
        _ => format!(
            r#","platform":"{}""#,
            random.pick(&["a", "sentinel-2a", "sentinel-2b", "Ärger", "\u{10FFFF}x", ""])
        ),
    };
    let nested = random.pick(&["", r#","view":{"sun":5}"#, r#","view":{"sun":50.5}"#, r#","view.sun":7"#]);
    let residual = if odd { random.pick(&["", r#","id":"inner""#, r#","type":3"#]) } else { "" };
    let updated =
        random.pick(&["", r#","updated":"2024-01-01T00:00:00Z""#, r#","updated":"2024-01-01T00:00:00.5Z""#]);
    let collection = random.pick(&["c", "d", "e"]);
    let count = i64::try_from(random.below(1000)).unwrap() - 500;
    format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"i{}","collection":"{collection}",{geometry},"properties":{{{time},"count":{count}{cloud}{platform}{nested}{residual}{updated}}},"links":[],"assets":{{"a":{{"href":"{number}"}}}}}}"#,
        number / 2
    )
}

fn catalog(seed: u64, items: u64, odd: bool) -> Vec<Document> {
    let mut random = Random(seed);
    // Collection and id together are the key: of two numbers with one id the collections differ mostly.
    let mut keys = std::collections::HashSet::new();
    let texts = (0..items).map(|number| item(&mut random, number, odd));
    let documents = texts.map(|text| Document::parse(text).unwrap());
    documents
        .filter(|document| {
            let key = ["id", "collection"].map(|name| document.root().get(name).unwrap().raw().to_owned());
            keys.insert(key)
        })
        .collect()
}

pub(crate) fn write(items: &[Document], folder: &std::path::Path, options: Options) -> std::path::PathBuf {
    let path = folder.join(format!("{:?}-{}.parquet", options.order, options.row_group_rows));
    let mut sink = GeoParquetSink::create(Output::file(&path).unwrap(), folder, options).unwrap();
    let encoder = sink.encoder();
    for batch in items.chunks(100) {
        let mut chunk = crate::Shaped::default();
        for item in batch {
            encoder.item(item.root(), None, &mut chunk).unwrap();
        }
        sink.write(chunk).unwrap();
    }
    sink.finish().unwrap();
    path
}

fn question<'a>(search: &Arc<Compiled>, max_items: Option<u64>, nobody: &'a mut ()) -> Find<'a> {
    let check = Check {
        gate: Some(stacyard_model::Gate::default()),
        filter: Some(Arc::clone(search)),
        // What only the residual has, a file of others lacks.
        lenient: true,
        ..Check::default()
    };
    let search = Arc::clone(search);
    Find {
        check,
        search,
        max_items,
        after: None,
        memory: 1 << 20,
        threads: 2,
        rejects: None,
        observer: nobody,
    }
}

fn documents(source: &mut dyn Source) -> Vec<Document> {
    let mut found = Vec::new();
    while let Some(work) = source.next().unwrap() {
        let batch = work().unwrap();
        let text = |record: &stacyard_store::Record| &batch.text[record.start as usize..record.end as usize];
        found.extend(batch.records.iter().map(|record| Document::parse_bytes(text(record)).unwrap()));
    }
    found
}

/// What a file answers, and how many it counts.
fn answer(file: &GeoParquet, search: &Search) -> (Vec<Document>, u64) {
    let compiled = Arc::new(Compiled::new(search).unwrap());
    let (mut sorted, _) = file.find(question(&compiled, search.max_items, &mut ())).unwrap();
    let count = file.count(question(&compiled, None, &mut ())).unwrap().written;
    (documents(&mut sorted), count)
}

/// What the evaluator says of each Item, in order.
fn reference<'a>(items: &'a [Document], search: &Search) -> Vec<&'a Document> {
    let compiled = Compiled::new(search).unwrap();
    let mut found: Vec<(Vec<u8>, &Document)> = Vec::new();
    for item in items {
        if compiled.matches(item.root()).unwrap() {
            let mut key = Vec::new();
            compiled.sort_key(item.root(), &mut key).unwrap();
            found.push((key, item));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.into_iter().map(|(_, item)| item).collect()
}

const FILTERS: [&str; 44] = [
    "cloud < 20",
    "cloud <= 20.5 AND cloud >= 20.5",
    "20 > cloud",
    "NOT cloud < 20",
    "NOT (cloud < 20 AND platform = 'a')",
    "cloud = 0",
    "cloud <> 0",
    "cloud > 9007199254740992",
    "cloud < 1e300",
    "cloud = '7'",
    "cloud IN (0, 7, 9007199254740993)",
    "cloud BETWEEN 10 AND 20",
    "cloud BETWEEN 20 AND 10",
    "cloud IS NULL",
    "cloud IS NOT NULL",
    "cloud IS NULL OR count > 400",
    "count > 400 OR count < -400",
    "count = 3.5",
    "count >= 3.5 AND count < 7.5",
    "count + 1 > 490",
    "platform = 'sentinel-2a'",
    "platform = ''",
    "platform > 'sentinel'",
    "platform <= 'a'",
    "platform IN ('a', 'Ärger')",
    "platform LIKE 'sentinel%'",
    "platform LIKE 'sent_nel-2_'",
    "platform LIKE '%'",
    "platform LIKE '\u{10FFFF}%'",
    "CASEI(platform) = CASEI('ÄRGER')",
    "platform IS NULL AND cloud > 90",
    "view.sun > 6",
    "view.sun = 7",
    "properties.id = 'inner'",
    "id = 'i7'",
    "id LIKE 'i1%' AND collection = 'd'",
    "collection IN ('c', 'e') AND cloud < 5",
    "datetime > TIMESTAMP('2022-05-15T12:30:00.123456Z')",
    "datetime >= DATE('2023-01-01') AND datetime < DATE('2023-07-01')",
    "updated = TIMESTAMP('2024-01-01T00:00:00.5Z')",
    "updated > '2024-01-01T00:00:00Z'",
    "S_INTERSECTS(geometry, BBOX(170, -90, -170, 90))",
    "S_WITHIN(geometry, POLYGON((0 0, 90 0, 90 80, 0 80, 0 0)))",
    "S_DISJOINT(geometry, POLYGON((0 0, 90 0, 90 80, 0 80, 0 0))) AND cloud < 50",
];

const BOXES: [&str; 6] =
    ["-10,-10,10,10", "170,-90,-170,90", "0,0,0.5,0.5", "-180,-90,180,90", "5,5,6,6", "179,-85,180,85"];

const SPANS: [&str; 5] = [
    "2022-01-01/..",
    "../2021-06-01T00:00:00Z",
    "2022-05-15T12:30:00.123456Z/2022-06-01",
    "2025-06-01/2025-07-01",
    "2020-01-01",
];

const ORDERS: [&str; 9] =
    ["", "datetime", "-cloud", "cloud", "platform,-count", "-platform", "count", "-updated", "view.sun,id"];

/// Searches of all sorts, some of each part alone and many mixed.
fn searches() -> Vec<Search> {
    let filter = |text: &str| Some(Expr::parse(text).unwrap());
    let area = |text: &str| Area::parse(Some(text), None).unwrap();
    let datetime = |text: &str| Some(parse_datetime(text).unwrap());
    let mut all = vec![
        Search::default(),
        Search { ids: parse_ids("i1,i20,i300,nothing").unwrap(), ..Search::default() },
        Search { collections: parse_collections("d").unwrap(), ..Search::default() },
        Search { collections: parse_collections("nothing").unwrap(), ..Search::default() },
    ];
    all.extend(FILTERS.iter().map(|text| Search { filter: filter(text), ..Search::default() }));
    all.extend(BOXES.iter().map(|text| Search { area: area(text), ..Search::default() }));
    all.extend(SPANS.iter().map(|text| Search { datetime: datetime(text), ..Search::default() }));
    let mut random = Random(0x5EED);
    for number in 0..60 {
        let mut search = Search {
            max_items: (number % 3 > 0)
                .then(|| [0, 1, 3, 10, 100][usize::try_from(random.below(5)).unwrap()]),
            ..Search::default()
        };
        if random.below(2) == 0 {
            search.filter = filter(random.pick(&FILTERS));
        }
        if random.below(3) == 0 {
            search.area = area(random.pick(&BOXES));
        }
        if random.below(3) == 0 {
            search.datetime = datetime(random.pick(&SPANS));
        }
        let order = random.pick(&ORDERS);
        if !order.is_empty() {
            search.sortby = SortKey::parse_list(order).unwrap();
        }
        all.push(search);
    }
    all
}

fn assert_same(file: &GeoParquet, items: &[Document], searches: Vec<Search>) {
    for search in searches {
        let wanted = reference(items, &search);
        let (found, count) = answer(file, &search);
        assert_eq!(count, wanted.len() as u64, "{search:?}");
        let first = search.max_items.map_or(usize::MAX, |n| usize::try_from(n).unwrap());
        let wanted = &wanted[..wanted.len().min(first)];
        let ids = |list: &[&Document]| {
            list.iter().map(|item| item.root().get("id").unwrap().raw().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&found.iter().collect::<Vec<_>>()), ids(wanted), "{search:?}");
        assert!(found.iter().zip(wanted).all(|(found, wanted)| found == *wanted), "{search:?}");
    }
}

/// A row group of several pages, some of which are left out in between.
#[test]
fn pages_that_are_left_out_leave_the_others_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let item = |n: u32| {
        let text = format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"i{n}","geometry":null,"properties":{{"datetime":"2024-01-01T00:00:00Z","n":{n},"even":"{}"}},"links":[],"assets":{{}}}}"#,
            n.is_multiple_of(2)
        );
        Document::parse(text).unwrap()
    };
    let items: Vec<Document> = (0..4_000).map(item).collect();
    let options = Options { order: Order::Input, threads: 1, ..Options::default() };
    let file = GeoParquet::open(&write(&items, folder.path(), options), 1 << 20).unwrap();
    let filters =
        ["n < 100 OR n > 3900", "n BETWEEN 1500 AND 2500 AND even = 'true'", "even = 'true' AND n > 900"];
    let searches = filters.map(|filter| Search {
        filter: Some(Expr::parse(filter).unwrap()),
        sortby: SortKey::parse_list("-n").unwrap(),
        ..Search::default()
    });
    let first = searches.clone().map(|search| Search { max_items: Some(150), ..search });
    assert_same(&file, &items, searches.into_iter().chain(first).collect());
}

/// The same Items in a file of another program: no `stacyard` key, so that what it wrote is all there is.
#[test]
fn files_of_others_answer_as_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let items = catalog(3, 400, false);
    let ours =
        write(&items, folder.path(), Options { threads: 2, order: Order::Input, ..Options::default() });
    let theirs = folder.path().join("theirs.parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(ours).unwrap()).unwrap();
    let geo = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let geo = geo.iter().find(|pair| pair.key == "geo").unwrap().clone();
    // What it has not understood it has left out.
    let columns = reader.schema().fields().iter().map(|field| field.name().as_str());
    let columns: Vec<&str> = columns.filter(|name| *name != crate::layout::RESIDUAL).collect();
    let mask = ProjectionMask::columns(reader.parquet_schema(), columns);
    let reader = reader.with_projection(mask);
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(100)).build();
    let reader = reader.build().unwrap();
    let to = std::fs::File::create(&theirs).unwrap();
    let mut writer = ArrowWriter::try_new(to, reader.schema(), Some(properties)).unwrap();
    writer.append_key_value_metadata(geo);
    for batch in reader {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.close().unwrap();
    let file = GeoParquet::open(&theirs, 1 << 20).unwrap();
    let gate = stacyard_model::Gate::default();
    let mut items = documents(file.items().unwrap().as_mut());
    items.retain(|item| gate.item(item.root()).errors.is_empty());
    assert!(items.len() > 300, "{}", items.len());
    assert_same(&file, &items, searches());
}
