//! Vector tiles, as far as they can be told without decoding them: their texts stand in them as they are. interop/test_tiles.py decodes them.

use serde_json::json;
use stacyard_server::{Bearers, Options};

use super::support::{Answer, Client, Stores, changeable, link, options, writable};

fn has(answer: &Answer, text: &str) -> bool {
    answer.body.windows(text.len()).any(|part| part == text.as_bytes())
}

/// Which of the Items of the stores are in a tile.
async fn ids(client: &Client, path: &str) -> String {
    let answer = client.get(path).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "application/vnd.mapbox-vector-tile");
    ["a1", "a2", "a3", "b/1 ü", "loose"]
        .into_iter()
        .filter(|id| has(&answer, id))
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn tiles_have_the_items_that_meet_them() {
    for client in Stores::new().all() {
        for (path, expected) in [
            ("/tiles/0/0/0", "a1 a2 a3 b/1 ü"),
            ("/tiles/1/1/0", "a1 a2 b/1 ü"),
            // The equator is an edge of both.
            ("/tiles/1/0/0", "a3"),
            ("/tiles/1/0/1", "a3"),
            ("/tiles/1/1/1", ""),
            // 7.5 E 46.0 N, by mercantile.tile.
            ("/tiles/10/533/364", "a1"),
            ("/tiles/10/532/364", ""),
            ("/tiles/24/0/0", ""),
            ("/collections/a/tiles/0/0/0", "a1 a2 a3"),
            ("/collections/a/tiles/0/0/0?collections=a", "a1 a2 a3"),
            ("/tiles/0/0/0?collections=b", "b/1 ü"),
            ("/tiles/0/0/0?filter=gsd%3D10", "a1 a2"),
            ("/tiles/0/0/0?ids=a2,loose", "a2"),
            ("/tiles/0/0/0?datetime=2024-02-01T00:00:00Z/..", "a2 a3 b/1 ü"),
            // Two areas at once.
            ("/tiles/1/1/0?bbox=7,45,7.9,47", "a1"),
            ("/tiles/1/0/0?bbox=7,45,7.9,47", ""),
        ] {
            assert_eq!(ids(&client, path).await, expected, "{path}");
        }
        let all = client.get("/tiles/0/0/0").await;
        assert!(has(&all, "footprints") && !has(&all, "cells") && has(&all, "2024-03-01T12:00:00+02:00"));
        assert!(client.get("/tiles/24/0/0").await.body.is_empty());
    }
}

#[tokio::test]
async fn a_tile_has_a_tag() {
    let client = Stores::new().client(&["all.parquet"]);
    let tile = client.get("/tiles/0/0/0").await;
    assert_eq!(tile.header("cache-control"), "no-cache");
    let known = [("if-none-match", tile.header("etag"))];
    assert_eq!(client.call("GET", "/tiles/0/0/0", &known, "").await.status.as_u16(), 304);
    assert_eq!(client.call("GET", "/tiles/1/0/0", &known, "").await.status.as_u16(), 200);
}

#[tokio::test]
async fn what_is_changed_is_on_the_map_at_once() {
    let (client, _) = writable();
    assert_eq!(ids(&client, "/tiles/0/0/0?ids=a1,a2").await, "a1 a2");
    let gone = client.call("DELETE", "/collections/a/items/a1", &[], "").await;
    assert_eq!(gone.status.as_u16(), 204);
    assert_eq!(ids(&client, "/tiles/0/0/0?ids=a1,a2").await, "a2");
}

#[tokio::test]
async fn nobody_sees_on_a_map_what_is_not_for_them() {
    let (token, line) = Bearers::mint("test", &["read:a".to_owned()]).unwrap();
    let (all, line_of_all) = Bearers::mint("all", &["read".to_owned()]).unwrap();
    let bearers = Some(Bearers::parse(&format!("{line}\n{line_of_all}")).unwrap());
    let (client, _) = changeable(Options { private: true, bearers, ..options() });
    assert_eq!(client.get("/tiles/0/0/0").await.status.as_u16(), 401);
    // Whoever sees all first does not leave it to the others.
    for (token, sees_b) in [(all, true), (token, false)] {
        let token = format!("Bearer {token}");
        let headers = [("authorization", &*token)];
        let tile = client.call("GET", "/tiles/0/0/0", &headers, "").await;
        assert_eq!((has(&tile, "a1"), has(&tile, "b/1 ü")), (true, sees_b));
        let status = if sees_b { 200 } else { 404 };
        for path in
            ["/collections/b/tiles/0/0/0", "/collections/b/tiles", "/collections/b/tiles/WebMercatorQuad"]
        {
            assert_eq!(client.call("GET", path, &headers, "").await.status.as_u16(), status, "{path}");
        }
    }
}

#[tokio::test]
async fn a_tile_that_is_not_there_says_which_are() {
    let client = Stores::new().client(&["all.parquet"]);
    for (path, status, says) in [
        ("/tiles/25/0/0", 404, "from 0 to 24"),
        ("/tiles/-1/0/0", 404, "from 0 to 24"),
        ("/tiles/x/0/0", 404, "from 0 to 24"),
        ("/tiles/3/8/0", 404, "from 0 to 7"),
        ("/tiles/3/0/4294967296", 404, "from 0 to 7"),
        ("/tiles/3/0/1.5", 404, "from 0 to 7"),
        ("/collections/none/tiles/0/0/0", 404, "GET /collections"),
        ("/collections/none/tiles", 404, "GET /collections"),
        ("/collections/a/tiles/0/0/0?collections=b", 400, "collections"),
        ("/tiles/0/0/0?limit=1", 400, "limit"),
        ("/tiles/0/0/0?filter=gsdd%3D10", 400, "gsd"),
        ("/tiles/0/0/0?bbox=1,2,3", 400, "bbox"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(answer.text().contains(says), "{path}: {}", answer.text());
    }
    assert_eq!(client.get("/tiles/0/0/0?filter=gsdd%3D10").await.json()["parameter"], "filter");
}

#[tokio::test]
async fn links_lead_to_the_tiles() {
    let client = Stores::new().client(&["all.parquet"]);
    for (at, title) in [("/", "Stacyard"), ("/collections/a", "The A"), ("/collections/b", "b")] {
        let listed =
            link(&client.get(at).await.json(), "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector");
        let listed = client.get(listed.unwrap()["href"].as_str().unwrap()).await.json();
        let sets = listed["tilesets"].as_array().unwrap();
        assert_eq!((sets.len(), &sets[0]["title"]), (1, &json!(title)), "{listed}");
        let set = client.get(link(&sets[0], "self").unwrap()["href"].as_str().unwrap()).await.json();
        assert_eq!(set["dataType"], "vector");
        let item = link(&set, "item").unwrap();
        assert_eq!(item["templated"], true);
        let url = item["href"].as_str().unwrap();
        let url = url.replace("{tileMatrix}", "10").replace("{tileCol}", "533").replace("{tileRow}", "364");
        assert_eq!(ids(&client, &url).await, if at == "/collections/b" { "" } else { "a1" });
    }
}
