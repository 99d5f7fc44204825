//! How many Items have the middle of their box in which cell of a tile, as SQL: by the lines between the cells, which are numbers that are
//! bound, so that it agrees to the last digit with whoever counts by them.

use stacyard_search::{Lines, Tile};

use crate::sql::param::Param;
use crate::sql::value::Maker;

/// Numbers beyond this are no degrees, and might be none that a double can be.
const MOST: &str = "1e6";

/// SQL that gives the names of the cells as kind and value, each with its number of Items. Of the kind `object` are rows whose box has to be looked at
/// as an Item. Each step is kept apart by its `OFFSET`: else the server would put the expressions into each other, and make them many times a row.
pub(super) fn cells(tile: Tile, rows: &str, maker: &mut Maker<'_>) -> String {
    let Lines { columns, rows: lines, corner: [x, y] } = tile.lines();
    let [columns, lines] = [columns, lines].map(|lines| maker.bind(Param::Numbers(lines)));
    let (zoom, side) = (tile.zoom() + Tile::CELL_ZOOM, Tile::CELLS);
    let (bbox, is_whole) = (maker.table().columns.bbox, maker.table().columns.bbox_is_whole);
    // As an Item is read: four numbers, or six with heights.
    let number = |place: &str| {
        format!(
            "CASE WHEN jsonb_typeof(bbox -> {place}) = 'number' AND abs((bbox -> {place})::numeric) < {MOST} \
             THEN (bbox -> {place})::float8 END"
        )
    };
    let high = |low: u8| format!("(CASE size WHEN 4 THEN {low} ELSE {} END)", low + 1);
    let [west, south, east, north] = [number("0"), number("1"), number(&high(2)), number(&high(3))];
    let nothing = if is_whole { "bbox IS NULL" } else { "false" };
    format!(
        "SELECT CASE WHEN is_odd THEN 'object' ELSE 'string' END AS kind, \
         CASE WHEN NOT is_odd THEN '{zoom}/' || ({x} + x - 1) || '/' || ({y} + {side} - y) END AS value, count(*) AS items \
         FROM (SELECT longitude IS NULL OR latitude IS NULL AS is_odd, \
         width_bucket(longitude, {columns}) AS x, width_bucket(latitude, {lines}) AS y \
         FROM (SELECT CASE WHEN middle > 180 THEN middle - 360 ELSE middle END AS longitude, latitude \
         FROM (SELECT (west + (CASE WHEN west > east THEN east + 360 ELSE east END)) / 2 AS middle, (south + north) / 2 AS latitude \
         FROM (SELECT {west} AS west, {south} AS south, {east} AS east, {north} AS north \
         FROM (SELECT bbox, CASE WHEN jsonb_typeof(bbox) = 'array' THEN jsonb_array_length(bbox) END AS size \
         FROM (SELECT {bbox} AS bbox FROM {rows} OFFSET 0) AS boxes OFFSET 0) AS sized WHERE size IN (4, 6) OR NOT ({nothing}) OFFSET 0) AS edges \
         OFFSET 0) AS middles OFFSET 0) AS places OFFSET 0) AS found \
         WHERE is_odd OR (x BETWEEN 1 AND {side} AND y BETWEEN 1 AND {side}) GROUP BY 1, 2"
    )
}
