//! Remote STAC APIs as stores.
//!
//! `options` says how an API is asked, `http` asks it (again, where it did not answer), `landing` is what it says of itself; `pushdown` is the part
//! of a search that it is asked, `names` looks whether there is what it names, `page` one answer with the link to the next, `walk` goes from one to the next,
//! `pages` are all of them as a source of Items, and `harvest` is the source of a copy. `api` is the store.
//!
//! What an API answers is looked at again here: it may give more than a search asks for, and a search means the same of all stores.

mod api;
mod first;
mod harvest;
mod landing;
mod names;
mod options;
mod page;
mod pages;
mod pushdown;
mod walk;

pub use self::api::Api;
pub use self::harvest::{forget as forget_journal, since as journal_since};
pub use self::options::{ApiOptions, JournalOptions};
