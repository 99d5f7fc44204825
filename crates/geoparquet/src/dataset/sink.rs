//! Items into a dataset: those that come are written to files that nobody sees, and one commit makes them, and what they take the place of, a
//! version.

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use stacyard_model::json::Value;
use stacyard_store::{
    Collections, Encoder, Error, Finished, ItemKey, Mode, Output, Refused, Remedy, Sink, Storage, Why,
};

use crate::dataset::begun;
use crate::dataset::commit::commit;
use crate::dataset::file::{DataFile, Shelf};
use crate::dataset::job::Job;
use crate::dataset::keys::{ItemHash, key, key_of};
use crate::dataset::log::Log;
use crate::dataset::options::Writing;
use crate::dataset::present::Present;
use crate::dataset::stage::{self, Parts};
use crate::dataset::store::Dataset;
use crate::dataset::version::Version;
use crate::dataset::write::NewFile;
use crate::sink::{ShapeEncoder, Shaped};
use crate::write::item_shape::ItemShape;
use crate::write::shape::Declared;
use crate::write::spool::Spool;

/// A dataset being written to.
pub struct DatasetSink {
    pub(crate) log: Log,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) mode: Mode,
    pub(crate) writing: Writing,
    pub(crate) spool: Spool,
    pub(crate) items: ItemShape,
    pub(crate) encoder: Arc<DatasetEncoder>,
    pub(crate) refused: VecDeque<Vec<Refused>>,
    /// The files of the version in which all keys were looked for as they came.
    pub(crate) known: HashSet<String>,
    /// The Collections that the version has, and is to have.
    pub(crate) collections: (Collections, Option<Collections>),
    pub(crate) rejected: u64,
    /// The keys of Items that go, whatever comes.
    pub(crate) gone: Vec<ItemHash>,
    /// The version that the Items were compared with, which the new one has to come after.
    pub(crate) compared: Option<u64>,
    /// The version that was the newest at the beginning.
    pub(crate) base: Option<u64>,
    /// Where it is said which files were written, which are then in no version yet. `None`: they become one.
    staged: Option<Output>,
    /// The files of parts that other processes have written.
    pub(crate) parts: Option<Vec<Vec<NewFile>>>,
}

/// Looks at what stands in the Items, and whether they are there already.
pub struct DatasetEncoder {
    pub(crate) shape: ShapeEncoder,
    /// `None`: whether they are is found at the end.
    present: Option<(Present, Arc<Shelf>)>,
}

/// Some Items on their way into a dataset.
#[derive(Default)]
pub struct DatasetChunk {
    shaped: Shaped,
    refused: Vec<Refused>,
    items: usize,
}

impl Encoder for DatasetEncoder {
    type Chunk = DatasetChunk;

    fn item(&self, item: Value<'_>, file_offset: Option<u64>, chunk: &mut DatasetChunk) -> Result<(), Error> {
        let index = chunk.items;
        chunk.items += 1;
        if let Some((present, shelf)) = &self.present
            && present.has(shelf, key_of(item))?
        {
            chunk.refused.push(Refused { item: index, why: Why::Taken });
            return Ok(());
        }
        self.shape.item(item, file_offset, &mut chunk.shaped)
    }
}

impl DatasetSink {
    /// Begins to write a dataset; `base` is its newest version, if it is there.
    ///
    /// # Errors
    /// A dataset that cannot be read, or not be written.
    pub fn create(
        storage: &Arc<dyn Storage>,
        base: Option<&Dataset>,
        mode: Mode,
        mut writing: Writing,
    ) -> Result<Self, Error> {
        let log = Log::new(Arc::clone(storage));
        let shelf = match base {
            Some(base) => Arc::clone(base.view().shelf()),
            None => Arc::new(Shelf::new(Arc::clone(storage), 0)),
        };
        let (mut known, mut present, mut collections) = (HashSet::new(), None, Collections::new());
        if let Some(base) = base.map(Dataset::view) {
            base.version().check_writable()?;
            collections.clone_from(base.version().collections()?);
            if matches!(mode, Mode::Insert | Mode::Ignore) {
                let files = DataFile::all(&base.version().snapshot, log.name())?;
                known = files.iter().map(|file| file.path.clone()).collect();
                present = Some((Present::of(&shelf, files)?, Arc::clone(&shelf)));
            }
        }
        if mode == Mode::Resume {
            let message = format!("{} is a dataset, into which all of a copy goes at once", log.name());
            return Err(Error::usage(message, Remedy::from("leave ").option("resume").text(" out")));
        }
        // Hours before it is written: a name that cannot be had is told at once.
        let staged = writing.stage.take().map(|to| stage::begin(&to)).transpose()?;
        let spool = Spool::new(storage.scratch(), writing.options.source.take())?;
        let declared = Declared {
            profile: writing.options.profile.clone(),
            max_columns: writing.options.max_columns,
            table: None,
        };
        Ok(Self {
            log,
            shelf,
            mode,
            writing,
            spool,
            items: ItemShape::default(),
            encoder: Arc::new(DatasetEncoder { shape: ShapeEncoder(declared), present }),
            refused: VecDeque::new(),
            known,
            collections: (collections, None),
            rejected: 0,
            gone: Vec::new(),
            compared: None,
            base: base.map(|base| base.view().version().snapshot.version),
            staged,
            parts: None,
        })
    }

    /// Begins to make one version of parts that were staged; gives how, and the Collections that came with them.
    ///
    /// # Errors
    /// What is no part of the dataset, or cannot be one any more; a dataset that is not there.
    pub fn of_parts(
        storage: &Arc<dyn Storage>,
        base: &Dataset,
        parts: &[PathBuf],
        mut writing: Writing,
    ) -> Result<(Self, Mode, Collections), Error> {
        let log = Log::new(Arc::clone(storage));
        let view = base.view();
        let Parts { mode, files, collections, rejected } = stage::read(&log, view.version(), parts)?;
        writing.options.profile.clone_from(&view.version().profile);
        // What was there when each part was staged is not known here: the keys are looked for at the end.
        let mut sink = Self::create(storage, Some(base), Mode::Upsert, writing)?;
        (sink.mode, sink.parts, sink.rejected) = (mode, Some(files), rejected);
        Ok((sink, mode, collections))
    }

    /// The Collections that the dataset has.
    pub const fn old_collections(&self) -> &Collections {
        &self.collections.0
    }

    /// How many Items its parts have.
    pub fn staged(&self) -> u64 {
        self.parts.iter().flatten().flatten().map(|file| file.rows).sum()
    }

    /// Writes the files, and says which they are in a small file.
    fn stage(self, to: Output) -> Result<Finished, Error> {
        let snapshot = self.log.latest()?.ok_or_else(|| stage::no_dataset(self.log.name()))?;
        let version = Version::of(self.log.clone(), snapshot)?;
        let mut job = Job::of(self);
        version.check_writable()?;
        job.check_profile(&version, false)?;
        job.written(&version)?;
        let files = job.files.clone().unwrap_or_default();
        let (base, wanted) = &job.sink.collections;
        let new = wanted.iter().flatten().filter(|(id, collection)| base.get(*id) != Some(*collection));
        let collections = new.map(|(id, collection)| (id.clone(), collection.clone())).collect();
        let staged = stage::write(to, &version, job.sink.mode, &files, (collections, job.sink.rejected));
        if staged.is_err() {
            job.discard();
        }
        staged
    }
}

impl Sink for DatasetSink {
    type Encoder = DatasetEncoder;

    fn encoder(&self) -> Arc<DatasetEncoder> {
        Arc::clone(&self.encoder)
    }

    fn write(&mut self, chunk: DatasetChunk) -> Result<(), Error> {
        self.items.merge(chunk.shaped.shape, &self.encoder.shape.0);
        self.refused.push_back(chunk.refused);
        self.spool.push(chunk.shaped.items)
    }

    fn settled(&mut self, _: bool) -> Result<Option<Vec<Refused>>, Error> {
        Ok(Some(self.refused.pop_front().unwrap_or_default()))
    }

    fn keep(&mut self, collections: Collections) -> bool {
        self.collections.1 = Some(collections);
        true
    }

    fn take_away(&mut self, items: Vec<ItemKey>) -> Result<(), Error> {
        self.compared = self.base;
        self.gone.extend(items.iter().map(|item| key(item.collection.as_deref(), &item.id)));
        Ok(())
    }

    fn has_set_aside(&mut self, records: u64) {
        // Beside those of parts.
        self.rejected += records;
    }

    fn finish(mut self) -> Result<Finished, Error> {
        for field in self.writing.options.profile.iter().flat_map(|profile| profile.fields()) {
            // A column that is declared is there, whether an Item has it or not.
            self.items.properties.named(&field.name);
        }
        if let Some(to) = self.staged.take() {
            return self.stage(to);
        }
        let (log, author) = (self.log.clone(), self.writing.author.clone());
        self.gone.sort_unstable();
        let mut job = Job::of(self);
        job.take_parts()?;
        match commit(&log, &author, |version| job.plan(version)) {
            Ok(_) => {
                job.forget_parts();
                let bytes = job.files.iter().flatten().map(|file| file.add.size).sum();
                let (late, before) = (job.late, Some(job.before));
                Ok(Finished { before, late, ..Finished::file(bytes) })
            }
            Err(error) => {
                if !error.is_unsure() {
                    job.discard();
                    if job.sink.base.is_none()
                        && log.listing().is_ok_and(|listing| listing.latest().is_none())
                    {
                        begun::unmark(&*log.storage);
                    }
                }
                Err(error)
            }
        }
    }
}
