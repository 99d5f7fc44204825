//! On which condition a client wants a change to be made (RFC 9110 section 13.1): `If-Match` and `If-None-Match`.

use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use stacyard_store::ETag;

use crate::ask::{Tags, quoted};
use crate::problem::Problem;

/// The conditions of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    matches: Option<Tags>,
    none_matches: Option<Tags>,
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
        let (tag, there) = (quoted(there), there.to_string());
        let stale = |detail: String| Err(Problem::new(StatusCode::PRECONDITION_FAILED, detail));
        // A weak tag says nothing of what is written.
        if self.matches.as_ref().is_some_and(|tags| !tags.have(&there)) {
            let problem = stale(format!("it has been changed since: its ETag is {tag} now"));
            return problem.map_err(|problem| problem.help("read it again, and make the change anew"));
        }
        if self.none_matches.as_ref().is_some_and(|tags| tags.known(&there).is_some()) {
            return stale(format!("it is there: its ETag is {tag}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    #[test]
    fn conditions_are_those_of_the_rfc() {
        let there = ETag::of(b"{}");
        let holds = |name: HeaderName, value: &str| {
            Conditions::of(&HeaderMap::from_iter([(name, value.parse().unwrap())])).check(there).is_ok()
        };
        let (strong, weak) = (format!("\"{there}\""), format!("W/\"{there}\""));
        assert!(Conditions::default().check(there).is_ok());
        let packed = format!("\"{there}-gzip\"");
        for matching in ["*", &strong, &format!("\"x\", {strong}"), &packed] {
            assert!(holds(IF_MATCH, matching) && !holds(IF_NONE_MATCH, matching), "{matching}");
        }
        // Section 13.1.1: strong comparison; section 13.1.2: weak comparison.
        assert!(!holds(IF_MATCH, &weak) && !holds(IF_NONE_MATCH, &weak));
        for other in ["\"x\"", "", &there.to_string()] {
            assert!(!holds(IF_MATCH, other) && holds(IF_NONE_MATCH, other), "{other}");
        }
    }
}
