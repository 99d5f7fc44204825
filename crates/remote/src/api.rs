//! A STAC API as a store.

use std::sync::Arc;

use reqwest::Url;
use stacyard_model::json::Tape;
use stacyard_model::migrate::lacks_datetime;
use stacyard_search::{Aggregation, Aggregator, Compiled, Stop};
use stacyard_store::{
    Backend, Candidates, Collections, Count, Error, ErrorKind, Find, ItemKey, Known, Note, Remedy, Report,
    Sorted, Source, item_by_search, without_password,
};
use tokio::runtime::Runtime;

use crate::first::{First, first};
use crate::harvest::Harvest;
use crate::landing::Landing;
use crate::options::ApiOptions;
use crate::page::{Page, with_datetimes};
use crate::pages::Pages;
use crate::pushdown::{Pushed, everything, pushed, with, without_place};
use crate::walk::{Asker, Walk};
use stacyard_http::{Http, Request, shown};

/// A STAC API, opened: its landing page has been read. Clones share the connections.
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
}

struct Shared {
    /// Its URL, without a password.
    shown: String,
    url: Url,
    http: Http,
    runtime: &'static Runtime,
    landing: Landing,
    options: ApiOptions,
}

impl Api {
    /// Reads the landing page of an API.
    ///
    /// # Errors
    /// A URL that is none of a STAC API; one that cannot be reached, or wants credentials.
    pub fn open(url: &str, options: ApiOptions) -> Result<Self, Error> {
        let url: Url = url.parse().map_err(|cause| {
            let shown = without_password(url);
            Error::usage(
                format!("{shown} is not a URL: {cause}"),
                "write https://host/path of a landing page",
            )
        })?;
        let runtime = stacyard_runtime::shared()
            .map_err(|cause| Error::failed("cannot start a thread for connections").caused_by(cause))?;
        let shown = shown(&url);
        let http = Http::new(&url, &options.http)?;
        let answer = stacyard_runtime::wait(runtime, http.ask(&Request::get(url.clone()), &Stop::default()))?;
        let landing = Landing::of(&answer)?;
        Ok(Self { shared: Arc::new(Shared { shown, url, http, runtime, landing, options }) })
    }

    fn ask(&self, url: Url, stop: &Stop) -> Result<Vec<u8>, Error> {
        let Shared { http, runtime, .. } = &*self.shared;
        Ok(stacyard_runtime::wait(runtime, http.ask(&Request::get(url), stop))?.text)
    }

    /// Who asks for pages.
    pub(crate) fn asker(&self, stop: &Stop) -> Asker {
        Asker { http: self.shared.http.clone(), stop: stop.clone(), mends: true }
    }

    fn pages(&self, request: Request, member: &'static str, stop: &Stop) -> Pages {
        self.pages_by(self.asker(stop), request, member)
    }

    fn pages_by(&self, asker: Asker, request: Request, member: &'static str) -> Pages {
        let Shared { shown, runtime, options, .. } = &*self.shared;
        Pages::of((shown, runtime), asker, (request, member), options.ahead)
    }

    fn pushed(&self, (search, collections): (&Compiled, &[String]), in_order: bool) -> Result<Pushed, Error> {
        let Shared { shown, landing, options, .. } = &*self.shared;
        let pushed = pushed(landing, (search, collections), options.page, in_order);
        if options.strict && !pushed.left.is_empty() {
            let message = format!("{shown} does not say that it knows {}", pushed.left.join(" and "));
            let remedy =
                Remedy::from("without ").option("strict-api").text(" more is fetched, and looked at here");
            return Err(Error::new(ErrorKind::Unsupported, &message).remedy(remedy));
        }
        Ok(pushed)
    }

    /// Its name.
    pub(crate) fn shown(&self) -> &str {
        &self.shared.shown
    }

    /// Whether its Collections can be asked for.
    pub(crate) fn has_collections(&self) -> bool {
        self.shared.landing.collections.is_some()
    }

    /// Whether it has any Item.
    pub(crate) fn has_items(&self, stop: &Stop) -> Result<bool, Error> {
        let page = self.pages(everything(&self.shared.landing, 1), "features", stop).page()?;
        Ok(page.is_some_and(|page| !page.records.is_empty()))
    }

    /// The JSON Schema of what filters may name; `None`: it has none.
    pub(crate) fn queryables_text(&self, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        self.shared.landing.queryables.clone().map_or(Ok(None), |url| there(self.ask(url, stop)))
    }

    /// Whether all Items that may answer have what the order goes by, as far as the API says.
    fn all_have_a_place(&self, search: &Compiled, collections: &[String]) -> Result<bool, Error> {
        let asked = without_place(&self.shared.landing, (search, collections));
        let Some(request) = asked else { return Ok(false) };
        let page = self.pages(request, "features", search.stop()).page()?;
        Ok(page.is_none_or(|page| page.records.is_empty()))
    }

    /// What is to be said of an answer: an API that does not know a name may give an empty one.
    fn told(&self, search: &Compiled, mut report: Report, note: Option<Note>) -> Result<Report, Error> {
        report.notes.extend(note);
        report.notes.extend(self.named(search, report.read)?);
        Ok(report)
    }

    /// What is to be said of the names in a search to which the API has given so many Items.
    pub(crate) fn named(&self, search: &Compiled, items: u64) -> Result<Vec<Note>, Error> {
        let mut notes = Vec::new();
        if items == 0 || search.request().collections.len() > 1 {
            notes.extend(self.known_collections(search)?.1);
        }
        if items == 0 {
            notes.extend(self.doubtful(search)?);
        }
        Ok(notes)
    }

    /// Whether it can be asked by a filter.
    pub fn takes_filters(&self) -> bool {
        let Landing { takes_post, .. } = self.shared.landing;
        self.shared.landing.takes_filters(if takes_post { "cql2-json" } else { "cql2-text" })
    }

    /// How it is asked.
    pub(crate) fn options(&self) -> &ApiOptions {
        &self.shared.options
    }

    /// What its connections run on.
    pub(crate) fn runtime(&self) -> &'static Runtime {
        self.shared.runtime
    }

    /// What stands in its URL and is not shown.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let url = &self.shared.url;
        // As they are spelled there, and as they are meant.
        let spelled = url.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let spelled = spelled.map(|(_, value)| value.to_owned());
        let meant = url.query_pairs().map(|(_, value)| value.into_owned());
        let headers = self.shared.options.http.headers.iter().map(|(_, value)| value.clone());
        spelled.chain(meant).chain(headers).filter(|value| !value.is_empty()).collect()
    }

    /// How many Items a request finds; `None`: the API does not say.
    pub(crate) fn matched(&self, request: &Request, stop: &Stop) -> Result<Option<u64>, Error> {
        let mut walk = Walk::new(self.asker(stop), with(request, "limit", 1.into()), "features");
        let page = stacyard_runtime::wait(self.shared.runtime, walk.next((), |(), _| ()))?;
        Ok(page.and_then(|(page, ())| page.matched))
    }

    /// The collections that are asked for. An API may refuse names that it does not know, which a lenient search takes.
    fn asked_collections(&self, search: &Compiled) -> Result<Vec<String>, Error> {
        if search.is_lenient() {
            Ok(self.known_collections(search)?.0)
        } else {
            Ok(search.request().collections.clone())
        }
    }

    /// The pages of a search, and what is known of what is on them.
    fn searched(&self, find: &Find<'_>) -> Result<(Pages, Known, Option<Note>), Error> {
        let collections = self.asked_collections(&find.search)?;
        let Pushed { request, left, is_pruned } = self.pushed((&find.search, &collections), false)?;
        let note = self.note(&left);
        // Of what is not given nobody knows which names it has.
        Ok((
            self.pages(request, "features", find.search.stop()),
            Known { are_valid: false, names: is_pruned },
            note,
        ))
    }

    /// What is said where more is fetched than the search has Items.
    fn note(&self, left: &[&str]) -> Option<Note> {
        (!left.is_empty()).then(|| Note {
            message: format!(
                "{} does not say that it knows {}: more was fetched, and looked at here",
                self.shared.shown,
                left.join(" and ")
            ),
            help: Remedy::default(),
        })
    }
}

impl Backend for Api {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        let Shared { landing, options, .. } = &*self.shared;
        Ok(Box::new(self.pages(everything(landing, options.page), "features", &Stop::default())))
    }

    /// As the API gives them: what it leaves out is not valid, and is not written before it is looked at.
    fn audit(&self) -> Result<Box<dyn Source>, Error> {
        let Shared { landing, options, .. } = &*self.shared;
        let asker = Asker { mends: false, ..self.asker(&Stop::default()) };
        Ok(Box::new(self.pages_by(asker, everything(landing, options.page), "features")))
    }

    fn candidates(&self, search: &Arc<Compiled>) -> Result<Candidates, Error> {
        let collections = self.asked_collections(search)?;
        let Pushed { request, left, is_pruned } = self.pushed((search, &collections), false)?;
        Ok(Candidates {
            source: Box::new(Harvest::new(self, search, request)?),
            known: Known { are_valid: false, names: is_pruned },
            notes: self.note(&left).into_iter().collect(),
        })
    }

    fn collections(&self) -> Result<Collections, Error> {
        let Some(url) = self.shared.landing.collections.clone() else { return Ok(Collections::new()) };
        let mut pages = self.pages(Request::get(url), "collections", &Stop::default());
        let mut found = Collections::new();
        while let Some(Page { text, records, next, from, .. }) = pages.page()? {
            let known = found.len();
            for record in records {
                let collection: serde_json::Value =
                    serde_json::from_slice(&text[record]).map_err(|cause| {
                        Error::new(ErrorKind::Damaged, "a Collection cannot be read").caused_by(cause)
                    })?;
                let id = collection.get("id").and_then(serde_json::Value::as_str).map(str::to_owned);
                let id = id.ok_or_else(|| Error::new(ErrorKind::Damaged, "a Collection has no id"))?;
                found.insert(id, collection);
            }
            if next.is_some() && found.len() == known {
                let message = format!("{from} gives the same Collections again and again");
                return Err(Error::new(ErrorKind::Damaged, &message)
                    .remedy("the API is at fault: what came before may not be all"));
            }
        }
        Ok(found)
    }

    fn collection(&self, id: &str) -> Result<Option<serde_json::Value>, Error> {
        let Some(url) = self.shared.landing.collection(id) else { return Ok(None) };
        let Some(text) = there(self.ask(url, &Stop::default()))? else { return Ok(None) };
        let collection = serde_json::from_slice(&text);
        collection
            .map(Some)
            .map_err(|cause| Error::new(ErrorKind::Damaged, "a Collection cannot be read").caused_by(cause))
    }

    fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        let url =
            key.collection.as_ref().and_then(|collection| self.shared.landing.item(collection, &key.id));
        // One without a collection has no URL.
        let Some(url) = url else { return item_by_search(self, key, stop) };
        let Some(text) = there(self.ask(url, stop))? else { return Ok(None) };
        let mut compact = Vec::new();
        let mut tape = Tape::new();
        let unread = |cause| Error::new(ErrorKind::Damaged, "an Item cannot be read").caused_by(cause);
        let item = tape.parse(&text).map_err(unread)?;
        let text = match lacks_datetime(item) {
            Some(at) => with_datetimes(&text, &[at]),
            None => text,
        };
        let item = tape.parse(&text).map_err(unread)?;
        item.write_compact(&mut compact);
        Ok(Some(compact))
    }

    fn ready(&self) -> Result<(), Error> {
        self.ask(self.shared.url.clone(), &Stop::default()).map(drop)
    }

    fn find(&self, mut find: Find<'_>) -> Result<(Sorted, Report), Error> {
        let search = Arc::clone(&find.search);
        let may_sort = self.shared.landing.has("sort") && !find.check.migrate;
        if let Some(wanted) = find.first.filter(|_| may_sort)
            && let collections = self.asked_collections(&search)?
            && self.all_have_a_place(&search, &collections)?
        {
            let Pushed { request, left, .. } = self.pushed((&search, &collections), true)?;
            let mut pages = self.pages(request, "features", find.search.stop());
            if let First::Found(found) = first(&mut find, wanted, &mut pages)? {
                let (sorted, mut report) = *found;
                report.notes.extend(pages.notes());
                return Ok((sorted, self.told(&search, report, self.note(&left))?));
            }
        }
        let (mut pages, known, note) = self.searched(&find)?;
        let (sorted, report) = find.over(&mut pages, known)?;
        Ok((sorted, self.told(&search, report, note)?))
    }

    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        let search = Arc::clone(&find.search);
        let (mut pages, known, note) = self.searched(&find)?;
        let report = find.count_over(&mut pages, known)?;
        self.told(&search, report, note)
    }

    fn estimate(&self, find: Find<'_>) -> Result<Count, Error> {
        let collections = self.asked_collections(&find.search)?;
        let Pushed { request, left, .. } =
            pushed(&self.shared.landing, (&find.search, &collections), 1, false);
        let mut pages = self.pages(request, "features", find.search.stop());
        let matched = pages.page()?.and_then(|page| page.matched).filter(|_| left.is_empty());
        Ok(matched.map_or(Count::Unknown, Count::Estimate))
    }

    fn aggregate(&self, find: Find<'_>, wanted: &[Aggregation]) -> Result<(Aggregator, Report), Error> {
        let search = Arc::clone(&find.search);
        let (mut pages, known, note) = self.searched(&find)?;
        let (found, report) = find.aggregate_over(&mut pages, known, wanted)?;
        Ok((found, self.told(&search, report, note)?))
    }
}

/// What an API has; `None`: it says that there is no such thing.
fn there(answer: Result<Vec<u8>, Error>) -> Result<Option<Vec<u8>>, Error> {
    match answer {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        answer => answer.map(Some),
    }
}
