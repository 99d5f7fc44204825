//! Files of parts whose columns do not go with the table, or with each other: a part is staged before it is known what the others bring.

use std::collections::HashSet;

use stacyard_model::json::Tape;
use stacyard_store::{Encoder, Error, Source};

use crate::dataset::schema;
use crate::dataset::sink::DatasetSink;
use crate::dataset::version::Version;
use crate::dataset::write::{Content, NewFile, discard};
use crate::format::scope::Scope;
use crate::read::source::GeoParquetSource;
use crate::sink::Shaped;
use crate::write::item_shape::ItemShape;
use crate::write::spool::Spool;

/// Writes those files again that do not fit, so that all of them do. Files that are `staged` stay, as a part that may be committed again.
pub(crate) fn refit(
    files: &mut Vec<NewFile>,
    version: &Version,
    sink: &DatasetSink,
    staged: &HashSet<String>,
) -> Result<(), Error> {
    let failed = |what| Error::failed(format!("{}: {what}", sink.log.name()));
    let fields = schema::with_each(&version.fields, files.iter().map(|file| &file.fields)).map_err(failed)?;
    let (fit, other): (Vec<NewFile>, Vec<NewFile>) =
        files.drain(..).partition(|file| schema::with(&fields, &file.fields).is_ok());
    *files = fit;
    let storage = &*sink.log.storage;
    let mut spool = Spool::new(storage.scratch(), None)?;
    let (mut items, mut tape) = (ItemShape::default(), Tape::new());
    let shape = &sink.encoder.shape;
    for file in &other {
        let opened = sink.shelf.open(&file.file(&sink.shelf)?)?;
        let mut source = GeoParquetSource::of(&opened, Scope::All)?;
        while let Some(work) = source.next()? {
            let batch = work()?;
            let mut shaped = Shaped::default();
            for record in &batch.records {
                let text = &batch.text[record.start as usize..record.end as usize];
                let item = tape.parse(text).map_err(|cause| opened.unreadable(cause))?;
                shape.item(item, None, &mut shaped)?;
            }
            items.merge(shaped.shape, &shape.0);
            spool.push(shaped.items)?;
        }
    }
    let options = &sink.writing.options;
    for field in options.profile.iter().flat_map(|profile| profile.fields()) {
        items.properties.named(&field.name);
    }
    let content = Content { spool: &mut spool, items: &items, options, partition_by: version.partition_by };
    let again = content.write(storage, &fields)?;
    let old: Vec<NewFile> = other.into_iter().filter(|file| !staged.contains(&file.path)).collect();
    discard(storage, &old);
    files.extend(again);
    Ok(())
}
