//! The rows of a file that may answer, as a source of Items: for files whose Items have not passed the gate.

use std::sync::Arc;
use std::vec;

use stacyard_store::{Batch, Error, Source, Work};

use crate::read::source::write_record;
use crate::search::ask::Ask;
use crate::search::picked::Picked;
use crate::search::wave::{picked, wave};

pub(crate) struct Candidates {
    ask: Arc<Ask>,
    /// The row groups that have not been looked at.
    groups: vec::IntoIter<usize>,
    threads: usize,
    /// What is left of a wave.
    slices: Box<dyn Iterator<Item = Picked> + Send>,
}

impl Candidates {
    /// `threads`: how many look for the rows.
    pub(crate) fn new(ask: Arc<Ask>, threads: usize) -> Self {
        Self { groups: ask.groups.clone().into_iter(), ask, threads, slices: Box::new(std::iter::empty()) }
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
            let wave = wave(&mut self.groups.by_ref().map(|group| (&*self.ask, group)));
            if wave.is_empty() {
                return Ok(None);
            }
            let rows: Vec<Picked> = picked(wave, self.threads)?.into_iter().map(|(_, rows)| rows).collect();
            let length = self.ask.slice();
            self.slices = Box::new(rows.into_iter().flat_map(move |rows| rows.slices(length)));
        };
        let ask = Arc::clone(&self.ask);
        Ok(Some(Box::new(move || {
            let mut batch = Batch::default();
            ask.whole((slice.group, &slice.rows), |items, index, row| {
                write_record(items, index, row, ask.name(), &mut batch)
            })?;
            Ok(batch)
        })))
    }
}
