//! A small catalog with all that makes stores disagree.

use stacyard_model::json::Document;

/// The Items, one a line, in an order that no search gives.
///
/// What each is there for: two collections share the id `b`; `loose` has no collection; `a` and `b` of `c1` have the same
/// timestamp; `range` and `b` of `c2` have no `datetime`; `cloud` is a number, null, absent, a string, a Boolean, an array;
/// `long` and `longer` differ beyond what a double holds; geometries are null, empty, across the antimeridian, with a
/// hole, with heights, at a pole, in a collection; `dots` has a name with a dot beside the nested one.
pub const ITEMS: &str = r#"
{"type":"Feature","stac_version":"1.1.0","id":"b","collection":"c1","geometry":{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]]]},"bbox":[0,0,10,10],"properties":{"datetime":"2024-01-01T00:00:00Z","cloud":20.0,"platform":"sentinel-2b","count":2,"tags":["y","z"],"flag":true},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"a","collection":"c1","geometry":{"type":"Point","coordinates":[10,20]},"bbox":[10,20,10,20],"properties":{"datetime":"2024-01-01T00:00:00Z","cloud":10,"platform":"sentinel-2a","count":1,"tags":["x","y"],"flag":false,"title":"Plume over the Strait"},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"b","collection":"c2","geometry":null,"properties":{"datetime":null,"start_datetime":"2024-01-01T00:00:00Z","end_datetime":"2024-03-01T00:00:00Z","cloud":null,"platform":"landsat-8","count":-3},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"long","collection":"c1","geometry":{"type":"Point","coordinates":[-60,-30]},"bbox":[-60,-30,-60,-30],"properties":{"datetime":"2023-05-01T00:00:00Z","count":9007199254740992,"cloud":30},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"longer","collection":"c1","geometry":{"type":"Point","coordinates":[-61,-30]},"bbox":[-61,-30,-61,-30],"properties":{"datetime":"2023-05-02T00:00:00Z","count":9007199254740993,"cloud":40.25},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"text","collection":"c2","geometry":{"type":"Point","coordinates":[100,50]},"bbox":[100,50,100,50],"properties":{"datetime":"2022-01-01T00:00:00Z","cloud":"20","platform":"Landsat-8","count":0},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"truth","collection":"c2","geometry":{"type":"Point","coordinates":[101,50]},"bbox":[101,50,101,50],"properties":{"datetime":"2022-01-02T00:00:00Z","cloud":true,"flag":null},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"list","collection":"c2","geometry":{"type":"Point","coordinates":[102,50]},"bbox":[102,50,102,50],"properties":{"datetime":"2022-01-03T00:00:00Z","cloud":[20],"tags":[]},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"anti","collection":"c1","geometry":{"type":"MultiPolygon","coordinates":[[[[170,-10],[180,-10],[180,10],[170,10],[170,-10]]],[[[-180,-10],[-170,-10],[-170,10],[-180,10],[-180,-10]]]]},"bbox":[170,-10,-170,10],"properties":{"datetime":"2024-02-29T23:59:59Z","cloud":0,"count":7},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"high","collection":"c1","geometry":{"type":"Point","coordinates":[5,5,1000]},"bbox":[5,5,1000,5,5,1000],"properties":{"datetime":"2024-01-15T00:00:00Z","cloud":5.5},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"loose","geometry":{"type":"Point","coordinates":[-120,45]},"bbox":[-120,45,-120,45],"properties":{"datetime":"2021-07-01T00:00:00Z","platform":"Ärger","title":"Élan vital"},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"void","collection":"c2","geometry":{"type":"GeometryCollection","geometries":[]},"bbox":[0,0,1,1],"properties":{"datetime":"2021-07-02T00:00:00Z","platform":"","title":"","keywords":["Methane","Nord Stream"]},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"line","collection":"c2","geometry":{"type":"LineString","coordinates":[[-5,5],[15,5]]},"bbox":[-5,5,15,5],"properties":{"datetime":"2021-08-01T00:00:00Z","cloud":99.9},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"hole","collection":"c2","geometry":{"type":"Polygon","coordinates":[[[20,20],[40,20],[40,40],[20,40],[20,20]],[[25,25],[35,25],[35,35],[25,35],[25,25]]]},"bbox":[20,20,40,40],"properties":{"datetime":"2021-09-01T00:00:00Z","cloud":50,"platform":"a_b%c"},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"pole","collection":"c1","geometry":{"type":"Point","coordinates":[0,90]},"bbox":[0,90,0,90],"properties":{"datetime":"2021-10-01T00:00:00Z","cloud":60,"platform":"a-b-c"},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"nanos","collection":"c1","geometry":{"type":"Point","coordinates":[30,30]},"bbox":[30,30,30,30],"properties":{"datetime":"2024-06-01T12:00:00.123456789Z","cloud":70,"updated":"2024-07-01T00:00:00Z"},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"offset","collection":"c2","geometry":{"type":"Point","coordinates":[30.5,30]},"bbox":[30.5,30,30.5,30],"properties":{"datetime":"2024-06-01T14:00:00.123456788+02:00","cloud":71,"updated":"2024-07-01T00:00:00.5Z"},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"range","collection":"c1","geometry":{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[-75,40]},{"type":"LineString","coordinates":[[-80,40],[-70,40]]}]},"bbox":[-80,40,-70,40],"properties":{"datetime":null,"start_datetime":"2020-01-01T00:00:00Z","end_datetime":"2030-01-01T00:00:00Z","cloud":80},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"both","collection":"c2","geometry":{"type":"Point","coordinates":[-75,40]},"bbox":[-75,40,-75,40],"properties":{"datetime":"2024-05-05T00:00:00Z","start_datetime":"2024-05-01T00:00:00Z","end_datetime":"2024-05-31T00:00:00Z","cloud":81},"links":[],"assets":{}}
{"type":"Feature","stac_version":"1.1.0","id":"dots","collection":"c2","geometry":{"type":"Point","coordinates":[50,0]},"bbox":[50,0,50,0],"properties":{"datetime":"2020-02-29T00:00:00Z","view.sun":7,"view":{"sun":5,"off":1},"id":"inner","title":"Methane plume"},"links":[],"assets":{}}
"#;

/// The Items as documents.
pub(super) fn items() -> Vec<Document> {
    ITEMS.lines().filter_map(|line| Document::parse(line).ok()).collect()
}
