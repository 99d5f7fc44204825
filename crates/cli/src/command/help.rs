//! `help`: of a command what its `--help` says, of a topic a text of its own; and all of it as manual pages.

use std::path::Path;

use clap::{CommandFactory, Parser};
use stacyard_store::{Error, quoted};

use crate::console::report::Status;
use crate::console::say::{self, Text};
use crate::flags::Cli;

/// The search language on one screen.
const FILTER: &str = include_str!("help_filter.txt");

/// A profile, with what it may hold.
const PROFILE: &str = include_str!("help_profile.txt");

/// Topics that are no commands.
const TOPICS: [(&str, &str); 2] = [("filter", FILTER), ("profile", PROFILE)];

pub(crate) fn run(about: &[String]) -> Result<Status, Error> {
    if let [topic] = about
        && let Some((_, text)) = TOPICS.iter().find(|(name, _)| name == topic)
    {
        say::data(text.as_bytes())?;
        return Ok(Status::Done);
    }
    let whole = Cli::command();
    let mut command = &whole;
    for name in about {
        let Some(found) = command.get_subcommands().find(|known| known.get_name() == name) else {
            let commands = command.get_subcommands().map(clap::Command::get_name);
            let topics = TOPICS.iter().map(|(topic, _)| *topic);
            let known: Vec<&str> = commands.chain(topics).collect();
            return Err(Error::usage(
                format!("there is no command {name:?}"),
                format!("there is help on: {}", known.join(", ")),
            ));
        };
        command = found;
    }
    // The parser prints it as it prints what --help asks for.
    let asked = ["stacyard"].into_iter().chain(about.iter().map(String::as_str)).chain(["--help"]);
    match Cli::try_parse_from(asked) {
        // It knows whether it writes to a terminal.
        Err(help) => help.print().map_err(|e| Error::io("write", Path::new("standard output"), e))?,
        Ok(_) => return Err(Error::failed("there is no help on it")),
    }
    Ok(Status::Done)
}

/// Writes a manual page for the program and one for each command.
pub(crate) fn manual(folder: &Path) -> Result<Status, Error> {
    let failed = |cause| Error::io("write manual pages into", folder, cause);
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(failed)?;
    let page = folder.join("stacyard.1");
    let mut text = Text::default();
    text.line(format_args!("read them with: man {}", quoted(&page.display().to_string())));
    text.print()?;
    Ok(Status::Done)
}
