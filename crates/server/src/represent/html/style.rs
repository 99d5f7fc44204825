//! The style of all pages, and the policy that allows this one and nothing else.

use std::sync::LazyLock;

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

pub(super) const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:1rem}\
nav ol{list-style:none;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:.3rem}\
nav li+li::before{content:\"/\";margin-right:.3rem;opacity:.5}\
h1{font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}\
h2{font-size:1.15rem;margin-top:2rem}\
.wide{overflow-x:auto}\
table{border-collapse:collapse;width:100%}\
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884}\
th{font-weight:600}\
td,dd,p,li,code{overflow-wrap:anywhere}\
.plain{white-space:pre-line}\
code,pre{font-size:.9em}\
pre{overflow-x:auto}\
footer{margin-top:3rem;border-top:1px solid #8884;padding-top:.5rem;font-size:.9rem}\
.ways{display:flex;gap:1.5rem}";

/// The policy of pages with this style alone.
pub(super) static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
});
