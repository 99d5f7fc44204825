//! The names of aggregations (STAC API - Aggregation), read into what they mean. Those that end in `_frequency`, `_histogram`, `_min` and
//! `_max` are of the property before; some names mean more.

use stacyard_search::{Aggregation, Bins, Grid, Property, SearchError, Step};

use super::parameters::Given;
use crate::problem::Problem;

/// The aggregations that there are whatever the Items have, with what they give.
pub(crate) const GENERAL: &[(&str, &str)] = &[
    ("total_count", "integer"),
    ("collection_frequency", "string"),
    ("datetime_min", "datetime"),
    ("datetime_max", "datetime"),
    ("datetime_frequency", "datetime"),
    ("grid_geohash_frequency", "string"),
    ("grid_geotile_frequency", "string"),
];

/// The name of the frequencies of `grid:code` (STAC API - Aggregation 0.3), beside the one that each property has.
pub(crate) const GRID_CODES: &str = "grid_code_frequency";

/// So many can be asked for at once.
const MOST: usize = 32;

/// What is asked for, with the names.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) names: Vec<String>,
    pub(crate) aggregations: Vec<Aggregation>,
    /// The media type of the steps of time.
    pub(crate) interval: &'static str,
}

impl Wanted {
    /// Of the parameters.
    pub(crate) fn of(given: &Given) -> Result<Self, Problem> {
        let (step, interval) = match given.get("datetime_frequency_interval") {
            Some("year") => (Step::Year, "interval_year"),
            None | Some("month") => (Step::Month, "interval_month"),
            Some("day") => (Step::Day, "interval_day"),
            Some("hour") => (Step::Hour, "interval_hour"),
            Some(_) => {
                return Err(Problem::wrong(
                    "datetime_frequency_interval",
                    "has to be year, month, day or hour",
                ));
            }
        };
        let precision = |name: &'static str, default: u64| match given.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| Problem::wrong(name, "has to be a whole number")),
        };
        let characters = precision("grid_geohash_frequency_precision", 3)?;
        let zoom = precision("grid_geotile_frequency_precision", 6)?;
        let width = given.get("histogram_interval").unwrap_or("10");
        let bins = width.parse().map_err(|_| Problem::wrong("histogram_interval", "has to be a number"))?;
        let bins = Bins::new(bins).map_err(|error| Problem::from(error).parameter("histogram_interval"))?;
        let names: Vec<String> = given
            .get("aggregations")
            .unwrap_or_default()
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect();
        if names.iter().all(String::is_empty) {
            let problem = Problem::wrong("aggregations", "none is asked for");
            return Err(problem.help("GET /aggregations has all there are, such as total_count"));
        }
        if names.len() > MOST {
            return Err(Problem::wrong("aggregations", "more than 32 are asked for"));
        }
        let cells = |grid: Result<Grid, SearchError>, name: &str| {
            grid.map_err(|error| Problem::from(error).parameter(name))
        };
        let meaning = |name: &String| {
            Ok(match &**name {
                "total_count" => Aggregation::Total,
                "datetime_frequency" => Aggregation::Times(None, step),
                "grid_geohash_frequency" => {
                    Aggregation::Cells(cells(Grid::geohash(characters), "grid_geohash_frequency_precision")?)
                }
                "grid_geotile_frequency" => {
                    Aggregation::Cells(cells(Grid::tiles(zoom), "grid_geotile_frequency_precision")?)
                }
                GRID_CODES => of_property("grid:code_frequency", bins)?,
                name => of_property(name, bins)?,
            })
        };
        let aggregations = names.iter().map(meaning).collect::<Result<_, Problem>>()?;
        Ok(Self { names, aggregations, interval })
    }
}

fn of_property(name: &str, bins: Bins) -> Result<Aggregation, Problem> {
    let property =
        |name: &str| Property::parse(name).map_err(|reason| Problem::wrong("aggregations", &reason));
    if let Some(name) = name.strip_suffix("_frequency") {
        return Ok(Aggregation::Frequencies(property(name)?));
    }
    if let Some(name) = name.strip_suffix("_histogram") {
        return Ok(Aggregation::Histogram(property(name)?, bins));
    }
    if let Some(name) = name.strip_suffix("_min") {
        return Ok(Aggregation::Least(property(name)?));
    }
    if let Some(name) = name.strip_suffix("_max") {
        return Ok(Aggregation::Greatest(property(name)?));
    }
    Err(Problem::wrong("aggregations", &format!("{name:?} is none"))
        .help("GET /aggregations has all there are; those of a property end in _frequency, _histogram, _min or _max"))
}
