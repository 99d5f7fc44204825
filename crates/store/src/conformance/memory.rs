//! The plainest store there is: Items and Collections in memory, changed one at a time. For the tests of what stands above stores.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stacyard_model::json::{Document, Value};
use stacyard_search::Stop;

use crate::{
    Backend, Batch, Collections, Editor, Error, ErrorKind, Home, ItemKey, Place, Put, Record, Source, Stored,
    When, Work,
};

/// A store in memory. Clones are one and the same.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    items: BTreeMap<(Option<String>, String), Vec<u8>>,
    collections: Collections,
}

impl Memory {
    /// One that holds these Items.
    pub fn with(items: &[Document]) -> Self {
        let memory = Self::default();
        for item in items {
            let member = |name| item.root().get(name).and_then(Value::as_str).map(String::from);
            let name = (member("collection"), member("id").unwrap_or_default());
            memory.kept().items.insert(name, item.text().as_bytes().to_vec());
        }
        memory
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Memory {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        let mut batch = Batch::default();
        for item in self.kept().items.values() {
            let start = batch.text.len();
            batch.text.extend_from_slice(item);
            let at = |at: usize| u32::try_from(at).expect("less than 4 GiB");
            let (start, end) = (at(start), at(batch.text.len()));
            batch.records.push(Record { start, end, place: Place::Whole, fault: None, has_passed: false });
        }
        Ok(Box::new(Once(Some(batch))))
    }

    fn collections(&self) -> Result<Collections, Error> {
        Ok(self.kept().collections.clone())
    }

    fn item(&self, key: &ItemKey, _: &Stop) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.kept().items.get(&(key.collection.clone(), key.id.clone())).cloned())
    }

    fn editor(&self) -> Option<&dyn Editor> {
        Some(self)
    }
}

impl Editor for Memory {
    fn put_item(&self, key: &ItemKey, item: &Document, when: When, home: Home) -> Result<Put, Error> {
        let (mut kept, name) = (self.kept(), (key.collection.clone(), key.id.clone()));
        if let (Home::Known, Some(id)) = (home, &key.collection)
            && !kept.collections.contains_key(id)
            && !kept.items.keys().any(|(collection, _)| collection.as_ref() == Some(id))
        {
            return Err(Error::no_collection(id));
        }
        let there = kept.items.get(&name).cloned().map(Stored::new);
        when.meets(there.as_ref(), key)?;
        let put = Stored::new(item.text().as_bytes().to_vec());
        let etag = put.etag;
        kept.items.insert(name, put.text);
        Ok(Put { is_new: there.is_none(), etag })
    }

    fn delete_item(&self, key: &ItemKey, when: When) -> Result<(), Error> {
        let (mut kept, name) = (self.kept(), (key.collection.clone(), key.id.clone()));
        let there = kept.items.get(&name).cloned().map(Stored::new);
        when.meets(there.as_ref(), key)?;
        kept.items.remove(&name).map(|_| ()).ok_or_else(|| Error::not_there(key))
    }

    fn delete_items(&self, items: &[(ItemKey, When)]) -> Result<u64, Error> {
        let mut kept = self.kept();
        let mut gone = 0;
        for (key, when) in items {
            let name = (key.collection.clone(), key.id.clone());
            let there = kept.items.get(&name).cloned().map(Stored::new);
            if there.is_some() && when.meets(there.as_ref(), key).is_ok() {
                kept.items.remove(&name);
                gone += 1;
            }
        }
        Ok(gone)
    }

    fn put_collection(&self, id: &str, collection: &Document, when: When) -> Result<Put, Error> {
        let mut kept = self.kept();
        let there = stored(&kept, id);
        when.meets(there.as_ref(), &format!("the Collection {id:?}"))?;
        let value = serde_json::from_str(collection.text()).expect("it is JSON");
        kept.collections.insert(id.to_owned(), value);
        let etag = stored(&kept, id).expect("it was put").etag;
        Ok(Put { is_new: there.is_none(), etag })
    }

    fn delete_collection(&self, id: &str, when: When) -> Result<(), Error> {
        let (mut kept, name) = (self.kept(), format!("the Collection {id:?}"));
        when.meets(stored(&kept, id).as_ref(), &name)?;
        if kept.items.keys().any(|(collection, _)| collection.as_deref() == Some(id)) {
            return Err(Error::new(ErrorKind::Conflict, &format!("Items belong to {name}")));
        }
        kept.collections.remove(id).map(|_| ()).ok_or_else(|| Error::not_there(&name))
    }
}

fn stored(kept: &Kept, id: &str) -> Option<Stored> {
    Some(Stored::new(kept.collections.get(id)?.to_string().into_bytes()))
}

/// One batch.
struct Once(Option<Batch>);

impl Source for Once {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        0
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        Ok(self.0.take().map(|batch| Box::new(move || Ok(batch)) as Work))
    }
}
