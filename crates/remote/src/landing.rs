//! What an API says of itself on its landing page (STAC API - Core).

use reqwest::Url;
use serde_json::Value;
use stacyard_store::{Error, ErrorKind};

use stacyard_http::{Answer, resolve, shown};

/// What an API can do, and where.
#[derive(Debug, Clone)]
pub(crate) struct Landing {
    /// Where Items are searched for.
    pub(crate) search: Url,
    /// Whether it takes searches by POST.
    pub(crate) takes_post: bool,
    /// Where its Collections are.
    pub(crate) collections: Option<Url>,
    /// What filters may name (filter extension).
    pub(crate) queryables: Option<Url>,
    conforms_to: Vec<String>,
}

impl Landing {
    /// # Errors
    /// What is not the landing page of a STAC API.
    pub(crate) fn of(answer: &Answer) -> Result<Self, Error> {
        let none = |why: &str| {
            Error::new(
                ErrorKind::Unsupported,
                &format!("{} is not the landing page of a STAC API: {why}", shown(&answer.url)),
            )
            .remedy("name the API by the URL of its landing page, such as https://host/stac")
        };
        let page: Value = serde_json::from_slice(&answer.text)
            .map_err(|cause| none(&format!("it is not JSON ({cause})")))?;
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let links = page.get("links").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let of = |relation: &'static str| {
            links.iter().filter(move |link| text(link, "rel").as_deref() == Some(relation))
        };
        let url = |link: &Value| resolve(&answer.url, &text(link, "href")?);
        let methods: Vec<String> =
            of("search").map(|link| text(link, "method").unwrap_or_else(|| "GET".to_owned())).collect();
        let search = of("search").find_map(url).ok_or_else(|| none("it has no link `search`"))?;
        let strings = |name: &str| {
            page.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        };
        Ok(Self {
            search,
            takes_post: methods.iter().any(|method| method.eq_ignore_ascii_case("POST")),
            collections: of("data").find_map(url),
            queryables: of("http://www.opengis.net/def/rel/ogc/1.0/queryables").find_map(url),
            conforms_to: strings("conformsTo").map(str::to_owned).collect(),
        })
    }

    /// Whether it meets a class of the item search, such as `sort`, of whatever version.
    pub(crate) fn has(&self, class: &str) -> bool {
        let end = format!("/item-search#{class}");
        self.conforms_to.iter().any(|known| known.ends_with(&end))
    }

    /// Whether it takes filters in this encoding, `cql2-json` or `cql2-text`.
    pub(crate) fn takes_filters(&self, encoding: &str) -> bool {
        let end = format!("/conf/{encoding}");
        self.has("filter") && self.conforms_to.iter().any(|known| known.ends_with(&end))
    }

    /// The Collection of this id.
    pub(crate) fn collection(&self, id: &str) -> Option<Url> {
        let mut url = self.collections.clone()?;
        url.set_query(None);
        url.path_segments_mut().ok()?.pop_if_empty().push(id);
        Some(url)
    }

    /// An Item.
    pub(crate) fn item(&self, collection: &str, id: &str) -> Option<Url> {
        let mut url = self.collection(collection)?;
        url.path_segments_mut().ok()?.push("items").push(id);
        Some(url)
    }
}
