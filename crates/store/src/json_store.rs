//! A file or stream of JSON as a store.

use crate::input::Input;
use crate::{Backend, Collections, Error, Features, Lines, Source, StoreKind, StoreUrl};

/// A file or stream of JSON.
#[derive(Debug, Clone)]
pub struct JsonStore {
    url: StoreUrl,
    max_record_bytes: usize,
}

impl JsonStore {
    /// The store at `url`; records longer than the limit are set aside.
    pub fn new(url: &StoreUrl, max_record_bytes: usize) -> Self {
        Self { url: url.clone(), max_record_bytes }
    }
}

/// The records of a file or stream of JSON, in whatever form they stand there.
pub fn any_json(url: &StoreUrl, max_record_bytes: usize) -> Result<Box<dyn Source>, Error> {
    let (input, kind) = Input::open_any(url)?;
    Ok(match kind {
        StoreKind::Json => Box::new(Features::new(input, max_record_bytes)),
        _ => Box::new(Lines::new(input, max_record_bytes)),
    })
}

impl Backend for JsonStore {
    /// There is no place for them.
    fn collections(&self) -> Result<Collections, Error> {
        Ok(Collections::new())
    }

    fn items(&self) -> Result<Box<dyn Source>, Error> {
        Ok(match self.url.kind() {
            StoreKind::Json => Box::new(Features::open(&self.url, self.max_record_bytes)?),
            _ => Box::new(Lines::open(&self.url, self.max_record_bytes)?),
        })
    }
}
