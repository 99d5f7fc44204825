//! Geometries in CQL2 text: well-known text (OGC 06-103r4 section 7), heights and measures left out.

use geo_types::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point,
    Polygon,
};

use super::lexer::Kind;
use super::text::Parser;
use crate::error::FilterError;
use crate::geometry::{off_earth, ring, two_positions};

type Parsed<T> = Result<T, FilterError>;

impl Parser<'_> {
    /// The geometry that starts with this word; `None`: the word starts no geometry.
    pub(super) fn geometry(&mut self, word: &str) -> Parsed<Option<Geometry<f64>>> {
        let kind = word.to_ascii_uppercase();
        let known = [
            "POINT",
            "LINESTRING",
            "POLYGON",
            "MULTIPOINT",
            "MULTILINESTRING",
            "MULTIPOLYGON",
            "GEOMETRYCOLLECTION",
        ];
        if !known.contains(&kind.as_str()) {
            return Ok(None);
        }
        let tagged = ["z", "m", "zm"].iter().any(|tag| self.take_word(tag));
        let empty = self.take_word("empty");
        if !empty && !tagged && !self.is_symbol("(") {
            // A property that has the name of a geometry's type.
            return Ok(None);
        }
        let geometry = match kind.as_str() {
            "POINT" if empty => Geometry::GeometryCollection(GeometryCollection::default()),
            "POINT" => Point(self.point()?).into(),
            "LINESTRING" => self.unless(empty, Self::line)?.unwrap_or_else(|| LineString(Vec::new())).into(),
            "POLYGON" => self.unless(empty, Self::polygon)?.unwrap_or_else(no_polygon).into(),
            "MULTIPOINT" => {
                let points = self.unless(empty, |parser| parser.list_of(Self::loose_point))?;
                MultiPoint(points.unwrap_or_default().into_iter().map(Point).collect()).into()
            }
            "MULTILINESTRING" => {
                MultiLineString(self.unless(empty, |parser| parser.list_of(Self::line))?.unwrap_or_default())
                    .into()
            }
            "MULTIPOLYGON" => {
                MultiPolygon(self.unless(empty, |parser| parser.list_of(Self::polygon))?.unwrap_or_default())
                    .into()
            }
            _ => {
                let members = self.unless(empty, |parser| parser.list_of(Self::member))?;
                Geometry::GeometryCollection(members.unwrap_or_default().into())
            }
        };
        Ok(Some(geometry))
    }

    fn unless<T>(&mut self, empty: bool, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<Option<T>> {
        if empty { Ok(None) } else { parse(self).map(Some) }
    }

    fn member(&mut self) -> Parsed<Geometry<f64>> {
        let token = self.advance();
        let word = self.slice(token);
        if token.kind == Kind::Word && word.eq_ignore_ascii_case("geometrycollection") {
            return Err(self.fail(token, "a geometry collection inside another"));
        }
        let geometry = if token.kind == Kind::Word { self.geometry(word)? } else { None };
        geometry.ok_or_else(|| self.fail(token, "a geometry such as POINT(1 2) is expected here"))
    }

    fn list_of<T>(&mut self, mut element: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.expect_symbol("(")?;
        let mut list = vec![element(self)?];
        while self.take_symbol(",") {
            list.push(element(self)?);
        }
        self.expect_symbol(")")?;
        Ok(list)
    }

    fn polygon(&mut self) -> Parsed<Polygon<f64>> {
        let mut rings = self.list_of(|parser| {
            let start = parser.peek();
            let line = LineString(parser.list_of(Self::position)?);
            ring(&line).map_err(|reason| parser.fail(start, reason))?;
            Ok(line)
        })?;
        let outer = rings.remove(0);
        Ok(Polygon::new(outer, rings))
    }

    fn line(&mut self) -> Parsed<LineString<f64>> {
        let start = self.peek();
        let line = LineString(self.list_of(Self::position)?);
        two_positions(&line).map_err(|reason| self.fail(start, reason))?;
        Ok(line)
    }

    fn point(&mut self) -> Parsed<Coord<f64>> {
        self.expect_symbol("(")?;
        let position = self.position()?;
        self.expect_symbol(")")?;
        Ok(position)
    }

    /// A point of a multipoint, with or without parentheses of its own.
    fn loose_point(&mut self) -> Parsed<Coord<f64>> {
        if self.is_symbol("(") { self.point() } else { self.position() }
    }

    /// Two to four numbers, of which the first two count.
    fn position(&mut self) -> Parsed<Coord<f64>> {
        let start = self.peek();
        let at = Coord { x: self.signed_number()?, y: self.signed_number()? };
        if let Some(reason) = off_earth(at) {
            return Err(self.fail(start, reason));
        }
        let mut more = 0;
        while more < 2 && !self.is_symbol(",") && !self.is_symbol(")") {
            self.signed_number()?;
            more += 1;
        }
        Ok(at)
    }
}

fn no_polygon() -> Polygon<f64> {
    Polygon::new(LineString(Vec::new()), Vec::new())
}
