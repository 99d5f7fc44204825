//! A search as it is written on a command line.

use std::fmt::Write as _;

use stacyard_search::cql2::Expr;
use stacyard_search::{
    Area, Fields, FreeText, Search, SearchError, SortKey, parse_collections, parse_datetime, parse_filter,
    parse_ids, parse_query,
};

/// The flags of a search, each with its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question(Vec<(&'static str, String)>);

impl Question {
    /// Of flags such as `("bbox", "0,0,10,10")`.
    pub fn of(parts: &[(&'static str, &str)]) -> Self {
        Self(parts.iter().map(|(flag, value)| (*flag, (*value).to_owned())).collect())
    }

    /// With one more flag.
    #[must_use]
    pub fn with(mut self, flag: &'static str, value: impl Into<String>) -> Self {
        self.0.push((flag, value.into()));
        self
    }

    /// The flags and their values.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(flag, value)| (*flag, value.as_str()))
    }

    fn get(&self, flag: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == flag).map(|(_, value)| value.as_str())
    }

    /// The typed search.
    pub fn search(&self) -> Result<Search, SearchError> {
        Ok(Search {
            collections: self.get("collections").map(parse_collections).transpose()?.unwrap_or_default(),
            ids: self.get("ids").map(parse_ids).transpose()?.unwrap_or_default(),
            area: Area::parse(self.get("bbox"), self.get("intersects"))?,
            datetime: self.get("datetime").map(parse_datetime).transpose()?,
            text: self.get("q").map(FreeText::parse).transpose()?.unwrap_or_default(),
            filter: Expr::all([
                self.get("filter").map(parse_filter).transpose()?,
                self.get("query").map(parse_query).transpose()?.flatten(),
            ]),
            sortby: self.get("sortby").map(SortKey::parse_list).transpose()?.unwrap_or_default(),
            fields: self.get("fields").map(Fields::parse).transpose()?.unwrap_or_default(),
            limit: None,
            max_items: self.get("max-items").and_then(|number| number.parse().ok()),
        })
    }

    /// The command that asks it.
    pub fn command(&self) -> String {
        let mut command = "stacyard search STORE".to_owned();
        for (flag, value) in &self.0 {
            // As a shell takes it.
            let _ = write!(command, " --{flag}='{}'", value.replace('\'', "'\\''"));
        }
        command
    }
}
