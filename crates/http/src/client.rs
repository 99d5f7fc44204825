//! Requests to a server, made again where they were not answered.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use stacyard_search::Stop;
use stacyard_store::{Error, ErrorKind, Remedy};
use tokio::time::sleep;

use crate::options::HttpOptions;
use crate::wait::wanted;

/// The largest answer that is taken (512 MiB).
const LARGEST: usize = 512 << 20;

/// So many redirects are followed.
pub const REDIRECTS: usize = 5;

/// How long is waited before a second attempt; twice as long before each that follows.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest pause; what a server asks for in `Retry-After` may be longer, up to [`PATIENCE`].
const LONGEST: Duration = Duration::from_secs(30);

/// A server that wants to be left alone for longer has failed.
const PATIENCE: Duration = Duration::from_mins(10);

/// A URL as it is shown: without a password and without its query, which may have a key in it.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.query().is_some() {
        url.set_query(Some("***"));
    }
    url.into()
}

/// Whether a server has said that it gives this to nobody who asks so (403). Stores of objects say it of what is not there.
pub fn is_forbidden(error: &Error) -> bool {
    error.kind() == ErrorKind::Denied && error.to_string().contains(FORBIDDEN)
}

/// How that is said in the message of the error.
pub const FORBIDDEN: &str = "answers 403 Forbidden";

/// A reference in a document at `from`, as a URL that can be asked.
pub fn resolve(from: &Url, reference: &str) -> Option<Url> {
    from.join(reference).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where.
    pub url: Url,
    /// `None`: GET; else POST of this JSON.
    pub body: Option<Value>,
    /// Headers that a link asks for.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// A GET without headers.
    pub const fn get(url: Url) -> Self {
        Self { url, body: None, headers: Vec::new() }
    }
}

/// An answer: a JSON text, as far as its first byte tells.
#[derive(Debug)]
pub struct Answer {
    /// Where it has come from, after all redirects.
    pub url: Url,
    /// What it says.
    pub text: Vec<u8>,
}

/// A client of one API. Clones share the connections.
#[derive(Clone)]
pub struct Http {
    client: Client,
    headers: HeaderMap,
    /// The API.
    base: Url,
    attempts: u32,
    follow_foreign: bool,
}

/// Why there is no answer.
struct Failure {
    error: Error,
    again: Again,
}

/// Whether it may go well another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Never,
    Soon,
    /// The server says when.
    After(Duration),
}

impl Failure {
    const fn of(error: Error) -> Self {
        Self { error, again: Again::Never }
    }

    const fn passing(error: Error) -> Self {
        Self { error, again: Again::Soon }
    }
}

impl Http {
    /// A client of the server at `base`.
    ///
    /// # Errors
    /// Headers that are none; a system without certificates of authorities.
    pub fn new(base: &Url, options: &HttpOptions) -> Result<Self, Error> {
        Ok(Self {
            client: built(client(base, options)?.timeout(options.timeout))?,
            headers: options.header_map()?,
            base: base.clone(),
            attempts: options.attempts.max(1),
            follow_foreign: options.follow_foreign,
        })
    }

    /// Whether a URL is of the server itself.
    pub fn is_own(&self, url: &Url) -> bool {
        is_own(&self.base, url)
    }

    /// The answer to a request.
    ///
    /// # Errors
    /// No answer after all attempts, or one that is an error.
    pub async fn ask(&self, request: &Request, stop: &Stop) -> Result<Answer, Error> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            let failure = match wanted(stop, self.once(request)).await? {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            // Not all clients at the same time.
            let spread = Duration::from_nanos(Timestamp::now().subsec_nanosecond().unsigned_abs().into()) / 2;
            let wait = match failure.again {
                Again::Soon => pause + pause.min(spread),
                Again::After(wait) => wait,
                Again::Never => Duration::MAX,
            };
            if attempt == self.attempts || wait > PATIENCE {
                return Err(match attempt {
                    1 => failure.error,
                    _ => failure.error.detail(&format!("after {attempt} attempts")),
                });
            }
            wanted(stop, sleep(wait)).await?;
            pause = (pause * 2).min(LONGEST);
        }
        Err(Error::failed("an API was not asked"))
    }

    async fn once(&self, request: &Request) -> Result<Answer, Failure> {
        let mut asked = request.clone();
        for _ in 0..=REDIRECTS {
            if !self.follow_foreign && !self.is_own(&asked.url) {
                return Err(Failure::of(elsewhere(&asked.url)));
            }
            let answer = self.send(&asked).await?;
            if !answer.status().is_redirection() {
                return self.read(answer).await;
            }
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let to = to.and_then(|to| resolve(&asked.url, to)).ok_or_else(|| {
                Failure::of(Error::failed(format!("{} redirects to nowhere", shown(&asked.url))))
            })?;
            // All but these two change POST into GET in the field (RFC 9110, section 15.4).
            if !matches!(answer.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
                asked.body = None;
            }
            if !self.is_own(&to) {
                asked.headers.clear();
            }
            asked.url = to;
        }
        Err(Failure::of(Error::failed(format!(
            "{} redirects more than {REDIRECTS} times",
            shown(&request.url)
        ))))
    }

    async fn send(&self, request: &Request) -> Result<Response, Failure> {
        let url = &request.url;
        let mut asked = match &request.body {
            None => self.client.get(url.clone()),
            Some(body) => {
                self.client.post(url.clone()).header(CONTENT_TYPE, "application/json").body(body.to_string())
            }
        };
        asked = asked.header(ACCEPT, "application/geo+json, application/json;q=0.9, */*;q=0.1");
        for (name, value) in &request.headers {
            asked = asked.header(name, value);
        }
        if self.is_own(url) {
            asked = asked.headers(self.headers.clone());
        }
        asked.send().await.map_err(|cause| lost(url, &cause))
    }

    async fn read(&self, answer: Response) -> Result<Answer, Failure> {
        let status = answer.status();
        let again = again(&answer);
        let from = answer.url().clone();
        let kind = answer
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or("nothing")
            .to_owned();
        let text = body(answer).await?;
        if !status.is_success() {
            return Err(Failure { error: self.refused(&from, status, &text), again });
        }
        let is_json = text
            .iter()
            .find(|byte| !byte.is_ascii_whitespace())
            .is_some_and(|byte| matches!(byte, b'{' | b'['));
        if !is_json {
            let error = Error::new(
                ErrorKind::Damaged,
                &format!("{} does not answer with JSON, but with {kind}", shown(&from)),
            );
            let error = error.remedy("check the URL: is it that of the landing page of a STAC API?");
            return Err(if text.is_empty() { Failure::passing(error) } else { Failure::of(error) });
        }
        Ok(Answer { url: from, text })
    }

    fn refused(&self, url: &Url, status: StatusCode, text: &[u8]) -> Error {
        let kind = match status.as_u16() {
            400 | 422 => ErrorKind::Usage,
            401 | 403 => ErrorKind::Denied,
            404 | 410 => ErrorKind::NotFound,
            429 | 500..=599 => ErrorKind::Unavailable,
            _ => ErrorKind::Failed,
        };
        let answer: Value = serde_json::from_slice(text).unwrap_or_default();
        let detail = said(&answer, &["detail", "description", "message", "title"]);
        let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
        let error = Error::new(kind, &format!("{} answers {status}{detail}", shown(url)));
        // As our own servers say it.
        let error = match said(&answer, &["help"]) {
            Some(help) => error.remedy(help),
            None => error,
        };
        match kind {
            ErrorKind::Denied if self.headers.is_empty() => error.remedy(
                Remedy::from("no credentials were sent: give them with ")
                    .option("header")
                    .text(", or in STACYARD_TOKEN"),
            ),
            ErrorKind::Denied => error.remedy("the headers that were sent are not enough for it"),
            ErrorKind::NotFound => error.remedy("check the URL"),
            ErrorKind::Unavailable => error.remedy("try again later"),
            _ => error,
        }
    }
}

/// What makes a client for the server at `base`. It follows no redirects: it would take all but the best known headers to other hosts. How long
/// an answer may take is not said yet.
///
/// # Errors
/// A system without certificates of authorities.
pub fn client(base: &Url, options: &HttpOptions) -> Result<ClientBuilder, Error> {
    let mut client = Client::builder();
    if is_here(base) {
        // No proxy reaches what is on this machine.
        client = client.no_proxy();
    }
    Ok(client
        .user_agent(concat!("stacyard/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls()?)
        .redirect(Policy::none())
        .connect_timeout(options.timeout.min(Duration::from_secs(20))))
}

/// The client that is made.
///
/// # Errors
/// A system that has no room for it.
pub fn built(client: ClientBuilder) -> Result<Client, Error> {
    client.build().map_err(|cause| Error::failed("cannot prepare to ask a server").caused_by(cause))
}

/// Whether a URL is of the server at `base`: of the same origin, or of the same host with TLS where there was none. Only there go headers.
pub fn is_own(base: &Url, url: &Url) -> bool {
    let is_same = url.origin() == base.origin();
    let is_safer =
        base.scheme() == "http" && base.port().is_none() && url.scheme() == "https" && url.port().is_none();
    is_same || is_safer && url.host_str() == base.host_str()
}

/// The error of a URL that is not the API's own.
fn elsewhere(url: &Url) -> Error {
    let message = format!("the API leads elsewhere, to another host or port, or without TLS: {}", shown(url));
    Error::failed(message).remedy(
        Remedy::from("if that is right, follow with ")
            .option("follow-foreign")
            .text("; headers do not go there"),
    )
}

/// Whether a URL is of this machine itself.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// TLS with the authorities that the system trusts, or those of SSL_CERT_FILE.
fn tls() -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|cause| Error::failed("cannot prepare TLS").caused_by(cause))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

/// The body, up to the largest that is taken.
async fn body(mut answer: Response) -> Result<Vec<u8>, Failure> {
    let url = answer.url().clone();
    let mut text = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|cause| lost(&url, &cause))? {
        if text.len() + chunk.len() > LARGEST {
            let error = Error::new(
                ErrorKind::Limit,
                &format!("{} answers with more than {} MiB", shown(&url), LARGEST >> 20),
            );
            return Err(Failure::of(
                error.remedy(Remedy::from("ask for smaller pages with ").option("page-size")),
            ));
        }
        text.extend_from_slice(&chunk);
    }
    Ok(text)
}

/// The failure of a request without an answer, or with half of one.
fn lost(url: &Url, cause: &reqwest::Error) -> Failure {
    let mut why: &dyn std::error::Error = cause;
    while let Some(deeper) = why.source() {
        why = deeper;
    }
    let why = why.to_string();
    let url = shown(url);
    let error = |what: &str| Error::new(ErrorKind::Unavailable, &format!("{url} {what}: {why}"));
    if cause.is_timeout() {
        let error = Error::new(ErrorKind::Unavailable, &format!("{url} has not answered in time"));
        return Failure::passing(error.remedy("try again, or ask for smaller pages"));
    }
    if why.contains("certificate") {
        let error = error("is not trusted").of_kind(ErrorKind::Failed);
        return Failure::of(
            error.remedy("install the certificate of its authority, or name a file with it in SSL_CERT_FILE"),
        );
    }
    if cause.is_connect() {
        return Failure::passing(error("cannot be reached").remedy("check host, port and proxy"));
    }
    Failure::passing(error("has broken off its answer").remedy("try again"))
}

/// Whether to ask again, and when.
fn again(answer: &Response) -> Again {
    if !matches!(answer.status().as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504) {
        return Again::Never;
    }
    let when = answer.headers().get(RETRY_AFTER).and_then(|when| when.to_str().ok()).and_then(retry_after);
    when.map_or(Again::Soon, Again::After)
}

/// How long `Retry-After` says: seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(text: &str) -> Option<Duration> {
    let until = || Some(rfc2822::parse(text).ok()?.timestamp().duration_since(Timestamp::now()));
    text.trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
        .or_else(|| Some(until()?.try_into().unwrap_or_default()))
}

/// What an API says of an error, in the first of these members that it has.
fn said(answer: &Value, members: &[&str]) -> Option<String> {
    const MOST: usize = 500;
    let said = members.iter().find_map(|name| answer.get(*name))?;
    let said = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
    Some(said.chars().take(MOST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_go_to_the_same_origin_or_to_tls() {
        for (base, url, is_own) in [
            ("https://h/stac", "https://h/other", true),
            ("https://h/stac", "https://h:443/", true),
            ("https://h/stac", "http://h/stac", false),
            ("https://h/stac", "https://h:8443/", false),
            ("https://h/stac", "https://h.example/", false),
            ("http://h/stac", "https://h/stac", true),
            ("http://h:8080/stac", "https://h/stac", false),
            ("http://h/stac", "http://h:8080/stac", false),
        ] {
            let http = Http::new(&base.parse().unwrap(), &HttpOptions::default()).unwrap();
            assert_eq!(http.is_own(&url.parse().unwrap()), is_own, "{base} {url}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("120"), Some(Duration::from_mins(2)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let now = rfc2822::to_string(&Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
        assert!(retry_after(&now).unwrap() < Duration::from_secs(2));
        assert_eq!(retry_after("soon"), None);
    }
}
