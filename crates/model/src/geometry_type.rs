//! The geometry types of GeoJSON (RFC 7946 section 1.4), and what well-known binary calls them (OGC 06-103r4 section 8.2.3).

/// A type of geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GeometryType {
    /// Its name in GeoJSON.
    pub name: &'static str,
    /// Its code in WKB, for two dimensions. EWKB has the same, with bits of its own beside it.
    pub code: u32,
    /// How many arrays stand around its positions in `coordinates`; 0 for a collection too, which has none.
    pub depth: u8,
}

impl GeometryType {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::new("Point", 1, 0),
        Self::new("LineString", 2, 1),
        Self::new("Polygon", 3, 2),
        Self::new("MultiPoint", 4, 1),
        Self::new("MultiLineString", 5, 2),
        Self::new("MultiPolygon", 6, 3),
        Self::new("GeometryCollection", 7, 0),
    ];

    const fn new(name: &'static str, code: u32, depth: u8) -> Self {
        Self { name, code, depth }
    }

    /// The type of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name == name)
    }

    /// Whether it has `geometries` in the place of `coordinates`.
    pub fn is_collection(self) -> bool {
        self.code == 7
    }

    /// The type of the parts that a multiple geometry has, each of which is a geometry of its own in WKB.
    pub fn part(self) -> Option<Self> {
        Self::ALL.into_iter().find(|part| (4..=6).contains(&self.code) && part.code == self.code - 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_same_with_an_array_less() {
        for (name, part) in
            [("MultiPoint", "Point"), ("MultiLineString", "LineString"), ("MultiPolygon", "Polygon")]
        {
            let (whole, part) = (GeometryType::named(name).unwrap(), GeometryType::named(part).unwrap());
            assert_eq!(whole.part(), Some(part));
            assert_eq!(whole.depth, part.depth + 1);
        }
        assert_eq!(GeometryType::named("GeometryCollection").unwrap().part(), None);
        assert_eq!(GeometryType::named("Polygon").unwrap().part(), None);
        assert_eq!(GeometryType::named("Circle"), None);
    }
}
