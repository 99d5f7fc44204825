//! In which folder an Item goes, as a user has written it: `${collection}/${year}/${month}`.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::tz::TimeZone;
use stacyard_model::json::{Kind, Value};
use stacyard_model::temporal_extent;
use stacyard_search::{ItemView, Property};
use stacyard_store::{Error, Remedy};

use super::names::{NONE, name};

/// More folders in one another make paths that some systems do not take.
const DEEPEST: usize = 16;

/// The folders that Items go into.
#[derive(Debug)]
pub struct Template {
    written: String,
    levels: Vec<Vec<Part>>,
    /// Which level is that of the Collections.
    pub(super) collection: Option<usize>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Collection,
    Year,
    Month,
    Day,
    /// And whether an Item has it.
    Property(Property, AtomicBool),
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Template {
    /// Understands a template: names of folders with `/` between, in which `${collection}`, `${year}`, `${month}`, `${day}` and
    /// `${PROPERTY}` stand for what an Item has.
    ///
    /// # Errors
    /// What is none.
    ///
    /// ```
    /// use stacyard_catalog::Template;
    /// assert!(Template::parse("${collection}/${year}/${eo:platform}").is_ok());
    /// assert!(Template::parse("${year}/${collection}").is_err());
    /// ```
    pub fn parse(written: &str) -> Result<Self, Error> {
        let wrong = |why: &str| {
            Error::usage(
                format!("the layout {written:?}: {why}"),
                "write folders with / between, such as '${collection}/${year}/${month}' or 'data/${collection}/${platform}'",
            )
        };
        let mut levels = Vec::new();
        for level in written.trim_end_matches('/').split('/') {
            if level.is_empty() || level == "." || level == ".." {
                return Err(wrong("a folder has no name"));
            }
            levels.push(parts(level).map_err(|why| wrong(&why))?);
        }
        if levels.len() > DEEPEST {
            return Err(wrong("it has more than 16 folders"));
        }
        let has_collection = |level: &Vec<Part>| level.iter().any(|part| matches!(part, Part::Collection));
        let collection = levels.iter().position(has_collection);
        if let Some(at) = collection {
            let is_fixed = |level: &Vec<Part>| level.iter().all(|part| matches!(part, Part::Text(_)));
            let is_alone = levels[at].iter().all(|part| matches!(part, Part::Text(_) | Part::Collection));
            if !levels[..at].iter().all(is_fixed) || !is_alone || levels[at + 1..].iter().any(has_collection)
            {
                return Err(wrong(
                    "a Collection would be in many folders: ${collection} comes first, once, and alone",
                ));
            }
        }
        Ok(Self { written: written.to_owned(), levels, collection })
    }

    /// The names of the folders of an Item, one in the other.
    pub(super) fn folders(&self, item: Value<'_>) -> Vec<String> {
        let view = ItemView::of(item);
        let mut begins = None;
        let date = |begins: &mut Option<Option<jiff::civil::Date>>| {
            *begins.get_or_insert_with(|| {
                let extent = temporal_extent(item.get("properties")).ok().flatten()?;
                Some(extent.start()?.to_zoned(TimeZone::UTC).date())
            })
        };
        let mut folder = |level: &Vec<Part>| {
            let mut text = String::new();
            for part in level {
                match part {
                    Part::Text(fixed) => text.push_str(fixed),
                    Part::Collection => text.push_str(&item.get("collection").and_then(Value::as_str)?),
                    Part::Year => text.push_str(&padded(date(&mut begins)?.year(), 4)),
                    Part::Month => text.push_str(&padded(date(&mut begins)?.month().into(), 2)),
                    Part::Day => text.push_str(&padded(date(&mut begins)?.day().into(), 2)),
                    Part::Property(property, is_there) => {
                        let value = property.find(&view)?;
                        is_there.store(true, Ordering::Relaxed);
                        text.push_str(&plain(value)?);
                    }
                }
            }
            Some(name(&text))
        };
        self.levels.iter().map(|level| folder(level).unwrap_or_else(|| NONE.to_owned())).collect()
    }

    /// The names of the folders down to that of a Collection; `None`: Collections have none.
    pub(super) fn collection_folders(&self, id: &str) -> Option<Vec<String>> {
        let text = |part: &Part| match part {
            Part::Text(fixed) => fixed.clone(),
            _ => id.to_owned(),
        };
        let folder = |level: &Vec<Part>| name(&level.iter().map(text).collect::<String>());
        Some(self.levels[..=self.collection?].iter().map(folder).collect())
    }

    /// Fails where a property of the template is one that no Item has had.
    pub(super) fn check(&self) -> Result<(), Error> {
        for part in self.levels.iter().flatten() {
            if let Part::Property(property, is_there) = part
                && !is_there.load(Ordering::Relaxed)
            {
                return Err(Error::usage(
                    format!(
                        "no Item has the property {:?}, which the layout {:?} goes by",
                        property.name(),
                        self.written
                    ),
                    Remedy::from("check its spelling: ")
                        .command("info", &["STORE"])
                        .text(" lists what Items have"),
                ));
            }
        }
        Ok(())
    }
}

fn parts(level: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut rest) = (Vec::new(), level);
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, after) = after.split_once('}').ok_or_else(|| format!("`}}` is missing in {level:?}"))?;
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        parts.push(match inside.trim() {
            "collection" => Part::Collection,
            "year" => Part::Year,
            "month" => Part::Month,
            "day" => Part::Day,
            "" => return Err("`${}` names nothing".to_owned()),
            property => Part::Property(Property::parse(property)?, AtomicBool::new(false)),
        });
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

fn padded(number: i16, digits: usize) -> String {
    format!("{number:0digits$}")
}

/// A value as a part of a name; `None`: it is null.
fn plain(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        Kind::Null => None,
        Kind::String => value.as_str(),
        _ => Some(value.raw().into()),
    }
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Tape;

    use super::*;

    fn folders(template: &str, item: &str) -> String {
        let mut tape = Tape::new();
        Template::parse(template).unwrap().folders(tape.parse(item.as_bytes()).unwrap()).join("/")
    }

    #[test]
    fn folders_are_named_by_what_an_item_has() {
        let item = r#"{"collection":"a/b","properties":{"datetime":null,"start_datetime":"0800-03-01T01:00:00+02:00","end_datetime":"2024-01-01T00:00:00Z","gsd":10.5,"eo:x":{"y":true},"n":null,"l":[1,"z"]}}"#;
        assert_eq!(folders("data/${collection}/${year}-${month}/${day}", item), "data/a~2Fb/0800-02/29");
        assert_eq!(
            folders("${gsd}/${eo:x.y}/${properties.n}/x${missing}/${l}/", item),
            "10.5/true/~none/~none/~5B1~2C~22z~22~5D"
        );
        assert_eq!(folders("${collection}/${year}", r#"{"properties":{"datetime":null}}"#), "~none/~none");
    }

    #[test]
    fn templates_that_are_none_are_told() {
        let of = |template: &str| Template::parse(template).unwrap_err().to_string();
        let all = [
            "",
            "/abs",
            "a//b",
            "a/../b",
            "${year",
            "${}",
            "${year}/${collection}",
            "${collection}-${year}",
            "${collection}/${collection}",
        ];
        insta::assert_snapshot!(all.map(of).join("\n"));
    }
}
