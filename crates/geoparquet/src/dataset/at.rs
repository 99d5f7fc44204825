//! A version of a dataset, found by what a user calls it.

use jiff::Timestamp;
use stacyard_store::{At, Error, ErrorKind, Remedy};

use crate::dataset::log::Log;
use crate::dataset::tags;
use crate::dataset::vacuum::Vacuumed;
use crate::dataset::version::Version;

/// The version that is meant; `None`: there is no dataset.
///
/// # Errors
/// One that is not there, or no longer; a log that is damaged.
pub(crate) fn find(log: &Log, at: &At) -> Result<Option<Version>, Error> {
    let listing = log.listing()?;
    let Some(latest) = listing.latest() else { return Ok(None) };
    let number = match at {
        At::Latest => latest,
        At::Version(number) => *number,
        At::Time(time) => listing.at(log.name(), time.as_millisecond())?,
        At::Tag(name) => tags::get(log, name)?,
    };
    let snapshot = log.version(&listing, number)?;
    if number < latest
        && let Some(vacuumed) = Vacuumed::of(log)?
        && number < vacuumed.oldest
        && !tags::all(log)?.values().any(|tagged| *tagged == number)
    {
        let when = Timestamp::from_millisecond(vacuumed.at).unwrap_or_default();
        let (name, oldest) = (log.name(), vacuumed.oldest);
        let message = format!("{name}: version {number} was vacuumed at {when}: files of it are gone");
        return Err(Error::new(ErrorKind::NotFound, &message).remedy(
            Remedy::from(format!("the oldest that is whole is {oldest}; before it those with a tag: "))
                .command("history", &[name]),
        ));
    }
    Version::of(log.clone(), snapshot).map(Some)
}
