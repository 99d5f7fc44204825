//! Which parts of an Item are wanted (STAC API fields extension), and writing those.

use stacyard_model::json::Value;

use crate::error::SearchError;

/// The members of an Item in the order in which they are written; others follow as they stand.
const ORDER: [&str; 10] = [
    "type",
    "stac_version",
    "stac_extensions",
    "id",
    "collection",
    "geometry",
    "bbox",
    "properties",
    "links",
    "assets",
];

/// What is written where nothing in particular is asked for: what makes an Item a valid one (STAC API - Fields, "Include/Exclude Semantics").
const BASELINE: [&str; 11] = [
    "type",
    "stac_version",
    "id",
    "collection",
    "geometry",
    "bbox",
    "links",
    "assets",
    "properties.datetime",
    // Where that is null.
    "properties.start_datetime",
    "properties.end_datetime",
];

/// The members that are written whatever is asked for.
const ALWAYS: [&str; 2] = ["id", "collection"];

/// Which members of an Item are wanted. The default is all.
///
/// A member is written where it is included, and where it is not excluded and `include` is empty. Of two names that lead to it the longer one
/// decides; where both lists have it, it is included (STAC API - Fields, "Include/Exclude Semantics"). Both lists hold names
/// from the Item's root with dots for nesting (`properties.datetime`); a name that is no member of an Item by the
/// specification stands for a property too (`eo:cloud_cover`). `id` and `collection` are always there. A name that an
/// Item does not have is no error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    include: Vec<String>,
    exclude: Vec<String>,
    /// The names as they were given, but those of an Item's own members.
    asked: Vec<String>,
}

impl Fields {
    /// Of the two lists of the request's body. Where both are empty they ask for no more than makes an Item a valid one.
    pub fn new(include: &[&str], exclude: &[&str]) -> Result<Self, SearchError> {
        if include.is_empty() && exclude.is_empty() {
            return Ok(Self::baseline());
        }
        let all = |list: &[&str]| -> Result<Vec<String>, SearchError> {
            let mut paths = Vec::new();
            for name in list {
                if name.is_empty() || name.split('.').any(str::is_empty) {
                    return Err(SearchError::Fields {
                        text: (*name).to_owned(),
                        reason: "an empty name".to_owned(),
                    });
                }
                paths.push((*name).to_owned());
                let first = name.split('.').next().unwrap_or(name);
                if !ORDER.contains(&first) {
                    paths.push(format!("properties.{name}"));
                }
            }
            Ok(paths)
        };
        let asked = include.iter().chain(exclude).filter(|name| !ORDER.contains(name));
        let asked = asked.map(|name| (*name).to_owned()).collect();
        Ok(Self { include: all(include)?, exclude: all(exclude)?, asked })
    }

    /// No more than makes an Item a valid one.
    pub fn baseline() -> Self {
        let include = BASELINE.map(str::to_owned).into();
        Self { include, exclude: Vec::new(), asked: Vec::new() }
    }

    /// The same without some of it (STAC API - Fields, of an `exclude` beside an `include` that is empty).
    ///
    /// # Errors
    /// An empty name.
    pub fn baseline_without(exclude: &[&str]) -> Result<Self, SearchError> {
        let left_out = Self::new(&[], exclude)?;
        let mut include = Self::baseline().include;
        include.retain(|path| !left_out.exclude.iter().any(|out| out == path || below(path, out).is_some()));
        Ok(Self { include, ..left_out })
    }

    /// The names that an Item need not have, as they were given.
    pub fn asked(&self) -> &[String] {
        &self.asked
    }

    /// Whether an Item has what a [name](Self::asked) stands for.
    pub fn is_in(name: &str, item: Value<'_>) -> bool {
        has(item, name) || item.get("properties").is_some_and(|properties| has(properties, name))
    }

    /// Parses `fields`: names with commas between, `-` before one to leave it out, `+` or nothing to take it.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        let (mut include, mut exclude) = (Vec::new(), Vec::new());
        for part in text.split(',').map(str::trim) {
            match part.strip_prefix('-') {
                Some(name) => exclude.push(name),
                None => include.push(part.strip_prefix('+').unwrap_or(part)),
            }
        }
        if text.trim().is_empty() {
            return Ok(Self::baseline());
        }
        Self::new(&include, &exclude).map_err(|error| match error {
            SearchError::Fields { reason, .. } => SearchError::Fields { text: text.to_owned(), reason },
            other => other,
        })
    }

    /// Whether all is wanted.
    pub fn is_all(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether something at or below a path, names with dots between, can be wanted: for stores that read only some
    /// columns.
    pub fn may_want(&self, path: &str) -> bool {
        let around = |list: &[String]| {
            let those = list.iter().filter(|outer| path == *outer || below(path, outer).is_some());
            those.map(String::len).max()
        };
        let inside = || self.include.iter().any(|inner| below(inner, path).is_some());
        let is_included = match (around(&self.include), around(&self.exclude)) {
            (None, None) => self.include.is_empty(),
            (included, excluded) => included >= excluded,
        };
        ALWAYS.contains(&path) || is_included || inside()
    }

    /// Appends the wanted parts of an Item as compact JSON, numbers and strings as they are written.
    ///
    /// The order of the members is always the same: `type`, `stac_version`, `stac_extensions`, `id`, `collection`,
    /// `geometry`, `bbox`, `properties`, `links`, `assets`, then the others as they stand.
    pub fn write(&self, item: Value<'_>, out: &mut Vec<u8>) {
        let Some(members) = item.members() else { return item.write_compact(out) };
        let known = ORDER.iter().filter_map(|name| members.clone().find(|(key, _)| *key == **name));
        let others = members.clone().filter(|(key, _)| !ORDER.iter().any(|name| *key == **name));
        let [include, exclude] =
            [&self.include, &self.exclude].map(|list| list.iter().map(String::as_str).collect());
        let lists = Lists { include, exclude, is_wanted: self.include.is_empty() };
        lists.write_members(known.chain(others), &ALWAYS, out);
    }
}

/// What is said of the members of an object.
struct Lists<'a> {
    include: Vec<&'a str>,
    exclude: Vec<&'a str>,
    /// Whether those are wanted of which nothing is said.
    is_wanted: bool,
}

impl Lists<'_> {
    /// Writes the wanted members of an object; false: none of them was wanted.
    fn write_members<'a>(
        &self,
        members: impl Iterator<Item = (stacyard_model::json::Key<'a>, Value<'a>)>,
        always: &[&str],
        out: &mut Vec<u8>,
    ) -> bool {
        out.push(b'{');
        let empty = out.len();
        for (key, value) in members {
            let name = key.text();
            let before = out.len();
            if before > empty {
                out.push(b',');
            }
            key.write(out);
            out.push(b':');
            let wanted = if always.contains(&name.as_ref()) {
                value.write_compact(out);
                true
            } else {
                self.write_wanted(&name, value, out)
            };
            if !wanted {
                out.truncate(before);
            }
        }
        out.push(b'}');
        out.len() > empty + 1
    }

    fn write_wanted(&self, name: &str, value: Value<'_>, out: &mut Vec<u8>) -> bool {
        let is_included = self.include.contains(&name);
        let is_wanted = is_included || (self.is_wanted && !self.exclude.contains(&name));
        let [include, exclude] = [&self.include, &self.exclude]
            .map(|list| list.iter().filter_map(|path| below(path, name)).collect::<Vec<&str>>());
        match value.members() {
            Some(members) if !(include.is_empty() && exclude.is_empty()) => {
                let some = Lists { include, exclude, is_wanted }.write_members(members, &[], out);
                // An object of which nothing was found says nothing.
                is_wanted || some
            }
            _ => {
                if is_wanted {
                    value.write_compact(out);
                }
                is_wanted
            }
        }
    }
}

/// Whether a path leads to something.
fn has(value: Value<'_>, path: &str) -> bool {
    value.members().into_iter().flatten().any(|(key, value)| {
        let name = key.text();
        name == path || below(path, &name).is_some_and(|rest| has(value, rest))
    })
}

/// The rest of a path that leads into the member `name`.
fn below<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    path.strip_prefix(name)?.strip_prefix('.')
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;

    const ITEM: &str = r#"{ "x:extra": 1, "assets": {"a": {"href": "u", "n": 1.0}}, "id": "i", "properties": {"datetime": null, "eo:cloud_cover": 1.50, "a.b": {"c": 1}},
        "links": [], "collection": "c", "geometry": null, "type": "Feature", "stac_version": "1.1.0" }"#;

    fn write(fields: &str) -> String {
        let mut out = Vec::new();
        Fields::parse(fields).unwrap().write(Document::parse(ITEM).unwrap().root(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn all_of_it_in_the_order_of_the_specification() {
        let all = r#"{"type":"Feature","stac_version":"1.1.0","id":"i","collection":"c","geometry":null,"properties":{"datetime":null,"eo:cloud_cover":1.50,"a.b":{"c":1}},"links":[],"assets":{"a":{"href":"u","n":1.0}},"x:extra":1}"#;
        let mut out = Vec::new();
        Fields::default().write(Document::parse(ITEM).unwrap().root(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), all);
        let baseline = r#"{"type":"Feature","stac_version":"1.1.0","id":"i","collection":"c","geometry":null,"properties":{"datetime":null},"links":[],"assets":{"a":{"href":"u","n":1.0}}}"#;
        assert_eq!(write(" "), baseline);
        assert_eq!(Fields::new(&[], &[]).unwrap(), Fields::baseline());
    }

    #[test]
    fn included_or_not_excluded() {
        assert_eq!(write("id"), r#"{"id":"i","collection":"c"}"#);
        assert_eq!(
            write("properties.datetime"),
            r#"{"id":"i","collection":"c","properties":{"datetime":null}}"#
        );
        assert_eq!(
            write("eo:cloud_cover,x:extra"),
            r#"{"id":"i","collection":"c","properties":{"eo:cloud_cover":1.50},"x:extra":1}"#
        );
        assert_eq!(
            write("properties,-properties.datetime"),
            r#"{"id":"i","collection":"c","properties":{"eo:cloud_cover":1.50,"a.b":{"c":1}}}"#
        );
        assert_eq!(
            write("-properties,-links,-assets,-geometry,-x:extra"),
            r#"{"type":"Feature","stac_version":"1.1.0","id":"i","collection":"c"}"#
        );
        assert_eq!(
            write("assets.a.href,-id,properties.absent"),
            r#"{"id":"i","collection":"c","assets":{"a":{"href":"u"}}}"#
        );
        assert_eq!(write("properties.a.b.c"), r#"{"id":"i","collection":"c","properties":{"a.b":{"c":1}}}"#);
        // What is in both lists is there; the longer name decides.
        let datetime = r#"{"id":"i","collection":"c","properties":{"datetime":null}}"#;
        assert_eq!(write("properties.datetime,-properties.datetime"), datetime);
        assert_eq!(write("-properties,properties.datetime"), datetime);
        assert_eq!(write("geometry,-geometry"), r#"{"id":"i","collection":"c","geometry":null}"#);
        assert_eq!(
            write("properties,-properties.a.b,properties.a.b.c,-eo:cloud_cover"),
            r#"{"id":"i","collection":"c","properties":{"datetime":null,"a.b":{"c":1}}}"#
        );
        assert_eq!(write("+type,links.href"), r#"{"type":"Feature","id":"i","collection":"c"}"#);
    }

    #[test]
    fn what_may_be_wanted_has_to_be_read() {
        let may = |fields: &str, path: &str| Fields::parse(fields).unwrap().may_want(path);
        for (fields, path, expected) in [
            ("", "links", true),
            ("", "properties.gsd", false),
            ("-links", "links", false),
            ("-links", "assets.a", true),
            ("-properties,properties.datetime", "properties", true),
            ("-properties,properties.datetime", "properties.datetime", true),
            ("-properties,properties.datetime", "properties.gsd", false),
            ("properties,-properties.a", "properties.a.b", false),
            ("properties,-properties.a", "links", false),
            ("links,-links", "links", true),
            ("links", "id", true),
        ] {
            assert_eq!(may(fields, path), expected, "{fields} {path}");
        }
    }

    #[test]
    fn names_that_an_item_does_not_have() {
        let fields =
            Fields::parse("id,-bbox,eo:cloud_cover,properties.a.b.c,assets.a.n,x:extra,assets.b,-gsd")
                .unwrap();
        let document = Document::parse(ITEM).unwrap();
        let missing: Vec<_> =
            fields.asked().iter().filter(|name| !Fields::is_in(name, document.root())).collect();
        assert_eq!(missing, ["assets.b", "gsd"]);
    }

    #[test]
    fn what_is_no_list_is_said() {
        insta::assert_snapshot!(Fields::parse("id,,x").unwrap_err(), @r#"fields "id,,x": an empty name; write names with commas between, each with - before it to leave it out, such as id,properties.datetime,-assets"#);
        assert!(Fields::parse("properties.").is_err());
    }
}
