//! IRIs and IRI references (RFC 3987): a quick look that knows the ordinary ones, the full grammar for the others.

use fluent_uri::{Iri, IriRef};

/// Bytes that may stand in a path or a query as they are (RFC 3986 section 3.3), `/` and `?` among them.
/// `%`, `#`, brackets and everything beyond ASCII are left to the grammar.
const ORDINARY: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?";
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
};

/// Whether the text is an IRI: with a scheme.
pub(super) fn is_iri(text: &str) -> bool {
    is_ordinary_url(text) || Iri::parse(text).is_ok()
}

/// Whether the text is an IRI or a relative reference.
pub(super) fn is_iri_reference(text: &str) -> bool {
    is_ordinary_url(text) || is_ordinary_path(text) || IriRef::parse(text).is_ok()
}

/// `scheme://host/...` without user, port, escapes or fragment. No false positives; many false negatives.
fn is_ordinary_url(text: &str) -> bool {
    const SCHEMES: [&str; 7] = ["https://", "s3://", "http://", "gs://", "az://", "file://", "ftp://"];
    let Some(rest) = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)) else { return false };
    let rest = rest.as_bytes();
    let host =
        rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')).count();
    match rest.get(host) {
        None => true,
        Some(b'/' | b'?') => all_ordinary(&rest[host..]),
        Some(_) => false,
    }
}

/// A relative path without a colon, so that nothing in it can be taken for a scheme.
fn is_ordinary_path(text: &str) -> bool {
    !text.starts_with("//") && all_ordinary(text.as_bytes()) && !text.as_bytes().contains(&b':')
}

/// Without an early exit: nearly all are ordinary, and so the bytes are looked up several at a time.
fn all_ordinary(bytes: &[u8]) -> bool {
    bytes.chunks(16).all(|chunk| chunk.iter().fold(true, |all, &b| all & ORDINARY[usize::from(b)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_look_never_contradicts_the_grammar() {
        let parts = [
            "https://", "s3://", "a", "é", ":", "//", "/", "%20", "%2", "?", "#", "[::1]", "@", ":80", " ",
            "..", "|", "x.json",
        ];
        for a in parts {
            for b in parts {
                for c in parts {
                    for d in parts {
                        let text = [a, b, c, d].concat();
                        assert_eq!(is_iri(&text), Iri::parse(text.as_str()).is_ok(), "{text}");
                        assert_eq!(is_iri_reference(&text), IriRef::parse(text.as_str()).is_ok(), "{text}");
                    }
                }
            }
        }
    }
}
