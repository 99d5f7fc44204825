//! Names of schemas in SQL: quoted, so that no name is ever read as SQL.

use std::fmt;

use stacyard_store::Error;

/// A name that is safe to stand in SQL by its `Display`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ident(String);

/// PostgreSQL cuts longer names, which would make two of one (NAMEDATALEN).
const MAX_BYTES: usize = 63;

impl Ident {
    /// Any name that PostgreSQL can hold.
    pub(crate) fn new(name: &str) -> Result<Self, Error> {
        let fault = match name {
            "" => "it is empty".to_owned(),
            name if name.len() > MAX_BYTES => {
                format!("it has {} bytes, more than the {MAX_BYTES} that PostgreSQL keeps", name.len())
            }
            name if name.contains('\0') => "it contains the character NUL".to_owned(),
            name if name.starts_with("pg_") => "names that begin with pg_ are PostgreSQL's own".to_owned(),
            name => return Ok(Self(name.to_owned())),
        };
        Err(Error::usage(format!("the schema {name:?} cannot be: {fault}"), "choose another ?schema="))
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
}
