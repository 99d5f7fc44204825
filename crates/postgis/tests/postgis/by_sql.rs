//! Rows that users write by SQL: each is an Item that says what its columns say, and is found by it.

use stacyard_store::{Known, Nowhere, Observer, Progress, Reject, Report, Run, Source as _, Transfer};

use super::*;

/// Runs SQL, in which `S.` is the schema.
fn run(url: &str, text: &str) -> Result<Vec<String>, String> {
    sql(url, &text.replace("S.", &format!("{}.", schema(url))))
}

fn made_schema() -> Option<String> {
    let url = fresh()?;
    stacyard_postgis::init(&Address::parse(&url).unwrap(), Wanted::default()).unwrap();
    Some(url)
}

/// What is wrong with what is set aside.
#[derive(Default)]
struct Rejects(Vec<String>);

impl Observer for Rejects {
    fn begin(&mut self, _: &str, _: Option<u64>) {}
    fn advance(&mut self, _: Progress) {}
    fn reject(&mut self, reject: &Reject<'_>) -> Result<(), Error> {
        self.0.extend(reject.findings.problems.iter().map(|p| format!("{} {}", p.pointer, p.message)));
        Ok(())
    }
}

/// What `validate` finds.
fn validated(url: &str) -> (Report, Vec<String>) {
    let mut rejects = Rejects::default();
    let source = PostGis::open(&Address::parse(url).unwrap()).unwrap().audit().unwrap();
    let transfer = Transfer {
        known: Known::default(),
        collections: stacyard_store::Collections::new(),
        old_collections: stacyard_store::Collections::new(),
        check: stacyard_store::Check {
            gate: Some(stacyard_model::Gate::default()),
            ..stacyard_store::Check::default()
        },
        mode: Mode::Insert,
        unique: true,
        search: None,
        must_lose_nothing: false,
        run: Run { observer: &mut rejects, ..Run::default() },
    };
    (transfer.run(source, stacyard_store::Old::Nothing, Nowhere).unwrap(), rejects.0)
}

/// An answer, and what is set aside.
type Aside<T> = (T, Vec<String>);

/// What `search` answers, and how many Items `--count` does; for each what is set aside.
fn asked(url: &str, flags: &[(&'static str, &str)]) -> (Aside<Vec<String>>, Aside<u64>) {
    let store = Store::from(PostGis::open(&Address::parse(url).unwrap()).unwrap());
    let query = Question::of(flags).search().unwrap().into();
    let (mut aside, mut uncounted) = (Rejects::default(), Rejects::default());
    let (mut answer, report) = store.find(&query, Run { observer: &mut aside, ..Run::default() }).unwrap();
    let mut ids = Vec::new();
    while let Some(work) = answer.next().unwrap() {
        let batch = work().unwrap();
        for &Record { start, end, .. } in &batch.records {
            let item = Document::parse_bytes(&batch.text[start as usize..end as usize]).unwrap();
            ids.push(key(&item).1);
        }
    }
    assert_eq!(
        (report.answered, report.rejected, report.read - report.filtered),
        (ids.len() as u64, aside.0.len() as u64, (ids.len() + aside.0.len()) as u64),
        "{flags:?}"
    );
    let counted = store.count(&query, Run { observer: &mut uncounted, ..Run::default() }).unwrap();
    assert_eq!(counted.rejected, uncounted.0.len() as u64, "{flags:?}");
    ((ids, aside.0), (counted.answered, uncounted.0))
}

/// Every answer is that of the Items that come out, all of which are valid and agree with their rows.
fn assert_sound(url: &str) {
    let (report, rejects) = validated(url);
    assert_eq!((report.rejected, rejects), (0, vec![]));
    let store = PostGis::open(&Address::parse(url).unwrap()).unwrap();
    conformance::compare(&store, &stored(url));
}

#[test]
fn a_plain_insert_makes_a_right_row() {
    let Some(url) = made_schema() else { return };
    run(
        &url,
        r#"INSERT INTO S.items (id, collection, geometry, properties, links, assets) VALUES ('a', 'c',
        ST_GeomFromText('POINT(1.25 2)', 4326), '{"datetime":"2024-06-01T02:00:00+02:00","x":1.50}',
        '[{"rel":"collection","href":"./c.json"}]', '{"data":{"href":"./a.tif"}}')"#,
    )
    .unwrap();
    // What object mappers send: NULL and the JSON null for what was not set, and times in the columns alone.
    run(
        &url,
        r"INSERT INTO S.items (id, collection, geometry, datetime, start_datetime, end_datetime, properties, bbox,
        stac_version, stac_extensions, geometry_text, links, assets, others, verbatim) VALUES ('b', NULL, NULL, NULL,
        '2024-06-01T00:00:00.5Z', '2024-06-02T00:00:00Z', '{}', 'null', NULL, 'null', NULL, 'null', NULL, 'null', NULL)",
    )
    .unwrap();
    let expected = [
        r#"{"type":"Feature","stac_version":"1.1.0","id":"a","collection":"c","geometry":{"type":"Point","coordinates":[1.25,2]},"bbox":[1.25,2,1.25,2],"properties":{"datetime":"2024-06-01T02:00:00+02:00","x":1.50},"links":[{"rel":"collection","href":"./c.json"}],"assets":{"data":{"href":"./a.tif"}}}"#,
        r#"{"type":"Feature","stac_version":"1.1.0","id":"b","geometry":null,"properties":{"datetime":null,"start_datetime":"2024-06-01T00:00:00.5Z","end_datetime":"2024-06-02T00:00:00Z"},"links":[],"assets":{}}"#,
    ];
    assert_eq!(stored(&url), expected.map(|text| Document::parse(text).unwrap()));
    assert_sound(&url);
}

/// Rows that SQL has written go through the gate where they may answer, as those of another writer's file do.
#[test]
fn what_sql_has_made_invalid_is_no_answer() {
    for partition in [None, Some("c".to_owned())] {
        let Some(url) = fresh() else { return };
        let partitions: Vec<String> = partition.into_iter().collect();
        let wanted = Wanted { partitions: &partitions, ..Wanted::default() };
        stacyard_postgis::init(&Address::parse(&url).unwrap(), wanted).unwrap();
        let of = |id: &str, n: u32| {
            let text = item(id, r#","collection":"c""#, &format!(r#","n":{n}"#)).text().to_owned();
            Document::parse(text.replace("2024-06-01", &format!("2024-06-{n:02}"))).unwrap()
        };
        let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let items: Vec<Document> = ids.iter().zip(1..).map(|(id, n)| of(id, n)).collect();
        load(&url, &items, Mode::Insert);
        run(
            &url,
            r#"UPDATE S.items SET assets = '{"data":{"type":"image/tiff"}}' WHERE id = 'b';
            UPDATE S.items SET stac_version = '7' WHERE id = 'd';
            UPDATE S.items SET id = '' WHERE id = 'f';
            UPDATE S.items SET links = '[{"rel":"self"}]' WHERE id = 'g';
            UPDATE S.items SET properties = properties || '{"title":"right"}' WHERE id = 'c'"#,
        )
        .unwrap();
        let all = ["h", "e", "c", "a"].map(str::to_owned).to_vec();
        let pointers = |aside: &[String]| {
            let mut pointers: Vec<_> =
                aside.iter().map(|said| said.split(' ').next().unwrap().to_owned()).collect();
            pointers.sort();
            pointers
        };
        let wrong = ["/assets/data", "/id", "/links/0", "/stac_version"];
        // As SQL counts, as the evaluator does, in the order of an index and in another.
        for flags in [
            &[][..],
            &[("filter", "n >= 1")],
            &[("filter", "CASEI(id) <> 'x'")],
            &[("filter", "title = 'right' OR n > 0")],
        ] {
            let ((found, aside), (counted, uncounted)) = asked(&url, flags);
            assert_eq!((&found, counted), (&all, 4), "{flags:?}");
            assert_eq!(pointers(&aside), wrong, "{flags:?}: {aside:?}");
            assert_eq!(pointers(&uncounted), wrong, "{flags:?}: {uncounted:?}");
            for most in 1..=5 {
                let most_text = most.to_string();
                let first = [flags, &[("max-items", most_text.as_str())]].concat();
                assert_eq!(asked(&url, &first).0.0, all[..all.len().min(most)], "{first:?}");
            }
        }
        // What is looked at is set aside: between the first and the second of them are two that are not valid.
        assert_eq!(pointers(&asked(&url, &[("max-items", "2")]).0.1), ["/id", "/links/0"]);
        assert_eq!(asked(&url, &[("filter", "n > 7")]), ((vec!["h".to_owned()], vec![]), (1, vec![])));
        // The gate of a load sees them again.
        let report = validated(&url).0;
        assert_eq!((report.written, report.rejected), (4, 4));
        // What a load writes is valid; as is one that would not be written, since it stays the same.
        let by_sql = || run(&url, "SELECT count(*) FROM S.items WHERE written_by = 'sql'").unwrap();
        assert_eq!(by_sql(), ["5"]);
        run(&url, "DELETE FROM S.items WHERE id = ''; UPDATE S.items SET written_by = 'copy' WHERE id = 'a'")
            .unwrap();
        assert_eq!(by_sql(), ["5"], "SQL cannot say that it is a load");
        load(&url, &items, Mode::Upsert);
        assert_eq!(by_sql(), ["0"]);
        assert_eq!(asked(&url, &[]).1, (8, vec![]));
        // Where a trigger of the user may change what a load brings, the gate has not seen the row.
        run(
            &url,
            "CREATE FUNCTION S.mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.id = 'b' THEN NEW.stac_version := '7'; END IF; RETURN NEW; END $$;
             CREATE TRIGGER mine BEFORE INSERT OR UPDATE ON S.items FOR EACH ROW EXECUTE FUNCTION S.mine()",
        )
        .unwrap();
        load(&url, &items[1..3], Mode::Replace);
        let ((found, aside), (counted, _)) = asked(&url, &[]);
        assert_eq!(
            (found, pointers(&aside), counted),
            (vec!["c".to_owned()], vec!["/stac_version".to_owned()], 1)
        );
    }
}

#[test]
fn an_update_leaves_nothing_behind() {
    let Some(url) = made_schema() else { return };
    load(&url, &[item("a", "", r#","x":1e2"#), item("b", "", "")], Mode::Insert);
    let store = PostGis::open(&Address::parse(&url).unwrap()).unwrap();
    let found = |flag, value: &str| conformance::ask(&store, &Question::of(&[(flag, value)])).unwrap();
    let a = (vec!["a".to_owned()], 1);
    let update = |sets: &str| run(&url, &format!("UPDATE S.items SET {sets} WHERE id = 'a'")).map(|_| ());
    update(r#"properties = properties || '{"datetime":"2020-01-01T00:00:00.1234567Z"}'"#).unwrap();
    assert_eq!(found("datetime", "2020-01-01T00:00:00.1234567Z"), a);
    update("geometry = ST_SetSRID(ST_MakePoint(-71.5, 40.125), 4326)").unwrap();
    assert_eq!(found("bbox", "-72,40,-71,41"), a);
    assert_eq!(found("filter", "S_INTERSECTS(geometry, POINT(-71.5 40.125))"), a);
    // A column of its own: what the Item says follows it.
    update("datetime = '2019-05-05T12:00:00+02'").unwrap();
    assert_eq!(found("filter", "datetime = TIMESTAMP('2019-05-05T10:00:00Z')"), a);
    // Properties that leave the time out keep it; others win over the column.
    update(r#"properties = '{"y":1}'"#).unwrap();
    assert_eq!(found("datetime", "2019-05-05T10:00:00Z"), a);
    update(r#"datetime = '2018-01-01Z', properties = '{"datetime":"2017-01-01T00:00:00Z"}'"#).unwrap();
    assert_eq!(found("datetime", "2017-01-01T00:00:00Z"), a);
    update(r#"geometry_text = '{"type":"Point","coordinates":[5,6,7]}'"#).unwrap();
    assert_eq!(found("bbox", "5,6,5,6"), a);
    update("geometry = NULL").unwrap();
    assert_eq!(found("filter", "geometry IS NULL"), a);
    update("extent_start = 0, extent_end = 0, id = 'c'").unwrap();
    assert_eq!(found("datetime", "1970-01-01T00:00:00Z").1, 0);
    assert_sound(&url);
}

#[test]
fn what_cannot_be_an_item_is_refused() {
    let Some(url) = made_schema() else { return };
    load(&url, &[item("a", "", "")], Mode::Insert);
    let mut said = Vec::new();
    for sets in [
        r#"properties = '{"datetime":"June"}'"#,
        r#"properties = '{"datetime":null}'"#,
        r#"properties = '{"datetime":null,"start_datetime":"2024-06-02T00:00:00Z","end_datetime":"2024-06-01T00:00:00Z"}'"#,
        "properties = '[]'",
        "datetime = 'infinity'",
        "geometry = ST_SetSRID(ST_MakePoint('NaN', 0), 4326)",
        "geometry_text = '{}'",
        "others = '[]'",
    ] {
        let error = run(&url, &format!("UPDATE S.items SET {sets}")).unwrap_err();
        said.push(
            error.split("message: ").nth(1).unwrap().split(", detail").next().unwrap().replace('\\', ""),
        );
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    "the Item 'a' cannot be: its times are {"datetime": "June"}"
    "the Item 'a' cannot be: its times are {"datetime": null}"
    "the Item 'a' cannot be: its times are {"datetime": null, "end_datetime": "2024-06-01T00:00:00Z", "start_datetime": "2024-06-02T00:00:00Z"}"
    "the Item 'a' cannot be: properties and assets are objects, links an array"
    "the Item 'a' cannot be: datetime is beyond the years 1 to 9999"
    "GeoJSON cannot say this geometry: POINT(NaN 0)"
    "the Item 'a' cannot be: geometry_text is no geometry"
    "the Item 'a' cannot be: others is no object"
    "#);
    assert_eq!(stored(&url), [item("a", "", "")]);
}

/// Triggers of users come before ours, also in a load.
#[test]
fn what_a_trigger_of_the_user_changes_is_derived_from() {
    let Some(url) = made_schema() else { return };
    run(
        &url,
        "CREATE FUNCTION S.mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         NEW.properties := NEW.properties || '{\"datetime\":\"2001-01-01T00:00:00Z\"}'; RETURN NEW; END $$;
         CREATE TRIGGER mine BEFORE INSERT OR UPDATE ON S.items FOR EACH ROW EXECUTE FUNCTION S.mine()",
    )
    .unwrap();
    for (mode, x) in [(Mode::Insert, "1e2"), (Mode::Upsert, "2e2")] {
        load(&url, &[item("a", "", &format!(r#","x":{x}"#))], mode);
        let (report, rejects) = validated(&url);
        assert_eq!((report.rejected, rejects), (0, vec![]), "{mode:?}");
        let store = PostGis::open(&Address::parse(&url).unwrap()).unwrap();
        let question = Question::of(&[("datetime", "2001-01-01T00:00:00Z")]);
        assert_eq!(conformance::ask(&store, &question).unwrap().1, 1);
    }
}

/// Items stay exactly as they are given where a trigger of the user changes nothing, whatever they were before.
#[test]
fn a_trigger_of_the_user_that_changes_nothing_changes_nothing() {
    let Some(url) = made_schema() else { return };
    run(
        &url,
        "CREATE FUNCTION S.mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
         CREATE TRIGGER mine BEFORE INSERT OR UPDATE ON S.items FOR EACH ROW EXECUTE FUNCTION S.mine()",
    )
    .unwrap();
    let with = |id: &str, geometry: &str, bbox: &str, x: &str| {
        let text = item(id, "", &format!(r#","x":{x}"#)).text().to_owned();
        let text = text.replace(r#"{"type":"Point","coordinates":[1,2.5]}"#, geometry);
        Document::parse(text.replace("[1,2.5,1,2.5]", bbox)).unwrap()
    };
    let point = |at: &str| format!(r#"{{"type":"Point","coordinates":[{at}]}}"#);
    let version = |at: &str, x: &str| {
        let mut items = vec![
            with("rounded", &point(at), "[0,0,10,10]", x),
            with("heights", &point(&format!("{at},7.0")), "[0,0,-1,10,10,9]", x),
            with("negative", &point(&format!("{at},-0")), "[-0.0,0,10,1e1]", x),
            with("minus", &point("-0.0,-0"), "[0,0,1,1]", x),
            with("empty", r#"{"type":"Point","coordinates":[]}"#, "[0,0,1,1]", x),
            with("none", "null", "[0,0,1,1]", x),
        ];
        // The same Items with the values of others.
        let others = conformance::catalog(if x == "1e2" { 21 } else { 22 }, 200);
        items.extend(others);
        items
    };
    let assert_exact = |items: &[Document]| {
        let back = stored(&url);
        let back: std::collections::BTreeMap<_, _> = back.iter().map(|item| (key(item), item)).collect();
        for item in items {
            let back = back[&key(item)];
            assert!(item.text() == back.text() || item == back, "{}\n{}", item.text(), back.text());
        }
    };
    let (first, second) = (version("1.5,2", "1e2"), version("3,4.50", "2e2"));
    for (items, mode) in
        [(&first, Mode::Insert), (&second, Mode::Upsert), (&first, Mode::Replace), (&second, Mode::Replace)]
    {
        assert_eq!(load(&url, items, mode), [], "{mode:?}");
        assert_exact(items);
    }
    assert_eq!(
        run(&url, "SELECT count(*) FROM S.items WHERE verbatim IS NULL AND id = 'rounded'").unwrap(),
        ["0"]
    );
}

#[test]
fn rows_that_disagree_with_themselves_are_found_and_can_be_mended() {
    let Some(url) = made_schema() else { return };
    let ids = ["agrees", "datetime", "extent", "geometry", "whole"];
    let items: Vec<_> = ids.iter().map(|id| item(id, "", r#","x":1e2"#)).collect();
    load(&url, &items, Mode::Insert);
    // As a server does that replays the changes of another.
    run(
        &url,
        "SET session_replication_role = replica;
         UPDATE S.items SET datetime = '2001-01-01Z' WHERE id = 'datetime';
         UPDATE S.items SET extent_end = extent_end + 1 WHERE id = 'extent';
         UPDATE S.items SET geometry = ST_SetSRID(ST_MakePoint(7, 8), 4326) WHERE id = 'geometry';
         UPDATE S.items SET properties = properties || '{\"x\":2}' WHERE id = 'whole'",
    )
    .unwrap();
    let (report, rejects) = validated(&url);
    assert_eq!(report.rejected, 4);
    insta::assert_snapshot!(rejects.join("\n"), @r"
    /properties/datetime the column datetime of its row says something else; make the row anew: UPDATE items SET id = id WHERE ..
    /properties the column extent_end of its row says something else; make the row anew: UPDATE items SET id = id WHERE ..
    /geometry the column geometry of its row says something else; make the row anew: UPDATE items SET id = id WHERE ..
     the column verbatim of its row says something else; make the row anew: UPDATE items SET id = id WHERE ..
    ");
    run(&url, "UPDATE S.items SET id = id").unwrap();
    assert_sound(&url);
    assert_eq!(stored(&url).len(), 5);
}

/// A database that earlier versions have made, with rows that SQL has left behind.
#[test]
fn older_tables_are_mended_and_right_rows_stay_as_they_are() {
    let Some(url) = made_schema() else { return };
    let mut items = conformance::catalog(12, 200);
    items.push(item("odd", "", r#","x":-0.0,"y":1e2"#));
    load(&url, &items, Mode::Insert);
    // What the second version had.
    run(
        &url,
        "DROP TRIGGER zz_stacyard ON S.items; DROP FUNCTION S.stacyard_row, S.stacyard_agrees, S.stacyard_bbox,
         S.stacyard_geometry, S.stacyard_geojson, S.stacyard_extent, S.stacyard_seconds;
         ALTER TABLE S.items ALTER collection DROP DEFAULT, ALTER stac_version DROP DEFAULT, ALTER geometry_text DROP DEFAULT,
         ALTER properties DROP DEFAULT, ALTER links DROP DEFAULT, ALTER assets DROP DEFAULT;
         ALTER TABLE S.items DROP COLUMN written_by;
         DELETE FROM S.stacyard_migrations WHERE version >= 3",
    )
    .unwrap();
    let address = Address::parse(&url).unwrap();
    let versions = "SELECT xmin FROM S.items ORDER BY collection, id";
    let before = run(&url, versions).unwrap();
    stacyard_postgis::init(&address, Wanted::default()).unwrap();
    assert_eq!(run(&url, versions).unwrap(), before, "rows that are right were written");
    assert_sound(&url);
    run(
        &url,
        "SET session_replication_role = replica; DELETE FROM S.stacyard_migrations WHERE version >= 3;
         ALTER TABLE S.items DROP COLUMN written_by;
         UPDATE S.items SET properties = properties || '{\"datetime\":\"2001-01-01T00:00:00Z\",\"start_datetime\":null,\"end_datetime\":null}',
         geometry = ST_SetSRID(ST_MakePoint(7, 8), 4326) WHERE id IN (SELECT id FROM S.items LIMIT 20);
         DROP TRIGGER zz_stacyard ON S.items; DROP FUNCTION S.stacyard_row, S.stacyard_agrees, S.stacyard_bbox,
         S.stacyard_geometry, S.stacyard_geojson, S.stacyard_extent, S.stacyard_seconds",
    )
    .unwrap();
    assert!(stacyard_postgis::plan(&address, Wanted::default()).unwrap().contains("TRIGGER zz_stacyard"));
    stacyard_postgis::init(&address, Wanted::default()).unwrap();
    let store = PostGis::open(&address).unwrap();
    conformance::compare(&store, &stored(&url));
    assert!(!validated(&url).1.iter().any(|said| said.contains("its row")));
}

/// Numbers that follow from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }

    fn time(&mut self) -> String {
        let (year, day, hour) = (1960 + self.below(80), 1 + self.below(28), self.below(24));
        let end = self.of(&["Z", "z", ".5Z", ".123456789Z", "+02:00", ".1234567-11:30"]);
        format!("{year}-0{}-{day:02}T{hour:02}:00:00{end}", 1 + self.below(9))
    }

    fn geometry(&mut self) -> String {
        let (x, y) = (self.below(36_000), self.below(18_000));
        let (x, y) = (format!("{x} / 100.0 - 180"), format!("{y} / 100.0 - 90"));
        match self.below(4) {
            0 => "NULL".to_owned(),
            1 => format!(
                "ST_Envelope(ST_Buffer(ST_SetSRID(ST_MakePoint(({x}) / 2, ({y}) / 2), 4326), {}))",
                1 + self.below(9)
            ),
            2 => format!("ST_SetSRID(ST_MakeLine(ST_MakePoint({x}, {y}), ST_MakePoint(0.1, 1e-7)), 4326)"),
            _ => format!("ST_SetSRID(ST_MakePoint({x}, {y}), 4326)"),
        }
    }

    /// An edit of a row.
    fn edit(&mut self) -> String {
        match self.below(9) {
            0 => format!("properties = properties || '{{\"datetime\":\"{}\"}}'", self.time()),
            1 => format!("datetime = '{}'", self.time()),
            2 => {
                let (start, end) = (self.time(), self.time());
                format!(
                    "start_datetime = least('{start}', '{end}'::timestamptz), end_datetime = greatest('{start}', '{end}'::timestamptz)"
                )
            }
            3 => "start_datetime = NULL, end_datetime = NULL".to_owned(),
            4 => format!("geometry = {}", self.geometry()),
            5 => format!(
                "geometry = {}, properties = properties || '{{\"count\":{}}}'",
                self.geometry(),
                self.below(9)
            ),
            6 => {
                let (name, values): (&str, &[&str]) = match self.below(4) {
                    0 => ("platform", &["\"a\"", "\"Sentinel\""]),
                    1 => ("updated", &["\"2024-01-01T00:00:00Z\"", "\"2024-01-01T02:00:00.5+02:00\""]),
                    2 => ("cloud", &["1", "2.50", "1e2", "null", "[1]", "true"]),
                    _ => ("count", &["3", "1e-7", "-0", "\"a\"", "{}"]),
                };
                format!("properties = properties || '{{\"{name}\":{}}}'", self.of(values))
            }
            7 => format!(
                "properties = properties - '{}'",
                self.of(&["datetime", "end_datetime", "cloud", "title"])
            ),
            _ => format!("{} = {0}", self.of(&["verbatim", "others", "assets", "bbox"])),
        }
    }
}

#[test]
fn random_edits_by_sql_are_answered_as_their_copy() {
    let Some(url) = made_schema() else { return };
    let seed = std::env::var("STACYARD_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    println!("STACYARD_SEED={seed}");
    let mut random = Random(seed);
    load(&url, &conformance::catalog(seed, 120), Mode::Insert);
    load(&url, &[item("odd", "", r#","x":1e2"#)], Mode::Insert);
    let mut taken = 0;
    for number in 0..150 {
        let edit = random.edit();
        let edit = match random.below(5) {
            0 => format!(
                "INSERT INTO S.items (collection, id, geometry, properties, datetime) VALUES ('sql', 'n{number}', {}, \
                 '{{\"count\":{number}}}', '{}')",
                random.geometry(),
                random.time()
            ),
            1 => format!(
                "INSERT INTO S.items (collection, id, geometry, geometry_text, properties, verbatim, others, extent_start) SELECT \
                 'copied', 'n{number}', geometry, geometry_text, properties, verbatim, others, extent_end FROM S.items \
                 ORDER BY md5(id || '{number}') LIMIT 1 ON CONFLICT (collection, id) DO UPDATE SET properties = excluded.properties"
            ),
            _ => format!(
                "UPDATE S.items SET {edit} WHERE (collection, id) IN (SELECT collection, id FROM S.items \
                 ORDER BY md5(id || '{number}') LIMIT 3)"
            ),
        };
        // Some are refused as a whole, as a range that would have one end.
        match run(&url, &edit) {
            Ok(_) => taken += 1,
            Err(error) => assert!(error.contains("cannot be: its times are"), "{edit}\n{error}"),
        }
    }
    assert!(taken > 75, "{taken}");
    assert_sound(&url);
}
