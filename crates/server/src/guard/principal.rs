//! Who asks, and what they may do.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use stacyard_store::Error;

use super::bearers::Bearers;
use super::scope::{Reach, Right};
use crate::options::Options;
use crate::problem::Problem;

/// Whoever makes a request.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    /// What the token is called; `None`: somebody without one.
    pub(crate) label: Option<Arc<str>>,
    pub(crate) reads: Reach,
    pub(crate) writes: Reach,
}

/// Tells principals from requests.
pub(crate) struct Guard {
    bearers: Option<Bearers>,
    is_private: bool,
}

impl Guard {
    /// # Errors
    /// A server that lets nobody read.
    pub(crate) fn new(options: &Options) -> Result<Self, Error> {
        if options.private && options.bearers.is_none() {
            let message = "a private server without tokens would let nobody read";
            return Err(Error::usage(message, "give it tokens"));
        }
        Ok(Self { bearers: options.bearers.clone(), is_private: options.private })
    }

    /// Whether requests can have tokens.
    pub(crate) const fn has_tokens(&self) -> bool {
        self.bearers.is_some()
    }

    /// Who makes the request with these headers. What else can tell it (OpenID Connect, a proxy) goes here.
    ///
    /// # Errors
    /// A token that is none of ours.
    pub(crate) fn principal(&self, headers: &HeaderMap) -> Result<Principal, Problem> {
        let all_may_read = if self.is_private { Reach::Nothing } else { Reach::All };
        let Some(bearers) = &self.bearers else {
            return Ok(Principal { label: None, reads: all_may_read, writes: Reach::All });
        };
        let Some(token) = token(headers)? else {
            return Ok(Principal { label: None, reads: all_may_read, writes: Reach::Nothing });
        };
        let Some(bearer) = bearers.find(token) else { return Err(Problem::no_token(true)) };
        let writes = Reach::of(bearer.scopes.iter().filter(|scope| scope.right == Right::Write));
        // Whoever may write may read it, as answers show what was there.
        let reads = if self.is_private { Reach::of(bearer.scopes.iter()) } else { Reach::All };
        Ok(Principal { label: Some(Arc::clone(&bearer.label)), reads, writes })
    }
}

/// The token of a request; `None`: it has none. Other ways to say who one is are not known here, and say nothing.
fn token(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(first), None) = (all.next(), all.next()) else {
        return if headers.contains_key(AUTHORIZATION) { Err(Problem::no_token(true)) } else { Ok(None) };
    };
    let bytes = first.as_bytes();
    let is_bearer = bytes.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
    if !is_bearer && !bytes.eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    let token = bytes.get(7..).and_then(|token| std::str::from_utf8(token).ok()).map(str::trim);
    token.map(Some).ok_or_else(|| Problem::no_token(true))
}
