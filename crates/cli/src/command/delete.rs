//! `delete`: the Items of a store that answer a search go.

use std::io::{self, BufRead, IsTerminal};

use stacyard::{Deleting, StoreUrl};
use stacyard_store::Error;

use crate::console::progress::Console;
use crate::console::report::{self, Rejects, Status, count};
use crate::console::say;
use crate::files::{open, rejects};
use crate::flags::{Delete, Global};

pub(crate) fn run(global: &Global, flags: &Delete) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.store, global.store_kind)?;
    let files = flags.question.files();
    let mut rejects = rejects::begin(global, flags.rejects.as_deref(), (&[&url], Some(&url)), &files)?;
    let stop = flags.question.stop();
    let deleting = Deleting {
        open: open::how(global)?,
        query: flags.question.parse()?,
        layout: flags.layout.asked(global),
    };
    deleting.check(&url)?;
    let mut console = Console::new(global, Rejects::File);
    let store = open::store(&url, global)?;
    let found = store.count(&deleting.query, global.run(&stop, None, &mut console))?.answered;
    console.finish();
    if found == 0 {
        report::say(global, &format!("no Item of {url} answers: nothing is deleted"));
        return Ok(Status::Done);
    }
    if !flags.yes {
        confirm(&url, found)?;
    }
    let mut console = Console::new(global, Rejects::aside(flags.rejects.as_ref(), global.json_log));
    let run = global.run(&stop, rejects.as_mut(), &mut console);
    let deleted = stacyard::delete(&url, deleting, run)?;
    console.finish();
    if deleted.changed > 0 {
        let others = count(deleted.changed, "Item");
        report::warn(
            global,
            &format!("{others} left: changed by others meanwhile, or gone; run it again to see"),
        );
    }
    report::say(global, &format!("{} deleted from {url}", count(deleted.gone, "Item")));
    Ok(Status::of(deleted.rejected))
}

/// Asks on a terminal; elsewhere nobody could answer.
fn confirm(url: &StoreUrl, found: u64) -> Result<(), Error> {
    let what = if found == 1 { "1 Item".to_owned() } else { count(found, "Item") };
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Error::usage(
            format!("{what} of {url} would be deleted, and there is no terminal to ask on"),
            "--yes deletes without asking; stacyard search with the same flags shows them",
        ));
    }
    say::line(format_args!("{what} of {url} will be deleted. Type yes to go on:"));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|cause| Error::failed("no answer").caused_by(cause))?;
    if answer.trim() == "yes" {
        Ok(())
    } else {
        Err(Error::usage("nothing was deleted", "type yes, or give --yes"))
    }
}
