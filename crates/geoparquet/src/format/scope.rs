//! How much of an Item there is.

/// Which of a file's columns are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All: what is missing is missing in the file.
    All,
    /// Some: Items are written as far as these go.
    Some,
}
