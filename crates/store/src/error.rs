//! The one error of all stores: what went wrong, and what the user can do about it.

use std::fmt;
use std::io;
use std::path::Path;

use rustix::io::Errno;
use stacyard_model::{ObjectKind, shown};
use stacyard_search::KnownNames;

use crate::remedy::Remedy;
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
    remedy: Option<Remedy>,
    is_unsure: bool,
    about: Option<Box<About>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What is told of an error beside its texts.
#[derive(Debug)]
enum About {
    Findings(Findings),
    Unknown(UnknownName),
}

/// What sort of failure it is: it decides the exit status, and what HTTP answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request itself is wrong: an unknown extension, a bad filter.
    Usage,
    /// The request names what nothing in the store has: its [`UnknownName`] says what.
    UnknownName,
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
    /// It takes more time, memory or room than is allowed.
    Limit,
    /// A server cannot be reached, a disk is full: the same may go well later.
    Unavailable,
    /// Whoever asks may not do this.
    Denied,
    /// What is stored cannot be read.
    Damaged,
    /// The work was cancelled.
    Cancelled,
    /// The request is fine, but could not be carried out.
    Failed,
    /// Whoever read the output has gone away, which is no failure of ours.
    BrokenPipe,
}

/// A name in a request that nothing in the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// What it was to be the name of.
    pub what: Named,
    /// The name as written; of several, the first.
    pub name: String,
    /// The name in the store that looks most like it.
    pub nearest: Option<String>,
}

/// What can have an unknown name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A property, or a queryable.
    Property,
    /// A Collection.
    Collection,
}

impl UnknownName {
    /// A property that no Item has.
    pub fn property(name: &str, known: &KnownNames) -> Self {
        let nearest = known.nearest_property(name).map(str::to_owned);
        Self { what: Named::Property, name: name.to_owned(), nearest }
    }

    /// A collection that no Item is of.
    pub fn collection(name: &str, known: &KnownNames) -> Self {
        let nearest = known.nearest(name).map(str::to_owned);
        Self { what: Named::Collection, name: name.to_owned(), nearest }
    }

    /// What may be meant.
    pub(crate) fn guess(&self) -> Remedy {
        let guess = |nearest| Remedy::from(format!("did you mean {nearest}?"));
        self.nearest.as_ref().map(guess).unwrap_or_default()
    }
}

impl Error {
    /// A wrong request, and what to write instead.
    pub fn usage(message: impl Into<String>, remedy: impl Into<Remedy>) -> Self {
        Self::new(ErrorKind::Usage, &message.into()).remedy(remedy)
    }

    /// A request with a name that nothing has.
    pub fn unknown_name(message: impl Into<String>, name: UnknownName) -> Self {
        let about = Some(Box::new(About::Unknown(name)));
        Self { about, ..Self::new(ErrorKind::UnknownName, &message.into()) }
    }

    /// A failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, &message.into())
    }

    /// Of a kind.
    pub fn new(kind: ErrorKind, message: &str) -> Self {
        let message = fit(message);
        let (details, remedy, about, source) = Default::default();
        Self { kind, message, details, remedy, is_unsure: false, about, source }
    }

    /// What was to be changed is not there.
    pub fn not_there(name: &dyn fmt::Display) -> Self {
        Self::new(ErrorKind::NotFound, &format!("{name} is not there"))
    }

    /// An Item was to be put into a collection that is not there.
    pub fn no_collection(id: &str) -> Self {
        let name = UnknownName { what: Named::Collection, name: id.to_owned(), nearest: None };
        Self::unknown_name(format!("there is no Collection {id:?}"), name)
    }

    /// What was to be put into a store is not valid.
    pub fn invalid(findings: Findings) -> Self {
        let kind = findings.kind.unwrap_or(ObjectKind::Item);
        let name = findings.id.as_ref().map(|id| format!(" {id:?}")).unwrap_or_default();
        let error = Self::new(ErrorKind::Invalid, &format!("the {kind}{name} is not valid"));
        let error = findings.problems.iter().fold(error, |error, problem| error.detail(&problem.to_string()));
        Self { about: Some(Box::new(About::Findings(findings))), ..error }
    }

    /// What is wrong with what was to be put into a store.
    pub fn findings(&self) -> Option<&Findings> {
        match self.about.as_deref()? {
            About::Findings(findings) => Some(findings),
            About::Unknown(_) => None,
        }
    }

    /// The name that nothing has.
    pub fn unknown(&self) -> Option<&UnknownName> {
        match self.about.as_deref()? {
            About::Unknown(name) => Some(name),
            About::Findings(_) => None,
        }
    }

    /// A failure to read or write `path`; `doing` completes "cannot ...".
    pub fn io(doing: &str, path: &Path, source: io::Error) -> Self {
        let remedy = match source.kind() {
            io::ErrorKind::NotFound => "check the path".into(),
            io::ErrorKind::PermissionDenied => "check the permissions of the file and its folder".into(),
            io::ErrorKind::StorageFull => Remedy::from("free some space").or("write elsewhere"),
            io::ErrorKind::FileTooLarge => {
                Remedy::from("raise the limit of the size of a file (ulimit -f)").or("write elsewhere")
            }
            io::ErrorKind::OutOfMemory => {
                Remedy::from("allow more memory (ulimit -v)").or(Remedy::from("use fewer ").option("threads"))
            }
            io::ErrorKind::IsADirectory => "name a file inside it".into(),
            _ if source.raw_os_error() == Some(Errno::MFILE.raw_os_error()) => {
                "raise the limit of open files (ulimit -n)".into()
            }
            _ => Remedy::default(),
        };
        let path = without_password(&path.to_string_lossy());
        Self::new(ErrorKind::of(&source), &format!("cannot {doing} {path}")).caused_by(source).remedy(remedy)
    }

    /// Keeps the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Says what the user can do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<Remedy>) -> Self {
        self.remedy = Some(remedy.into().map(fit)).filter(|remedy| !remedy.is_empty());
        self
    }

    /// Says more of what the user can do, or of what holds.
    #[must_use]
    pub fn also(mut self, remedy: impl Into<Remedy>) -> Self {
        let advice = self.remedy.take().unwrap_or_default();
        self.remedy(advice.also(remedy))
    }

    /// Of another kind: what is known better where it is called.
    #[must_use]
    pub const fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
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

    /// Says that it has not happened, though a part of it may have: what it was for was never begun.
    #[must_use]
    pub fn surely_not(mut self) -> Self {
        self.is_unsure = false;
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

    /// What went wrong, without its cause.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the user can do about it.
    pub const fn advice(&self) -> Option<&Remedy> {
        self.remedy.as_ref()
    }
}

impl ErrorKind {
    /// The kind of a failure of the system.
    fn of(cause: &io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NotFound,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied,
            io::ErrorKind::FileTooLarge | io::ErrorKind::OutOfMemory => Self::Limit,
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::TimedOut => Self::Unavailable,
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Self::Damaged,
            _ => Self::Failed,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_the_system_have_a_kind() {
        for (kind, causes) in [
            (ErrorKind::BrokenPipe, &[io::ErrorKind::BrokenPipe][..]),
            (ErrorKind::NotFound, &[io::ErrorKind::NotFound, io::ErrorKind::NotADirectory]),
            (ErrorKind::Denied, &[io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem]),
            (ErrorKind::Limit, &[io::ErrorKind::FileTooLarge, io::ErrorKind::OutOfMemory]),
            (
                ErrorKind::Unavailable,
                &[
                    io::ErrorKind::StorageFull,
                    io::ErrorKind::QuotaExceeded,
                    io::ErrorKind::ConnectionRefused,
                    io::ErrorKind::ConnectionReset,
                    io::ErrorKind::ConnectionAborted,
                    io::ErrorKind::HostUnreachable,
                    io::ErrorKind::NetworkUnreachable,
                    io::ErrorKind::NetworkDown,
                    io::ErrorKind::TimedOut,
                ],
            ),
            (ErrorKind::Damaged, &[io::ErrorKind::InvalidData, io::ErrorKind::UnexpectedEof]),
            (
                ErrorKind::Failed,
                &[io::ErrorKind::Other, io::ErrorKind::IsADirectory, io::ErrorKind::InvalidInput],
            ),
        ] {
            for cause in causes {
                let error = Error::io("read", Path::new("x"), (*cause).into());
                assert_eq!(error.kind(), kind, "{cause:?}");
            }
        }
    }

    /// What the system says by number means the same.
    #[test]
    fn numbers_of_errors_have_a_kind() {
        for (number, kind) in [
            (2, ErrorKind::NotFound),
            (13, ErrorKind::Denied),
            (28, ErrorKind::Unavailable),
            (27, ErrorKind::Limit),
        ] {
            assert_eq!(ErrorKind::of(&io::Error::from_raw_os_error(number)), kind, "{number}");
        }
    }
}
