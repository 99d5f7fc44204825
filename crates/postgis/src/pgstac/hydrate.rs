//! Items put together again of rows and bases, on JSON text: what `pgstac.content_hydrate` does in SQL, but no null is lost, and a
//! geometry has the digits that it has.

use stacyard_model::json::{Kind, Value, push_string};

use crate::pgstac::bases::{ABSENT, BASE_ITEM, said};

/// What the columns of a row say.
pub(crate) struct Columns<'r> {
    pub(crate) id: &'r str,
    pub(crate) collection: &'r str,
    /// GeoJSON.
    pub(crate) geometry: &'r [u8],
}

/// Members that come first, for whoever reads it, and those that stand in other places.
const FIRST: [&str; 2] = ["stac_version", "stac_extensions"];
const COLUMNS: [&str; 5] = ["type", "id", "collection", "geometry", BASE_ITEM];

/// Appends the Item.
pub(crate) fn hydrate(columns: &Columns<'_>, content: Value<'_>, base: Value<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"Feature\"");
    for name in FIRST {
        let value = content.get(name).filter(|value| !is_absent(*value));
        if let Some(value) =
            value.or_else(|| if content.get(name).is_none() { said(base, name) } else { None })
        {
            out.push(b',');
            push_string(out, name);
            out.push(b':');
            out.extend_from_slice(value.raw().as_bytes());
        }
    }
    out.extend_from_slice(b",\"id\":");
    push_string(out, columns.id);
    out.extend_from_slice(b",\"collection\":");
    push_string(out, columns.collection);
    out.extend_from_slice(b",\"geometry\":");
    out.extend_from_slice(columns.geometry);
    members(content, base, |name| !FIRST.contains(&name) && !COLUMNS.contains(&name), b',', out);
    out.push(b'}');
}

fn is_absent(value: Value<'_>) -> bool {
    value.kind() == Kind::String && value.as_str().as_deref() == Some(ABSENT)
}

/// The members of an object and of its base as one, each after a separator, of which the first may be another.
fn members(
    content: Value<'_>,
    base: Value<'_>,
    is_wanted: impl Fn(&str) -> bool,
    mut separator: u8,
    out: &mut Vec<u8>,
) {
    for (key, value) in content.members().into_iter().flatten() {
        let name = key.text();
        if !is_wanted(&name) || is_absent(value) {
            continue;
        }
        out.push(separator);
        separator = b',';
        key.write(out);
        out.push(b':');
        merged(value, said(base, &name), out);
    }
    for (key, value) in base.members().into_iter().flatten() {
        let name = key.text();
        if is_wanted(&name) && !value.is_null() && content.get(&name).is_none() {
            out.push(separator);
            separator = b',';
            key.write(out);
            out.push(b':');
            out.extend_from_slice(value.raw().as_bytes());
        }
    }
    if separator == b'{' {
        out.push(b'{');
    }
}

fn merged(value: Value<'_>, base: Option<Value<'_>>, out: &mut Vec<u8>) {
    let length = |value: Value<'_>| value.elements().into_iter().flatten().count();
    match (value.kind(), base) {
        // A marker may stand in what the base knows nothing of: pgstac leaves it out there too.
        (Kind::Object, Some(base)) if base.kind() == Kind::Object => {
            members(value, base, |_| true, b'{', out);
            out.push(b'}');
        }
        (Kind::Array, Some(base)) if base.kind() == Kind::Array && length(value) == length(base) => {
            out.push(b'[');
            let pairs = value.elements().into_iter().flatten().zip(base.elements().into_iter().flatten());
            for (index, (value, base)) in pairs.enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                // pgstac's SQL writes null for an element that is that of the base.
                if value.is_null() {
                    out.extend_from_slice(base.raw().as_bytes());
                } else if base.kind() == Kind::Object {
                    merged(value, Some(base), out);
                } else {
                    out.extend_from_slice(value.raw().as_bytes());
                }
            }
            out.push(b']');
        }
        _ => out.extend_from_slice(value.raw().as_bytes()),
    }
}
