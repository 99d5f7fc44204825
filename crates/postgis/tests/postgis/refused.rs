//! What a database does not allow or take, and how that is said.

use super::*;

/// An error as people see it, without what differs from run to run.
pub(super) fn shown(error: &Error, url: &str) -> String {
    let place = url.split_once('@').unwrap().1.split_once('?').unwrap().0;
    format!("{error}\n  help: {}", error.advice().map_or_else(|| "nothing".to_owned(), ToString::to_string))
        .replace(schema(url), "SCHEMA")
        .replace(place, "PLACE")
}

/// The same address for a new role of this test's own.
fn as_role(url: &str) -> String {
    let role = format!("role_{}", schema(url));
    sql(url, &format!("CREATE ROLE {role} LOGIN")).unwrap();
    format!("postgis://{role}@{}", url.split_once('@').unwrap().1)
}

#[test]
fn rights_that_are_missing_are_named() {
    let Some(url) = fresh() else { return };
    load(&url, &[item("a", "", "")], Mode::Insert);
    let theirs = as_role(&url);
    let address = Address::parse(&theirs).unwrap();
    insta::assert_snapshot!(shown(&PostGis::open(&address).err().unwrap(), &theirs), @r"
    cannot look at the schema: permission denied for schema SCHEMA
      help: ask the owner of the database for this right, or connect as another user
    ");
    let grant = |what: &str| {
        let role = format!("role_{}", schema(&url));
        sql(&url, &format!("GRANT {what} TO {role}").replace("S.", &format!("{}.", schema(&url)))).unwrap()
    };
    grant(&format!("USAGE ON SCHEMA {}", schema(&url)));
    grant("SELECT ON S.items, S.collections, S.stacyard_migrations, S.stacyard_profile");
    assert!(PostGis::open(&address).unwrap().items().unwrap().next().unwrap().is_some());
    let mut said = Vec::new();
    for mode in [Mode::Insert, Mode::Upsert, Mode::Replace] {
        let error = try_load(&address, &[item("b", "", "")], mode, &Collections::new()).unwrap_err();
        said.push(shown(&error, &theirs));
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    cannot load into postgis://role_SCHEMA@PLACE?schema=SCHEMA: permission denied for table items
      help: ask the owner of the database for this right, or connect as another user
    cannot load into postgis://role_SCHEMA@PLACE?schema=SCHEMA: permission denied for table items
      help: ask the owner of the database for this right, or connect as another user
    cannot load into postgis://role_SCHEMA@PLACE?schema=SCHEMA: permission denied for table items
      help: ask the owner of the database for this right, or connect as another user; nothing was replaced
    ");
    // Who may insert need not have the right to make temporary tables, until an Item is there already.
    grant("INSERT ON S.items");
    assert_eq!(try_load(&address, &[item("b", "", "")], Mode::Insert, &Collections::new()).unwrap(), []);
    let other = Address::parse(&theirs.replace("?schema=", "?schema=other_")).unwrap();
    insta::assert_snapshot!(shown(&stacyard_postgis::init(&other, Wanted::default()).unwrap_err(), &theirs), @r"
    cannot prepare the schema: permission denied for database stacyard
      help: ask the owner of the database for this right, or connect as another user
    ");
    sql(&url, &format!("DROP OWNED BY role_{0}; DROP ROLE role_{0}", schema(&url))).unwrap();
}

#[test]
fn databases_without_the_right_postgis_are_refused() {
    let Some(url) = fresh() else { return };
    let name = format!("scratch_{}", schema(&url));
    sql(&url, &format!("CREATE DATABASE {name}")).unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    let scratch = format!("{server}/{name}?schema=stac");
    let address = Address::parse(&scratch).unwrap();
    let refused = || stacyard_postgis::init(&address, Wanted::default()).unwrap_err().to_string();
    let none = shown(&stacyard_postgis::init(&address, Wanted::default()).unwrap_err(), &scratch);
    sql(&scratch, "CREATE EXTENSION postgis").unwrap();
    sql(&scratch, "UPDATE pg_extension SET extversion = '2.5.0' WHERE extname = 'postgis'").unwrap();
    let old = shown(&stacyard_postgis::init(&address, Wanted::default()).unwrap_err(), &scratch);
    sql(&scratch, "UPDATE pg_extension SET extversion = 'unpackaged' WHERE extname = 'postgis'").unwrap();
    assert!(refused().contains("PostGIS unpackaged is too old"), "{}", refused());
    sql(&url, &format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    insta::assert_snapshot!(format!("{none}\n{old}"), @r"
    the database has no PostGIS
      help: let a superuser run CREATE EXTENSION postgis in it (Debian: package postgresql-15-postgis-3)
    PostGIS 2.5.0 is too old
      help: install version 3 or newer
    ");
}

/// PostGIS takes what the gate lets in; a constraint of one's own may ask for more.
#[test]
fn geometries_that_a_constraint_refuses_are_named_and_the_others_go_in() {
    let Some(url) = fresh() else { return };
    stacyard_postgis::init(&Address::parse(&url).unwrap(), Wanted::default()).unwrap();
    let check = "ALTER TABLE S.items ADD CONSTRAINT valid CHECK (ST_IsValid(geometry))";
    sql(&url, &check.replace("S.", &format!("{}.", schema(&url)))).unwrap();
    let with = |id: &str, geometry: &str| {
        let text = item(id, "", "").text().replacen(r#"{"type":"Point","coordinates":[1,2.5]}"#, geometry, 1);
        let item = Document::parse(text).unwrap();
        assert!(stacyard_model::Gate::default().item(item.root()).is_accepted(), "{id}");
        item
    };
    let items = [
        item("a", "", ""),
        with("bow tie", r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}"#),
        with("large", r#"{"type":"Point","coordinates":[1e308,-1e308]}"#),
        with("empty", r#"{"type":"MultiPolygon","coordinates":[[]]}"#),
    ];
    let refused = load(&url, &items, Mode::Insert);
    assert_eq!((refused.len(), refused[0].item), (1, 1), "{refused:?}");
    let said = said(&refused[0]);
    insta::assert_snapshot!(said, @r#"
    the database refuses it: new row for relation "items" violates check constraint "valid"
    "#);
    assert_eq!(stored(&url).len(), 3);
}

/// The names of others are never SQL, whichever way a batch takes.
#[test]
fn names_are_never_sql_on_any_way_into_the_table() {
    let Some(url) = fresh() else { return };
    let url = format!("{url}%27%3B%20DROP%20TABLE%20items%3B--%22");
    let evil = "'); DROP TABLE items; --\\\"$1\\u0027";
    let evil = |x: &str| {
        item(
            evil,
            &format!(r#","collection":"{evil}","{evil}":1"#),
            &format!(r#","{evil}":"{evil}","x":{x}"#),
        )
    };
    let address = Address::parse(&url).unwrap();
    stacyard_postgis::init(&address, Wanted::default()).unwrap();
    let name = "'); DROP TABLE collections; --\"$1";
    let collections = Collections::from([(name.to_owned(), serde_json::json!({ "id": name }))]);
    for (mode, x, why) in [
        (Mode::Insert, "1", None),
        (Mode::Insert, "1", Some(Why::Taken)),
        (Mode::Resume, "1", Some(Why::Present)),
        (Mode::Ignore, "2", Some(Why::Taken)),
        (Mode::Upsert, "2", None),
        (Mode::Replace, "3", None),
    ] {
        let items = [evil(x), item("other", "", "")];
        let refused = try_load(&address, &items, mode, &collections).unwrap();
        assert_eq!(
            refused.into_iter().find(|refused| refused.item == 0).map(|refused| refused.why),
            why,
            "{mode:?}"
        );
    }
    let back = stored(&url);
    assert!(back.len() == 2 && back.contains(&evil("3")), "{back:?}");
    let store = PostGis::open(&address).unwrap();
    assert_eq!(store.collections().unwrap(), collections);
}

/// Many refusals cost no attempt each, and lead to the field.
#[test]
fn refusals_are_found_in_sets_and_lead_to_the_field() {
    let Some(url) = fresh() else { return };
    let run = |text: &str| sql(&url, &text.replace("S.", &format!("{}.", schema(&url)))).unwrap();
    let address = Address::parse(&url).unwrap();
    stacyard_postgis::init(&address, Wanted::default()).unwrap();
    run("CREATE TABLE S.facilities (id text PRIMARY KEY); INSERT INTO S.facilities VALUES ('f1')");
    let profile = format!(
        "collections = ['plumes']\n[fields.\"mars:facility\"]\ntype = 'string'\n\
         references = {{ table = '{}.facilities', column = 'id', on_delete = 'restrict' }}\n\
         [fields.\"mars:rate\"]\ntype = 'number'\nminimum = 0",
        schema(&url)
    );
    let profile = stacyard_model::Profile::parse(&profile).unwrap();
    stacyard_postgis::init(&address, Wanted { profile: Some(&profile), ..Wanted::default() }).unwrap();
    run("ALTER TABLE S.items ADD CONSTRAINT short CHECK (length(id) < 20);
         CREATE TABLE S.known (id text PRIMARY KEY); INSERT INTO S.known VALUES ('plumes');
         ALTER TABLE S.items ADD FOREIGN KEY (collection) REFERENCES S.known;
         CREATE SEQUENCE S.tries;
         CREATE FUNCTION S.note() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM nextval('S.tries'); RETURN NULL; END $$;
         CREATE TRIGGER note BEFORE INSERT ON S.items FOR EACH STATEMENT EXECUTE FUNCTION S.note()");
    let of = |id: &str, collection: &str, properties: &str| {
        item(id, &format!(r#","collection":"{collection}""#), properties)
    };
    let items: Vec<Document> = (0..600)
        .map(|n| match n % 6 {
            0 => of(&format!("f{n}"), "plumes", r#","mars:facility":"f2""#),
            1 => of(&format!("r{n}"), "plumes", r#","mars:rate":-1"#),
            2 => of(&format!("c{n}"), "unknown", ""),
            3 => of(&format!("a name that is too long {n}"), "plumes", ""),
            4 if n < 12 => of(&format!("n{n}"), "plumes", r#","a":{"b/c":["x","\u0000"]}"#),
            5 if n < 12 => of(&format!("h{n}"), "plumes", r#","huge":1e999999999"#),
            _ => of(&format!("g{n}"), "plumes", r#","mars:facility":"f1","mars:rate":1"#),
        })
        .collect();
    for mode in [Mode::Insert, Mode::Upsert, Mode::Replace] {
        run("SELECT setval('S.tries', 1, false)");
        let mut sink = PostGisSink::create(&address, mode).unwrap();
        let rows = rows(&items, &sink);
        sink.write(rows).unwrap();
        let refused = sink.settled(true).unwrap().unwrap();
        sink.finish().unwrap();
        let tries: u32 = run("SELECT last_value FROM S.tries")[0].parse().unwrap();
        assert!(tries < 12, "{mode:?}: {tries}");
        let wrong: Vec<_> = refused
            .iter()
            .filter_map(|refused| match &refused.why {
                Why::Wrong(problem) => Some((refused.item, problem)),
                Why::Taken | Why::Present => None,
            })
            .collect();
        assert_eq!(wrong.len(), 404, "{mode:?}");
        let first: Vec<String> = (0..6)
            .map(|kind| {
                let (_, problem) = wrong.iter().find(|(item, _)| item % 6 == kind).unwrap();
                format!("{} {}", problem.pointer, problem.message)
            })
            .collect();
        insta::allow_duplicates!(
            insta::assert_snapshot!(first.join("\n").replace(schema(&url), "SCHEMA"), @r#"
        /properties/mars:facility the database refuses it: insert or update on table "items" violates foreign key constraint "items_mars_facility_fkey" (Key (mars_facility)=(f2) is not present in table "facilities".)
        /properties/mars:rate the database refuses it: new row for relation "items" violates check constraint "items_mars_rate_profile"
        /collection the database refuses it: insert or update on table "items" violates foreign key constraint "items_collection_fkey" (Key (collection)=(unknown) is not present in table "known".)
        /id the database refuses it: new row for relation "items" violates check constraint "short"
        /properties/a/b~1c/1 the database refuses it: unsupported Unicode escape sequence (\u0000 cannot be converted to text.)
        /properties/huge the database refuses it: value overflows numeric format
        "#)
        );
        assert_eq!(stored(&url).len(), 196);
    }
    // One by one they are named the same.
    for (item, pointer) in
        items[..4].iter().zip(["/properties/mars:facility", "/properties/mars:rate", "/collection", "/id"])
    {
        let refused =
            try_load(&address, std::slice::from_ref(item), Mode::Upsert, &Collections::new()).unwrap();
        let Why::Wrong(problem) = &refused[0].why else { panic!("{refused:?}") };
        assert_eq!(problem.pointer, pointer);
        assert!(!problem.message.contains("Failing row"), "{}", problem.message);
    }
}

/// A key of the table to itself: a row may come with the one that it refers to, before it or after it, and beside others
/// that are refused.
#[test]
fn items_may_refer_to_others_of_their_load() {
    for (mode, refer) in
        [(Mode::Insert, ""), (Mode::Upsert, ""), (Mode::Replace, ""), (Mode::Insert, "NOT VALID")]
    {
        let Some(url) = fresh() else { return };
        let address = Address::parse(&url).unwrap();
        stacyard_postgis::init(&address, Wanted::default()).unwrap();
        let made = format!(
            "ALTER TABLE S.items ADD parent text GENERATED ALWAYS AS (properties ->> 'parent') STORED,
             ADD CONSTRAINT short CHECK (length(id) < 20) {refer}, ADD UNIQUE (id),
             ADD CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES S.items (id) {refer}"
        );
        sql(&url, &made.replace("S.", &format!("{}.", schema(&url)))).unwrap();
        let of = |id: &str, parent: &str| item(id, "", &format!(r#","parent":"{parent}""#));
        let items = [
            of("a", "z"),
            of("b", "a"),
            item("a name that is too long", "", ""),
            of("c", "a name that is too long"),
            of("d", "nobody"),
            of("e", "d"),
            of("g", "c"),
            of("y", "b"),
            item("z", "", ""),
        ];
        let refused = try_load(&address, &items, mode, &Collections::new()).unwrap();
        let numbers: Vec<usize> = refused.iter().map(|refused| refused.item).collect();
        assert_eq!(numbers, [2, 3, 4, 5, 6], "{mode:?} {refer}");
        assert!(said(&refused[2]).contains("\"of_parent\" (Key (parent)=(nobody)"), "{refused:?}");
        assert_eq!(stored(&url).len(), 4);
    }
}

/// Batches of 300 Items, one after the other; gives what was refused of all.
fn load_in_batches(url: &str, items: &[Document], mode: Mode) -> Vec<Refused> {
    let mut sink = PostGisSink::create(&Address::parse(url).unwrap(), mode).unwrap();
    let mut refused = Vec::new();
    for (number, items) in items.chunks(300).enumerate() {
        let rows = rows(items, &sink);
        sink.write(rows).unwrap();
        let of_batch = sink.settled(true).unwrap().unwrap();
        refused.extend(
            of_batch.into_iter().map(|refused| Refused { item: refused.item + number * 300, ..refused }),
        );
    }
    sink.finish().unwrap();
    refused
}

/// How many statements have gone into the table, from here on: `tries`, set to 0 by hand.
fn count_tries(url: &str) {
    let made = "CREATE SEQUENCE S.tries;
        CREATE FUNCTION S.note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM nextval('S.tries'); RETURN NULL; END $$;
        CREATE TRIGGER note BEFORE INSERT ON S.items FOR EACH STATEMENT EXECUTE FUNCTION S.note()";
    sql(url, &made.replace("S.", &format!("{}.", schema(url)))).unwrap();
}

/// What may be there only once: in the table, or before it in the same batch. The first that is not refused for another reason
/// stays.
#[test]
fn what_may_be_there_only_once_is_found_in_sets() {
    for mode in [Mode::Insert, Mode::Upsert, Mode::Replace] {
        let Some(url) = fresh() else { return };
        let run = |text: &str| sql(&url, &text.replace("S.", &format!("{}.", schema(&url)))).unwrap();
        load(&url, &[item("there", "", r#","name":"n7","code":1"#)], Mode::Insert);
        run("CREATE UNIQUE INDEX names ON S.items ((properties ->> 'name'));
             ALTER TABLE S.items ADD code numeric GENERATED ALWAYS AS ((properties ->> 'code')::numeric) STORED,
             ADD CONSTRAINT codes UNIQUE (collection, code), ADD CONSTRAINT short CHECK (length(id) < 20)");
        count_tries(&url);
        let named =
            |id: &str, name: &str, code: usize| item(id, "", &format!(r#","name":"{name}","code":{code}"#));
        let mut items: Vec<Document> = vec![item("there", "", r#","name":"n7","code":1"#)];
        // Every fourth has the name of the one before, every other fourth its code.
        items.extend((0..592).map(|n| match n % 4 {
            1 => named(&format!("i{n}"), &format!("m{}", n - 1), 1_000 + n),
            3 => named(&format!("i{n}"), &format!("m{n}"), 1_000 + n - 1),
            _ => named(&format!("i{n}"), &format!("m{n}"), 1_000 + n),
        }));
        items.extend([
            named("old name", "n7", 5),
            named("old code", "x", 1),
            // The first of these is refused for its id, so that the second stays.
            named("a name that is too long", "y", 6),
            named("y", "y", 7),
            named("z", "y", 8),
            item("without", "", ""),
            item("without too", "", ""),
        ]);
        let refused = load_in_batches(&url, &items, mode);
        let tries: u32 = run("SELECT last_value FROM S.tries")[0].parse().unwrap();
        let mut expected: Vec<usize> = (1..593).filter(|n| n % 2 == 0).collect();
        expected.extend([593, 594, 595, 597]);
        if mode == Mode::Insert {
            expected.insert(0, 0);
        }
        assert_eq!(refused.iter().map(|refused| refused.item).collect::<Vec<_>>(), expected, "{mode:?}");
        assert_eq!(stored(&url).len(), 1 + 296 + 3, "{mode:?}");
        assert!(tries < 40, "{mode:?}: {tries}");
        let of = |item: usize| {
            let refused = refused.iter().find(|refused| refused.item == item).unwrap();
            let Why::Wrong(problem) = &refused.why else { panic!("{refused:?}") };
            format!("{} {}", problem.pointer, problem.message)
        };
        let said = [2, 4, 593, 594, 595].map(of).join("\n");
        insta::allow_duplicates!(insta::assert_snapshot!(said, @r#"
        /properties the database refuses it: duplicate key value violates unique constraint "names" (Key ((properties ->> 'name'::text))=(m0) already exists.)
         the database refuses it: duplicate key value violates unique constraint "codes" (Key (collection, code)=(, 1002) already exists.)
        /properties the database refuses it: duplicate key value violates unique constraint "names" (Key ((properties ->> 'name'::text))=(n7) already exists.)
         the database refuses it: duplicate key value violates unique constraint "codes" (Key (collection, code)=(, 1) already exists.)
        /id the database refuses it: new row for relation "items" violates check constraint "short"
        "#));
    }
}

/// A set whose rows change what the table has: then it depends on who comes first, and rows are tried.
#[test]
fn an_upsert_may_give_what_was_there_only_once_to_another() {
    let Some(url) = fresh() else { return };
    let named = |id: &str, name: &str| item(id, "", &format!(r#","name":"{name}""#));
    load(&url, &[named("a", "1"), named("b", "2"), named("c", "3")], Mode::Insert);
    sql(&url, &format!("CREATE UNIQUE INDEX names ON {}.items ((properties ->> 'name'))", schema(&url)))
        .unwrap();
    let new = [named("a", "4"), named("b", "1"), named("c", "4"), named("d", "3")];
    let refused = load(&url, &new, Mode::Upsert);
    assert_eq!(refused.iter().map(|refused| refused.item).collect::<Vec<_>>(), [2, 3]);
    let mut back = stored(&url);
    back.sort_by_key(key);
    assert_eq!(back, [named("a", "4"), named("b", "1"), named("c", "3")]);
}

/// What is demanded of one partition alone.
#[test]
fn what_one_partition_refuses_is_found_in_sets() {
    let Some(url) = fresh() else { return };
    let partitions = ["p".to_owned()];
    let wanted = Wanted { partitions: &partitions, ..Wanted::default() };
    stacyard_postgis::init(&Address::parse(&url).unwrap(), wanted).unwrap();
    let run = |text: &str| sql(&url, &text.replace("S.", &format!("{}.", schema(&url)))).unwrap();
    run("ALTER TABLE S.items_of_p ADD CONSTRAINT short CHECK (length(id) < 5);
         ALTER TABLE S.items_default ADD CONSTRAINT counted CHECK (properties ? 'n')");
    count_tries(&url);
    let items: Vec<Document> = (0..600)
        .map(|n| {
            let (collection, n_of) =
                (if n % 2 == 0 { "p" } else { "q" }, if n % 3 == 0 { r#","n":1"# } else { "" });
            let id = if n % 5 == 0 { format!("long{n:03}") } else { format!("i{n:03}") };
            item(&id, &format!(r#","collection":"{collection}""#), n_of)
        })
        .collect();
    let refused = load_in_batches(&url, &items, Mode::Insert);
    let tries: u32 = run("SELECT last_value FROM S.tries")[0].parse().unwrap();
    assert!(tries < 10, "{tries}");
    let expected: Vec<usize> =
        (0..600).filter(|n| if n % 2 == 0 { n % 5 == 0 } else { n % 3 != 0 }).collect();
    assert_eq!(refused.iter().map(|refused| refused.item).collect::<Vec<_>>(), expected);
    let pointer = |item: usize| {
        let refused = refused.iter().find(|refused| refused.item == item).unwrap();
        let Why::Wrong(problem) = &refused.why else { panic!("{refused:?}") };
        (problem.pointer.clone(), problem.message.clone())
    };
    assert_eq!(pointer(0).0, "/id");
    assert_eq!(pointer(1).0, "/properties");
    assert!(pointer(0).1.contains("\"short\"") && pointer(1).1.contains("\"counted\""));
}

/// Keys that are longer than an index can hold lead to the field, whether PostgreSQL names the index or not.
#[test]
fn keys_that_are_too_long_lead_to_the_field() {
    let Some(url) = fresh() else { return };
    stacyard_postgis::init(&Address::parse(&url).unwrap(), Wanted::default()).unwrap();
    let profile = stacyard_model::Profile::parse("[fields.\"a/b\"]\ntype = 'string'").unwrap();
    stacyard_postgis::init(
        &Address::parse(&url).unwrap(),
        Wanted { profile: Some(&profile), ..Wanted::default() },
    )
    .unwrap();
    // What does not become shorter when it is compressed.
    let mut random = 7_u64;
    let mut long = |length: usize| {
        let next = |_| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from_u32(0x4e00 + u32::try_from(random >> 33).unwrap() % 20_000).unwrap()
        };
        (0..length / 3).map(next).collect::<String>()
    };
    let mut items = vec![item("a", "", "")];
    for length in [4_000, 12_000] {
        items.push(item(&long(length), "", ""));
        items.push(item("b", &format!(r#","collection":"{}""#, long(length)), ""));
        items.push(item(&length.to_string(), "", &format!(r#","a/b":"{}""#, long(length))));
    }
    let refused = load(&url, &items, Mode::Insert);
    let said: Vec<String> = refused
        .iter()
        .map(|refused| {
            let Why::Wrong(problem) = &refused.why else { panic!("{refused:?}") };
            format!("{} {}", problem.pointer, problem.message)
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    /id the database refuses it: index row size 4016 exceeds btree version 4 maximum 2704 for index "items_pkey"
    /collection the database refuses it: index row size 4016 exceeds btree version 4 maximum 2704 for index "items_pkey"
    /properties/a~1b the database refuses it: index row size 4016 exceeds btree version 4 maximum 2704 for index "items_a_b_idx"
    /id the database refuses it: index row requires 12016 bytes, maximum size is 8191
    /collection the database refuses it: index row requires 12016 bytes, maximum size is 8191
    /properties/a~1b the database refuses it: index row requires 12016 bytes, maximum size is 8191
    "#);
    assert_eq!(stored(&url).len(), 1);
}

/// PostgreSQL 18 has constraints that are not enforced (`pg_constraint.conenforced`). An older server is made to say it of one that is: then
/// it is not looked for in sets.
#[test]
fn what_is_not_enforced_is_not_looked_for() {
    let Some(url) = fresh() else { return };
    stacyard_postgis::init(&Address::parse(&url).unwrap(), Wanted::default()).unwrap();
    let run = |text: &str| sql(&url, &text.replace("S.", &format!("{}.", schema(&url)))).unwrap();
    run("ALTER TABLE S.items ADD CONSTRAINT short CHECK (length(id) < 5)");
    count_tries(&url);
    let newer = format!("newer_{}", schema(&url));
    let catalog =
        run("SELECT string_agg(attname, ', ') FROM pg_attribute WHERE attrelid = 'pg_constraint'::regclass \
                       AND attnum > 0 AND attname <> 'conenforced'");
    run(&format!(
        "CREATE SCHEMA {newer}; CREATE VIEW {newer}.pg_constraint AS SELECT {}, false AS conenforced FROM pg_catalog.pg_constraint",
        catalog[0]
    ));
    let items: Vec<Document> =
        (0..64).map(|n| item(&format!("{}{n:02}", if n % 8 == 0 { "long" } else { "i" }), "", "")).collect();
    let with_catalog = format!("{url}&options=-c%20search_path%3D{newer},pg_catalog,public");
    for (url, is_in_sets) in [(&url, true), (&with_catalog, false)] {
        run("DELETE FROM S.items; SELECT setval('S.tries', 1, false)");
        assert_eq!(load_in_batches(url, &items, Mode::Insert).len(), 8);
        let tries: u32 = run("SELECT last_value FROM S.tries")[0].parse().unwrap();
        assert_eq!(tries < 5, is_in_sets, "{tries}");
    }
}
