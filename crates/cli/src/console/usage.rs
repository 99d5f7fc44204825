//! Arguments that nothing takes: what clap says of them, with what was meant in its place.

use std::io;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use stacyard_model::shown;
use stacyard_store::{Error, without_password};

use crate::arguments;
use crate::console::report;
use crate::flags;

/// Flags that take a list with commas between.
const LISTS: [&str; 6] = ["--collections", "--ids", "--fields", "--sortby", "--q", "--partition"];

/// Says what is wrong with the command line, or prints the help that it asks for. What is quoted of it is escaped, and has
/// no password: it is what would be said of a command line without them.
pub(crate) fn report(error: clap::Error) -> u8 {
    if !error.use_stderr() {
        return match error.print() {
            Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
                report::error(&Error::io("write", Path::new("standard output"), cause), false);
                report::FAILED
            }
            _ => 0,
        };
    }
    let fit = |argument: &str| shown(&without_password(argument)).into_owned();
    let arguments: Vec<String> = arguments::all().map(|argument| fit(&argument)).collect();
    let again = flags::parse(arguments.iter().map(Into::into).collect());
    let error = again.ok().and_then(Result::err).unwrap_or(error);
    let status = u8::try_from(error.exit_code()).unwrap_or(2);
    let arguments: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    // As all that goes to standard error, it may be lost.
    let _ = explained(error, &arguments).print();
    status
}

/// The error, with a tip where one more argument stands there than there should.
fn explained(mut error: clap::Error, arguments: &[&str]) -> clap::Error {
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(unexpected)) = error.get(ContextKind::InvalidArg)
        && let Some(tip) = box_with_spaces(arguments)
            .or_else(|| list_with_spaces(arguments, unexpected))
            .or_else(|| one_store(arguments, unexpected))
    {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// `--bbox 0 40 10 50`
fn box_with_spaces(arguments: &[&str]) -> Option<String> {
    let at = arguments.iter().position(|argument| argument.starts_with("--bbox"))?;
    let first = arguments[at].strip_prefix("--bbox=");
    let numbers = first.into_iter().chain(arguments[at + 1..].iter().copied());
    let numbers: Vec<&str> = numbers
        .map(|number| number.trim_matches(','))
        .take_while(|number| number.split(',').all(|part| part.parse::<f64>().is_ok()))
        .collect();
    (numbers.len() > 1)
        .then(|| format!("write the numbers of a box with commas between: --bbox {}", numbers.join(",")))
}

/// `--ids a b`
fn list_with_spaces(arguments: &[&str], unexpected: &str) -> Option<String> {
    let at = arguments.iter().position(|argument| *argument == unexpected)?;
    let (flag, value) = match arguments[..at] {
        [.., flag, value] if LISTS.contains(&flag) => (flag, value),
        [.., last] => last.split_once('=').filter(|(flag, _)| LISTS.contains(flag))?,
        [] => return None,
    };
    let value = value.trim_end_matches(',');
    Some(format!("write names with commas between and no spaces: {flag} {value},{unexpected}"))
}

/// `copy A B C`
fn one_store(arguments: &[&str], unexpected: &str) -> Option<String> {
    if unexpected.starts_with('-') {
        return None;
    }
    let tip = match *arguments.iter().find(|argument| COMMANDS.contains(argument))? {
        "copy" => {
            "copy reads one store and writes one: copy several one after the other with --mode insert, or send lines through \
             a pipe (cat A.ndjson B.ndjson | stacyard copy - TARGET)"
        }
        "search" => "search asks one store: copy several into one first, or ask one after the other",
        _ => "one store at a time",
    };
    Some(tip.to_owned())
}

/// Commands whose stores are named one by one. (`validate` takes any number.)
const COMMANDS: [&str; 6] = ["copy", "search", "collections", "info", "init", "optimize"];
