//! A page of Items as a GeoJSON FeatureCollection. What is small is answered whole; of the rest a part is made whenever the client
//! has taken the one before, so that a slow client holds no thread.

use axum::body::Bytes;
use axum::response::Response;
use serde_json::Value;
use stacyard_model::json::Tape;
use stacyard_search::{Fields, PageSize, Query, Stop};
use stacyard_store::{Cursor, Error, ErrorKind, Page, PageItem};

use super::document::text;
use super::page_links::PageLinks;
use super::stream::{Parts, streamed};
use crate::ask::Asked;
use crate::catalog::{BACK, Catalog, PlaceOfPage};
use crate::links::with_item_links;
use crate::media::GEOJSON;
use crate::problem::Problem;
use crate::state::{App, Server};

/// How many Items a page has where nobody says it.
const PAGE: u64 = 10;

/// A part has about so many bytes.
const PART: usize = 256 << 10;

/// A page for people has so many Items at most.
const SHOWN: u64 = 100;

/// It ends after the Item with which it has so many bytes (16 MiB): it is held as a whole, several times.
const SHOWN_BYTES: usize = 16 << 20;

/// What a page is made of.
struct Features {
    page: Page,
    fields: Fields,
    links: PageLinks,
    query: Query,
}

impl Features {
    /// The page that is asked for.
    ///
    /// # Errors
    /// Those of the stores.
    fn open(catalog: &Catalog, asked: Asked, links: PageLinks, stop: &Stop) -> Result<Self, Error> {
        let query = asked.query();
        let place = match asked.place.as_deref().map(|text| (text, text.strip_prefix(BACK))) {
            None => PlaceOfPage::First,
            Some((_, Some(before))) => PlaceOfPage::Before(Cursor::parse(before)?),
            Some((after, None)) => PlaceOfPage::After(Cursor::parse(after)?),
        };
        let size = asked.size()?.map_or_else(|| PageSize::new(PAGE), Ok)?;
        let page = catalog.page(&query, &place, size, stop)?;
        Ok(Self { page, fields: asked.search.fields, links, query })
    }
}

/// Answers with a page.
pub(super) async fn features(
    app: &App,
    catalog: Catalog,
    asked: Asked,
    links: PageLinks,
) -> Result<Response, Problem> {
    let (job, server) = (app.works.job_of_page(asked.limit.unwrap_or(PAGE)), App::clone(app));
    let begun = job.run(move |stop| {
        let mut writer = Writer::new(Features::open(&catalog, asked, links, stop)?, catalog, server);
        Ok((writer.next()?, writer))
    });
    let (first, writer) = begun.await?;
    if writer.is_done {
        return Ok(text(GEOJSON, first));
    }
    Ok(text(GEOJSON, streamed(job.unhurried(), vec![first], writer)?))
}

/// A page for people as JSON: fewer Items at most, and all at once.
pub(crate) async fn shown_features(
    app: &App,
    catalog: Catalog,
    mut asked: Asked,
    links: PageLinks,
) -> Result<Value, Problem> {
    asked.limit = Some(asked.limit.unwrap_or(PAGE).min(SHOWN));
    let (job, server) = (app.works.job(), App::clone(app));
    let page = job.run(move |stop| {
        let mut writer = Writer::new(Features::open(&catalog, asked, links, stop)?, catalog, server);
        let mut all = Vec::new();
        while !writer.is_done {
            all.extend_from_slice(&writer.next()?);
            writer.is_full = all.len() >= SHOWN_BYTES;
        }
        serde_json::from_slice(&all)
            .map_err(|cause| Error::new(ErrorKind::Damaged, "an Item that is not JSON").caused_by(cause))
    });
    page.await
}

impl Parts for Writer {
    fn part(&mut self, _: &Stop) -> Result<Option<Vec<Bytes>>, Error> {
        if self.is_done { Ok(None) } else { Ok(Some(vec![self.next()?])) }
    }
}

/// Writes a page, part by part.
struct Writer {
    features: Features,
    catalog: Catalog,
    server: App,
    tape: Tape,
    returned: u64,
    /// Where its first and its last Item stand.
    ends: Option<[Cursor; 2]>,
    /// Others come on the next page.
    is_full: bool,
    is_done: bool,
}

impl Writer {
    fn new(features: Features, catalog: Catalog, server: App) -> Self {
        Self {
            features,
            catalog,
            server,
            tape: Tape::new(),
            returned: 0,
            ends: None,
            is_full: false,
            is_done: false,
        }
    }

    /// The next part.
    fn next(&mut self) -> Result<Bytes, Error> {
        let mut out = Vec::new();
        if self.returned == 0 {
            out.extend_from_slice(br#"{"type":"FeatureCollection","features":["#);
        }
        while out.len() < PART {
            let item = if self.is_full { None } else { self.features.page.next().transpose()? };
            let Some(item) = item else {
                self.finish(&mut out)?;
                break;
            };
            if self.returned > 0 {
                out.push(b',');
            }
            self.returned += 1;
            self.item(item, &mut out);
        }
        Ok(out.into())
    }

    fn item(&mut self, item: PageItem, out: &mut Vec<u8>) {
        let Features { fields, links, .. } = &self.features;
        let mut some = Vec::new();
        let mut wanted = &item.text;
        if !fields.is_all()
            && let Ok(root) = self.tape.parse(&item.text)
        {
            fields.write(root, &mut some);
            wanted = &some;
        }
        with_item_links(wanted, &links.base, &mut self.tape, out);
        let first = self.ends.take().map_or_else(|| item.cursor.clone(), |[first, _]| first);
        self.ends = Some([first, item.cursor]);
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.is_done = true;
        let page = &mut self.features.page;
        let is_cut = self.is_full && page.next().transpose()?.is_some();
        let (is_first, has_more) = (page.is_first(), is_cut || page.has_more()?);
        let token = |place: String| self.server.tokens.sign(&place);
        let ends = self.ends.as_ref();
        let next = ends.filter(|_| has_more).map(|[_, last]| token(last.to_string()));
        let prev = ends.filter(|_| !is_first).map(|[first, _]| token(format!("{BACK}{first}")));
        let links = self.features.links.write(next.as_deref(), prev.as_deref());
        let matched = if is_first && !has_more { Some(self.returned) } else { self.count()? };
        out.extend_from_slice(
            format!(r#"],"links":[{links}],"numberReturned":{}"#, self.returned).as_bytes(),
        );
        if let Some(matched) = matched {
            out.extend_from_slice(format!(r#","numberMatched":{matched}"#).as_bytes());
        }
        out.push(b'}');
        Ok(())
    }

    /// How many Items answer, where that can be said soon.
    fn count(&self) -> Result<Option<u64>, Error> {
        let Server { counts, options, .. } = &*self.server;
        counts.count(&self.catalog, &self.features.query, options.counting)
    }
}
