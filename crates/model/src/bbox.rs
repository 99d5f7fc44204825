//! Boxes: 4 or 6 numbers, as a value that cannot be wrong.

use std::fmt;

use crate::json::Value;

/// A bounding box in degrees of longitude and latitude (RFC 7946 section 5), with heights or without.
///
/// South is never greater than north, and the lowest height never greater than the highest; west may be greater
/// than east: the box then crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bbox {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
    heights: Option<[f64; 2]>,
}

/// Why numbers are no [`Bbox`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BboxError {
    NotFourOrSixNumbers,
    TooGreat,
    SouthAboveNorth,
    LowAboveHigh,
}

impl fmt::Display for BboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFourOrSixNumbers => "a bbox must be 4 or 6 numbers: west, south, east, north, with the heights as the third and sixth of six",
            Self::TooGreat => "holds a number too great for a coordinate",
            Self::SouthAboveNorth => "its south is greater than its north",
            Self::LowAboveHigh => "its lowest height is greater than its highest",
        })
    }
}
impl std::error::Error for BboxError {}

impl Bbox {
    /// A box of `[west, south, east, north]` or `[west, south, low, east, north, high]`, all finite.
    ///
    /// ```
    /// use stacyard_model::Bbox;
    /// assert!(Bbox::new(&[170.0, -20.0, -170.0, -10.0]).unwrap().crosses_antimeridian());
    /// assert!(Bbox::new(&[0.0, 10.0, 1.0, 5.0]).is_err());
    /// ```
    pub fn new(numbers: &[f64]) -> Result<Self, BboxError> {
        let (west, south, east, north, heights) = match *numbers {
            [west, south, east, north] => (west, south, east, north, None),
            [west, south, low, east, north, high] => (west, south, east, north, Some([low, high])),
            _ => return Err(BboxError::NotFourOrSixNumbers),
        };
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(BboxError::TooGreat);
        }
        if south > north {
            return Err(BboxError::SouthAboveNorth);
        }
        if heights.is_some_and(|[low, high]| low > high) {
            return Err(BboxError::LowAboveHigh);
        }
        Ok(Self { west, south, east, north, heights })
    }

    /// The box of a JSON array.
    pub fn of(value: Value<'_>) -> Result<Self, BboxError> {
        let mut numbers = [0.0; 6];
        let mut count = 0;
        for element in value.elements().ok_or(BboxError::NotFourOrSixNumbers)? {
            let number = element.as_number().ok_or(BboxError::NotFourOrSixNumbers)?;
            *numbers.get_mut(count).ok_or(BboxError::NotFourOrSixNumbers)? = number.to_f64();
            count += 1;
        }
        Self::new(&numbers[..count])
    }

    /// The western edge, in degrees.
    pub const fn west(self) -> f64 {
        self.west
    }

    /// The southern edge, in degrees.
    pub const fn south(self) -> f64 {
        self.south
    }

    /// The eastern edge, in degrees.
    pub const fn east(self) -> f64 {
        self.east
    }

    /// The northern edge, in degrees.
    pub const fn north(self) -> f64 {
        self.north
    }

    /// The lowest and the highest height, in metres, of a box of six numbers.
    pub const fn heights(self) -> Option<[f64; 2]> {
        self.heights
    }

    /// Whether west is greater than east: the box is `[west, 180]` and `[-180, east]`.
    pub fn crosses_antimeridian(self) -> bool {
        self.west > self.east
    }
}
