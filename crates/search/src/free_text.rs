//! `q`: free text in titles, descriptions and keywords (STAC API free-text extension, basic).

use stacyard_model::json::Value;

use crate::error::SearchError;
use crate::eval::TextFunction;

/// Where free text is looked for, in the properties of an Item.
pub const FREE_TEXT_PROPERTIES: [&str; 3] = ["title", "description", "keywords"];

/// Terms of which one must occur in the title, the description or a keyword of an Item, in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FreeText {
    /// With their case folded.
    terms: Vec<String>,
}

impl FreeText {
    /// Parses `q`: terms with commas between. Words of one term must stand side by side.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        let terms: Vec<&str> = text.split(',').map(str::trim).collect();
        if terms.iter().any(|term| term.is_empty()) {
            return Err(SearchError::List { what: "q", text: text.to_owned() });
        }
        Ok(Self { terms: terms.into_iter().map(fold).collect() })
    }

    /// Whether no text is asked for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether one of the terms occurs.
    pub(crate) fn is_in(&self, properties: Option<Value<'_>>) -> bool {
        self.is_empty()
            || FREE_TEXT_PROPERTIES.iter().any(|name| {
                let value = properties.and_then(|properties| properties.get(name));
                value.is_some_and(|value| self.is_in_value(value))
            })
    }

    fn is_in_value(&self, value: Value<'_>) -> bool {
        if let Some(mut elements) = value.elements() {
            return elements.any(|value| value.as_str().is_some_and(|text| self.is_in_text(&text)));
        }
        value.as_str().is_some_and(|text| self.is_in_text(&text))
    }

    fn is_in_text(&self, text: &str) -> bool {
        let text = fold(text);
        self.terms.iter().any(|term| text.contains(term.as_str()))
    }
}

/// Without case, and with one space where there are several.
fn fold(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    TextFunction::Casei.apply(words.join(" ").into()).into_owned()
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;

    #[test]
    fn terms_are_found_in_any_case() {
        let properties = Document::parse(
            r#"{"title":"Methane  Plume over STRASSE","description":null,"keywords":["Nord Stream",5],"other":"hidden"}"#,
        )
        .unwrap();
        let found = |q: &str| FreeText::parse(q).unwrap().is_in(Some(properties.root()));
        for q in ["plume", "methane plume", "Straße", "nothing,NORD STREAM", "lum"] {
            assert!(found(q), "{q}");
        }
        for q in ["plume methane", "hidden", "5", "null"] {
            assert!(!found(q), "{q}");
        }
        assert!(!FreeText::parse("a").unwrap().is_in(None));
        assert!(FreeText::default().is_in(None));
        assert!(FreeText::parse("a,,b").is_err());
    }
}
