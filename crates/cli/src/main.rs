//! The `stacyard` command: flags in, exit status out. What the commands do is in their own files.

mod copy;
mod flags;
mod help;
mod info;
mod init;
mod open;
mod optimize;
mod progress;
mod rejects;
mod report;
mod schemas;
mod search;
mod usage;
mod validate;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use stacyard_store::{Error, ErrorKind, abandon_and_exit};

use crate::flags::{Cli, Command};
use crate::report::Status;

/// Columns are large and come and go: the system's allocator hands their pages back and asks for them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a shell calls a program that an interrupt has ended: 128 and the signal.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        usage::explained(error, &std::env::args_os().skip(1).collect::<Vec<_>>()).exit()
    });
    // Without the handler an interrupt would leave temporary files behind, and nothing worse.
    let _ = ctrlc::set_handler(|| abandon_and_exit(INTERRUPTED));
    let json_log = cli.global.json_log;
    match run(cli) {
        Ok(Status::Done) => ExitCode::SUCCESS,
        Ok(Status::SomeRejected) => ExitCode::from(1),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            report::error(&error, json_log);
            ExitCode::from(if error.kind() == ErrorKind::Usage { 2 } else { 3 })
        }
    }
}

fn run(cli: Cli) -> Result<Status, Error> {
    match cli.command {
        Command::Validate(flags) => validate::run(&cli.global, &flags),
        Command::Copy(flags) => copy::run(&cli.global, &flags),
        Command::Search(flags) => search::run(&cli.global, &flags),
        Command::Info(flags) => info::run(&cli.global, &flags),
        Command::Init(flags) => init::run(&cli.global, &flags),
        Command::Optimize(flags) => optimize::run(&cli.global, &flags),
        Command::Man { folder } => help::manual(&folder),
        Command::Help { about } => help::run(&about),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stacyard", &mut script);
            report::print(&script)?;
            Ok(Status::Done)
        }
    }
}
