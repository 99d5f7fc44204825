//! The style of all pages, and the policy that allows it, the packed files of the server, and nothing else.

use std::sync::LazyLock;

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

pub(super) const STYLE: &str = include_str!("style.css");

/// What a page may load: scripts and styles that the server has packed, the style in its head by its hash, its own resources, and pictures that
/// are the server's own or stand in the page. The map makes pictures of its own (`blob:`), and runs in a worker. Nothing is of another host.
pub(super) static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{style}'; img-src 'self' data: blob:; connect-src 'self'; \
         worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
});
