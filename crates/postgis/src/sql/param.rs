//! Values that are bound to a statement: no text of a user becomes SQL.

use tokio_postgres::types::{ToSql, Type};

/// A value that is bound.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Param {
    Text(String),
    Texts(Vec<String>),
    Number(f64),
    Numbers(Vec<f64>),
}

impl Param {
    /// With its type, so that the database need not be asked for it.
    pub(crate) fn typed(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Text(text) => (text, Type::TEXT),
            Self::Texts(list) => (list, Type::TEXT_ARRAY),
            Self::Number(number) => (number, Type::FLOAT8),
            Self::Numbers(list) => (list, Type::FLOAT8_ARRAY),
        }
    }

    /// The name of its type in SQL.
    pub(crate) const fn cast(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Texts(_) => "text[]",
            Self::Number(_) => "double precision",
            Self::Numbers(_) => "double precision[]",
        }
    }
}

/// A statement with its parameters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Question {
    pub(crate) sql: String,
    pub(crate) params: Vec<Param>,
}

impl Question {
    /// One without parameters.
    pub(crate) fn plain(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), params: Vec::new() }
    }
}
