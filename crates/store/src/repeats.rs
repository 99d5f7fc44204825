//! Items that come more than once from a source that is read in parts which overlap.

use stacyard_model::json::Value;

use crate::Error;
use crate::check::{Key, Keyed, collection_of};
use crate::seen::{SEEN_MEMORY, Seen};

/// Marks Items, on any thread.
#[derive(Clone, Default)]
pub struct Marker(Keyed);

/// What an Item is known by: which one it is, and what it says.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    name: Key,
    content: Key,
}

/// Whether an Item has come before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It has not.
    New,
    /// The very same has.
    Same,
    /// Another version of it has.
    Changed,
}

impl Marker {
    /// The marks of an Item that is written so; `None`: it has no id, and cannot be told from others.
    pub fn marks(&self, item: Value<'_>, text: &[u8]) -> Option<Marks> {
        let collection = collection_of(item);
        let id = item.get("id").and_then(Value::as_str)?;
        let name = (&collection, &id);
        Some(Marks { name: self.0.of(&name), content: self.0.of(&(name, text)) })
    }
}

/// The Items that have come, in bounded memory.
pub struct Repeats {
    /// The marks of both kinds: they are hashes, of which no two are the same.
    seen: Seen,
}

impl Default for Repeats {
    fn default() -> Self {
        Self { seen: Seen::new(SEEN_MEMORY) }
    }
}

impl Repeats {
    /// Adds an Item; says whether it has come before.
    ///
    /// # Errors
    /// Temporary files that cannot be written or read.
    pub fn add(&mut self, Marks { name, content }: Marks) -> Result<Repeat, Error> {
        if self.seen.insert(name)? {
            self.seen.insert(content)?;
            Ok(Repeat::New)
        } else if self.seen.insert(content)? {
            Ok(Repeat::Changed)
        } else {
            Ok(Repeat::Same)
        }
    }
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;

    #[test]
    fn an_item_is_known_by_collection_and_id_and_by_what_it_says() {
        let (marker, mut repeats) = (Marker::default(), Repeats::default());
        let mut add = |text: &str| {
            let item = Document::parse_bytes(text.as_bytes()).unwrap();
            marker.marks(item.root(), text.as_bytes()).map(|marks| repeats.add(marks).unwrap())
        };
        assert_eq!(add(r#"{"id":"a","collection":"c","n":1}"#), Some(Repeat::New));
        assert_eq!(add(r#"{"id":"a","collection":"d","n":1}"#), Some(Repeat::New));
        assert_eq!(add(r#"{"id":"a","collection":"c","n":1}"#), Some(Repeat::Same));
        assert_eq!(add(r#"{"id":"a","collection":"c","n":2}"#), Some(Repeat::Changed));
        assert_eq!(add(r#"{"id":"a","collection":"c","n":2}"#), Some(Repeat::Same));
        assert_eq!(add(r#"{"id":"a"}"#), Some(Repeat::New));
        assert_eq!(add(r#"{"collection":"c"}"#), None);
    }
}
