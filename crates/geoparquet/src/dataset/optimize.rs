//! Small files made into few large ones, in which what is near in space and time is near. The Items stay as they are, and others may write meanwhile.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use stacyard_model::json::Tape;
use stacyard_store::{Encoder, Error, Observer, Progress, in_order};

use crate::dataset::commit::{Plan, commit};
use crate::dataset::file::{DataFile, OPTIMIZED};
use crate::dataset::keys::key;
use crate::dataset::log::action::Said;
use crate::dataset::options::Writing;
use crate::dataset::schema;
use crate::dataset::store::Dataset;
use crate::dataset::version::Version;
use crate::dataset::view::View;
use crate::dataset::write::{Content, FILE_ROWS, NewFile, discard, uuid};
use crate::format::scope::Scope;
use crate::sink::{ShapeEncoder, Shaped};
use crate::write::item_shape::ItemShape;
use crate::write::shape::Declared;
use crate::write::spool::Spool;

/// What has been made of small files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Optimized {
    /// Their Items.
    pub items: u64,
    /// How many files they were, and are.
    pub files: [u64; 2],
    /// Bytes of the new files.
    pub bytes: u64,
}

/// Makes few files of many small ones. Those of other programs stay: their Items have not passed the gate.
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
    loop {
        let small = small(&view);
        if small.len() < 2 {
            return Ok(Optimized::default());
        }
        let mut files = rewritten(&view, &small, writing, observer)?;
        let run = format!("{}:{}", uuid()?, layout(view.version()));
        for file in &mut files {
            file.add.tags.get_or_insert_default().insert(OPTIMIZED.to_owned(), Some(run.clone()));
        }
        let old: HashSet<&str> = small.iter().map(|&file| view.data_files()[file].path.as_str()).collect();
        let items = files.iter().map(|file| file.rows).sum();
        let bytes = files.iter().map(|file| file.add.size).sum();
        let log = view.version().log.clone();
        let mut is_stale = false;
        let done = commit(&log, &writing.author, |version| {
            let plan = plan(version, &old, &files)?;
            is_stale = plan.is_none();
            Ok(plan)
        });
        // Where nobody knows whether the version was made, it may have them.
        if is_stale || done.as_ref().is_err_and(|error| !error.is_unsure()) {
            discard(&*log.storage, &files);
        }
        done?;
        if !is_stale {
            return Ok(Optimized { items, files: [small.len() as u64, files.len() as u64], bytes });
        }
        // Another writer has changed some of them: what is there now is looked at.
        let Some(newer) = view.newer()? else { return Ok(Optimized::default()) };
        view = Arc::new(newer);
    }
}

/// The files that are worth it.
fn small(view: &View) -> Vec<usize> {
    let is_small =
        |file: &DataFile| file.keys.is_some() && file.stats().rows.is_some_and(|rows| rows < FILE_ROWS / 2);
    let files = view.data_files().iter().enumerate();
    let small: Vec<(usize, &DataFile)> = files.filter(|(_, file)| is_small(file)).collect();
    // What one run has made of all of them together does not become less, unless they are to stand together in another way.
    let mut runs = small.iter().map(|(_, file)| file.tag(OPTIMIZED));
    let first = runs.next().flatten();
    let is_as_wanted = first.is_some_and(|run| run.ends_with(&layout(view.version())));
    if is_as_wanted && runs.all(|run| run == first) {
        return Vec::new();
    }
    small.into_iter().map(|(index, _)| index).collect()
}

/// What decides how Items are laid out in files, as a text of always the same length.
fn layout(version: &Version) -> String {
    let profile = version.profile.as_ref().map(|profile| profile.text()).unwrap_or_default();
    format!("{:032x}", key(Some(&version.partition_by.to_string()), profile))
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
