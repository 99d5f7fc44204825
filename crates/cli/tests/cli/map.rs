//! `map`, and `info --plot`: what a store holds, to look at.

use super::support::Yard;

const HOSTILE: &str = r#"{"type":"Feature","stac_version":"1.1.0","id":"</script><script>alert(1)</script>","geometry":{"type":"Polygon","coordinates":[[[7,46],[8,46],[8,47],[7,47],[7,46]]]},"bbox":[7,46,8,47],"properties":{"datetime":"2024-05-01T00:00:00Z","title":"<img src=x onerror=alert(1)>","\"><b>":"&amp;"},"links":[],"assets":{}}"#;

#[test]
fn a_page_holds_all_it_needs_and_no_markup_of_others() {
    let yard = Yard::new();
    let nowhere = r#"{"type":"Feature","stac_version":"1.1.0","id":"nowhere","geometry":null,"properties":{"datetime":"2024-05-01T00:00:00Z"},"links":[],"assets":{}}"#;
    yard.write("a.ndjson", format!("{HOSTILE}\n{nowhere}\n"));
    let ran = yard.run(&["map", "a.ndjson", "--filter", "id <> 'x'", "-o", "map.html"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let page = yard.read("map.html");
    assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(!page.contains("<img") && !page.contains("<b>") && page.matches("<script").count() == 1);
    // Nothing is asked of anybody, and nothing else would run.
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    for word in [" src=", "url(", "@import", "unsafe-inline"] {
        assert!(!page.replace("&lt;img src=x", "").contains(word), "{word}");
    }
    assert!(page.contains("2 Items") && page.contains("none of those without a geometry: 1"));
    let filter = r"stacyard map a.ndjson --filter 'id &lt;&gt; '\''x'\''' -o map.html";
    assert!(page.contains(filter), "{page}");
    assert!(page.contains(r#"id="f0""#) && page.contains(r#"data-footprint="0""#));
}

#[test]
fn pictures_are_pictures() {
    let yard = Yard::new();
    yard.write("a.ndjson", format!("{HOSTILE}\n"));
    assert_eq!(yard.run(&["map", "a.ndjson", "-o", "map.png", "-q"]).status, 0);
    let png = std::fs::read(yard.path("map.png")).unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    // IHDR: the width.
    assert_eq!(u32::from_be_bytes([png[16], png[17], png[18], png[19]]), 1_600);
    assert_eq!(yard.run(&["map", "a.ndjson", "-o", "map.svg", "-q"]).status, 0);
    let svg = yard.read("map.svg");
    assert!(
        svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"")
            && svg.contains("M7 -46L8 -46L8 -47L7 -47L7 -46Z")
    );
    // No file but these.
    assert_eq!(yard.names(), ["a.ndjson", "map.png", "map.svg"]);
}

#[test]
fn many_items_are_counted() {
    let yard = Yard::new();
    let one = |n: u32| {
        let x = f64::from(n % 50) / 10.0;
        format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"{n}","geometry":{{"type":"Point","coordinates":[{x},10]}},"bbox":[{x},10,{x},10],"properties":{{"datetime":"2024-05-01T00:00:00Z"}},"links":[],"assets":{{}}}}"#
        ) + "\n"
    };
    yard.write("a.ndjson", (0..2_001).map(one).collect::<String>());
    let ran = yard.run(&["map", "a.ndjson", "-o", "map.html", "-q"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let page = yard.read("map.html");
    assert!(
        page.contains("2,001 Items") && page.contains("more than 2000") && page.contains("class=\"cell\"")
    );
    assert!(!page.contains("class=\"footprint\""));
    // The first of them can be drawn all the same.
    let ran = yard.run(&["map", "a.ndjson", "--max-items", "5", "-o", "map.html", "-q", "--overwrite"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert_eq!(yard.read("map.html").matches("class=\"footprint\"").count(), 5);
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let yard = Yard::new();
    yard.write("a.ndjson", format!("{HOSTILE}\n"));
    yard.write("there.png", "");
    for (arguments, status, says) in [
        (&["map", "a.ndjson", "-o", "map.gif"][..], 2, "write -o map.html, map.png or map.svg"),
        (&["map", "a.ndjson", "-o", "there.png"], 2, "there.png is there already"),
        (&["map", "gone.parquet", "-o", "map.png"], 3, "gone.parquet"),
        (&["map", "a.ndjson", "-o", "map.png", "--max-items", "2001"], 2, "2000 at most"),
        (&["map", "a.ndjson", "-o", "map.png", "--filter", "clod < 3"], 2, "clod"),
        (&["map", "-", "-o", "map.png"], 2, "copy it to a file first"),
        (&["info", "-", "--plot"], 2, "copy it to a file first"),
        (&["map", "a.ndjson", "-o", "none/map.png"], 3, "none/map.png"),
    ] {
        let ran = yard.run(arguments);
        assert!(ran.err.contains(says), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.status, status, "{arguments:?}: {}", ran.err);
    }
    assert_eq!(yard.names(), ["a.ndjson", "there.png"]);
    // No Items are no error: it is said, and the map is empty.
    let ran = yard.run(&["map", "a.ndjson", "--datetime", "1999-01-01T00:00:00Z", "-o", "map.html"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.err.contains("no Item of a.ndjson answers: the map is empty"), "{}", ran.err);
    assert!(yard.read("map.html").contains("No Item answers."));
}

#[test]
fn a_plot_is_text() {
    let yard = Yard::new();
    let at = |id: &str, x: f64, y: f64, day: &str| {
        HOSTILE
            .replace("</script><script>alert(1)</script>", id)
            .replace(
                "[[[7,46],[8,46],[8,47],[7,47],[7,46]]]",
                &format!("[[[{x},{y}],[{0},{y}],[{0},{1}],[{x},{1}],[{x},{y}]]]", x + 10.0, y + 5.0),
            )
            .replace("[7,46,8,47]", &format!("[{x},{y},{},{}]", x + 10.0, y + 5.0))
            .replace("2024-05-01T00:00:00Z", day)
            + "\n"
    };
    yard.write(
        "a.ndjson",
        [
            at("a", -100.0, 40.0, "2024-01-05T00:00:00Z"),
            at("b", -100.0, 40.0, "2024-01-07T00:00:00Z"),
            at("c", 130.0, -30.0, "2024-03-01T00:00:00Z"),
        ]
        .concat(),
    );
    let ran = yard.run(&["info", "a.ndjson", "--plot"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let plot = ran.out.split_once("datetime  ").unwrap().1;
    assert!(!plot.contains('\u{1b}'), "no terminal, no colour");
    assert!(plot.lines().all(|line| line.chars().count() <= 80), "{plot}");
    let (when, map) = plot.split_once("when\n").unwrap().1.split_once("\nwhere\n").unwrap();
    let bars = format!("█ █{:53}█\n2024-01-05{:37}2024-03-01\nat most 1 in one bar\n", "", "");
    assert_eq!(when, bars);
    // Two upon each other, one alone, and the land around them.
    assert!(map.contains('▓') && map.contains('▒') && map.contains('⠉') && !map.contains('█'), "{map}");
    assert_eq!(yard.run(&["info", "a.ndjson", "--plot", "--format", "json"]).status, 2);
}
