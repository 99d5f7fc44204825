//! What `serve` is told by the environment and by a file: each is a default of the flag of the same name, so that a value means the same
//! wherever it stands, and a flag goes before both.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory, FromArgMatches};
use stacyard_store::{Error, read_side_file};
use toml::{Table, Value};

use super::Cli;

/// What the names of variables of the environment begin with.
const PREFIX: &str = "STACYARD_";

/// The values of flags, by name.
type Settings = BTreeMap<String, Vec<String>>;

/// Reads a command line.
///
/// # Errors
/// A file of settings that cannot be read, or has no meaning; within, what clap has against the command line.
pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Result<Cli, clap::Error>, Error> {
    let mut command = Cli::command();
    let is_serve = arguments.iter().any(|argument| argument == "serve");
    if is_serve {
        command.build();
        let given = command.clone().ignore_errors(true).try_get_matches_from(&arguments);
        let given = given
            .ok()
            .and_then(|given| given.subcommand_matches("serve")?.get_one::<PathBuf>("config").cloned());
        let file = given.or_else(|| std::env::var_os(format!("{PREFIX}CONFIG")).map(PathBuf::from));
        let known = names(&command);
        let mut settings = file.map_or_else(|| Ok(Settings::new()), |file| of_file(&file, &known))?;
        settings.extend(of_environment(&known));
        command = Cli::command().mut_subcommand("serve", |serve| with_defaults(serve, settings));
    }
    Ok(command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches)))
}

/// The names of the flags of `serve`, as they are written.
fn names(command: &Command) -> Vec<String> {
    let serve = command.find_subcommand("serve");
    let flags = serve.into_iter().flat_map(Command::get_arguments).filter(|flag| !flag.is_global_set());
    let flags = flags.map(|flag| flag.get_id().as_str().replace('_', "-"));
    flags.filter(|name| !matches!(name.as_str(), "config" | "help" | "version")).collect()
}

fn of_environment(known: &[String]) -> Settings {
    let variable = |name: &String| {
        let variable = format!("{PREFIX}{}", name.to_ascii_uppercase().replace('-', "_"));
        let text = std::env::var(variable).ok().filter(|text| !text.is_empty())?;
        let values = match name.as_str() {
            "stores" => text.split_whitespace().map(str::to_owned).collect(),
            _ => vec![text],
        };
        Some((name.clone(), values))
    };
    known.iter().filter_map(variable).collect()
}

fn of_file(file: &Path, known: &[String]) -> Result<Settings, Error> {
    let shown = file.display();
    let text = String::from_utf8(read_side_file(file)?)
        .map_err(|_| Error::usage(format!("{shown} is not UTF-8 text"), "write a TOML file"))?;
    let table: Table = toml::from_str(&text).map_err(|cause| {
        let line = cause.span().map_or(0, |at| text[..at.start].matches('\n').count()) + 1;
        let what = cause.message();
        Error::usage(format!("{shown} is not TOML at line {line}: {what}"), "write name = value")
    })?;
    let mut settings = Settings::new();
    for (name, value) in table {
        if !known.contains(&name) {
            let help = format!("there are {}", known.join(", "));
            return Err(Error::usage(format!("{shown}: {name:?} is no setting of serve"), help));
        }
        let values = match value {
            Value::Array(values) => values.into_iter().map(plain).collect(),
            value => plain(value).map(|value| vec![value]),
        };
        let wrong =
            || Error::usage(format!("{shown}: {name} has no plain value"), "write a text or a number");
        settings.insert(name.clone(), values.ok_or_else(wrong)?);
    }
    Ok(settings)
}

fn plain(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(is_so) => Some(is_so.to_string()),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    }
}

fn with_defaults(serve: Command, settings: Settings) -> Command {
    settings.into_iter().fold(serve, |serve, (name, values)| {
        let id = name.replace('-', "_");
        serve.mut_arg(id, |flag| flag.required(false).default_values(values))
    })
}
