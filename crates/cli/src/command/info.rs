//! `info`: what a store holds, for people and for programs.

use std::fmt::Write as _;

use indicatif::{HumanBytes, HumanCount};
use serde_json::json;
use stacyard::{Description, Stop};
use stacyard_store::{Compression, Error, Info, PropertyInfo, StoreUrl, info, queryables};

use super::{look, plot};
use crate::console::progress::Console;
use crate::console::report::{Rejects, Status, count};
use crate::console::say::{self, Text};
use crate::files::open;
use crate::flags::{self, Format, Global};

pub(crate) fn run(global: &Global, flags: &flags::Info) -> Result<Status, Error> {
    let store = StoreUrl::parse(&flags.store, global.store_kind)?;
    if flags.plot {
        look::refuse_stream(&store)?;
    }
    let opened = open::store(&store, global)?;
    let mut source = opened.items()?;
    let file = open::how(global)?.describe(&store)?;
    let mut console = Console::new(global, Rejects::File);
    let size = source.size();
    let found = info(source.as_mut(), global.run(&Stop::default(), None, &mut console))?;
    console.finish();
    if flags.queryables {
        let queryables = queryables(&found, &opened.collections()?, opened.profile().map(AsRef::as_ref));
        say::json(&format!("{queryables:#}\n"))?;
        return Ok(Status::of(found.unreadable));
    }
    let kept = opened.collections()?.len() as u64 + found.collections_among;
    let layout = layout(&store);
    match flags.format {
        Format::Text => {
            let mut text = for_people(&store, size, &layout, (&found, kept));
            if let Some(file) = &file {
                describe(file, &mut text);
            }
            text.print()?;
            if flags.plot {
                plot::print(global, &opened)?;
            }
        }
        Format::Json => {
            let whole = json!({"store": store.spelling(), "kind": store.kind().to_string(), "layout": layout, "bytes": size});
            let mut whole = whole;
            whole["kept_collections"] = json!(kept);
            if let Some(file) = &file {
                whole["file"] = json!(file);
            }
            let found =
                serde_json::to_value(&found).map_err(|e| Error::failed("cannot print").caused_by(e))?;
            if let (Some(all), serde_json::Value::Object(found)) = (whole.as_object_mut(), found) {
                all.extend(found);
            }
            say::json(&format!("{whole:#}\n"))?;
        }
    }
    Ok(Status::of(found.unreadable))
}

fn layout(store: &StoreUrl) -> String {
    let packed = match store.compression() {
        Compression::None => "",
        Compression::Gzip => ", gzip",
        Compression::Zstd => ", zstd",
    };
    format!("{}{packed}", store.kind())
}

/// How many names of a kind are shown to people.
const MAX_LISTED: usize = 100;

fn for_people(store: &StoreUrl, size: Option<u64>, layout: &str, (info, kept): (&Info, u64)) -> Text {
    let mut text = Text::default();
    let mut head = format!("{store}: {}", count(info.items, "Item"));
    if kept > 0 {
        let _ = write!(head, ", {}", count(kept, "Collection"));
    }
    if info.unreadable > 0 {
        let _ = write!(head, ", {} unreadable (stacyard validate says why)", HumanCount(info.unreadable));
    }
    let size = size.map(|size| format!(", {}", HumanBytes(size))).unwrap_or_default();
    text.line(head);
    text.line(format_args!("layout       {layout}{size}"));
    if let Some([west, south, east, north]) = info.bbox {
        text.line(format_args!("bbox         {west},{south},{east},{north}"));
    }
    if let Some([first, last]) = &info.datetime {
        text.line(format_args!("datetime     {first}/{last}"));
    }
    if info.null_geometries > 0 {
        text.line(format_args!("no geometry  {}", HumanCount(info.null_geometries)));
    }
    let mut table = |title: &str, mut rows: Vec<(String, u64, String)>| {
        if rows.is_empty() {
            return;
        }
        text.line(format_args!("{title}"));
        let width = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0).min(48);
        // A key a file makes a list that nobody reads; the names that most Items have come first, then.
        let left_out = rows.len().saturating_sub(MAX_LISTED);
        if left_out > 0 {
            rows.sort_by_key(|(_, number, _)| std::cmp::Reverse(*number));
            rows.truncate(MAX_LISTED);
        }
        for (name, number, more) in rows {
            let number = HumanCount(number).to_string();
            text.line(format!("  {name:width$} {number:>12}  {more}").trim_end());
        }
        if left_out > 0 {
            text.line(format_args!("  and {} more, which --format json lists", HumanCount(left_out as u64)));
        }
    };
    let counts = |counts: &std::collections::BTreeMap<String, u64>, nameless: &str| {
        let named = |name: &String| if name.is_empty() { nameless.to_owned() } else { name.clone() };
        counts.iter().map(|(name, number)| (named(name), *number, String::new())).collect::<Vec<_>>()
    };
    table("collections", counts(&info.collections, "(none)"));
    table("STAC versions", counts(&info.stac_versions, "(none)"));
    let types = |property: &PropertyInfo| property.types.keys().copied().collect::<Vec<_>>().join(", ");
    let properties = info.properties.iter();
    table("properties", properties.map(|(name, p)| (name.clone(), p.items, types(p))).collect());
    table("assets", counts(&info.assets, "\"\""));
    text
}

/// How a GeoParquet file is laid out, with the largest columns.
fn describe(file: &Description, text: &mut Text) {
    let [fewest, most] = file.row_group_rows;
    let rows = if fewest == most { format!("{most}") } else { format!("{fewest} to {most}") };
    match file.files {
        None => text.line("file"),
        Some(number) => text.line(count(number as u64, "file")),
    }
    text.line(format_args!("  row groups   {} of {rows} rows", file.row_groups));
    let packed: i64 = file.columns.iter().map(|column| column.packed).sum();
    let unpacked: i64 = file.columns.iter().map(|column| column.unpacked).sum();
    let bytes = |bytes: i64| HumanBytes(bytes.unsigned_abs());
    let codecs: Vec<&str> = file.compression.keys().map(String::as_str).collect();
    text.line(format_args!(
        "  columns      {}, {} packed ({}), {} unpacked",
        file.columns.len(),
        bytes(packed),
        codecs.join(", "),
        bytes(unpacked)
    ));
    text.line(format_args!(
        "  page index   {}",
        if file.page_index { "yes" } else { "no: searches read whole row groups" }
    ));
    if let Some(rows) = file.residual_rows {
        text.line(format_args!("  residual     in {}", count(rows, "row")));
    }
    match file.groups_in_one_degree {
        Some([mean, most]) => {
            text.line(format_args!("  a box of one degree meets {mean:.1} row groups, at most {most}"));
        }
        None => text.line("  no column of boxes: searches of an area read all geometries"),
    }
    if let Some(by) = &file.created_by {
        text.line(format_args!("  written by   {by}"));
    }
    text.line("largest columns");
    for column in file.columns.iter().take(LARGEST) {
        text.line(format_args!(
            "  {:48} {:>12}  {} unpacked",
            column.name,
            bytes(column.packed).to_string(),
            bytes(column.unpacked)
        ));
    }
}

/// Columns that people are shown; programs get all.
const LARGEST: usize = 10;
