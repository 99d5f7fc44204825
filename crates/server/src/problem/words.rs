//! The words of HTTP for what the libraries say: options are parameters, operations are resources.

use stacyard_store::{Remedy, Setting, Term};

/// What can be done, as a client would do it; `None`: nothing that a client could.
pub(super) fn remedy(remedy: &Remedy) -> Option<String> {
    remedy.worded(word)
}

fn word(term: &Term) -> Option<String> {
    match term {
        Term::Text(text) => Some(text.clone()),
        Term::Setting(setting) => parameter(setting),
        Term::Command { name: "info", .. } => Some("GET /collections".to_owned()),
        Term::Command { .. } => None,
    }
}

fn parameter(Setting { name, value }: &Setting) -> Option<String> {
    let name = ["filter", "query", "sortby", "fields", "limit"].into_iter().find(|known| known == name)?;
    Some(value.as_ref().map_or_else(|| name.to_owned(), |value| format!("{name}={value}")))
}
