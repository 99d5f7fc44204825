//! What is said of names in `--fields` that no Item has.

use stacyard::Parts;

use crate::console::report;
use crate::flags::Global;

/// Says which names no Item has had, once so many have been written.
pub(crate) fn warn(parts: &Parts, global: &Global, written: u64) {
    let unknown: Vec<String> = parts.missing().iter().map(|name| format!("{name:?}")).collect();
    if written > 0 && !unknown.is_empty() {
        let names = unknown.join(", ");
        report::warn(global, &format!("--fields: no Item that was written has {names}; check the spelling"));
    }
}
