//! Several sources as one.

use std::sync::Arc;

use crate::{Error, Note, Source, Work};

/// One source after the other. Each is made when its turn comes, and gone when the next one is; what its records are from is told with
/// them ([`Batch::origin`](crate::Batch::origin)).
pub struct Chain {
    name: Arc<str>,
    size: Option<u64>,
    rest: Box<dyn Iterator<Item = Result<Box<dyn Source>, Error>> + Send>,
    current: Option<(Arc<str>, Box<dyn Source>)>,
    /// How many bytes those have that are through, and what they have to say.
    passed: u64,
    notes: Vec<Note>,
}

impl Chain {
    /// Of a name, and of so many bytes in all, where that is known.
    pub fn new(
        name: Arc<str>,
        size: Option<u64>,
        sources: impl Iterator<Item = Result<Box<dyn Source>, Error>> + Send + 'static,
    ) -> Self {
        Self { name, size, rest: Box::new(sources), current: None, passed: 0, notes: Vec::new() }
    }
}

impl Source for Chain {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        self.size
    }

    fn position(&self) -> u64 {
        self.passed + self.current.as_ref().map_or(0, |(_, source)| source.position())
    }

    fn held(&self) -> usize {
        self.current.as_ref().map_or(0, |(_, source)| source.held())
    }

    fn notes(&self) -> Vec<Note> {
        let current = self.current.iter().flat_map(|(_, source)| source.notes());
        self.notes.iter().cloned().chain(current).collect()
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        loop {
            if let Some((name, source)) = &mut self.current {
                if let Some(work) = source.next()? {
                    let name = Arc::clone(name);
                    return Ok(Some(Box::new(move || {
                        let mut batch = work()?;
                        batch.origin.get_or_insert(name);
                        Ok(batch)
                    })));
                }
                self.passed += source.position();
                self.notes.extend(source.notes());
                self.current = None;
            }
            let Some(source) = self.rest.next().transpose()? else { return Ok(None) };
            self.current = Some((source.name().into(), source));
        }
    }
}
