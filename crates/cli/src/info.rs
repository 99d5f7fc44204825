//! `info`: what a store holds, for people and for programs.

use std::fmt::Write as _;

use indicatif::{HumanBytes, HumanCount};
use serde_json::json;
use stacyard_store::{Compression, Error, Info, PropertyInfo, StoreUrl, info};

use crate::flags::{self, Format, Global};
use crate::open;
use crate::progress::Console;
use crate::report::{self, Rejects, Status, count};

pub(crate) fn run(global: &Global, flags: &flags::Info) -> Result<Status, Error> {
    let store = StoreUrl::parse(&flags.store, global.store_kind)?;
    let mut source = open::source(&store, global)?;
    let mut console = Console::new(global, Rejects::File);
    let size = source.size();
    let found = info(source.as_mut(), global.threads(), &mut console)?;
    console.finish();
    let layout = layout(&store);
    let text = match flags.format {
        Format::Text => for_people(&store, size, &layout, &found),
        Format::Json => {
            let whole = json!({"store": store.spelling(), "kind": store.kind().to_string(), "layout": layout, "bytes": size});
            let mut whole = whole;
            let found =
                serde_json::to_value(&found).map_err(|e| Error::failed("cannot print").caused_by(e))?;
            if let (Some(all), serde_json::Value::Object(found)) = (whole.as_object_mut(), found) {
                all.extend(found);
            }
            format!("{whole:#}\n")
        }
    };
    report::print(text.as_bytes())?;
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

fn for_people(store: &StoreUrl, size: Option<u64>, layout: &str, info: &Info) -> String {
    let mut text = format!("{store}: {}", count(info.items, "Item"));
    if info.unreadable > 0 {
        let _ = write!(text, ", {} unreadable (stacyard validate says why)", HumanCount(info.unreadable));
    }
    let size = size.map(|size| format!(", {}", HumanBytes(size))).unwrap_or_default();
    let _ = write!(text, "\nlayout       {layout}{size}\n");
    if let Some([west, south, east, north]) = info.bbox {
        let _ = writeln!(text, "bbox         {west},{south},{east},{north}");
    }
    if let Some([first, last]) = &info.datetime {
        let _ = writeln!(text, "datetime     {first}/{last}");
    }
    if info.null_geometries > 0 {
        let _ = writeln!(text, "no geometry  {}", HumanCount(info.null_geometries));
    }
    let mut table = |title: &str, rows: Vec<(String, u64, String)>| {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(text, "{title}");
        let width = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0).min(48);
        for (name, number, more) in rows {
            let number = HumanCount(number).to_string();
            let _ = writeln!(text, "{}", format!("  {name:width$} {number:>12}  {more}").trim_end());
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
