//! `init`: the tables of a database, or a dataset.

use std::sync::Arc;

use stacyard::{
    Error, Initialised, Installed, Making, Remedy, StoreKind, StoreUrl, Wanted, create, declare_queryables,
    install_pgstac, make_dataset, plan, plan_pgstac,
};

use crate::console::report::{Status, warn};
use crate::console::say::{self, Text};
use crate::files::{open, pypgstac, schemas};
use crate::flags::{Global, Init};

pub(crate) fn run(global: &Global, flags: &Init) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.store, global.store_kind)?;
    if url.kind() == StoreKind::PgStac {
        return of_pgstac(global, flags, &url);
    }
    if url.is_folder() {
        return of_dataset(global, flags, &url);
    }
    if flags.partition_by.is_some() {
        return Err(Error::usage(
            format!("{url} is a database, and its tables have partitions by collection"),
            Remedy::from("name the collections with ").option(("partition", "A,B")),
        ));
    }
    if flags.pgstac_version.is_some() || flags.pgstac_package.is_some() {
        return Err(Error::usage(
            format!("{url} gets no tables of pgstac"),
            Remedy::from("name it pgstac://..., or leave ")
                .option("pgstac-version")
                .text(" and ")
                .option("pgstac-package")
                .text(" out"),
        ));
    }
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

/// A dataset in a folder.
fn of_dataset(global: &Global, flags: &Init, url: &StoreUrl) -> Result<Status, Error> {
    let are_for_databases = !flags.partition.is_empty() || flags.dry_run || flags.pgstac_version.is_some();
    if are_for_databases || flags.pgstac_package.is_some() {
        return Err(Error::usage(
            format!("{url} is a dataset, and has no tables"),
            Remedy::from("leave ")
                .option("partition")
                .text(", ")
                .option("dry-run")
                .text(" and what is of pgstac out"),
        ));
    }
    let profile = flags.profile.as_deref().map(schemas::profile).transpose()?.map(Arc::new);
    let making = Making { profile, partition_by: flags.partition_by };
    let made = make_dataset(url, &open::how(global)?, &making)?;
    if !global.quiet {
        let mut done = Text::default();
        done.line(match made.made {
            Some(0) => format!("{url}: dataset made"),
            Some(version) => format!("{url}: version {version}"),
            None => format!("{url}: nothing to do"),
        });
        done.print()?;
    }
    Ok(Status::Done)
}

/// The tables of pgstac.
fn of_pgstac(global: &Global, flags: &Init, url: &StoreUrl) -> Result<Status, Error> {
    if !flags.partition.is_empty() {
        return Err(Error::usage(
            format!("{url}: pgstac has a partition for each collection by itself"),
            Remedy::from("leave ").option("partition").text(" out"),
        ));
    }
    let profile = flags.profile.as_deref().map(schemas::profile).transpose()?;
    let version = flags.pgstac_version.as_deref();
    let found = pypgstac::find(flags.pgstac_package.as_deref(), version)?;
    let mut done = Text::default();
    if flags.dry_run {
        for step in plan_pgstac(url, &found.package, version)? {
            done.line(format_args!("pgstac.{}.sql", step.file));
            for lock in step.locks {
                done.line(format_args!("  {lock}"));
            }
        }
        done.print()?;
        return Ok(Status::Done);
    }
    let Installed { from, to, left } = install_pgstac(url, &found.package, version)?;
    if !global.quiet {
        done.line(match from {
            None => format!("{url}: pgstac {to} made"),
            Some(from) if from == to => format!("{url}: nothing to do, pgstac {to}"),
            Some(from) => format!("{url}: pgstac from {from} to {to}"),
        });
    }
    if let Some(profile) = profile {
        let names = declare_queryables(url, &profile)?;
        if !global.quiet {
            done.line(format_args!("  queryables: {}", names.join(", ")));
        }
    }
    done.print()?;
    for query in left {
        warn(
            global,
            &format!(
                "{url}: pgstac has put this off and could not run it; try again with pypgstac runqueue: {query}"
            ),
        );
    }
    Ok(Status::Done)
}
