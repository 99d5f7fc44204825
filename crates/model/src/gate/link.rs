//! Links and Assets.

use super::check::Check;
use super::common::Times;
use super::iri;
use super::path::Path;
use super::rule::Rule;
use crate::json::{Kind, Value};

/// What the other rules ask about an object's links.
#[derive(Default)]
pub(super) struct Links<'a> {
    /// The first link with `rel` `collection`.
    pub(super) to_collection: Option<Value<'a>>,
    pub(super) index: usize,
}

impl Check {
    /// `links`: an array of Link Objects.
    pub(super) fn links<'a>(&mut self, path: &Path<'_>, value: Value<'a>) -> Links<'a> {
        let mut links = Links::default();
        let Some(elements) = value.elements() else {
            self.wrong(Rule::Links, path, value, "an array of links");
            return links;
        };
        for (index, link) in elements.enumerate() {
            let is_to_collection = self.link(&path.index(index), link);
            if is_to_collection && links.to_collection.is_none() {
                links = Links { to_collection: Some(link), index };
            }
        }
        links
    }

    /// One Link Object; says whether it leads to a collection.
    fn link(&mut self, path: &Path<'_>, link: Value<'_>) -> bool {
        let Some(members) = link.members() else {
            self.wrong(Rule::Link, path, link, "an object");
            return false;
        };
        let (mut href, mut rel) = (None, None);
        let mut times = Times::default();
        for (key, value) in members {
            match &*key.text() {
                "href" => {
                    href = Some(value);
                    self.href(Rule::LinkHref, path, value);
                }
                "rel" => {
                    rel = Some(value);
                    self.filled_string(Rule::Link, &path.member("rel"), value);
                }
                name @ ("type" | "title") => self.string(Rule::Link, path, name, value),
                name if self.is_110() => match name {
                    "method" => self.method(path, value),
                    "headers" => self.headers(&path.member("headers"), value),
                    _ => self.common_member(&mut times, path, name, value),
                },
                _ => {}
            }
        }
        if href.is_none() {
            self.missing(Rule::LinkHref, path, "href");
        }
        if rel.is_none() {
            self.missing(Rule::Link, path, "rel");
        }
        self.times(path, &times);
        let rel = rel.and_then(Value::as_str);
        if self.is_110()
            && rel.as_deref() == Some("self")
            && let Some(href) = href
            && href.as_str().is_some_and(|text| iri::is_iri_reference(&text) && !iri::is_iri(&text))
        {
            let message = format_args!("must be absolute: the link is \"self\"");
            self.report(Rule::SelfHref, &path.member("href"), Some(href), message);
        }
        rel.as_deref() == Some("collection")
    }

    fn method(&mut self, parent: &Path<'_>, value: Value<'_>) {
        self.string(Rule::Link, parent, "method", value);
        if value.as_str().is_some_and(|text| text.is_empty() || !text.bytes().all(|b| b.is_ascii_uppercase()))
        {
            let message = format_args!("must be a method of HTTP in capitals, such as GET or POST");
            self.report(Rule::Link, &parent.member("method"), Some(value), message);
        }
    }

    fn headers(&mut self, path: &Path<'_>, value: Value<'_>) {
        let Some(members) = self.object(Rule::Link, path, value) else { return };
        for (key, value) in members {
            let is_header = match value.kind() {
                Kind::String => true,
                _ => {
                    value.elements().is_some_and(|mut all| all.all(|element| element.kind() == Kind::String))
                }
            };
            if !is_header {
                self.wrong(Rule::Link, &path.key(key), value, "a string or an array of strings");
            }
        }
    }

    /// `assets`: an object of Asset Objects. Says whether one of them has `bands`; of what is no object
    /// it says so too, as the schema's condition does.
    pub(super) fn assets(&mut self, path: &Path<'_>, value: Value<'_>) -> bool {
        let Some(members) = value.members() else {
            self.wrong(Rule::Assets, path, value, "an object of assets");
            return true;
        };
        let mut have_bands = false;
        for (key, asset) in members {
            have_bands |= self.asset(&path.key(key), asset);
        }
        have_bands
    }

    /// One Asset Object; says whether it has `bands`.
    fn asset(&mut self, path: &Path<'_>, asset: Value<'_>) -> bool {
        let Some(members) = asset.members() else {
            self.wrong(Rule::Asset, path, asset, "an object");
            return false;
        };
        let (mut has_href, mut has_bands) = (false, false);
        let mut times = Times::default();
        for (key, value) in members {
            match &*key.text() {
                "href" => {
                    has_href = true;
                    self.href(Rule::AssetHref, path, value);
                }
                "type" => self.string(Rule::Asset, path, "type", value),
                "roles" => self.strings(Rule::Asset, path, "roles", value),
                name => {
                    has_bands |= name == "bands";
                    self.common_member(&mut times, path, name, value);
                }
            }
        }
        if !has_href {
            self.missing(Rule::AssetHref, path, "href");
        }
        self.times(path, &times);
        has_bands
    }

    /// `item_assets` of 1.1.0.
    pub(super) fn item_assets(&mut self, path: &Path<'_>, value: Value<'_>) {
        let Some(members) = value.members() else {
            return self.wrong(Rule::ItemAssets, path, value, "an object");
        };
        for (key, asset) in members {
            let path = path.key(key);
            let Some(members) = asset.members() else {
                self.wrong(Rule::Asset, &path, asset, "an object");
                continue;
            };
            let mut count = 0;
            let mut times = Times::default();
            for (key, value) in members {
                count += 1;
                match &*key.text() {
                    "href" => {
                        let message = format_args!("an asset definition has no href");
                        self.report(Rule::ItemAsset, &path.member("href"), Some(value), message);
                    }
                    "type" => self.string(Rule::Asset, &path, "type", value),
                    "roles" => self.strings(Rule::Asset, &path, "roles", value),
                    name => self.common_member(&mut times, &path, name, value),
                }
            }
            if count < 2 {
                self.report(
                    Rule::ItemAsset,
                    &path,
                    Some(asset),
                    format_args!("must have two members or more"),
                );
            }
            self.times(&path, &times);
        }
    }
}
