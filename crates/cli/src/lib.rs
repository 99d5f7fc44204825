//! The `stacyard` command: flags in, exit status out. What lies between is in the wings. It is a library, so that whatever starts the command
//! (`main.rs`, the Python package) runs the same one.

mod arguments;
mod command;
mod console;
mod files;
mod flags;

use std::ffi::OsString;
use std::sync::Arc;

use clap::CommandFactory;
use stacyard_store::Error;

use crate::command::{
    collections, copy, delete, help, info, init, map, optimize, search, serve, sync, token, validate,
    versions,
};
use crate::console::report::{self, Status};
use crate::console::{fault, interrupt, say, usage, words};
use crate::flags::{Cli, Command};

/// Runs the command with the arguments of a process, the first of which is its name; gives the exit status. It takes the process over: handlers of
/// signals and of panics are its own from here on, and an interrupt ends the process.
pub fn command(arguments: Vec<OsString>) -> u8 {
    arguments::keep(&arguments);
    let cli = match flags::parse(arguments) {
        Ok(Ok(cli)) => cli,
        Ok(Err(error)) => return usage::report(error),
        Err(error) => {
            report::error(&error, false);
            return words::status(error.kind());
        }
    };
    // Without the handlers an interrupt would leave temporary files behind, as would a file that may not grow further (its
    // error is that of the write then), and nothing worse.
    let _ = ctrlc::set_handler(interrupt::interrupted);
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    let json_log = cli.global.json_log;
    match fault::caught(|| run(cli)) {
        Ok(Status::Done) => 0,
        Ok(Status::SomeRejected) => 1,
        Err(error) => {
            let status = words::status(error.kind());
            if status != 0 {
                report::error(&error, json_log);
            }
            status
        }
    }
}

fn run(cli: Cli) -> Result<Status, Error> {
    match cli.command {
        Command::Validate(flags) => validate::run(&cli.global, &flags),
        Command::Copy(flags) => copy::run(&cli.global, &flags),
        Command::Crawl(flags) => copy::crawl(&cli.global, &flags),
        Command::Search(flags) => search::run(&cli.global, &flags),
        Command::Serve(flags) => serve::run(&cli.global, &flags),
        Command::Token(flags) => token::run(&flags),
        Command::Collections(flags) => collections::run(&cli.global, &flags),
        Command::Info(flags) => info::run(&cli.global, &flags),
        Command::Map(flags) => map::run(&cli.global, &flags),
        Command::Init(flags) => init::run(&cli.global, &flags),
        Command::Delete(flags) => delete::run(&cli.global, &flags),
        Command::Sync(flags) => sync::run(&cli.global, &flags),
        Command::Optimize(flags) => optimize::run(&cli.global, &flags),
        Command::Commit(flags) => versions::commit(&cli.global, &flags),
        Command::Tag(flags) => versions::tag(&cli.global, &flags),
        Command::History(flags) => versions::history(&cli.global, &flags),
        Command::Diff(flags) => versions::diff(&cli.global, &flags),
        Command::Vacuum(flags) => versions::vacuum(&cli.global, &flags),
        Command::Man { folder } => help::manual(&folder),
        Command::Help { about } => help::run(&about),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stacyard", &mut script);
            say::data(&script)?;
            Ok(Status::Done)
        }
    }
}
