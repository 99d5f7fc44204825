//! Parsing is validating: bytes become a document that has passed the gate, or an error that says everything.

use std::fmt;

use crate::gate::{Refusal, Verdict};
use crate::json::{Document, SyntaxError, Value};

/// Why bytes are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseError {
    /// They are no JSON.
    Syntax(SyntaxError),
    /// The gate refuses them.
    Refused(Refusal),
}

/// Prints every finding, one a line.
impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl std::error::Error for ParseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Syntax(error) => Some(error),
            Self::Refused(refusal) => Some(refusal),
        }
    }
}

impl From<SyntaxError> for ParseError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

impl From<Refusal> for ParseError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Parses and checks.
pub(crate) fn document(
    bytes: &[u8],
    check: impl FnOnce(Value<'_>) -> Verdict,
) -> Result<Document, ParseError> {
    let document = Document::parse_bytes(bytes)?;
    check(document.root()).into_result()?;
    Ok(document)
}
