//! The place of the map on a page: what is drawn there without a script, and what the script needs.

use maud::{Markup, html};
use serde_json::Value;

use super::outline::{Degrees, outline};
use super::site::Site;
use super::words;

/// What a map shows.
pub(super) struct Map<'a> {
    /// The path of its tiles, with the parameters of a search; `None`: no tiles.
    pub(super) tiles: Option<String>,
    /// What is in view at first; `None`: the Earth.
    pub(super) bounds: Option<Degrees>,
    /// What is drawn without a script.
    pub(super) features: &'a [&'a Value],
    /// Whether a box can be drawn on it, which goes to the field of this id.
    pub(super) draws_into: Option<&'a str>,
}

impl Map<'_> {
    pub(super) fn shown(&self, site: &Site) -> Markup {
        let script = site.asset("map", "js");
        let bounds = self.bounds.map(|all| all.map(|degrees: f64| format!("{degrees}")).join(","));
        html! {
            @if let Some(field) = self.draws_into {
                // It does nothing without a script, which shows it.
                div .map-tools data-for=(field) hidden {
                    button .quiet type="button" data-draw aria-pressed="false" { (words::DRAW) }
                    button .quiet type="button" data-view { (words::TAKE_VIEW) }
                    button .quiet type="button" data-clear { (words::CLEAR_BOX) }
                }
            }
            div .map #map role="region" aria-label=(words::MAP)
                data-script=[script.as_ref()] data-worker=[site.asset("worker", "js")] data-style=[site.asset("map", "css")]
                data-basemap=[site.asset("basemap", "json")] data-collections=(site.base.url("/collections"))
                data-tiles=[self.tiles.as_ref()] data-bounds=[bounds]
            {
                (outline(self.features))
                @if script.is_none() { p .map-note { (words::NO_MAP) } }
            }
            // By itself, so that it comes while the page is still read, and after its place, which it looks for.
            @if let Some(script) = &script { script type="module" async src=(script) {} }
        }
    }
}
