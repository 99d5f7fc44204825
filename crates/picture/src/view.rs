//! The part of the world that a map shows.

/// A part of the world, in degrees. What is east of 180 is beyond the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    pub(crate) west: f64,
    pub(crate) south: f64,
    pub(crate) east: f64,
    pub(crate) north: f64,
}

impl Default for View {
    /// The world.
    fn default() -> Self {
        Self { west: -180.0, south: -90.0, east: 180.0, north: 90.0 }
    }
}

/// Less than so many degrees are not shown: one could not see where it is.
const LEAST: f64 = 2.0;

impl View {
    /// What lies around a box (west, south, east, north), of which the west is beyond the east where it crosses the antimeridian.
    pub fn around([west, south, east, north]: [f64; 4]) -> Self {
        let east = if west > east { east + 360.0 } else { east };
        let ([west, east], [south, north]) = (wider(west, east), wider(south, north));
        // Twice as wide as high at most, and no higher than wide.
        let ([width, height], [x, y]) =
            ([east - west, north - south], [f64::midpoint(west, east), f64::midpoint(south, north)]);
        let (width, height) = (width.max(height).min(360.0), height.max(width / 2.0).min(180.0));
        let x = if width >= 360.0 { 0.0 } else { x };
        let y = y.clamp(height / 2.0 - 90.0, 90.0 - height / 2.0);
        Self {
            west: x - width / 2.0,
            south: y - height / 2.0,
            east: x + width / 2.0,
            north: y + height / 2.0,
        }
    }

    pub(crate) const fn width(self) -> f64 {
        self.east - self.west
    }

    pub(crate) const fn height(self) -> f64 {
        self.north - self.south
    }

    /// By how many degrees what lies between two longitudes has to be turned to be seen; more than once where it is seen more than once.
    pub(crate) fn turns(self, west: f64, east: f64) -> impl Iterator<Item = f64> {
        let Self { west: left, east: right, .. } = self;
        // What only touches an edge from beyond is seen from within.
        let is_seen = move |turn: &f64| match *turn {
            0.0 => west <= right && east >= left,
            turn => west + turn < right && east + turn > left,
        };
        [-360.0, 0.0, 360.0].into_iter().filter(is_seen)
    }

    /// Lines of round numbers of degrees, about eight in its width: meridians, parallels.
    pub(crate) fn graticule(self) -> [Vec<f64>; 2] {
        let step = [45.0, 30.0, 15.0, 10.0, 5.0, 2.0, 1.0, 0.5]
            .into_iter()
            .rfind(|step| self.width() / step <= 12.0);
        let step = step.unwrap_or(45.0);
        let lines = |low: f64, high: f64| {
            let first = (low / step).ceil();
            (0..64).map(|n| (first + f64::from(n)) * step).take_while(|line| *line <= high).collect()
        };
        [lines(self.west, self.east), lines(self.south, self.north)]
    }
}

fn wider(low: f64, high: f64) -> [f64; 2] {
    let margin = ((high - low) * 0.1).max((LEAST - (high - low)) / 2.0);
    [low - margin, high + margin]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_has_all_and_is_a_part_of_the_world() {
        for bbox in [
            [-180.0, -90.0, 180.0, 90.0],
            [10.0, 40.0, 10.0, 40.0],
            [170.0, -10.0, -170.0, 10.0],
            [0.0, -90.0, 5.0, 90.0],
            [-180.0, 80.0, 180.0, 90.0],
        ] {
            let view = View::around(bbox);
            let [west, south, east, north] = bbox;
            let east = if west > east { east + 360.0 } else { east };
            assert!(
                view.west <= west && view.east >= east && view.south <= south && view.north >= north,
                "{bbox:?} {view:?}"
            );
            assert!(view.south >= -90.0 && view.north <= 90.0 && view.width() <= 360.0, "{view:?}");
            assert!(view.width() / view.height() < 2.01 && view.width() / view.height() > 0.99, "{view:?}");
        }
    }
}
