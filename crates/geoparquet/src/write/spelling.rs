//! How the times at one place are written. Programs spell the instants of a collection alike, and those of different
//! collections not: the digits of a second, `Z` or an offset.

use rustc_hash::FxHashMap;
use stacyard_model::{Rfc3339, TimeStyle};

use crate::format::time::{self, TimeFormat, TimeFormats};

/// Of so many collections it is known how each spells its times.
const MAX_COLLECTIONS: usize = 1_000;

/// So many styles of one collection are told apart.
const MAX_STYLES: usize = 64;

/// How times are written, by collection.
#[derive(Debug, Clone, Default)]
pub(crate) struct TimeShape {
    collections: FxHashMap<Box<str>, Styles>,
    /// Of Items without a collection, and of one too many.
    others: Styles,
}

/// How some times are written.
#[derive(Debug, Clone, Default)]
struct Styles {
    /// Texts that a timestamp column can give back, by style.
    fixed: Vec<(TimeStyle, u64)>,
    /// How many of them have no more digits than they need, by style less the digits.
    trimmed: Vec<(TimeStyle, u64)>,
    /// RFC 3339 texts that the column holds only nearly (too many digits, a leap second), or of one style too many.
    inexact: u64,
}

impl TimeShape {
    pub(crate) fn add(&mut self, text: Rfc3339, collection: Option<&str>) {
        self.styles(collection).add(text);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (collection, styles) in other.collections {
            self.styles(Some(&collection)).merge(&styles);
        }
        self.others.merge(&other.others);
    }

    fn styles(&mut self, collection: Option<&str>) -> &mut Styles {
        let Some(collection) = collection else { return &mut self.others };
        if !self.collections.contains_key(collection) {
            if self.collections.len() >= MAX_COLLECTIONS {
                return &mut self.others;
            }
            self.collections.insert(collection.into(), Styles::default());
        }
        self.collections.get_mut(collection).unwrap_or(&mut self.others)
    }

    /// The number of RFC 3339 texts.
    pub(crate) fn total(&self) -> u64 {
        self.others.total() + self.collections.values().map(Styles::total).sum::<u64>()
    }

    /// The format that gives most texts back, with those of collections where another gives back more; and how many texts
    /// these give back.
    pub(crate) fn formats(&self, by_collection: bool) -> (TimeFormats, u64) {
        let mut all = self.others.clone();
        self.collections.values().for_each(|styles| all.merge(styles));
        let (common, fits) = all.best();
        let mut formats = TimeFormats::from(common);
        if !by_collection {
            return (formats, fits);
        }
        let mut fits = self.others.fits(common);
        for (collection, styles) in &self.collections {
            let (own, most) = styles.best();
            fits += most;
            if most > styles.fits(common) {
                formats.by_collection.insert(collection.clone(), own);
            }
        }
        (formats, fits)
    }
}

impl Styles {
    fn add(&mut self, text: Rfc3339) {
        if !time::is_exact(text) || !count(&mut self.fixed, text.style, 1) {
            self.inexact += 1;
            return;
        }
        if time::is_trimmed(text) {
            count(&mut self.trimmed, TimeStyle { fraction_digits: 0, ..text.style }, 1);
        }
    }

    fn merge(&mut self, other: &Self) {
        for &(style, number) in &other.fixed {
            self.inexact += if count(&mut self.fixed, style, number) { 0 } else { number };
        }
        for &(style, number) in &other.trimmed {
            count(&mut self.trimmed, style, number);
        }
        self.inexact += other.inexact;
    }

    fn total(&self) -> u64 {
        self.inexact + self.fixed.iter().map(|entry| entry.1).sum::<u64>()
    }

    /// The format that gives most of them back, and how many these are.
    fn best(&self) -> (TimeFormat, u64) {
        let most = |counts: &[(TimeStyle, u64)]| {
            counts.iter().copied().max_by_key(|&(style, count)| (count, std::cmp::Reverse(style)))
        };
        match (most(&self.fixed), most(&self.trimmed)) {
            (Some((style, fixed)), trimmed) if trimmed.is_none_or(|(_, count)| fixed >= count) => {
                let digits = Some(style.fraction_digits);
                (TimeFormat { digits, style: TimeStyle { fraction_digits: 0, ..style } }, fixed)
            }
            (_, Some((style, count))) => (TimeFormat { digits: None, style }, count),
            _ => (TimeFormat::default(), 0),
        }
    }

    /// How many of them a format gives back.
    fn fits(&self, format: TimeFormat) -> u64 {
        let of = |counts: &[(TimeStyle, u64)], style| {
            counts.iter().find(|entry| entry.0 == style).map_or(0, |entry| entry.1)
        };
        match format.digits {
            Some(fraction_digits) => of(&self.fixed, TimeStyle { fraction_digits, ..format.style }),
            None => of(&self.trimmed, format.style),
        }
    }
}

/// Whether there was a place for it among the styles that are told apart.
fn count(counts: &mut Vec<(TimeStyle, u64)>, style: TimeStyle, number: u64) -> bool {
    let at = counts.iter().position(|entry| entry.0 == style).unwrap_or(counts.len());
    if at == MAX_STYLES {
        return false;
    }
    if at == counts.len() {
        counts.push((style, 0));
    }
    counts[at].1 += number;
    true
}
