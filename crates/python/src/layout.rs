//! How a target is laid out, as the keywords say.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use stacyard::{
    Compression, Error, Folders, Layout, Order, Parts, Published, StoreKind, StoreUrl, Template,
    parse_compression,
};

use crate::error::OrRaise;
use crate::gate::path;
use crate::options::Options;

/// What the keywords say of the form of a target.
pub(crate) struct Shape {
    folders: Option<Folders>,
    order: Option<Order>,
    row_group_rows: Option<u64>,
    compression: Option<Compression>,
    max_columns: Option<usize>,
    stage: Option<PathBuf>,
}

impl Shape {
    pub(crate) fn of(options: &Options<'_, '_>) -> PyResult<Self> {
        Ok(Self {
            folders: folders(options)?,
            order: options
                .parsed("sort", |text| text.parse().map_err(|known: String| wrong("sort", text, known)))?,
            row_group_rows: options.get("row_group_rows")?,
            compression: options.parsed("compression", |text| {
                parse_compression(text).map_err(|known| wrong("compression", text, known))
            })?,
            max_columns: options.get("max_columns")?,
            stage: path(options, "stage")?,
        })
    }

    /// The store that a name means.
    pub(crate) fn target(&self, to: &str, kind: Option<StoreKind>) -> Result<StoreUrl, Error> {
        let kind = if self.folders.is_some() { Some(StoreKind::Catalog) } else { kind };
        StoreUrl::parse(to, kind)
    }

    /// The layout, for so much memory, of whole Items or of parts.
    pub(crate) fn layout(self, parts: Option<&Arc<Parts>>, memory: usize) -> Layout {
        let usual = Layout::default();
        Layout {
            parts: parts.map(Parts::writer),
            order: self.order,
            row_group_rows: self.row_group_rows.unwrap_or(usual.row_group_rows).max(1),
            compression: self.compression.unwrap_or(usual.compression),
            max_columns: self.max_columns.unwrap_or(usual.max_columns),
            memory,
            folders: self.folders,
            stage: self.stage,
        }
    }
}

fn wrong(name: &str, text: &str, known: String) -> Error {
    Error::usage(format!("{name}: {text:?} is not known"), known)
}

/// The folders of a static catalog.
fn folders(options: &Options<'_, '_>) -> PyResult<Option<Folders>> {
    let Some(template) = options.parsed("layout", Template::parse)? else { return Ok(None) };
    let root: Option<String> = options.get("root_url")?;
    let is_absolute = options.parsed("published", |text| match text {
        "relative" => Ok(false),
        "absolute" => Ok(true),
        other => Err(wrong("published", other, "there are relative and absolute".to_owned())),
    })?;
    let published = match (is_absolute, root) {
        (Some(is_absolute), Some(root)) => Published::at(&root, is_absolute),
        (None, None) => Ok(Published::default()),
        _ => Err(Error::usage("`published` and `root_url` go together", "give both, or none")),
    };
    Ok(Some(Folders {
        template,
        published: published.or_raise(options.0.py())?,
        id: options.get("catalog_id")?,
        items_parquet: options.is_on("items_parquet")?,
    }))
}
