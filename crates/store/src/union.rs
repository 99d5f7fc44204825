//! Several stores, asked as one.

use std::collections::BTreeSet;
use std::sync::Arc;

use stacyard_model::json::Document;
use stacyard_search::cql2::Expr;
use stacyard_search::{Aggregation, Aggregator, KnownNames, Names, Property, Query, Search, Stop, Told};

use crate::sort::Sorter;
use crate::stored::{Count, ItemKey};
use crate::unmatched::{check_lists, check_properties};
use crate::{
    Backend, Chain, Collections, Editor, Error, ErrorKind, Find, Home, Note, Put, Remedy, Report, Run,
    Sorted, Source, Store, When,
};

/// Stores that have different Collections.
struct Union {
    stores: Vec<Store>,
}

impl Store {
    /// One store that holds what several hold. It answers as if all Items stood in one. The Items of a collection should be in one of them:
    /// of two that are the same by name, pages can leave one out.
    ///
    /// # Errors
    /// A Collection that two of them have; one that cannot be read.
    pub fn union(stores: Vec<Self>) -> Result<Self, Error> {
        let mut all = BTreeSet::new();
        for store in &stores {
            for id in store.collections()?.into_keys() {
                if !all.insert(id.clone()) {
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
    /// Asks each for its part, and says of the names of the search what all of them together know; the notes are of that.
    fn each<T>(
        &self,
        mut find: Find<'_>,
        ask: impl Fn(&dyn Backend, Find<'_>) -> Result<T, Error>,
    ) -> Result<(Vec<T>, Vec<Note>), Error> {
        let search = Arc::clone(&find.search);
        let told = Told::default();
        let mut answers = Vec::new();
        let [mut properties, mut lists] = [Seen::default(), Seen::default()];
        // Their answers are held at once, beside that of all.
        let memory = find.run.memory / (self.stores.len() + 1);
        for store in &self.stores {
            let part = Find {
                search: Arc::new(search.telling(&told)),
                check: find.check.clone(),
                after: find.after.clone(),
                first: find.first,
                run: Run { memory, ..find.run.part() },
            };
            answers.push(ask(store.backend(), part)?);
            let [of_properties, of_lists] = told.take();
            properties.add(store, of_properties);
            lists.add(store, of_lists);
        }
        let mut notes = Vec::new();
        if let Some((names, known)) = properties.all(Names::lacks_types, search.stop())? {
            check_properties(&search, &names, || Ok(known))?;
        }
        if let Some((names, known)) = lists.all(Names::lacks_list, search.stop())? {
            notes = check_lists(&search, &names, || Ok(known))?;
        }
        Ok((answers, notes))
    }
}

/// What has been told of names so far.
#[derive(Default)]
struct Seen<'a> {
    told: Option<(Names, KnownNames)>,
    /// Stores that told nothing: either they miss nothing, or they have no Items.
    silent: Vec<&'a Store>,
}

impl<'a> Seen<'a> {
    fn add(&mut self, store: &'a Store, told: Option<(Names, KnownNames)>) {
        match (&mut self.told, told) {
            (Some((names, known)), Some((more, others))) => {
                names.merge(&more);
                known.append(&others);
            }
            (all, Some(told)) => *all = Some(told),
            (_, None) => self.silent.push(store),
        }
    }

    /// What all stores with Items have told, if all have, and something is missing.
    fn all(
        self,
        is_missing: impl FnOnce(&Names) -> bool,
        stop: &Stop,
    ) -> Result<Option<(Names, KnownNames)>, Error> {
        let Some(told) = self.told.filter(|(names, _)| is_missing(names)) else { return Ok(None) };
        for store in self.silent {
            if !is_empty(store, stop)? {
                return Ok(None);
            }
        }
        Ok(Some(told))
    }
}

fn is_empty(store: &Store, stop: &Stop) -> Result<bool, Error> {
    has_none(store, Search::default(), stop)
}

/// Whether no Item of a store answers.
fn has_none(store: &Store, search: Search, stop: &Stop) -> Result<bool, Error> {
    let any = Query::from(Search { max_items: Some(1), ..search }).lenient(true);
    let (mut answer, _) = store.find(&any, Run { stop: stop.clone(), ..Run::in_place() })?;
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

    fn collection(&self, id: &str) -> Result<Option<serde_json::Value>, Error> {
        for store in &self.stores {
            if let Some(collection) = store.backend().collection(id)? {
                return Ok(Some(collection));
            }
        }
        Ok(None)
    }

    fn ready(&self) -> Result<(), Error> {
        self.stores.iter().try_for_each(Store::ready)
    }

    fn declares_instant(&self, name: &str) -> bool {
        self.stores.iter().any(|store| store.backend().declares_instant(name))
    }

    fn find(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        let mut all = Report::default();
        let (memory, first, stop) = (find.run.memory, find.first, find.search.stop().clone());
        let mut sorter = Sorter::new(memory, first).until(&stop);
        let (answers, notes) = self.each(find, |store, find| store.find(find))?;
        for (answer, report) in answers {
            sorter.take(answer, |_| ())?;
            all = all.and(report);
        }
        all.notes.extend(notes);
        Ok((sorter.finish("several stores")?, all))
    }

    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        let (reports, notes) = self.each(find, |store, find| store.count(find))?;
        let mut all = reports.into_iter().reduce(Report::and).unwrap_or_default();
        all.notes.extend(notes);
        Ok(all)
    }

    fn estimate(&self, find: Find<'_>) -> Result<Count, Error> {
        let (counts, _) = self.each(find, |store, find| store.estimate(find))?;
        Ok(counts.into_iter().reduce(Count::and).unwrap_or(Count::Exact(0)))
    }

    fn aggregate(&self, find: Find<'_>, wanted: &[Aggregation]) -> Result<(Aggregator, Report), Error> {
        let mut whole = find.search.aggregator(wanted)?;
        let (answers, notes) = self.each(find, |store, find| store.aggregate(find, wanted))?;
        let mut all = Report::default();
        for (aggregator, report) in answers {
            whole.merge(aggregator)?;
            all = all.and(report);
        }
        all.notes.extend(notes);
        Ok((whole, all))
    }

    fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        for store in &self.stores {
            if let Some(text) = store.backend().item(key, stop)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// Where any of them takes changes: which one does is told by what is changed.
    fn editor(&self) -> Option<&dyn Editor> {
        self.stores.iter().any(Store::is_editable).then_some(self)
    }
}

/// Each change goes to one of them, through its own gate, as each has a profile of its own.
impl Editor for Union {
    fn put_item(&self, key: &ItemKey, item: &Document, when: When, home: Home) -> Result<Put, Error> {
        let edit = self.of_collection(key.collection.as_deref())?.edit()?.into_home(home);
        Ok(edit.put_item(item.text().as_bytes(), when)?.1)
    }

    fn delete_item(&self, key: &ItemKey, when: When) -> Result<(), Error> {
        self.of_collection(key.collection.as_deref())?.edit()?.delete_item(key, when)
    }

    /// One transaction for each of the stores.
    fn delete_items(&self, items: &[(ItemKey, When)]) -> Result<u64, Error> {
        let mut left: Vec<_> = items.iter().collect();
        let mut gone = 0;
        while let Some((first, _)) = left.first() {
            let (these, others): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|(key, _)| key.collection == first.collection);
            let these: Vec<_> = these.into_iter().cloned().collect();
            gone += self.of_collection(first.collection.as_deref())?.edit()?.delete_items(&these)?;
            left = others;
        }
        Ok(gone)
    }

    fn put_collection(&self, id: &str, collection: &Document, when: When) -> Result<Put, Error> {
        let edit = self.of_collection(Some(id))?.edit()?;
        Ok(edit.put_collection(collection.text().as_bytes(), when)?.1)
    }

    fn delete_collection(&self, id: &str, when: When) -> Result<(), Error> {
        self.of_collection(Some(id))?.edit()?.delete_collection(id, when)
    }
}

impl Union {
    /// The store that has a collection, whether it takes changes or not: the one that keeps its Collection, else the one that has Items
    /// of it. One that nobody has goes to the only store that takes changes.
    fn of_collection(&self, id: Option<&str>) -> Result<&Store, Error> {
        for store in &self.stores {
            if let Some(id) = id
                && store.backend().collection(id)?.is_some()
            {
                return Ok(store);
            }
        }
        for store in &self.stores {
            let of_it = Search {
                collections: id.map(str::to_owned).into_iter().collect(),
                filter: id.is_none().then(|| Expr::IsNull(Expr::Property(Property::collection()).into())),
                ..Search::default()
            };
            if !has_none(store, of_it, &Stop::default())? {
                return Ok(store);
            }
        }
        let mut editable = self.stores.iter().filter(|store| store.is_editable());
        match (editable.next(), editable.next(), id) {
            (Some(only), None, _) => Ok(only),
            (Some(_), Some(_), Some(id)) => {
                let message = format!("several of the stores could take the collection {id:?}");
                let remedy = Remedy::from("put the Collection into one of them by itself")
                    .also(Remedy::call("collections", &["STORE", "put", "FILE"]));
                Err(Error::new(ErrorKind::Conflict, &message).remedy(remedy))
            }
            (Some(_), Some(_), None) => {
                let message = "several of the stores could take an Item without a collection";
                Err(Error::new(ErrorKind::Conflict, message).remedy("give it a collection"))
            }
            // The error says that they take no changes.
            (None, ..) => self.stores.first().ok_or_else(|| Error::failed("no store")),
        }
    }

    fn chain(&self, of: impl Fn(&Store) -> Result<Box<dyn Source>, Error>) -> Result<Box<dyn Source>, Error> {
        let sources = self.stores.iter().map(of).collect::<Result<Vec<_>, Error>>()?;
        let name = sources.first().map_or("nothing", |first| first.name()).into();
        let size = sources.iter().map(|source| source.size()).sum();
        Ok(Box::new(Chain::new(name, size, sources.into_iter().map(Ok))))
    }
}
