//! `search`: the Items of a store that answer a question, in order.

use stacyard::{Count, Layout, Mode, Parts, StoreUrl, Target};
use stacyard_store::{Error, Location, Report};

use crate::command::parts;
use crate::console::progress::Console;
use crate::console::report::{self, Rejects, Status};
use crate::console::say::Text;
use crate::files::{open, rejects};
use crate::flags::{self, CountKind, Global};

pub(crate) fn run(global: &Global, flags: &flags::Search) -> Result<Status, Error> {
    let store = StoreUrl::parse(&flags.store, global.store_kind)?;
    let target = StoreUrl::parse(&flags.output, flags.format)?;
    if target.kind().is_database() {
        return Err(Error::usage(
            format!("{target}: search writes its answer to a file"),
            "stacyard copy takes the same flags, and merges into a database",
        ));
    }
    let is_same_object =
        matches!(target.location(), Location::Object(_)) && target.location() == store.location();
    if is_same_object || target.path().is_some_and(|target| store.is_same_file(target)) {
        return Err(Error::usage(
            format!("{target} is the store that is asked: the answer would take its place"),
            "write the answer to another file",
        ));
    }
    let files = flags.question.files();
    rejects::refuse_target(&target, &files)?;
    let mut rejects = rejects::begin(global, flags.rejects.as_deref(), (&[&store], Some(&target)), &files)?;
    let stop = flags.question.stop();
    let query = flags.question.parse()?;
    if let Some(caution) = flags.question.caution() {
        report::warn(global, &caution);
    }
    let begun = begin(global, flags, &target)?;
    let source = open::store(&store, global)?;
    let mut console = Console::new(global, Rejects::aside(flags.rejects.as_ref(), global.json_log));
    let is_answered = flags.count.is_none() && !flags.explain;
    let parts = Parts::of(query.search().fields.clone()).filter(|_| is_answered);
    let report = if let Some(kind) = flags.count {
        let estimated = match kind {
            CountKind::Exact => Count::Unknown,
            CountKind::Estimate => {
                source.estimate(&query, global.run(&stop, rejects.as_mut(), &mut console))?
            }
        };
        let report = match estimated {
            Count::Exact(answered) | Count::Estimate(answered) => Report { answered, ..Report::default() },
            Count::Unknown => source.count(&query, global.run(&stop, rejects.as_mut(), &mut console))?,
        };
        let mut number = Text::default();
        number.line(report.answered);
        number.print()?;
        report
    } else if let Some(target) = begun {
        console.copies(target.url(), Mode::Replace);
        let parts = parts.as_ref().map(Parts::writer);
        let layout = Layout { parts, memory: global.memory, ..Layout::default() };
        let run = global.run(&stop, rejects.as_mut(), &mut console);
        stacyard::save(&source, &query, (target, layout), run).map_err(|error| console.failed(error))?
    } else {
        let (_, found) = source.find(&query, global.run(&stop, rejects.as_mut(), &mut console))?;
        explain(global, flags, &store, &found).print()?;
        found
    };
    if let Some(mut rejects) = rejects {
        rejects.commit()?;
    }
    console.finish();
    Ok(concluded(global, &store, parts.as_deref(), &report))
}

/// Says what is to be known of the answer.
fn concluded(global: &Global, store: &StoreUrl, parts: Option<&Parts>, report: &Report) -> Status {
    report::notes(report, global.json_log);
    if let Some(parts) = parts {
        parts::warn(parts, global, report.written);
    }
    if report.rejected > 0 {
        let rejected = report::count(report.rejected, "record");
        report::warn(global, &format!("{rejected} of {store} not valid, and so not searched"));
    }
    Status::of(report.rejected)
}

/// Begins to write the answer, where there is one to write.
fn begin(global: &Global, flags: &flags::Search, url: &StoreUrl) -> Result<Option<Target>, Error> {
    if flags.count.is_some() || flags.explain {
        return Ok(None);
    }
    let refuse = |is_there: bool| {
        if is_there && !flags.overwrite { Err(Target::is_there(url, false)) } else { Ok(()) }
    };
    refuse(Target::exists(url))?;
    let target = Target::begin(url, &open::how(global)?, flags.overwrite, &mut |path| {
        report::waits(path, global.json_log);
    })?;
    // It may have come since it was looked for.
    refuse(target.replaces())?;
    Ok(Some(target))
}

/// How the search was made: what was left out at each level.
fn explain(global: &Global, flags: &flags::Search, store: &StoreUrl, found: &Report) -> Text {
    let mut plan = Text::default();
    plan.line(format_args!("store       {store} ({}), on {} threads", store.kind(), global.threads()));
    if found.levels.is_empty() {
        let (read, answer) = (found.read, found.read - found.filtered);
        plan.line(format_args!("rows        {read} -> {answer}: every Item was read"));
    }
    found.levels.iter().for_each(|line| plan.line(line));
    let order = flags.question.sortby.as_deref().unwrap_or("-datetime");
    let first = flags.question.max_items.map(|n| format!(", the first {n}")).unwrap_or_default();
    plan.line(format_args!("order       {order}, then collection, id{first}"));
    plan
}
