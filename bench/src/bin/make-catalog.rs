//! `make-catalog`: writes a believable STAC catalog as NDJSON.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use stacyard_bench::{COLLECTIONS, Catalog, Recipe, Style};

/// Write a believable STAC catalog as NDJSON; the same arguments give the same bytes.
#[derive(Parser)]
struct Arguments {
    /// How many Items.
    #[arg(long, default_value_t = 20_000)]
    items: u64,
    /// Where all chance comes from.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How many of the Items are broken.
    #[arg(long, default_value_t = 0)]
    broken: u64,
    /// What the Items look like.
    #[arg(long, value_enum, default_value_t = Style::Demo)]
    style: Style,
    /// Also write the Collections, as a JSON array.
    #[arg(long, value_name = "FILE")]
    collections: Option<PathBuf>,
    /// Where the Items go; `-` is standard output.
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let Arguments { items, seed, broken, style, collections, out } = Arguments::parse();
    anyhow::ensure!(broken <= items, "--broken {broken} is more than --items {items}");
    if let Some(path) = collections {
        std::fs::write(&path, COLLECTIONS).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut catalog = Catalog::new(Recipe { seed, items, broken, style });
    let mut write = |to: Box<dyn Write>| -> std::io::Result<()> {
        let mut to = BufWriter::with_capacity(1 << 20, to);
        catalog.write_to(&mut to)?;
        to.flush()
    };
    if out.as_os_str() == "-" {
        return write(Box::new(stdout().lock())).context("cannot write to standard output");
    }
    let file = File::create(&out).with_context(|| format!("cannot create {}", out.display()))?;
    write(Box::new(file)).with_context(|| format!("cannot write {}", out.display()))
}
