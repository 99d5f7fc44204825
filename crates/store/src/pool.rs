//! What is told of the connections of a store.

/// The connections of a store to one server, as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// What they are for.
    pub name: &'static str,
    /// How many there can be.
    pub most: usize,
    /// How many there are.
    pub open: usize,
    /// How many of them somebody uses.
    pub busy: usize,
    /// How many wait for one.
    pub waiting: usize,
}
