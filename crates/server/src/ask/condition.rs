//! Conditional requests (RFC 9110 section 13): which states a client says that it has, or that it means.

use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, HeaderName};

/// What ends the tag of an answer that is packed, for each coding: the bytes are others then, so that the strong tag has to be, too (RFC 9110
/// section 8.8.3.3). The state is the same.
const PACKED: [&str; 3] = ["-gzip", "-br", "-zstd"];

/// The tags of a condition.
#[derive(Debug, Clone)]
pub(crate) enum Tags {
    /// `*`: of whatever is there.
    Any,
    /// As they are written.
    Some(Vec<String>),
}

impl Tags {
    /// Those of a header; `None`: it is not there.
    pub(crate) fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        if !headers.contains_key(name) {
            return None;
        }
        // What is not text is a tag of nothing.
        let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let tags: Vec<String> =
            texts.flat_map(|text| text.split(',')).map(|tag| tag.trim().to_owned()).collect();
        Some(if tags.iter().any(|tag| tag == "*") { Self::Any } else { Self::Some(tags) })
    }

    /// Whether the state of a tag is among them, by the strong comparison (section 8.8.3.2).
    pub(crate) fn have(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Some(tags) => tags.iter().any(|known| state_of(known) == Some(tag)),
        }
    }

    /// The tag by which a client has a state, by the weak comparison: as it is written, or the state's own; `None`: it has not.
    pub(crate) fn known(&self, tag: &str) -> Option<String> {
        match self {
            Self::Any => Some(quoted(tag)),
            Self::Some(tags) => {
                let known = tags.iter().map(|known| known.strip_prefix("W/").unwrap_or(known));
                known.filter(|known| state_of(known) == Some(tag)).map(str::to_owned).next()
            }
        }
    }
}

/// A tag as headers have it.
pub(crate) fn quoted(tag: impl std::fmt::Display) -> String {
    format!("\"{tag}\"")
}

/// The state that a strong tag names, packed or not.
fn state_of(known: &str) -> Option<&str> {
    let known = known.strip_prefix('"')?.strip_suffix('"')?;
    Some(PACKED.iter().find_map(|coding| known.strip_suffix(coding)).unwrap_or(known))
}

/// The tag by which a client has the state of this one already.
pub(crate) fn not_modified(headers: &HeaderMap, tag: &str) -> Option<String> {
    Tags::of(headers, &IF_NONE_MATCH)?.known(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_match_weakly_and_packed() {
        let known = |value: &str| {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, value.parse().unwrap())]);
            not_modified(&headers, "abc").unwrap_or_default()
        };
        for (value, tag) in [
            ("\"abc\"", "\"abc\""),
            ("W/\"abc\"", "\"abc\""),
            ("\"x\", \"abc\"", "\"abc\""),
            ("\"x\", \"abc-gzip\"", "\"abc-gzip\""),
            ("*", "\"abc\""),
            ("\"abcd\"", ""),
            ("abc", ""),
            ("\"abc-deflate\"", ""),
        ] {
            assert_eq!(known(value), tag, "{value}");
        }
        assert_eq!(not_modified(&HeaderMap::new(), "abc"), None);
    }
}
