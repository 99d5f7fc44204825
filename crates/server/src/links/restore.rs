//! The links of what a client sends, as they are stored: the opposite of what a GET does. A client that reads, edits and sends back
//! changes what it has edited only: links of this server are not stored, and what was hidden behind them or resolved is as it was.

use std::collections::{HashMap, HashSet};

use stacyard_model::json::{Document, Value};

use super::Base;
use super::link::is_added;
use super::splice::{rel, resolved};

/// The links to store, as the text of an array, where they are others than those that were sent. `before` are those stored now, `ours` the
/// relations whose links are made by this server.
pub(crate) fn stored_links(
    sent: Value<'_>,
    before: Option<Value<'_>>,
    ours: &[&str],
    base: &Base,
) -> Option<String> {
    let is_of = |link: Value<'_>, relations: &[&str]| rel(link).is_some_and(|rel| relations.contains(&&*rel));
    let is_made_here = |link: &Value<'_>| match (rel(*link), href(*link)) {
        (Some(rel), Some(href)) => base.has(&href) && (ours.contains(&&*rel) || is_added(&rel, &href)),
        _ => false,
    };
    let (made_here, kept): (Vec<_>, Vec<_>) = sent.elements()?.partition(is_made_here);
    let came_back: HashSet<_> = made_here.into_iter().filter_map(rel).collect();
    let replaced: HashSet<_> = kept.iter().filter_map(|link| rel(*link)).collect();
    let before_links: Vec<Value<'_>> = before.and_then(Value::elements).into_iter().flatten().collect();
    // A GET shows ours in the place of these: they are there still, unless the client has put others there.
    let is_hidden = |link: &&Value<'_>| is_of(**link, ours);
    let hidden: Vec<Value<'_>> = before_links.iter().filter(is_hidden).copied().collect();
    let stays =
        |link: &Value<'_>| rel(*link).is_some_and(|rel| came_back.contains(&rel) && !replaced.contains(&rel));
    let back: Vec<Value<'_>> = hidden.iter().filter(|link| stays(link)).copied().collect();
    let is_self = |link: &&Value<'_>| is_of(**link, &["self"]);
    let own = before_links.iter().find(is_self).and_then(|link| href(*link));
    // Without it relative references would lead elsewhere, or nowhere.
    let own_stays = own.is_none() || back.iter().any(|link| is_self(&link));
    let mut shown = Shown::of(before_links.iter().filter(|link| !is_hidden(link)), own.as_deref());
    let mut as_stored = |link: Value<'_>| match shown.take(link) {
        Some(stored) if own_stays => stored.raw().to_owned(),
        _ => link.raw().to_owned(),
    };
    let visible: Vec<String> = kept.iter().map(|link| as_stored(*link)).collect();
    let seen = before_links.iter().filter(|link| !is_hidden(link)).map(|link| link.raw());
    match before {
        // Nothing has changed, so that their order has not either.
        Some(before) if back.len() == hidden.len() && seen.eq(visible.iter().map(String::as_str)) => {
            Some(before.raw().to_owned())
        }
        _ => {
            let back = back.iter().map(|link| link.raw());
            let all: Vec<&str> = back.chain(visible.iter().map(String::as_str)).collect();
            Some(format!("[{}]", all.join(",")))
        }
    }
}

/// Links as a GET shows them, each with the stored one.
struct Shown<'a>(HashMap<String, Vec<(Document, Value<'a>)>>);

impl<'a> Shown<'a> {
    fn of<'v>(links: impl Iterator<Item = &'v Value<'a>>, own: Option<&str>) -> Self
    where
        'a: 'v,
    {
        let mut by_href: HashMap<String, Vec<(Document, Value<'a>)>> = HashMap::new();
        for link in links {
            let mut text = Vec::new();
            resolved(*link, own, &mut text);
            let Ok(shown) = Document::parse_bytes(&text) else { continue };
            let href = href(shown.root()).unwrap_or_default();
            by_href.entry(href).or_default().push((shown, *link));
        }
        Self(by_href)
    }

    /// The stored link that is shown so; of several that are shown alike each once, in their order.
    fn take(&mut self, link: Value<'_>) -> Option<Value<'a>> {
        let those = self.0.get_mut(&href(link)?)?;
        let at = those.iter().position(|(shown, _)| shown.root() == link)?;
        Some(those.remove(at).1)
    }
}

fn href(link: Value<'_>) -> Option<String> {
    link.get("href").and_then(Value::as_str).map(std::borrow::Cow::into_owned)
}
