//! A believable STAC catalog from a seed, for the demo, the benches and the interoperability checks.
//!
//! Item number `i` depends on the seed and on `i` alone: a catalog of 10,000 Items is the head of one of 100,000.

mod item;
mod json;
mod landsat;
mod place;
mod plume;
mod rng;
mod sentinel;
mod time;
mod utm;

use std::io::{self, Write};

use item::Source;
use json::Json;
use rng::Rng;

/// The three Collections that the Items belong to: a JSON array.
pub const COLLECTIONS: &str = include_str!("collections.json");

/// What the Items of a catalog look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Style {
    /// All three collections: five Sentinel-2, three Landsat and two plumes in ten.
    Demo,
    /// Sentinel-2 Items of about 10 kB.
    Big,
    /// Sentinel-2 Items of about 2 kB: few assets.
    Small,
}

/// What to make.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Where all chance comes from.
    pub seed: u64,
    /// How many Items, the broken ones included.
    pub items: u64,
    /// How many of them are broken, spread evenly.
    pub broken: u64,
    /// What they look like.
    pub style: Style,
}

/// Makes the Items of a [`Recipe`].
pub struct Catalog {
    recipe: Recipe,
    sentinel: sentinel::Sentinel,
    landsat: landsat::Landsat,
    plumes: plume::Plumes,
    json: Json,
}

impl Catalog {
    /// Lays out the tiles, scenes and facilities.
    pub fn new(recipe: Recipe) -> Self {
        Self {
            recipe,
            sentinel: sentinel::Sentinel::new(),
            landsat: landsat::Landsat::new(),
            plumes: plume::Plumes::new(recipe.seed),
            json: Json::default(),
        }
    }

    /// Item number `index` as one line of JSON, without the line's end.
    pub fn item(&mut self, index: u64) -> &[u8] {
        let source = Source { index, rng: Rng::new(self.recipe.seed, index), broken: self.is_broken(index) };
        self.json.clear();
        match (self.recipe.style, index % 10) {
            (Style::Demo, 1 | 5 | 9) => self.landsat.write(source, &mut self.json),
            (Style::Demo, 3 | 7) => self.plumes.write(source, &mut self.json),
            (Style::Small, _) => self.sentinel.write(source, sentinel::Assets::Few, &mut self.json),
            _ => self.sentinel.write(source, sentinel::Assets::All, &mut self.json),
        }
        self.json.bytes()
    }

    /// Writes all Items, one a line; returns how many bytes that took.
    pub fn write_to(&mut self, out: &mut impl Write) -> io::Result<u64> {
        let mut bytes = 0;
        for index in 0..self.recipe.items {
            let line = self.item(index);
            out.write_all(line)?;
            out.write_all(b"\n")?;
            bytes += line.len() as u64 + 1;
        }
        Ok(bytes)
    }

    /// The broken ones stand in the middle of `broken` equal stretches.
    fn is_broken(&self, index: u64) -> bool {
        let [items, broken] = [self.recipe.items, self.recipe.broken].map(u128::from);
        // How many broken ones stand before an index.
        let before = |index: u64| (2 * u128::from(index) * broken + items - 1) / (2 * items);
        before(index + 1) > before(index)
    }
}

#[cfg(test)]
mod tests;
