//! A search in files (`files`, `asking`), in each of them level by level: conditions of the columns (`condition`), row groups and pages
//! (`prune`, `pruned`), rows (`lead`, `filter`, `rank`), Items (`ask`, `first`, `wave`); and counts that need no Items (`verdict`, `scalar`,
//! `tally`).
//!
//! Uses `read` and `format`; used by `store` and `folder`.

pub(crate) mod ask;
pub(crate) mod asking;
pub(crate) mod candidates;
mod cells;
pub(crate) mod condition;
pub(crate) mod files;
pub(crate) mod filter;
pub(crate) mod first;
pub(crate) mod known;
pub(crate) mod lead;
pub(crate) mod levels;
pub(crate) mod needed;
pub(crate) mod picked;
pub(crate) mod prune;
pub(crate) mod pruned;
pub(crate) mod rank;
pub(crate) mod scalar;
pub(crate) mod tally;
pub(crate) mod verdict;
pub(crate) mod wave;
