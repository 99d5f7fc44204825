//! Walking the pages of an answer.

use axum::http::StatusCode;
use serde_json::Value;

use super::support::{Answer, Client, Stores};

/// The path and query of a link.
fn target(link: &Value) -> String {
    link["href"].as_str().unwrap().strip_prefix("http://stac.test").unwrap().to_owned()
}

async fn next(client: &Client, page: &Answer) -> Option<Answer> {
    follow("next", client, page).await
}

async fn follow(rel: &str, client: &Client, page: &Answer) -> Option<Answer> {
    let link = page.link(rel)?;
    Some(if link["method"] == "POST" {
        assert_eq!(link["merge"], false);
        client.post(&target(&link), &link["body"].to_string()).await
    } else {
        client.get(&target(&link)).await
    })
}

#[tokio::test]
async fn each_item_is_on_one_page() {
    for client in Stores::new().all() {
        for size in 1..=6 {
            for sortby in ["", "gsd", "-eo:cloud_cover"] {
                let whole = client.get(&format!("/search?sortby={sortby}")).await;
                let whole = if sortby.is_empty() { client.get("/search").await } else { whole };
                let by_url = if sortby.is_empty() {
                    client.get(&format!("/search?limit={size}")).await
                } else {
                    client.get(&format!("/search?limit={size}&sortby={sortby}")).await
                };
                let keys = sortby.trim_start_matches('-');
                let direction = if sortby.starts_with('-') { "desc" } else { "asc" };
                let body = if sortby.is_empty() {
                    format!(r#"{{"limit":{size}}}"#)
                } else {
                    format!(r#"{{"limit":{size},"sortby":[{{"field":"{keys}","direction":"{direction}"}}]}}"#)
                };
                for first in [by_url, client.post("/search", &body).await] {
                    let mut ids = vec![first.ids()];
                    let mut page = first;
                    while let Some(following) = next(&client, &page).await {
                        assert_eq!(following.status, StatusCode::OK, "{}", following.text());
                        assert_eq!(following.json()["numberMatched"], 5);
                        ids.push(following.ids());
                        page = following;
                    }
                    assert_eq!(ids.join(" "), whole.ids(), "{size} {sortby}");
                    // And all the way back: the pages end where the others begin.
                    let mut back = vec![ids.pop().unwrap()];
                    while let Some(earlier) = follow("prev", &client, &page).await {
                        assert_eq!(earlier.status, StatusCode::OK, "{}", earlier.text());
                        back.insert(0, earlier.ids());
                        page = earlier;
                    }
                    assert_eq!(back.join(" "), whole.ids(), "{size} {sortby}, back");
                    assert_eq!(next(&client, &page).await.is_some(), back.len() > 1);
                }
            }
        }
    }
}

#[tokio::test]
async fn the_body_of_the_next_page_is_the_one_before_as_it_was_written() {
    let client = Stores::new().client(&["all.ndjson"]);
    let body = r#"{"limit":1,"filter":{"op":"<","args":[{"property":"gsd"},1e400]}}"#;
    let first = client.post("/search", body).await;
    assert!(
        first
            .text()
            .contains(r#""body":{"limit":1,"filter":{"op":"<","args":[{"property":"gsd"},1e400]},"token":"#)
    );
}

#[tokio::test]
async fn a_token_is_good_for_its_search_only() {
    let client = Stores::new().client(&["all.ndjson"]);
    let page = client.get("/search?limit=1").await;
    let link = target(&page.link("next").unwrap());
    let token = link.split("token=").nth(1).unwrap();
    assert_eq!(client.get(&format!("/search?limit=3&token={token}")).await.status, StatusCode::OK);
    let (place, code) = token.rsplit_once('.').unwrap();
    let other = if place.ends_with('A') { 'B' } else { 'A' };
    let moved = format!("{}{other}.{code}", &place[..place.len() - 1]);
    for wrong in [
        format!("/search?collections=a&token={token}"),
        format!("/collections/a/items?token={token}"),
        format!("/search?token={moved}"),
        format!("/search?token={place}"),
        format!("/search?token={place}."),
        "/search?token=".to_owned(),
    ] {
        let answer = client.get(&wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}: {}", answer.text());
    }
}
