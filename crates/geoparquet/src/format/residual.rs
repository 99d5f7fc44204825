//! The residual: what the columns of a row cannot say, as a JSON Patch (RFC 6902) on the Item that they give.
//!
//! Only `add`, `replace` (of array elements) and `remove` (of members) are written and understood. Anyone can apply
//! it with a library for JSON Patch.

use std::collections::BTreeMap;

use stacyard_model::json::{Key, Kind, Tape, Value, push_pointer_token, push_string};

/// The way to a value, kept on the stack: a JSON pointer that is only written out when something is wrong.
#[derive(Clone, Copy)]
pub(crate) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
pub(crate) enum Step<'p> {
    Name(&'p str),
    Key(Key<'p>),
    Index(usize),
}

impl<'p> Path<'p> {
    pub(crate) fn root(name: &'p str) -> Self {
        Self { parent: None, step: Step::Name(name) }
    }

    pub(crate) fn key(key: Key<'p>) -> Self {
        Self { parent: None, step: Step::Key(key) }
    }

    pub(crate) fn then(&'p self, step: Step<'p>) -> Self {
        Self { parent: Some(self), step }
    }

    fn write(&self, pointer: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(pointer);
        }
        match self.step {
            Step::Name(name) => push_pointer_token(pointer, name),
            Step::Key(key) => push_pointer_token(pointer, &key.text()),
            Step::Index(index) => push_pointer_token(pointer, &index.to_string()),
        }
    }
}

/// The patch of the row being written.
#[derive(Debug, Default)]
pub(crate) struct Residual {
    operations: Vec<u8>,
}

impl Residual {
    /// The value at `path` is this.
    pub(crate) fn set(&mut self, path: &Path<'_>, value: Value<'_>) {
        let op = if matches!(path.step, Step::Index(_)) { "replace" } else { "add" };
        self.operation(op, path);
        self.operations.extend_from_slice(b",\"value\":");
        value.write_compact(&mut self.operations);
        self.operations.push(b'}');
    }

    /// There is no value at `path`.
    pub(crate) fn remove(&mut self, path: &Path<'_>) {
        self.operation("remove", path);
        self.operations.push(b'}');
    }

    /// The value at `path` is this, or there is none, and its column has this JSON in its place. RFC 6902 has other readers
    /// ignore that.
    pub(crate) fn set_in_place_of(&mut self, path: &Path<'_>, value: Option<Value<'_>>, column: &[u8]) {
        match value {
            Some(value) => self.set(path, value),
            None => self.remove(path),
        }
        self.operations.pop();
        self.operations.extend_from_slice(b",\"column\":");
        self.operations.extend_from_slice(column);
        self.operations.push(b'}');
    }

    fn operation(&mut self, op: &str, path: &Path<'_>) {
        self.operations.push(if self.operations.is_empty() { b'[' } else { b',' });
        self.operations.extend_from_slice(b"{\"op\":\"");
        self.operations.extend_from_slice(op.as_bytes());
        self.operations.extend_from_slice(b"\",\"path\":");
        let mut pointer = String::new();
        path.write(&mut pointer);
        push_string(&mut self.operations, &pointer);
    }

    /// Takes the patch, and is empty again; `None` where there is nothing to say.
    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        if self.operations.is_empty() {
            return None;
        }
        let mut patch = std::mem::take(&mut self.operations);
        patch.push(b']');
        Some(patch)
    }
}

/// Why a residual cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ResidualError {
    #[error("the residual is not JSON: {0}")]
    Syntax(#[from] stacyard_model::json::SyntaxError),
    #[error("the residual is not a JSON Patch of add, replace and remove: {0}")]
    NotAPatch(String),
    #[error("the residual changes {0}, which is not there")]
    NoSuchPlace(String),
}

/// What of an Item a patch is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Onto {
    /// All: a place that is not there is an error.
    Whole,
    /// What some columns give: what is there is changed, and what is added is there, in objects that none of those columns has.
    Part,
    /// What another program has left: only what is there is changed.
    Left,
}

/// What a patch does at and below one place.
#[derive(Default)]
struct Change<'a> {
    here: Option<Action<'a>>,
    below: BTreeMap<String, Change<'a>>,
}

enum Action<'a> {
    Set(Value<'a>),
    Remove,
}

/// Appends `base` with `patch` applied, compact: of its operations those that `holds` is true of.
pub(crate) fn apply(
    base: &[u8],
    patch: &[u8],
    onto: Onto,
    holds: impl Fn(&[String], Value<'_>) -> bool,
    out: &mut Vec<u8>,
) -> Result<(), ResidualError> {
    let (mut base_tape, mut patch_tape) = (Tape::new(), Tape::new());
    let patch = patch_tape.parse(patch)?;
    let base = base_tape.parse(base)?;
    let wrong = |operation: Value<'_>| ResidualError::NotAPatch(operation.raw().chars().take(80).collect());
    let mut changes = Change::default();
    for operation in patch.elements().ok_or_else(|| wrong(patch))? {
        let path = operation.get("path").and_then(Value::as_str).ok_or_else(|| wrong(operation))?;
        let path = path.strip_prefix('/').ok_or_else(|| wrong(operation))?.to_owned();
        let names: Vec<String> =
            path.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
        if !holds(&names, operation) {
            continue;
        }
        let mut change = &mut changes;
        for name in names {
            change = change.below.entry(name).or_default();
        }
        change.here =
            Some(match (operation.get("op").and_then(Value::as_str).as_deref(), operation.get("value")) {
                (Some("add" | "replace"), Some(value)) => Action::Set(value),
                (Some("remove"), _) => Action::Remove,
                _ => return Err(wrong(operation)),
            });
    }
    write(base, &changes, onto, out)
}

fn write(base: Value<'_>, change: &Change<'_>, onto: Onto, out: &mut Vec<u8>) -> Result<(), ResidualError> {
    let nowhere = || {
        ResidualError::NoSuchPlace(change.below.keys().next().map(ToString::to_string).unwrap_or_default())
    };
    match change.here {
        Some(Action::Set(value)) => {
            value.write_compact(out);
            return Ok(());
        }
        Some(Action::Remove) => return Err(nowhere()),
        None => {}
    }
    let mut done = 0;
    match base.kind() {
        _ if change.below.is_empty() => base.write_compact(out),
        Kind::Object => {
            out.push(b'{');
            let start = out.len();
            for (key, value) in base.members().into_iter().flatten() {
                let change = change.below.get(&*key.text());
                done += usize::from(change.is_some());
                if matches!(change, Some(Change { here: Some(Action::Remove), .. })) {
                    continue;
                }
                if out.len() > start {
                    out.push(b',');
                }
                key.write(out);
                out.push(b':');
                match change {
                    Some(change) => write(value, change, onto, out)?,
                    None => value.write_compact(out),
                }
            }
            if done < change.below.len() {
                for (name, change) in &change.below {
                    if base.get(name).is_some() {
                        continue;
                    }
                    match (onto, &change.here) {
                        (_, Some(Action::Set(_))) | (Onto::Part, _) => write_new(name, change, start, out),
                        (Onto::Left, _) => {}
                        (Onto::Whole, _) => return Err(ResidualError::NoSuchPlace(name.clone())),
                    }
                }
            }
            out.push(b'}');
        }
        Kind::Array => {
            out.push(b'[');
            for (index, element) in base.elements().into_iter().flatten().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                match change.below.get(&*index.to_string()) {
                    Some(change) => {
                        done += 1;
                        write(element, change, onto, out)?;
                    }
                    None => element.write_compact(out),
                }
            }
            if done < change.below.len() && onto == Onto::Whole {
                return Err(nowhere());
            }
            out.push(b']');
        }
        _ if onto != Onto::Whole => base.write_compact(out),
        _ => return Err(nowhere()),
    }
    Ok(())
}

/// Appends a member that has what a patch adds, to the object the members of which begin at `start`; where that is nothing, it appends nothing. The object around a
/// value in the residual is in columns, of which a search may have read none. An array is not made: what else is in it is not known.
fn write_new(name: &str, change: &Change<'_>, start: usize, out: &mut Vec<u8>) {
    let before = out.len();
    if before > start {
        out.push(b',');
    }
    push_string(out, name);
    out.push(b':');
    if let Some(Action::Set(value)) = change.here {
        value.write_compact(out);
        return;
    }
    out.push(b'{');
    let within = out.len();
    let may_be_array = change.below.keys().any(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    for (name, change) in change.below.iter().filter(|_| !may_be_array) {
        write_new(name, change, within, out);
    }
    if out.len() == within {
        out.truncate(before);
    } else {
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(base: &str, patch: &str) -> Result<String, ResidualError> {
        let mut out = Vec::new();
        apply(base.as_bytes(), patch.as_bytes(), Onto::Whole, |_, _| true, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    /// After the examples of RFC 6902 appendix A.
    #[test]
    fn operations_do_what_the_rfc_says() {
        for (base, patch, wanted) in [
            (
                r#"{"foo":"bar"}"#,
                r#"[{"op":"add","path":"/baz","value":"qux"}]"#,
                r#"{"foo":"bar","baz":"qux"}"#,
            ),
            (r#"{"baz":"qux","foo":"bar"}"#, r#"[{"op":"remove","path":"/baz"}]"#, r#"{"foo":"bar"}"#),
            (
                r#"{"foo":[1,2,3]}"#,
                r#"[{"op":"replace","path":"/foo/1","value":{"a":null}}]"#,
                r#"{"foo":[1,{"a":null},3]}"#,
            ),
            (r#"{"foo":null}"#, r#"[{"op":"add","path":"/foo","value":1}]"#, r#"{"foo":1}"#),
            (
                r#"{"a/b":{"m~n":1}}"#,
                r#"[{"op":"add","path":"/a~1b/m~0n","value":2}]"#,
                r#"{"a/b":{"m~n":2}}"#,
            ),
            (
                r#"{"a":{}}"#,
                r#"[{"op":"add","path":"/a/x","value":1},{"op":"add","path":"/a/y","value":2}]"#,
                r#"{"a":{"x":1,"y":2}}"#,
            ),
        ] {
            assert_eq!(patched(base, patch).unwrap(), wanted);
        }
    }

    #[test]
    fn of_a_part_what_is_added_is_there() {
        for (base, patch, wanted) in [
            (
                "{}",
                r#"[{"op":"add","path":"/a/b/c","value":1},{"op":"add","path":"/a/d","value":2}]"#,
                r#"{"a":{"b":{"c":1},"d":2}}"#,
            ),
            (r#"{"x":0}"#, r#"[{"op":"add","path":"/a/0/c","value":1}]"#, r#"{"x":0}"#),
            (
                r#"{"x":0}"#,
                r#"[{"op":"remove","path":"/a/b"},{"op":"add","path":"/y/z","value":[]}]"#,
                r#"{"x":0,"y":{"z":[]}}"#,
            ),
            (
                r#"{"x":{}}"#,
                r#"[{"op":"remove","path":"/x/b"},{"op":"add","path":"/x/c/d","value":null}]"#,
                r#"{"x":{"c":{"d":null}}}"#,
            ),
        ] {
            let mut out = Vec::new();
            apply(base.as_bytes(), patch.as_bytes(), Onto::Part, |_, _| true, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), wanted);
        }
    }

    #[test]
    fn a_patch_that_does_not_fit_is_an_error() {
        for (base, patch) in [
            ("{}", r#"[{"op":"remove","path":"/a"}]"#),
            (r#"{"a":[]}"#, r#"[{"op":"replace","path":"/a/0","value":1}]"#),
            (r#"{"a":1}"#, r#"[{"op":"add","path":"/a/b","value":1}]"#),
            ("{}", r#"[{"op":"move","from":"/a","path":"/b"}]"#),
            ("{}", r#"{"op":"remove"}"#),
            ("{}", "nonsense"),
        ] {
            assert!(patched(base, patch).is_err(), "{patch}");
        }
    }
}
