//! `validate`: every record of every store through the gate, and nothing kept but what is wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use indicatif::HumanCount;
use serde_json::{Value, json};
use stacyard::Validating;
use stacyard_search::Stop;
use stacyard_store::{Error, Report, StoreUrl};

use crate::console::progress::Console;
use crate::console::report::{self, Rejects, Status, count};
use crate::console::say::{self, Text};
use crate::files::{open, rejects, schemas};
use crate::flags::{Format, Global, Validate};

pub(crate) fn run(global: &Global, flags: &Validate) -> Result<Status, Error> {
    let stores = flags.stores.iter().map(|store| StoreUrl::parse(store, global.store_kind));
    let stores = stores.collect::<Result<Vec<_>, _>>()?;
    let mut rejects = rejects::begin(
        global,
        flags.rejects.as_deref(),
        (&stores.iter().collect::<Vec<_>>(), None),
        &schemas::files(&flags.gate)?,
    )?;
    let profile = flags.gate.profile.as_deref().map(schemas::profile).transpose()?.map(Arc::new);
    let validating =
        Validating { gate: schemas::gate(global, &flags.gate)?, profile, migrate: flags.gate.migrate };
    // Opened before anything is said, so that a store that is not there is an error and not half a report.
    let begun = stores.iter().map(|store| validating.begin(store.spelling(), &open::store(store, global)?));
    let begun = begun.collect::<Result<Vec<_>, Error>>()?;
    let json = flags.format == Format::Json;
    if json {
        say::json("{\"rejects\":[")?;
    }
    let mut console = Console::new(global, if json { Rejects::Json(0) } else { Rejects::Text });
    let mut reports = Vec::new();
    for (store, validation) in stores.iter().zip(begun) {
        let run = global.run(&Stop::default(), rejects.as_mut(), &mut console);
        reports.push((store, validation.run(run)?));
    }
    if let Some(mut rejects) = rejects {
        rejects.commit()?;
    }
    console.finish();
    if json {
        say::json(&end_of_json(&reports))?;
    } else {
        for (_, report) in &reports {
            report::notes(report, global.json_log);
        }
        let mut text = Text::default();
        for (store, report) in &reports {
            summary(store, report, &mut text);
        }
        text.print()?;
    }
    Ok(Status::of(reports.iter().map(|(_, report)| report.rejected).sum()))
}

fn end_of_json(reports: &[(&StoreUrl, Report)]) -> String {
    let stores = reports.iter().map(|(store, report)| {
        let mut summary = report::json(report);
        summary["store"] = json!(store.spelling());
        summary
    });
    format!("],\"stores\":{}}}\n", stores.collect::<Value>())
}

/// How many rules are named.
const MOST_RULES: usize = 5;

/// `12 x uri, 3 x datetime, 2 other rules`, the most frequent first.
fn by_rule(errors: &BTreeMap<String, u64>) -> String {
    let mut rules: Vec<_> = errors.iter().collect();
    rules.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let named =
        rules.iter().take(MOST_RULES).map(|(rule, count)| format!("{} x {rule}", HumanCount(**count)));
    let others = rules.len().saturating_sub(MOST_RULES) as u64;
    let others = (others > 0).then(|| count(others, "other rule"));
    named.chain(others).collect::<Vec<_>>().join(", ")
}

/// `x.ndjson: 10 valid (9 Items, 1 Collection), 1 rejected`
fn summary(store: &StoreUrl, report: &Report, text: &mut Text) {
    let kinds: Vec<String> = report.objects.iter().map(|(kind, number)| count(*number, kind)).collect();
    let valid: u64 = report.objects.values().sum();
    let what = if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") };
    let rejected = report.rejected;
    if valid == 0 && rejected == 0 {
        return text.line(format_args!("{store}: no Items"));
    }
    report::warnings(&report.warnings, text);
    if rejected > 1 {
        text.line(format_args!("errors: {}", by_rule(&report.errors)));
    }
    text.line(format_args!("{store}: {what} valid, {rejected} rejected"));
}
