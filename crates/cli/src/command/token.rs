//! `token`: a new token for those who may change what is served.

use stacyard_server::Bearers;
use stacyard_store::Error;

use crate::console::report::Status;
use crate::console::say;
use crate::files::tokens;
use crate::flags::Token;

pub(crate) fn run(flags: &Token) -> Result<Status, Error> {
    let (token, line) = Bearers::mint(&flags.label, &flags.scopes)?;
    tokens::add(&flags.file, &line)?;
    say::data(format!("{token}\n").as_bytes())?;
    Ok(Status::Done)
}
