//! The flags of what is done with the versions of a dataset.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::flags::Format;
use crate::flags::question::parse_duration;

/// Make one version of parts that `copy --stage` has written, on this machine or on many. An Item that is in two parts, or in the dataset already, is
/// dealt with as the mode says that all parts were staged with.
///
/// For example: stacyard copy 17.ndjson data/ --mode insert --stage part-17.json; then stacyard commit data/ part-*.json
#[derive(Debug, Args)]
pub(crate) struct Commit {
    /// The dataset.
    pub(crate) dataset: String,
    /// The parts.
    #[arg(required = true, value_name = "PART")]
    pub(crate) parts: Vec<PathBuf>,
    /// Write Items that are set aside to this file, one JSON object a line (none: an empty file).
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
}

/// Give a version of a dataset a name, by which it is found again, and kept whatever a vacuum takes away.
///
/// For example: stacyard tag data/ training-2026-06; then stacyard search 'data/?tag=training-2026-06'
#[derive(Debug, Args)]
pub(crate) struct Tag {
    /// The dataset; one of its versions by ?version=N or ?at=INSTANT [default: the newest].
    pub(crate) dataset: String,
    /// The name.
    pub(crate) name: String,
    /// Take the name away.
    #[arg(long)]
    pub(crate) delete: bool,
}

/// List the versions of a dataset, the newest first: when, by whom and by what each was made, and how many Items came, were replaced and went.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The dataset.
    pub(crate) dataset: String,
    /// For people or for programs: an array of objects.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Say what is different between two versions of a dataset, or two datasets, as NDJSON: {"change": "added" | "changed" | "removed", "item": ...}, with the
/// Item of the second, or of the first where it was removed.
///
/// For example: stacyard diff 'data/?version=3' data/
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The version before.
    pub(crate) from: String,
    /// The version after.
    pub(crate) to: String,
}

/// Take away the files of a dataset that only versions need that are older, and what writers have left that were killed. The newest version, those that are
/// younger, and those with a tag stay as they are.
#[derive(Debug, Args)]
pub(crate) struct Vacuum {
    /// The dataset.
    pub(crate) dataset: String,
    /// How old a version has to be to lose its files, such as 30d or 12h.
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = parse_age)]
    pub(crate) older_than: Duration,
    /// Say what would go, and take nothing away.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Days, or a shorter time.
fn parse_age(text: &str) -> Result<Duration, String> {
    if let Some(days) = text.strip_suffix('d') {
        let days: u64 = days.parse().map_err(|_| "write a number of days, such as 30d".to_owned())?;
        return Ok(Duration::from_secs(days.saturating_mul(86_400)));
    }
    if text.trim_end_matches(|c: char| c.is_ascii_alphabetic()) == "0" {
        Ok(Duration::ZERO)
    } else {
        parse_duration(text).map_err(|_| "write a number and d, h, m or s, such as 30d or 12h".to_owned())
    }
}
