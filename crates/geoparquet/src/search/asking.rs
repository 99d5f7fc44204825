//! One search in some files: which of them are asked, and what was left out where.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use stacyard_model::Gate;
use stacyard_model::json::Tape;
use stacyard_search::{Aggregation, Compiled};
use stacyard_store::{Error, ErrorKind, Find, Note, Report, Sorter, Source};

use crate::format::scope::Scope;
use crate::read::opened::Opened;
use crate::read::source::GeoParquetSource;
use crate::search::ask::Ask;
use crate::search::candidates::Candidates;
use crate::search::files::Files;
use crate::search::first::First;
use crate::search::known;
use crate::search::levels::{Levels, add, add_to};
use crate::search::picked::each;
use crate::search::pruned::Pruned;
use crate::search::wave::{answer, read};

/// So many files are asked together: what each is asked with has the whole search in it.
const SOME: usize = 64;

pub(crate) struct Asking<'f> {
    files: Files<'f>,
    pub(crate) search: Arc<Compiled>,
    after: Option<Vec<u8>>,
    wanted: &'f [Aggregation],
    pub(crate) threads: usize,
    levels: Levels,
    started: Instant,
    /// Bytes and requests before.
    before: (u64, u64),
}

impl<'f> Asking<'f> {
    /// # Errors
    /// A search that names what no Item has.
    pub(crate) fn of(files: Files<'f>, find: &Find<'_>, wanted: &'f [Aggregation]) -> Result<Self, Error> {
        let asking = Self {
            files,
            search: Arc::clone(&find.search),
            after: find.after.clone(),
            wanted,
            threads: find.run.threads.max(files.at_once()),
            levels: Levels::default(),
            started: Instant::now(),
            before: files.so_far(),
        };
        if !asking.search.is_lenient() && files.of_more.is_none() {
            asking.unless_invalid(known::properties(files.files, &asking.search))?;
        }
        Ok(asking)
    }

    /// The files that may answer, ours and those of others; those that come first in the order come first.
    pub(crate) fn pruned(&self) -> Result<(Vec<Pruned>, Vec<Pruned>), Error> {
        let mut open = Vec::new();
        // Of some files on disk it takes less time than to begin a thread.
        let is_short = self.files.at_once() == 1 && self.files.files.len() <= SOME;
        let threads = if is_short { 1 } else { self.threads };
        each(
            self.files.files,
            threads,
            || (),
            |(), file, _| Pruned::of(file, &self.search, self.wanted, &self.levels),
            |pruned| {
                if !pruned.groups.is_empty() {
                    open.push(pruned);
                }
                Ok(())
            },
        )?;
        open.sort_by_cached_key(Pruned::lowest_rank);
        Ok(open.into_iter().partition(|pruned| pruned.file.footer.is_ours))
    }

    pub(crate) fn ask(&self, pruned: Pruned) -> Ask {
        Ask::new(pruned, &self.search, self.after.clone(), self.wanted)
    }

    /// The rows of a file of others that may answer.
    pub(crate) fn candidates(&self, pruned: Pruned) -> Candidates {
        Candidates::new(Arc::new(self.ask(pruned)), self.threads)
    }

    /// Counts what a file that has been asked has left out.
    pub(crate) fn has_asked(&self, ask: &Ask) {
        add(&self.levels.files_asked, 1);
        self.levels.append(&ask.levels);
    }

    /// Hands over the Items of our files that answer, or the first `few` of them; says how many.
    pub(crate) fn answer(
        &self,
        ours: Vec<Pruned>,
        few: Option<&mut First>,
        sorter: &mut Sorter,
    ) -> Result<u64, Error> {
        if let Some(few) = few {
            return self.first(ours, few, sorter);
        }
        let (mut ours, mut answered) = (ours.into_iter().peekable(), 0);
        while ours.peek().is_some() {
            let asks: Vec<Ask> = ours.by_ref().take(SOME).map(|pruned| self.ask(pruned)).collect();
            answered += answer(asks.iter().flat_map(Ask::groups), self.threads, sorter)?;
            for ask in &asks {
                self.has_asked(ask);
            }
        }
        Ok(answered)
    }

    /// The first Items of all files: only theirs are read whole.
    fn first(&self, ours: Vec<Pruned>, few: &mut First, sorter: &mut Sorter) -> Result<u64, Error> {
        let wanted = few.wanted();
        // What comes after it is not wanted, as far as is known.
        let end: Mutex<Option<Vec<u8>>> = Mutex::default();
        let locked = || end.lock().unwrap_or_else(PoisonError::into_inner);
        let mut asks = Vec::new();
        each(
            ours,
            self.threads,
            || (),
            |(), pruned, threads| {
                if locked().as_deref().is_some_and(|end| pruned.is_after(&self.search, end)) {
                    return Ok(None);
                }
                let ask = self.ask(pruned);
                let first = ask.first(wanted, threads)?;
                Ok(Some((ask, first)))
            },
            |asked| {
                let Some((ask, first)) = asked else { return Ok(()) };
                few.append(asks.len(), first);
                *locked() = few.end().map(<[u8]>::to_vec);
                asks.push(ask);
                Ok(())
            },
        )?;
        let rows = asks.iter().zip(few.rows_by_file(asks.len()));
        let rows = rows.flat_map(|(ask, rows)| rows.into_iter().map(move |rows| (ask, rows)));
        let answered = read(rows.collect(), self.threads, sorter)?;
        for ask in &asks {
            self.has_asked(ask);
        }
        Ok(answered)
    }

    /// The report, with the rows that were not read as well, and with what was left out where.
    ///
    /// # Errors
    /// A search for collections that no Item has.
    pub(crate) fn complete(&self, mut report: Report) -> Result<Report, Error> {
        let files = self.files.files;
        if let Some(levels) = self.files.of_more {
            report.notes = files.iter().flat_map(|file| file.footer.names.notes(&file.name, false)).collect();
            levels.append_all(&self.levels);
            let (bytes, requests) = self.files.so_far();
            add_to(&levels.bytes, bytes - self.before.0);
            add_to(&levels.requests, requests - self.before.1);
            return Ok(report);
        }
        let any = |search: Arc<Compiled>| {
            for file in files {
                let pruned = Pruned::of(file, &search, &[], &Levels::default())?;
                if Ask::new(pruned, &search, None, &[]).any()? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let notes: Vec<Note> =
            self.unless_invalid(known::lists(files, &[], &self.search, report.answered, any))?;
        report.read = files.iter().map(|file| file.rows()).sum();
        report.filtered = report.read - report.answered - report.rejected;
        report.notes = files.iter().flat_map(|file| file.footer.names.notes(&file.name, false)).collect();
        report.notes.extend(notes);
        let (bytes, requests) = self.files.so_far();
        add_to(&self.levels.bytes, bytes - self.before.0);
        add_to(&self.levels.requests, requests - self.before.1);
        report.levels = self.levels.lines();
        report.seconds = self.started.elapsed().as_secs_f64();
        Ok(report)
    }

    /// Where files of others have no valid Item there is none, and so none that could have a name.
    fn unless_invalid<T: Default>(&self, checked: Result<T, Error>) -> Result<T, Error> {
        let Err(error) = checked else { return checked };
        if !matches!(error.kind(), ErrorKind::Usage | ErrorKind::UnknownName) {
            return Err(error);
        }
        for file in self.files.files {
            if file.rows() > 0 && (file.footer.is_ours || any_valid(file)?) {
                return Err(error);
            }
        }
        Ok(T::default())
    }
}

fn any_valid(file: &Opened) -> Result<bool, Error> {
    let (gate, mut tape) = (Gate::default(), Tape::new());
    let mut source = GeoParquetSource::of(file, Scope::All)?;
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
