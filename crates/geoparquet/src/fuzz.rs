//! What the fuzz target calls; built for it alone (`cfg(fuzzing)`).

use std::sync::Arc;

use stacyard_model::Gate;
use stacyard_model::json::Document;

use crate::format::layout::Layout;
use crate::format::metadata::Conventions;
use crate::format::schema;
use crate::format::scope::Scope;
use crate::read::decode::Items;
use crate::read::names::Names;
use crate::write::item_shape::ItemShape;
use crate::write::rows::Rows;
use crate::write::shape::Declared;

/// Takes the lines that the gate accepts as Items through columns, all in the same ones, and compares what comes back.
///
/// # Panics
/// Where an Item comes back as another one, or not at all.
#[expect(clippy::expect_used, clippy::panic, reason = "what a fuzzer looks for")]
pub fn round_trip(bytes: &[u8]) {
    let gate = Gate::default();
    let lines = bytes.split(|byte| *byte == b'\n');
    let items: Vec<Document> = lines
        .filter_map(|line| Document::parse_bytes(line).ok())
        .filter(|item| gate.item(item.root()).is_accepted())
        .collect();
    if items.is_empty() {
        return;
    }
    let mut shape = ItemShape::default();
    for item in &items {
        shape.add(item.root(), &Declared::default(), &mut Vec::new());
    }
    let layout = Arc::new(Layout::of(&shape, &Declared::default()));
    let mut rows = Rows::new(&layout, &Arc::new(schema::schema(&layout)));
    for item in &items {
        rows.add(item.root());
    }
    let batch = rows.finish().expect("a batch");
    let names =
        Names { conventions: Conventions::of(&layout), geometry: "geometry".to_owned(), ..Names::default() };
    let mut decoder = Items::new(&batch, &names, Scope::All).expect("columns that can be read");
    let mut back = Vec::new();
    for (row, item) in items.iter().enumerate() {
        back.clear();
        decoder.write(row, &mut back).expect("a row that can be read");
        if Document::parse_bytes(&back).ok().as_ref() != Some(item) {
            panic!("{}\n{}", item.text(), String::from_utf8_lossy(&back));
        }
    }
}
