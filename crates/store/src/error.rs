//! The one error of all stores: what went wrong, and what the user can do about it.

use std::fmt;
use std::io;
use std::path::Path;

/// Why an operation did not happen. Nothing was changed.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    remedy: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What sort of failure it is: it decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request itself is wrong: an unknown extension, a bad filter, a target that exists.
    Usage,
    /// The request is fine, but could not be carried out.
    Failed,
    /// Whoever read the output has gone away, which is no failure of ours.
    BrokenPipe,
}

impl Error {
    /// A wrong request, and what to write instead.
    pub fn usage(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Usage, message: message.into(), remedy: Some(remedy.into()), source: None }
    }

    /// A failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Failed, message: message.into(), remedy: None, source: None }
    }

    /// A failure to read or write `path`; `doing` completes "cannot ...".
    pub fn io(doing: &str, path: &Path, source: io::Error) -> Self {
        let kind = if source.kind() == io::ErrorKind::BrokenPipe {
            ErrorKind::BrokenPipe
        } else {
            ErrorKind::Failed
        };
        let remedy = match source.kind() {
            io::ErrorKind::NotFound => Some("check the path".to_owned()),
            io::ErrorKind::PermissionDenied => {
                Some("check the permissions of the file and its folder".to_owned())
            }
            io::ErrorKind::StorageFull => Some("free some space, or write elsewhere".to_owned()),
            io::ErrorKind::IsADirectory => Some("name a file inside it".to_owned()),
            _ => None,
        };
        Self {
            kind,
            message: format!("cannot {doing} {}", path.display()),
            remedy,
            source: Some(Box::new(source)),
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
        self.remedy = Some(remedy.into());
        self
    }

    /// What sort of failure it is.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the user can do about it.
    pub fn advice(&self) -> Option<&str> {
        self.remedy.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.source.as_ref().map_or(Ok(()), |source| write!(f, ": {source}"))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
