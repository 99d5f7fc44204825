//! The reference evaluator: what a search means, on the text of an Item, without building a tree of it.
//!
//! `compile` turns an expression into predicates (names resolved, constants and their types settled, cheap ones
//! first); the other files say what each kind of predicate means. Logic is Kleene's: true, false, unknown.

mod among;
mod arithmetic;
mod array;
mod compile;
mod context;
mod instants;
mod like;
mod predicate;
mod spatial;
mod temporal;
mod text;
mod value;
mod wanted;

pub(crate) use compile::{compile, compile_both};
pub(crate) use context::Context;
pub(crate) use instants::with_instants;
pub(crate) use predicate::Predicate;
pub(crate) use spatial::Area;
pub(crate) use text::TextFunction;
pub(crate) use wanted::{is_value, types_wanted};

#[cfg(test)]
mod tests;
