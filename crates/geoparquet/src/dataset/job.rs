//! What is done for each version that the new one may come after: files are written, and what they take the place of is found.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_schema::Fields;
use serde_json::json;
use stacyard_store::{Batch, Before, Collections, Counts, Error, ErrorKind, Mode, Remedy};

use crate::dataset::begun;
use crate::dataset::commit::{Plan, made, with_collections};
use crate::dataset::file::DataFile;
use crate::dataset::keys::{ItemHash, common};
use crate::dataset::late;
use crate::dataset::log::action::Said;
use crate::dataset::refit::refit;
use crate::dataset::rewrite::{Rewritten, without};
use crate::dataset::schema;
use crate::dataset::shared::{with_earlier, with_old};
use crate::dataset::sink::DatasetSink;
use crate::dataset::stage;
use crate::dataset::version::Version;
use crate::dataset::write::{Content, NewFile, discard};
use crate::search::picked::each;

/// What is done for each version that the new one may come after; what was done for one before is kept where it still holds.
pub(crate) struct Job {
    pub(crate) sink: DatasetSink,
    pub(crate) files: Option<Vec<NewFile>>,
    /// Files of versions in which the keys of the new ones were looked for.
    pub(crate) checked: HashSet<String>,
    /// Files that have Items in the place of which others come; `None`: it has none.
    pub(crate) rewritten: HashMap<String, Option<Rewritten>>,
    pub(crate) late: Batch,
    pub(crate) before: Before,
    /// Files of parts, which stay if no version is made of them.
    pub(crate) staged: HashSet<String>,
}

impl Job {
    pub(crate) fn of(sink: DatasetSink) -> Self {
        Self {
            sink,
            files: None,
            checked: HashSet::new(),
            rewritten: HashMap::new(),
            late: Batch::default(),
            before: Before::default(),
            staged: HashSet::new(),
        }
    }

    /// Takes the files of parts, without Items that an earlier one has.
    pub(crate) fn take_parts(&mut self) -> Result<(), Error> {
        let Some(parts) = self.sink.parts.take() else { return Ok(()) };
        // Items of one load are there once.
        let are_several = parts.len() > 1;
        let mut all: Vec<NewFile> = parts.into_iter().flatten().collect();
        self.staged = all.iter().map(|file| file.path.clone()).collect();
        if are_several {
            let shelf = &self.sink.shelf;
            let files = all.iter().map(|new| new.file(shelf)).collect::<Result<Vec<_>, _>>()?;
            for (new, gone) in all.iter_mut().zip(with_earlier(shelf, &files)?) {
                let fields = new.fields.clone();
                late::leave_out(shelf, new, &gone, &fields, (&self.staged, &mut self.late))?;
            }
            all.retain(|file| file.rows > 0);
        }
        self.files = Some(all);
        Ok(())
    }

    pub(crate) fn plan(&mut self, version: &Version) -> Result<Option<Plan>, Error> {
        let is_new = version.snapshot.protocol.is_none();
        version.check_writable()?;
        // Somebody else may have committed the same part since it was read.
        if self.staged.iter().any(|path| stage::was_in(version, path)) {
            return Err(stage::is_committed(&"one of the parts", &self.sink.log));
        }
        if self.sink.compared.is_some_and(|compared| compared != version.snapshot.version) {
            let message = format!("{}: another writer has changed it meanwhile", self.sink.log.name());
            return Err(Error::new(ErrorKind::Conflict, &message)
                .remedy("nothing was changed: what differs now is found when it is run again"));
        }
        self.check_profile(version, is_new)?;
        let fields = self.written(version)?;
        let old = DataFile::all(&version.snapshot, self.sink.log.name())?;
        let mut plan = Plan::default();
        // How many stay is not told: it would be as many as there are.
        self.before = Before { has_others: self.sink.mode != Mode::Replace, ..Before::default() };
        match self.sink.mode {
            Mode::Insert | Mode::Ignore | Mode::Resume => {
                self.leave_out_late(old, &fields)?;
                plan.operation = "WRITE";
                plan.parameters = json!({ "mode": "Append" });
            }
            Mode::Upsert => {
                self.replace_some(&old, &fields, &mut plan)?;
                plan.operation = "MERGE";
            }
            Mode::Replace => {
                self.replace_all(&old)?;
                plan.removes = old.iter().map(|file| Arc::clone(&file.add)).collect();
                plan.operation = "WRITE";
                plan.parameters = json!({ "mode": "Overwrite" });
            }
        }
        let files = self.files.iter().flatten();
        let rows: u64 = files.clone().map(|file| file.rows).sum();
        plan.adds.extend(files.map(|file| file.add.clone()));
        let mut metadata = match &version.snapshot.metadata {
            Some(metadata) => metadata.as_ref().clone(),
            None => made(&self.sink.writing.making)?,
        };
        version.put_fields(&mut metadata, &fields);
        if let Some(collections) = self.collections(version)? {
            with_collections(&self.sink.log, &mut metadata, &collections)?;
        }
        let is_changed = version.snapshot.metadata.as_deref() != Some(&metadata);
        if plan.adds.is_empty() && plan.removes.is_empty() && !is_changed {
            return Ok(None);
        }
        plan.metadata = is_changed.then_some(metadata);
        plan.said = Said {
            // Of an Item that another program has put there twice, one takes the place of both.
            came: rows.saturating_sub(self.before.replaced.total()),
            replaced: self.before.replaced.total(),
            went: self.before.went.total(),
            rejected: self.sink.rejected,
            same_as: self.sink.writing.same_as.clone().filter(|_| {
                // What was set aside is to be told again the next time; and nobody else has written meanwhile.
                let base = (!is_new).then_some(version.snapshot.version);
                self.sink.rejected == 0 && self.late.records.is_empty() && self.sink.base == base
            }),
            ..Said::default()
        };
        Ok(Some(plan))
    }

    /// The profile of the gate has to be that of the version.
    pub(crate) fn check_profile(&self, version: &Version, is_new: bool) -> Result<(), Error> {
        let ours =
            if is_new { &self.sink.writing.making.profile } else { &self.sink.writing.options.profile };
        if is_new || *ours == version.profile {
            return Ok(());
        }
        let message = format!("{} has another profile than the Items were checked by", self.sink.log.name());
        Err(Error::new(ErrorKind::Conflict, &message).remedy(
            Remedy::from("give it this profile first: ").command_with(
                "init",
                &[self.sink.log.name()],
                vec![("profile", "FILE").into()],
            ),
        ))
    }

    /// Writes the new files, if they are not there or do not fit the columns of the table any more; gives those with theirs.
    pub(crate) fn written(&mut self, version: &Version) -> Result<Fields, Error> {
        let with_all = |files: &[NewFile]| {
            files.iter().try_fold(version.fields.clone(), |all, file| {
                Ok::<_, schema::Wrong>(schema::with(&all, &file.fields)?.unwrap_or(all))
            })
        };
        if let Some(files) = &mut self.files {
            if let Ok(fields) = with_all(files) {
                return Ok(fields);
            }
            if !self.staged.is_empty() {
                refit(files, version, &self.sink, &self.staged)?;
                return with_all(files)
                    .map_err(|what| Error::failed(format!("{}: {what}", self.sink.log.name())));
            }
            // Another writer has given a new column another type.
            discard(&*self.sink.log.storage, files);
            self.late = Batch::default();
            self.checked.clear();
        }
        let sink = &mut self.sink;
        if version.snapshot.protocol.is_none() {
            begun::mark(&*sink.log.storage)?;
        }
        let content = Content {
            spool: &mut sink.spool,
            items: &sink.items,
            options: &sink.writing.options,
            partition_by: version.snapshot.metadata.as_ref().map_or_else(
                || sink.writing.making.partition_by.unwrap_or_default(),
                |_| version.partition_by,
            ),
        };
        let files = content.write(&*sink.log.storage, &version.fields)?;
        let fields = with_all(&files);
        self.files = Some(files);
        fields.map_err(|what| Error::failed(format!("{}: {what}", self.sink.log.name())))
    }

    /// Takes out of the new files what other writers have put into the dataset since the keys were looked for.
    fn leave_out_late(&mut self, mut old: Vec<DataFile>, fields: &Fields) -> Result<(), Error> {
        let Some(news) = &mut self.files else { return Ok(()) };
        let (known, checked) = (&self.sink.known, &mut self.checked);
        old.retain(|file| !known.contains(&file.path) && checked.insert(file.path.clone()));
        if old.is_empty() {
            return Ok(());
        }
        let shelf = &self.sink.shelf;
        let files = news.iter().map(|new| new.file(shelf)).collect::<Result<Vec<_>, _>>()?;
        for (new, gone) in news.iter_mut().zip(with_old(shelf, &old, &files)?) {
            late::leave_out(shelf, new, &gone, fields, (&self.staged, &mut self.late))?;
        }
        news.retain(|file| file.rows > 0);
        Ok(())
    }

    /// The keys of the new files, sorted.
    fn new_keys(&self) -> Result<Vec<ItemHash>, Error> {
        let mut keys = Vec::new();
        for new in self.files.iter().flatten() {
            keys.append(&mut new.keys(&self.sink.shelf)?);
        }
        keys.sort_unstable();
        Ok(keys)
    }

    /// Writes those files again that have Items in the place of which others come.
    fn replace_some(&mut self, old: &[DataFile], fields: &Fields, plan: &mut Plan) -> Result<(), Error> {
        let mut news = self.new_keys()?;
        news.extend(&self.sink.gone);
        news.sort_unstable();
        news.dedup();
        let todo: Vec<&DataFile> =
            old.iter().filter(|file| !self.rewritten.contains_key(&file.path)).collect();
        let (shelf, threads) = (&self.sink.shelf, self.sink.writing.options.threads.max(1));
        let rewritten = &mut self.rewritten;
        each(
            todo,
            threads,
            || (),
            |(), file, _| {
                let there = shelf.keys_of(file)?;
                let both: Vec<ItemHash> = common(&news, &there).collect();
                let again = if both.is_empty() { None } else { without(shelf, file, &both, fields)? };
                Ok((file.path.clone(), again))
            },
            |(path, again)| {
                rewritten.insert(path, again);
                Ok(())
            },
        )?;
        for file in old {
            if let Some(Some(again)) = self.rewritten.get(&file.path) {
                plan.removes.push(Arc::clone(&file.add));
                plan.adds.extend(again.new.iter().map(|new| new.add.clone()));
                self.before.replaced.append(&again.gone);
            }
        }
        let gone = self.sink.gone.len() as u64;
        if gone > 0 {
            // Of which collections they were is not counted.
            let replaced = self.before.replaced.total().saturating_sub(gone);
            (self.before.replaced, self.before.went) = (Counts::default(), Counts::default());
            self.before.replaced.add_unnamed(replaced);
            self.before.went.add_unnamed(gone);
        }
        // What another writer has taken away meanwhile was written again for nothing.
        let paths: HashSet<&str> = old.iter().map(|file| file.path.as_str()).collect();
        self.rewritten.retain(|path, again| {
            let is_there = paths.contains(path.as_str());
            if !is_there && let Some(Rewritten { new: Some(new), .. }) = again {
                discard(&*shelf.storage, std::slice::from_ref(new));
            }
            is_there
        });
        Ok(())
    }

    /// Counts what goes with a dataset whose content is replaced.
    fn replace_all(&mut self, old: &[DataFile]) -> Result<(), Error> {
        let news = self.new_keys()?;
        let count = |counts: &mut Counts, file: &DataFile, items: u64| match file.collection() {
            _ if items == 0 => {}
            Some(collection) => counts.add(collection, items),
            None => counts.add_unnamed(items),
        };
        for file in old {
            let there = self.sink.shelf.keys_of(file)?;
            let both = common(&news, &there).count() as u64;
            count(&mut self.before.replaced, file, both);
            count(&mut self.before.went, file, there.len() as u64 - both);
        }
        Ok(())
    }

    /// The Collections that the version is to have; `None`: those that it has.
    fn collections(&self, version: &Version) -> Result<Option<Collections>, Error> {
        let (base, Some(wanted)) = &self.sink.collections else { return Ok(None) };
        let mut now = version.collections()?.clone();
        let mut is_changed = false;
        // What has changed is made on top of what another writer may have changed.
        for (id, collection) in wanted.iter().filter(|(id, collection)| base.get(*id) != Some(collection)) {
            is_changed |= now.insert(id.clone(), collection.clone()).as_ref() != Some(collection);
        }
        for id in base.keys().filter(|id| !wanted.contains_key(*id)) {
            is_changed |= now.remove(id).is_some();
        }
        Ok(is_changed.then_some(now))
    }

    /// Takes away the files of parts that the version has others in the place of: the same parts cannot be committed once more.
    pub(crate) fn forget_parts(&self) {
        let kept: HashSet<&str> = self.files.iter().flatten().map(|file| file.path.as_str()).collect();
        for path in self.staged.iter().filter(|path| !kept.contains(path.as_str())) {
            let _ = self.sink.log.storage.delete(path);
        }
    }

    /// Takes away what was written for a version that is not made.
    pub(crate) fn discard(&self) {
        let storage = &*self.sink.log.storage;
        let files = self.files.iter().flatten().filter(|file| !self.staged.contains(&file.path));
        files.for_each(|file| discard(storage, std::slice::from_ref(file)));
        for new in self.rewritten.values().flatten().filter_map(|again| again.new.as_ref()) {
            discard(storage, std::slice::from_ref(new));
        }
    }
}
