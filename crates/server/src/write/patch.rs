//! JSON Patch (RFC 6902).

use axum::http::StatusCode;
use stacyard_model::json::{Document, MAX_DEPTH, Value};
use stacyard_search::Stop;

use super::failure::Failure;
use super::node::Node;
use crate::problem::Problem;

/// So many operations may be in a patch.
const MOST: usize = 1_000;

/// Applies all operations of a patch, or none: where one fails, nobody looks at the value any more. No more than `room` bytes are added.
pub(super) fn apply<'a>(
    target: &mut Node<'a>,
    patch: Value<'a>,
    mut room: usize,
    stop: &Stop,
) -> Result<(), Failure> {
    let operations =
        patch.elements().ok_or_else(|| Problem::bad("a JSON Patch is an array of operations"))?;
    if operations.clone().count() > MOST {
        return Err(Problem::bad(format!("a patch has no more than {MOST} operations")).into());
    }
    for (index, operation) in operations.enumerate() {
        stop.check()?;
        let step = Step { index, operation };
        step.apply(target, &mut room)?;
    }
    Ok(())
}

/// One operation.
struct Step<'a> {
    index: usize,
    operation: Value<'a>,
}

impl<'a> Step<'a> {
    fn apply(&self, root: &mut Node<'a>, room: &mut usize) -> Result<(), Problem> {
        let op = self.text("op")?;
        let path = self.pointer("path")?;
        match &*op {
            "add" => self.add(root, &path, self.value()?, room),
            "remove" => self.remove(root, &path).map(|_| ()),
            "replace" => {
                let value = self.value()?;
                *self.find(root, &path)? = value;
                Ok(())
            }
            "move" => {
                let from = self.pointer("from")?;
                if path.len() > from.len() && path.starts_with(&from) {
                    return Err(self.wrong("a value cannot be moved into itself"));
                }
                let value = self.remove(root, &from)?;
                self.add(root, &path, value, room)
            }
            "copy" => {
                let value = self.find(root, &self.pointer("from")?)?.clone();
                self.add(root, &path, value, room)
            }
            "test" => {
                let there = Document::parse_bytes(&self.find(root, &path)?.text());
                let wanted = self.operation.get("value").ok_or_else(|| self.wrong("it has no value"))?;
                if there.is_ok_and(|there| is_equal(there.root(), wanted)) {
                    return Ok(());
                }
                Err(self.fails("the value there is another one"))
            }
            _ => Err(self.wrong("op has to be add, remove, replace, move, copy or test")),
        }
    }

    /// The value at a place.
    fn find<'n>(&self, root: &'n mut Node<'a>, path: &[String]) -> Result<&'n mut Node<'a>, Problem> {
        let mut node = root;
        for token in path {
            // Looked at twice, as what is borrowed cannot be left again.
            let is_array = node.elements().is_some();
            let inner = if is_array {
                node.elements().and_then(|elements| elements.get_mut(index(token)?))
            } else {
                node.member(token)
            };
            node = inner.ok_or_else(|| self.fails("there is nothing"))?;
        }
        Ok(node)
    }

    fn add(
        &self,
        root: &mut Node<'a>,
        path: &[String],
        value: Node<'a>,
        room: &mut usize,
    ) -> Result<(), Problem> {
        // Copies of copies would be without end.
        let (bytes, depth) = value.measure();
        *room = room.checked_sub(bytes).ok_or_else(|| self.wrong("the patch makes too much of it"))?;
        if path.len() + depth > MAX_DEPTH {
            return Err(self.wrong("the patch nests too deep"));
        }
        let Some((last, before)) = path.split_last() else {
            *root = value;
            return Ok(());
        };
        let parent = self.find(root, before)?;
        if let Some(elements) = parent.elements() {
            let at = if last == "-" { Some(elements.len()) } else { index(last) };
            let at = at.filter(|at| *at <= elements.len());
            elements.insert(at.ok_or_else(|| self.fails("the array has no such place"))?, value);
            return Ok(());
        }
        if parent.members().is_none() {
            return Err(self.fails("what it is to be put into is no array or object"));
        }
        parent.set(last, value);
        Ok(())
    }

    fn remove(&self, root: &mut Node<'a>, path: &[String]) -> Result<Node<'a>, Problem> {
        let (last, before) = path.split_last().ok_or_else(|| self.wrong("the whole cannot be removed"))?;
        let parent = self.find(root, before)?;
        let removed = match parent.elements() {
            Some(elements) => index(last).filter(|at| *at < elements.len()).map(|at| elements.remove(at)),
            None => parent.remove(last),
        };
        removed.ok_or_else(|| self.fails("there is nothing"))
    }

    fn value(&self) -> Result<Node<'a>, Problem> {
        self.operation.get("value").map(Node::Read).ok_or_else(|| self.wrong("it has no value"))
    }

    fn text(&self, name: &str) -> Result<std::borrow::Cow<'a, str>, Problem> {
        let text = self.operation.get(name).and_then(Value::as_str);
        text.ok_or_else(|| self.wrong(&format!("it has no {name}")))
    }

    /// A JSON Pointer (RFC 6901), as its parts.
    fn pointer(&self, name: &str) -> Result<Vec<String>, Problem> {
        let text = self.text(name)?;
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let rest = text.strip_prefix('/').ok_or_else(|| self.wrong(&format!("{name} is no JSON Pointer")))?;
        let parts: Vec<String> =
            rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        if parts.len() > MAX_DEPTH {
            return Err(self.wrong(&format!("{name} is too deep")));
        }
        Ok(parts)
    }

    /// The patch has no meaning.
    fn wrong(&self, what: &str) -> Problem {
        self.said(StatusCode::BAD_REQUEST, what)
    }

    /// The patch does not fit what is there (RFC 5789 section 2.2).
    fn fails(&self, what: &str) -> Problem {
        self.said(StatusCode::CONFLICT, what)
    }

    fn said(&self, status: StatusCode, what: &str) -> Problem {
        let problem = Problem::new(status, format!("operation {} of the patch: {what}", self.index));
        let path = self.operation.get("path").and_then(Value::as_str);
        problem.with("pointer", path.map(std::borrow::Cow::into_owned))
    }
}

/// The index of an element (RFC 6901 section 4).
fn index(token: &str) -> Option<usize> {
    let is_index =
        token == "0" || (token.bytes().all(|byte| byte.is_ascii_digit()) && !token.starts_with('0'));
    token.parse().ok().filter(|_| is_index)
}

/// Equal as RFC 6902 section 4.6 has it: numbers by their values.
fn is_equal(one: Value<'_>, other: Value<'_>) -> bool {
    if let (Some(one), Some(other)) = (one.as_number(), other.as_number()) {
        return one == other;
    }
    if let (Some(one), Some(other)) = (one.elements(), other.elements()) {
        return one.clone().count() == other.clone().count() && one.zip(other).all(|(a, b)| is_equal(a, b));
    }
    if let (Some(members), Some(others)) = (one.members(), other.members()) {
        return members.clone().count() == others.count()
            && members
                .into_iter()
                .all(|(key, value)| other.get(&key.text()).is_some_and(|same| is_equal(value, same)));
    }
    one == other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(target: &str, patch: &str) -> Result<String, StatusCode> {
        let (target, patch) = (Document::parse(target).unwrap(), Document::parse(patch).unwrap());
        let mut node = Node::Read(target.root());
        match apply(&mut node, patch.root(), 1_000_000, &Stop::default()) {
            Ok(()) => Ok(String::from_utf8(node.text()).unwrap()),
            Err(Failure::Theirs(problem)) => Err(problem.status()),
            Err(Failure::Ours(error)) => panic!("{error}"),
        }
    }

    const WRONG: StatusCode = StatusCode::BAD_REQUEST;
    const FAILS: StatusCode = StatusCode::CONFLICT;

    /// The cases of RFC 6902, appendix A. A.13 is no JSON of ours: a name stands there twice.
    #[test]
    fn cases_of_the_rfc() {
        for (target, patch, result) in [
            (
                r#"{"foo":"bar"}"#,
                r#"[{"op":"add","path":"/baz","value":"qux"}]"#,
                Ok(r#"{"foo":"bar","baz":"qux"}"#),
            ),
            (
                r#"{"foo":["bar","baz"]}"#,
                r#"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
                Ok(r#"{"foo":["bar","qux","baz"]}"#),
            ),
            (r#"{"baz":"qux","foo":"bar"}"#, r#"[{"op":"remove","path":"/baz"}]"#, Ok(r#"{"foo":"bar"}"#)),
            (
                r#"{"foo":["bar","qux","baz"]}"#,
                r#"[{"op":"remove","path":"/foo/1"}]"#,
                Ok(r#"{"foo":["bar","baz"]}"#),
            ),
            (
                r#"{"baz":"qux","foo":"bar"}"#,
                r#"[{"op":"replace","path":"/baz","value":"boo"}]"#,
                Ok(r#"{"baz":"boo","foo":"bar"}"#),
            ),
            (
                r#"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
                r#"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
                Ok(r#"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#),
            ),
            (
                r#"{"foo":["all","grass","cows","eat"]}"#,
                r#"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
                Ok(r#"{"foo":["all","cows","eat","grass"]}"#),
            ),
            (
                r#"{"baz":"qux","foo":["a",2,"c"]}"#,
                r#"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
                Ok(r#"{"baz":"qux","foo":["a",2,"c"]}"#),
            ),
            (r#"{"baz":"qux"}"#, r#"[{"op":"test","path":"/baz","value":"bar"}]"#, Err(FAILS)),
            (
                r#"{"foo":"bar"}"#,
                r#"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
                Ok(r#"{"foo":"bar","child":{"grandchild":{}}}"#),
            ),
            (
                r#"{"foo":"bar"}"#,
                r#"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#,
                Ok(r#"{"foo":"bar","baz":"qux"}"#),
            ),
            (r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, Err(FAILS)),
            (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":10}]"#, Ok(r#"{"/":9,"~1":10}"#)),
            (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":"10"}]"#, Err(FAILS)),
            (
                r#"{"foo":["bar"]}"#,
                r#"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
                Ok(r#"{"foo":["bar",["abc","def"]]}"#),
            ),
        ] {
            assert_eq!(patched(target, patch), result.map(str::to_owned), "{target} {patch}");
        }
    }

    #[test]
    fn what_is_no_patch_is_refused() {
        for (patch, status) in [
            ("{}", WRONG),
            ("[7]", WRONG),
            (r#"[{"op":"add","path":"/a"}]"#, WRONG),
            (r#"[{"op":"near","path":"/a"}]"#, WRONG),
            (r#"[{"op":"remove","path":""}]"#, WRONG),
            (r#"[{"op":"remove","path":"a"}]"#, WRONG),
            (r#"[{"op":"move","from":"/a","path":"/a/b"}]"#, WRONG),
            (r#"[{"op":"remove","path":"/b"}]"#, FAILS),
            (r#"[{"op":"replace","path":"/b","value":1}]"#, FAILS),
            (r#"[{"op":"add","path":"/a/01","value":1}]"#, FAILS),
            (r#"[{"op":"add","path":"/a/4","value":1}]"#, FAILS),
            (r#"[{"op":"remove","path":"/a/-"}]"#, FAILS),
            (r#"[{"op":"copy","from":"/a/3","path":"/b"}]"#, FAILS),
        ] {
            assert_eq!(patched(r#"{"a":[1,2,3]}"#, patch), Err(status), "{patch}");
        }
    }

    #[test]
    fn numbers_are_equal_by_value_and_stay_as_they_are_written() {
        let target = r#"{"a":{"n":5.10,"m":[1e2,9007199254740993]}}"#;
        let test = r#"[{"op":"test","path":"/a","value":{"m":[100,9007199254740993],"n":5.1}}]"#;
        assert_eq!(patched(target, test), Ok(target.to_owned()));
        let beyond = test.replace("740993", "740992");
        assert_eq!(patched(target, &beyond), Err(FAILS));
    }

    /// What doubles with each operation, in length or in depth, ends soon.
    #[test]
    fn copies_of_copies_end() {
        let doubled = |path: &str| {
            let one = format!(r#"{{"op":"copy","from":"","path":"{path}"}}"#);
            format!("[{}]", vec![one; 200].join(","))
        };
        assert_eq!(patched(r#"{"a":[]}"#, &doubled("/a/-")), Err(WRONG));
        assert_eq!(patched(r#"{"a":[]}"#, &doubled("/b")), Err(WRONG));
    }
}
