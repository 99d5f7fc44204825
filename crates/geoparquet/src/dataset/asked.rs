//! A search in a version: what the log says leaves files out before any is opened; those that are left are asked as the files of a folder are,
//! some at a time.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use stacyard_model::json::{Tape, Value};
use stacyard_search::cql2::Expr;
use stacyard_search::{Aggregation, Aggregator, Compiled, Property, Query, Search, Stop};
use stacyard_store::{Check, Error, Find, ItemKey, Note, Report, Run, Sorted, Sorter, default_threads};

use crate::dataset::file::DataFile;
use crate::dataset::keys::{ItemHash, key, key_of};
use crate::dataset::view::View;
use crate::read::opened::Opened;
use crate::search::ask::MAX_FIRST;
use crate::search::condition::Maker;
use crate::search::files::{Files, part};
use crate::search::first::First;
use crate::search::known;
use crate::search::levels::Levels;
use crate::search::picked::each;
use crate::search::rank::Rank;

/// Files that are open at a time for a search.
const WAVE: usize = 64;

/// Files that are opened first where a few Items are wanted: mostly these have them.
const FIRST_WAVE: usize = 4;

/// Of more files than these it is asked by their keys which have an Item, where so few are wanted by their names.
const FEW_FILES: usize = 2;
const FEW_NAMES: usize = 64;
const FEW_FILES_OF_THREADS: usize = 500;

/// What of a version may answer.
struct Left<'d> {
    /// With the lowest rank of each, the lowest first.
    files: Vec<(i64, &'d DataFile)>,
    rank: Option<Rank>,
}

impl View {
    /// The Items that answer, in order.
    pub(crate) fn found(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        let search = Arc::clone(&find.search);
        let (answer, mut report) = self.found_alone(find)?;
        report.notes.extend(self.lists(&search, report.answered)?);
        Ok((answer, report))
    }

    /// The same, and nothing is said of names that no Item has: to find that out may take longer than the search.
    fn found_alone(&self, mut find: Find<'_>) -> Result<(Sorted, Report), Error> {
        let started = Instant::now();
        let search = Arc::clone(&find.search);
        self.check_names(&search)?;
        let left = self.left(&search)?;
        let (levels, kept) = (Levels::default(), left.files.len());
        let few = find.first.filter(|&first| first <= MAX_FIRST);
        let mut few = few.map(|few| First::new(usize::try_from(few).unwrap_or(usize::MAX)));
        let step = if few.is_some() { FIRST_WAVE } else { WAVE };
        if kept <= step {
            let files = self.opened(left.files.iter().map(|(_, file)| *file))?;
            let files = Files { name: self.name(), files: &files, of_more: Some(&levels) };
            let (answer, report) = files.find(find)?;
            return Ok((answer, self.complete(report, (kept, kept), &levels, started)?));
        }
        let memory = find.run.memory / 2;
        let mut sorter = Sorter::new(memory, find.first).until(search.stop());
        let mut report = Report::default();
        let (mut rest, mut step, mut asked) = (left.files.as_slice(), step, 0);
        while !rest.is_empty() {
            let end = few.as_ref().and_then(First::end);
            let end = end.and_then(|end| left.rank.as_ref()?.of_place(&search, end));
            if end.is_some_and(|end| rest[0].0 > end) {
                break;
            }
            let (wave, later) = rest.split_at(step.min(rest.len()));
            (rest, step, asked) = (later, (step * 2).min(WAVE), asked + wave.len());
            let files = self.opened(wave.iter().map(|(_, file)| *file))?;
            let files = Files { name: self.name(), files: &files, of_more: Some(&levels) };
            let (answer, found) = files.find(part(&mut find, memory))?;
            report = report.and(found);
            sorter.take(answer, |key| {
                if let Some(few) = &mut few {
                    few.add_key(key);
                }
            })?;
        }
        Ok((sorter.finish(self.name())?, self.complete(report, (kept, asked), &levels, started)?))
    }

    /// What the Items that answer say together.
    pub(crate) fn together(
        &self,
        mut find: Find<'_>,
        wanted: &[Aggregation],
    ) -> Result<(Aggregator, Report), Error> {
        let started = Instant::now();
        let search = Arc::clone(&find.search);
        self.check_names(&search)?;
        let mut left = self.left(&search)?;
        let (levels, kept) = (Levels::default(), left.files.len());
        let mut whole = search.aggregator(wanted)?;
        let mut report = Report::default();
        if wanted.is_empty() && is_of_collections(search.request()) {
            // The log says how many there are.
            let asked = &search.request().collections;
            left.files.retain(|(_, file)| {
                let of_all = file.keys.is_some() && asked.is_empty();
                let is_told =
                    of_all || file.collection().is_some_and(|one| asked.iter().any(|name| name == one));
                let rows = file.stats().rows.filter(|_| is_told);
                report.answered += rows.unwrap_or_default();
                rows.is_none()
            });
        }
        for wave in left.files.chunks(WAVE) {
            let files = self.opened(wave.iter().map(|(_, file)| *file))?;
            let files = Files { name: self.name(), files: &files, of_more: Some(&levels) };
            let memory = find.run.memory;
            let (some, found) = files.aggregate(part(&mut find, memory), wanted)?;
            whole.merge(some)?;
            report = report.and(found);
        }
        let asked = left.files.len();
        report.notes.extend(self.lists(&search, report.answered)?);
        Ok((whole, self.complete(report, (kept, asked), &levels, started)?))
    }

    /// The text of an Item.
    pub(crate) fn item(&self, name: &ItemKey, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        let search = Search {
            ids: vec![name.id.clone()],
            collections: name.collection.iter().cloned().collect(),
            filter: match name.collection {
                Some(_) => None,
                None => Some(Expr::IsNull(Expr::Property(Property::collection()).into())),
            },
            ..Search::default()
        };
        let (mut answer, _) = self.found_alone(first_of(search, stop)?)?;
        Ok(answer.entry()?.map(|entry| entry.text))
    }

    /// Hands over the Items of a collection that have one of these ids, of all ids where none is named, until `take` says that it is enough.
    pub(crate) fn each_of(
        &self,
        collection: &str,
        ids: Vec<String>,
        first: Option<u64>,
        mut take: impl FnMut(Value<'_>) -> bool,
    ) -> Result<(), Error> {
        let search = Search { ids, collections: vec![collection.to_owned()], ..Search::default() };
        let find = Find { first, ..first_of(search, &Stop::default())? };
        let (mut answer, _) = self.found_alone(find)?;
        let mut tape = Tape::new();
        while let Some(entry) = answer.entry()? {
            let item = tape
                .parse(&entry.text)
                .map_err(|cause| Error::failed("an Item is no JSON").caused_by(cause))?;
            if take(item) {
                break;
            }
        }
        Ok(())
    }

    /// Whether a collection has Items beside these.
    pub(crate) fn has_others(&self, collection: &str, these: &HashSet<ItemHash>) -> Result<bool, Error> {
        let mut is_there = false;
        self.each_of(collection, Vec::new(), Some(these.len() as u64 + 1), |item| {
            is_there = !these.contains(&key_of(item));
            is_there
        })?;
        Ok(is_there)
    }

    /// The files that may answer.
    fn left(&self, search: &Compiled) -> Result<Left<'_>, Error> {
        let pattern = self.pattern();
        let maker = Maker { table: &pattern.table, footer: &pattern.footer };
        let conditions = maker.conditions(search.request());
        let rank = Rank::of(&maker, search);
        let mut files = Vec::new();
        for file in self.data_files().iter().filter(|file| file.may_hold(&conditions.all)) {
            let span = rank.as_ref().filter(|_| file.keys.is_some());
            let span = span.map(|rank| rank.span(|column| Ok(file.bounds(column).numbers(column.kind))));
            let low = span.and_then(Result::ok).map_or(i64::MIN, |[low, _]| low);
            files.push((low, file));
        }
        self.keep_named(search, &mut files)?;
        files.sort_by_key(|(low, _)| *low);
        Ok(Left { files, rank })
    }

    /// Where Items are wanted by their names, leaves out the files whose keys say that they have none of them.
    fn keep_named(&self, search: &Compiled, files: &mut Vec<(i64, &DataFile)>) -> Result<(), Error> {
        let Search { ids, collections, .. } = search.request();
        let mut collections: Vec<&str> = collections.iter().map(String::as_str).collect();
        if collections.is_empty() && !ids.is_empty() {
            // Where the log says of each file which collection it is of, these are all that there are.
            let all = files.iter().map(|(_, file)| file.collection()).collect::<Option<BTreeSet<&str>>>();
            collections = all.into_iter().flatten().collect();
        }
        let names = ids.len() * collections.len();
        if names == 0 || names > FEW_NAMES || files.len() <= FEW_FILES {
            return Ok(());
        }
        let pairs = collections.iter().flat_map(|collection| ids.iter().map(move |id| (collection, id)));
        let keys: Vec<_> = pairs.map(|(collection, id)| key(Some(collection), id)).collect();
        let mut kept = Vec::new();
        // To begin a thread takes as long as to look into some files that are at hand.
        let threads = if files.len() < FEW_FILES_OF_THREADS { 1 } else { default_threads() };
        each(
            std::mem::take(files),
            self.shelf().storage.at_once().max(threads),
            || (),
            |(), (low, file), _| {
                search.check_stop()?;
                let has_any = self.shelf().has_any(file, &keys)?;
                Ok(has_any.unwrap_or(true).then_some((low, file)))
            },
            |file| {
                kept.extend(file);
                Ok(())
            },
        )?;
        *files = kept;
        Ok(())
    }

    /// Opens files, some side by side.
    pub(crate) fn opened<'f>(
        &self,
        files: impl Iterator<Item = &'f DataFile>,
    ) -> Result<Vec<Arc<Opened>>, Error> {
        let files: Vec<&DataFile> = files.collect();
        if let Some(known) = files.iter().map(|file| self.shelf().known(file)).collect() {
            return Ok(known);
        }
        let mut opened = Vec::with_capacity(files.len());
        each(
            files,
            self.shelf().storage.at_once().max(default_threads()),
            || (),
            |(), file, _| self.shelf().open(file),
            |file| {
                opened.push(file);
                Ok(())
            },
        )?;
        Ok(opened)
    }

    /// Fails if the search has a property that no Item has, or compares one with values of another type than any has. Mostly the columns of the
    /// table say it; else all files are looked at.
    fn check_names(&self, search: &Compiled) -> Result<(), Error> {
        if search.is_lenient() || self.rows() == Some(0) || known::are_known(self.pattern(), search) {
            return Ok(());
        }
        known::properties(&self.opened(self.data_files().iter())?, search)
    }

    /// What is to be said of the collections and ids of the search.
    fn lists(&self, search: &Compiled, found: u64) -> Result<Vec<Note>, Error> {
        let files = self.data_files();
        let also: Vec<&str> = files.iter().filter_map(DataFile::collection).collect();
        let mut missing = search.request().collections.iter();
        let missing = !missing.all(|name| also.contains(&name.as_str()));
        // Only of those that have several collections it has to be looked which.
        let several = files.iter().filter(|file| missing && file.collection().is_none());
        let any = |search: Arc<Compiled>| {
            let ids = Query::from(Search { ids: search.request().ids.clone(), ..Search::default() });
            let compiled = Arc::new(Compiled::until(&ids.lenient(true), search.stop())?);
            let find = Find { first: Some(1), ..Find::new(compiled, Run::in_place()) };
            Ok(self.found_alone(find)?.0.entry()?.is_some())
        };
        known::lists(&self.opened(several)?, &also, search, found, any)
    }

    fn complete(
        &self,
        mut report: Report,
        (kept, asked): (usize, usize),
        levels: &Levels,
        started: Instant,
    ) -> Result<Report, Error> {
        let rows = match self.rows() {
            Some(rows) => rows,
            None => self.opened(self.data_files().iter())?.iter().map(|file| file.rows()).sum(),
        };
        report.read = rows;
        report.filtered = rows.saturating_sub(report.answered + report.rejected);
        let opened = levels.files.load(Ordering::Relaxed);
        report.levels = vec![format!(
            "log         {} files -> {kept} by its statistics and keys -> {asked} by the order -> {opened} opened",
            self.data_files().len()
        )];
        report.levels.extend(levels.lines());
        report.seconds = started.elapsed().as_secs_f64();
        Ok(report)
    }
}

/// The first that answers, whatever names it has.
fn first_of(search: Search, stop: &Stop) -> Result<Find<'static>, Error> {
    let search = Arc::new(Compiled::until(&Query::from(search).lenient(true), stop)?);
    let run = Run { stop: stop.clone(), ..Run::in_place() };
    Ok(Find { first: Some(1), check: Check::default(), ..Find::new(search, run) })
}

/// Whether nothing but collections is asked for.
fn is_of_collections(request: &Search) -> bool {
    let any = Search { collections: Vec::new(), ..request.clone() };
    any == Search {
        fields: any.fields.clone(),
        limit: any.limit,
        sortby: any.sortby.clone(),
        max_items: any.max_items,
        ..Search::default()
    }
}
