//! The `stacyard` command as a program of its own.

use std::process::ExitCode;

/// Columns are large and come and go: the system's allocator hands their pages back and asks for them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(stacyard_cli::command(std::env::args_os().collect()))
}
