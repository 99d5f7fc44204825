//! A store that can be asked, whatever it is made of.

use std::sync::Arc;

use stacyard_model::Profile;
use stacyard_search::{Aggregate, Aggregation, Compiled, Extent, PageSize, Query, Stop};

use crate::cursor::{Cursor, inverted, mark};
use crate::edit::Edit;
use crate::page::Page;
use crate::run::Run;
use crate::stored::{Count, ItemKey, Stored};
use crate::{
    Backend, Candidates, Collections, Entry, Error, ErrorKind, Find, Hits, Pool, Report, Since, Sorted,
    Sorter, Source,
};

/// A store of Items, open for reading. Every store gives the same answers (docs/search-semantics.md); the better ones
/// read less for them. Clones share it; it may be asked by any number of threads at once.
#[derive(Clone)]
pub struct Store {
    backend: Arc<dyn Backend>,
}

impl<B: Backend + 'static> From<B> for Store {
    fn from(backend: B) -> Self {
        Self { backend: Arc::new(backend) }
    }
}

impl Store {
    pub(crate) fn backend(&self) -> &dyn Backend {
        self.backend.as_ref()
    }

    /// All Items, in the order of the store.
    ///
    /// # Errors
    /// When it cannot be read. So do all that follow.
    pub fn items(&self) -> Result<Box<dyn Source>, Error> {
        self.backend.items()
    }

    /// Items among which are all that answer a search, which [`compile`](Self::compile) has made ready: for copies, which look at each of
    /// them.
    pub fn candidates(&self, search: &Arc<Compiled>) -> Result<Candidates, Error> {
        self.backend.candidates(search)
    }

    /// All Items with their `collection` and `id` at least: what tells them apart, where that can be read for less.
    pub fn keys(&self) -> Result<Box<dyn Source>, Error> {
        self.backend.keys()
    }

    /// A mark of the state that it is in now, by which it is told [later](Self::since) what has changed; `None`: it cannot tell.
    pub fn mark(&self) -> Result<Option<String>, Error> {
        self.backend.mark()
    }

    /// What has come or changed since a mark; `None`: the mark says nothing of the store as it is now.
    pub fn since(&self, mark: &str) -> Result<Option<Since>, Error> {
        self.backend.since(mark)
    }

    /// The mark of another store that it was made the same as, and has not been changed since.
    pub fn same_as(&self) -> Result<Option<String>, Error> {
        self.backend.same_as()
    }

    /// All Items, to be validated: where the store has parts of them twice, it tells those where the two differ.
    pub fn audit(&self) -> Result<Box<dyn Source>, Error> {
        self.backend.audit()
    }

    /// The Collections that the store keeps beside its Items.
    pub fn collections(&self) -> Result<Collections, Error> {
        self.backend.collections()
    }

    /// The profile that its Items meet, where it keeps one.
    pub fn profile(&self) -> Option<&Arc<Profile>> {
        self.backend.profile()
    }

    /// What a user should know before trusting its Items, if anything.
    pub fn caution(&self) -> Option<String> {
        self.backend.caution()
    }

    /// A query made ready for this store: a property that its profile declares to hold instants compares and orders as such.
    ///
    /// # Errors
    /// What cannot be answered of it.
    pub fn compile(&self, query: &Query, stop: &Stop) -> Result<Arc<Compiled>, Error> {
        let is_instant = |name: &str| self.backend.declares_instant(name);
        Ok(Arc::new(Compiled::until(&query.clone().with_instants(is_instant), stop)?))
    }

    fn asked<'a>(&self, query: &Query, run: Run<'a>) -> Result<Find<'a>, Error> {
        Ok(Find::new(self.compile(query, &run.stop)?, run))
    }

    /// The Items that answer, in the order of the query, no more than its `max_items`.
    ///
    /// # Errors
    /// A query that names what no Item has, unless it is lenient.
    pub fn find(&self, query: &Query, run: Run<'_>) -> Result<(Sorted, Report), Error> {
        self.backend.find(Find { first: query.search().max_items, ..self.asked(query, run)? })
    }

    /// The same, of a search that [`compile`](Self::compile) has made ready and records that have to pass more than the gate: for copies.
    pub fn find_with(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        self.backend.find(find)
    }

    /// A page of the answer: so many Items after a place in the order, or from the beginning. `limit` and `max_items` of the query are
    /// ignored. Whatever comes and goes between two pages, no Item is seen twice, and none that stays is missed.
    ///
    /// # Errors
    /// As [`Store::find`]; a cursor of another query.
    pub fn page(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        size: PageSize,
        run: Run<'_>,
    ) -> Result<Page, Error> {
        let mark = mark(query);
        let after = after.map(|after| after.of(mark)).transpose()?.map(<[u8]>::to_vec);
        let is_first = after.is_none();
        let size = u64::from(size.get());
        // One more says whether there is another page.
        let find = Find { after, first: Some(size + 1), ..self.asked(query, run)? };
        Ok(Page::after(self.backend.find(find)?, mark, size, is_first))
    }

    /// The page that ends where one begins: so many Items before a place in the order, which stand in the order as those of [`Store::page`]
    /// do. Walking back sees each Item that stays once, as walking on does.
    ///
    /// # Errors
    /// As [`Store::page`].
    pub fn page_before(
        &self,
        query: &Query,
        before: &Cursor,
        size: PageSize,
        run: Run<'_>,
    ) -> Result<Page, Error> {
        let mark = mark(query);
        let before = inverted(before.of(mark)?);
        let size = u64::from(size.get());
        let opposite = query.clone().backwards();
        let (memory, stop) = (run.memory, run.stop.clone());
        let find = Find { after: Some(before), first: Some(size + 1), ..self.asked(&opposite, run)? };
        let (mut answer, report) = self.backend.find(find)?;
        // They come with the last one first.
        let mut sorter = Sorter::new(memory, None).until(&stop);
        for _ in 0..size {
            let Some(Entry { key, text }) = answer.entry()? else { break };
            let mut hits = Hits::default();
            hits.try_push(&inverted(&key), |out| {
                out.extend_from_slice(&text);
                Ok(())
            })?;
            sorter.push(hits)?;
        }
        let is_first = answer.entry()?.is_none();
        Ok(Page::before((sorter.finish("a page")?, report), mark, size, is_first))
    }

    /// How many Items answer, whatever `max_items` says: `answered` of the report.
    ///
    /// # Errors
    /// As [`Store::find`].
    pub fn count(&self, query: &Query, run: Run<'_>) -> Result<Report, Error> {
        self.backend.count(self.asked(query, run)?)
    }

    /// How many Items answer, as far as the store can say without looking at them.
    ///
    /// # Errors
    /// As [`Store::find`].
    pub fn estimate(&self, query: &Query, run: Run<'_>) -> Result<Count, Error> {
        self.backend.estimate(self.asked(query, run)?)
    }

    /// What the Items that answer say together, one aggregate for each that is wanted.
    ///
    /// # Errors
    /// As [`Store::find`]; an aggregation by a property that no Item has is an error, too, unless the query is lenient.
    pub fn aggregate(
        &self,
        query: &Query,
        wanted: &[Aggregation],
        run: Run<'_>,
    ) -> Result<(Vec<Aggregate>, Report), Error> {
        let query = query.clone().aggregating(wanted);
        let (whole, report) = self.backend.aggregate(self.asked(&query, run)?, wanted)?;
        Ok((whole.finish(), report))
    }

    /// Where and when the Items that answer are; `None`: there are none.
    ///
    /// # Errors
    /// As [`Store::find`].
    pub fn extent(&self, query: &Query, run: Run<'_>) -> Result<Option<Extent>, Error> {
        let (aggregates, _) = self.aggregate(query, &[Aggregation::Extent], run)?;
        Ok(match aggregates[..] {
            [Aggregate::Extent(extent)] => extent,
            _ => None,
        })
    }

    /// One Item, with the tag of its state; `None`: the store has none of this name.
    ///
    /// # Errors
    /// When the store cannot be read, or in time.
    pub fn get(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Stored>, Error> {
        Ok(self.backend.item(key, stop)?.map(Stored::new))
    }

    /// One Collection, with the tag of its state; `None`: the store has none of this id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn get_collection(&self, id: &str) -> Result<Option<Stored>, Error> {
        let collection = self.backend.collection(id)?;
        Ok(collection.map(|collection| Stored::new(collection.to_string().into_bytes())))
    }

    /// Whether it can be asked now.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn ready(&self) -> Result<(), Error> {
        self.backend.ready()
    }

    /// The store as it is now, where what it reads has been replaced since it was opened; `None`: it is still the same. A program that
    /// runs for long asks this from time to time.
    ///
    /// # Errors
    /// What is there now cannot be opened; this store can be asked all the same.
    pub fn renewed(&self) -> Result<Option<Self>, Error> {
        self.backend.renewed()
    }

    /// Its connections to servers, as they are now; none where it has no such.
    pub fn pools(&self) -> Vec<Pool> {
        self.backend.pools()
    }

    /// Whether it takes single changes.
    pub fn is_editable(&self) -> bool {
        self.backend.editor().is_some()
    }

    /// Single changes.
    ///
    /// # Errors
    /// A store that does not take them: a file is written as a whole.
    pub fn edit(&self) -> Result<Edit<'_>, Error> {
        match self.backend.editor() {
            Some(editor) => Ok(Edit::new(editor, self.profile().cloned())),
            None => Err(Error::new(
                ErrorKind::Unsupported,
                "this store does not take single changes: it is a file, which is written as a whole",
            )
            .remedy("merge into it by a copy, or keep the Items in a database")),
        }
    }
}
