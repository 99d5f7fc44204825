//! What a search names and no Item has: an answer of nothing would hide the mistake. Names of properties, comparisons with
//! the wrong type and collections are errors unless the search is lenient; where only some are missing, or other data could
//! have them, it is a warning.

use std::fmt::Write as _;

use stacyard_search::{Compiled, KnownNames, Mismatch, Names, Property, Types};

use crate::{Error, Note};

/// How many names a message shows.
const SHOWN: usize = 5;

/// Fails if the search has a property that no Item has, or compares one with values of another type than any Item has, unless it
/// is lenient.
pub fn check_properties(
    search: &Compiled,
    names: &Names,
    known: impl FnOnce() -> Result<KnownNames, Error>,
) -> Result<(), Error> {
    if search.is_lenient() {
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
    let mut warnings = Vec::new();
    if !missing.is_empty() {
        let cause = format!("no Item is of the {}", listed("collection", &missing));
        if !search.is_lenient() && missing.len() == search.request().collections.len() {
            let known = known()?;
            let nearest = missing.iter().find_map(|name| known.nearest(name));
            let remedy = match nearest {
                Some(nearest) => format!("did you mean {nearest}? "),
                None => "stacyard info says which there are; ".to_owned(),
            };
            return Err(Error::usage(
                cause,
                format!("{remedy}--filter-lenient takes it for an answer without Items"),
            ));
        }
        warnings.push(Note { message: cause, help: "stacyard info says which there are".to_owned() });
    }
    if search.is_missing_ids(names) {
        let ids: Vec<&str> = search.request().ids.iter().map(String::as_str).collect();
        let message = format!("no Item has the {}", listed("id", &ids));
        warnings.push(Note { message, help: "check how they are spelled".to_owned() });
    }
    Ok(warnings)
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
    let first = name.split('.').next().unwrap_or_default();
    if MEMBERS.contains(&first) {
        return Error::usage(
            format!("a search cannot look at {name:?}"),
            "it knows id, collection, datetime, geometry and the names in properties",
        );
    }
    if let Some((key, sign)) = direction(name)
        && search.request().sortby.iter().any(|one| one.property == *unknown)
    {
        return Error::usage(
            format!("no Item has a property {name:?}"),
            format!("the sign before a name says the direction: --sortby {sign}{key}"),
        );
    }
    let nearest = known.unknown(name).nearest;
    let mut remedy = nearest.as_ref().map(|nearest| format!("did you mean {nearest}? ")).unwrap_or_default();
    if search.is_value(unknown) {
        let _ = write!(remedy, "a string goes in single quotes: '{}'; ", name.replace('\'', "''"));
    } else if nearest.is_none() {
        remedy.push_str("a string goes in single quotes, a name such as \"a-b\" in double quotes; ");
    }
    Error::usage(
        format!("no Item has a property {name:?}"),
        format!("{remedy}--filter-lenient takes it as null everywhere"),
    )
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
        "write numbers without quotes; ".to_owned()
    } else if *found == Types::STRING && (*wanted == Types::NUMBER || *wanted == Types::BOOL) {
        "write strings in single quotes; ".to_owned()
    } else if *found == Types::ARRAY {
        format!("A_CONTAINS({name}, ('...')) asks for an element of an array; ")
    } else {
        String::new()
    };
    Error::usage(
        format!(
            "{name:?} is {found} in all Items that have it, and the filter takes it for {wanted}: this is never true"
        ),
        format!("{remedy}--filter-lenient takes it all the same"),
    )
}
