//! `init`: the tables of a database.

use stacyard::{Error, Initialised, StoreUrl, Wanted, create, plan};

use crate::console::report::Status;
use crate::console::say::{self, Text};
use crate::files::schemas;
use crate::flags::{Global, Init};

pub(crate) fn run(global: &Global, flags: &Init) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.store, global.store_kind)?;
    let profile = flags.profile.as_deref().map(schemas::profile).transpose()?;
    let wanted = Wanted { profile: profile.as_ref(), partitions: &flags.partition };
    if flags.dry_run {
        say::data(plan(&url, wanted)?.as_bytes())?;
        return Ok(Status::Done);
    }
    let Initialised { from, to, changes } = create(&url, wanted)?;
    if !global.quiet {
        let mut done = Text::default();
        done.line(match from {
            0 => format!("{url}: tables made, version {to}"),
            from if from < to => format!("{url}: from version {from} to {to}"),
            _ if changes.is_empty() => format!("{url}: nothing to do, version {to}"),
            _ => format!("{url}: version {to}"),
        });
        for change in &changes {
            done.line(format_args!("  {change}"));
        }
        done.print()?;
    }
    Ok(Status::Done)
}
