//! Stand-ins for what is being written elsewhere. To be deleted.
#![allow(missing_docs, clippy::all, clippy::pedantic)]
use stacyard_model::json::Value;

pub fn write_item(item: Value<'_>, out: &mut Vec<u8>) {
    item.write_compact(out);
}
pub mod migrate {
    use stacyard_model::json::Value;
    pub fn migrate(_: Value<'_>) -> Result<Option<Vec<u8>>, std::fmt::Error> {
        Ok(None)
    }
}
#[derive(Default)]
pub struct Compiled;
impl Compiled {
    pub fn matches(&self, _: Value<'_>) -> Result<bool, std::fmt::Error> {
        Ok(true)
    }
    pub fn sort_key(&self, item: Value<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(item.get("id").and_then(Value::as_str).unwrap_or_default().as_bytes());
    }
}
