//! The rows of a file that may answer, as a source of Items: for files whose Items have not passed the gate.

use std::sync::Arc;

use stacyard_store::{Batch, Error, Source, Work};

use crate::read::source::write_record;
use crate::search::ask::Ask;
use crate::search::picked::{Picked, Waves};

pub(crate) struct Candidates {
    ask: Arc<Ask>,
    waves: Waves,
    threads: usize,
    /// What is left of a wave.
    slices: Box<dyn Iterator<Item = Picked> + Send>,
}

impl Candidates {
    /// `threads`: how many look for the rows.
    pub(crate) fn new(ask: Arc<Ask>, waves: Waves, threads: usize) -> Self {
        Self { ask, waves, threads, slices: Box::new(std::iter::empty()) }
    }

    /// Who is asked.
    pub(crate) fn ask(&self) -> &Ask {
        &self.ask
    }
}

impl Source for Candidates {
    fn name(&self) -> &str {
        self.ask.name()
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        0
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        let slice = loop {
            if let Some(slice) = self.slices.next() {
                break slice;
            }
            let Some(rows) = self.ask.next(&mut self.waves, self.threads)? else { return Ok(None) };
            let length = self.ask.slice();
            self.slices = Box::new(rows.into_iter().flat_map(move |picked| picked.slices(length)));
        };
        let ask = Arc::clone(&self.ask);
        Ok(Some(Box::new(move || {
            let mut batch = Batch::default();
            ask.wide((slice.group, &slice.rows), 1, |items, index, row| {
                write_record(items, index, row, ask.name(), &mut batch)
            })?;
            Ok(batch)
        })))
    }
}
