//! The words of the command line for what the libraries say: options are flags, operations are commands.

use stacyard_store::{ErrorKind, Remedy, Setting, Term, quoted};

use crate::console::report::FAILED;

/// The exit status of what was asked for wrongly.
const USAGE: u8 = 2;

/// The exit status of an error of this kind. Whoever has read enough of the output has what was wanted.
pub(crate) const fn status(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::BrokenPipe => 0,
        ErrorKind::Usage | ErrorKind::UnknownName | ErrorKind::Exists | ErrorKind::Unsupported => USAGE,
        ErrorKind::Invalid
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::Limit
        | ErrorKind::Unavailable
        | ErrorKind::Denied
        | ErrorKind::Damaged
        | ErrorKind::Cancelled
        | ErrorKind::Failed => FAILED,
    }
}

/// What can be done, as a user of the shell would do it.
pub(crate) fn remedy(remedy: &Remedy) -> String {
    remedy.worded(|term| Some(word(term))).unwrap_or_default()
}

fn word(term: &Term) -> String {
    match term {
        Term::Text(text) => text.clone(),
        Term::Setting(setting) => flag(setting),
        Term::Command { name, arguments, options } => {
            let arguments = arguments.iter().map(|argument| quoted(argument).into_owned());
            let words: Vec<String> = arguments.chain(options.iter().map(flag)).collect();
            [&["stacyard".to_owned(), (*name).to_owned()], &*words].concat().join(" ")
        }
    }
}

fn flag(Setting { name, value }: &Setting) -> String {
    match value {
        Some(value) => format!("--{name} {value}"),
        None => format!("--{name}"),
    }
}
