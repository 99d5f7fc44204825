//! CQL2 (OGC 21-065r2): the typed expression, and the two encodings it is read from.
//!
//! Both encodings lead to one [`Expr`]; nothing downstream parses text again. Names of functions that CQL2 leaves to
//! implementations are kept by the parsers and refused, by name, when a search is compiled.

pub(crate) mod build;
mod expr;
mod gather;
mod json;
mod lexer;
mod print;
mod text;
mod wkt;

pub use expr::{
    ArithmeticOp, ArrayOp, Bound, CompareOp, Expr, Literal, NumberLiteral, SpatialOp, TemporalOp,
};
pub use json::{from_json, parse_json};
pub use print::NoText;
pub(crate) use print::geometry_json;
pub use text::parse_text;

use crate::error::{FilterError, FilterPlace};

/// How many bytes a filter may have (4 MiB: a polygon of 100,000 points fits).
pub const MAX_FILTER_BYTES: usize = 4 << 20;

/// How deep an expression may be nested: what CQL2 JSON has room for in the levels that JSON may have.
pub const MAX_FILTER_DEPTH: usize = 60;

impl Expr {
    /// Parses a filter: CQL2 JSON where it starts with `{`, else CQL2 text.
    pub fn parse(filter: &str) -> Result<Self, FilterError> {
        if is_json(filter) { parse_json(filter) } else { parse_text(filter) }
    }
}

fn is_json(filter: &str) -> bool {
    filter.trim_start().starts_with('{')
}

/// Where in a filter a predicate of it is written.
pub(crate) fn locate(filter: &str, predicate: &Expr) -> Option<FilterPlace> {
    if is_json(filter) {
        json::locate(filter, predicate).map(FilterPlace::Json)
    } else {
        text::locate(filter, predicate).map(|offset| FilterPlace::at(filter, offset))
    }
}

/// How many arithmetic operators it may have: a chain of them is as deep as it is long.
pub const MAX_FILTER_OPERATORS: usize = 50;

fn check_length(filter: &str) -> Result<(), FilterError> {
    if filter.len() > MAX_FILTER_BYTES {
        let cause = format!("{} bytes are more than the limit of {MAX_FILTER_BYTES}", filter.len());
        return Err(FilterError::whole((cause, "simplify its geometry")));
    }
    Ok(())
}

#[cfg(test)]
mod print_tests;
#[cfg(test)]
mod tests;
