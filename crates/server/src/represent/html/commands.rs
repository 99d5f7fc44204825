//! What one sees, to ask for elsewhere: as CQL2, and as commands to copy. A value of a search is any text, so that each is quoted as its language
//! quotes texts: none can become a command.

use maud::{Markup, html};
use serde_json::json;
use stacyard_search::cql2::Expr;

use super::words;

/// The parameters that the commands know by the same names; how many Items a page has is left to them.
const KNOWN: [&str; 9] =
    ["collections", "ids", "bbox", "intersects", "datetime", "q", "filter", "query", "sortby"];

/// A search as other faces ask it.
pub(crate) struct Commands {
    /// The URL of the API.
    pub(crate) root: String,
    /// The URL of the answer as JSON.
    pub(crate) url: String,
    /// The parameters.
    pub(crate) given: Vec<(String, String)>,
    pub(crate) filter: Filter,
}

/// What CQL2 says of a search.
pub(crate) enum Filter {
    /// All that is asked; `None`: for all Items.
    Whole(Option<Expr>),
    /// The conditions of its filter, beside which there is more that it cannot say.
    Part(Option<Expr>),
}

impl Commands {
    fn known(&self) -> impl Iterator<Item = (&str, &str)> {
        let given = self.given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        given.filter(|(name, _)| KNOWN.contains(name))
    }

    /// Without a glob: brackets and braces of a URL are what they are.
    fn curl(&self) -> String {
        format!("curl --globoff {}", for_shell(&self.url))
    }

    fn stacyard(&self) -> String {
        let flags = self.known().map(|(name, value)| format!(" {}", for_shell(&format!("--{name}={value}"))));
        format!("stacyard search {}{}", for_shell(&self.root), flags.collect::<String>())
    }

    fn python(&self) -> String {
        let keywords: Vec<String> =
            self.known().map(|(name, value)| format!("{name}={}", for_python(value))).collect();
        format!(
            "import stacyard\n\nitems = stacyard.open({}).search({})\nfor item in items:\n    print(item[\"id\"])",
            for_python(&self.root),
            keywords.join(", ")
        )
    }

    pub(super) fn shown(&self) -> Markup {
        let (filter, is_whole) = match &self.filter {
            Filter::Whole(filter) => (filter, true),
            Filter::Part(filter) => (filter, false),
        };
        // What CQL2 text cannot write there is as CQL2 JSON.
        let text = filter.as_ref().and_then(|filter| filter.to_text().ok());
        let json = filter.as_ref().map(|filter| format!("{:#}", filter.to_json()));
        html! {
            details .card #commands {
                summary { (words::COMMANDS) }
                (copyable("curl", "curl", &self.curl()))
                // Pasted into a terminal, a control character could end the line, and what follows would be run.
                @if !self.given.iter().any(|(_, value)| value.contains(char::is_control)) {
                    (copyable("stacyard", "stacyard", &self.stacyard()))
                }
                (copyable("python", "Python", &self.python()))
                @if filter.is_some() { p .note { (if is_whole { words::WHOLE_FILTER } else { words::PART_OF_FILTER }) } }
                @if let Some(text) = &text { (copyable("cql2-text", "CQL2 text", text)) }
                @if let Some(json) = &json { (copyable("cql2-json", "CQL2 JSON", json)) }
            }
        }
    }
}

fn copyable(id: &str, title: &str, text: &str) -> Markup {
    html! {
        div .copyable {
            h3 { (title) }
            pre id=(id) tabindex="0" { (text) }
            button .quiet type="button" data-copy=(id) aria-label={ "Copy " (title) } hidden { "Copy" }
        }
    }
}

/// A text as one word of a POSIX shell (XCU 2.2.2): in single quotes each character is itself, but for the quote.
fn for_shell(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text as Python writes it: each escape of JSON means the same there.
fn for_python(text: &str) -> String {
    json!(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted() {
        assert_eq!(for_shell("--bbox=-1,2,3,4"), "--bbox=-1,2,3,4");
        assert_eq!(for_shell("a'b $(rm) `x` \"\\"), r#"'a'\''b $(rm) `x` "\'"#);
        assert_eq!(for_shell(""), "''");
        assert_eq!(for_python("a\"b\\\n'"), r#""a\"b\\\n'""#);
    }
}
