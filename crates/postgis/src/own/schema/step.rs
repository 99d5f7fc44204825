//! A change of the tables as a value, to be read or run.

use stacyard_store::{Error, Remedy};
use tokio_postgres::error::SqlState;

use crate::connect::fault;

/// A change of the table, for people and for the database.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) said: String,
    pub(crate) sql: String,
}

/// The error of columns or partitions that the rows of a table do not allow, or that something else depends on.
pub(crate) fn not_made(name: &str, has_made: bool, cause: tokio_postgres::Error) -> Error {
    let kept =
        if has_made { "the tables are made, and nothing else was changed" } else { "nothing was changed" };
    let remedy = match cause.code() {
        Some(code) if *code == SqlState::CHECK_VIOLATION => {
            let profile = vec![("profile", "FILE").into()];
            let validate = Remedy::default().command_with("validate", &[name], profile);
            Remedy::from(kept).also(validate.text(" names the Items that do not meet it"))
        }
        Some(code) if *code == SqlState::FOREIGN_KEY_VIOLATION => {
            Remedy::from(kept).also("add the rows that Items name, or leave `references` out")
        }
        Some(code) if *code == SqlState::DEPENDENT_OBJECTS_STILL_EXIST => {
            Remedy::from(kept).also("drop what depends on the column first")
        }
        Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => {
            Remedy::from(kept).also("another session holds the table, try again when it is done")
        }
        _ if fault::is_conflict(&cause) => {
            Remedy::from(kept).also("another session was in the way: run it again")
        }
        _ => Remedy::from(kept).also("the database says what is wrong"),
    };
    fault::failed("change the tables", cause).remedy(remedy)
}
