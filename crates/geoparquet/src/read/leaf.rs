//! The entries of one leaf column in some rows, page by page.

use std::ops::Range;
use std::sync::Arc;

use parquet::errors::{ParquetError, Result};

use crate::read::damage::damaged;
use crate::read::page::{self, Data, Leaf, Page, Physical, Stored, count_of};

/// Entries of a leaf column, of a row as many as its lists make of it.
pub(crate) struct Column {
    pub(crate) entries: usize,
    /// The levels of each: of repetition, empty where there are no lists, and of definition, empty where all have values.
    pub(crate) repetition: Vec<u8>,
    pub(crate) definition: Vec<u8>,
    /// Only of the entries that have one.
    pub(crate) values: Values,
}

pub(crate) enum Values {
    Boolean(Vec<bool>),
    /// Of any type, as their bits.
    Four(Vec<i32>),
    Eight(Vec<i64>),
    /// The length of each text, and all of them.
    Bytes(Vec<usize>, Vec<u8>),
}

impl Values {
    fn new(physical: Physical) -> Self {
        match physical {
            Physical::Boolean => Self::Boolean(Vec::new()),
            Physical::Four => Self::Four(Vec::new()),
            Physical::Eight => Self::Eight(Vec::new()),
            Physical::Bytes => Self::Bytes(Vec::new(), Vec::new()),
        }
    }

    /// Makes room for all of them: what grows page by page is moved again and again.
    fn reserve(&mut self, pages: &[(Arc<Page>, Vec<Range<usize>>)]) {
        let count = pages.iter().flat_map(|(_, places)| places).map(Range::len).sum();
        let (lengths, texts) = match self {
            Self::Boolean(values) => return values.reserve(count),
            Self::Four(values) => return values.reserve(count),
            Self::Eight(values) => return values.reserve(count),
            Self::Bytes(lengths, texts) => (lengths, texts),
        };
        lengths.reserve(count);
        let mut size = 0;
        for (page, places) in pages {
            if let Page::Data(Data { values: Stored::Here(page::Values::Texts(_, ends)), .. }) = &**page {
                let of_run = |run: &Range<usize>| Some((ends.get(run.end)? - ends.get(run.start)?) as usize);
                size += places.iter().filter_map(of_run).sum::<usize>();
            }
        }
        texts.reserve(size);
    }

    /// Appends the values at some places of a page.
    fn append(&mut self, from: &page::Values, places: &[Range<usize>]) -> Option<()> {
        match (self, from) {
            (Self::Boolean(values), page::Values::Boolean(all)) => places.iter().try_for_each(|run| {
                values.extend_from_slice(all.get(run.clone())?);
                Some(())
            }),
            (Self::Four(values), page::Values::Four(bytes)) => {
                let (all, _) = bytes.as_chunks();
                places.iter().try_for_each(|run| {
                    values.extend(all.get(run.clone())?.iter().map(|bytes| i32::from_le_bytes(*bytes)));
                    Some(())
                })
            }
            (Self::Eight(values), page::Values::Eight(bytes)) => {
                let (all, _) = bytes.as_chunks();
                places.iter().try_for_each(|run| {
                    values.extend(all.get(run.clone())?.iter().map(|bytes| i64::from_le_bytes(*bytes)));
                    Some(())
                })
            }
            (Self::Bytes(lengths, texts), page::Values::Texts(bytes, ends)) => {
                places.iter().try_for_each(|run| {
                    ends.get(run.start..=run.end)?.array_windows().try_for_each(|[before, end]| {
                        let text = bytes.get(*before as usize + 4..*end as usize)?;
                        push_text(text, lengths, texts)
                    })
                })
            }
            _ => None,
        }
    }

    /// Appends values of a dictionary.
    fn look_up(&mut self, all: &page::Values, indices: &[u32]) -> Option<()> {
        let mut indices = indices.iter();
        match (self, all) {
            (Self::Four(values), page::Values::Four(bytes)) => indices.try_for_each(|&index| {
                values.push(i32::from_le_bytes(*bytes.as_chunks().0.get(index as usize)?));
                Some(())
            }),
            (Self::Eight(values), page::Values::Eight(bytes)) => indices.try_for_each(|&index| {
                values.push(i64::from_le_bytes(*bytes.as_chunks().0.get(index as usize)?));
                Some(())
            }),
            (Self::Bytes(lengths, texts), page::Values::Texts(bytes, ends)) => {
                indices.try_for_each(|&index| {
                    let [before, end] = ends.get(index as usize..)?.first_chunk()?;
                    let text = bytes.get(*before as usize + 4..*end as usize)?;
                    push_text(text, lengths, texts)
                })
            }
            _ => None,
        }
    }
}

/// Adds a text; `None` if all of them were longer than offsets can say. A dictionary makes gigabytes of a few bytes.
fn push_text(text: &[u8], lengths: &mut Vec<usize>, texts: &mut Vec<u8>) -> Option<()> {
    let length = texts.len().checked_add(text.len())?;
    i32::try_from(length).ok()?;
    texts.extend_from_slice(text);
    lengths.push(text.len());
    Some(())
}

impl Column {
    pub(crate) fn new(physical: Physical) -> Self {
        let values = Values::new(physical);
        Self { entries: 0, repetition: Vec::new(), definition: Vec::new(), values }
    }

    /// Appends the entries of some of a page's rows, ascending and none of them twice, but for their values; gives the
    /// places of these.
    pub(crate) fn append_levels(
        &mut self,
        leaf: Leaf,
        page: &Data,
        runs: &[Range<usize>],
    ) -> Result<Vec<Range<usize>>> {
        let entries = entries(page, runs).ok_or_else(contradiction)?;
        if self.definition.is_empty() && !page.definition.is_empty() {
            self.definition.resize(self.entries, leaf.definition);
        }
        for run in &entries {
            self.entries += run.len();
            if leaf.repetition > 0 {
                self.repetition.extend_from_slice(&page.repetition[run.clone()]);
            }
            if !page.definition.is_empty() {
                self.definition.extend_from_slice(&page.definition[run.clone()]);
            }
        }
        if page.definition.is_empty() && !self.definition.is_empty() {
            self.definition.resize(self.entries, leaf.definition);
        }
        Ok(places(page, leaf.definition, entries))
    }

    /// Appends the values at some places of each page.
    pub(crate) fn append_values(
        &mut self,
        pages: &[(Arc<Page>, Vec<Range<usize>>)],
        dictionary: impl Fn() -> Result<Arc<Page>>,
    ) -> Result<()> {
        self.values.reserve(pages);
        for (page, places) in pages.iter().filter(|(_, places)| !places.iter().all(Range::is_empty)) {
            let done = match &**page {
                Page::Data(Data { values: Stored::Here(values), .. }) => self.values.append(values, places),
                Page::Data(Data { values: Stored::Dictionary(indices), .. }) => {
                    let Page::Dictionary(dictionary) = &*dictionary()? else { return Err(contradiction()) };
                    let look_up =
                        |run: &Range<usize>| self.values.look_up(dictionary, indices.get(run.clone())?);
                    places.iter().try_for_each(look_up)
                }
                Page::Dictionary(_) => None,
            };
            done.ok_or_else(contradiction)?;
        }
        Ok(())
    }
}

fn contradiction() -> ParquetError {
    damaged("a page holds less than it says")
}

/// The entries of some rows of a page.
fn entries(page: &Data, runs: &[Range<usize>]) -> Option<Vec<Range<usize>>> {
    let entry = |row: usize| match &*page.starts {
        [] => Some(row).filter(|&row| row <= page.entries),
        starts => starts.get(row).map(|&entry| entry as usize),
    };
    let mut entries = Vec::with_capacity(runs.len());
    for run in runs {
        entries.push(entry(run.start)?..entry(run.end)?);
    }
    Some(entries)
}

/// The places of the values of some entries among those of the page. `whole`: the definition level of a value.
fn places(page: &Data, whole: u8, mut entries: Vec<Range<usize>>) -> Vec<Range<usize>> {
    if page.definition.is_empty() {
        return entries;
    }
    let count = |range| count_of(&page.definition[range], whole);
    let (mut at, mut place) = (0, 0);
    for run in &mut entries {
        let start = place + count(at..run.start);
        place = start + count(run.clone());
        at = run.end;
        *run = start..place;
    }
    entries
}
