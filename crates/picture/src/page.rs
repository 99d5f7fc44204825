//! A map as a page that holds all it needs: it asks nobody for anything, and what is stored can never become markup or a script.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::number::count;
use crate::{Picture, Times, svg, times_svg};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the page shows.
#[derive(Debug)]
pub struct Page<'a> {
    /// What is shown, such as the name of a store.
    pub title: &'a str,
    /// The search as a command, to be copied.
    pub command: &'a str,
    /// How many Items answer.
    pub total: u64,
    /// What a reader should know of it, sentence by sentence.
    pub notes: &'a [String],
    /// The map.
    pub picture: &'a Picture,
    /// When Items are.
    pub times: &'a Times,
    /// The first Items.
    pub items: &'a [Item],
}

/// An Item in a list.
#[derive(Debug, Clone, Default)]
pub struct Item {
    /// Its collection and id.
    pub name: String,
    /// Its time.
    pub time: Option<String>,
    /// Its properties, each as a text.
    pub properties: Vec<(String, String)>,
    /// The number of its footprint in the picture.
    pub footprint: Option<usize>,
}

/// The page.
pub fn page(page: &Page<'_>) -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    let ends = page.times.steps.first().zip(page.times.steps.last());
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (page.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (page.title) }
                    p { (count(page.total)) @if page.total == 1 { " Item" } @else { " Items" } }
                    @for note in page.notes { p.faint { (note) } }
                    figure {
                        (PreEscaped(svg(page.picture, &format!("Where the Items of {} are", page.title))))
                        div.tools hidden {
                            button #in aria-label="Zoom in" { "+" }
                            button #out aria-label="Zoom out" { "−" }
                            button #all { "All" }
                        }
                    }
                    @if let Some(((first, _), (last, _))) = ends {
                        h2 { "When" }
                        (PreEscaped(times_svg(page.times)))
                        div.ends { span { (first) } span { (last) } }
                    }
                    @if page.times.missing > 0 {
                        p.faint { (count(page.times.missing)) " without a time" }
                    }
                    @if !page.items.is_empty() {
                        h2 { "The first " (page.items.len()) }
                        ol {
                            @for item in page.items {
                                li data-footprint=[item.footprint] {
                                    details {
                                        summary { (item.name) @if let Some(time) = &item.time { ", " (time) } }
                                        dl {
                                            @for (name, value) in &item.properties { dt { (name) } dd { (value) } }
                                        }
                                    }
                                }
                            }
                        }
                    }
                    h2 { "The same again" }
                    p { code { (page.command) } }
                    p.faint { "Land: Natural Earth, public domain" }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    markup.into_string()
}
