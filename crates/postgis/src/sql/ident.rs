//! Names and strings of users in SQL that takes no parameters: quoted, so that none is ever read as SQL.

use std::fmt;

use stacyard_store::Error;

/// A name that is safe to stand in SQL by its `Display`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ident(String);

/// PostgreSQL cuts longer names, which would make two of one (NAMEDATALEN).
const MAX_BYTES: usize = 63;

impl Ident {
    /// The name of a schema that may be ours.
    pub(crate) fn new(name: &str) -> Result<Self, Error> {
        let named = if name.starts_with("pg_") {
            Err("names that begin with pg_ are PostgreSQL's own".to_owned())
        } else {
            Self::any(name)
        };
        named.map_err(|fault| {
            Error::usage(
                format!("the schema cannot be called {name:?}: {fault}"),
                "name another one: ?schema=NAME",
            )
        })
    }

    /// Any name that PostgreSQL can hold: of a column, a table, a constraint.
    pub(crate) fn any(name: &str) -> Result<Self, String> {
        match name {
            "" => Err("it is empty".to_owned()),
            name if name.len() > MAX_BYTES => {
                Err(format!("it has {} bytes, more than the {MAX_BYTES} that PostgreSQL keeps", name.len()))
            }
            name if name.contains('\0') => Err("it contains the character NUL".to_owned()),
            name => Ok(Self(name.to_owned())),
        }
    }

    /// The bare name.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// A string as SQL writes it, whatever `standard_conforming_strings` is.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!(" E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_or_refused() {
        assert_eq!(Ident::new("stac").unwrap().to_string(), "\"stac\"");
        assert_eq!(Ident::new("a\"; DROP TABLE x; --").unwrap().to_string(), "\"a\"\"; DROP TABLE x; --\"");
        for wrong in ["", "a\0b", "pg_catalog", &"x".repeat(64)] {
            assert!(Ident::new(wrong).is_err(), "{wrong:?}");
        }
    }
    #[test]
    fn strings_are_quoted() {
        assert_eq!(literal("plain"), "'plain'");
        assert_eq!(literal("'; DROP TABLE items; --"), "'''; DROP TABLE items; --'");
        assert_eq!(literal(r"\'"), r" E'\\'''");
    }
}
