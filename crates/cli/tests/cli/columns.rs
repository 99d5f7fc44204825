//! Which fields get a column, and what is said of the others.

use std::fmt::Write as _;

use crate::support::{Yard, item_with, lines};

fn values(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn fields_without_a_column_are_warned_of() {
    let yard = Yard::new();
    let items: String = (0..30)
        .map(|n| {
            item_with(&format!("i{n}"), "2024-06-01T00:00:00Z", &format!(r#","a{n}":1,"b{n}":"x""#)) + "\n"
        })
        .collect();
    yard.write("a.ndjson", &items);
    let ran =
        yard.run(&["copy", "a.ndjson", "a.parquet", "--max-columns", "20", "--sort", "input"]).status(0);
    assert!(ran.err.contains("warning: a.parquet: "), "{}", ran.err);
    assert!(ran.err.contains("fields have no column, as there are at most 20"), "{}", ran.err);
    assert!(
        ran.err.contains("help: write a file for each collection (copy --collections ID)"),
        "{}",
        ran.err
    );
    assert_eq!(values(&yard.run(&["copy", "a.parquet", "-", "-q"]).status(0).out), values(&items));
    // The bound that it names is enough.
    let bound = ran.err.split("--max-columns ").nth(1).unwrap().split(')').next().unwrap();
    let ran = yard.run(&["optimize", "a.parquet", "--max-columns", bound]).status(0);
    assert!(!ran.err.contains("no column"), "{}", ran.err);
    let ran = yard.run(&["optimize", "a.parquet", "--max-columns", "0"]).status(2);
    assert!(ran.err.contains("write a number from 1 to 100000"), "{}", ran.err);
    let ran = yard.run(&["copy", "a.ndjson", "b.parquet"]).status(0);
    assert!(!ran.err.contains("no column"), "{}", ran.err);
}

/// Ever new keys, of which a file of 15.8 MB took 696 MB: counted up to a bound, said, and given back.
#[test]
fn ever_new_keys_come_back() {
    let yard = Yard::new();
    let items: String = (0..200)
        .map(|n| {
            let mut properties = String::new();
            for key in 0..300 {
                let _ = write!(properties, r#","k{}":{key}"#, n * 300 + key);
            }
            item_with(&format!("i{n}"), "2024-06-01T00:00:00Z", &properties) + "\n"
        })
        .collect();
    yard.write("a.ndjson", &items);
    let ran = yard.run(&["copy", "a.ndjson", "a.parquet", "--sort", "input"]).status(0);
    assert!(ran.err.contains("or more fields have no column"), "{}", ran.err);
    assert_eq!(values(&yard.run(&["copy", "a.parquet", "-", "-q"]).status(0).out), values(&items));
    let count =
        |filter: &str| yard.run(&["search", "a.parquet", "--filter", filter, "--count"]).status(0).out;
    assert_eq!([count("k5 = 5"), count("k59999 = 299"), count("k59999 IS NOT NULL")], ["1\n"; 3]);
}

#[test]
fn times_of_a_mixed_catalog_need_no_residual() {
    let yard = Yard::new();
    let mut items = String::new();
    for n in 0..40 {
        let (collection, time) = [("a", "2024-06-01T00:00:00Z"), ("b", "2024-06-01T00:00:00.000Z")][n % 2];
        let item = item_with(&format!("i{n}"), time, &format!(r#","created":"{time}""#));
        items += &item.replace(r#""collection":"c""#, &format!(r#""collection":"{collection}""#));
        items.push('\n');
    }
    yard.write("a.ndjson", &items);
    yard.run(&["copy", "a.ndjson", "a.parquet", "--sort", "input"]).status(0);
    assert_eq!(values(&yard.run(&["copy", "a.parquet", "-", "-q"]).status(0).out), values(&items));
    let info = yard.run(&["info", "a.parquet"]).status(0).out;
    assert!(!info.contains("residual"), "{info}");
}

#[test]
fn an_item_without_assets_comes_back_without() {
    let yard = Yard::new();
    let items = lines(&["a", "b"]);
    yard.write("a.ndjson", &items);
    yard.run(&["copy", "a.ndjson", "a.parquet", "--sort", "input"]).status(0);
    assert_eq!(values(&yard.run(&["copy", "a.parquet", "-", "-q"]).status(0).out), values(&items));
}

/// What nobody else can see is said; how a number is written is no loss.
#[test]
fn values_that_no_column_can_have_are_warned_of() {
    let yard = Yard::new();
    let item = |id: &str, properties: &str| item_with(id, "2024-06-01T00:00:00Z", properties) + "\n";
    let exact = [item("a", r#","n":1.50,"m":1e2,"o":null,"e":{}"#), item("b", r#","n":1,"o":"x""#)].concat();
    yard.write("exact.ndjson", &exact);
    assert_eq!(yard.run(&["copy", "exact.ndjson", "exact.parquet", "-q"]).status(0).err, "");
    let misfits = [item("a", r#","n":1"#), item("b", r#","n":2"#), item("c", r#","n":"3""#)].concat();
    yard.write("a.ndjson", &misfits);
    insta::assert_snapshot!(yard.run(&["copy", "a.ndjson", "a.parquet", "-q"]).status(0).err, @r"
    warning: a.parquet: 1 value has another type than most of its name: it is in stacyard:residual alone, which other programs do not read
      help: Stacyard gives it back as it was; for other programs give all values of a name one type
    ");
    let nameless = item("a", "").replace("\"assets\":{}", r#""assets":{"":{"href":"a"}},"mine":1"#);
    yard.write("b.ndjson", [nameless, item("b", r#","type":"x""#)].concat());
    insta::assert_snapshot!(yard.run(&["copy", "b.ndjson", "b.parquet", "-q"]).status(0).err, @r"
    warning: b.parquet: 3 values stand beside the properties, or have a name that no column can have: they are in stacyard:residual alone, which other programs do not read
      help: Stacyard gives them back as they were; for other programs put them into the properties, under names that no member of an Item has
    ");
    yard.write("c.ndjson", [misfits, item("d", r#","":2"#)].concat());
    insta::assert_snapshot!(yard.run(&["copy", "c.ndjson", "c.parquet", "-q"]).status(0).err, @r"
    warning: c.parquet: 1 value stands beside the properties, or has a name that no column can have: it is in stacyard:residual alone, which other programs do not read
      help: Stacyard gives it back as it was; for other programs put it into the properties, under a name that no member of an Item has
    warning: c.parquet: 1 value has another type than most of its name: it is in stacyard:residual alone, which other programs do not read
      help: Stacyard gives it back as it was; for other programs give all values of a name one type
    ");
}
