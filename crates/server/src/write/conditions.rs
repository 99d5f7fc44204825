//! On which condition a client wants a change to be made (RFC 9110 section 13.1): `If-Match` and `If-None-Match`.

use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use stacyard_store::ETag;

use crate::problem::Problem;

/// The conditions of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    matches: Option<Tags>,
    none_matches: Option<Tags>,
}

#[derive(Debug, Clone)]
enum Tags {
    /// `*`: of whatever is there.
    Any,
    /// As they are written.
    Some(Vec<String>),
}

impl Conditions {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self { matches: Tags::of(headers, &IF_MATCH), none_matches: Tags::of(headers, &IF_NONE_MATCH) }
    }

    /// Whether the change is meant for what is not there yet.
    pub(crate) const fn is_creation(&self) -> bool {
        matches!(self.none_matches, Some(Tags::Any))
    }

    /// Whether it is meant for the state of this tag.
    pub(super) fn check(&self, there: ETag) -> Result<(), Problem> {
        let tag = format!("\"{there}\"");
        let stale = |detail: String| Err(Problem::new(StatusCode::PRECONDITION_FAILED, detail));
        // A weak tag says nothing of what is written.
        if self.matches.as_ref().is_some_and(|tags| !tags.have(|known| known == tag)) {
            let problem = stale(format!("it has been changed since: its ETag is {tag} now"));
            return problem.map_err(|problem| problem.help("read it again, and make the change anew"));
        }
        let is_known = |known: &str| known.strip_prefix("W/").unwrap_or(known) == tag;
        if self.none_matches.as_ref().is_some_and(|tags| tags.have(is_known)) {
            return stale(format!("it is there: its ETag is {tag}"));
        }
        Ok(())
    }
}

impl Tags {
    fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        if !headers.contains_key(name) {
            return None;
        }
        // What is not text is a tag of nothing.
        let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let tags: Vec<String> =
            texts.flat_map(|text| text.split(',')).map(|tag| tag.trim().to_owned()).collect();
        Some(if tags.iter().any(|tag| tag == "*") { Self::Any } else { Self::Some(tags) })
    }

    fn have(&self, is_it: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::Some(tags) => tags.iter().any(|tag| is_it(tag)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_those_of_the_rfc() {
        let there = ETag::of(b"{}");
        let holds = |name: HeaderName, value: &str| {
            Conditions::of(&HeaderMap::from_iter([(name, value.parse().unwrap())])).check(there).is_ok()
        };
        let (strong, weak) = (format!("\"{there}\""), format!("W/\"{there}\""));
        assert!(Conditions::default().check(there).is_ok());
        for matching in ["*", &strong, &format!("\"x\", {strong}")] {
            assert!(holds(IF_MATCH, matching) && !holds(IF_NONE_MATCH, matching), "{matching}");
        }
        // Section 13.1.1: strong comparison; section 13.1.2: weak comparison.
        assert!(!holds(IF_MATCH, &weak) && !holds(IF_NONE_MATCH, &weak));
        for other in ["\"x\"", "", &there.to_string()] {
            assert!(!holds(IF_MATCH, other) && holds(IF_NONE_MATCH, other), "{other}");
        }
    }
}
