//! Partitions that rows go into: pgstac makes them, and says in a constraint of each which times it has.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use crate::connect::fault::{self, Attempts};
use crate::pgstac::homes::Cut;
use crate::pgstac::load::target::Target;

/// A part of a collection that has a partition of its own, by pgstac's rule; parts in the order in which they are taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bucket {
    pub(crate) collection: String,
    /// Of a collection that is cut by years the year; by months, twelve for each year.
    part: i32,
}

/// A partition that is ready to take rows within some times, in microseconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct Partition {
    pub(crate) name: String,
    starts: (i64, i64),
    ends: (i64, i64),
}

/// The first and the last microsecond of the years 1 to 9999.
const ALWAYS: (i64, i64) = (-62_135_596_800_000_000, 253_402_300_799_999_999);

impl Bucket {
    pub(crate) fn of(collection: &str, cut: Cut, start: i64) -> Self {
        let date = || {
            let at = Timestamp::from_microsecond(start).unwrap_or_default();
            at.to_zoned(TimeZone::UTC).date()
        };
        let part = match cut {
            Cut::Whole => 0,
            Cut::Years => i32::from(date().year()),
            Cut::Months => i32::from(date().year()) * 12 + i32::from(date().month()) - 1,
        };
        Self { collection: collection.to_owned(), part }
    }

    /// The times that its partition can have.
    fn bounds(&self, cut: Cut) -> (i64, i64) {
        let first_of = |year: i32, month: i32| {
            let date = jiff::civil::Date::new(
                i16::try_from(year).unwrap_or(i16::MAX),
                i8::try_from(month).unwrap_or(1),
                1,
            );
            let at = date.ok().and_then(|date| date.to_zoned(TimeZone::UTC).ok());
            at.map(|at| at.timestamp().as_microsecond())
        };
        let (from, to) = match cut {
            Cut::Whole => (None, None),
            Cut::Years => (first_of(self.part, 1), first_of(self.part + 1, 1)),
            Cut::Months => {
                let first = |part: i32| first_of(part.div_euclid(12), part.rem_euclid(12) + 1);
                (first(self.part), first(self.part + 1))
            }
        };
        (from.unwrap_or(ALWAYS.0), to.map_or(ALWAYS.1, |to| to - 1))
    }
}

/// Has pgstac make the partition for rows of some times, or make it ready; gives its name.
pub(super) async fn check(
    client: &Client,
    bucket: &Bucket,
    (starts, ends): ((i64, i64), (i64, i64)),
) -> Result<String, Error> {
    let range = |(from, to): (i64, i64)| {
        let at = |micros: i64| format!("timestamptz 'epoch' + interval '{micros} microseconds'");
        format!("tstzrange({}, {}, '[]')", at(from), at(to))
    };
    let sql = format!("SELECT pgstac.check_partition($1, {}, {})", range(starts), range(ends));
    Ok(client.query_typed_one(&sql, &[(&bucket.collection, Type::TEXT)]).await?.get(0))
}

impl Target {
    /// The partition for rows of some times, made or made ready where it is not. Its constraint is widened once, to all that it may
    /// have: each time it grows, pgstac reads all rows of the partition. [`Target::settle`] makes it as narrow as it can be. Where pgstac
    /// puts such things off, it does the last one first: then it is widened as far as these rows want.
    pub(super) async fn partition(
        &self,
        client: &Client,
        (bucket, cut): (&Bucket, Cut),
        (starts, ends): ((i64, i64), (i64, i64)),
    ) -> Result<String, Error> {
        let mut ready = self.partitions.lock().await;
        let is_within = |inner: (i64, i64), outer: (i64, i64)| outer.0 <= inner.0 && inner.1 <= outer.1;
        if let Some(known) = ready.get(bucket)
            && is_within(starts, known.starts)
            && is_within(ends, known.ends)
        {
            return Ok(known.name.clone());
        }
        let around = |one: (i64, i64), other: (i64, i64)| (one.0.min(other.0), one.1.max(other.1));
        let (starts, ends) = match ready.get(bucket) {
            _ if !self.is_queueing => (bucket.bounds(cut), around(ends, ALWAYS)),
            Some(known) => (around(starts, known.starts), around(ends, known.ends)),
            None => (starts, ends),
        };
        client.batch_execute(&self.begin()).await?;
        let made = async {
            let name = check(client, bucket, (starts, ends)).await?;
            client.batch_execute("COMMIT").await?;
            Ok(name)
        };
        match made.await {
            Ok(name) => {
                ready.insert(bucket.clone(), Partition { name: name.clone(), starts, ends });
                Ok(name)
            }
            Err(cause) => {
                let _ = client.batch_execute("ROLLBACK").await;
                Err(cause)
            }
        }
    }

    /// Has pgstac look at what its partitions have now: their constraints and statistics, by its own settings at once or later. Gives the
    /// partitions that others have kept it from: searches find what is in them, but their extents may be too wide.
    pub(crate) async fn settle(&self, client: &Client) -> Result<Vec<String>, Error> {
        let mut left = Vec::new();
        for partition in self.partitions.lock().await.values() {
            let mut attempts = Attempts::default();
            loop {
                let settled = async {
                    client.batch_execute(&self.begin()).await?;
                    let sql = "SELECT pgstac.update_partition_stats_q($1)";
                    client.query_typed(sql, &[(&partition.name, Type::TEXT)]).await?;
                    client.batch_execute("COMMIT").await
                };
                let Err(cause) = settled.await else { break };
                let _ = client.batch_execute("ROLLBACK").await;
                if !fault::is_conflict(&cause) {
                    return Err(cause);
                }
                if !attempts.wait().await {
                    left.push(partition.name.clone());
                    break;
                }
            }
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_the_times_of_its_partition() {
        let micro = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        for (cut, at, from, to) in [
            (
                Cut::Years,
                "2020-12-31T23:59:59.999999Z",
                "2020-01-01T00:00:00Z",
                "2020-12-31T23:59:59.999999Z",
            ),
            (Cut::Months, "2020-02-29T12:00:00Z", "2020-02-01T00:00:00Z", "2020-02-29T23:59:59.999999Z"),
            (Cut::Months, "1969-12-31T12:00:00Z", "1969-12-01T00:00:00Z", "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Bucket::of("c", cut, micro(at)).bounds(cut), (micro(from), micro(to)), "{at}");
        }
    }
}
