//! The form that sends a file of Items into a Collection. A script sends it, since the answer says of each Item what became of it, and since a form
//! cannot send a token.

use maud::{Markup, html};

/// The form; `collection` is the URL of the Collection.
pub(super) fn form(collection: &str) -> Markup {
    html! {
        details .card #upload {
            summary { "Add Items from a file" }
            p .dim { "JSON, GeoJSON or NDJSON, one Item or many. Each Item is checked, and the report says what is wrong, and where." }
            noscript { p { "This needs a script. Without one: curl --json @FILE " code { (collection) "/items" } } }
            form data-to=(format!("{collection}/items")) hidden {
                div .field { label for="upload-file" { "File" } input #upload-file type="file" required accept=".json,.geojson,.ndjson,.jsonl,.geojsonl"; }
                div .field {
                    label for="upload-token" { "Token, where the server needs one" }
                    input #upload-token type="password" autocomplete="off" aria-describedby="upload-token-hint";
                    p .note #upload-token-hint { "It is sent with the file and kept nowhere." }
                }
                button type="submit" { "Check and add" }
            }
            div .report role="status" {}
        }
    }
}
