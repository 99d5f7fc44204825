//! Whether the assets of an Item are told from where it is.

use stacyard_model::json::Value;

/// Whether an Item has an asset with a relative link, which leads elsewhere once the Item is elsewhere.
pub(crate) fn has_relative_asset(item: Value<'_>) -> bool {
    let mut assets = item.get("assets").and_then(Value::members).into_iter().flatten();
    assets.any(|(_, asset)| {
        let href = asset.get("href").and_then(Value::as_str);
        href.is_some_and(|href| !has_scheme(&href) && !href.starts_with("//"))
    })
}

/// Whether a link begins with a scheme (RFC 3986, section 3.1).
fn has_scheme(href: &str) -> bool {
    href.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}
