//! What Items say together, counted by hand.

use serde_json::json;

use super::support::{Stores, writable};

#[tokio::test]
async fn aggregates_are_those_of_the_items() {
    for client in Stores::new().all() {
        let names = "total_count,collection_frequency,datetime_min,datetime_max,datetime_frequency,gsd_frequency,\
                     gsd_max,eo:cloud_cover_min";
        let by_url = client.get(&format!("/aggregate?aggregations={names}")).await;
        assert_eq!(by_url.header("content-type"), "application/json", "{}", by_url.text());
        let found = &by_url.json()["aggregations"];
        let bucket = |key: &str, kind: &str, frequency: u64| json!({"key": key, "data_type": kind, "frequency": frequency});
        assert_eq!(
            *found,
            json!([
                {"name": "total_count", "data_type": "integer", "value": 5},
                {"name": "collection_frequency", "data_type": "string", "overflow": 1,
                    "buckets": [bucket("a", "string", 3), bucket("b", "string", 1)]},
                {"name": "datetime_min", "data_type": "datetime", "value": "2023-01-01T00:00:00Z"},
                {"name": "datetime_max", "data_type": "datetime", "value": "2024-03-01T10:00:00Z"},
                {"name": "datetime_frequency", "data_type": "interval_month", "overflow": 0, "buckets": [
                    bucket("2024-02-01T00:00:00Z", "datetime", 2),
                    bucket("2023-01-01T00:00:00Z", "datetime", 1),
                    bucket("2024-01-01T00:00:00Z", "datetime", 1),
                    bucket("2024-03-01T00:00:00Z", "datetime", 1),
                ]},
                {"name": "gsd_frequency", "data_type": "numeric", "overflow": 0,
                    "buckets": [bucket("10", "numeric", 2), bucket("30", "numeric", 2), bucket("1", "numeric", 1)]},
                {"name": "gsd_max", "data_type": "numeric", "value": 30},
                {"name": "eo:cloud_cover_min", "data_type": "numeric", "value": 5.1},
            ])
        );
        let none = client.get("/aggregate?aggregations=grid_code_frequency").await;
        assert_eq!((none.status.as_u16(), &none.json()["unknown"]), (400, &json!("grid:code")));
        let names: Vec<String> = names.split(',').map(|name| format!("{name:?}")).collect();
        let by_body =
            client.post("/aggregate", &format!(r#"{{"aggregations":[{}]}}"#, names.join(","))).await;
        assert_eq!(by_body.json()["aggregations"], *found);
        let some = "/collections/a/aggregate?aggregations=total_count&filter=gsd%3D10";
        assert_eq!(client.get(some).await.json()["aggregations"][0]["value"], 2);
        let years = "/aggregate?aggregations=datetime_frequency&datetime_frequency_interval=year";
        assert_eq!(client.get(years).await.json()["aggregations"][0]["buckets"][0]["frequency"], 4);
        let histogram =
            "/aggregate?aggregations=gsd_histogram,eo:cloud_cover_histogram&histogram_interval=20";
        let range = |from: u64, frequency: u64| {
            json!({"key": from.to_string(), "data_type": "numeric", "frequency": frequency,
            "from": from, "to": from + 20})
        };
        let histogram = client.get(histogram).await.json();
        assert_eq!(histogram["aggregations"][0]["buckets"], json!([range(0, 3), range(20, 2)]));
        assert_eq!(histogram["aggregations"][1]["buckets"], json!([range(0, 1), range(40, 1)]));
        assert_eq!(histogram["aggregations"][1]["overflow"], 3);
        // geohash.org: 7.5 46.0 lies in u0, 8 47 in u0.
        let cells = "/aggregate?aggregations=grid_geohash_frequency&grid_geohash_frequency_precision=2&bbox=7,45,9,48";
        assert_eq!(
            client.get(cells).await.json()["aggregations"][0]["buckets"],
            json!([bucket("u0", "string", 2)])
        );
    }
}

#[tokio::test]
async fn what_is_listed_can_be_asked_for() {
    let client = Stores::new().client(&["all.parquet"]);
    for path in ["", "/collections/a"] {
        let listed = client.get(&format!("{path}/aggregations")).await.json();
        let listed = listed["aggregations"].as_array().unwrap();
        assert!(listed.iter().any(|one| one["name"] == "gsd_max"), "{listed:?}");
        for one in listed {
            let name = one["name"].as_str().unwrap();
            let answer = client.get(&format!("{path}/aggregate?aggregations={name}")).await;
            assert_eq!(answer.json()["aggregations"][0]["name"], one["name"], "{name}: {}", answer.text());
        }
    }
}

/// `grid:code` has a name that the extension gives it, beside the one of every property.
#[tokio::test]
async fn grid_codes_are_counted() {
    let (client, _) = writable();
    let item = json!({"type": "Feature", "stac_version": "1.1.0", "id": "g", "geometry": null, "links": [], "assets": {},
        "properties": {"datetime": "2024-01-01T00:00:00Z", "grid:code": "MGRS-32TMT"}});
    let made = client.post("/collections/a/items", &item.to_string()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text());
    let listed = client.get("/collections/a/aggregations").await.json();
    let names: Vec<_> = listed["aggregations"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert!(names.contains(&&json!("grid_code_frequency")) && names.contains(&&json!("grid:code_frequency")));
    let found = client.get("/collections/a/aggregate?aggregations=grid_code_frequency").await.json();
    let bucket = json!({"key": "MGRS-32TMT", "data_type": "string", "frequency": 1});
    assert_eq!(
        found["aggregations"],
        json!([{"name": "grid_code_frequency", "data_type": "string", "overflow": 3, "buckets": [bucket]}])
    );
}
