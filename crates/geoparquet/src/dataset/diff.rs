//! What is different between two versions of a dataset, or of two datasets: Items that are in the one alone, and those that are in both and say something
//! else. Files that both have are not read.

use std::collections::HashSet;
use std::sync::Arc;

use stacyard_model::json::{Document, Tape};
use stacyard_store::{Error, Hits, Sorter};

use crate::dataset::keys::key_of;
use crate::dataset::store::Dataset;
use crate::dataset::view::View;
use crate::format::scope::Scope;

/// Bytes of Items that are sorted in memory, of both sides together.
const MEMORY: usize = 128 << 20;

/// What has become of an Item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// It is in the second alone.
    Added,
    /// It is in both, and says something else.
    Changed,
    /// It is in the first alone.
    Removed,
}

/// Hands over the Items that are different in two versions, in no order that means anything: the text of the second, or of the first where it was removed.
///
/// # Errors
/// Files that cannot be read; what `take` says.
pub fn diff(
    from: &Dataset,
    to: &Dataset,
    mut take: impl FnMut(Difference, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let (from, to) = (from.view(), to.view());
    let is_one = from.version().snapshot.metadata.as_ref().map(|it| &it.id)
        == to.version().snapshot.metadata.as_ref().map(|it| &it.id);
    let mut sorter = Sorter::new(MEMORY, None);
    for (side, view, other) in [(0_u8, &from, &to), (1, &to, &from)] {
        let both: HashSet<&str> = other.data_files().iter().map(|file| file.path.as_str()).collect();
        let files = view.data_files().iter().enumerate();
        let files = files.filter(|(_, file)| !is_one || !both.contains(file.path.as_str()));
        push(view, files.map(|(index, _)| index).collect(), side, &mut sorter)?;
    }
    let mut sorted = sorter.finish("differences")?;
    let mut next = sorted.entry()?;
    while let Some(entry) = next {
        let (key, side) = entry.key.split_at(entry.key.len() - 1);
        next = sorted.entry()?;
        if side == [1] {
            take(Difference::Added, &entry.text)?;
            continue;
        }
        match next.take_if(|later| later.key[..later.key.len() - 1] == *key) {
            None => take(Difference::Removed, &entry.text)?,
            Some(later) => {
                if entry.text != later.text && !is_same(&entry.text, &later.text) {
                    take(Difference::Changed, &later.text)?;
                }
                next = sorted.entry()?;
            }
        }
    }
    Ok(())
}

fn push(view: &Arc<View>, files: Vec<usize>, side: u8, sorter: &mut Sorter) -> Result<(), Error> {
    let mut source = view.source(Scope::All, files);
    let mut tape = Tape::new();
    while let Some(work) = source.next()? {
        let batch = work()?;
        let mut hits = Hits::default();
        for record in &batch.records {
            let text = &batch.text[record.start as usize..record.end as usize];
            let item = tape.parse(text).map_err(|cause| {
                Error::failed(format!("{}: an Item is no JSON", view.name())).caused_by(cause)
            })?;
            let key = key_of(item).to_be_bytes();
            let key = |out: &mut Vec<u8>| {
                out.extend_from_slice(&key);
                out.push(side);
                Ok(())
            };
            hits.push(key, |out| out.extend_from_slice(text))?;
        }
        sorter.push(hits)?;
    }
    Ok(())
}

/// Whether two texts are the same JSON value: a file that was written anew has its members in another order.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    match (Document::parse_bytes(one), Document::parse_bytes(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
