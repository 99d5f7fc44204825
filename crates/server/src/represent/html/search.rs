//! The page of a search: its form, and the Items that answer on the map, on a time line and in a list. The form holds the parameters of
//! `GET /search`, so that its URL is the search. What cannot be asked comes back in the form, with its place marked.

use maud::{Markup, html};
use serde_json::Value;

use super::commands::Commands;
use super::counted::{Counted, count};
use super::download::{Download, downloads};
use super::layout::{Trail, page};
use super::map::Map;
use super::outline::{around, bounds_of, box_of, drawn};
use super::parts::{short, short_bbox, short_time_of, text_of, ways};
use super::problem::wrong;
use super::site::Site;
use super::words;

/// A geometry whose text is longer is drawn as its box by the script, too.
const DRAWN: usize = 20_000;

/// A search, and what became of it.
pub(crate) struct Search<'a> {
    pub(crate) site: &'a Site,
    /// The collection whose Items are searched; `None`: all.
    pub(crate) collection: Option<&'a str>,
    /// The parameters as they are written.
    pub(crate) given: Vec<(String, String)>,
    /// The ids, titles and numbers of Items of the collections there are; `None`: that is being counted.
    pub(crate) collections: Option<Vec<(String, String, u64)>>,
    /// The answer, or what is wrong with the question.
    pub(crate) found: Result<Found, Value>,
}

/// What a search has found.
pub(crate) struct Found {
    /// A page of Items.
    pub(crate) items: Value,
    pub(crate) commands: Commands,
    pub(crate) downloads: Vec<Download>,
}

impl Search<'_> {
    fn path(&self) -> String {
        self.collection.map_or_else(
            || self.site.base.url("/search"),
            |id| format!("{}/items", self.site.base.collection(id)),
        )
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The parameters that say which Items, not how they are shown.
    fn which(&self) -> Vec<(String, String)> {
        let is_other = |name: &str| HOW.contains(&name) || ["token", "f"].contains(&name);
        self.given.iter().filter(|(name, _)| !is_other(name)).cloned().collect()
    }

    fn counted(&self) -> Counted {
        let aggregate = match self.collection {
            None => self.site.base.url("/aggregate"),
            Some(id) => format!("{}/aggregate", self.site.base.collection(id)),
        };
        let shown = self.given.iter().filter(|(name, _)| HOW.contains(&name.as_str())).cloned().collect();
        Counted { aggregate, search: self.path(), given: self.which(), shown }
    }

    /// The page.
    pub(crate) fn page(&self) -> Markup {
        let nothing = Value::Null;
        let (document, problem) = match &self.found {
            Ok(found) => (&found.items, None),
            Err(said) => (&nothing, Some(said)),
        };
        let trail =
            self.collection.map_or_else(|| Trail::root(self.site), |id| Trail::collection(self.site, id));
        let content = html! {
            div .two.form-first {
                div #question {
                    (self.form(problem))
                    @if problem.is_none() { (self.counted().facets(&self.queryables())) }
                }
                div {
                    (self.map(document))
                    div #answer {
                        @match &self.found {
                            Ok(found) => (self.answer(found)),
                            Err(said) => {
                                // A problem of no field of the form stands here; the others stand at their field.
                                @if !is_of_field(said) { (wrong(said)) }
                                p { (words::ASK_AGAIN) }
                            },
                        }
                    }
                }
            }
        };
        let title = if self.collection.is_some() { words::ITEMS } else { words::SEARCH };
        page(self.site, &trail, title, document, &content)
    }

    fn map(&self, document: &Value) -> Markup {
        let features: Vec<&Value> = document["features"].as_array().into_iter().flatten().collect();
        let path = match self.collection {
            None => self.site.base.url("/tiles/{z}/{x}/{y}"),
            Some(id) => format!("{}/tiles/{{z}}/{{x}}/{{y}}", self.site.base.collection(id)),
        };
        let query: Vec<String> = self
            .which()
            .iter()
            .map(|(name, value)| format!("{name}={}", crate::links::encoded(value)))
            .collect();
        let tiles = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
        // The box that is asked for, else the Items of this page.
        let numbers = self
            .value("bbox")
            .map(|text| text.split(',').filter_map(|part| part.trim().parse().ok()).collect());
        let boxed = numbers.and_then(|numbers: Vec<f64>| box_of(&Value::from(numbers)));
        let bounds = boxed.or_else(|| around(features.iter().filter_map(|feature| bounds_of(feature))));
        let is_asked = self.found.is_ok();
        Map { tiles: is_asked.then_some(tiles), bounds, features: &features, draws_into: Some("bbox") }
            .shown(self.site)
    }

    fn answer(&self, found: &Found) -> Markup {
        let all: Vec<&Value> = found.items["features"].as_array().into_iter().flatten().collect();
        let counted = self.counted();
        html! {
            (self.given())
            (counted.time_line())
            section .card aria-labelledby="results" {
                h2 #results { (words::RESULTS) }
                p .dim role="status" {
                    (all.len()) " of "
                    @match found.items["numberMatched"].as_u64() {
                        Some(matched) => (count(matched)),
                        None => (counted.total()),
                    }
                    " Items"
                }
                @if all.is_empty() { p { (words::NO_ITEMS) } }
                ol .items data-of="search" { @for item in all { (self.row(item)) } }
                (ways(&found.items))
            }
            (downloads(&found.downloads, &self.given, &self.path()))
            (found.commands.shown())
        }
    }

    /// What is asked, each with a way to ask the rest without it.
    fn given(&self) -> Markup {
        let which = self.which();
        let without = |left_out: &str| {
            let rest = self.given.iter().filter(|(name, _)| name != left_out && name != "token");
            let rest: Vec<String> =
                rest.map(|(name, value)| format!("{name}={}", crate::links::encoded(value))).collect();
            if rest.is_empty() { self.path() } else { format!("{}?{}", self.path(), rest.join("&")) }
        };
        html! {
            @if !which.is_empty() {
                ul .chips.given aria-label=(words::GIVEN) {
                    @for (name, value) in &which {
                        li { a href=(without(name)) title=(words::WITHOUT) { span .dim { (name) } " " (short(value, 80)) } }
                    }
                }
            }
        }
    }

    fn queryables(&self) -> String {
        match self.collection {
            None => self.site.base.url("/queryables"),
            Some(id) => format!("{}/queryables", self.site.base.collection(id)),
        }
    }

    fn row(&self, item: &Value) -> Markup {
        let id = text_of(item, "id").unwrap_or("without a name");
        let title = text_of(&item["properties"], "title").unwrap_or(id);
        let collection = text_of(item, "collection");
        let geometry = Some(drawn(item).to_string()).filter(|text| text.len() <= DRAWN && text != "null");
        let place = bounds_of(item);
        let bounds = place.map(|all| all.map(|degrees: f64| format!("{degrees}")).join(","));
        html! {
            li data-id=(id) data-geometry=[geometry] data-bounds=[bounds] {
                // An Item without a collection has no page of its own.
                @match collection {
                    Some(collection) => a href=(self.site.base.item(collection, id)) { (title) },
                    None => strong { (title) },
                }
                p {
                    @if self.collection.is_none() { @if let Some(collection) = collection { span { (collection) } } }
                    (short_time_of(&item["properties"]))
                    @if let Some(place) = place { (short_bbox(place)) }
                }
            }
        }
    }

    /// The form. What is wrong with it stands at the field that it is about.
    fn form(&self, problem: Option<&Value>) -> Markup {
        let field = |name, label, hint| Field { search: self, problem, name, label, hint };
        // What is asked or wrong is seen.
        let is_folded =
            |name: &&str| ["filter", "q", "sortby", "limit"].contains(name) || OTHERS.contains(name);
        let wrong = problem.and_then(|said| text_of(said, "parameter"));
        let is_open =
            self.given.iter().map(|(name, _)| name.as_str()).chain(wrong).any(|name| is_folded(&name));
        html! {
            form .card #search method="get" action=(self.path()) role="search" data-queryables=(self.queryables()) {
                (field("bbox", words::AREA, words::AREA_HINT).line())
                (field("datetime", words::TIME, words::TIME_HINT).line())
                @if self.collection.is_none() { (self.choices(problem)) }
                details open[is_open] {
                    summary { (words::CONDITIONS) }
                    (field("filter", words::FILTER, words::FILTER_HINT).area())
                    div .builder hidden {}
                    (field("q", words::FREE_TEXT, words::FREE_TEXT_HINT).line())
                    (field("sortby", words::SORT, words::SORT_HINT).line())
                    (field("limit", words::LIMIT, "").line())
                    @for name in OTHERS { @if self.value(name).is_some() { (field(name, name, "").line()) } }
                }
                button type="submit" { (words::SEARCH) }
            }
        }
    }

    /// The collections to choose from. Where they are not known yet their names can be written.
    fn choices(&self, problem: Option<&Value>) -> Markup {
        let chosen: Vec<&str> =
            self.value("collections").unwrap_or_default().split(',').filter(|id| !id.is_empty()).collect();
        let field = Field {
            search: self,
            problem,
            name: "collections",
            label: words::COLLECTIONS,
            hint: words::ALL_COLLECTIONS,
        };
        // A name with a comma cannot stand in a list of names, and one that there is not has to be seen to be mended.
        let can_choose = |all: &&Vec<(String, String, u64)>| {
            chosen.iter().all(|id| all.iter().any(|(known, ..)| known == id))
        };
        let Some(all) = self.collections.as_ref().filter(can_choose) else { return field.line() };
        html! {
            fieldset {
                legend { (words::COLLECTIONS) }
                div .scroll tabindex="0" role="group" aria-label=(words::COLLECTIONS) {
                    @for (id, title, items) in all {
                        label .check {
                            input type="checkbox" name="collections" value=(id) checked[chosen.contains(&id.as_str())];
                            span { (title) } span .number { (count(*items)) }
                        }
                    }
                }
                p .note { (words::ALL_COLLECTIONS) }
                @if field.is_wrong() { (wrong(problem.unwrap_or(&Value::Null))) }
            }
        }
    }
}

/// Parameters that say how the Items are shown.
const HOW: [&str; 3] = ["sortby", "fields", "limit"];

/// Parameters that the form has where they are asked for only.
const OTHERS: [&str; 6] = ["ids", "intersects", "query", "filter-lang", "filter-crs", "fields"];

/// The fields that a problem can be shown at.
const FIELDS: [&str; 7] = ["bbox", "datetime", "collections", "q", "filter", "sortby", "limit"];

fn is_of_field(said: &Value) -> bool {
    text_of(said, "parameter").is_some_and(|name| FIELDS.contains(&name) || OTHERS.contains(&name))
}

/// A field of the form.
struct Field<'a> {
    search: &'a Search<'a>,
    problem: Option<&'a Value>,
    name: &'a str,
    label: &'a str,
    hint: &'a str,
}

impl Field<'_> {
    fn is_wrong(&self) -> bool {
        self.problem.and_then(|said| text_of(said, "parameter")) == Some(self.name)
    }

    fn shown(&self, input: &Markup) -> Markup {
        html! {
            div .field {
                label for=(self.name) { (self.label) }
                (input)
                @if self.is_wrong() { div id={ (self.name) "-wrong" } { (wrong(self.problem.unwrap_or(&Value::Null))) } }
                @if !self.hint.is_empty() { p .note id={ (self.name) "-hint" } { (self.hint) } }
            }
        }
    }

    /// What describes it, in the order in which it is read.
    fn described_by(&self) -> Option<String> {
        let wrong = self.is_wrong().then(|| format!("{}-wrong", self.name));
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let all: Vec<String> = wrong.into_iter().chain(hint).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    fn line(&self) -> Markup {
        let value = self.search.value(self.name);
        let kind = if self.name == "limit" { "number" } else { "text" };
        let least = (self.name == "limit").then_some("1");
        self.shown(&html! {
            input id=(self.name) name=(self.name) type=(kind) min=[least] value=[value] aria-describedby=[self.described_by()]
                aria-invalid=[self.is_wrong().then_some("true")];
        })
    }

    fn area(&self) -> Markup {
        let value = self.search.value(self.name).unwrap_or_default();
        self.shown(&html! {
            textarea id=(self.name) name=(self.name) rows="3" spellcheck="false" aria-describedby=[self.described_by()]
                aria-invalid=[self.is_wrong().then_some("true")] { (value) }
        })
    }
}
