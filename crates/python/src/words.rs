//! The words of Python for what the libraries say: options are keywords, operations are functions.

use pyo3::pyfunction;
use stacyard::{Remedy, Setting, Term};
use stacyard_store::{quoted, without_passwords};

/// A text for people: without the passwords of the URLs in it.
#[pyfunction]
pub(crate) fn shown(text: &str) -> String {
    without_passwords(text).into_owned()
}

/// What can be done, as a user of Python would do it.
pub(crate) fn remedy(remedy: &Remedy) -> Option<String> {
    remedy.worded(|term| Some(word(term)))
}

/// Operations that are functions of the package; the others are commands, which the package brings too.
const FUNCTIONS: [&str; 4] = ["copy", "commit", "validate", "init"];

/// Options that are on or off.
const SWITCHES: [&str; 9] = [
    "allow-empty",
    "anonymous",
    "filter-lenient",
    "follow-foreign",
    "overwrite",
    "require-schemas",
    "resume",
    "strict-api",
    "update",
];

fn word(term: &Term) -> String {
    match term {
        Term::Text(text) => text.clone(),
        Term::Setting(setting) => keyword(setting),
        Term::Command { name, arguments, options } if FUNCTIONS.contains(name) => {
            let arguments = arguments.iter().map(|argument| text_or_placeholder(argument));
            let words: Vec<String> = arguments.chain(options.iter().map(keyword)).collect();
            format!("stacyard.{name}({})", words.join(", "))
        }
        Term::Command { name, arguments, options } => {
            let arguments = arguments.iter().map(|argument| quoted(argument).into_owned());
            let flag = |Setting { name, value }: &Setting| match value {
                Some(value) => format!("--{name} {value}"),
                None => format!("--{name}"),
            };
            let words: Vec<String> = arguments.chain(options.iter().map(flag)).collect();
            format!(
                "the command `{}`",
                [&["stacyard".to_owned(), (*name).to_owned()], &*words].concat().join(" ")
            )
        }
    }
}

/// An option as the keyword that it is here.
fn keyword(Setting { name, value }: &Setting) -> String {
    let keyword = match *name {
        "collections-file" => "collections".to_owned(),
        "header" => "headers".to_owned(),
        "object-option" => "object_options".to_owned(),
        name => name.replace('-', "_"),
    };
    match value {
        Some(value) => format!("{keyword}={}", text_or_placeholder(value)),
        None if SWITCHES.contains(name) => format!("{keyword}=True"),
        None => format!("`{keyword}`"),
    }
}

/// A text of Python, unless it is a number or stands for one of the user's own.
fn text_or_placeholder(text: &str) -> String {
    let stands_for_another = text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let text = text.trim_matches('\'');
    if stands_for_another || text.parse::<f64>().is_ok() { text.to_owned() } else { format!("{text:?}") }
}
