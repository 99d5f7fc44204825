//! Aggregations in SQL, where it knows the values as the evaluator does: each comes once, with the number of its Items, all of one state of
//! the table.

use jiff::Timestamp;
use stacyard_model::Rfc3339;
use stacyard_search::{Aggregation, Aggregator, Datum, Grid, Place, Property};
use stacyard_store::{Error, Find, Report};
use tokio_postgres::Row;

use crate::search::cells::cells;
use crate::search::searched::Searched;
use crate::sql::condition::Condition;
use crate::sql::instant;
use crate::sql::jsonb::{boolean, number, text};
use crate::sql::param::Question;
use crate::sql::table::{Extent, Instants, Stamp};
use crate::sql::value::Maker;

/// Stands in the place of the number of an aggregation, for how many Items answer.
const ALL: i32 = -1;

/// The same, where one of them is to pass the gate first.
const UNCHECKED: i32 = -2;

impl Searched {
    /// What the Items say that answer; `None`: their rows have to be looked at.
    pub(crate) fn aggregate_by_sql(
        &self,
        find: &Find<'_>,
        condition: &Condition,
        wanted: &[Aggregation],
    ) -> Result<Option<(Aggregator, Report)>, Error> {
        if !condition.exact || find.check.migrate {
            return Ok(None);
        }
        let (search, mut maker) = (&find.search, Maker::new(condition.params.clone(), &self.table));
        let rows = format!("{} WHERE {}", self.table.name, condition.sql);
        let mut parts = vec![format!("SELECT {ALL}, NULL::text, NULL::text, count(*) FROM {rows}")];
        if let Some(unseen) = self.shape.unseen().filter(|_| find.check.gate.is_some()) {
            let one = format!("SELECT FROM {rows} AND {unseen} LIMIT 1");
            parts.push(format!("SELECT {UNCHECKED}, NULL, NULL, count(*) FROM ({one}) AS one"));
        }
        let wanted = search.declared(wanted);
        for (index, aggregation) in wanted.iter().enumerate() {
            if *aggregation != Aggregation::Total {
                let Some(part) = values(aggregation, &rows, &mut maker) else { return Ok(None) };
                parts.push(format!("SELECT {index}, kind, value, items FROM ({part}) AS part{index}"));
            }
        }
        let question = Question { sql: parts.join(" UNION ALL "), params: maker.into_params() };
        let mut aggregator = search.aggregator(&wanted)?;
        let (mut all, mut is_unsaid) = (0, false);
        let link = &self.database.link;
        let counted = link.each_row("search", &question, search.stop(), async |row| {
            let failed = |cause| self.failed(cause);
            let (part, items) =
                (row.try_get::<_, i32>(0).map_err(failed)?, row.try_get::<_, i64>(3).map_err(failed)?);
            let items = items.unsigned_abs();
            match part {
                ALL => all = items,
                UNCHECKED => is_unsaid |= items > 0,
                part => {
                    let part = usize::try_from(part).unwrap_or(usize::MAX);
                    let aggregation = wanted.get(part);
                    let is_instant =
                        aggregation.and_then(Aggregation::property).is_some_and(Property::is_instant);
                    match (datum(row, is_instant).map_err(failed)?, aggregation) {
                        (Some(value), _) => aggregator.add_values(part, &value, items)?,
                        (None, Some(Aggregation::Least(_) | Aggregation::Greatest(_))) => {}
                        // No instant.
                        (None, Some(Aggregation::Times(..))) => {
                            aggregator.add_values(part, &Datum::Text(String::new()), items)?;
                        }
                        (None, _) => is_unsaid = true,
                    }
                }
            }
            Ok(())
        });
        self.database.wait(counted)?;
        if is_unsaid {
            return Ok(None);
        }
        for (part, _) in wanted.iter().enumerate().filter(|(_, wanted)| **wanted == Aggregation::Total) {
            aggregator.add_values(part, &Datum::Null, all)?;
        }
        Ok(Some((aggregator, Report { read: all, answered: all, ..Report::default() })))
    }
}

/// SQL that gives the values of some rows, each with its kind and how often it occurs; `None`: SQL cannot say them.
fn values(aggregation: &Aggregation, rows: &str, maker: &mut Maker<'_>) -> Option<String> {
    let grouped = |kind: &str, value: &str| {
        format!("SELECT {kind} AS kind, {value} AS value, count(*) AS items FROM {rows} GROUP BY 1, 2")
    };
    let Some(property) = aggregation.property() else {
        match aggregation {
            Aggregation::Times(None, _) => {}
            Aggregation::Cells(Grid::Within(tile)) => return Some(cells(*tile, rows, maker)),
            _ => return None,
        }
        let start = match maker.table().columns.extent {
            Extent::Seconds { start, .. } => start.to_owned(),
            // One that lies on the hour may have been rounded up to it.
            Extent::Stamps { start: Stamp { column, text }, .. } => format!(
                "CASE WHEN {column} = date_trunc('hour', {column}, 'UTC') THEN {} ELSE extract(epoch FROM {column}) END",
                instant::seconds(text)
            ),
        };
        return Some(grouped("'hour'", &hour(&start)));
    };
    match property.place() {
        Place::Id => return Some(grouped("'string'", maker.table().columns.id)),
        Place::Collection => return Some(grouped("'string'", &maker.collection())),
        Place::Geometry => return None,
        Place::Properties => {}
    }
    let value = maker.property(property)?;
    let each = format!("SELECT {value} AS value FROM {rows}");
    Some(match aggregation {
        Aggregation::Times(..)
            if let Some(column) = maker.table().columns.instant(property.key())
                && matches!(maker.table().instants, Instants::Cut(_)) =>
        {
            let kind = format!(
                "CASE WHEN {column} IS NOT NULL OR coalesce(jsonb_typeof({value}), 'null') = 'null' THEN 'hour' ELSE 'object' END"
            );
            grouped(&kind, &hour(&format!("extract(epoch FROM {column})")))
        }
        Aggregation::Least(_) | Aggregation::Greatest(_) if !property.is_instant() => {
            let (end, truth) = if matches!(aggregation, Aggregation::Least(_)) {
                ("min", "bool_and")
            } else {
                ("max", "bool_or")
            };
            let [boolean, number, text] = [boolean("value"), number("value"), text("value")];
            format!(
                "SELECT kind, ends.value, 1::bigint AS items FROM (SELECT {truth}({boolean}) AS b, {end}({number}) AS n, \
                 {end}({text}) AS t FROM ({each}) AS each) AS found, \
                 LATERAL (VALUES ('boolean', b::text), ('number', n::text), ('string', t)) AS ends (kind, value) \
                 WHERE ends.value IS NOT NULL"
            )
        }
        _ => format!(
            "SELECT jsonb_typeof(value) AS kind, value #>> '{{}}' AS value, items \
             FROM (SELECT value, count(*) AS items FROM ({each}) AS each GROUP BY value) AS found"
        ),
    })
}

/// The hour that some seconds since 1970 lie in: no step of time begins within one. Whole numbers are divided exactly enough.
fn hour(seconds: &str) -> String {
    format!("floor(floor({seconds}) / 3600)::text")
}

/// The value of a row of [`values`]; `None`: it is none that can be told.
fn datum(row: &Row, is_instant: bool) -> Result<Option<Datum>, tokio_postgres::Error> {
    let (kind, value) = (row.try_get::<_, Option<&str>>(1)?, row.try_get::<_, Option<&str>>(2)?);
    let (Some(kind), Some(value)) = (kind, value) else {
        return Ok(if kind == Some("object") { None } else { Some(Datum::Null) });
    };
    Ok(match kind {
        "boolean" => Some(Datum::Bool(value == "true")),
        "number" => Some(Datum::Number(value.to_owned())),
        "string" => Some(match Rfc3339::parse(value).filter(|_| is_instant) {
            Some(time) => Datum::Instant(time.instant),
            None => Datum::Text(value.to_owned()),
        }),
        "hour" => {
            let hour = value.parse::<i64>().ok().and_then(|hour| hour.checked_mul(3600));
            hour.and_then(|second| Timestamp::from_second(second).ok()).map(Datum::Instant)
        }
        _ => None,
    })
}
