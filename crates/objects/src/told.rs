//! What goes wrong with an object store, in words for people.

use object_store::Error as Cause;
use stacyard_http::FORBIDDEN;
use stacyard_store::{Error, ErrorKind, Remedy};

use crate::place::{ANONYMOUS, Place};

/// What is said of a file that became another one.
pub(crate) fn changed(place: &Place) -> Error {
    Error::new(ErrorKind::Conflict, &format!("{} has changed while it was read", place.shown))
        .remedy("nothing of the two states was mixed: ask again")
}

/// The error of a server that does not answer as it says.
pub(crate) fn wrong(place: &Place, what: &str) -> Error {
    Error::new(ErrorKind::Damaged, &format!("{} {what}", place.shown))
        .remedy("the server is at fault: try another way to it")
}

/// Whether S3 or Azure says that the credentials are not good, or no longer: not of what they are used for.
fn is_of_credentials(said: &str) -> bool {
    let codes = [
        "ExpiredToken",
        "InvalidToken",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "RequestTimeTooSkewed",
        "AuthenticationFailed",
    ];
    codes.iter().any(|code| said.starts_with(code))
}

/// The error of a place that could not be asked.
pub(crate) fn told(place: &Place, cause: &Cause) -> Error {
    let Place { shown, tried, .. } = place;
    let said = innermost(cause);
    match cause {
        Cause::NotFound { .. } if said.contains("NoSuchBucket") || said.contains("ContainerNotFound") => {
            let bucket = place.url.host_str().unwrap_or_default();
            Error::new(ErrorKind::NotFound, &format!("{shown}: there is no bucket {bucket:?}"))
                .remedy("check its name, and the endpoint and region")
        }
        Cause::NotFound { .. } => {
            Error::new(ErrorKind::NotFound, &format!("{shown} is not there")).remedy("check the URL")
        }
        Cause::PermissionDenied { .. } | Cause::Unauthenticated { .. } => {
            // Of what is not there a store may say the same to whoever may not list its names.
            let why = match cause {
                _ if is_of_credentials(&said) => format!(": {said}"),
                Cause::PermissionDenied { .. } => format!(": it {FORBIDDEN}"),
                _ => String::new(),
            };
            Error::new(ErrorKind::Denied, &format!("{shown} may not be used{why}; tried were {tried}"))
                .remedy(credentials(place))
        }
        Cause::InvalidPath { .. } => {
            Error::new(ErrorKind::Unsupported, &format!("{shown} has a name that is not understood: {said}"))
                .remedy("name a folder or a file without it")
        }
        Cause::Precondition { .. } | Cause::NotModified { .. } => changed(place),
        Cause::AlreadyExists { .. } => {
            Error::new(ErrorKind::Exists, &format!("{shown} has appeared while it was to be written"))
                .remedy(Remedy::setting("overwrite").text(" replaces it"))
        }
        Cause::NotSupported { .. } | Cause::NotImplemented { .. } => {
            Error::new(ErrorKind::Unsupported, &format!("{shown} does not do what is needed: {said}"))
                .remedy("copy the file to this machine first")
        }
        // Nobody gives credentials where there is no role.
        Cause::Generic { .. } if said_by_metadata(cause) => {
            Error::new(ErrorKind::Denied, &format!("{shown}: no credentials were found; tried were {tried}"))
                .remedy(credentials(place))
        }
        Cause::Generic { .. } if is_of_credentials(&said) => {
            Error::new(ErrorKind::Denied, &format!("{shown} may not be used: {said}; tried were {tried}"))
                .remedy(credentials(place))
        }
        _ => {
            let error = Error::new(ErrorKind::Unavailable, &format!("{shown} cannot be used: {said}"));
            if said.contains("certificate") {
                return error.of_kind(ErrorKind::Failed).remedy(
                    "install the certificate of its authority, or name a file with it in SSL_CERT_FILE",
                );
            }
            error.remedy("try again, and check host, endpoint and proxy")
        }
    }
}

fn credentials(place: &Place) -> Remedy {
    if *place.tried == *ANONYMOUS {
        return Remedy::from("it is not open to all: leave ")
            .option("anonymous")
            .text(" out, and give credentials");
    }
    match place.url.scheme() {
        "s3" => Remedy::from("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE")
            .or(Remedy::from("for a public bucket give ").option("anonymous")),
        "gs" => Remedy::from("set GOOGLE_APPLICATION_CREDENTIALS")
            .or(Remedy::from("for a public bucket give ").option("anonymous")),
        "az" => Remedy::from("set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY")
            .or(Remedy::from("for a public container give ").option("anonymous")),
        _ => Remedy::from("give credentials with ").option("header").text(", or in STACYARD_TOKEN"),
    }
}

/// Whether what failed was to ask the instance for its role.
fn said_by_metadata(cause: &Cause) -> bool {
    cause.to_string().contains("169.254.169.254") || format!("{cause:?}").contains("InstanceCredential")
}

/// So many characters are said of what a server says.
const MOST: usize = 500;

/// What the last cause says: those above repeat it.
pub(crate) fn innermost(cause: &Cause) -> String {
    let mut why: &dyn std::error::Error = cause;
    while let Some(deeper) = why.source() {
        why = deeper;
    }
    let said = why.to_string();
    // Of what an object store says only these two: it repeats what it was sent, tokens too.
    let part = |name: &str| {
        let (_, rest) = said.split_once(&format!("<{name}>"))?;
        rest.split_once("</").map(|(text, _)| text)
    };
    let said = match (part("Code"), part("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ if said.contains("<?xml") || said.contains("<Error") => "an error".to_owned(),
        _ => said,
    };
    said.trim_end_matches([':', ' ']).chars().take(MOST).collect()
}
