//! The flags that ask a question, and the query that they ask.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use stacyard::{
    Area, Fields, FreeText, PageSize, Query, Search, SortKey, Stop, parse_collections, parse_datetime,
    parse_filter, parse_ids, parse_query,
};
use stacyard_search::SearchError;
use stacyard_search::cql2::Expr;
use stacyard_store::{Error, quoted, read_side_text};

/// A question, as it is written.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Search")]
pub(crate) struct Question {
    /// Items of these collections, with commas between.
    #[arg(long, value_name = "A,B")]
    collections: Option<String>,
    /// Items with these ids, with commas between.
    #[arg(long, value_name = "A,B")]
    ids: Option<String>,
    /// Items that intersect a box; west > east crosses the antimeridian.
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true)]
    bbox: Option<String>,
    /// Items that intersect a GeoJSON geometry, or that of a file.
    #[arg(long, value_name = "GEOJSON|@FILE")]
    intersects: Option<String>,
    /// Items whose time overlaps an instant or START/END, where `..` is an open end.
    #[arg(long, value_name = "INTERVAL")]
    datetime: Option<String>,
    /// Items of which this CQL2 (text or JSON, or that of a file) is true, such as "eo:cloud_cover < 20".
    #[arg(long, value_name = "CQL2|@FILE", allow_hyphen_values = true)]
    filter: Option<String>,
    /// Items that meet these conditions of the STAC API query extension, such as '{"eo:cloud_cover": {"lt": 20}}'.
    #[arg(long, value_name = "JSON")]
    query: Option<String>,
    /// Items with one of these terms (with commas between) in their title, description or keywords.
    #[arg(long, value_name = "TERMS")]
    q: Option<String>,
    /// Take a property that no Item has as null everywhere, and a collection that there is not for one without Items, instead
    /// of refusing them.
    #[arg(long)]
    filter_lenient: bool,
    /// The order, such as -properties.datetime,id; - is descending. Items without a value come last, in descending order first
    /// [default: newest first].
    #[arg(long, value_name = "KEYS", allow_hyphen_values = true)]
    pub(crate) sortby: Option<String>,
    /// The parts of an Item to write, such as id,properties.datetime,-assets (JSON only).
    #[arg(long, value_name = "NAMES", allow_hyphen_values = true)]
    fields: Option<String>,
    /// How many Items a page has; what is written has no pages: --max-items says how many are wanted.
    #[arg(long, value_name = "PAGE")]
    limit: Option<u64>,
    /// How many Items are wanted at most.
    #[arg(long, value_name = "N")]
    pub(crate) max_items: Option<u64>,
    /// Give up when the search takes longer, such as 30s or 5m (ms, s, m, h): an error, and nothing is written.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,
}

impl Question {
    /// The query that it asks.
    pub(crate) fn parse(&self) -> Result<Query, Error> {
        let intersects = written_or_in_file("--intersects", self.intersects.as_deref())?;
        let filter = written_or_in_file("--filter", self.filter.as_deref())?;
        let search = self.parse_parts(intersects.as_deref(), filter.as_deref())?;
        Ok(Query::from(search).lenient(self.filter_lenient))
    }

    fn parse_parts(&self, shape: Option<&str>, filter: Option<&str>) -> Result<Search, SearchError> {
        fn part<T>(
            text: Option<&String>,
            parse: impl FnOnce(&str) -> Result<T, SearchError>,
        ) -> Result<Option<T>, SearchError> {
            text.map(|text| parse(text)).transpose()
        }
        Ok(Search {
            collections: part(self.collections.as_ref(), parse_collections)?.unwrap_or_default(),
            ids: part(self.ids.as_ref(), parse_ids)?.unwrap_or_default(),
            area: Area::parse(self.bbox.as_deref(), shape)?,
            datetime: part(self.datetime.as_ref(), parse_datetime)?,
            text: part(self.q.as_ref(), FreeText::parse)?.unwrap_or_default(),
            filter: Expr::all([
                filter.map(parse_filter).transpose()?,
                part(self.query.as_ref(), parse_query)?.flatten(),
            ]),
            sortby: part(self.sortby.as_ref(), SortKey::parse_list)?.unwrap_or_default(),
            fields: part(self.fields.as_ref(), Fields::parse)?.unwrap_or_default(),
            limit: self.limit.map(PageSize::new).transpose()?,
            max_items: self.max_items,
        })
    }

    /// The flags that are given, each with its value.
    pub(crate) fn written(&self) -> Vec<(&'static str, String)> {
        let numbers = [("--max-items", self.max_items)];
        let texts = [
            ("--collections", &self.collections),
            ("--ids", &self.ids),
            ("--bbox", &self.bbox),
            ("--intersects", &self.intersects),
            ("--datetime", &self.datetime),
            ("--filter", &self.filter),
            ("--query", &self.query),
            ("--q", &self.q),
            ("--sortby", &self.sortby),
        ];
        let texts = texts.into_iter().filter_map(|(flag, value)| Some((flag, value.clone()?)));
        texts
            .chain(numbers.into_iter().filter_map(|(flag, value)| Some((flag, value?.to_string()))))
            .collect()
    }

    /// The files that these flags name.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let values = [&self.intersects, &self.filter].into_iter().flatten();
        values.filter_map(|value| value.strip_prefix('@').map(PathBuf::from)).collect()
    }

    /// Whether anything is asked.
    pub(crate) fn is_some(&self) -> bool {
        let area = [&self.bbox, &self.intersects];
        let texts = [&self.collections, &self.ids, &self.datetime, &self.filter, &self.query, &self.q];
        texts.into_iter().chain(area).any(Option::is_some)
            || self.is_ordered()
            || self.fields.is_some()
            || self.limit.is_some()
            || self.timeout.is_some()
    }

    /// Whether the order matters: what is not sorted keeps that of the source.
    pub(crate) const fn is_ordered(&self) -> bool {
        self.sortby.is_some() || self.max_items.is_some()
    }

    /// What is to be said to whoever asks for a page: there are none.
    pub(crate) fn caution(&self) -> Option<String> {
        let limit = self.limit.filter(|_| self.max_items.is_none())?;
        Some(format!(
            "--limit is the size of a page, and there are no pages here: all that answers is taken; --max-items {limit} \
             takes the first {limit}"
        ))
    }

    /// The end of the time that the search may take, from now on.
    pub(crate) fn stop(&self) -> Stop {
        self.timeout.map_or_else(Stop::default, Stop::after)
    }
}

/// A number with a unit of time after it.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let unit = match &text[end..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err("write a number and ms, s, m or h, such as 30s or 5m".to_owned()),
    };
    let number: f64 = text[..end].parse().map_err(|_| "write a number of seconds, such as 30s".to_owned())?;
    match Duration::try_from_secs_f64(number * unit) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("a search needs some time, and has no more than there is".to_owned()),
    }
}

/// A value, or with `@` before it the text of the file of that name: shells pass no more than 128 KiB.
fn written_or_in_file(flag: &str, value: Option<&str>) -> Result<Option<String>, Error> {
    let read = |value: &str| {
        let Some(path) = value.strip_prefix('@').map(Path::new) else {
            // A name with an extension or a folder is no filter; `cloudy` may be a property.
            let is_name = value.contains(['.', '/']);
            if is_name && Path::new(value).is_file() {
                let name = quoted(value);
                return Err(Error::usage(
                    format!("{flag}: {value} is the name of a file"),
                    format!("write {flag} @{name} to take what it holds"),
                ));
            }
            if is_name && flag == "--intersects" && !value.contains(['{', '(']) {
                return Err(Error::usage(
                    format!("{flag}: {value} is no GeoJSON, and there is no file of that name"),
                    format!("give a GeoJSON geometry or Feature, or {flag} @FILE with one in it"),
                ));
            }
            return Ok(value.to_owned());
        };
        read_side_text(path)
    };
    value.map(read).transpose()
}
