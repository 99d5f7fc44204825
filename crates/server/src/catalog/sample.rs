//! What can be asked of a store, told by some of its Items.
//!
//! To know every name, all Items would have to be read. The newest thousand have most; a search takes the others as well. The schema does not
//! say that there may be others (`additionalProperties`): then a name that no Item has would have to be taken for one (OGC API - Features -
//! Part 3, section 6.2), and a typing error would find nothing.

use serde_json::Value;
use stacyard_search::{PageSize, Query, Search, Stop};
use stacyard_store::{Batch, Collections, Error, Info, Place, Record, Run, Source, Work, info, queryables};

use super::Catalog;
use crate::work::in_place;

/// So many Items are looked at.
const ITEMS: u64 = 1_000;

impl Catalog {
    /// The queryables of all Items, or of those of one collection, as JSON Schema.
    pub(super) fn queryables(&self, collection: Option<&str>, stop: &Stop) -> Result<Value, Error> {
        let search =
            Search { collections: collection.map(str::to_owned).into_iter().collect(), ..Search::default() };
        let query = Query::from(search).lenient(true);
        let mut sample = Sample::default();
        let query = self.narrowed(&query)?;
        let mut page = self.store().page(&query, None, PageSize::new(ITEMS)?, in_place(stop))?;
        for item in page.by_ref() {
            sample.push(&item?.text);
        }
        let found = info(&mut sample, Run::in_place())?;
        let mut schema = queryables(&found, &self.collections()?, None);
        for profile in self.stores.profiles() {
            // Whose Items they are of is not known.
            let Some(properties) = schema["properties"].as_object_mut() else { continue };
            properties.retain(|name, _| profile.field(name).is_none_or(|field| field.queryable));
            if self.some()?.is_some() {
                continue;
            }
            let declared = queryables(&Info::default(), &Collections::new(), Some(profile.as_ref()));
            let declared = declared["properties"].as_object().cloned().unwrap_or_default();
            properties.extend(declared);
        }
        Ok(schema)
    }
}

/// Items that have been read already.
#[derive(Default)]
pub(super) struct Sample {
    batch: Batch,
    is_taken: bool,
}

impl Sample {
    pub(super) fn push(&mut self, text: &[u8]) {
        let place = |at: usize| u32::try_from(at).ok();
        let start = self.batch.text.len();
        if let (Some(start), Some(end)) = (place(start), place(start + text.len())) {
            self.batch.text.extend_from_slice(text);
            self.batch.records.push(Record {
                start,
                end,
                place: Place::Whole,
                fault: None,
                has_passed: true,
            });
        }
    }
}

impl Source for Sample {
    fn name(&self) -> &'static str {
        "some Items"
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        0
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        if std::mem::replace(&mut self.is_taken, true) {
            return Ok(None);
        }
        let batch = std::mem::take(&mut self.batch);
        Ok(Some(Box::new(move || Ok(batch))))
    }
}
