//! What is said of a harvest in the end: whether the API has given what it said that it has.

use stacyard_store::{Fetched, Note, Remedy};

use crate::pages::mended;

/// What has come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) fetched: Fetched,
    /// How many Items the API says that there are.
    pub(super) matched: Option<u64>,
    /// How many came a second time in other words.
    pub(super) changed: u64,
    /// How many windows were begun anew.
    pub(super) anew: u64,
    /// How many Items have got the `datetime` that the API has left out.
    pub(super) mended: u64,
}

impl Tally {
    /// How many different Items came.
    const fn different(&self) -> u64 {
        self.fetched.items - self.fetched.skipped - self.changed
    }

    /// What a user should know of it.
    pub(super) fn notes(&self, api: &str) -> Vec<Note> {
        let Self { fetched, matched, changed, anew, .. } = *self;
        let (different, windows) = (self.different(), fetched.windows);
        let mut notes = Vec::new();
        let mut note = |message, help: Remedy| notes.push(Note { message, help });
        match matched {
            Some(matched) if different < matched && windows > 1 => note(
                format!(
                    "{api} says that {matched} Items answer, and has given {different} in {windows} windows of time: {} are missing",
                    matched - different
                ),
                Remedy::from("Items may have gone meanwhile; else it finds some in no window: ask without windows with ")
                    .option(("harvest-connections", "1")),
            ),
            Some(matched) if different != matched => note(
                format!("{api} says that {matched} Items answer, and has given {different}"),
                Remedy::from("Items may have come or gone meanwhile; else the API gives some twice or leaves some out"),
            ),
            _ => {}
        }
        if fetched.skipped > 0 && windows == 1 && anew == 0 {
            note(
                format!("{api} has given {} a second time: skipped", many(fetched.skipped, "Item")),
                Remedy::from("Items may have moved from page to page while others came or went"),
            );
        }
        if changed > 0 {
            note(
                format!(
                    "{api} has given {} a second time with other content: changed meanwhile",
                    many(changed, "Item")
                ),
                Remedy::from("the first version counts; a later copy with ")
                    .option("update")
                    .text(" fetches what has changed"),
            );
        }
        if anew > 0 {
            note(
                format!(
                    "{api} did not know any more what it had said comes next: {} begun anew",
                    many(anew, "window")
                ),
                Remedy::default(),
            );
        }
        notes.extend(mended(api, self.mended));
        notes
    }
}

/// `1 Item`, `2 Items`.
fn many(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
