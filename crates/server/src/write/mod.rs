//! Changes of what the stores hold (STAC API - Transaction, OGC API - Features - Part 4). What a client sends is what it would get: the
//! links of the server, which are in no store, are taken out again (`stored`), a patch is applied to what a GET shows (`node`, `merge`,
//! `patch`), and all of it happens on the condition that nobody else has changed it meanwhile (`change`). Texts are changed as texts, so
//! that what a patch does not name stays as it is written.

mod body;
mod change;
mod conditions;
mod failure;
mod many;
mod merge;
mod node;
mod patch;
mod stored;
mod target;

pub(crate) use self::body::{Bulk, Change, Whole};
pub(crate) use self::change::{create, delete, patch, replace};
pub(crate) use self::conditions::Conditions;
pub(crate) use self::failure::Failure;
pub(crate) use self::many::{Many, Outcomes};
pub(crate) use self::target::Target;
