//! Single changes to a store: Items and Collections put and deleted one at a time, each on a condition.

use std::sync::Arc;

use stacyard_model::json::{Document, Value};
use stacyard_model::{Gate, ObjectKind, Profile};

use crate::check::Accept;
use crate::report::{Findings, Problem};
use crate::{ETag, Error, ItemKey};

/// On which condition a change is made (RFC 9110 section 13.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Whatever is there.
    Always,
    /// Where nothing is there (`If-None-Match: *`).
    Absent,
    /// Where this state is there (`If-Match`).
    Matches(ETag),
}

/// What a change has put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    /// Whether nothing was there before.
    pub is_new: bool,
    /// The tag of what is there now.
    pub etag: ETag,
}

/// A store that takes single changes. Each is one transaction: it is there once the call has returned, or not at all. What is put
/// has passed the gate: [`Edit`] is the only way here.
pub trait Editor: Send + Sync {
    /// Puts an Item.
    ///
    /// # Errors
    /// The condition does not hold; the store does not take it.
    fn put_item(&self, key: &ItemKey, item: &Document, when: When) -> Result<Put, Error>;

    /// Takes an Item away. Where there is none it is an error.
    ///
    /// # Errors
    /// The condition does not hold.
    fn delete_item(&self, key: &ItemKey, when: When) -> Result<(), Error>;

    /// Puts a Collection.
    ///
    /// # Errors
    /// The condition does not hold; the store does not take it.
    fn put_collection(&self, id: &str, collection: &Document, when: When) -> Result<Put, Error>;

    /// Takes a Collection away. Where there is none, or where Items belong to it, it is an error.
    ///
    /// # Errors
    /// The condition does not hold.
    fn delete_collection(&self, id: &str, when: When) -> Result<(), Error>;
}

/// Single changes to a store, each through the gate.
pub struct Edit<'a> {
    editor: &'a dyn Editor,
    gate: Gate,
}

impl<'a> Edit<'a> {
    pub(crate) fn new(editor: &'a dyn Editor, profile: Option<Arc<Profile>>) -> Self {
        Self { editor, gate: Gate::default().with_profile(profile) }
    }

    /// Puts the Item of this JSON text; gives its name.
    ///
    /// # Errors
    /// It is not valid; the condition does not hold; the store does not take it.
    pub fn put_item(&self, text: &[u8], when: When) -> Result<(ItemKey, Put), Error> {
        let document = self.valid(text, ObjectKind::Item)?;
        let member = |name| document.root().get(name).and_then(Value::as_str);
        let key = ItemKey {
            collection: member("collection").map(std::borrow::Cow::into_owned),
            id: member("id").unwrap_or_default().into_owned(),
        };
        Ok((key.clone(), self.editor.put_item(&key, &document, when)?))
    }

    /// Takes an Item away.
    ///
    /// # Errors
    /// There is none; the condition does not hold.
    pub fn delete_item(&self, key: &ItemKey, when: When) -> Result<(), Error> {
        self.editor.delete_item(key, when)
    }

    /// Puts the Collection of this JSON text; gives its id.
    ///
    /// # Errors
    /// It is not valid; the condition does not hold; the store does not take it.
    pub fn put_collection(&self, text: &[u8], when: When) -> Result<(String, Put), Error> {
        let document = self.valid(text, ObjectKind::Collection)?;
        let id = document.root().get("id").and_then(Value::as_str).unwrap_or_default().into_owned();
        let put = self.editor.put_collection(&id, &document, when)?;
        Ok((id, put))
    }

    /// Takes a Collection away.
    ///
    /// # Errors
    /// There is none; Items belong to it; the condition does not hold.
    pub fn delete_collection(&self, id: &str, when: When) -> Result<(), Error> {
        self.editor.delete_collection(id, when)
    }

    /// The document, if it is a valid one of this kind.
    fn valid(&self, text: &[u8], wanted: ObjectKind) -> Result<Document, Error> {
        let document = Document::parse_bytes(text)
            .map_err(|cause| Error::usage(format!("not JSON: {cause}"), "send JSON text"))?;
        let (kind, verdict) = Accept::All.verdict(&self.gate, document.root());
        let mut problems: Vec<Problem> = verdict.errors.into_iter().map(Problem::from).collect();
        if problems.is_empty() && kind != wanted {
            problems.push(Problem::new("type", format!("a {kind} where a {wanted} is expected")));
        }
        if problems.is_empty() {
            return Ok(document);
        }
        let id = document.root().get("id").and_then(Value::as_str).map(std::borrow::Cow::into_owned);
        Err(Error::invalid(Findings { kind: Some(kind), id, problems, more: verdict.more_errors }))
    }
}
