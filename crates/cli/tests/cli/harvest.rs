//! Copies of a STAC API that go on, and that fetch what has changed, over a server of our own and a proxy that looks on.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::serve::Serving;
use crate::support::{Yard, ids, item_with};

/// Hands requests on, one a connection.
struct Proxy {
    url: String,
    /// The bodies of the searches.
    searches: Arc<Mutex<Vec<String>>>,
    /// From which of them on there is no answer.
    hold: Arc<AtomicUsize>,
}

impl Proxy {
    /// Before a server; texts in its answers are replaced by others of the same length.
    fn new(to: &str, replaced: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (searches, hold) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicUsize::new(usize::MAX)));
        let (to, all, held) = (to.to_owned(), Arc::clone(&searches), Arc::clone(&hold));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (to, all, held) = (to.clone(), Arc::clone(&all), Arc::clone(&held));
                thread::spawn(move || hand_on(client.unwrap(), &to, &all, &held, replaced));
            }
        });
        Self { url, searches, hold }
    }

    fn searches(&self) -> Vec<String> {
        self.searches.lock().unwrap().clone()
    }

    /// How many pages of ten were asked for since so many searches.
    fn pages(&self, since: usize) -> usize {
        self.searches()[since..].iter().filter(|body| body.contains("\"limit\":10")).count()
    }
}

fn hand_on(
    mut client: TcpStream,
    to: &str,
    searches: &Mutex<Vec<String>>,
    hold: &AtomicUsize,
    replaced: &[(&str, &str)],
) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("accept-encoding:") && !lower.starts_with("connection:") {
            head += &line;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    if head.starts_with("POST /search") {
        let mut searches = searches.lock().unwrap();
        searches.push(String::from_utf8_lossy(&body).into_owned());
        if searches.len() > hold.load(Ordering::Relaxed) {
            drop(searches);
            // Until it has gone away.
            let _ = reader.read(&mut [0]);
            return;
        }
    }
    let mut server = TcpStream::connect(to).unwrap();
    server.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
    server.write_all(&body).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    let mut answer = String::from_utf8(answer).unwrap();
    for (from, to) in replaced {
        assert_eq!(from.len(), to.len());
        answer = answer.replace(from, to);
    }
    let _ = client.write_all(answer.as_bytes());
}

/// Items with a day each, and what `properties` says of a number.
fn items(count: usize, properties: impl Fn(usize) -> String) -> String {
    let item = |n: usize| {
        let day = format!("2024-{:02}-{:02}T00:00:00Z", 1 + n / 28 % 12, 1 + n % 28);
        item_with(&format!("i{n:03}"), &day, &properties(n)) + "\n"
    };
    (0..count).map(item).collect()
}

/// A server of these Items.
fn serving(yard: &Yard, items: &str) -> Serving {
    yard.write("a.ndjson", items);
    yard.run(&["copy", "a.ndjson", "a.parquet", "--overwrite"]).status(0);
    Serving::start(yard.command(&["serve", "a.parquet", "--bind", "127.0.0.1:0"]))
}

/// The ids of a store, in their order.
fn ids_of(yard: &Yard, store: &str) -> Vec<String> {
    ids(&yard.run(&["search", store, "--sortby", "id"]).status(0).out)
}

#[test]
fn a_copy_that_was_killed_goes_on() {
    let yard = Yard::new();
    let server = serving(&yard, &items(300, |_| String::new()));
    let proxy = Proxy::new(&server.address, &[]);
    for target in ["b.parquet", "b.ndjson"] {
        let start = proxy.searches().len();
        proxy.hold.store(start + 15, Ordering::Relaxed);
        let arguments = ["copy", &proxy.url, target, "--page-size", "10"];
        let mut child = yard.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
        let journal = yard.path(&format!("{target}.harvest"));
        // What is in the log is kept whatever happens.
        let kept = || {
            fs::read_to_string(journal.join("log"))
                .map_or(0, |text| text.matches("{\"page\":{\"window\"").count())
        };
        while kept() < 12 && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!yard.path(target).exists());
        proxy.hold.store(usize::MAX, Ordering::Relaxed);
        let second = proxy.searches().len();
        // Another search does not take what this one has fetched.
        let other = yard.run(&[&arguments[..], &["--ids", "i001"]].concat()).status(3).err;
        assert!(other.contains("is the journal of another harvest"), "{other}");
        let said = yard.run(&arguments).status(0).err;
        assert!(said.contains("fetched 300 Items on") && said.contains("by an earlier run"), "{said}");
        let pages = proxy.pages(second);
        assert!(pages <= 20, "{pages} of 30 pages were asked for by the second run");
        assert!(!journal.exists());
        let all: Vec<String> = (0..300).map(|n| format!("i{n:03}")).collect();
        assert_eq!(ids_of(&yard, target), all);
    }
}

#[test]
fn a_copy_asks_for_what_it_wants() {
    let yard = Yard::new();
    let server = serving(&yard, &items(300, |_| String::new()));
    let proxy = Proxy::new(&server.address, &[]);
    let search = ["--datetime", "2024-02-01T00:00:00Z/..", "--ids", "i100,i101"];
    let copy = ["copy", &proxy.url, "b.ndjson", "--page-size", "10"];
    yard.run(&[&copy[..], &search].concat()).status(0);
    assert_eq!(ids(&yard.read("b.ndjson")), ["i101", "i100"]);
    let bodies = proxy.searches();
    assert!(bodies.iter().all(|body| body.contains(r#""ids":["i100","i101"]"#)), "{bodies:?}");
    assert_eq!(proxy.pages(0), 1);
    // What it does not have is told as a search tells it.
    let wrong = yard.run(&["copy", &proxy.url, "c.ndjson", "--collections", "d"]).status(2).err;
    insta::assert_snapshot!(wrong.replace(&proxy.url, "URL/"));
    assert_eq!(yard.names(), ["a.ndjson", "a.parquet", "b.ndjson"]);
    let sorted = ["copy", &proxy.url, "c.ndjson", "--max-items", "1", "--journal", "j"];
    insta::assert_snapshot!(yard.run(&sorted).status(2).err);
    insta::assert_snapshot!(yard.run(&["copy", "a.ndjson", "c.ndjson", "--journal", "j"]).status(2).err);
}

#[test]
fn what_is_rejected_is_named_by_its_page() {
    let yard = Yard::new();
    let server = serving(&yard, &items(30, |_| String::new()));
    // The one of the 15th of January: the newest come first.
    let proxy = Proxy::new(&server.address, &[("\"2024-01-15T00:00:00Z\"", "\"the ides of January!\"")]);
    let copy = ["copy", &proxy.url, "b.ndjson", "--page-size", "10", "--rejects", "r.ndjson"];
    let said = yard.run(&copy).status(1).err;
    assert!(said.contains("29 Items copied") && said.contains("1 rejected"), "{said}");
    let reject: serde_json::Value = serde_json::from_str(yard.read("r.ndjson").trim()).unwrap();
    assert_eq!(reject["source"], format!("{}search (page 2)", proxy.url).as_str());
    assert_eq!((&reject["row"], &reject["item"]["id"]), (&6.into(), &"i014".into()));
    let said = yard.run(&["copy", &proxy.url, "c.ndjson", "--page-size", "10"]).status(1).err;
    assert!(said.contains("search (page 2): row 6: item \"i014\": 1 error"), "{said}");
}

/// The part of a search for pages that asks for what has changed.
fn asked(proxy: &Proxy, since: usize) -> String {
    let body = proxy.searches()[since..].iter().rfind(|body| body.contains("\"limit\":10")).unwrap().clone();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    // The order of members is not told: it depends on what the tests are built with.
    let Some(either) = body["filter"]["args"].as_array() else {
        return format!("datetime {}", body["datetime"]);
    };
    let args = &either[0]["args"];
    let (changed, or) = (&either[0]["op"], &either[1]["op"]);
    format!("{} {changed} {} {} {or}", args[0], args[1], body["filter"]["op"])
}

#[test]
fn an_update_fetches_what_has_changed() {
    const NO_FILTERS: &[(&str, &str)] = &[("item-search#filter", "item-search#nofilt")];
    let updated = |at: &str| format!(r#","updated":"2025-01-{at}T00:00:00Z""#);
    let old = |n: usize| updated(if n == 7 { "05" } else { "01" });
    for (properties, replaced, changes) in [
        (true, &[][..], ["i003", "i300"]),
        (true, NO_FILTERS, ["i299", "i300"]),
        (false, &[][..], ["i299", "i300"]),
    ] {
        let yard = Yard::new();
        let has = |text: String| if properties { text } else { String::new() };
        let server = serving(&yard, &items(300, |n| has(old(n))));
        let proxy = Proxy::new(&server.address, replaced);
        let copy = ["copy", &proxy.url, "b.parquet", "--page-size", "10", "--update"];
        // There is no target yet.
        let said = yard.run(&copy).status(0).err;
        assert!(said.contains("300 Items copied"), "{said}");
        drop(server);
        // One more, and another version of two.
        let new = |n: usize| has(if n == 300 || n == 3 { updated("09") } else { old(n) }) + r#","n":1"#;
        let server = serving(&yard, &items(301, new));
        let proxy = Proxy::new(&server.address, replaced);
        let copy = ["copy", &proxy.url, "b.parquet", "--page-size", "10", "--update"];
        let said = yard.run(&copy).status(0).err;
        let fetched =
            yard.run(&["search", "b.parquet", "--filter", "n = 1", "--sortby", "id"]).status(0).ids();
        for id in changes {
            assert!(fetched.iter().any(|known| known == id), "{id} of {fetched:?}: {said}");
        }
        assert!(fetched.len() < 40, "{fetched:?}");
        assert_eq!(ids_of(&yard, "b.parquet").len(), 301);
        let said: Vec<&str> =
            said.lines().filter(|line| line.contains("asked for") || line.contains("help")).collect();
        insta::assert_snapshot!(format!("{}\n{}", asked(&proxy, 0), said.join("\n")));
    }
}

#[test]
fn updates_that_cannot_be_made_are_told() {
    let yard = Yard::with_items();
    let of = |arguments: &[&str]| yard.run(&[&["copy", "--update"], arguments].concat()).status(2).err;
    insta::assert_snapshot!(of(&["a.ndjson", "b.ndjson"]));
    insta::assert_snapshot!(of(&["http://127.0.0.1:9/", "postgis://me@127.0.0.1:9/x"]));
    insta::assert_snapshot!(of(&["http://127.0.0.1:9/", "b.ndjson", "--sortby", "id"]));
}

#[test]
fn an_update_sees_items_that_do_not_say_when_they_changed() {
    let yard = Yard::new();
    let old = r#","updated":"2025-01-05T00:00:00Z""#.to_owned();
    let server = serving(&yard, &items(30, |_| old.clone()));
    yard.run(&["copy", &format!("http://{}/", server.address), "b.parquet", "--update"]).status(0);
    drop(server);
    // One more, which lacks it.
    let server = serving(&yard, &items(31, |n| if n == 30 { String::new() } else { old.clone() }));
    yard.run(&["copy", &format!("http://{}/", server.address), "b.parquet", "--update"]).status(0);
    assert_eq!(ids_of(&yard, "b.parquet").len(), 31);
}

#[test]
fn a_journal_that_others_could_have_made_is_refused() {
    let yard = Yard::new();
    let server = serving(&yard, &items(3, |_| String::new()));
    let url = format!("http://{}/", server.address);
    let copy = ["copy", &url, "b.ndjson"];
    let journal = yard.path("b.ndjson.harvest");
    yard.write("mine", "mine");
    let refused = |why: &str| {
        let said = yard.run(&copy).err;
        assert!(said.contains(why) && !yard.path("b.ndjson").exists(), "{said}");
        assert_eq!(yard.read("mine"), "mine");
    };
    fs::create_dir(&journal).unwrap();
    yard.write("b.ndjson.harvest/log", "");
    std::os::unix::fs::symlink(yard.path("mine"), journal.join("items.ndjson")).unwrap();
    refused("what is there is no file");
    yard.write("b.ndjson.harvest/log", "my own log\n");
    fs::remove_file(journal.join("items.ndjson")).unwrap();
    refused("is no journal of a harvest, and not empty");
    fs::set_permissions(&journal, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    refused("may be written to by others");
    fs::remove_dir_all(&journal).unwrap();
    fs::create_dir(yard.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(yard.path("elsewhere"), &journal).unwrap();
    refused("is a link");
    fs::remove_file(&journal).unwrap();
    yard.run(&copy).status(0);
}
