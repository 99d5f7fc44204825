//! Tests of whole catalogs.

use std::collections::{BTreeMap, BTreeSet};

use stacyard_model::json::Document;

use crate::place::REGIONS;
use crate::time::BEGIN;
use crate::utm::{self, LonLat};
use crate::{COLLECTIONS, Catalog, Recipe, Style};

const RECIPE: Recipe = Recipe { seed: 7, items: 1_000, broken: 3, style: Style::Demo };

fn written(recipe: Recipe) -> Vec<u8> {
    let mut out = Vec::new();
    let bytes = Catalog::new(recipe).write_to(&mut out).unwrap();
    assert_eq!(bytes, out.len() as u64);
    out
}

fn documents(recipe: Recipe) -> Vec<Document> {
    let out = written(recipe);
    out.split(|&b| b == b'\n').filter(|l| !l.is_empty()).map(|l| Document::parse_bytes(l).unwrap()).collect()
}

fn text(item: &Document, pointer: &str) -> String {
    item.root().pointer(pointer).unwrap().as_str().unwrap().into_owned()
}

#[test]
fn the_same_recipe_gives_the_same_bytes() {
    assert!(written(RECIPE) == written(RECIPE));
    assert!(written(RECIPE) != written(Recipe { seed: 8, ..RECIPE }));
}

#[test]
fn a_small_catalog_is_the_head_of_a_big_one() {
    let unbroken = Recipe { broken: 0, ..RECIPE };
    let (small, big) = (written(Recipe { items: 100, ..unbroken }), written(unbroken));
    assert!(big.starts_with(&small));
}

#[test]
fn three_collections_and_ids_of_their_own() {
    let items = documents(Recipe { items: 20_000, broken: 0, ..RECIPE });
    let mut counts = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for item in &items {
        *counts.entry(text(item, "/collection")).or_insert(0) += 1;
        assert!(ids.insert(text(item, "/id")), "{} occurs twice", text(item, "/id"));
    }
    let expected = [("landsat-c2-l2", 6_000), ("methane-plumes", 4_000), ("sentinel-2-l2a", 10_000)];
    assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)).into());
}

#[test]
fn as_many_are_broken_as_asked_for() {
    for broken in [0, 1, 3, 999, 1_000] {
        let catalog = Catalog::new(Recipe { broken, ..RECIPE });
        assert_eq!((0..1_000).filter(|&index| catalog.is_broken(index)).count() as u64, broken);
    }
    let items = documents(Recipe { broken: 1, ..RECIPE });
    let short: Vec<_> = (0..)
        .zip(&items)
        .filter(|(_, item)| item.root().get("bbox").unwrap().elements().unwrap().count() == 3)
        .map(|(index, _)| index)
        .collect();
    assert_eq!(short, [500]);
}

#[test]
fn sizes_are_as_told() {
    let mean = |style| written(Recipe { items: 200, broken: 0, style, seed: 7 }).len() / 200;
    assert!((9_000..11_000).contains(&mean(Style::Big)), "{}", mean(Style::Big));
    assert!((1_700..2_700).contains(&mean(Style::Small)), "{}", mean(Style::Small));
}

#[test]
fn boxes_bound_their_rings() {
    for item in documents(Recipe { broken: 0, ..RECIPE }) {
        let numbers = |pointer: &str| -> Vec<f64> {
            let list = item.root().pointer(pointer).unwrap().elements().unwrap();
            list.map(|value| value.as_number().unwrap().to_f64()).collect()
        };
        let bbox = numbers("/bbox");
        assert!(
            bbox[0] <= bbox[2] && bbox[1] <= bbox[3] && bbox[0] >= -180.0 && bbox[2] <= 180.0,
            "{bbox:?}"
        );
        if text(&item, "/geometry/type") == "Point" {
            assert_eq!(numbers("/geometry/coordinates"), bbox[..2]);
            continue;
        }
        let ring = item.root().pointer("/geometry/coordinates/0").unwrap().elements().unwrap().count();
        let corner = |at: usize| numbers(&format!("/geometry/coordinates/0/{at}"));
        assert_eq!(corner(0), corner(ring - 1));
        for at in 0..ring {
            let position = corner(at);
            assert!((bbox[0]..=bbox[2]).contains(&position[0]) && (bbox[1]..=bbox[3]).contains(&position[1]));
        }
    }
}

#[test]
fn toulouse_lies_on_the_tile_that_everyone_knows() {
    let toulouse = LonLat { lon: 1.44, lat: 43.6 };
    let at = utm::project(toulouse, utm::zone(toulouse.lon), false);
    assert_eq!(utm::square(toulouse.lat, 31, at), ('T', "CJ".to_owned()));
    let back = utm::unproject(at, 31, false, REGIONS[0].centre);
    assert!((back.lon - toulouse.lon).abs() < 1e-6 && (back.lat - toulouse.lat).abs() < 1e-6);
}

#[test]
fn moments_are_spelled_as_the_calendar_has_them() {
    assert_eq!(BEGIN.rfc3339(0), "2023-01-01T00:00:00Z");
    let leap = BEGIN.plus_days(365 + 59).plus_seconds(3_661).plus_micros(1_500);
    assert_eq!(leap.rfc3339(6), "2024-02-29T01:01:01.001500Z");
    assert_eq!(
        (leap.rfc3339(3), leap.compact()),
        ("2024-02-29T01:01:01.001Z".into(), "20240229T010101".into())
    );
    assert_eq!(leap.parts().day_of_year, 60);
    assert_eq!(BEGIN.plus_days(1_095).date(), "20251231");
}

#[test]
fn the_collections_are_json() {
    let collections = Document::parse(COLLECTIONS).unwrap();
    assert_eq!(collections.root().elements().unwrap().count(), 3);
}
