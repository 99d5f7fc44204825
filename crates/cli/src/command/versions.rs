//! `commit`, `tag`, `history`, `diff` and `vacuum`: the versions of a dataset.

use std::fmt::Write as _;

use indicatif::{HumanBytes, HumanCount};
use stacyard::{Difference, Entry, Error, Mode, Stop, StoreUrl};

use crate::console::progress::Console;
use crate::console::report::{self, Rejects, Status, count};
use crate::console::say::{self, Text};
use crate::files::{open, rejects};
use crate::flags::{Commit, Diff, Format, Global, History, Tag, Vacuum};

pub(crate) fn commit(global: &Global, flags: &Commit) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.dataset, global.store_kind)?;
    rejects::refuse_target(&url, &flags.parts)?;
    let mut rejects = rejects::begin(global, flags.rejects.as_deref(), (&[], Some(&url)), &flags.parts)?;
    let mut console = Console::new(global, Rejects::aside(flags.rejects.as_ref(), global.json_log));
    console.copies(&url, Mode::default());
    let run = global.run(&Stop::default(), rejects.as_mut(), &mut console);
    let report = stacyard::commit(&url, &flags.parts, &open::how(global)?, run)?;
    console.finish();
    report::done(&report, report.written, &format!("committed to {url}"), flags.rejects.as_ref(), global);
    Ok(Status::of(report.rejected))
}

pub(crate) fn tag(global: &Global, flags: &Tag) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.dataset, global.store_kind)?;
    let (open, name) = (open::how(global)?, &flags.name);
    let said = if flags.delete {
        format!("{url}: {name} was version {}", stacyard::untag(&url, name, &open)?)
    } else {
        format!("{url}: {name} is version {}", stacyard::tag(&url, name, &open)?)
    };
    if !global.quiet {
        let mut done = Text::default();
        done.line(said);
        done.print()?;
    }
    Ok(Status::Done)
}

pub(crate) fn history(global: &Global, flags: &History) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.dataset, global.store_kind)?;
    let entries = stacyard::history(&url, &open::how(global)?)?;
    match flags.format {
        Format::Text => {
            let mut text = Text::default();
            for entry in &entries {
                text.line(for_people(entry));
            }
            text.print()?;
        }
        Format::Json => {
            let entries = serde_json::to_value(&entries)
                .map_err(|cause| Error::failed("cannot print").caused_by(cause))?;
            say::json(&format!("{entries:#}\n"))?;
        }
    }
    Ok(Status::Done)
}

fn for_people(entry: &Entry) -> String {
    let mut line = format!("{:>6}  {:.3}  ", entry.version, entry.at);
    if let Some(moved) = entry.items {
        let counts = [
            (moved.came, "new"),
            (moved.replaced, "replaced"),
            (moved.went, "deleted"),
            (moved.rejected, "rejected"),
        ];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(items, _)| *items > 0)
            .map(|(items, what)| format!("{} {what}", HumanCount(*items)))
            .collect();
        let counts = if counts.is_empty() { "no Items".to_owned() } else { counts.join(", ") };
        let _ = write!(line, "{counts}; ");
    }
    let [came, went] = entry.files;
    let _ = write!(line, "files +{came} -{went}; {}", entry.command);
    if let Some(who) = &entry.who {
        let _ = write!(line, " ({who})");
    }
    if !entry.tags.is_empty() {
        let _ = write!(line, " [{}]", entry.tags.join(", "));
    }
    if !entry.is_whole {
        line.push_str(", vacuumed");
    }
    line
}

pub(crate) fn diff(global: &Global, flags: &Diff) -> Result<Status, Error> {
    let (from, to) =
        (StoreUrl::parse(&flags.from, global.store_kind)?, StoreUrl::parse(&flags.to, global.store_kind)?);
    stacyard::diff(&from, &to, &open::how(global)?, |difference, item| {
        let change = match difference {
            Difference::Added => "added",
            Difference::Changed => "changed",
            Difference::Removed => "removed",
        };
        let head = format!("{{\"change\":\"{change}\",\"item\":");
        say::data(&[head.as_bytes(), item, b"}\n"].concat())
    })?;
    Ok(Status::Done)
}

pub(crate) fn vacuum(global: &Global, flags: &Vacuum) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.dataset, global.store_kind)?;
    let done = stacyard::vacuum(&url, flags.older_than, flags.dry_run, &open::how(global)?)?;
    if !global.quiet {
        let done_or_not = if flags.dry_run { "would be removed" } else { "removed" };
        let mut text = Text::default();
        text.line(format!(
            "{url}: {} {done_or_not}, {}; versions from {} on are whole, and those with a tag",
            count(done.files, "file"),
            HumanBytes(done.bytes),
            done.oldest
        ));
        text.print()?;
    }
    Ok(Status::Done)
}
