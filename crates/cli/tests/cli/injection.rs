//! Text from data and from the command line cannot write on a terminal, add a line to what is said, or show a password.

use crate::support::{Ran, Yard, item};

/// What text may be made of that does something to a terminal, a log or the order of its characters.
const ACTIVE: [&str; 12] = [
    "\u{1b}[2J",
    "\n",
    "\r\n",
    "\t",
    "\u{7f}",
    "\u{85}",
    "\u{9b}31m",
    "\u{2028}",
    "\u{2029}",
    "\u{202e}",
    "\u{2066}",
    "\u{200f}",
];

/// A name with some of them, and a forged line.
fn name(seed: usize) -> String {
    let part = |n: usize| ACTIVE[(seed * 7 + n * 5) % ACTIVE.len()];
    format!("x{}error: forged{}y{}z", part(0), part(1), part(2))
}

fn is_active(character: char) -> bool {
    character.is_control()
        || "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}"
            .contains(character)
}

/// Asserts that nothing active is there but line breaks, and as many of these as in what is said of a plain name.
#[track_caller]
fn assert_like(ran: &Ran, clean: &Ran, what: &str) {
    for (said, plain) in [(&ran.out, &clean.out), (&ran.err, &clean.err)] {
        assert!(!said.replace('\n', "").contains(is_active), "{what}: {said:?}");
        assert_eq!(said.lines().count(), plain.lines().count(), "{what}: {said}\nplain: {plain}");
    }
    assert_eq!(ran.status, clean.status, "{what}: {}{}", ran.out, ran.err);
}

/// Items that are named so: two good ones, a duplicate, ones with wrong members below the name, one that is no JSON.
fn catalog(name: &str) -> String {
    let json = serde_json::to_string(name).unwrap();
    let inner = &json[1..json.len() - 1];
    let good = |id: &str| {
        item(id)
            .replace("\"collection\":\"c\"", &format!("\"collection\":{json}"))
            .replace("\"assets\":{}", &format!("\"assets\":{{{json}:{{\"href\":\"a\",\"title\":{json}}}}}"))
    };
    let with = |id: &str, from: &str, to: &str| good(id).replace(from, to);
    [
        good(inner),
        good(inner),
        good("second"),
        with("p", "\"datetime\":", &format!("{json}:1,\"datetime\":")),
        with("q", "\"href\":\"a\"", "\"href\":5"),
        with("r", "2024-06-01", inner),
        with("s", "\"stac_version\":\"1.1.0\"", &format!("\"stac_version\":{json}")),
        with("t", "\"stac_version\"", &format!("\"stac_extensions\":[{json}],\"stac_version\"")),
        format!("{{{json}:1,{json}:2}}"),
        format!("{{\"{inner}"),
    ]
    .map(|line| line + "\n")
    .concat()
}

/// Every command over `catalog.ndjson`, with the name wherever one goes. `{}` stands for the name.
const COMMANDS: [&[&str]; 22] = [
    &["validate", "in.ndjson"],
    &["validate", "in.ndjson", "--strict"],
    &["validate", "in.ndjson", "--format", "json"],
    &["validate", "in.ndjson", "--format", "json", "--json-log"],
    &["copy", "in.ndjson", "out.ndjson", "--overwrite", "--rejects", "r.ndjson"],
    &["copy", "in.ndjson", "out.ndjson", "--overwrite", "--json-log"],
    &["copy", "in.ndjson", "out.parquet", "--overwrite"],
    &["info", "in.ndjson"],
    &["info", "in.ndjson", "--format", "json"],
    &["info", "in.ndjson", "--queryables"],
    &["info", "out.parquet"],
    &["info", "out.parquet", "--format", "json"],
    &["search", "in.ndjson", "--filter", "\"{}\" = 2", "--count"],
    &["search", "out.parquet", "--filter", "\"{}\" = 2", "--explain", "--sortby", "properties.{}"],
    &["search", "in.ndjson", "--filter", "\"{}w\" = 2", "--count"],
    &["search", "in.ndjson", "--filter", "eo:x = '{}' AND (", "--count"],
    &["search", "in.ndjson", "--filter", "{}", "--json-log"],
    &["search", "in.ndjson", "--ids", "{}", "--bbox", "{}"],
    &["search", "in.ndjson", "--datetime", "{}", "--sortby", "{},{}"],
    &["validate", "{}.ndjson", "{}.csv"],
    &["copy", "in.ndjson", "{}/{}.parquet", "--profile", "{}"],
    &["{}", "--{}", "--threads", "{}"],
];

fn run_all(name: &str) -> Vec<(Vec<String>, Ran)> {
    let yard = Yard::new();
    yard.write("in.ndjson", catalog(name));
    let commands = COMMANDS.map(|command| {
        let arguments: Vec<String> = command.iter().map(|part| part.replace("{}", name)).collect();
        let ran = yard.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        (arguments, ran)
    });
    commands.into()
}

#[test]
fn names_stay_in_their_line() {
    let clean = run_all("xplain-yz");
    for seed in 0..ACTIVE.len() {
        for ((arguments, ran), (_, clean)) in run_all(&name(seed)).iter().zip(&clean) {
            assert_like(ran, clean, &format!("{arguments:?}"));
        }
    }
}

#[test]
fn a_profile_that_quotes_a_name() {
    let yard = Yard::with_items();
    for (text, lines) in [("[fields.\"a\\nb\\u001b\"]\ntype = 'text'", 4), ("\"a\\nerror: b\\u009b\" = 1", 4)]
    {
        yard.write("p.toml", text);
        let ran = yard.run(&["validate", "a.ndjson", "--profile", "p.toml"]).status(2);
        assert!(!ran.err.replace('\n', "").contains(is_active), "{:?}", ran.err);
        assert_eq!(ran.err.lines().count(), lines, "{}", ran.err);
    }
}

#[test]
fn reports_for_programs_keep_the_values() {
    let yard = Yard::new();
    let name = name(5) + "\u{202e}\u{9b}";
    yard.write("in.ndjson", catalog(&name));
    let ran = yard.run(&["validate", "in.ndjson", "--format", "json", "--rejects", "r.ndjson"]).status(1);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let kept: Vec<serde_json::Value> =
        yard.read("r.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(report["rejects"].as_array().unwrap(), &kept);
    assert!(kept.iter().any(|reject| reject["item"]["id"] == name.as_str()), "{kept:?}");
    let escaped = name.replace('~', "~0").replace('/', "~1");
    let pointer = format!("/assets/{escaped}/href");
    assert!(kept.iter().any(|reject| reject["errors"][0]["pointer"] == pointer.as_str()), "{kept:?}");
}

#[test]
fn passwords_in_mistyped_urls_are_not_shown() {
    let yard = Yard::with_items();
    for url in [
        "postgis:/me:XYZZY@h/db",
        "postgis:me:XYZZY@h/db",
        "postgis://me:XYZZY/db",
        "postgis//me:XYZZY@h/db",
        "postgis:///me:XYZZY@h/db",
        "postgis;//me:XYZZY@h/db",
        "postgresql:/me:XYZZY@h/db",
        "pgstac://me:XYZZY/db",
        "jdbc:postgresql://h/db?user=me&password=XYZZY",
        "mysql://me:XYZZY@h/db",
        "me:XYZZY@h/db",
        "//me:XYZZY@h:5432/db",
        "postgis://127.0.0.1:1/db?read=me:XYZZY@replica",
        "postgis://127.0.0.1:1/db?host=me:XYZZY",
        "postgis://127.0.0.1:1/db?me:XYZZY@h=%zz",
        "postgis://127.0.0.1:1/db password=XYZZY",
        "host=h password=XYZZY dbname=d",
        "host=h user=me password='XYZZY x'",
        "postgis://127.0.0.1:1/db?password=XYZZY&connect_timeout=x",
        "postgis://127.0.0.1:1/db?options=-c password=XYZZY",
        "postgis%3A//me%3AXYZZY%40h/db",
    ] {
        for command in [
            &["validate", url][..],
            &["copy", "a.ndjson", url],
            &["copy", url, "b.ndjson"],
            &["search", url],
            &["search", "a.ndjson", "-o", url],
            &["info", url],
            &["init", url],
            &["optimize", url],
            &["validate", "a.ndjson", "--rejects", url],
            &["validate", "a.ndjson", "--schemas", url],
            &["validate", "a.ndjson", "--profile", url],
            &["validate", url, "--store-kind", "ndjson"],
            &["copy", "a.ndjson", url, "--format", "ndjson"],
            &["copy", "a.ndjson", "b.ndjson", url],
            &["init", "--nonsense", url],
            &[url],
            &["validate", "a.ndjson", "--store-kind", url],
        ] {
            for log in [&[][..], &["--json-log"]] {
                let ran = yard.run(&[command, log].concat());
                assert!(
                    !ran.out.contains("XYZZY") && !ran.err.contains("XYZZY"),
                    "{command:?}: {}{}",
                    ran.out,
                    ran.err
                );
            }
            for made in yard.names().iter().filter(|name| *name != "a.ndjson") {
                let _ = std::fs::remove_file(yard.path(made));
                let _ = std::fs::remove_dir_all(yard.path(made));
            }
        }
    }
}

#[test]
fn passwords_in_the_place_of_other_values_are_not_shown() {
    let yard = Yard::with_items();
    let flags = [
        "--collections",
        "--ids",
        "--bbox",
        "--intersects",
        "--datetime",
        "--filter",
        "--query",
        "--q",
        "--sortby",
        "--fields",
        "--limit",
        "--max-items",
        "--timeout",
        "--format",
    ];
    for value in [
        "postgis://me:XYZZY@h/db",
        "postgis://me:XYZZY@h/db?schema=a,b",
        "x,,postgis:me:XYZZY@h/db",
        "postgis%3A//me%3AXYZZY%40h/db",
        "https://me:XYZZY@h/a",
        "host=h password=XYZZY",
        "host=h password='XYZZY x'",
    ] {
        for flag in flags {
            for log in [&[][..], &["--json-log"]] {
                for command in [
                    &["search", "a.ndjson"][..],
                    &["search", "a.ndjson", "--explain"],
                    &["copy", "a.ndjson", "-"],
                ] {
                    let ran = yard.run(&[command, &[flag, value], log].concat());
                    let said = format!("{}{}", ran.out, ran.err);
                    assert!(!said.contains("XYZZY"), "{flag} {value}: {said}");
                }
            }
        }
        for command in [
            &["help", value][..],
            &["collections", "a.ndjson", "get", value],
            &["copy", "a.ndjson", "b.ndjson", "--collections-file", value],
            &["init", "postgis://127.0.0.1:1/db", "--partition", value],
        ] {
            let ran = yard.run(command);
            assert!(!ran.err.contains("XYZZY"), "{command:?}: {}", ran.err);
        }
    }
}

#[test]
fn a_file_that_is_named_like_a_login_is_shown_without_a_password() {
    let yard = Yard::with_items();
    for name in ["me:XYZZY@h", "me:XYZZY@h.csv", "me:XYZZY@h.ndjson"] {
        yard.write(name, "x\n");
        for command in [
            &["validate", name][..],
            &["info", name],
            &["search", name],
            &["copy", name, "b.ndjson"],
            &["validate", "a.ndjson", "--rejects", name],
            &["validate", "a.ndjson", "--profile", name],
            &["copy", "a.ndjson", "b.ndjson", "--collections-file", name],
        ] {
            let ran = yard.run(command);
            assert!(
                !ran.err.contains("XYZZY") && !ran.out.contains("XYZZY"),
                "{command:?}: {}{}",
                ran.out,
                ran.err
            );
        }
    }
    // Whoever says that it is a file sees its name.
    let ran = yard.run(&["validate", "./me:XYZZY@h.ndjson"]).status(1);
    assert!(ran.out.starts_with("./me:XYZZY@h.ndjson:1: 1 error"), "{}", ran.out);
}
