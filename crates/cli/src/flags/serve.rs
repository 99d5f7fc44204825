//! The flags of `serve`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::global::parse_bytes;
use super::question::parse_duration;

/// Serve stores as one STAC API until an interrupt; what is under way then is answered.
///
/// Each store has its own collections; a search is answered from all. GET / says what there is, GET /api.html how to ask. Nothing can be
/// changed unless --writable is given, and then only with a token of --tokens, or from this machine.
///
/// What each flag says can be said in the environment as well: --rate-limit 20 as STACYARD_RATE_LIMIT=20, the stores as STACYARD_STORES
/// with spaces between; and in a TOML file that --config names: rate-limit = 20, and the stores as an array. A flag goes before the
/// environment, and that before the file.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The stores.
    #[arg(required = true, value_name = "STORE")]
    pub(crate) stores: Vec<String>,
    /// Read what the other flags say from a TOML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen; port 0 takes one that is free.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) bind: String,
    /// The URL of the landing page, as clients see it, such as https://stac.example.org/v1 [default: what they ask for].
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// The path below which clients see the landing page, such as /v1; a proxy may take it off or leave it.
    #[arg(long, value_name = "PATH")]
    pub(crate) root_path: Option<String>,
    /// Believe what Forwarded and X-Forwarded-* headers of these proxies say, such as 10.0.0.0/8,::1.
    #[arg(long, value_name = "NETWORK", value_delimiter = ',')]
    pub(crate) trusted_proxy: Vec<String>,
    /// The id of the landing page.
    #[arg(long, value_name = "ID", default_value = "stacyard")]
    pub(crate) id: String,
    /// The title of the landing page.
    #[arg(long, value_name = "TEXT", default_value = "Stacyard")]
    pub(crate) title: String,
    /// What the landing page says of the catalog.
    #[arg(long, value_name = "TEXT", default_value = "A STAC catalog, served by Stacyard")]
    pub(crate) description: String,
    /// How many requests are worked on at once; more wait a moment, and are refused then [default: twice the cores].
    #[arg(long, value_name = "N")]
    pub(crate) works: Option<NonZeroUsize>,
    /// How long the stores may work for one request.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "30s")]
    pub(crate) timeout: Duration,
    /// How long caches may keep answers before they ask again, such as 5m [default: they ask each time, and are told where nothing has changed].
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) max_age: Option<Duration>,
    /// The largest body of a request, but for that of many Items at once (64M).
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, default_value = "4M")]
    pub(crate) max_body: usize,
    /// How many requests each client may send in a second [default: as many as it likes].
    #[arg(long, value_name = "N")]
    pub(crate) rate_limit: Option<NonZeroU32>,
    /// A file with a secret of 16 bytes or more, by which tokens of pages are signed: servers that stand for one another need the same one
    /// [default: a random one, until the server ends].
    #[arg(long, value_name = "FILE")]
    pub(crate) page_key_file: Option<PathBuf>,
    /// Let Items and Collections be changed: those of databases and datasets can be.
    #[arg(long)]
    pub(crate) writable: bool,
    /// Take a change only with one of these tokens: a file to which `stacyard token` adds one.
    #[arg(long, value_name = "FILE")]
    pub(crate) tokens: Option<PathBuf>,
    /// Need a token for reads, too.
    #[arg(long, requires = "tokens")]
    pub(crate) private: bool,
    /// Let whoever reaches the server change things, from other machines too: something in front of it says who may.
    #[arg(long, requires = "writable", conflicts_with = "tokens")]
    pub(crate) no_auth: bool,
    /// Let web pages of these origins ask, such as https://app.example.org, with commas between; * for all.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub(crate) cors_origin: Vec<String>,
}
