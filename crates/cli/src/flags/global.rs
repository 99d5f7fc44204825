//! The flags that all commands take.

use std::num::NonZeroUsize;

use clap::Args;
use stacyard::{Observer, Run, Stop, StoreKind};
use stacyard_store::{MAX_RECORD_BYTES, Output, RECORD_BYTES};

use super::api::Remote;
use super::threads;

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// What the store that is read holds, whatever its name says: geojson, ndjson, geoparquet, api or catalog.
    #[arg(long, global = true, value_name = "KIND")]
    pub(crate) store_kind: Option<StoreKind>,
    /// Log to standard error as JSON, one object a line.
    #[arg(long, global = true)]
    pub(crate) json_log: bool,
    /// No progress and no summary.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// How many threads to use, at most 256 [default: all cores].
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// About how much memory sorting and writing may take, such as 512M or 2G, beside what is under way.
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_size, default_value = "256M")]
    pub(crate) memory: usize,
    /// Set aside records longer than this, such as 200M (512M at most) [default: 64M].
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_record_size)]
    pub(crate) max_record_size: Option<usize>,
    #[command(flatten)]
    pub(crate) api: Remote,
}

impl Global {
    pub(crate) fn threads(&self) -> usize {
        threads::granted(self.threads.map_or_else(stacyard_store::default_threads, NonZeroUsize::get))
    }

    /// How an operation is run. Sorting and writing are under way at the same time.
    pub(crate) fn run<'a>(
        &self,
        stop: &Stop,
        rejects: Option<&'a mut Output>,
        observer: &'a mut dyn Observer,
    ) -> Run<'a> {
        Run { threads: self.threads(), memory: self.memory / 2, stop: stop.clone(), rejects, observer }
    }

    pub(crate) fn record_bytes(&self) -> usize {
        self.max_record_size.unwrap_or(RECORD_BYTES)
    }
}

/// A number of bytes, with K, M, G or T after it for 2^10, 2^20, 2^30 or 2^40 of them (also as KB or KiB).
pub(super) fn parse_bytes(text: &str) -> Result<usize, String> {
    let wrong = || "write a number of bytes, such as 512M or 2G".to_owned();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let unit = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KB" | "KIB" => 1 << 10,
        "M" | "MB" | "MIB" => 1 << 20,
        "G" | "GB" | "GIB" => 1 << 30,
        "T" | "TB" | "TIB" => 1_u64 << 40,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let bytes = number.checked_mul(unit).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.ok_or_else(|| "more than there is".to_owned())
}

fn parse_size(text: &str) -> Result<usize, String> {
    let bytes = parse_bytes(text)?;
    if bytes < MIN_MEMORY { Err("at least 16M are needed".to_owned()) } else { Ok(bytes) }
}

fn parse_record_size(text: &str) -> Result<usize, String> {
    let bytes = parse_bytes(text)?;
    if (1..=MAX_RECORD_BYTES).contains(&bytes) { Ok(bytes) } else { Err("1 byte to 512M".to_owned()) }
}

/// With less there would be more runs to merge than files may be open.
const MIN_MEMORY: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::parse_bytes;

    #[test]
    fn sizes_are_written_as_usual() {
        for (text, bytes) in [
            ("17", 17),
            ("17B", 17),
            ("3k", 3 << 10),
            ("512M", 512 << 20),
            ("512MB", 512 << 20),
            ("2GiB", 2 << 30),
            ("1T", 1 << 40),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "-1", "1.5G", "1P", "2 G", "99999999999T"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }
}
