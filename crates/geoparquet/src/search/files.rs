//! A search in some files as if all their rows stood in one: what each of them finds is put together.
//!
//! Items that have passed the gate (`is_ours`) are put in order as they are found; those of others go through it, file by file.

use std::sync::Arc;

use stacyard_search::{Aggregation, Aggregator, Search};
use stacyard_store::{Count, Error, Find, Known, Report, Run, Sorted, Sorter};

use crate::read::opened::Opened;
use crate::search::ask::MAX_FIRST;
use crate::search::asking::Asking;
use crate::search::first::First;
use crate::search::levels::Levels;
use crate::search::picked::each;

/// Files that are asked as one store.
#[derive(Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "what they are, beside their name")]
pub(crate) struct Files<'f> {
    /// What they are called together.
    pub(crate) name: &'f str,
    pub(crate) files: &'f [Arc<Opened>],
    /// They are some of more files: what is left out is counted with these, and whether the names of a search are known is not asked here.
    pub(crate) of_more: Option<&'f Levels>,
}

/// What is known of the rows of others that may answer: they go through the gate.
pub(crate) const OF_OTHERS: Known = Known { are_valid: false, names: true };

/// The same question, for one of the files.
pub(crate) fn part<'p>(find: &'p mut Find<'_>, memory: usize) -> Find<'p> {
    Find {
        search: Arc::clone(&find.search),
        check: find.check.clone(),
        after: find.after.clone(),
        first: find.first,
        run: Run { memory, ..find.run.part() },
    }
}

impl Files<'_> {
    /// The Items that answer, in order.
    pub(crate) fn find(self, mut find: Find<'_>) -> Result<(Sorted, Report), Error> {
        let asking = Asking::of(self, &find, &[])?;
        let (ours, mut others) = asking.pruned()?;
        if ours.is_empty() && others.len() == 1 {
            let mut source = asking.candidates(others.remove(0));
            let (answer, report) = find.over(&mut source, OF_OTHERS)?;
            asking.has_asked(source.ask());
            return Ok((answer, asking.complete(report)?));
        }
        let memory = if others.is_empty() { find.run.memory } else { find.run.memory / 2 };
        let mut sorter = Sorter::new(memory, find.first).until(asking.search.stop());
        let few = find.first.filter(|&first| first <= MAX_FIRST);
        let mut few = few.map(|few| First::new(usize::try_from(few).unwrap_or(usize::MAX)));
        let answered = asking.answer(ours, few.as_mut(), &mut sorter)?;
        let mut report = Report { answered, ..Report::default() };
        for pruned in others {
            let end = few.as_ref().and_then(First::end);
            if end.is_some_and(|end| pruned.is_after(&asking.search, end)) {
                continue;
            }
            let mut source = asking.candidates(pruned);
            let (answer, found) = part(&mut find, memory).over(&mut source, OF_OTHERS)?;
            asking.has_asked(source.ask());
            report = report.and(found);
            sorter.take(answer, |key| {
                if let Some(few) = &mut few {
                    few.add_key(key);
                }
            })?;
        }
        Ok((sorter.finish(self.name)?, asking.complete(report)?))
    }

    /// What the Items that answer say together.
    pub(crate) fn aggregate(
        self,
        mut find: Find<'_>,
        wanted: &[Aggregation],
    ) -> Result<(Aggregator, Report), Error> {
        find.after = None;
        let asking = Asking::of(self, &find, wanted)?;
        let (ours, others) = asking.pruned()?;
        let mut whole = asking.search.aggregator(wanted)?;
        let mut report = Report::default();
        // A few files have all threads, one after the other; of many each thread has some.
        let threads = asking.threads;
        let (at_once, within) = if ours.len() < threads { (1, threads) } else { (threads, 1) };
        let aggregate = |(): &mut (), pruned, _| {
            let ask = asking.ask(pruned);
            let found = ask.aggregate(wanted, within)?;
            asking.has_asked(&ask);
            Ok(found)
        };
        let take = |(part, answered)| {
            report.answered += answered;
            Ok(whole.merge(part)?)
        };
        each(ours, at_once, || (), aggregate, take)?;
        for pruned in others {
            let mut source = asking.candidates(pruned);
            let memory = find.run.memory;
            let (some, found) = part(&mut find, memory).aggregate_over(&mut source, OF_OTHERS, wanted)?;
            asking.has_asked(source.ask());
            whole.merge(some)?;
            report = report.and(found);
        }
        Ok((whole, asking.complete(report)?))
    }

    /// Statistics say how many Items a collection has, and mostly nothing exact of other conditions.
    pub(crate) fn estimate(self, find: Find<'_>) -> Result<Count, Error> {
        let asked = find.search.request();
        let any = Search { collections: Vec::new(), ..asked.clone() };
        let is_all = any == Search { fields: any.fields.clone(), limit: any.limit, ..Search::default() };
        if !is_all || self.files.iter().any(|file| !file.footer.is_ours) {
            return Ok(Count::Unknown);
        }
        Ok(Count::Exact(self.aggregate(find, &[])?.1.answered))
    }

    /// How many readers may wait for them at the same time.
    pub(crate) fn at_once(self) -> usize {
        self.files.iter().map(|file| file.table.file.at_once()).max().unwrap_or(1)
    }

    /// Bytes and requests so far.
    pub(crate) fn so_far(self) -> (u64, u64) {
        let each = self.files.iter().map(|file| file.table.file.so_far());
        each.fold((0, 0), |(bytes, requests), (b, r)| (bytes + b, requests + r))
    }

    /// Whether the columns alone tell what is wanted.
    #[cfg(test)]
    pub(crate) fn has_verdict(self, search: &Arc<stacyard_search::Compiled>, wanted: &[Aggregation]) -> bool {
        let find = Find::new(Arc::clone(search), Run::in_place());
        let asking = Asking::of(self, &find, wanted).unwrap();
        let (ours, _) = asking.pruned().unwrap();
        ours.into_iter().all(|pruned| asking.ask(pruned).plan(wanted).is_some())
    }
}
