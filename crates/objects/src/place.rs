//! Where a URL leads: which object store, and which path in it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use reqwest::Url;
use stacyard_http::shown;
use stacyard_store::{Error, ErrorKind, Remedy, without_password};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use crate::connector::Connector;
use crate::options::ObjectOptions;
use crate::profile::Profile;

/// What is said of credentials where none are used.
pub(crate) const ANONYMOUS: &str = "none, as requests are not signed";

/// A file or folder of an object store.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) url: Url,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) path: Path,
    /// What it is called in messages.
    pub(crate) shown: Arc<str>,
    /// Which credentials it is asked with.
    pub(crate) tried: Arc<str>,
    pub(crate) runtime: &'static Runtime,
    /// Each request for a part of a file that is open holds one of these, whichever file of the store it is of.
    pub(crate) room: Arc<Semaphore>,
}

/// So many parts are asked for at once.
const ROOM: usize = 64;

/// The URL and the settings of the store may hold secrets.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.shown).finish()
    }
}

impl Place {
    pub(crate) fn of(url: &str, options: &ObjectOptions) -> Result<Self, Error> {
        let url: Url = url.parse().map_err(|cause| {
            let shown = without_password(url);
            Error::usage(
                format!("{shown} is not a URL: {cause}"),
                "write s3://bucket/path, or https://host/path",
            )
        })?;
        let path = path(&url)?;
        let is_plain = matches!(url.scheme(), "http" | "https");
        if is_plain && url.path().to_ascii_lowercase().contains("%2f") {
            // It would be asked for by one path, and written to another.
            let message = format!(
                "{} has an escaped slash in its path, which is not kept apart from one that is not",
                shown(&url)
            );
            return Err(Error::usage(message, "take another URL of the file").of_kind(ErrorKind::Unsupported));
        }
        if !is_plain && (!url.username().is_empty() || url.password().is_some()) {
            let message = format!("{}: a URL of an object store has no user and no password", shown(&url));
            let remedy = Remedy::from("set the variables of the environment for them")
                .or(Remedy::from("give them with ").option("object-option"));
            return Err(Error::usage(message, remedy));
        }
        if !is_plain && (url.query().is_some() || url.fragment().is_some()) {
            let message = format!("{}: a URL of an object store has no query", shown(&url));
            let remedy = Remedy::from("give settings with ")
                .option("object-option")
                .text("; of an old version nothing is known here");
            return Err(Error::usage(message, remedy));
        }
        let runtime = stacyard_runtime::shared()
            .map_err(|cause| Error::failed("cannot start a thread for connections").caused_by(cause))?;
        let (store, tried) = match url.scheme() {
            "s3" => s3(&url, options)?,
            "gs" => gs(&url, options)?,
            "az" => az(&url, options)?,
            _ => (http(&url, options)?, "the headers that were given".to_owned()),
        };
        Ok(Self {
            shown: shown(&url).into(),
            url,
            store,
            path,
            tried: tried.into(),
            runtime,
            room: Semaphore::new(ROOM).into(),
        })
    }

    /// Another path of the same store.
    pub(crate) fn at(&self, path: Path) -> Self {
        let mut url = self.url.clone();
        // A percent sign in a name is escaped, as it is in a URL that a user writes.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(path.parts().map(|part| part.as_ref().to_owned()));
        }
        Self { shown: shown(&url).into(), url, path, ..self.clone() }
    }

    /// Whether it is on a server that is no object store.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.url.scheme(), "http" | "https")
    }
}

/// The path that a URL names.
pub(crate) fn path(url: &Url) -> Result<Path, Error> {
    Path::from_url_path(url.path())
        .map_err(|cause| Error::usage(format!("{} is not a place: {cause}", shown(url)), "check the URL"))
}

/// How often, and for how long, what fails is asked for again: 502 and what is like it, and answers that break off.
fn retry(options: &ObjectOptions) -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(200),
        max_backoff: Duration::from_secs(20),
        ..BackoffConfig::default()
    };
    RetryConfig {
        backoff,
        max_retries: options.http.attempts.saturating_sub(1) as usize,
        // Since the first request for a file, which may take long to be read to its end: the number of attempts bounds what fails.
        retry_timeout: Duration::from_hours(24),
    }
}

fn wrong(name: &str, scheme: &str) -> Error {
    Error::usage(
        format!("{name:?} is no setting of {scheme}://"),
        "known are the names of the crate object_store, such as aws_endpoint, google_service_account or azure_storage_account_name",
    )
}

fn made<S: ObjectStore>(url: &Url, built: object_store::Result<S>) -> Result<Arc<dyn ObjectStore>, Error> {
    let store = built.map_err(|cause| {
        Error::usage(format!("{} cannot be asked: {cause}", shown(url)), "check the settings of it")
    })?;
    Ok(Arc::new(store))
}

fn s3(url: &Url, options: &ObjectOptions) -> Result<(Arc<dyn ObjectStore>, String), Error> {
    let mut builder = AmazonS3Builder::from_env();
    for (name, value) in &options.settings {
        let key: AmazonS3ConfigKey = name.parse().map_err(|_| wrong(name, "s3"))?;
        builder = builder.with_config(key, value);
    }
    let has = |builder: &AmazonS3Builder, key| builder.get_config_value(&key).is_some();
    let has_keys = has(&builder, AmazonS3ConfigKey::AccessKeyId);
    let mut tried = {
        let profile = Profile::of_user();
        let said = if has_keys {
            "the keys of the environment or of the settings".to_owned()
        } else if profile.has_keys() {
            format!("the profile {:?}", profile.name)
        } else {
            format!(
                "no keys in the environment or in the profile {:?}, so the role of this instance",
                profile.name
            )
        };
        // The last that says something counts. Keys come all from one place.
        for (name, value) in profile.settings.into_iter().rev() {
            let key: AmazonS3ConfigKey = name.parse().map_err(|_| wrong(name, "s3"))?;
            let is_of_keys = !matches!(key, AmazonS3ConfigKey::Region | AmazonS3ConfigKey::Endpoint);
            if !(has(&builder, key) || has_keys && is_of_keys) {
                builder = builder.with_config(key, value);
            }
        }
        said
    };
    if options.anonymous {
        builder = builder.with_skip_signature(true);
        ANONYMOUS.clone_into(&mut tried);
    }
    let base = builder.get_config_value(&AmazonS3ConfigKey::Endpoint).and_then(|it| it.parse().ok());
    let connector = Connector::signed(&base.unwrap_or_else(|| url.clone()), &options.http);
    let builder = builder.with_url(url.as_str()).with_allow_http(true);
    Ok((made(url, builder.with_retry(retry(options)).with_http_connector(connector).build())?, tried))
}

fn gs(url: &Url, options: &ObjectOptions) -> Result<(Arc<dyn ObjectStore>, String), Error> {
    let mut builder = GoogleCloudStorageBuilder::from_env();
    for (name, value) in &options.settings {
        let key: GoogleConfigKey = name.parse().map_err(|_| wrong(name, "gs"))?;
        builder = builder.with_config(key, value);
    }
    let mut tried =
        "the service account of the environment, the credentials of gcloud, or the role of this instance";
    if options.anonymous {
        builder = builder.with_skip_signature(true);
        tried = ANONYMOUS;
    }
    let base = builder.get_config_value(&GoogleConfigKey::BaseUrl).and_then(|it| it.parse().ok());
    let connector = Connector::signed(&base.unwrap_or_else(|| url.clone()), &options.http);
    let builder = builder.with_url(url.as_str()).with_retry(retry(options)).with_http_connector(connector);
    Ok((made(url, builder.build())?, tried.to_owned()))
}

fn az(url: &Url, options: &ObjectOptions) -> Result<(Arc<dyn ObjectStore>, String), Error> {
    let mut builder = MicrosoftAzureBuilder::from_env();
    for (name, value) in &options.settings {
        let key: AzureConfigKey = name.parse().map_err(|_| wrong(name, "az"))?;
        builder = builder.with_config(key, value);
    }
    let mut tried = "the keys, tokens or identities that the environment or the settings name, or the role of this instance";
    if options.anonymous {
        builder = builder.with_skip_signature(true);
        tried = ANONYMOUS;
    }
    let base = builder.get_config_value(&AzureConfigKey::Endpoint).and_then(|it| it.parse().ok());
    let connector = Connector::signed(&base.unwrap_or_else(|| url.clone()), &options.http);
    let builder = builder.with_url(url.as_str()).with_allow_http(true);
    Ok((
        made(url, builder.with_retry(retry(options)).with_http_connector(connector).build())?,
        tried.to_owned(),
    ))
}

/// A server of files. Its query belongs to every request: URLs that are signed have their signature there.
fn http(url: &Url, options: &ObjectOptions) -> Result<Arc<dyn ObjectStore>, Error> {
    if let Some((name, _)) = options.settings.first() {
        return Err(wrong(name, url.scheme()));
    }
    let mut root = url.clone();
    root.set_path("");
    root.set_fragment(None);
    let connector = Connector::plain(url, &options.http, options.http.header_map()?);
    let builder = HttpBuilder::new().with_url(root).with_retry(retry(options)).with_http_connector(connector);
    made(url, builder.build())
}
