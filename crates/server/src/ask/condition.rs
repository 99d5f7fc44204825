//! Conditional requests (RFC 9110 section 13): whether a client has what it asks for already.

use axum::http::HeaderMap;
use axum::http::header::IF_NONE_MATCH;

/// Whether the client has the state of this tag, which is without quotes.
pub(crate) fn is_not_modified(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).any(|known| {
        // The comparison is the weak one (section 13.1.2).
        let known = known.strip_prefix("W/").unwrap_or(known);
        known == "*" || known.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_match_weakly() {
        let matches = |value: &str| {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, value.parse().unwrap())]);
            is_not_modified(&headers, "abc")
        };
        for value in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert!(matches(value), "{value}");
        }
        assert!(!matches("\"abcd\"") && !matches("abc"));
        assert!(!is_not_modified(&HeaderMap::new(), "abc"));
    }
}
