//! Catalogs and questions that stores find hard.

use proptest::prelude::*;
use stacyard_model::json::Document;

use super::Question;

/// A random number generator of the simplest sort (Marsaglia's xorshift64), so that every run sees the same Items.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.below(list.len() as u64)).unwrap_or(0);
        list[index]
    }
}

/// About so many Items, always the same of a seed, with all that makes searches hard: absent and null values, mixed types, numbers beyond doubles, ranges without
/// an instant, digits beyond microseconds, geometries that are null, empty, across the antimeridian or beside their box.
pub fn catalog(seed: u64, items: u64) -> Vec<Document> {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut keys = std::collections::HashSet::new();
    let documents = (0..items).filter_map(|number| Document::parse(item(&mut random, number)).ok());
    let documents = documents.filter(|document| {
        let key =
            ["id", "collection"].map(|name| document.root().get(name).map(|value| value.raw().to_owned()));
        keys.insert(key)
    });
    documents.collect()
}

fn item(random: &mut Random, number: u64) -> String {
    let geometry = geometry(random);
    let day = format!("202{}-0{}-1{}T", random.below(5), 1 + random.below(9), random.below(9));
    let clock =
        random.pick(&["00:00:00Z", "00:00:00Z", "12:30:00.123456789Z", "12:30:00.123456Z", "23:59:59+05:30"]);
    let time = match random.below(8) {
        0 => format!(
            r#""datetime":null,"start_datetime":"{day}00:00:00Z","end_datetime":"2026-01-01T00:00:00Z""#
        ),
        1 => format!(
            r#""datetime":"{day}{clock}","start_datetime":"2020-01-01T00:00:00Z","end_datetime":"{day}23:00:00Z""#
        ),
        _ => format!(r#""datetime":"{day}{clock}""#),
    };
    let mut properties = time;
    let cloud = match random.below(12) {
        0 => String::new(),
        1 => r#","cloud":null"#.to_owned(),
        2 => r#","cloud":0"#.to_owned(),
        3 => r#","cloud":"7""#.to_owned(),
        4 => r#","cloud":9007199254740993"#.to_owned(),
        5 => r#","cloud":-1e400"#.to_owned(),
        6 => r#","cloud":[1]"#.to_owned(),
        _ => format!(r#","cloud":{}.{}"#, random.below(100), random.below(10)),
    };
    properties += &cloud;
    properties += random.pick(&[
        "",
        r#","platform":"a""#,
        r#","platform":"sentinel-2a""#,
        r#","platform":"Sentinel-2B""#,
        r#","platform":"Ärger""#,
        ",\"platform\":\"\u{10FFFF}x%\"",
        r#","platform":"""#,
    ]);
    properties += random.pick(&["", r#","view":{"sun":5}"#, r#","view":{"sun":50.5}"#, r#","view.sun":7"#]);
    properties += random.pick(&["", "", r#","id":"inner""#, r#","type":3"#]);
    properties += random.pick(&[
        "",
        r#","tags":["x","y"]"#,
        r#","tags":[]"#,
        r#","tags":["y",null,1]"#,
        r#","tags":null"#,
    ]);
    properties += random.pick(&["", r#","flag":true"#, r#","flag":false"#, r#","flag":"true""#]);
    properties +=
        random.pick(&["", r#","title":"Methane plume","keywords":["Nord Stream"]"#, r#","title":"PLUME""#]);
    properties +=
        random.pick(&["", r#","updated":"2024-01-01T00:00:00Z""#, r#","updated":"2024-01-01T00:00:00.5Z""#]);
    let collection =
        random.pick(&["", r#""collection":"c","#, r#""collection":"d","#, r#""collection":"e","#]);
    let count = i64::try_from(random.below(1000)).unwrap_or(0) - 500;
    format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"i{}",{collection}{geometry},"properties":{{{properties},"count":{count}}},"links":[],"assets":{{"a":{{"href":"{number}"}}}}}}"#,
        number / 2
    )
}

fn geometry(random: &mut Random) -> String {
    let mut number_below = |end: u32| f64::from(u32::try_from(random.below(end.into())).unwrap_or(0));
    let (x, y) = (number_below(360) - 180.0, number_below(170) - 85.0);
    let (east, north) = (x + number_below(30) / 10.0, y + number_below(30) / 10.0);
    let square =
        |x: f64, east: f64| format!("[[[{x},{y}],[{east},{y}],[{east},{north}],[{x},{north}],[{x},{y}]]]");
    match random.below(12) {
        0 => r#""geometry":null"#.to_owned(),
        1 => format!(r#""geometry":{{"type":"Point","coordinates":[{x},{y}]}},"bbox":[{x},{y},{x},{y}]"#),
        2 => format!(
            r#""geometry":{{"type":"MultiPolygon","coordinates":[{},{}]}},"bbox":[179,{y},-179,{north}]"#,
            square(179.0, 180.0),
            square(-180.0, -179.0)
        ),
        3 => format!(r#""geometry":{{"type":"Polygon","coordinates":{}}},"bbox":[0,0,1,1]"#, square(x, east)),
        4 => r#""geometry":{"type":"GeometryCollection","geometries":[]},"bbox":[5,5,6,6]"#.to_owned(),
        5 => format!(
            r#""geometry":{{"type":"LineString","coordinates":[[{x},{y},7],[{east},{north},9]]}},"bbox":[{x},{y},7,{east},{north},9]"#
        ),
        _ => format!(
            r#""geometry":{{"type":"Polygon","coordinates":{}}},"bbox":[{x},{y},{east},{north}]"#,
            square(x, east)
        ),
    }
}

fn one_of(list: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    prop::sample::select(list.to_vec()).prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..100_u8).prop_map(|number| number.to_string()),
        (0..100_u8, 0..10_u8).prop_map(|(whole, tenths)| format!("{whole}.{tenths}")),
        one_of(&["-3", "0", "9007199254740992", "9007199254740993", "1e300", "-1e400", "7"]),
    ]
}

fn numeric() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![3 => one_of(&["cloud", "count", "view.sun", "properties.count"]), 1 => number()];
    leaf.prop_recursive(2, 4, 2, |inner| {
        (inner.clone(), one_of(&["+", "-", "*", "/", "%", "div", "^"]), inner)
            .prop_map(|(a, op, b)| if op == "^" { format!("({a} ^ 2)") } else { format!("({a} {op} {b})") })
    })
}

fn plain_text() -> impl Strategy<Value = String> {
    one_of(&["platform", "title", "id", "collection", "properties.id"])
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        plain_text(),
        one_of(&["CASEI(platform)", "ACCENTI(platform)", "lower(platform)", "upper(title)"]),
    ]
}

/// Comparisons of what a function makes of a text with what it makes of others: with another text they are an error.
fn folded() -> impl Strategy<Value = String> {
    let function = one_of(&["CASEI", "ACCENTI", "lower", "upper"]);
    let compared = one_of(&["= ", "<> ", "< ", ">= ", "LIKE ", "IN ("]);
    (function, one_of(&["platform", "title", "properties.id"]), compared, string()).prop_map(
        |(f, name, op, text)| {
            let close = if op == "IN (" { ")" } else { "" };
            format!("{f}({name}) {op}{f}({text}){close}")
        },
    )
}

fn string() -> impl Strategy<Value = String> {
    one_of(&[
        "''",
        "'a'",
        "'sentinel-2a'",
        "'Ärger'",
        "'i7'",
        "'d'",
        "'inner'",
        "CASEI('ÄRGER')",
        "'\u{10FFFF}x%'",
    ])
}

fn moment() -> impl Strategy<Value = String> {
    one_of(&[
        "datetime",
        "updated",
        "DATE('2022-05-15')",
        "TIMESTAMP('2022-05-15T12:30:00.123456789Z')",
        "TIMESTAMP('2024-01-01T00:00:00Z')",
        "INTERVAL('2021-01-01', '2022-12-31')",
        "INTERVAL('..', '2022-05-15T00:00:00Z')",
        "INTERVAL(start_datetime, end_datetime)",
        "INTERVAL('2023-01-01', '..')",
    ])
}

fn shape() -> impl Strategy<Value = String> {
    one_of(&[
        "BBOX(-10,-10,10,10)",
        "BBOX(170,-90,-170,90)",
        "BBOX(5,5,5,5)",
        "POINT(0 0)",
        "LINESTRING(-180 -80, 180 80)",
        "POLYGON((0 0, 90 0, 90 80, 0 80, 0 0), (10 10, 20 10, 20 20, 10 20, 10 10))",
        "MULTIPOINT((1 1), (2 2))",
        "geometry",
    ])
}

/// Predicates of every kind.
fn predicate() -> impl Strategy<Value = String> {
    let compare = || one_of(&["=", "<>", "<", "<=", ">", ">="]);
    let pattern = one_of(&["'sentinel%'", "'%'", "'_'", "'%2_'", "'i1%'", "'\u{10FFFF}%'", "''", r"'%\%'"]);
    let strings = prop::collection::vec(string(), 1..4).prop_map(|list| list.join(", "));
    let numbers = prop::collection::vec(number(), 1..4).prop_map(|list| list.join(", "));
    let spatial = one_of(&[
        "S_INTERSECTS",
        "S_EQUALS",
        "S_DISJOINT",
        "S_TOUCHES",
        "S_WITHIN",
        "S_OVERLAPS",
        "S_CROSSES",
        "S_CONTAINS",
    ]);
    let temporal = one_of(&[
        "T_AFTER",
        "T_BEFORE",
        "T_CONTAINS",
        "T_DISJOINT",
        "T_DURING",
        "T_EQUALS",
        "T_FINISHEDBY",
        "T_FINISHES",
        "T_INTERSECTS",
        "T_MEETS",
        "T_METBY",
        "T_OVERLAPPEDBY",
        "T_OVERLAPS",
        "T_STARTEDBY",
        "T_STARTS",
    ]);
    let array = one_of(&["A_EQUALS", "A_CONTAINS", "A_CONTAINEDBY", "A_OVERLAPS"]);
    let sets = one_of(&["()", "('x')", "('y', 'x', 'x')", "('x', 'y', 'z')", "(1, 'y')"]);
    let instants = one_of(&["datetime", "updated", "start_datetime"]);
    let instant =
        one_of(&["DATE('2022-05-15')", "TIMESTAMP('2022-05-15T12:30:00.123456Z')", "DATE('2024-01-01')"]);
    let written = || {
        one_of(&[
            "'2022-05-15T12:30:00.123456Z'",
            "'2022-05-15T12:30:00.123456000Z'",
            "'2024-01-01T01:00:00+01:00'",
            "'2024-01-01T00:00:00.500Z'",
            "'2021-03-13T00:00:00.000Z'",
        ])
    };
    let wrong =
        one_of(&["count = '5'", "tags = 'x'", "platform > 5", "view = 1", "cloud < '7' OR cloud < 7"]);
    let any = one_of(&["cloud", "platform", "flag", "tags", "geometry", "updated", "view.sun", "collection"]);
    prop_oneof![
        4 => (numeric(), compare(), numeric()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        3 => (plain_text(), compare(), string()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => folded(),
        2 => (instants, compare(), instant).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => (one_of(&["datetime", "updated", "end_datetime"]), compare(), written())
            .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        1 => (one_of(&["datetime", "updated"]), prop::collection::vec(written(), 1..4))
            .prop_map(|(a, list)| format!("{a} IN ({})", list.join(", "))),
        1 => wrong,
        1 => (text(), compare(), text()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        1 => (number(), compare(), numeric()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => (numeric(), number(), number()).prop_map(|(a, b, c)| format!("{a} BETWEEN {b} AND {c}")),
        2 => (plain_text(), strings).prop_map(|(a, list)| format!("{a} IN ({list})")),
        1 => (numeric(), numbers).prop_map(|(a, list)| format!("{a} NOT IN ({list})")),
        2 => (plain_text(), pattern).prop_map(|(a, pattern)| format!("{a} LIKE {pattern}")),
        2 => (any, one_of(&["IS NULL", "IS NOT NULL"])).prop_map(|(a, is)| format!("{a} {is}")),
        1 => one_of(&["flag", "flag = TRUE", "flag <> TRUE", "(cloud > 5) = flag", "TRUE", "FALSE"]),
        3 => (spatial, shape(), prop::bool::ANY).prop_map(|(op, shape, turned)| if turned {
            format!("{op}({shape}, geometry)")
        } else {
            format!("{op}(geometry, {shape})")
        }),
        2 => (temporal, moment(), moment()).prop_map(|(op, a, b)| format!("{op}({a}, {b})")),
        1 => (array, sets).prop_map(|(op, set)| format!("{op}(tags, {set})")),
    ]
}

fn filter() -> impl Strategy<Value = String> {
    predicate().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) AND ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) OR ({b})")),
            inner.prop_map(|a| format!("NOT ({a})")),
        ]
    })
}

/// Questions: mostly a filter, with other parts now and then.
pub(super) fn question() -> impl Strategy<Value = Question> {
    let sometimes = |weight: u32, part: BoxedStrategy<String>| prop_oneof![weight => Just(None), 1 => part.prop_map(Some)];
    let sortby = prop::collection::vec(
        (
            one_of(&["", "-"]),
            one_of(&[
                "datetime",
                "cloud",
                "platform",
                "count",
                "updated",
                "view.sun",
                "flag",
                "tags",
                "collection",
                "id",
            ]),
        )
            .prop_map(|(sign, name)| format!("{sign}{name}")),
        1..3,
    );
    let ids = prop::collection::vec((0..150_u8).prop_map(|number| format!("i{number}")), 1..30);
    (
        prop_oneof![1 => Just(None), 6 => filter().prop_map(Some)],
        sometimes(
            5,
            one_of(&[
                "-10,-10,10,10",
                "170,-90,-170,90",
                "0,0,0.5,0.5",
                "-180,-90,180,90",
                "5,5,6,6",
                "0,0,0,90",
            ])
            .boxed(),
        ),
        sometimes(
            5,
            one_of(&[
                "2022-01-01/..",
                "../2021-06-01T00:00:00Z",
                "2022-05-15T12:30:00.123456Z/2022-06-01",
                "2020-01-01",
            ])
            .boxed(),
        ),
        sometimes(9, one_of(&["c", "d,e", "nothing"]).boxed()),
        sometimes(9, ids.prop_map(|ids| ids.join(",")).boxed()),
        sometimes(9, one_of(&["plume", "nord stream,nothing", "METHANE PLUME"]).boxed()),
        sometimes(1, sortby.prop_map(|keys| keys.join(",")).boxed()),
        sometimes(2, one_of(&["0", "1", "3", "10", "100"]).boxed()),
    )
        .prop_map(|(filter, bbox, datetime, collections, ids, q, sortby, max_items)| {
            let flags = ["filter", "bbox", "datetime", "collections", "ids", "q", "sortby", "max-items"];
            let values = [filter, bbox, datetime, collections, ids, q, sortby, max_items];
            let parts = flags.into_iter().zip(values);
            parts.fold(Question::default(), |question, (flag, value)| match value {
                Some(value) => question.with(flag, value),
                None => question,
            })
        })
}
