//! What a user can do about an error. Command line, HTTP and Python call the same thing by different names, so that a
//! remedy is a text with terms in it, which each words as its users know them.

use std::fmt;

use serde::{Serialize, Serializer};

/// What a user can do: one clause or more, each of which can be followed without the others.
///
/// ```
/// use stacyard_store::{Remedy, Term};
///
/// let remedy = Remedy::from("ask for less").or(Remedy::from("allow more with ").option("timeout"));
/// assert_eq!(remedy.to_string(), "ask for less, or allow more with `timeout`");
/// let for_a_shell = |term: &Term| match term {
///     Term::Text(text) => Some(text.clone()),
///     Term::Setting(setting) => Some(format!("--{}", setting.name)),
///     Term::Command { .. } => None,
/// };
/// assert_eq!(remedy.worded(for_a_shell).unwrap(), "ask for less, or allow more with --timeout");
/// let for_others = |term: &Term| if let Term::Text(text) = term { Some(text.clone()) } else { None };
/// assert_eq!(remedy.worded(for_others).unwrap(), "ask for less");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remedy(Vec<Clause>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Clause {
    /// What joins it to the clause before it.
    joint: &'static str,
    terms: Vec<Term>,
}

/// A part of a remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// Words.
    Text(String),
    /// An option of what is done now.
    Setting(Setting),
    /// An operation, with what it is called with.
    Command {
        /// Its name, such as `validate`.
        name: &'static str,
        /// Stores and the like, as a user would write them. A word in capitals stands for one of the user's own.
        arguments: Vec<String>,
        /// Its options.
        options: Vec<Setting>,
    },
}

/// An option by its name, such as `timeout`, and the value that it is to have, if one is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name, words with `-` between.
    pub name: &'static str,
    /// Its value.
    pub value: Option<String>,
}

impl From<&'static str> for Setting {
    fn from(name: &'static str) -> Self {
        Self { name, value: None }
    }
}

/// Its name and its value.
impl<V: Into<String>> From<(&'static str, V)> for Setting {
    fn from((name, value): (&'static str, V)) -> Self {
        Self { name, value: Some(value.into()) }
    }
}

impl From<&str> for Remedy {
    fn from(text: &str) -> Self {
        Self::default().text(text)
    }
}

impl From<String> for Remedy {
    fn from(text: String) -> Self {
        Self::default().text(text)
    }
}

impl Remedy {
    /// One that begins with an option.
    pub fn setting(setting: impl Into<Setting>) -> Self {
        Self::default().option(setting)
    }

    /// One that begins with an operation.
    pub fn call(name: &'static str, arguments: &[&str]) -> Self {
        Self::default().command(name, arguments)
    }

    /// Goes on with words.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.term(Term::Text(text.into()))
    }

    /// Goes on with an option.
    #[must_use]
    pub fn option(self, setting: impl Into<Setting>) -> Self {
        self.term(Term::Setting(setting.into()))
    }

    /// Goes on with an operation.
    #[must_use]
    pub fn command(self, name: &'static str, arguments: &[&str]) -> Self {
        self.command_with(name, arguments, Vec::new())
    }

    /// Goes on with an operation that has options.
    #[must_use]
    pub fn command_with(self, name: &'static str, arguments: &[&str], options: Vec<Setting>) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self.term(Term::Command { name, arguments, options })
    }

    /// What can be done instead.
    #[must_use]
    pub fn or(self, other: impl Into<Self>) -> Self {
        self.join(", or ", other.into())
    }

    /// What can be done or said beside it.
    #[must_use]
    pub fn also(self, other: impl Into<Self>) -> Self {
        self.join("; ", other.into())
    }

    fn term(mut self, term: Term) -> Self {
        match self.0.last_mut() {
            Some(clause) => clause.terms.push(term),
            None => self.0.push(Clause { joint: "; ", terms: vec![term] }),
        }
        self
    }

    fn join(mut self, joint: &'static str, mut other: Self) -> Self {
        if let Some(first) = other.0.first_mut() {
            first.joint = joint;
        }
        self.0.append(&mut other.0);
        self
    }

    /// Whether it says nothing.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, with each term as `word` says it. A clause with a term for which it has no word is left out; `None`: all
    /// are.
    pub fn worded(&self, word: impl Fn(&Term) -> Option<String>) -> Option<String> {
        let mut out = String::new();
        for Clause { joint, terms } in &self.0 {
            let Some(text) = terms.iter().map(&word).collect::<Option<String>>() else { continue };
            if !out.is_empty() {
                out.push_str(if out.ends_with('?') { " " } else { joint });
            }
            out.push_str(&text);
        }
        (!out.is_empty()).then_some(out)
    }

    /// The same with another spelling of all that is not a name of ours.
    pub(crate) fn map(mut self, fit: impl Fn(&str) -> String) -> Self {
        let setting = |setting: &mut Setting| setting.value = setting.value.as_deref().map(&fit);
        for term in self.0.iter_mut().flat_map(|clause| &mut clause.terms) {
            match term {
                Term::Text(text) => *text = fit(text),
                Term::Setting(one) => setting(one),
                Term::Command { arguments, options, .. } => {
                    *arguments = arguments.iter().map(|argument| fit(argument)).collect();
                    options.iter_mut().for_each(setting);
                }
            }
        }
        self
    }
}

/// Names of options and operations as they are, in backticks.
impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |Setting { name, value }: &Setting| match value {
            Some(value) => format!("{name} {value}"),
            None => (*name).to_owned(),
        };
        let word = |term: &Term| match term {
            Term::Text(text) => text.clone(),
            Term::Setting(setting) => format!("`{}`", of(setting)),
            Term::Command { name, arguments, options } => {
                let words = arguments.iter().cloned().chain(options.iter().map(of));
                let words: Vec<String> = std::iter::once((*name).to_owned()).chain(words).collect();
                format!("`{}`", words.join(" "))
            }
        };
        f.write_str(&self.worded(|term| Some(word(term))).unwrap_or_default())
    }
}

/// As it is [shown](fmt::Display).
impl Serialize for Remedy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
