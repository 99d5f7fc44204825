//! The landing page: what there is, how much of it, and when.

use maud::{Markup, html};
use serde_json::Value;

use super::counted::{Counted, numbered};
use super::layout::{Trail, page};
use super::outline::outline;
use super::parts::{days, description_of, title_of};
use super::site::Site;
use super::words;

/// A Collection as the landing page shows it.
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) items: u64,
    /// `None`: nobody keeps it, and nobody has asked what its Items say.
    pub(crate) collection: Option<Value>,
}

/// The landing page.
pub(crate) fn landing(site: &Site, catalog: &Value, cards: &[Card]) -> Markup {
    let all: u64 = cards.iter().map(|card| card.items).sum();
    let counted = Counted {
        aggregate: site.base.url("/aggregate"),
        search: site.base.url("/search"),
        given: Vec::new(),
        shown: Vec::new(),
    };
    let content = html! {
        (description_of(catalog))
        p {
            a .button href=(site.base.url("/search")) { (words::SEARCH) } " "
            span .dim { (numbered(all, "Item")) " in " (numbered(cards.len() as u64, "Collection")) }
        }
        @if all > 0 { (counted.time_line()) }
        h2 { (words::COLLECTIONS) }
        @if cards.is_empty() { p { (words::NO_COLLECTIONS) } }
        ul .cards { @for card in cards { (self::card(site, card)) } }
        p .dim {
            a href=(site.base.url("/queryables")) { "Queryables" } " · "
            a href=(site.base.url("/conformance")) { "Conformance" }
        }
    };
    page(site, &Trail::top(), title_of(catalog), catalog, &content)
}

fn card(site: &Site, Card { id, items, collection }: &Card) -> Markup {
    let collection = collection.as_ref();
    let extent = collection.map(|collection| &collection["extent"]);
    // The first box is around all others.
    let place = extent.map(|extent| serde_json::json!({"bbox": extent["spatial"]["bbox"][0]}));
    html! {
        li .card {
            h3 { a href=(site.base.collection(id)) { (collection.map_or(id.as_str(), title_of)) } }
            p .dim { (numbered(*items, "Item")) }
            @if let Some(extent) = extent { p .dim { (days(&extent["temporal"]["interval"][0])) } }
            @if let Some(place) = &place { div .outline { (outline(&[place])) } }
        }
    }
}
