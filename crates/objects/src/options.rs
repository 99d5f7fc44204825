//! How object stores and servers of files are asked: what a program or a command line can choose.

use std::fmt;

use stacyard_http::HttpOptions;

/// How files on servers and in object stores are asked for. What is not said here is taken from where the tools of each provider take it: the
/// environment, AWS's files of profiles, the roles of an instance.
#[derive(Clone, Default)]
pub struct ObjectOptions {
    /// Servers of HTTP; of object stores only how long an answer may take, and how often it is asked for.
    pub http: HttpOptions,
    /// Settings of an object store by the names that `object_store` has for them, such as `aws_endpoint` or `aws_request_payer`. They may be
    /// secrets, and are not shown.
    pub settings: Vec<(String, String)>,
    /// Whether requests are not signed: for buckets that all may read.
    pub anonymous: bool,
}

impl fmt::Debug for ObjectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { http, settings, anonymous } = self;
        let names: Vec<_> = settings.iter().map(|(name, _)| name).collect();
        f.debug_struct("ObjectOptions")
            .field("http", http)
            .field("settings", &names)
            .field("anonymous", anonymous)
            .finish()
    }
}
