//! What is in a tile, written as others read it.

use geo_types::Geometry;
use mvt::{GeomData, GeomEncoder, GeomType, Layer};
use stacyard_search::Tile;
use stacyard_store::Error;

use super::shape::{EXTENT, Place, Shape};

/// The layers: one of them is there, or none where there are no Items.
const FOOTPRINTS: &str = "footprints";
const CELLS: &str = "cells";

/// A cell has so many units in each direction.
#[expect(clippy::cast_possible_wrap, reason = "it is 64")]
const CELL: i32 = (EXTENT / Tile::CELLS) as i32;

/// An Item as it is drawn.
pub(super) struct Footprint {
    pub(super) id: String,
    pub(super) collection: Option<String>,
    pub(super) datetime: Option<String>,
    /// Beyond 180 degrees where it crosses the antimeridian.
    pub(super) geometry: Geometry<f64>,
}

/// A tile in the making.
pub(super) struct Layers {
    tile: Tile,
    made: mvt::Tile,
    footprints: Layer,
    cells: Layer,
}

impl Layers {
    pub(super) fn new(tile: Tile) -> Self {
        let made = mvt::Tile::new(EXTENT);
        let [footprints, cells] = [FOOTPRINTS, CELLS].map(|name| made.create_layer(name));
        Self { tile, made, footprints, cells }
    }

    /// Adds an Item: a feature, or one for each kind of geometry that it has.
    pub(super) fn footprint(&mut self, footprint: &Footprint) -> Result<(), Error> {
        let Shape { points, lines, rings } = Shape::of(&footprint.geometry, self.tile);
        // What has an area that is seen is seen without its parts that have none.
        let is_area = matches!(footprint.geometry, Geometry::Polygon(_) | Geometry::MultiPolygon(_));
        let with_small = !is_area || rings.is_empty();
        let points: Vec<Vec<Place>> = points.into_iter().map(|point| vec![point]).collect();
        let kinds = [
            (GeomType::Polygon, rings),
            (GeomType::Linestring, if with_small { lines } else { Vec::new() }),
            (GeomType::Point, if with_small { points } else { Vec::new() }),
        ];
        for (kind, parts) in kinds.into_iter().filter(|(_, parts)| !parts.is_empty()) {
            let layer = std::mem::take(&mut self.footprints);
            let mut feature = layer.into_feature(encoded(kind, parts)?);
            feature.add_tag_string("id", &footprint.id);
            for (name, value) in [("collection", &footprint.collection), ("datetime", &footprint.datetime)] {
                if let Some(value) = value {
                    feature.add_tag_string(name, value);
                }
            }
            self.footprints = feature.into_layer();
        }
        Ok(())
    }

    /// Adds cells, each with its column, its row and its number of Items.
    pub(super) fn cells(&mut self, cells: &[([u32; 2], u64)]) -> Result<(), Error> {
        for ([column, row], items) in cells {
            let [x, y] = [column, row].map(|place| i32::try_from(*place).unwrap_or_default() * CELL);
            self.cell([x, y], CELL, *items, None)?;
        }
        Ok(())
    }

    /// The same of a tile that is met by more Items than have their middle in it: a square of all of it says how many.
    pub(super) fn covered(&mut self, cells: &[([u32; 2], u64)], all: u64) -> Result<(), Error> {
        #[expect(clippy::cast_possible_wrap, reason = "it is 4096")]
        self.cell([0, 0], EXTENT as i32, 0, Some(all))?;
        self.cells(cells)
    }

    fn cell(&mut self, [x, y]: Place, side: i32, items: u64, meeting: Option<u64>) -> Result<(), Error> {
        let ring = vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side]];
        let layer = std::mem::take(&mut self.cells);
        let mut feature = layer.into_feature(encoded(GeomType::Polygon, vec![ring])?);
        feature.add_tag_uint("items", items);
        if let Some(meeting) = meeting {
            feature.add_tag_uint("meeting", meeting);
        }
        self.cells = feature.into_layer();
        Ok(())
    }

    /// The bytes.
    pub(super) fn finish(self) -> Result<Vec<u8>, Error> {
        let Self { mut made, footprints, cells, .. } = self;
        for layer in [footprints, cells].into_iter().filter(|layer| layer.num_features() > 0) {
            made.add_layer(layer).map_err(unwritten)?;
        }
        made.to_bytes().map_err(unwritten)
    }
}

fn encoded(kind: GeomType, parts: Vec<Vec<Place>>) -> Result<GeomData, Error> {
    let mut encoder = GeomEncoder::<f64>::new(kind);
    let mut end = None;
    for mut part in parts {
        // The encoder takes a ring that begins where the one before has ended for its continuation.
        if matches!(kind, GeomType::Polygon) && part.first() == end.as_ref() {
            part.rotate_left(1);
        }
        end = part.last().copied();
        for [x, y] in part {
            encoder.add_point(x.into(), y.into()).map_err(unwritten)?;
        }
        if !matches!(kind, GeomType::Point) {
            encoder.complete_geom().map_err(unwritten)?;
        }
    }
    encoder.encode().map_err(unwritten)
}

fn unwritten(cause: mvt::Error) -> Error {
    Error::failed("a tile cannot be written").caused_by(cause)
}
