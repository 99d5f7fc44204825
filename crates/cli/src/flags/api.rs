//! How remote STAC APIs, servers and object stores are asked.

use std::env;
use std::fs;
use std::num::NonZeroU32;

use clap::Args;
use stacyard::{ApiOptions, HttpOptions, ObjectOptions};
use stacyard_store::{Error, Remedy};

/// The environment variable with a bearer token.
const TOKEN: &str = "STACYARD_TOKEN";

#[derive(Debug, Args)]
pub(crate) struct Remote {
    /// A header for each request to a STAC API, such as "X-Api-Key: ..."; @FILE takes those of a file, one a line. A bearer token may stand in
    /// the environment, in STACYARD_TOKEN.
    #[arg(long, global = true, value_name = "HEADER", help_heading = "Remote STAC APIs")]
    header: Vec<Secret>,
    /// How many Items a page of a STAC API is to have [default: 500].
    #[arg(long, global = true, value_name = "N", help_heading = "Remote STAC APIs")]
    page_size: Option<NonZeroU32>,
    /// Follow links of a STAC API that lead to another host or port, or away from TLS. Headers do not go there.
    #[arg(long, global = true, help_heading = "Remote STAC APIs")]
    follow_foreign: bool,
    /// Refuse a search that a STAC API cannot answer by itself; else more is fetched, and looked at here.
    #[arg(long, global = true, help_heading = "Remote STAC APIs")]
    strict_api: bool,
    /// A setting of an object store, such as aws_endpoint=https://minio.example or aws_request_payer=true. What is not set is taken from the
    /// environment, profiles and the roles of an instance, as the tools of each provider do.
    #[arg(long, global = true, value_name = "NAME=VALUE", help_heading = "Object stores")]
    object_option: Vec<Secret>,
    /// Sign no requests to object stores: for buckets that all may read.
    #[arg(long, global = true, help_heading = "Object stores")]
    anonymous: bool,
}

/// A header, where headers are, or a setting. It is not shown: it may be a secret.
#[derive(Clone)]
struct Secret(String);

/// It is looked at later: the errors of flags show their values.
impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Remote {
    /// How STAC APIs are asked.
    pub(crate) fn options(&self) -> Result<ApiOptions, Error> {
        let usual = ApiOptions::default();
        Ok(ApiOptions {
            http: self.http()?,
            page: self.page_size.map_or(usual.page, NonZeroU32::get),
            strict: self.strict_api,
            ..usual
        })
    }

    /// How object stores are.
    pub(crate) fn objects(&self) -> Result<ObjectOptions, Error> {
        let pair = |Secret(text): &Secret| {
            let (name, value) = text.split_once('=').ok_or_else(|| {
                Error::usage(
                    "what --object-option says is no setting",
                    "write NAME=VALUE, such as aws_region=eu-west-1",
                )
            })?;
            Ok((name.trim().to_ascii_lowercase(), value.to_owned()))
        };
        let settings = self.object_option.iter().map(pair).collect::<Result<_, Error>>()?;
        Ok(ObjectOptions { http: self.http()?, settings, anonymous: self.anonymous })
    }

    fn http(&self) -> Result<HttpOptions, Error> {
        let mut headers = Vec::new();
        for Secret(text) in &self.header {
            match text.strip_prefix('@') {
                None => headers.push(pair(text).ok_or_else(|| {
                    let file = Remedy::from("write \"NAME: VALUE\", or @FILE for those of a file");
                    Error::usage("what --header says is no header", file)
                })?),
                Some(path) => {
                    let lines =
                        fs::read_to_string(path).map_err(|cause| Error::io("read", path.as_ref(), cause))?;
                    for (number, line) in (1..).zip(lines.lines()).filter(|(_, line)| !line.trim().is_empty())
                    {
                        headers.push(pair(line).ok_or_else(|| {
                            Error::usage(
                                format!("{path}: line {number} is no header"),
                                "write NAME: VALUE, one a line",
                            )
                        })?);
                    }
                }
            }
        }
        if let Some(token) = env::var_os(TOKEN).filter(|token| !token.is_empty()) {
            let token = token.into_string().map_err(|_| {
                Error::usage(format!("{TOKEN} is not UTF-8"), Remedy::from("check what stands in it"))
            })?;
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
                headers.push(("Authorization".to_owned(), format!("Bearer {}", token.trim())));
            }
        }
        Ok(HttpOptions { headers, follow_foreign: self.follow_foreign, ..HttpOptions::default() })
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once(':')?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}
