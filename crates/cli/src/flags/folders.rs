//! The flags that say how a static catalog is laid out.

use clap::{Args, ValueEnum};
use stacyard::{Error, Published, StoreKind, StoreUrl, Template};

/// How a static catalog is laid out.
#[derive(Debug, Args)]
#[command(next_help_heading = "Static catalogs")]
pub(crate) struct Folders {
    /// Write TO as a static catalog: a folder of JSON files that link to one another, with these folders in it, such as
    /// '${collection}/${year}/${month}'; there are also ${day} and ${PROPERTY}.
    #[arg(long, value_name = "FOLDERS")]
    pub(crate) layout: Option<String>,
    /// Say where the catalog is published: in its root alone, with relative links, or everywhere, with absolute ones [default: links are
    /// relative, and nothing says where it is].
    #[arg(long, value_enum, requires_all = ["layout", "root_url"])]
    published: Option<PublishedFlag>,
    /// Where the folder is published.
    #[arg(long, value_name = "URL", requires = "published")]
    root_url: Option<String>,
    /// The id of the root catalog [default: the name of the folder].
    #[arg(long, value_name = "ID", requires = "layout")]
    catalog_id: Option<String>,
    /// Also write the Items of each Collection to an items.parquet beside it, which is an asset of it.
    #[arg(long, requires = "layout")]
    items_parquet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PublishedFlag {
    Relative,
    Absolute,
}

impl Folders {
    /// The store that a name means, of which a flag may say the kind.
    pub(crate) fn target(&self, to: &str, kind: Option<StoreKind>) -> Result<StoreUrl, Error> {
        if self.layout.is_none() {
            return StoreUrl::parse(to, kind);
        }
        let is_file = !to.ends_with('/')
            && StoreUrl::parse(to, None)
                .is_ok_and(|to| to.kind().is_json() || to.kind() == StoreKind::Parquet);
        if is_file || kind.is_some_and(|kind| kind != StoreKind::Catalog) {
            return Err(Error::usage(
                format!("--layout writes a folder, and {to} is to be a file"),
                "name a folder, such as catalog/",
            ));
        }
        StoreUrl::parse(to, Some(StoreKind::Catalog))
    }

    /// The folders that they ask for.
    pub(crate) fn asked(&self) -> Result<Option<stacyard::Folders>, Error> {
        let Some(layout) = &self.layout else { return Ok(None) };
        let published = match (self.published, &self.root_url) {
            (Some(flag), Some(root)) => Published::at(root, flag == PublishedFlag::Absolute)?,
            _ => Published::default(),
        };
        Ok(Some(stacyard::Folders {
            template: Template::parse(layout)?,
            published,
            id: self.catalog_id.clone(),
            items_parquet: self.items_parquet,
        }))
    }
}
