//! The whole answer to a query, however long, a part at a time: for whoever takes it slowly. Between two parts nothing runs, and
//! nothing is held but the place in the source.

use std::ops::ControlFlow;
use std::sync::Arc;

use stacyard_model::Gate;
use stacyard_search::{Compiled, Fields, Query, Search, Stop};

use crate::check::{Accept, Check, Checker, Keyed, Known, Notes, Rules};
use crate::lines::BLOCK;
use crate::pipeline::ordered;
use crate::run::Run;
use crate::stored::Count;
use crate::{Batch, Error, Report, Source, Store, Work};

/// A part is made of so many bytes of the source, about: enough to keep all cores busy for a while.
const PART: usize = 8 << 20;

/// The Items that answer a query.
pub struct Answer {
    source: Box<dyn Source>,
    check: Check,
    search: Option<Arc<Compiled>>,
    fields: Fields,
    stop: Stop,
    name: Arc<str>,
    /// How many records of the store were not valid, and so not searched, as far as has been read.
    rejected: u64,
    rules: Rules,
    keyed: Keyed,
    notes: Notes,
    is_over: bool,
}

/// An answer as the input of a [`Transfer`](crate::Transfer).
pub struct Input {
    /// Where its Items come from.
    pub source: Box<dyn Source>,
    /// What they have to pass.
    pub check: Check,
    /// What they have to answer.
    pub search: Option<Arc<Compiled>>,
    /// How many records of the store were found not to be valid when it was searched.
    pub rejected: u64,
}

impl Store {
    /// The Items that answer, no more than `max_items` of the query: in its order where it has one, or only the first are wanted.
    /// Where nothing but the collection decides, and it is that of most Items, they come as the store has them, since to put them in
    /// an order would take time and room for nothing. `run` is that of all parts.
    ///
    /// # Errors
    /// As [`Store::find`].
    pub fn answer(&self, query: &Query, mut run: Run<'_>) -> Result<Answer, Error> {
        let (stop, fields) = (run.stop.clone(), query.search().fields.clone());
        if !self.is_nearly_all(query, run.part())? {
            let (answer, Report { rejected, .. }) = self.find(query, run)?;
            let answer = Answer::new(Box::new(answer), (Check::default(), None), fields, stop);
            return Ok(Answer { rejected, ..answer });
        }
        let search = self.compile(query, &stop)?;
        let check = Check { gate: Some(Gate::default()), accept: Accept::Collections, ..Check::default() };
        Ok(Answer::new(self.items()?, (check, Some(search)), fields, stop))
    }

    /// Whether the Items of some collections are wanted, in any order, and these are most of the store, or nobody knows before all have
    /// been read.
    fn is_nearly_all(&self, query: &Query, mut run: Run<'_>) -> Result<bool, Error> {
        let Search { collections, fields, limit, .. } = query.search();
        let any = Search {
            collections: collections.clone(),
            fields: fields.clone(),
            limit: *limit,
            ..Search::default()
        };
        if *query.search() != any || query.is_backwards() {
            return Ok(false);
        }
        if collections.is_empty() {
            return Ok(true);
        }
        let asked = self.estimate(query, run.part())?;
        let all = self.estimate(&Query::default(), run)?;
        Ok(match (asked, all) {
            (Count::Exact(asked) | Count::Estimate(asked), Count::Exact(all) | Count::Estimate(all)) => {
                asked >= all / 2
            }
            (Count::Unknown, _) | (_, Count::Unknown) => true,
        })
    }
}

impl Answer {
    fn new(
        source: Box<dyn Source>,
        (check, search): (Check, Option<Arc<Compiled>>),
        fields: Fields,
        stop: Stop,
    ) -> Self {
        let rules = Rules::new(check.clone(), search.clone(), Known::default());
        Self {
            name: source.name().into(),
            notes: Notes::new(&rules),
            keyed: Keyed::default(),
            is_over: false,
            rejected: 0,
            source,
            check,
            search,
            fields,
            stop,
            rules,
        }
    }

    /// The next Items as they are stored, a line each, in some chunks of text that are made by so many threads; `None`: there are no
    /// more.
    ///
    /// # Errors
    /// When the store cannot be read, or in time.
    pub fn lines(&mut self, threads: usize) -> Result<Option<Vec<Vec<u8>>>, Error> {
        while !self.is_over {
            let Self { source, rules, keyed, notes, fields, stop, name, .. } = self;
            let mut chunks = Vec::new();
            let mut some = Stretch { source: source.as_mut(), left: PART, is_over: false };
            let checker = || Checker::new(rules, keyed, Arc::clone(name));
            let work = |checker: &mut Checker<'_>, batch: Batch| lines_of(checker, &batch, fields);
            ordered(&mut some, threads, checker, work, |(chunk, noted), _| {
                stop.check()?;
                notes.append(noted)?;
                if !chunk.is_empty() {
                    chunks.push(chunk);
                }
                Ok(ControlFlow::Continue(()))
            })?;
            self.is_over = some.is_over;
            if self.is_over {
                // Where all names are unknown nothing has been given yet.
                self.notes.conclude(&self.rules)?;
            }
            if !chunks.is_empty() {
                return Ok(Some(chunks));
            }
        }
        Ok(None)
    }

    /// All of it, to be written to a store.
    pub fn into_input(self) -> Input {
        let Self { source, check, search, rejected, .. } = self;
        Input { source, check, search, rejected }
    }
}

fn lines_of(checker: &mut Checker<'_>, batch: &Batch, fields: &Fields) -> Result<(Vec<u8>, Notes), Error> {
    let mut out = Vec::with_capacity(batch.text.len());
    let mut notes = Notes::new(checker.rules);
    for &record in &batch.records {
        checker.record(batch, record, &mut notes, |item, _, _| {
            if fields.is_all() {
                item.write_compact(&mut out);
            } else {
                fields.write(item, &mut out);
            }
            out.push(b'\n');
            Ok(())
        })?;
    }
    checker.relax(batch);
    Ok((out, notes))
}

/// A part of a source.
struct Stretch<'a> {
    source: &'a mut dyn Source,
    left: usize,
    is_over: bool,
}

impl Source for Stretch<'_> {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        0
    }

    fn held(&self) -> usize {
        self.source.held()
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        let work = self.source.next()?;
        self.left = self.left.saturating_sub(self.source.held().max(BLOCK));
        self.is_over = work.is_none();
        Ok(work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JsonStore, StoreUrl};

    fn text(answer: &mut Answer) -> String {
        let mut all = Vec::new();
        while let Some(chunks) = answer.lines(2).unwrap() {
            assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
            all.extend(chunks.concat());
        }
        String::from_utf8(all).unwrap()
    }

    fn item(id: usize, collection: &str) -> String {
        format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"{id}","collection":"{collection}","geometry":null,"properties":{{"datetime":"2024-01-01T00:00:00Z","n":{id}.0,"x":"{}"}},"links":[],"assets":{{}}}}"#,
            "x".repeat(2_000)
        )
    }

    #[test]
    fn an_answer_of_many_parts_has_each_item_once_as_it_is_stored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.ndjson");
        let all: Vec<String> = (0..12_000).map(|id| item(id, if id % 3 == 0 { "a" } else { "b" })).collect();
        std::fs::write(&path, format!("{}\n{{}}\n", all.join("\n"))).unwrap();
        let url = StoreUrl::parse(&path.to_string_lossy(), None).unwrap();
        let store = Store::from(JsonStore::new(&url, 1 << 20));
        let ask = |search: Search| store.answer(&search.into(), Run::default());
        let whole = |ids: &mut dyn Iterator<Item = &String>| {
            ids.flat_map(|item| [item.as_str(), "\n"]).collect::<String>()
        };
        // What is no Item is left out.
        assert_eq!(text(&mut ask(Search::default()).unwrap()), whole(&mut all.iter()));
        let of_a = Search { collections: vec!["a".to_owned()], ..Search::default() };
        assert_eq!(text(&mut ask(of_a.clone()).unwrap()), whole(&mut all.iter().step_by(3)));
        let newest = Search { max_items: Some(2), ids: vec!["3".to_owned(), "0".to_owned()], ..of_a };
        assert_eq!(text(&mut ask(newest).unwrap()), whole(&mut [&all[0], &all[3]].into_iter()));
        let unknown = Search { collections: vec!["c".to_owned()], ..Search::default() };
        assert!(ask(unknown).unwrap().lines(1).is_err(), "an answer of nothing would hide the mistake");
        let stop = Stop::when_cancelled();
        let mut cancelled =
            store.answer(&Query::default(), Run { stop: stop.clone(), ..Run::default() }).unwrap();
        assert!(cancelled.lines(1).unwrap().is_some());
        stop.cancel();
        assert!(cancelled.lines(1).is_err());
    }
}
