//! Requests, read into what they ask: parameters and bodies become a `Query` here and nowhere else. What is not known is an error
//! that names it, as an answer that ignores it would be one to another question.

mod aggregations;
mod body;
mod condition;
mod draft;
mod one_filter;
mod parameters;
mod places;
mod segments;
mod token;

pub(crate) use self::aggregations::{GENERAL, GRID_CODES, Wanted};
pub(crate) use self::body::{Body, Held, media_type, not_json, parsed, whole};
pub(crate) use self::condition::{Tags, not_modified, quoted};
pub(crate) use self::draft::{Asked, with_token};
pub(crate) use self::one_filter::{has_span, one_filter};
pub(crate) use self::parameters::{Given, Parameter, Parameters};
pub(crate) use self::segments::Segments;
pub(crate) use self::token::Tokens;

/// The parameters, each described once: what a route takes is a list of these, which its documentation shows too.
pub(crate) mod known;
