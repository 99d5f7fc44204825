//! The reference evaluator: what a search means, on the text of an Item, without building a tree of it.
//!
//! `compile` turns an expression into predicates (names resolved, constants and their types settled, cheap ones
//! first); the other files say what each kind of predicate means. Logic is Kleene's: true, false, unknown.

mod among;
mod arithmetic;
mod array;
mod compile;
mod context;
mod like;
mod predicate;
mod spatial;
mod temporal;
mod text;
mod value;

pub(crate) use compile::{compile, compile_both};
pub(crate) use context::Context;
pub(crate) use predicate::Predicate;
pub(crate) use spatial::Area;
pub(crate) use text::TextFunction;

#[cfg(test)]
mod tests;
