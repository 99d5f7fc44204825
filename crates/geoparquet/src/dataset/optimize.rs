//! Small files, and large ones of many loads, made into few in which what is near in space and time is near. The Items stay as they are, and others may
//! write meanwhile.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use stacyard_model::json::Tape;
use stacyard_store::{Encoder, Error, ErrorKind, Observer, Progress, in_order};

use crate::dataset::commit::{Plan, commit};
use crate::dataset::file::DataFile;
use crate::dataset::keys::{ItemHash, common};
use crate::dataset::layers::crowded;
use crate::dataset::log::action::Said;
use crate::dataset::options::Writing;
use crate::dataset::rewrite::without;
use crate::dataset::schema;
use crate::dataset::store::Dataset;
use crate::dataset::version::Version;
use crate::dataset::view::View;
use crate::dataset::write::{Content, FILE_ROWS, NewFile, discard, rules};
use crate::format::scope::Scope;
use crate::sink::{ShapeEncoder, Shaped};
use crate::write::item_shape::ItemShape;
use crate::write::shape::Declared;
use crate::write::spool::Spool;

/// How often all is made again where others have changed what stood in the way, and how often before that their changes are made to what was made.
const TRIES: u32 = 10;
const FOLLOWED: u32 = 100;

/// What has been made of some files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Optimized {
    /// Their Items.
    pub items: u64,
    /// How many files they were, and are.
    pub files: [u64; 2],
    /// Bytes of the new files.
    pub bytes: u64,
}

/// Makes few files of many small ones, and of large ones where those of many loads lie over one another. Files of other programs stay: their Items have not
/// passed the gate.
///
/// # Errors
/// A dataset that cannot be read or written.
pub fn optimize(
    dataset: &Dataset,
    writing: &Writing,
    observer: &mut dyn Observer,
) -> Result<Optimized, Error> {
    let mut view = dataset.view();
    view.version().check_writable()?;
    for _ in 0..TRIES {
        let old = worth_it(&view, writing);
        if old.len() < 2 {
            return Ok(Optimized::default());
        }
        let new = rewritten(&view, &old, writing, observer)?;
        let mut work = Work { view, old, new };
        let done = work.commit(writing);
        // Where nobody knows whether the version was made, it may have the new files.
        if !matches!(done, Ok(Some(_))) && !done.as_ref().is_err_and(Error::is_unsure) {
            discard(&*work.view.version().log.storage, &work.new);
        }
        if let Some(done) = done? {
            return Ok(done);
        }
        view = work.view;
    }
    let message = format!("{}: other writers have changed its files all the time", view.name());
    Err(Error::new(ErrorKind::Conflict, &message).remedy("run it again when less is written"))
}

/// The files that are worth it.
fn worth_it(view: &View, writing: &Writing) -> Vec<usize> {
    let ours = view.data_files().iter().enumerate().filter(|(_, file)| file.keys.is_some());
    let is_small = |file: &DataFile| file.stats().rows.is_some_and(|rows| rows < FILE_ROWS / 2);
    let (mut small, large): (Vec<_>, Vec<_>) = ours.partition(|(_, file)| is_small(file));
    // What one run has made of all of them together does not become less, unless they are to stand together in another way.
    let rules = rules(view.version().partition_by, &writing.options);
    let is_as_made = |file: &DataFile| {
        file.laid_out().is_some_and(|made| made.rules == rules && Some(made.rows) == file.stats().rows)
    };
    let runs: HashSet<_> = small.iter().map(|(_, file)| file.laid_out().map(|made| made.run)).collect();
    if runs.len() == 1 && small.iter().all(|(_, file)| is_as_made(file)) {
        small.clear();
    }
    let mut some: Vec<usize> = small.into_iter().map(|(index, _)| index).collect();
    some.extend(crowded(&large));
    some.sort_unstable();
    some
}

/// New files, on top of a version of which they take the place of some.
struct Work {
    view: Arc<View>,
    old: Vec<usize>,
    new: Vec<NewFile>,
}

impl Work {
    /// Puts the new files in the place of the old ones. `None`: what others have done leaves nothing of that, or goes on and on.
    fn commit(&mut self, writing: &Writing) -> Result<Option<Optimized>, Error> {
        let log = self.view.version().log.clone();
        for _ in 0..FOLLOWED {
            let old: HashSet<&str> = self.old().map(|file| file.path.as_str()).collect();
            let mut is_stale = false;
            commit(&log, &writing.author, |version| {
                version.check_writable()?;
                let plan = plan(version, &old, &self.new)?;
                is_stale = plan.is_none();
                Ok(plan)
            })?;
            if !is_stale {
                return Ok(Some(Optimized {
                    items: self.new.iter().map(|file| file.rows).sum(),
                    files: [self.old.len() as u64, self.new.len() as u64],
                    bytes: self.new.iter().map(|file| file.add.size).sum(),
                }));
            }
            if !self.follow()? {
                break;
            }
        }
        Ok(None)
    }

    fn old(&self) -> impl Iterator<Item = &DataFile> {
        self.old.iter().map(|&index| &self.view.data_files()[index])
    }

    /// Goes on to the newest version: what others have done to Items of the old files is done to the new ones. `false`: that is not what stands in the way,
    /// or leaves nothing.
    fn follow(&mut self) -> Result<bool, Error> {
        let Some(newer) = self.view.newer()? else { return Ok(false) };
        let shelf = newer.shelf();
        let mut there: HashMap<&str, Vec<&DataFile>> = HashMap::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (index, file) in newer.data_files().iter().enumerate() {
            there.entry(file.first()).or_default().push(file);
            places.insert(&file.path, index);
        }
        let (mut left, mut gone) = (Vec::new(), Vec::new());
        let mut is_changed = false;
        for file in self.old() {
            if let Some(&index) = places.get(file.path.as_str()) {
                left.push(index);
                continue;
            }
            is_changed = true;
            let had = shelf.keys_of(file)?;
            // What was made of it has some of its Items and no others. If not, another program has put something back, and that stays as it is.
            let kept = match there.get(file.first()).map(Vec::as_slice) {
                Some([now]) => {
                    let kept = shelf.keys_of(now)?;
                    (common(&kept, &had).count() == kept.len()).then(|| (places.get(now.path.as_str()), kept))
                }
                _ => None,
            };
            let (place, kept) = kept.unwrap_or_default();
            left.extend(place);
            gone.extend(had.into_iter().filter(|key| kept.binary_search(key).is_err()));
        }
        gone.sort_unstable();
        let fields = newer.version().fields.clone();
        for new in self.new.iter_mut().filter(|_| !left.is_empty() && !gone.is_empty()) {
            let file = new.file(shelf)?;
            let both: Vec<ItemHash> = common(&gone, &shelf.keys_of(&file)?).collect();
            if both.is_empty() {
                continue;
            }
            let again = without(shelf, &file, &both, &fields)?.and_then(|again| again.new);
            discard(&*shelf.storage, std::slice::from_ref(new));
            match again {
                Some(again) => *new = again,
                None => new.rows = 0,
            }
        }
        self.new.retain(|file| file.rows > 0);
        let is_left = !left.is_empty() && !self.new.is_empty();
        (self.view, self.old) = (Arc::new(newer), left);
        Ok(is_changed && is_left)
    }
}

/// The Items of some files in new ones.
fn rewritten(
    view: &Arc<View>,
    files: &[usize],
    writing: &Writing,
    observer: &mut dyn Observer,
) -> Result<Vec<NewFile>, Error> {
    let version = view.version();
    let options = &writing.options;
    let declared =
        Declared { profile: options.profile.clone(), max_columns: options.max_columns, table: None };
    let encoder = ShapeEncoder(declared);
    let mut spool = Spool::new(version.log.storage.scratch(), None)?;
    let mut items = ItemShape::default();
    let mut source = view.source(Scope::All, files.to_vec());
    observer.begin(&Arc::from(view.name()), source.size());
    in_order(
        || Ok(source.next()?.map(|work| (work, source.position()))),
        (options.threads.max(1), 1),
        Tape::new,
        |tape, (work, position)| {
            let batch = work()?;
            let mut chunk = Shaped::default();
            for record in &batch.records {
                let text = &batch.text[record.start as usize..record.end as usize];
                let item = tape.parse(text).map_err(|cause| {
                    Error::failed(format!("{}: an Item is no JSON", view.name())).caused_by(cause)
                })?;
                encoder.item(item, None, &mut chunk)?;
            }
            Ok((chunk, position))
        },
        |(chunk, position)| {
            items.merge(chunk.shape, &encoder.0);
            spool.push(chunk.items)?;
            observer.advance(Progress { read: spool.rows, rejected: 0, position });
            Ok(ControlFlow::Continue(()))
        },
    )?;
    for field in options.profile.iter().flat_map(|profile| profile.fields()) {
        items.properties.named(&field.name);
    }
    let content = Content { spool: &mut spool, items: &items, options, partition_by: version.partition_by };
    content.write(&*version.log.storage, &version.fields)
}

/// The new files in the place of the old ones; `None`: some of those are there no longer.
fn plan(version: &Version, old: &HashSet<&str>, new: &[NewFile]) -> Result<Option<Plan>, Error> {
    let there = DataFile::all(&version.snapshot, version.log.name())?;
    let removes: Vec<_> = there.iter().filter(|file| old.contains(file.path.as_str())).collect();
    let mut fields = version.fields.clone();
    for file in new {
        match schema::with(&fields, &file.fields) {
            Ok(more) => fields = more.unwrap_or(fields),
            Err(_) => return Ok(None),
        }
    }
    if removes.len() < old.len() {
        return Ok(None);
    }
    let Some(mut metadata) = version.snapshot.metadata.as_deref().cloned() else { return Ok(None) };
    version.put_fields(&mut metadata, &fields);
    Ok(Some(Plan {
        operation: "OPTIMIZE",
        metadata: (version.snapshot.metadata.as_deref() != Some(&metadata)).then_some(metadata),
        removes: removes.into_iter().map(|file| Arc::clone(&file.add)).collect(),
        adds: new.iter().map(|file| file.add.clone()).collect(),
        only_rearranges: true,
        said: Said::default(),
        ..Plan::default()
    }))
}
