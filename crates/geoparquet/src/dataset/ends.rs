//! The least and the greatest value of pages of which rows were cut, for the page index and the statistics of the column
//! ([Parquet format, page index](https://parquet.apache.org/docs/file-format/pageindex/)).

use bytes::Bytes;
use parquet::basic::{SortOrder, Type};
use parquet::data_type::ByteArray;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::{Statistics, ValueStatistics};

use crate::read::page::Values;

/// Texts in a page index are no longer than this, as those that the `parquet` crate writes.
const LONGEST: usize = 64;

/// The least and the greatest of some values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ends {
    Booleans([bool; 2]),
    Integers([i64; 2]),
    Numbers([f64; 2]),
    /// By their bytes.
    Texts([Bytes; 2]),
}

/// What a page index and statistics say of the values of a page or of a column: how many nulls there are, and the ends of the others, if there are any.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Summary {
    pub(crate) nulls: i64,
    pub(crate) ends: Option<Ends>,
}

/// Whether the statistics of a column can be made anew. Numbers of other types are in no file of ours.
pub(crate) fn are_known(chunk: &ColumnChunkMetaData) -> bool {
    let order = chunk.column_descr().sort_order();
    match chunk.statistics() {
        Some(Statistics::Int64(_) | Statistics::Double(_)) => order == SortOrder::SIGNED,
        Some(Statistics::Boolean(_) | Statistics::ByteArray(_)) => order == SortOrder::UNSIGNED,
        _ => false,
    }
}

impl Summary {
    /// What a page index says of a page with so many rows, one value each; `None` where it does not, or says what cannot be.
    pub(crate) fn of_page(index: &ColumnIndexMetaData, page: usize, rows: usize) -> Option<Self> {
        let nulls = *index.null_counts()?.get(page)?;
        usize::try_from(nulls).ok().filter(|nulls| *nulls <= rows)?;
        let ends = match index {
            _ if index.is_null_page(page) => None,
            ColumnIndexMetaData::BOOLEAN(of) => {
                Some(Ends::Booleans([*of.min_value(page)?, *of.max_value(page)?]))
            }
            ColumnIndexMetaData::INT64(of) => {
                Some(Ends::Integers([*of.min_value(page)?, *of.max_value(page)?]))
            }
            ColumnIndexMetaData::DOUBLE(of) => {
                Some(Ends::Numbers([*of.min_value(page)?, *of.max_value(page)?]))
            }
            ColumnIndexMetaData::BYTE_ARRAY(of) => {
                Some(Ends::Texts([of.min_value(page)?, of.max_value(page)?].map(Bytes::copy_from_slice)))
            }
            _ => return None,
        };
        let is_none =
            |ends: &Ends| matches!(ends, Ends::Numbers(ends) if ends.iter().any(|end| end.is_nan()));
        (!ends.as_ref().is_some_and(is_none)).then_some(Self { nulls, ends })
    }

    /// What is said of a page that has these of some values, beside so many nulls; `None` where there are fewer values. `column`: statistics of their type.
    pub(crate) fn of_values(
        column: &Statistics,
        nulls: usize,
        values: &Values,
        places: impl Iterator<Item = usize>,
    ) -> Option<Self> {
        let ends = match (values, column) {
            (Values::Boolean(all), Statistics::Boolean(_)) => {
                ends(places.map(|at| all.get(at).copied()))?.map(Ends::Booleans)
            }
            (Values::Eight(bytes), Statistics::Int64(_)) => {
                let (all, _) = bytes.as_chunks();
                ends(places.map(|at| all.get(at).map(|bytes| i64::from_le_bytes(*bytes))))?
                    .map(Ends::Integers)
            }
            (Values::Eight(bytes), Statistics::Double(_)) => {
                let (all, _) = bytes.as_chunks();
                let ends = ends(places.map(|at| all.get(at).map(|bytes| f64::from_le_bytes(*bytes))))?;
                // Zeros of both signs are equal, and a reader may look for either: the least is below, the greatest above.
                let signed = |zero: f64, end: f64| if end == 0.0 { zero } else { end };
                ends.map(|[least, most]| Ends::Numbers([signed(-0.0, least), signed(0.0, most)]))
            }
            (Values::Texts(bytes, stops), Statistics::ByteArray(_)) => {
                let text = |at: usize| {
                    let [before, stop] = stops.get(at..)?.first_chunk()?;
                    bytes.get(*before as usize + 4..*stop as usize)
                };
                ends(places.map(text))?.map(|[least, most]| Ends::Texts([cut(least), cut_up(most)]))
            }
            _ => return None,
        };
        Some(Self { nulls: i64::try_from(nulls).ok()?, ends })
    }

    /// What is left of it, so many nulls and values, without these others; `None` where its ends may be among those.
    pub(crate) fn without(&self, gone: &Self, nulls: usize, values: usize) -> Option<Self> {
        fn are_kept<T: PartialOrd>([least, most]: &[T; 2], [from, to]: &[T; 2]) -> bool {
            least == most || from > least && to < most
        }
        let are_kept = match (&self.ends, &gone.ends) {
            (Some(_), None) => true,
            (Some(Ends::Booleans(ends)), Some(Ends::Booleans(gone))) => are_kept(ends, gone),
            (Some(Ends::Integers(ends)), Some(Ends::Integers(gone))) => are_kept(ends, gone),
            (Some(Ends::Numbers(ends)), Some(Ends::Numbers(gone))) => are_kept(ends, gone),
            (Some(Ends::Texts(ends)), Some(Ends::Texts(gone))) => are_kept(ends, gone),
            _ => false,
        };
        (are_kept && values > 0)
            .then(|| Some(Self { nulls: i64::try_from(nulls).ok()?, ends: self.ends.clone() }))
            .flatten()
    }

    /// Adds those of another page.
    pub(crate) fn add(&mut self, other: Self) {
        fn join<T: PartialOrd>([a, b]: [T; 2], [c, d]: [T; 2]) -> [T; 2] {
            [if c < a { c } else { a }, if d > b { d } else { b }]
        }
        self.nulls = self.nulls.saturating_add(other.nulls);
        self.ends = match (self.ends.take(), other.ends) {
            (Some(Ends::Booleans(these)), Some(Ends::Booleans(those))) => {
                Some(Ends::Booleans(join(these, those)))
            }
            (Some(Ends::Integers(these)), Some(Ends::Integers(those))) => {
                Some(Ends::Integers(join(these, those)))
            }
            (Some(Ends::Numbers(these)), Some(Ends::Numbers(those))) => {
                Some(Ends::Numbers(join(these, those)))
            }
            (Some(Ends::Texts(these)), Some(Ends::Texts(those))) => Some(Ends::Texts(join(these, those))),
            (these, those) => these.or(those),
        };
    }

    /// Adds a page to an index.
    pub(crate) fn append_to(&self, index: &mut ColumnIndexBuilder) {
        let [least, most] = match &self.ends {
            None => [Vec::new(), Vec::new()],
            Some(Ends::Booleans(ends)) => ends.map(|end| vec![u8::from(end)]),
            Some(Ends::Integers(ends)) => ends.map(|end| end.to_le_bytes().to_vec()),
            Some(Ends::Numbers(ends)) => ends.map(|end| end.to_le_bytes().to_vec()),
            Some(Ends::Texts(ends)) => [ends[0].to_vec(), ends[1].to_vec()],
        };
        index.append(self.ends.is_none(), least, most, self.nulls);
    }

    /// The statistics of a column of which this is said; `None` for one of another type.
    pub(crate) fn statistics(self, of: Type) -> Option<Statistics> {
        fn values<T>(ends: Option<[T; 2]>, nulls: i64) -> ValueStatistics<T> {
            let (least, most) = ends.map_or((None, None), |[least, most]| (Some(least), Some(most)));
            ValueStatistics::new(least, most, None, Some(nulls.cast_unsigned()), false)
        }
        let nulls = self.nulls;
        Some(match (of, self.ends) {
            (Type::BOOLEAN, None) => Statistics::Boolean(values(None, nulls)),
            (Type::BOOLEAN, Some(Ends::Booleans(ends))) => Statistics::Boolean(values(Some(ends), nulls)),
            (Type::INT64, None) => Statistics::Int64(values(None, nulls)),
            (Type::INT64, Some(Ends::Integers(ends))) => {
                Statistics::Int64(values(Some(ends), nulls).with_backwards_compatible_min_max(true))
            }
            (Type::DOUBLE, None) => Statistics::Double(values(None, nulls)),
            (Type::DOUBLE, Some(Ends::Numbers(ends))) => {
                Statistics::Double(values(Some(ends), nulls).with_backwards_compatible_min_max(true))
            }
            (Type::BYTE_ARRAY, None) => Statistics::ByteArray(values(None, nulls)),
            (Type::BYTE_ARRAY, Some(Ends::Texts(ends))) => {
                // The index of a page does not say which of them were cut.
                let ends = values(Some(ends.map(ByteArray::from)), nulls);
                Statistics::ByteArray(ends.with_min_is_exact(false).with_max_is_exact(false))
            }
            _ => return None,
        })
    }
}

/// The least and the greatest of some; `None` if one of them is none.
#[expect(clippy::option_option, reason = "there may be no values")]
fn ends<T: Copy + PartialOrd>(mut values: impl Iterator<Item = Option<T>>) -> Option<Option<[T; 2]>> {
    let Some(first) = values.next() else { return Some(None) };
    let first = first?;
    values
        .try_fold([first, first], |[least, most], value| {
            let value = value?;
            Some([if value < least { value } else { least }, if value > most { value } else { most }])
        })
        .map(Some)
}

/// The beginning of a long text, which is no greater.
fn cut(text: &[u8]) -> Bytes {
    Bytes::copy_from_slice(beginning(text))
}

/// A text that is no less than this one, and short.
fn cut_up(text: &[u8]) -> Bytes {
    let start = beginning(text);
    if start.len() == text.len() {
        return Bytes::copy_from_slice(text);
    }
    let mut chars: Vec<char> = str::from_utf8(start).unwrap_or_default().chars().collect();
    while let Some(last) = chars.pop() {
        // Texts are in the order of their code points, between which surrogates are left out.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            return chars.into_iter().chain([next]).collect::<String>().into();
        }
    }
    Bytes::copy_from_slice(text)
}

/// As many whole characters as an index has of a text at most.
fn beginning(text: &[u8]) -> &[u8] {
    let is_within = |byte: &u8| byte & 0xC0 == 0x80;
    let mut end = text.len().min(LONGEST);
    while end > 0 && text.get(end).is_some_and(is_within) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = |text: &str| ["a".repeat(LONGEST - 1), text.to_owned()].concat();
        let both = |text: &str| {
            [cut(text.as_bytes()), cut_up(text.as_bytes())]
                .map(|end| String::from_utf8(end.to_vec()).unwrap())
        };
        assert_eq!(both("é"), ["é", "é"]);
        assert_eq!(both(&long("b")), [long("b"), long("b")]);
        assert_eq!(both(&long("bc")), [long("b"), long("c")]);
        assert_eq!(both(&long("é")), [long(""), format!("{}b", "a".repeat(LONGEST - 2))]);
        assert_eq!(both(&long("\u{7F}c"))[1], long("\u{80}"));
        let [least, most] = both(&format!("{}\u{D7FF}b", "a".repeat(LONGEST - 3)));
        assert_eq!(
            [least, most],
            ["\u{D7FF}", "\u{E000}"].map(|last| format!("{}{last}", "a".repeat(LONGEST - 3)))
        );
        let last = "\u{10FFFF}".repeat(17);
        assert_eq!(both(&last)[1], last, "no short text is greater");
        assert_eq!(both(&format!("b{last}"))[1], "c");
    }
}
