//! Footprints as a drawing on a grid of degrees: what is there in the place of the map where no script runs, or none was built.

use std::borrow::Cow;

use maud::{Markup, html};
use serde_json::Value;
use stacyard_model::json::Document;
use stacyard_picture::{across, is_across};
use stacyard_search::cql2::{Expr, Literal};
use stacyard_search::read_geometry;

use super::words;

/// A geometry with more positions is drawn as its box.
const POSITIONS: usize = 2_000;

/// The part of the Earth that is shown has so many degrees at least.
const LEAST: f64 = 8.0;

/// West, south, east, north.
pub(super) type Degrees = [f64; 4];

/// The box of a Feature: of its `bbox`, else of its geometry.
pub(super) fn bounds_of(feature: &Value) -> Option<Degrees> {
    box_of(&feature["bbox"]).or_else(|| {
        let mut positions = Vec::new();
        gather(&feature["geometry"], &mut positions);
        let all = positions.iter();
        all.fold(None, |bounds: Option<Degrees>, &[x, y]| {
            let [west, south, east, north] = bounds.unwrap_or([x, y, x, y]);
            Some([west.min(x), south.min(y), east.max(x), north.max(y)])
        })
    })
}

/// The geometry of a Feature as a map shows it: what crosses the antimeridian without being cut there goes on beyond it.
pub(super) fn drawn(feature: &Value) -> Cow<'_, Value> {
    let geometry = &feature["geometry"];
    let beyond = || {
        let document = Document::parse(geometry.to_string()).ok()?;
        let geometry = read_geometry(document.root()).ok()??;
        Some(Expr::Literal(Literal::Geometry(across(geometry))).to_json())
    };
    let beyond = if is_across(&numbers(&feature["bbox"])) { beyond() } else { None };
    beyond.map_or(Cow::Borrowed(geometry), Cow::Owned)
}

fn numbers(array: &Value) -> Vec<f64> {
    array.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

/// A `bbox` without heights.
pub(super) fn box_of(bbox: &Value) -> Option<Degrees> {
    match numbers(bbox)[..] {
        [west, south, east, north] | [west, south, _, east, north, _] => Some([west, south, east, north]),
        _ => None,
    }
}

/// The box around all; where one crosses the antimeridian, all longitudes.
pub(super) fn around(all: impl Iterator<Item = Degrees>) -> Option<Degrees> {
    all.map(
        |[west, south, east, north]| {
            if west > east { [-180.0, south, 180.0, north] } else { [west, south, east, north] }
        },
    )
    .reduce(|[w, s, e, n], [west, south, east, north]| [w.min(west), s.min(south), e.max(east), n.max(north)])
}

/// Features or boxes, drawn. What has no place is left out.
pub(super) fn outline(features: &[&Value]) -> Markup {
    let bounds = around(features.iter().filter_map(|feature| bounds_of(feature)));
    let [west, south, east, north] = bounds.map_or([-180.0, -90.0, 180.0, 90.0], padded);
    let view = format!("{west} {} {} {}", -north, east - west, north - south);
    let paths: Vec<String> = features.iter().filter_map(|feature| path(feature)).collect();
    html! {
        svg viewBox=(view) preserveAspectRatio="xMidYMid meet" role="img" aria-label=(words::OUTLINE) {
            rect .sea x="-540" y="-90" width="1080" height="180" {}
            path .grid d=(grid()) vector-effect="non-scaling-stroke" {}
            @for path in &paths { path .shape d=(path) fill-rule="evenodd" vector-effect="non-scaling-stroke" {} }
        }
    }
}

fn padded([west, south, east, north]: Degrees) -> Degrees {
    let grown = |low: f64, high: f64, most: f64| {
        let (middle, half) = (f64::midpoint(low, high), ((high - low) * 0.6).max(LEAST / 2.0));
        ((middle - half).max(-most), (middle + half).min(most))
    };
    let ((west, east), (south, north)) = (grown(west, east, 180.0), grown(south, north, 90.0));
    [west, south, east.max(west + 1.0), north.max(south + 1.0)]
}

/// Lines each 30 degrees.
fn grid() -> String {
    let meridians = (-6..=6).map(|at| format!("M{} -90V90", at * 30));
    let parallels = (-2..=2).map(|at| format!("M-180 {}H180", at * 30));
    meridians.chain(parallels).collect()
}

/// The path of a Feature.
fn path(feature: &Value) -> Option<String> {
    let mut lines = Vec::new();
    trace(&drawn(feature), &mut lines);
    if lines.is_empty() || lines.iter().map(Vec::len).sum::<usize>() > POSITIONS {
        let [west, south, east, north] = bounds_of(feature)?;
        let ring = |west: f64, east: f64| {
            vec![[west, south], [east, south], [east, north], [west, north], [west, south]]
        };
        lines =
            if west > east { vec![ring(west, 180.0), ring(-180.0, east)] } else { vec![ring(west, east)] };
    }
    // What goes on beyond the antimeridian is on its other side.
    for (turn, is_beyond) in
        [(-360.0, reaches(&lines, |x| x > 180.0)), (360.0, reaches(&lines, |x| x < -180.0))]
    {
        if is_beyond {
            let turned = |line: &Vec<[f64; 2]>| line.iter().map(|[x, y]| [x + turn, *y]).collect();
            lines.extend(lines.iter().map(turned).collect::<Vec<_>>());
        }
    }
    let written = |line: &Vec<[f64; 2]>| match line[..] {
        // A point is a small cross.
        [[x, y]] => format!("M{} {}H{}M{x} {}V{}", x - 0.4, -y, x + 0.4, -y - 0.4, -y + 0.4),
        _ => {
            let letter = |at: usize| if at == 0 { 'M' } else { 'L' };
            let steps = line.iter().enumerate().map(|(at, [x, y])| format!("{}{x} {}", letter(at), -y));
            steps.collect::<Vec<String>>().concat()
        }
    };
    Some(lines.iter().map(written).collect())
}

fn reaches(lines: &[Vec<[f64; 2]>], is_there: impl Fn(f64) -> bool) -> bool {
    lines.iter().flatten().any(|at| is_there(at[0]))
}

/// The lines, rings and points of a geometry.
fn trace(geometry: &Value, lines: &mut Vec<Vec<[f64; 2]>>) {
    if let Some(geometries) = geometry["geometries"].as_array() {
        // Collections in collections are none of STAC.
        geometries.iter().filter(|one| one["geometries"].is_null()).for_each(|one| trace(one, lines));
    } else {
        split(&geometry["coordinates"], lines);
    }
}

fn split(coordinates: &Value, lines: &mut Vec<Vec<[f64; 2]>>) {
    let Some(parts) = coordinates.as_array() else { return };
    if let Some(point) = position(coordinates) {
        lines.push(vec![point]);
    } else if parts.first().is_some_and(|first| position(first).is_some()) {
        lines.push(parts.iter().filter_map(position).collect());
    } else {
        for part in parts {
            split(part, lines);
        }
    }
}

fn position(value: &Value) -> Option<[f64; 2]> {
    let numbers = value.as_array()?;
    Some([numbers.first()?.as_f64()?, numbers.get(1)?.as_f64()?])
}

fn gather(geometry: &Value, positions: &mut Vec<[f64; 2]>) {
    let mut lines = Vec::new();
    trace(geometry, &mut lines);
    positions.extend(lines.into_iter().flatten());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn footprints_are_drawn() {
        let square =
            json!({"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 1], [0, 0]]]}});
        assert_eq!(bounds_of(&square), Some([0.0, 0.0, 2.0, 1.0]));
        assert_eq!(path(&square).unwrap(), "M0 -0L2 -0L2 -1L0 -0");
        let point = json!({"geometry": {"type": "Point", "coordinates": [7, 46, 500]}});
        assert_eq!(path(&point).unwrap(), "M6.6 -46H7.4M7 -46.4V-45.6");
        let across = json!({"geometry": null, "bbox": [170, -5, -170, 5]});
        assert!(path(&across).unwrap().contains("M170 5") && path(&across).unwrap().contains("L-170 5"));
        assert_eq!(around([[170.0, -5.0, -170.0, 5.0]].into_iter()), Some([-180.0, -5.0, 180.0, 5.0]));
        let leap = json!({"bbox": [179, 0, -179, 1], "geometry": {"type": "LineString", "coordinates": [[179, 0], [-179, 1]]}});
        assert_eq!(drawn(&leap)["coordinates"], json!([[179.0, 0.0], [181.0, 1.0]]));
        assert_eq!(path(&leap).unwrap(), "M179 -0L181 -1M-181 -0L-179 -1");
        assert_eq!(path(&json!({"geometry": null})), None);
        let deep = json!({"geometry": {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1, 2]}]}});
        assert_eq!(bounds_of(&deep), Some([1.0, 2.0, 1.0, 2.0]));
    }
}
