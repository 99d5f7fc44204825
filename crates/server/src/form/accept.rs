//! The header `Accept`: media types that a client takes, each with how much it likes it.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

use super::Form;

/// How much a client likes a media type, in thousandths, and how exactly it has named it.
type Liking = (u16, u8);

/// The representation that a client likes most; the first one where it says nothing of any.
pub(super) fn preferred<'a>(headers: &HeaderMap, forms: &'a [Form]) -> Option<&'a Form> {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<(String, u16)> = values.flat_map(|value| value.split(',')).filter_map(range).collect();
    let mut best: Option<(&Form, Liking)> = None;
    for form in forms {
        let Some(liking) = liking(form, &ranges).filter(|(quality, _)| *quality > 0) else { continue };
        if best.is_none_or(|(_, before)| liking > before) {
            best = Some((form, liking));
        }
    }
    best.map(|(form, _)| form).or_else(|| forms.first())
}

/// A media range, and its weight.
fn range(text: &str) -> Option<(String, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let quality = quality.map_or(Some(1.0), |quality| quality.parse::<f32>().ok())?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1000")]
    Some((name, (quality.clamp(0.0, 1.0) * 1000.0) as u16))
}

/// The range that names a form most exactly decides.
fn liking(form: &Form, ranges: &[(String, u16)]) -> Option<Liking> {
    let kinds = std::iter::once(&form.kind).chain(&form.kinds);
    let kinds: Vec<&str> = kinds.map(|kind| kind.split(';').next().unwrap_or(kind)).collect();
    let exactness = |range: &str| {
        let group = range.strip_suffix("/*");
        match group {
            Some("*") => Some(0),
            Some(group) => kinds.iter().any(|kind| kind.split('/').next() == Some(group)).then_some(1),
            None => kinds.contains(&range).then_some(2),
        }
    };
    let named = ranges.iter().filter_map(|(range, quality)| Some((exactness(range)?, *quality)));
    named.max().map(|(exactness, quality)| (quality, exactness))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Also, forms};
    use crate::media::GEOJSON;

    #[test]
    fn the_form_that_is_liked_most_is_chosen() {
        let forms = forms(GEOJSON, Also::Whole, &[]);
        for (accept, name) in [
            ("", "json"),
            ("*/*", "json"),
            ("text/html", "html"),
            // What Firefox and Chrome send.
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "html"),
            ("text/html, */*", "html"),
            ("application/json, text/plain, */*", "json"),
            ("application/geo+json;q=0.5, text/html;q=0.4", "json"),
            ("application/geo+json;q=0.4, text/html;q=0.5", "html"),
            ("text/*", "html"),
            ("text/*, text/html;q=0, application/json;q=0.1", "csv"),
            ("application/x-ndjson", "ndjson"),
            ("Application/NDJSON; charset=utf-8", "ndjson"),
            ("application/geo+json;q=0, */*", "html"),
            ("image/png", "json"),
            ("nonsense; q=x, ;;", "json"),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
            assert_eq!(preferred(&headers, &forms).unwrap().name, name, "{accept}");
        }
        assert_eq!(preferred(&HeaderMap::new(), &forms).unwrap().name, "json");
    }
}
