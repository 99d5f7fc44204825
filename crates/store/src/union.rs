//! Several stores, asked as one.

use std::collections::BTreeMap;
use std::sync::Arc;

use stacyard_search::{Aggregate, Aggregation, Compiled, Search, Stop};

use crate::sort::{Hits, Sorter};
use crate::stored::{Count, ItemKey};
use crate::{Backend, Collections, Error, ErrorKind, Find, Report, Run, Sorted, Source, Store, Work};

/// Stores that have different Collections. Single changes go to one of them, not here: each has a profile of its own.
struct Union {
    stores: Vec<Store>,
}

impl Store {
    /// One store that holds what several hold. It answers as if all Items stood in one.
    ///
    /// # Errors
    /// A Collection that two of them have; one that cannot be read.
    pub fn union(stores: Vec<Self>) -> Result<Self, Error> {
        let mut owners = BTreeMap::new();
        for (number, store) in stores.iter().enumerate() {
            for id in store.collections()?.into_keys() {
                if owners.insert(id.clone(), number).is_some() {
                    let message = format!("the Collection {id:?} is in two of the stores");
                    return Err(Error::new(ErrorKind::Conflict, &message)
                        .remedy("leave one of them out, or copy one into the other"));
                }
            }
        }
        Ok(Union { stores }.into())
    }
}

impl Union {
    /// Asks each for its part. One that has no Item with a name of the search, or none with values of its type, answers as if that were
    /// null; where all of them say the same of a name, it is an error here too.
    fn each<T>(
        &self,
        mut find: Find<'_>,
        ask: impl Fn(&dyn Backend, Find<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let strict = Arc::clone(&find.search);
        let lenient = Arc::new(strict.leniently());
        let (mut answers, mut refusals, mut others) = (Vec::new(), Vec::<Error>::new(), Vec::new());
        for store in &self.stores {
            let answer = match ask(store.backend(), part(&mut find, &strict)) {
                Err(error) if matches!(error.kind(), ErrorKind::UnknownName | ErrorKind::Usage) => {
                    refusals.push(error);
                    ask(store.backend(), part(&mut find, &lenient))
                }
                answer => {
                    others.push(store);
                    answer
                }
            };
            answers.push(answer?);
        }
        let same = |refusals: &[Error]| {
            let mut texts = refusals.iter().map(Error::to_string);
            texts.next().is_some_and(|first| texts.all(|text| text == first))
        };
        if !same(&refusals) {
            return Ok(answers);
        }
        // A store without Items knows nothing of names.
        for store in others {
            if !is_empty(store, strict.stop())? {
                return Ok(answers);
            }
        }
        Err(refusals.swap_remove(0))
    }
}

/// The same, of one of the stores.
fn part<'a>(find: &'a mut Find<'_>, search: &Arc<Compiled>) -> Find<'a> {
    Find {
        search: Arc::clone(search),
        check: find.check.clone(),
        after: find.after.clone(),
        first: find.first,
        run: find.run.part(),
    }
}

fn is_empty(store: &Store, stop: &Stop) -> Result<bool, Error> {
    let any = Search { max_items: Some(1), ..Search::default() };
    let (mut answer, _) = store.find(&any.into(), Run { stop: stop.clone(), ..Run::default() })?;
    Ok(answer.entry()?.is_none())
}

impl Backend for Union {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        self.chain(Store::items)
    }

    fn keys(&self) -> Result<Box<dyn Source>, Error> {
        self.chain(Store::keys)
    }

    fn audit(&self) -> Result<Box<dyn Source>, Error> {
        self.chain(Store::audit)
    }

    fn collections(&self) -> Result<Collections, Error> {
        let mut all = Collections::new();
        for store in &self.stores {
            all.extend(store.collections()?);
        }
        Ok(all)
    }

    fn declares_instant(&self, name: &str) -> bool {
        self.stores.iter().any(|store| store.backend().declares_instant(name))
    }

    fn find(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        let mut all = Report::default();
        let (memory, first, stop) = (find.run.memory, find.first, find.search.stop().clone());
        let mut sorter = Sorter::new(memory, first).until(&stop);
        for (mut answer, report) in self.each(find, |store, find| store.find(find))? {
            while let Some(entry) = answer.entry()? {
                let mut hits = Hits::default();
                hits.try_push(&entry.key, |out| {
                    out.extend_from_slice(&entry.text);
                    Ok(())
                })?;
                sorter.push(hits)?;
            }
            all = all.and(report);
        }
        Ok((sorter.finish("several stores")?, all))
    }

    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        let reports = self.each(find, |store, find| store.count(find))?;
        Ok(reports.into_iter().reduce(Report::and).unwrap_or_default())
    }

    fn estimate(&self, find: Find<'_>) -> Result<Count, Error> {
        let counts = self.each(find, |store, find| store.estimate(find))?;
        Ok(counts.into_iter().reduce(Count::and).unwrap_or(Count::Exact(0)))
    }

    fn aggregate(&self, find: Find<'_>, wanted: &[Aggregation]) -> Result<(Vec<Aggregate>, Report), Error> {
        let mut whole = find.search.aggregator(wanted)?;
        let mut all = Report::default();
        for (aggregates, report) in self.each(find, |store, find| store.aggregate(find, wanted))? {
            whole.add_aggregates(&aggregates)?;
            all = all.and(report);
        }
        Ok((whole.finish(), all))
    }

    fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        for store in &self.stores {
            if let Some(text) = store.backend().item(key, stop)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }
}

impl Union {
    fn chain(&self, of: impl Fn(&Store) -> Result<Box<dyn Source>, Error>) -> Result<Box<dyn Source>, Error> {
        let sources = self.stores.iter().map(of).collect::<Result<Vec<_>, Error>>()?;
        Ok(Box::new(Chain { sources, current: 0 }))
    }
}

/// One source after the other.
struct Chain {
    sources: Vec<Box<dyn Source>>,
    current: usize,
}

impl Source for Chain {
    fn name(&self) -> &str {
        self.sources.get(self.current).or(self.sources.last()).map_or("nothing", |source| source.name())
    }

    fn size(&self) -> Option<u64> {
        self.sources.iter().map(|source| source.size()).sum()
    }

    fn position(&self) -> u64 {
        self.sources.iter().map(|source| source.position()).sum()
    }

    fn held(&self) -> usize {
        self.sources.get(self.current).map_or(0, |source| source.held())
    }

    fn notes(&self) -> Vec<crate::Note> {
        self.sources.iter().flat_map(|source| source.notes()).collect()
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        while let Some(source) = self.sources.get_mut(self.current) {
            if let Some(work) = source.next()? {
                return Ok(Some(work));
            }
            self.current += 1;
        }
        Ok(None)
    }
}
