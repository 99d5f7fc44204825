//! JSON as Stacyard sees it: a text, and a flat *tape* of where its values stand.
//!
//! A [`Tape`] is made in one pass that is also the whole syntax check (RFC 8259, UTF-8, duplicate names,
//! depth). Nothing is copied, converted or rounded: numbers and strings stay as they are written, and a
//! [`Value`] is a place on the tape. A tape can be filled again, so that a stream of Items costs no allocation.
//!
//! Why not a general parser: none of them keeps a number's text *and* reports duplicate names *and* bounds the
//! depth *and* leaves the input as it was, and the gate needs all four for every Item (ARCHITECTURE.md).

mod error;
mod number;
mod string;
mod tape;
mod value;

pub use error::{SyntaxError, SyntaxErrorKind};
pub use number::{Number, SortableNumber};
pub use string::{push_string, scan_string};
pub use tape::{Document, Tape};
pub use value::{Elements, Key, Kind, Members, Value, push_pointer_token};

/// How many arrays and objects may stand inside one another.
pub const MAX_DEPTH: usize = 128;

/// How many bytes one JSON text may have (1 GiB).
pub const MAX_TEXT_BYTES: usize = 1 << 30;

#[cfg(test)]
mod tests;
