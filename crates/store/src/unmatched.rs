//! What a search names and no Item has: an answer of nothing would hide the mistake. Names of properties, comparisons with
//! the wrong type and collections are errors unless the search is lenient; where only some are missing, or other data could
//! have them, it is a warning.

use stacyard_search::{Compiled, KnownNames, Mismatch, Names, Property, Types};

use crate::{Error, Note, Remedy, UnknownName};

/// How many names a message shows.
const SHOWN: usize = 5;

/// Fails if the search has a property that no Item has, or compares one with values of another type than any Item has, unless it
/// is lenient. One of several stores [tells](Compiled::telling) what it has seen instead; so it does of lists.
pub fn check_properties(
    search: &Compiled,
    names: &Names,
    known: impl FnOnce() -> Result<KnownNames, Error>,
) -> Result<(), Error> {
    if search.is_lenient() {
        return Ok(());
    }
    if let Some(told) = search.told() {
        let is_known = search.unknown(names).next().is_none();
        told.properties((names.clone(), if is_known { KnownNames::default() } else { known()? }));
        return Ok(());
    }
    if let Some(unknown) = search.unknown(names).next() {
        return Err(unknown_name(unknown, &known()?, search));
    }
    match search.mismatched(names).next() {
        Some(mismatch) => Err(mismatched(&mismatch)),
        None => Ok(()),
    }
}

/// Fails if no Item is of any of the collections that the search names, unless it is lenient; gives warnings of those that
/// are missing, and of ids that all are.
pub fn check_lists(
    search: &Compiled,
    names: &Names,
    known: impl FnOnce() -> Result<KnownNames, Error>,
) -> Result<Vec<Note>, Error> {
    let missing: Vec<&str> = search.missing_collections(names).collect();
    if let Some(told) = search.told() {
        told.lists((names.clone(), if missing.is_empty() { KnownNames::default() } else { known()? }));
        return Ok(Vec::new());
    }
    let mut warnings = Vec::new();
    if !missing.is_empty() {
        let cause = format!("no Item is of the {}", listed("collection", &missing));
        if !search.is_lenient() && missing.len() == search.request().collections.len() {
            let known = known()?;
            let mut unknown = missing.iter().map(|name| UnknownName::collection(name, &known));
            let first = UnknownName::collection(missing[0], &known);
            let unknown = unknown.find(|unknown| unknown.nearest.is_some()).unwrap_or(first);
            let guess = if unknown.nearest.is_some() { unknown.guess() } else { which_there_are() };
            let lenient = Remedy::setting("filter-lenient").text(" takes it for an answer without Items");
            return Err(Error::unknown_name(cause, unknown).remedy(guess.also(lenient)));
        }
        warnings.push(Note { message: cause, help: which_there_are() });
    }
    if search.is_missing_ids(names) {
        let ids: Vec<&str> = search.request().ids.iter().map(String::as_str).collect();
        let message = format!("no Item has the {}", listed("id", &ids));
        warnings.push(Note { message, help: "check how they are spelled".into() });
    }
    Ok(warnings)
}

fn which_there_are() -> Remedy {
    Remedy::call("info", &[]).text(" says which there are")
}

/// `collection "a"`, `collections "a", "b" and 3 more`.
pub(crate) fn listed(noun: &str, names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("{name:?}")).collect();
    let plural = if names.len() == 1 { "" } else { "s" };
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{noun}{plural} {}{more}", shown.join(", "))
}

/// Members of an Item that are no properties.
const MEMBERS: [&str; 6] = ["type", "stac_version", "stac_extensions", "bbox", "links", "assets"];

/// The error of a search for a property that no Item has, where Items have those that are `known`.
fn unknown_name(unknown: &Property, known: &KnownNames, search: &Compiled) -> Error {
    let name = unknown.name();
    let details = UnknownName::property(name, known);
    let first = name.split('.').next().unwrap_or_default();
    if MEMBERS.contains(&first) {
        return Error::unknown_name(format!("a search cannot look at {name:?}"), details)
            .remedy("it knows id, collection, datetime, geometry and the names in properties");
    }
    let cause = format!("no Item has a property {name:?}");
    if let Some((key, sign)) = direction(name)
        && search.request().sortby.iter().any(|one| one.property == *unknown)
    {
        let remedy = Remedy::from("the sign before a name says the direction: ");
        return Error::unknown_name(cause, details).remedy(remedy.option(("sortby", format!("{sign}{key}"))));
    }
    let mut remedy = details.guess();
    if search.is_value(unknown) {
        remedy = remedy.also(format!("a string goes in single quotes: '{}'", name.replace('\'', "''")));
    } else if details.nearest.is_none() {
        remedy = remedy.also("a string goes in single quotes, a name such as \"a-b\" in double quotes");
    }
    let lenient = Remedy::setting("filter-lenient").text(" takes it as null everywhere");
    Error::unknown_name(cause, details).remedy(remedy.also(lenient))
}

/// The name and the sign that are meant by `datetime:desc` and the like.
fn direction(name: &str) -> Option<(&str, &'static str)> {
    let (key, direction) = name.rsplit_once([':', ' '])?;
    let sign = match direction.to_ascii_lowercase().as_str() {
        "desc" | "descending" => "-",
        "asc" | "ascending" => "",
        _ => return None,
    };
    Some((key.trim_end(), sign))
}

fn mismatched(mismatch: &Mismatch<'_>) -> Error {
    let Mismatch { property, wanted, found } = mismatch;
    let name = property.name();
    let remedy = if *wanted == Types::STRING && *found == Types::NUMBER {
        "write numbers without quotes".into()
    } else if *found == Types::STRING && (*wanted == Types::NUMBER || *wanted == Types::BOOL) {
        "write strings in single quotes".into()
    } else if *found == Types::ARRAY {
        format!("A_CONTAINS({name}, ('...')) asks for an element of an array").into()
    } else {
        Remedy::default()
    };
    Error::usage(
        format!(
            "{name:?} is {found} in all Items that have it, and the filter takes it for {wanted}: this is never true"
        ),
        remedy.also(Remedy::setting("filter-lenient").text(" takes it all the same")),
    )
}
