//! The scripts, the map and the basemap of the pages, as `make web` has built them: packed with gzip, each under a name that changes
//! with its bytes, so that browsers keep it for good. A server that was built without them has none.

use std::io::Read;

use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use stacyard_store::Error;

use crate::problem::Problem;

/// The paths of them.
pub(crate) const PATH: &str = "/assets/{name}";

/// A file.
struct Asset {
    /// What it is for.
    role: &'static str,
    /// What ends its name.
    extension: &'static str,
    name: &'static str,
    packed: &'static [u8],
}

const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The worker of the map may ask this server for tiles, and do nothing else: it has the policy of its own file, not that of the page.
const POLICY: &str = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'";

/// Its bytes never change under its name.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// The path of a file, by what it is for; `None`: it was not built.
pub(crate) fn path(role: &str, extension: &str) -> Option<String> {
    let is_wanted = |asset: &&Asset| asset.role == role && asset.extension == extension;
    ASSETS.iter().find(is_wanted).map(|asset| format!("/assets/{}", asset.name))
}

impl Asset {
    const fn kind(&self) -> &'static str {
        match self.extension.as_bytes() {
            b"js" => "text/javascript; charset=utf-8",
            b"css" => "text/css; charset=utf-8",
            b"json" => "application/json",
            _ => "text/plain; charset=utf-8",
        }
    }

    fn unpacked(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let read = GzDecoder::new(self.packed).read_to_end(&mut bytes);
        read.map_err(|cause| Error::failed("a file of the pages is damaged").caused_by(cause))?;
        Ok(bytes)
    }
}

/// A file, packed for whoever takes it so.
pub(crate) async fn asset(
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return Err(Problem::not_found(format!("there is no resource {}", uri.path()))
            .help("the pages name the files that they need; reload the page"));
    };
    let takes_packed = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| ["gzip", "*"].contains(&coding.trim()));
    let mut response = if takes_packed {
        let mut response = asset.packed.into_response();
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        asset.unpacked()?.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind()));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(FOREVER));
    headers.insert(VARY, HeaderValue::from_name(ACCEPT_ENCODING));
    Ok(response)
}
