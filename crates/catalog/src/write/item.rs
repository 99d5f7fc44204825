//! An Item in its new place: all that it is, without the links that say where it was.

use stacyard_model::json::{Value, push_string};

/// The links of an Item or a Collection to its place in a catalog.
const STRUCTURAL: [&str; 5] = ["self", "root", "parent", "collection", "items"];

/// Whether a link says where a document is in its catalog.
pub(super) fn is_structural(rel: Option<&str>) -> bool {
    rel.is_some_and(|rel| STRUCTURAL.contains(&rel))
}

/// Appends an Item on one line, with its links last, so that others can follow: what is to come is more links, and `]}`.
pub(super) fn write_open(item: Value<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (key, value) in item.members().into_iter().flatten().filter(|(key, _)| key.text() != "links") {
        key.write(out);
        out.push(b':');
        value.write_compact(out);
        out.push(b',');
    }
    push_string(out, "links");
    out.extend_from_slice(b":[");
    let start = out.len();
    for link in item.get("links").and_then(Value::elements).into_iter().flatten() {
        if is_structural(link.get("rel").and_then(Value::as_str).as_deref()) {
            continue;
        }
        if out.len() > start {
            out.push(b',');
        }
        link.write_compact(out);
    }
}

/// Ends an Item that [`write_open`] has begun.
pub(super) fn close(text: &mut Vec<u8>, links: &[serde_json::Value]) {
    for link in links {
        if !text.ends_with(b"[") {
            text.push(b',');
        }
        text.extend_from_slice(link.to_string().as_bytes());
    }
    text.extend_from_slice(b"]}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stacyard_model::json::Tape;

    use super::*;

    #[test]
    fn an_item_keeps_all_but_its_place() {
        for (links, kept) in [
            (
                r#"[{"rel":"self","href":"x"},{"rel":"via","href":"y"},{"rel":"parent","href":"z"}]"#,
                r#"{"rel":"via","href":"y"},"#,
            ),
            (r#"[{"rel":"self","href":"x"}]"#, ""),
            ("[]", ""),
        ] {
            let text = format!(r#"{{"type": "Feature", "links": {links}, "n": 1.0, "id": "a"}}"#);
            let (mut tape, mut out) = (Tape::new(), Vec::new());
            write_open(tape.parse(text.as_bytes()).unwrap(), &mut out);
            close(&mut out, &[json!({"rel": "root"})]);
            assert_eq!(
                String::from_utf8(out).unwrap(),
                format!(r#"{{"type":"Feature","n":1.0,"id":"a","links":[{kept}{{"rel":"root"}}]}}"#)
            );
        }
    }
}
