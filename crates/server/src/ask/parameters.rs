//! The query string of a request. Each parameter is known, there once, and text.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use stacyard_model::json::{Document, Value};

use super::known;
use crate::form::{Chosen, What};
use crate::links::{decoded, encoded};
use crate::problem::Problem;

/// A parameter that a route takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// Its JSON Schema, in a URL.
    pub(crate) schema: &'static str,
    /// That of the member of a body that says the same.
    pub(crate) member: &'static str,
}

/// The parameters of a request, in the order of the URL, as they are written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters {
    query: String,
    /// Whether `f` chooses among representations.
    has_forms: bool,
    /// Whether a page is wanted, which has a form: it sends the fields that nobody has filled, and each box of a list that is ticked.
    is_page: bool,
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let has_forms = parts.extensions.get::<Chosen>().is_some_and(Chosen::has_others);
        let is_page = parts.extensions.get::<Chosen>().is_some_and(|chosen| chosen.what() == What::Page);
        Ok(Self { query: parts.uri.query().unwrap_or_default().to_owned(), has_forms, is_page })
    }
}

impl Parameters {
    /// Those of a route that takes these, and `f` where there is a choice.
    pub(crate) fn of(&self, known: &[Parameter]) -> Result<Given, Problem> {
        let known: Vec<Parameter> = known.iter().copied().chain(self.has_forms.then_some(known::F)).collect();
        let mut given: Vec<(&'static str, String)> = Vec::new();
        for part in self.query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (text(name)?, text(value)?);
            let Some(parameter) = known.iter().find(|known| known.name == name) else {
                return Err(unknown(&name, &known));
            };
            // Of `fields` nothing is a list, too.
            if self.is_page && value.is_empty() && parameter.name != known::FIELDS.name {
                continue;
            }
            if let Some((_, before)) = given.iter_mut().find(|(other, _)| *other == parameter.name) {
                if self.is_page && parameter.name == known::COLLECTIONS.name {
                    *before = format!("{before},{value}");
                    continue;
                }
                return Err(Problem::bad(format!("the parameter {name:?} is there twice")).parameter(&name));
            }
            given.push((parameter.name, value));
        }
        Ok(Given(given))
    }

    /// All that are text, known or not, as a form shows them again.
    pub(crate) fn as_written(&self) -> Vec<(String, String)> {
        let pairs = self.query.split('&').filter_map(|part| part.split_once('='));
        let mut all: Vec<(String, String)> = Vec::new();
        for (name, value) in pairs.filter_map(|(name, value)| Some((decoded(name)?, decoded(value)?))) {
            match all.iter_mut().find(|(known, _)| *known == name) {
                Some((_, before)) if name == known::COLLECTIONS.name => *before = format!("{before},{value}"),
                _ if value.is_empty() => {}
                _ => all.push((name, value)),
            }
        }
        all
    }

    /// Refuses all but `f`: what a route without parameters does.
    pub(crate) fn none(&self) -> Result<(), Problem> {
        self.of(&[]).map(|_| ())
    }
}

fn unknown(name: &str, known: &[Parameter]) -> Problem {
    let names: Vec<&str> = known.iter().map(|known| known.name).collect();
    let help = match names[..] {
        [] => "there are no parameters here".to_owned(),
        [name] => format!("there is {name} only"),
        _ => format!("there are {}", names.join(", ")),
    };
    Problem::bad(format!("{name:?} is no parameter here")).parameter(name).help(help)
}

fn text(encoded: &str) -> Result<String, Problem> {
    decoded(encoded).ok_or_else(|| Problem::bad("the query of the URL is not UTF-8"))
}

/// Parameters that are known, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given(Vec<(&'static str, String)>);

impl Given {
    /// The strings, numbers, and lists of strings among the members of a body, as a URL has them.
    pub(crate) fn of_body(body: &Document, known: &[Parameter]) -> Self {
        let plain = |value: Value<'_>| match value.as_str() {
            Some(text) => Some(text.into_owned()),
            None => value.as_number().map(|number| number.text().to_owned()),
        };
        let text = |value: Value<'_>| match value.elements() {
            Some(mut elements) => elements
                .try_fold(Vec::new(), |mut list, element| {
                    list.push(plain(element)?);
                    Some(list)
                })
                .map(|list| list.join(",")),
            None => plain(value),
        };
        let given = known.iter().filter_map(|known| Some((known.name, text(body.root().get(known.name)?)?)));
        Self(given.collect())
    }

    /// All, each with its value.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// The same question, as the query of a URL.
    pub(crate) fn query(&self) -> String {
        self.written(&[], None)
    }

    /// The same question at another place of its answer, as the query of a URL.
    pub(crate) fn with_token(&self, token: &str) -> String {
        self.written(&["token"], Some(("token", token)))
    }

    /// The same question, answered in another representation. One that is whole has no pages.
    pub(crate) fn with_form(&self, name: &str, is_whole: bool) -> String {
        let without: &[&str] = if is_whole { &["f", "token", "limit"] } else { &["f"] };
        self.written(without, Some(("f", name)))
    }

    fn written(&self, without: &[&str], with: Option<(&str, &str)>) -> String {
        let same = self.0.iter().map(|(name, value)| (*name, value.as_str()));
        let all = same.filter(|(name, _)| !without.contains(name)).chain(with);
        let pairs: Vec<String> = all.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::known;

    fn of(query: &str) -> Result<Given, Problem> {
        Parameters { query: query.to_owned(), has_forms: true, is_page: false }.of(known::SEARCH)
    }

    #[test]
    fn parameters_are_known_once_and_text() {
        let given = of("collections=a+b%2Bc&limit=5&&token=x").unwrap();
        assert_eq!(given.get("collections"), Some("a b+c"));
        assert_eq!(given.with_token("y/z"), "?collections=a%20b%2Bc&limit=5&token=y%2Fz");
        assert_eq!(given.with_form("html", false), "?collections=a%20b%2Bc&limit=5&token=x&f=html");
        assert_eq!(given.with_form("ndjson", true), "?collections=a%20b%2Bc&f=ndjson");
        assert_eq!(of("f=html&limit=5").unwrap().with_token("y"), "?f=html&limit=5&token=y");
        for wrong in ["colections=a", "limit=1&limit=2", "ids=%FF"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_form_sends_empty_fields_and_ticked_boxes() {
        let of_form = |query: &str| {
            Parameters { query: query.to_owned(), has_forms: true, is_page: true }.of(known::SEARCH)
        };
        let given = of_form("bbox=&collections=a&collections=b&datetime=&fields=").unwrap();
        assert_eq!(given.query(), "?collections=a,b&fields=");
        assert!(of_form("limit=1&limit=2").is_err() && of("bbox=&collections=a&collections=b").is_err());
    }
}
