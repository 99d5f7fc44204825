//! What keeps a change from being made: the client's mistake, or a failure of a store, which the log has to know of.

use axum::http::StatusCode;
use stacyard_search::Stopped;
use stacyard_store::{Error, ErrorKind};

use crate::problem::Problem;

#[derive(Debug)]
pub(crate) enum Failure {
    /// A store could not answer.
    Ours(Error),
    /// The request is wrong, or does not fit what is there.
    Theirs(Problem),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        Self::Ours(stopped.into())
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Theirs(problem)
    }
}

impl Failure {
    /// What a store says to a change. What it says of its state, such as that something is not there, is an answer to the client then.
    pub(super) fn of_change(error: Error) -> Self {
        if error.is_unsure() {
            return Self::Ours(error);
        }
        let status = match error.kind() {
            ErrorKind::NotFound => return Problem::not_found(error.to_string()).into(),
            // The Collection has gone since it was looked for.
            ErrorKind::UnknownName => StatusCode::NOT_FOUND,
            ErrorKind::Exists | ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::Unsupported => {
                return Problem::only_read("the store of this collection takes no changes").into();
            }
            ErrorKind::Usage | ErrorKind::Invalid => return Problem::from(error).into(),
            _ => return Self::Ours(error),
        };
        Problem::from(error).with_status(status).into()
    }

    /// Apart from what is the client's: so a job gives it back.
    pub(crate) fn settled<T>(result: Result<T, Self>) -> Result<Result<T, Problem>, Error> {
        match result {
            Ok(done) => Ok(Ok(done)),
            Err(Self::Theirs(problem)) => Ok(Err(problem)),
            Err(Self::Ours(error)) => Err(error),
        }
    }
}
