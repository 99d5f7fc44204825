//! What failed on this side, which the log has to know of and clients have not.

use std::sync::Arc;

use stacyard_store::{Error, ErrorKind};

use super::Problem;

/// What failed on this side: an answer has it in its extensions, or its body ends with it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the answer broke off")]
pub(crate) struct Failure(pub(crate) Arc<Error>);

impl Failure {
    /// What ends an answer that has begun: it is a failure here, whatever a client would have been told before.
    pub(crate) fn late(problem: Problem) -> Self {
        let unsaid = || Error::new(ErrorKind::Failed, "an answer could not be finished");
        Self(problem.into_cause().unwrap_or_else(|| Arc::new(unsaid())))
    }
}
