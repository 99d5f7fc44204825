//! JSON Merge Patch (RFC 7396).

use stacyard_model::json::Value;
use stacyard_search::Stop;
use stacyard_store::Error;

use super::node::Node;

/// Applies a patch: its members take the place of those there, and those that are null take them away.
///
/// # Errors
/// When it is time to stop: each name is looked for among all.
pub(super) fn merge<'a>(target: &mut Node<'a>, patch: Value<'a>, stop: &Stop) -> Result<(), Error> {
    let Some(members) = patch.members() else {
        *target = Node::Read(patch);
        return Ok(());
    };
    if target.members().is_none() {
        *target = Node::Object(Vec::new());
    }
    for (key, value) in members {
        stop.check()?;
        let name = key.text();
        if value.is_null() {
            target.remove(&name);
            continue;
        }
        if target.member(&name).is_none() {
            target.set(&name, Node::Object(Vec::new()));
        }
        if let Some(there) = target.member(&name) {
            merge(there, value, stop)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;

    fn merged(target: &str, patch: &str) -> String {
        let (target, patch) = (Document::parse(target).unwrap(), Document::parse(patch).unwrap());
        let mut node = Node::Read(target.root());
        merge(&mut node, patch.root(), &Stop::default()).unwrap();
        String::from_utf8(node.text()).unwrap()
    }

    /// The cases of RFC 7396, appendix A.
    #[test]
    fn cases_of_the_rfc() {
        for (target, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(merged(target, patch), result, "{target} {patch}");
        }
    }

    #[test]
    fn what_is_not_named_stays_as_it_is_written() {
        let target = r#"{"z":5.10,"é\u00e9":1E+2,"a":{"n":9007199254740993,"x":null},"$serde_json::private::Number":"1"}"#;
        assert_eq!(
            merged(target, r#"{"a":{"new":-0.0}}"#),
            target.replace(r#""x":null"#, r#""x":null,"new":-0.0"#)
        );
        assert_eq!(merged(target, "{}"), target);
    }
}
