//! Numbers, by how large they are.

use crate::error::SearchError;

/// Ranges of equal width, one of which begins at zero: with a width of 10 from 0 up to but not including 10, and so on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bins(f64);

/// Beyond so many widths from zero doubles do not tell neighbours apart.
const FARTHEST: f64 = 9_007_199_254_740_992.0;

impl Bins {
    /// Of a width.
    ///
    /// # Errors
    /// What is no finite number above zero.
    pub fn new(width: f64) -> Result<Self, SearchError> {
        if width.is_finite() && width > 0.0 {
            Ok(Self(width))
        } else {
            Err(SearchError::Width(width.to_string()))
        }
    }

    /// The width of each.
    pub const fn width(self) -> f64 {
        self.0
    }

    /// Where the one begins that a number lies in: n times the width, as doubles are multiplied. `None`: it is too far from zero.
    pub(super) fn start(self, number: f64) -> Option<f64> {
        let Self(width) = self;
        let mut at = (number / width).floor();
        if at.is_nan() || at.abs() >= FARTHEST {
            return None;
        }
        // The division is rounded; what it tells is right but for one.
        while at * width > number {
            at -= 1.0;
        }
        while (at + 1.0) * width <= number {
            at += 1.0;
        }
        // No negative zero.
        Some(at * width + 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_lies_where_its_neighbours_say() {
        let tens = Bins::new(10.0).unwrap();
        for (number, start) in
            [(0.0, 0.0), (9.999, 0.0), (10.0, 10.0), (-0.5, -10.0), (-10.0, -10.0), (-0.0, 0.0)]
        {
            assert_eq!(tens.start(number), Some(start), "{number}");
        }
        // 0.3 / 0.1 is a little less than 3, and 3 * 0.1 a little more than 0.3.
        let tenths = Bins::new(0.1).unwrap();
        for number in (0..2_000).map(|n| f64::from(n) / 100.0) {
            let start = tenths.start(number).unwrap();
            assert!(start <= number && number < start + 0.100_000_1, "{number} {start}");
        }
        assert_eq!(Bins::new(1e-300).unwrap().start(1e300), None);
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Bins::new(wrong).is_err(), "{wrong}");
        }
    }
}
