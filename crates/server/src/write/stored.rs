//! What a client sends, as it is stored: with the names that the URL says, and without the links of this server.

use stacyard_model::json::{Document, Value};
use stacyard_store::Stored;

use super::node::Node;
use crate::links::{Base, stored_links};
use crate::problem::Problem;

/// What a URL says of an Item or Collection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    /// Members that it has to have; those that nobody knows are empty.
    pub(super) members: &'a [(&'static str, &'a str)],
    /// The relations whose links are made here.
    pub(super) links: &'a [&'a str],
}

impl Given<'_> {
    /// The text to be stored in the place of what is there before.
    ///
    /// # Errors
    /// No object; a member that says something else than the URL.
    pub(super) fn stored(
        self,
        sent: Value<'_>,
        before: Option<&Stored>,
        base: &Base,
    ) -> Result<Vec<u8>, Problem> {
        let mut node = Node::Read(sent);
        if node.members().is_none() {
            return Err(Problem::bad("the body is not a JSON object"));
        }
        for &(name, wanted) in self.members.iter().filter(|(_, wanted)| !wanted.is_empty()) {
            match sent.get(name).filter(|value| !value.is_null()) {
                None => node.set(name, Node::string(wanted)),
                Some(value) if value.as_str().is_some_and(|text| text == wanted) => {}
                Some(value) => {
                    let what =
                        format!("the {name} in the body is {}, in the URL it is {wanted:?}", value.raw());
                    return Err(Problem::bad(what).parameter(name));
                }
            }
        }
        // A path with such a part is another path, as clients read it.
        if let Some(id) = sent.get("id").and_then(Value::as_str).filter(|id| [".", ".."].contains(&&**id)) {
            return Err(Problem::bad(format!("the id {id:?} has no URL of its own")).parameter("id"));
        }
        let before = before.and_then(|before| Document::parse_bytes(&before.text).ok());
        let before = before.as_ref().and_then(|before| before.root().get("links"));
        match sent.get("links") {
            // Who sends none has none but those of the server.
            None => node.set("links", Node::Made("[]".to_owned())),
            Some(links) => {
                if let Some(links) = stored_links(links, before, self.links, base) {
                    node.set("links", Node::Made(links));
                }
            }
        }
        Ok(node.text())
    }
}
