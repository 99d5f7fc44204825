//! Where and when Items are, taken together.

use jiff::Timestamp;

/// A box and a span of time around Items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// West, south, east, north in degrees; a west beyond the east crosses the antimeridian. `None`: no Item has a `bbox`.
    pub bbox: Option<[f64; 4]>,
    /// The first start and the last end of their temporal extents. `None`: no Item has one.
    pub interval: Option<[Timestamp; 2]>,
}

/// The box around boxes, and how they lie on the other half of the world: what goes across the antimeridian is narrow there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Around {
    south: f64,
    north: f64,
    /// West and east between -180 and 180.
    plain: [f64; 2],
    /// The same between 0 and 360.
    turned: [f64; 2],
}

impl Around {
    pub(super) fn of([west, south, east, north]: [f64; 4]) -> Self {
        let plain = if west <= east { [west, east] } else { [-180.0, 180.0] };
        let turned = match (west < 0.0, east < 0.0) {
            (false, false) if west <= east => [west, east],
            (true, true) if west <= east => [west + 360.0, east + 360.0],
            (false, true) => [west, east + 360.0],
            // It goes across the meridian of Greenwich.
            _ => [0.0, 360.0],
        };
        Self { south, north, plain, turned }
    }

    pub(super) fn and(self, other: Self) -> Self {
        let join = |[a, b]: [f64; 2], [c, d]: [f64; 2]| [a.min(c), b.max(d)];
        Self {
            south: self.south.min(other.south),
            north: self.north.max(other.north),
            plain: join(self.plain, other.plain),
            turned: join(self.turned, other.turned),
        }
    }

    /// The narrower of both.
    pub(super) fn bbox(self) -> [f64; 4] {
        let width = |[west, east]: [f64; 2]| east - west;
        let [west, east] = if width(self.turned) < width(self.plain) {
            self.turned.map(|at| if at > 180.0 { at - 360.0 } else { at })
        } else {
            self.plain
        };
        [west, self.south, east, self.north]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(boxes: &[[f64; 4]]) -> String {
        let bbox = boxes.iter().copied().map(Around::of).reduce(Around::and).unwrap().bbox();
        bbox.map(|edge| edge.to_string()).join(" ")
    }

    #[test]
    fn the_box_around_boxes_is_the_narrower_one() {
        assert_eq!(around(&[[1.0, 2.0, 3.0, 4.0]]), "1 2 3 4");
        assert_eq!(around(&[[-10.0, 0.0, -5.0, 1.0], [20.0, -3.0, 30.0, 0.5]]), "-10 -3 30 1");
        let fiji = [[177.0, -19.0, -178.0, -16.0], [179.0, -20.0, 179.5, -17.0]];
        assert_eq!(around(&fiji), "177 -20 -178 -16");
        assert_eq!(around(&[[170.0, 0.0, 175.0, 1.0], [-175.0, 0.0, -170.0, 1.0]]), "170 0 -170 1");
        assert_eq!(around(&[[177.0, 0.0, -178.0, 1.0], [-1.0, 0.0, 1.0, 1.0]]), "-180 0 180 1");
        assert_eq!(around(&[[-180.0, -90.0, 180.0, 90.0]]), "-180 -90 180 90");
    }
}
