//! Types of JSON values as sets: what a filter compares a property with, and what Items have there.

use std::fmt;

use stacyard_model::json::Kind;

/// A set of types of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Types(u8);

impl Types {
    /// None.
    pub const NONE: Self = Self(0);
    /// Null alone.
    pub const NULL: Self = Self(1);
    /// True and false.
    pub const BOOL: Self = Self(2);
    /// Numbers.
    pub const NUMBER: Self = Self(4);
    /// Strings.
    pub const STRING: Self = Self(8);
    /// Arrays.
    pub const ARRAY: Self = Self(16);
    /// Objects.
    pub const OBJECT: Self = Self(32);
    /// All but null.
    pub const VALUE: Self = Self(2 | 4 | 8 | 16 | 32);

    /// As PostgreSQL's `jsonb_typeof` and JSON Schema name them.
    const NAMES: [(&str, Self); 6] = [
        ("null", Self::NULL),
        ("boolean", Self::BOOL),
        ("number", Self::NUMBER),
        ("string", Self::STRING),
        ("array", Self::ARRAY),
        ("object", Self::OBJECT),
    ];

    /// The type of one value.
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Null => Self::NULL,
            Kind::True | Kind::False => Self::BOOL,
            Kind::Number => Self::NUMBER,
            Kind::String => Self::STRING,
            Kind::Array => Self::ARRAY,
            Kind::Object => Self::OBJECT,
        }
    }

    /// The type of a name as `jsonb_typeof` and JSON Schema have it.
    pub fn named(name: &str) -> Self {
        Self::NAMES.iter().find(|(known, _)| *known == name).map_or(Self::NONE, |(_, types)| *types)
    }

    /// Those names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(_, types)| self.meets(*types)).map(|(name, _)| name)
    }

    /// The types of either.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not null.
    #[must_use]
    pub const fn values(self) -> Self {
        Self(self.0 & Self::VALUE.0)
    }

    /// Whether they have a type in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// `a number or a string`
impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            let or = if index > 0 { " or " } else { "" };
            let article = match name {
                "null" => "",
                "array" | "object" => "an ",
                _ => "a ",
            };
            write!(f, "{or}{article}{name}")?;
        }
        Ok(())
    }
}
