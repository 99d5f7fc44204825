//! The one error of all stores: what went wrong, and what the user can do about it.

use std::fmt;
use std::io;
use std::path::Path;

use stacyard_model::{ObjectKind, shown};

use crate::report::Findings;
use crate::secret::without_password;
use crate::secret_in_text::without_passwords;

/// Why an operation did not happen. Nothing was changed, unless that is not known ([`Error::is_unsure`]).
///
/// Its message and its advice are one line each, and so is each of its details: what they quote, be it a name in an Item
/// or a path, is escaped here ([`shown`]), so that it can neither add a line nor write on a terminal, and has no password.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    details: Vec<String>,
    remedy: Option<String>,
    is_unsure: bool,
    findings: Option<Box<Findings>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What sort of failure it is: it decides the exit status, and what HTTP answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request itself is wrong: an unknown extension, a bad filter.
    Usage,
    /// What was to be put into a store is not valid: its [findings](Error::findings) say why.
    Invalid,
    /// What is asked for is not there.
    NotFound,
    /// What was to be made is there already.
    Exists,
    /// What is there is not what the change was meant for.
    Conflict,
    /// The store cannot do this.
    Unsupported,
    /// The request is fine, but could not be carried out.
    Failed,
    /// Whoever read the output has gone away, which is no failure of ours.
    BrokenPipe,
}

impl Error {
    /// A wrong request, and what to write instead.
    pub fn usage(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, &message.into()).remedy(remedy)
    }

    /// A failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, &message.into())
    }

    /// Of a kind.
    pub fn new(kind: ErrorKind, message: &str) -> Self {
        let message = fit(message);
        let (details, remedy, findings, source) = Default::default();
        Self { kind, message, details, remedy, is_unsure: false, findings, source }
    }

    /// What was to be put into a store is not valid.
    pub fn invalid(findings: Findings) -> Self {
        let kind = findings.kind.unwrap_or(ObjectKind::Item);
        let name = findings.id.as_ref().map(|id| format!(" {id:?}")).unwrap_or_default();
        let error = Self::new(ErrorKind::Invalid, &format!("the {kind}{name} is not valid"));
        let error = findings.problems.iter().fold(error, |error, problem| error.detail(&problem.to_string()));
        Self { findings: Some(Box::new(findings)), ..error }
    }

    /// What is wrong with what was to be put into a store.
    pub fn findings(&self) -> Option<&Findings> {
        self.findings.as_deref()
    }

    /// A failure to read or write `path`; `doing` completes "cannot ...".
    pub fn io(doing: &str, path: &Path, source: io::Error) -> Self {
        let kind = if source.kind() == io::ErrorKind::BrokenPipe {
            ErrorKind::BrokenPipe
        } else {
            ErrorKind::Failed
        };
        let remedy = match source.kind() {
            io::ErrorKind::NotFound => Some("check the path"),
            io::ErrorKind::PermissionDenied => Some("check the permissions of the file and its folder"),
            io::ErrorKind::StorageFull => Some("free some space, or write elsewhere"),
            io::ErrorKind::FileTooLarge => {
                Some("raise the limit of the size of a file (ulimit -f), or write elsewhere")
            }
            io::ErrorKind::OutOfMemory => Some("allow more memory (ulimit -v), or use fewer --threads"),
            io::ErrorKind::IsADirectory => Some("name a file inside it"),
            _ => None,
        };
        let error = Self::new(kind, &format!("cannot {doing} {}", without_password(&path.to_string_lossy())))
            .caused_by(source);
        match remedy {
            Some(remedy) => error.remedy(remedy),
            None => error,
        }
    }

    /// Keeps the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Says what the user can do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(fit(&remedy.into()));
        self
    }

    /// Adds a line below the message: an excerpt, or a mark under it.
    #[must_use]
    pub fn detail(mut self, line: &str) -> Self {
        self.details.push(fit(line));
        self
    }

    /// Says that it may have happened all the same: nobody has heard the answer.
    #[must_use]
    pub fn unsure(mut self) -> Self {
        self.is_unsure = true;
        self
    }

    /// Whether it may have happened all the same.
    pub const fn is_unsure(&self) -> bool {
        self.is_unsure
    }

    /// What sort of failure it is.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The lines below the message.
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// What the user can do about it.
    pub fn advice(&self) -> Option<&str> {
        self.remedy.as_deref()
    }
}

/// A text as it can be shown to anyone.
fn fit(text: &str) -> String {
    shown(&without_passwords(text)).into_owned()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.source.as_ref().map_or(Ok(()), |source| write!(f, ": {}", fit(&source.to_string())))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
