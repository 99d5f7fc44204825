//! What a change takes of the tables before it looks at any row. All take tables first and rows then, so that no two of them, and no
//! replacement, hold what the other waits for.

use crate::connect::change::BEGIN;
use crate::own::collections;
use crate::sql::ident::Ident;

/// The tables that a change takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lock {
    /// The right to change Items.
    Items,
    /// The right to change Collections.
    Collections,
    /// Both, and nobody else's change meanwhile.
    Alone,
}

impl Lock {
    /// What begins the transaction of such a change.
    pub(crate) fn begin(self, schema: &Ident) -> String {
        let lock = match self {
            Self::Items => format!("LOCK TABLE ONLY {schema}.items IN ROW EXCLUSIVE MODE"),
            Self::Collections => format!("LOCK TABLE ONLY {schema}.collections IN ROW EXCLUSIVE MODE"),
            Self::Alone => collections::lock(schema),
        };
        format!("{BEGIN}; {lock}")
    }
}
