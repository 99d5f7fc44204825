//! Single changes to a store: Items and Collections put and deleted one at a time, each on a condition.

use std::fmt::Display;
use std::sync::Arc;

use stacyard_model::json::{Document, Value};
use stacyard_model::{Gate, ObjectKind, Profile};

use crate::check::Accept;
use crate::report::{Findings, Problem};
use crate::{ETag, Error, ErrorKind, ItemKey, Stored};

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

impl When {
    /// Whether what is there under a name is what the change is meant for.
    ///
    /// # Errors
    /// It is not: `Exists`, `NotFound` or `Conflict`.
    pub fn meets(self, there: Option<&Stored>, name: &dyn Display) -> Result<(), Error> {
        match (self, there) {
            (Self::Absent, Some(_)) => {
                Err(Error::new(ErrorKind::Exists, &format!("{name} is there already"))
                    .remedy("change it instead"))
            }
            (Self::Matches(_), None) => Err(Error::not_there(name)),
            (Self::Matches(wanted), Some(Stored { etag, .. })) if wanted != *etag => {
                let message = format!("{name} has been changed since: its ETag is {etag} now");
                Err(Error::new(ErrorKind::Conflict, &message)
                    .remedy("read it again, and make the change anew"))
            }
            _ => Ok(()),
        }
    }
}

/// Which collections take an Item that is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// Any, whether there is a Collection for it or not.
    Any,
    /// One that there is: the store keeps its Collection, which stays until the Item is in, or has Items of it already.
    Known,
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
    /// The condition does not hold; there is no such collection where it has to be known; the store does not take it.
    fn put_item(&self, key: &ItemKey, item: &Document, when: When, home: Home) -> Result<Put, Error>;

    /// Takes an Item away. Where there is none it is an error.
    ///
    /// # Errors
    /// The condition does not hold.
    fn delete_item(&self, key: &ItemKey, when: When) -> Result<(), Error>;

    /// Takes Items away, each on a condition, as one transaction. Those that are not there, or are otherwise, stay as they are; says how many went.
    ///
    /// # Errors
    /// Something refers to one of them: then none went.
    fn delete_items(&self, items: &[(ItemKey, When)]) -> Result<u64, Error>;

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
    home: Home,
}

impl<'a> Edit<'a> {
    pub(crate) fn new(editor: &'a dyn Editor, profile: Option<Arc<Profile>>) -> Self {
        Self { editor, gate: Gate::default().with_profile(profile), home: Home::Any }
    }

    /// The same, where Items go into such collections only.
    #[must_use]
    pub fn into_home(self, home: Home) -> Self {
        Self { home, ..self }
    }

    /// Puts the Item of this JSON text; gives its name.
    ///
    /// # Errors
    /// It is not valid; the condition does not hold; there is no such collection where it has to be known; the store does not take it.
    pub fn put_item(&self, text: &[u8], when: When) -> Result<(ItemKey, Put), Error> {
        let document = self.valid(text, ObjectKind::Item)?;
        let member = |name| document.root().get(name).and_then(Value::as_str);
        let key = ItemKey {
            collection: member("collection").map(std::borrow::Cow::into_owned),
            id: member("id").unwrap_or_default().into_owned(),
        };
        Ok((key.clone(), self.editor.put_item(&key, &document, when, self.home)?))
    }

    /// Takes an Item away.
    ///
    /// # Errors
    /// There is none; the condition does not hold.
    pub fn delete_item(&self, key: &ItemKey, when: When) -> Result<(), Error> {
        self.editor.delete_item(key, when)
    }

    /// Takes Items away, each on a condition, as one transaction; says how many went. The others are not there, or have been changed.
    ///
    /// # Errors
    /// Something refers to one of them: then none went.
    pub fn delete_items(&self, items: &[(ItemKey, When)]) -> Result<u64, Error> {
        self.editor.delete_items(items)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A store that takes all that comes.
    struct Anything;

    impl Editor for Anything {
        fn put_item(&self, _: &ItemKey, item: &Document, _: When, _: Home) -> Result<Put, Error> {
            Ok(Put { is_new: true, etag: ETag::of(item.text().as_bytes()) })
        }

        fn delete_item(&self, _: &ItemKey, _: When) -> Result<(), Error> {
            Ok(())
        }

        fn delete_items(&self, items: &[(ItemKey, When)]) -> Result<u64, Error> {
            Ok(items.len() as u64)
        }

        fn put_collection(&self, _: &str, collection: &Document, _: When) -> Result<Put, Error> {
            Ok(Put { is_new: true, etag: ETag::of(collection.text().as_bytes()) })
        }

        fn delete_collection(&self, _: &str, _: When) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn nothing_else_goes_in_for_an_item_or_a_collection() {
        let edit = Edit::new(&Anything, None);
        let item = br#"{"type":"Feature","stac_version":"1.1.0","id":"a","geometry":null,"properties":{"datetime":"2024-06-01T00:00:00Z"},"links":[],"assets":{}}"#;
        let collection = br#"{"type":"Collection","stac_version":"1.1.0","id":"c","description":"d","license":"other","extent":{"spatial":{"bbox":[[-180,-90,180,90]]},"temporal":{"interval":[[null,null]]}},"links":[]}"#;
        assert_eq!(edit.put_item(item, When::Always).unwrap().0, ItemKey::loose("a"));
        assert_eq!(edit.put_collection(collection, When::Always).unwrap().0, "c");
        let errors = [
            edit.put_item(collection, When::Always).unwrap_err(),
            edit.put_collection(item, When::Always).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert_eq!(error.findings().unwrap().problems[0].rule, "type");
        }
    }
}
