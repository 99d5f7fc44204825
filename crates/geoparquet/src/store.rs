//! A GeoParquet file as a store: opened once, asked many times.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use stacyard_model::json::Tape;
use stacyard_model::{Gate, Profile};
use stacyard_search::{Aggregation, Aggregator, Compiled, Search};
use stacyard_store::{
    Backend, Collections, Count, Error, ErrorKind, Find, Known, Note, Ranges, Report, Sorted, Source, Store,
};

use crate::format::scope::Scope;
use crate::read::local::LocalFile;
use crate::read::opened::Opened;
use crate::read::source::GeoParquetSource;
use crate::search::ask::Ask;
use crate::search::candidates::Candidates;
use crate::search::known;

/// What a store keeps of what it has read, from one question to the next (32 MiB).
pub const CACHE_MEMORY: usize = 32 << 20;

/// A GeoParquet file. Clones share all that is known of it.
#[derive(Clone)]
pub struct GeoParquet {
    pub(crate) inner: Arc<Opened>,
}

impl GeoParquet {
    /// Opens a file and reads its footer; keeps so many bytes of what is read of it.
    ///
    /// # Errors
    /// A file that cannot be read, or is not GeoParquet of Items.
    pub fn open(path: &Path, memory: usize) -> Result<Self, Error> {
        Self::over(&path.display().to_string(), Box::new(LocalFile::open(path)?), memory)
    }

    /// Reads the footer of a file that is open, wherever it is.
    ///
    /// # Errors
    /// As [`GeoParquet::open`].
    pub fn over(name: &str, file: Box<dyn Ranges>, memory: usize) -> Result<Self, Error> {
        Ok(Self { inner: Arc::new(Opened::over(name.into(), file, memory)?) })
    }

    fn ask(
        &self,
        search: &Arc<Compiled>,
        after: Option<Vec<u8>>,
        wanted: &[Aggregation],
    ) -> Result<Arc<Ask>, Error> {
        if !search.is_lenient() {
            self.unless_invalid(known::properties(&self.inner, search))?;
        }
        Ok(Arc::new(Ask::new(&self.inner, search, after, wanted)))
    }

    /// Whether the columns alone tell what is wanted.
    #[cfg(test)]
    pub(crate) fn has_verdict(&self, search: &Arc<Compiled>, wanted: &[Aggregation]) -> bool {
        Ask::new(&self.inner, search, None, wanted).plan(wanted).is_some()
    }

    /// What is known of rows that may answer: where others have written the file they go through the gate.
    fn known(&self) -> Known {
        Known { are_valid: self.inner.footer.is_ours, names: true }
    }

    /// What is to be said of collections and ids of the search that no Item has.
    fn notes(&self, ask: &Ask, report: &Report) -> Result<Vec<Note>, Error> {
        let any = |search| Ask::new(&self.inner, &search, None, &[]).any();
        self.unless_invalid(known::lists(&self.inner, &ask.search, report.answered, any))
    }

    /// Where another writer's file has no valid Item there is none, and so none that could have a name.
    fn unless_invalid<T: Default>(&self, checked: Result<T, Error>) -> Result<T, Error> {
        let Err(error) = checked else { return checked };
        if matches!(error.kind(), ErrorKind::Usage | ErrorKind::UnknownName)
            && !self.inner.footer.is_ours
            && !self.any_valid()?
        {
            return Ok(T::default());
        }
        Err(error)
    }

    fn any_valid(&self) -> Result<bool, Error> {
        let (gate, mut tape) = (Gate::default(), Tape::new());
        let mut source = self.items()?;
        while let Some(work) = source.next()? {
            let batch = work()?;
            for record in &batch.records {
                let text = &batch.text[record.start as usize..record.end as usize];
                if tape.parse(text).is_ok_and(|item| gate.item(item).errors.is_empty()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Counts the rows that were not read as well, and says what was left out where.
    fn complete(&self, report: &mut Report, ask: &Ask, (started, before): (Instant, (u64, u64))) {
        report.read = self.inner.rows();
        report.filtered = report.read - report.answered - report.rejected;
        report.notes = self.inner.footer.names.notes(&self.inner.name, false);
        report.levels = ask.levels.lines();
        let (bytes, requests) = self.inner.table.file.so_far();
        let (bytes, requests) = (bytes - before.0, requests - before.1);
        report.levels.push(format!("read        {bytes} bytes with {requests} requests"));
        report.seconds = started.elapsed().as_secs_f64();
    }
}

impl Backend for GeoParquet {
    fn collections(&self) -> Result<Collections, Error> {
        Ok(self.inner.footer.collections.clone())
    }

    fn profile(&self) -> Option<&Arc<Profile>> {
        self.inner.footer.profile.as_ref()
    }

    fn caution(&self) -> Option<String> {
        self.inner.footer.caution().map(|caution| format!("{}: {caution}", self.inner.name))
    }

    fn renewed(&self) -> Result<Option<Store>, Error> {
        Ok(self.inner.renewed()?.map(|inner| Self { inner: Arc::new(inner) }.into()))
    }

    fn items(&self) -> Result<Box<dyn Source>, Error> {
        Ok(Box::new(GeoParquetSource::of(&self.inner, Scope::All)?))
    }

    fn keys(&self) -> Result<Box<dyn Source>, Error> {
        Ok(Box::new(GeoParquetSource::of(&self.inner, Scope::Some)?))
    }

    fn find(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        let started = (Instant::now(), self.inner.table.file.so_far());
        let ask = self.ask(&find.search, find.after.clone(), &[])?;
        let rows = ask.rows(find.first, find.run.threads)?;
        let (sorted, mut report) = if self.inner.footer.is_ours {
            let limits = (find.run.memory, find.run.threads);
            let (sorted, answered) = ask.answer(rows, limits, find.first)?;
            (sorted, Report { answered, ..Report::default() })
        } else {
            let mut candidates = Candidates::new(Arc::clone(&ask), rows, find.run.threads);
            find.over(&mut candidates, self.known())?
        };
        let notes = self.notes(&ask, &report)?;
        self.complete(&mut report, &ask, started);
        report.notes.extend(notes);
        Ok((sorted, report))
    }

    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        Ok(self.aggregate(find, &[])?.1)
    }

    /// Statistics say how many Items a collection has, and mostly nothing exact of other conditions.
    fn estimate(&self, find: Find<'_>) -> Result<Count, Error> {
        let asked = find.search.request();
        let any = Search { collections: Vec::new(), ..asked.clone() };
        let is_all = any == Search { fields: any.fields.clone(), limit: any.limit, ..Search::default() };
        if !self.inner.footer.is_ours || !is_all {
            return Ok(Count::Unknown);
        }
        Ok(Count::Exact(self.count(find)?.answered))
    }

    fn aggregate(&self, find: Find<'_>, wanted: &[Aggregation]) -> Result<(Aggregator, Report), Error> {
        let started = (Instant::now(), self.inner.table.file.so_far());
        let ask = self.ask(&find.search, None, wanted)?;
        let threads = find.run.threads;
        let (whole, mut report) = if self.inner.footer.is_ours {
            let (whole, answered) = ask.aggregate(wanted, threads)?;
            (whole, Report { answered, ..Report::default() })
        } else {
            let mut candidates = Candidates::new(Arc::clone(&ask), ask.rows(None, threads)?, threads);
            find.aggregate_over(&mut candidates, self.known(), wanted)?
        };
        let notes = self.notes(&ask, &report)?;
        self.complete(&mut report, &ask, started);
        report.notes.extend(notes);
        Ok((whole, report))
    }
}
