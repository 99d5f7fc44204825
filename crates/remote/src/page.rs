//! One page of an answer: its records, and what is asked for the next one.

use std::ops::Range;

use reqwest::Url;
use serde_json::{Map, Value as Json};
use stacyard_http::{Answer, Request, resolve, shown};
use stacyard_model::json::{Kind, Tape, Value};
use stacyard_model::migrate::{DATETIME, lacks_datetime};
use stacyard_store::{Error, ErrorKind};

/// A page.
pub(crate) struct Page {
    /// Its URL, as it is shown.
    pub(crate) from: String,
    pub(crate) text: Vec<u8>,
    /// Where its records stand in the text.
    pub(crate) records: Vec<Range<usize>>,
    pub(crate) next: Option<Request>,
    /// How many Items have got the `datetime` of null that the API has left out.
    pub(crate) mended: u64,
    /// How many Items answer, as the API says (`numberMatched`, or `matched` of the older context extension).
    pub(crate) matched: Option<u64>,
}

impl Page {
    /// Reads a page whose records are in the member of this name, `features` or `collections`; `each` looks at them. One that `mends` writes the `datetime` of
    /// null that an API has left out.
    ///
    /// # Errors
    /// What is no page.
    pub(crate) fn of(
        answer: Answer,
        asked: &Request,
        (member, mends): (&str, bool),
        mut each: impl FnMut(Value<'_>),
    ) -> Result<Self, Error> {
        let Answer { url, text } = answer;
        let none = |why: &str| {
            Error::new(
                ErrorKind::Damaged,
                &format!("{} does not answer with a page of a STAC API: {why}", shown(&url)),
            )
        };
        let mut tape = Tape::new();
        let root = tape.parse(&text).map_err(|cause| none(&cause.to_string()))?;
        let lacking: Vec<usize> = root
            .get(member)
            .and_then(Value::elements)
            .into_iter()
            .flatten()
            .filter_map(lacks_datetime)
            .collect();
        if mends && !lacking.is_empty() {
            let answer = Answer { text: with_datetimes(&text, &lacking), url };
            let page = Self::of(answer, asked, (member, mends), each)?;
            return Ok(Self { mended: lacking.len() as u64, ..page });
        }
        let found = root
            .get(member)
            .and_then(Value::elements)
            .ok_or_else(|| none(&format!("it has no array `{member}`")))?;
        let mut records = Vec::new();
        for record in found {
            records.push(record.offset()..record.offset() + record.raw().len());
            each(record);
        }
        let matched = root.get("numberMatched").or_else(|| root.pointer("/context/matched"));
        let matched = matched.and_then(Value::as_number).and_then(|number| number.as_i64()?.try_into().ok());
        let is_next = |link: &Value<'_>| link.get("rel").and_then(Value::as_str).as_deref() == Some("next");
        let next = root.get("links").and_then(Value::elements).into_iter().flatten().find(is_next);
        let next = next.filter(|link| link.kind() == Kind::Object).map(|link| {
            let link: Json = serde_json::from_str(link.raw()).unwrap_or_default();
            following(asked, &url, &link).ok_or_else(|| none("its link `next` leads nowhere"))
        });
        Ok(Self { from: shown(&url), next: next.transpose()?, mended: 0, matched, records, text })
    }
}

/// A page with a `datetime` of null at these places.
pub(crate) fn with_datetimes(text: &[u8], places: &[usize]) -> Vec<u8> {
    let (mut out, mut done) = (Vec::with_capacity(text.len() + places.len() * DATETIME.len()), 0);
    for &place in places {
        out.extend_from_slice(&text[done..place]);
        out.extend_from_slice(DATETIME.as_bytes());
        done = place;
    }
    out.extend_from_slice(&text[done..]);
    out
}

/// What a link on the page at `from` asks for (STAC API - Item Search, "Paging"), `asked` being what the page was asked for by. Where
/// it says less than it should, it is taken as servers in the field mean it: one with a body is POST, and one that is POST without a body
/// asks the same again elsewhere.
fn following(asked: &Request, from: &Url, link: &Json) -> Option<Request> {
    let url = resolve(from, link.get("href")?.as_str()?)?;
    let body = link.get("body").filter(|body| body.is_object());
    let method = link.get("method").and_then(Json::as_str);
    let is_post = method.map_or(body.is_some(), |method| method.eq_ignore_ascii_case("POST"));
    let merged = |more: Option<&Json>| {
        let mut all = asked.body.clone().unwrap_or_else(|| Json::Object(Map::new()));
        if let (Some(all), Some(more)) = (all.as_object_mut(), more.and_then(Json::as_object)) {
            all.extend(more.clone());
        }
        all
    };
    let merges = link.get("merge").and_then(Json::as_bool) == Some(true);
    let body = match body {
        _ if !is_post => None,
        Some(body) if !merges => Some(body.clone()),
        body => Some(merged(body)),
    };
    let of_link = link.get("headers").and_then(Json::as_object).into_iter().flatten();
    // What the connection itself says is not for a page to say.
    let is_own = |name: &str| {
        ["host", "content-length", "transfer-encoding", "connection"]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own))
    };
    let of_link = of_link.filter(|(name, _)| !is_own(name));
    let of_link = of_link.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let mut headers: Vec<(String, String)> = of_link.collect();
    if merges {
        headers.extend(
            asked
                .headers
                .iter()
                .filter(|(name, _)| !headers.iter().any(|(known, _)| known == name))
                .cloned()
                .collect::<Vec<_>>(),
        );
    }
    Some(Request { url, body, headers })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn followed(asked: &Request, link: &Json) -> String {
        let page = json!({"type": "FeatureCollection", "features": [{"id": "a"}, {"id": "b"}], "links": [{"rel": "self", "href": "x"}, link]});
        let answer = Answer { url: asked.url.clone(), text: page.to_string().into_bytes() };
        let page = Page::of(answer, asked, ("features", true), |_| ()).unwrap();
        let texts: Vec<_> = page.records.iter().map(|range| &page.text[range.clone()]).collect();
        assert_eq!(texts, [br#"{"id":"a"}"#, br#"{"id":"b"}"#]);
        let Some(Request { url, body, headers }) = page.next else { return "none".to_owned() };
        let body = body.map_or_else(|| "GET".to_owned(), |body| format!("POST {body}"));
        format!("{body} {url} {headers:?}")
    }

    /// The styles of the specification, and those of servers in the field.
    #[test]
    fn the_next_page_is_asked_for_as_the_link_says() {
        let get = Request::get("https://h/stac/search?limit=2".parse().unwrap());
        let post = Request {
            url: "https://h/stac/search".parse().unwrap(),
            body: Some(json!({"limit": 2, "bbox": [0, 1, 2, 3]})),
            headers: vec![("x".to_owned(), "old".to_owned())],
        };
        for (asked, link, wanted) in [
            (
                &get,
                json!({"rel": "next", "href": "https://h/stac/search?limit=2&token=t"}),
                "GET https://h/stac/search?limit=2&token=t []",
            ),
            // Relative, and by the number of a page.
            (
                &get,
                json!({"rel": "next", "href": "?limit=2&page=2", "method": "get"}),
                "GET https://h/stac/search?limit=2&page=2 []",
            ),
            (&get, json!({"rel": "next", "href": "/other?next=abc"}), "GET https://h/other?next=abc []"),
            (
                &post,
                json!({"rel": "next", "href": "https://h/stac/search", "method": "POST", "body": {"token": "t"}, "merge": true}),
                r#"POST {"limit":2,"bbox":[0,1,2,3],"token":"t"} https://h/stac/search [("x", "old")]"#,
            ),
            (
                &post,
                json!({"rel": "next", "href": "https://h/stac/search", "method": "POST", "body": {"token": "t", "limit": 3}, "headers": {"x": "new", "Host": "evil", "content-length": "5"}}),
                r#"POST {"token":"t","limit":3} https://h/stac/search [("x", "new")]"#,
            ),
            // Without a method, and without a body.
            (
                &post,
                json!({"rel": "next", "href": "search", "body": {"next": "t"}}),
                r#"POST {"next":"t"} https://h/stac/search []"#,
            ),
            (
                &post,
                json!({"rel": "next", "href": "search?token=t", "method": "POST"}),
                r#"POST {"limit":2,"bbox":[0,1,2,3]} https://h/stac/search?token=t []"#,
            ),
            // A GET after a POST.
            (
                &post,
                json!({"rel": "next", "href": "search?token=t", "method": "GET"}),
                "GET https://h/stac/search?token=t []",
            ),
            (&get, json!({"rel": "prev", "href": "x"}), "none"),
        ] {
            assert_eq!(followed(asked, &link), wanted, "{link}");
        }
    }

    /// What servers over pgstac leave out; all else stays as it is.
    #[test]
    fn a_datetime_of_null_is_written() {
        let item =
            |properties: &str| format!(r#"{{"type":"Feature", "n":1.0,"properties":{{ {properties}}}}}"#);
        let times = r#""start_datetime":"2020-01-01T00:00:00Z","end_datetime":"2020-01-02T00:00:00Z""#;
        let (lacking, whole) = (item(times), item(r#""datetime":null"#));
        let text = format!(r#"{{"features":[{lacking},{whole},{lacking}]}}"#).into_bytes();
        let asked = Request::get("https://h/search".parse().unwrap());
        let mut seen = 0;
        let answer = Answer { url: asked.url.clone(), text };
        let page = Page::of(answer, &asked, ("features", true), |_| seen += 1).unwrap();
        let texts: Vec<_> =
            page.records.iter().map(|range| String::from_utf8_lossy(&page.text[range.clone()])).collect();
        let mended = lacking.replace("{ \"start", "{\"datetime\":null, \"start");
        assert_eq!(texts, [mended.as_str(), &whole, &mended]);
        assert_eq!((page.mended, seen), (2, 3));
    }

    #[test]
    fn what_is_no_page_is_told() {
        let asked = Request::get("https://h/search".parse().unwrap());
        for (text, why) in [
            (r#"{"features":[}"#, "does not answer with a page of a STAC API"),
            (r#"{"type":"Catalog"}"#, "it has no array `features`"),
            (r#"{"features":[],"links":[{"rel":"next"}]}"#, "its link `next` leads nowhere"),
            (
                r#"{"features":[],"links":[{"rel":"next","href":"file:///etc/passwd"}]}"#,
                "its link `next` leads nowhere",
            ),
        ] {
            let answer = Answer { url: asked.url.clone(), text: text.as_bytes().to_vec() };
            let error = Page::of(answer, &asked, ("features", true), |_| ()).err().unwrap().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
