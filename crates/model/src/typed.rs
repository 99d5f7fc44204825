//! The program's own types for `properties`: read with serde, failures told as findings.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::gate::{Finding, Refusal, Rule, shorten};
use crate::json::{Value, push_pointer_token};

/// Reads `properties` into a type. A failure is one finding with the place, the value and what serde says.
pub(crate) fn properties<P: DeserializeOwned>(properties: Value<'_>) -> Result<P, Refusal> {
    let mut reader = serde_json::Deserializer::from_str(properties.raw());
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        let value = if pointer.is_empty() { None } else { properties.pointer(&pointer) };
        let message = error.inner().to_string();
        // The place in the text is of no use beside the pointer.
        let message = message.rfind(" at line ").map_or(&*message, |end| &message[..end]).to_owned();
        let finding = Finding {
            pointer: format!("/properties{pointer}"),
            rule: Rule::TypedProperties,
            message,
            value: value.map(shorten).unwrap_or_default(),
            extension: None,
        };
        Refusal { errors: vec![finding], more: 0 }
    })
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Map { key } => push_pointer_token(&mut pointer, key),
            Segment::Seq { index } => push_pointer_token(&mut pointer, &index.to_string()),
            // The variant of an enum is no place in the text, and what is unknown is none either.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}
