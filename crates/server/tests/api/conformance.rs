//! The conformance suite of stores through HTTP: the API answers as the store behind it does, by GET and by POST.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::Method;
use serde_json::{Map, Value, json};
use stacyard::{Copying, Run, Store, StoreUrl, Wanted};
use stacyard_model::json::Document;
use stacyard_server::router;
use stacyard_store::conformance::{ITEMS, Question, ask, catalog, check_answers, name, questions};

use super::support::{Answer, Client, Stores, options};

/// How a question is asked.
#[derive(Clone, Copy)]
enum Way {
    Get,
    Post,
}

/// As many as one page has.
const ALL: &str = "10000";

/// A day alone is no instant in the API; on the command line it is all of the day.
fn instants(text: &str) -> String {
    let is_day = |part: &str| part.len() == 10 && part.as_bytes()[4] == b'-';
    let start = |part: &str| if is_day(part) { format!("{part}T00:00:00Z") } else { part.to_owned() };
    let end = |part: &str| if is_day(part) { format!("{part}T23:59:59.999999999Z") } else { part.to_owned() };
    match text.split_once('/') {
        Some((from, to)) => format!("{}/{}", start(from), end(to)),
        None if is_day(text) => format!("{}/{}", start(text), end(text)),
        None => text.to_owned(),
    }
}

async fn answer(client: &Client, way: Way, question: &Question) -> Answer {
    let mut members = Map::new();
    members.insert("limit".to_owned(), json!(ALL));
    for (flag, value) in question.parts() {
        let (name, value) = match flag {
            "max-items" => ("limit", value.to_owned()),
            "datetime" => (flag, instants(value)),
            flag => (flag, value.to_owned()),
        };
        members.insert(name.to_owned(), json!(value));
    }
    match way {
        Way::Get => {
            let mut query = String::new();
            for (name, value) in &members {
                let value = percent_encoding::utf8_percent_encode(
                    value.as_str().unwrap(),
                    percent_encoding::NON_ALPHANUMERIC,
                );
                write!(query, "&{name}={value}").unwrap();
            }
            client.ask(Method::GET, &format!("/search?{}", &query[1..])).await
        }
        Way::Post => {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            for (name, value) in &mut members {
                *value = match &**name {
                    "limit" => serde_json::from_str(&text(value)).unwrap(),
                    "collections" | "ids" => text(value).split(',').map(str::to_owned).collect(),
                    "bbox" => {
                        serde_json::from_str(&format!("[{}]", text(value))).unwrap_or_else(|_| value.clone())
                    }
                    "intersects" | "query" => {
                        serde_json::from_str(&text(value)).unwrap_or_else(|_| value.clone())
                    }
                    "sortby" => {
                        let keys = text(value);
                        let keys = keys.split(',').map(|key| match key.strip_prefix('-') {
                            Some(field) => json!({"field": field, "direction": "desc"}),
                            None => json!({"field": key.trim_start_matches('+'), "direction": "asc"}),
                        });
                        keys.collect()
                    }
                    _ => continue,
                };
            }
            client.post("/search", &Value::Object(members).to_string()).await
        }
    }
}

/// The names of the Items and how many answer, or what is said against the question.
async fn asked(client: &Client, way: Way, question: &Question) -> Result<(Vec<String>, u64), String> {
    // A page has one Item at least.
    if question.parts().any(|(flag, value)| flag == "max-items" && value == "0") {
        return Ok((Vec::new(), 0));
    }
    let answer = answer(client, way, question).await;
    if answer.status != 200 {
        assert_eq!(answer.status, 400, "{}\n{}", question.command(), answer.text());
        let problem = answer.json();
        return Err(format!("{}; {}", problem["detail"].as_str().unwrap(), problem["help"]));
    }
    let document = Document::parse_bytes(&answer.body).unwrap();
    let items = document.root().get("features").unwrap();
    let items = items.elements().unwrap().map(|item| name(&Document::parse(item.raw()).unwrap()));
    Ok((items.collect(), answer.json()["numberMatched"].as_u64().unwrap()))
}

/// The same Items in a file of lines, in columns, and where there is one in a database.
fn stores(items: &[Document]) -> (Stores, Vec<Store>) {
    let stores = Stores::new();
    let lines: Vec<&str> = items.iter().map(Document::text).collect();
    std::fs::write(stores.path("suite.ndjson"), lines.join("\n")).unwrap();
    stacyard::copy(
        &stores.path("suite.ndjson"),
        &stores.path("suite.parquet"),
        Copying::default(),
        Run::default(),
    )
    .unwrap();
    let mut names: Vec<String> = ["suite.ndjson", "suite.parquet"].map(|name| stores.path(name)).into();
    // `make test` starts one.
    if let Ok(server) = std::env::var("STACYARD_TEST_DATABASE") {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        let url = format!("{server}?schema=http_{now}_{}", std::process::id());
        stacyard::create(&StoreUrl::parse(&url, None).unwrap(), Wanted::default()).unwrap();
        stacyard::copy(&names[0], &url, Copying::default(), Run::default()).unwrap();
        names.push(url);
    }
    let opened = names.iter().map(|name| stacyard::open(name).unwrap()).collect();
    (stores, opened)
}

#[test]
fn answers_are_those_of_the_suite() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let items: Vec<Document> = ITEMS.trim().lines().map(|item| Document::parse(item).unwrap()).collect();
    let (stores, opened) = stores(&items);
    for store in opened {
        let client = stores.client_of(router(vec![store], options()).unwrap());
        for way in [Way::Get, Way::Post] {
            check_answers(&|question| runtime.block_on(asked(&client, way, question)));
        }
    }
}

#[test]
fn generated_questions_are_answered_as_the_store_does() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (stores, opened) = stores(&catalog(4, 300));
    for store in opened {
        let client = stores.client_of(router(vec![store.clone()], options()).unwrap());
        for (number, question) in questions(300).iter().enumerate() {
            let way = if number % 2 == 0 { Way::Get } else { Way::Post };
            if question.parts().any(|(flag, value)| flag == "max-items" && value == "0") {
                continue;
            }
            let found = runtime.block_on(asked(&client, way, question));
            match (ask(&store, question), found) {
                (Ok(expected), Ok(found)) => assert_eq!(found, expected, "{}", question.command()),
                (Err(_), Err(_)) => {}
                other => panic!("{other:?}\n{}", question.command()),
            }
        }
    }
}
