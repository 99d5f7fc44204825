//! How many threads to use: as many as are asked for, within what the system grants.

use std::fs;

/// More do not help, and each takes some memory.
const MOST: usize = 256;

/// The address space that a thread needs, with what its allocator reserves for it.
const SPACE: usize = 64 << 20;

/// The threads asked for, bounded. Where the address space is limited (`ulimit -v`) there are fewer: the limit would end the
/// program in the midst of its work.
pub(crate) fn granted(wanted: usize) -> usize {
    let space = address_space().map_or(MOST, |space| (space / SPACE).saturating_sub(1).max(1));
    wanted.min(MOST).min(space)
}

/// The limit of the address space in bytes, where there is one and the system says so (Linux).
fn address_space() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max address space")?.split_whitespace().next()?.parse().ok())
}
