//! Any text: what is read as CQL2 is printed and read again as the same expression.

#![no_main]

use stacyard_search::cql2::{Expr, parse_json};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(filter) = Expr::parse(text) {
        if let Ok(text) = filter.to_text() {
            assert_eq!(Expr::parse(&text), Ok(filter.clone()));
        }
        assert_eq!(parse_json(&filter.to_json().to_string()), Ok(filter));
    }
});
