//! The units of properties that STAC and its extensions define.

/// Names, each with its unit.
const UNITS: &[(&str, &str)] = &[
    ("eo:cloud_cover", "%"),
    ("eo:snow_cover", "%"),
    ("gsd", "m"),
    ("sar:center_frequency", "GHz"),
    ("sar:pixel_spacing_azimuth", "m"),
    ("sar:pixel_spacing_range", "m"),
    ("sar:resolution_azimuth", "m"),
    ("sar:resolution_range", "m"),
    ("view:azimuth", "°"),
    ("view:incidence_angle", "°"),
    ("view:off_nadir", "°"),
    ("view:sun_azimuth", "°"),
    ("view:sun_elevation", "°"),
];

/// The unit of a property.
pub(super) fn unit_of(name: &str) -> Option<&'static str> {
    UNITS.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit)
}
