//! The one client of HTTP, as `object_store` wants it.

use std::time::Duration;

use async_trait::async_trait;
use http::header::{AUTHORIZATION, COOKIE, LOCATION};
use http::{HeaderMap, Method};
use object_store::ClientOptions;
use object_store::client::{
    ClientConfigKey, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpService,
};
use reqwest::{Client, Url};
use stacyard_http::{HttpOptions, REDIRECTS, is_own, resolve};

/// Makes clients that ask as `http` says.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    http: HttpOptions,
    base: Url,
    /// Headers for the server at `base`, whose redirects are followed; `None`: an object store, whose requests are signed for one place.
    headers: Option<HeaderMap>,
}

impl Connector {
    /// For an object store.
    pub(crate) fn signed(base: &Url, http: &HttpOptions) -> Self {
        Self { http: http.clone(), base: base.clone(), headers: None }
    }

    /// For a server of files.
    pub(crate) fn plain(base: &Url, http: &HttpOptions, headers: HeaderMap) -> Self {
        Self { http: http.clone(), base: base.clone(), headers: Some(headers) }
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let mut http = self.http.clone();
        // What gives an instance its role is near, or not there: elsewhere nobody answers, and nobody is to wait for it.
        let quick = options.get_config_value(&ClientConfigKey::ConnectTimeout);
        if quick.is_some_and(|limit| limit == "1 second" || limit == "1s") {
            http.timeout = Duration::from_secs(2);
        }
        // A large file may take long, as long as some of it comes. Its bytes are asked for as they are: ranges are of these.
        let client = stacyard_http::client(&self.base, &http)
            .and_then(|client| stacyard_http::built(client.no_gzip().no_zstd().read_timeout(http.timeout)))
            .map_err(|cause| object_store::Error::Generic { store: "HTTP", source: Box::new(cause) })?;
        Ok(HttpClient::new(Service { client, base: self.base.clone(), headers: self.headers.clone() }))
    }
}

#[derive(Debug)]
struct Service {
    client: Client,
    base: Url,
    headers: Option<HeaderMap>,
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let Some(own) = &self.headers else { return self.once(request).await };
        let (method, asked) = (request.method().clone(), request.headers().clone());
        let mut url: Url = request.uri().to_string().parse().map_err(|cause| unknown(&cause))?;
        let mut next = request;
        for _ in 0..=REDIRECTS {
            if is_own(&self.base, &url) {
                next.headers_mut().extend(own.clone());
            }
            let answer = self.once(next).await?;
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let is_read = method == Method::GET || method == Method::HEAD;
            let Some(to) = to.filter(|_| answer.status().is_redirection() && is_read) else {
                return Ok(answer);
            };
            let to = resolve(&url, to).filter(|to| url.scheme() == "http" || to.scheme() == "https");
            // Back to where TLS is not, or nowhere: what it answers is the error.
            let Some(to) = to else { return Ok(answer) };
            let mut again = HttpRequest::new(HttpRequestBody::empty());
            *again.method_mut() = method.clone();
            *again.uri_mut() = to.as_str().parse().map_err(|cause| unknown(&cause))?;
            again.headers_mut().extend(asked.clone());
            again.headers_mut().remove(AUTHORIZATION);
            again.headers_mut().remove(COOKIE);
            (next, url) = (again, to);
        }
        Err(HttpError::new(
            HttpErrorKind::Unknown,
            std::io::Error::other(format!("redirects more than {REDIRECTS} times")),
        ))
    }
}

impl Service {
    /// Asks once. An answer that is none of HTTP may be one the next time, where asking twice does no harm.
    async fn once(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
        self.client.call(request).await.map_err(|cause| match cause.kind() {
            HttpErrorKind::Unknown if is_read => HttpError::new(HttpErrorKind::Interrupted, cause),
            _ => cause,
        })
    }
}

fn unknown(cause: &dyn std::error::Error) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, std::io::Error::other(cause.to_string()))
}
