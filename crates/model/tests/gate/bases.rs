//! Hand-written objects that use every member the specification knows, so that mutations reach every rule.

/// Valid Items of both versions.
pub(crate) const ITEMS: [&str; 4] = [
    r#"{"type":"Feature","stac_version":"1.0.0","stac_extensions":["https://example.org/a.json","https://example.org/b.json"],
    "id":"one","collection":"c","geometry":{"type":"Polygon","bbox":[0,0,1,1],"coordinates":[[[0,0],[1,0],[1,1],[0,0]]]},"bbox":[0,0,1,1],
    "properties":{"datetime":null,"start_datetime":"2024-01-01T00:00:00Z","end_datetime":"2024-01-02T00:00:00.5+00:00",
      "created":"2024-01-01T00:00:00Z","updated":"2024-01-01T00:00:00Z","title":"t","description":"d","platform":"p","instruments":["i"],
      "constellation":"c","mission":"m","gsd":10,"license":"CC-BY-4.0","providers":[{"name":"n","description":"d","roles":["host"],"url":"https://example.org"}],
      "keywords":["k"],"bands":[{"name":"b"}],"nodata":0,"eo:cloud_cover":3},
    "links":[{"rel":"self","href":"https://example.org/one.json","type":"application/json","title":"t"},{"rel":"collection","href":"../c.json"},{"rel":"root","href":"a/b?c#d"}],
    "assets":{"a":{"href":"s3://b/a.tif","title":"t","description":"d","type":"image/tiff","roles":["data"],"gsd":10.5,"datetime":"2024-01-01T00:00:00Z"},"b":{"href":"./b"}}}"#,
    r#"{"type":"Feature","stac_version":"1.1.0","stac_extensions":["https://example.org/a.json"],
    "id":"two","collection":"c","geometry":{"type":"MultiPolygon","coordinates":[[[[0,0,5],[1,0,5],[1,1,5],[0,0,5]]]]},"bbox":[0,0,5,1,1,5],
    "properties":{"datetime":"2024-01-01T00:00:00Z","title":"t","description":"d","keywords":["k"],"roles":["r"],"gsd":1,
      "bands":[{"name":"b","description":"d","data_type":"uint8","nodata":"nan","unit":"m","statistics":{"minimum":0,"maximum":1,"mean":0.5,"stddev":0.1,"count":3,"valid_percent":50},"bands":[{"name":"x"}]}],
      "data_type":"float32","nodata":-9999,"unit":"K","statistics":{"count":1.0},"license":"other","providers":[{"name":"n"}]},
    "links":[{"rel":"self","href":"https://example.org/two.json","method":"GET","headers":{"a":"b","c":["d","e"]},"body":{"x":1},"title":"t","description":"d","created":"2024-01-01T00:00:00Z"},
      {"rel":"collection","href":"./c.json"}],
    "assets":{"a":{"href":"a.tif","bands":[{"name":"b1","gsd":10},{"name":"b2"}],"roles":["data"],"nodata":0,"data_type":"int8","statistics":{"mean":1},"start_datetime":"2024-01-01T00:00:00Z","end_datetime":"2024-01-01T00:00:00Z"}}}"#,
    r#"{"type":"Feature","stac_version":"1.1.0","id":"three","geometry":{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[1,2,3],[2,3]]]},
    "bbox":[1,2,3,4],"properties":{"datetime":"2024-01-01T00:00:00.123456789Z"},"links":[],"assets":{}}"#,
    r#"{"type":"Feature","stac_version":"1.0.0","id":"four","geometry":null,"properties":{"datetime":"2024-01-01T00:00:00+00:00"},"links":[],"assets":{}}"#,
];

/// Valid Collections and Catalogs of both versions.
pub(crate) const OTHERS: [&str; 4] = [
    r#"{"type":"Collection","stac_version":"1.0.0","stac_extensions":["https://example.org/a.json"],"id":"c","title":"t","description":"d","keywords":["k"],
    "license":"proprietary","providers":[{"name":"n","description":"d","roles":["producer","licensor"],"url":"https://example.org"}],
    "extent":{"spatial":{"bbox":[[-180,-90,180,90],[0,0,0,1,1,1]]},"temporal":{"interval":[["2024-01-01T00:00:00Z",null],[null,"2024-02-01T00:00:00Z"]]}},
    "summaries":{"a":{"minimum":0,"maximum":"x"},"b":[1,"x"],"c":{"type":"string","minLength":1}},"assets":{"a":{"href":"a.png","roles":["thumbnail"]}},
    "item_assets":{"a":{"type":"image/tiff"}},"links":[{"rel":"root","href":"./catalog.json","type":"application/json","title":"t"}]}"#,
    r#"{"type":"Collection","stac_version":"1.1.0","id":"c","title":"t","description":"d","keywords":["k"],"license":"CC0-1.0",
    "providers":[{"name":"n","roles":["host"],"url":"https://example.org"}],"gsd":10,"platform":"p","bands":[{"name":"b"}],"start_datetime":"2024-01-01T00:00:00Z","end_datetime":"2024-01-02T00:00:00Z",
    "extent":{"spatial":{"bbox":[[-180,-90,180,90],[0,0,1,1],[2,2,3,3]]},"temporal":{"interval":[["2024-01-01T00:00:00Z",null]]}},
    "summaries":{"a":{"minimum":0,"maximum":1},"c":{"properties":{"x":{"type":"number","multipleOf":2}}}},"assets":{"a":{"href":"a.png","description":"d"}},
    "item_assets":{"a":{"type":"image/tiff","title":"t","description":"d","roles":["data"],"bands":[{"name":"b"}],"gsd":3}},
    "links":[{"rel":"self","href":"https://example.org/c.json","method":"POST","headers":{"a":["b"]}}]}"#,
    r#"{"type":"Catalog","stac_version":"1.0.0","stac_extensions":["https://example.org/a.json"],"id":"c","title":"t","description":"d","links":[{"rel":"child","href":"./c/collection.json","type":"application/json","title":"t"}],"conformsTo":["x"]}"#,
    r#"{"type":"Catalog","stac_version":"1.1.0","stac_extensions":[],"id":"c","title":"t","description":"d","keywords":["k"],"created":"2024-01-01T00:00:00Z","providers":[{"name":"n"}],"links":[{"rel":"child","href":"./c/collection.json","updated":"2024-01-01T00:00:00Z"}]}"#,
];
