//! A file or stream of JSON as a store.

use crate::input::Input;
use crate::{Backend, Collections, Error, Features, Lines, Opener, Source, StoreKind, StoreUrl};

/// A file or stream of JSON.
#[derive(Clone)]
pub struct JsonStore {
    url: StoreUrl,
    /// What opens it; `None`: it is on this machine.
    opener: Option<Opener>,
    max_record_bytes: usize,
}

impl JsonStore {
    /// The store at `url`; records longer than the limit are set aside.
    pub fn new(url: &StoreUrl, max_record_bytes: usize) -> Self {
        Self { url: url.clone(), opener: None, max_record_bytes }
    }

    /// The store at `url`, which is somewhere else.
    pub fn over(url: &StoreUrl, opener: Opener, max_record_bytes: usize) -> Self {
        Self { url: url.clone(), opener: Some(opener), max_record_bytes }
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
        let input = Input::open(&self.url, self.opener.as_ref())?;
        Ok(match self.url.kind() {
            StoreKind::Json => Box::new(Features::new(input, self.max_record_bytes)),
            _ => Box::new(Lines::new(input, self.max_record_bytes)),
        })
    }
}
