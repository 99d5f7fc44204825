//! The flags as they are written, before anything is made of them. Uses no other module of the command; used by all.

mod api;
mod folders;
mod global;
mod layout;
mod question;
mod serve;
mod settings;
mod threads;
mod versions;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use stacyard::{Mode, StoreKind};

pub(crate) use self::folders::Folders;
pub(crate) use self::global::Global;
pub(crate) use self::layout::Layout;
pub(crate) use self::question::Question;
pub(crate) use self::serve::Serve;
pub(crate) use self::settings::parse;
pub(crate) use self::versions::{Commit, Diff, History, Tag, Vacuum};

/// Validate STAC catalogs, copy them between stores, and ask every store the same question.
///
/// A STORE is a file: .json .geojson (a FeatureCollection, an array of Items, one object), .ndjson .jsonl .geojsonl
/// (one Item a line), each also with .gz or .zst; .parquet .geoparquet (GeoParquet); each of these also on s3://, gs://, az:// or
/// https://; `-` for NDJSON on standard input or output; a dataset: folder/, also 'folder/?version=3', or a folder of Parquet files;
/// a database: postgis://user@host:port/database?schema=NAME, whose tables `stacyard init` makes, or pgstac://; or, to be read, the
/// landing page of a STAC API: https://host/path.
///
/// `stacyard help COMMAND` says all about a command, `stacyard help filter` how filters are written, `stacyard help profile`
/// how a profile is.
///
/// Exit status: 0 all done; 1 done, but some Items were rejected; 2 wrong usage; 3 failed, 130 interrupted: a file is as it
/// was, and a load into a database keeps the batches that are in, and says how to go on.
#[derive(Debug, Parser)]
#[command(name = "stacyard", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what is wrong with the Items, Collections and Catalogs of stores.
    Validate(Validate),
    /// Copy the Items of a store into another, through the gate.
    Copy(Copy),
    /// Copy what a static catalog links to into a store, through the gate.
    Crawl(Crawl),
    /// Ask a store for Items.
    Search(Search),
    /// Serve stores as one STAC API.
    Serve(Serve),
    /// Make a token for those who may change what is served.
    Token(Token),
    /// Say what a store holds, and how it is laid out.
    Info(Info),
    /// Draw where and when the Items of a store are: a page, or a picture.
    Map(Map),
    /// List, print, put or delete the Collections that a store keeps.
    Collections(Collections),
    /// Make the tables that a database needs, or bring them up to date; make a dataset.
    Init(Init),
    /// Delete the Items of a store that answer a search.
    Delete(Delete),
    /// Make a store hold what another holds, writing only what differs.
    Sync(Sync),
    /// Rewrite a GeoParquet file, of whatever program, in the best layout; lay out the files of a dataset anew.
    Optimize(Optimize),
    /// Make one version of parts that `copy --stage` has written.
    Commit(Commit),
    /// Give a version of a dataset a name, by which it is kept.
    Tag(Tag),
    /// List the versions of a dataset.
    History(History),
    /// Say what is different between two versions of a dataset.
    Diff(Diff),
    /// Take away the files of a dataset that only old versions need.
    Vacuum(Vacuum),
    /// Print what a shell needs to complete this command.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Write manual pages into a folder: stacyard.1, and one for each command.
    Man {
        /// The folder.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Say all about a command, or on one screen how a filter or a profile is written: stacyard help filter
    Help {
        /// The command, `filter` or `profile`.
        #[arg(value_name = "COMMAND")]
        about: Vec<String>,
    },
}

/// List, print, put or delete the Collections that a store keeps beside its Items: GeoParquet and PostGIS do.
///
/// For example: stacyard collections x.parquet put collections.json
#[derive(Debug, Args)]
pub(crate) struct Collections {
    /// The store.
    pub(crate) store: String,
    #[command(subcommand)]
    pub(crate) action: CollectionsAction,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(crate) enum CollectionsAction {
    /// Print an id a line, with the title; with --format json all of them whole.
    List {
        /// For people or for programs.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print a Collection as JSON.
    Get {
        /// Its id.
        id: String,
    },
    /// Put in the Collections of a file, if all of them are valid; those with the same ids are replaced.
    Put {
        /// One Collection, an array, {"collections": [...]}, or one a line; `-` for standard input.
        file: String,
        /// For people or for programs: an object whose members new, changed and same list ids.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Give Collections the extents that their Items have, and make their summaries (ranges and lists of values) anew; all that have
    /// Items, or these.
    Refresh {
        /// Their ids.
        ids: Vec<String>,
        /// For people or for programs: an object whose members new, changed and same list ids.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Delete a Collection that no Item belongs to.
    Delete {
        /// Its id.
        id: String,
    },
}

/// Make the tables that a database needs, or bring them up to date.
///
/// Or make a growing dataset in a folder: stacyard init data/
///
/// Tables are made in one transaction, in the schema that ?schema= names (stac). Nothing else is touched. With pgstac:// these are the tables,
/// functions and roles of pgstac, made by its own SQL.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The database: postgis://user@host:port/database?schema=NAME, or pgstac://user@host:port/database; or the folder of a dataset: data/ or s3://bucket/data/
    pub(crate) store: String,
    /// Give the fields that this profile.toml declares columns of their own, and take away those that it no longer does
    /// (stacyard help profile shows one).
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    /// Keep the Items of these collections, with commas between, in partitions of their own.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) partition: Vec<String>,
    /// Which Items of a dataset stand together in files: those of a collection, and of a year or a month.
    #[arg(long, value_name = "collection|year|month", value_parser = str::parse::<stacyard::PartitionBy>)]
    pub(crate) partition_by: Option<stacyard::PartitionBy>,
    /// Print the SQL that would be run, and run nothing; of pgstac the files of it, with what they lock.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The version of pgstac to make, or to migrate to [default: the newest of the package].
    #[arg(long, value_name = "VERSION")]
    pub(crate) pgstac_version: Option<String>,
    /// A wheel of pypgstac, or the folder that it is installed in: pgstac's SQL is taken from there [default: the one that python3
    /// has, else pypgstac 0.10.0 from PyPI].
    #[arg(long, value_name = "WHEEL|DIR")]
    pub(crate) pgstac_package: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Gate {
    /// Refuse all that the official JSON Schemas refuse, and more.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Bring Items of STAC 0.9 and 1.0.0-rc up to date first, and write the `datetime` of null that servers have left out.
    #[arg(long)]
    pub(crate) migrate: bool,
    /// Also check extensions against the JSON Schemas in this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) schemas: Option<PathBuf>,
    /// Refuse Items with an extension whose schema is not in the folder.
    #[arg(long, requires = "schemas")]
    pub(crate) require_schemas: bool,
    /// Also check the fields that this profile.toml declares (stacyard help profile shows one) [default: the profile that the
    /// store keeps].
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
}

/// Say what is wrong with the Items, Collections and Catalogs of stores.
///
/// The report is on standard output: each rejected Item with its file and line (or the index of its feature), and all
/// that is wrong with it. With --format json it is one object:
/// {"rejects": [{"source", "line" | "feature" | "row", "errors": [{"pointer", "rule", "message", "value", "section"}],
/// "more" (how many errors beyond 100), "item" | "text" | "base64"}], "stores": [{"store", "read", "written", "rejected", "objects",
/// "errors": {RULE: how often}, "warnings": {RULE: {"count", "first", "example"}}, ...}]}; "written" counts the valid Items.
#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// The stores.
    #[arg(required = true, value_name = "STORE")]
    pub(crate) stores: Vec<String>,
    #[command(flatten)]
    pub(crate) gate: Gate,
    /// Write rejected Items to this file, one JSON object a line (none: an empty file).
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

/// Copy the Items of a store into another, through the gate.
///
/// Collections of the input, among its Items or kept beside them, go along where the target keeps them (GeoParquet,
/// PostGIS); one that is there already is replaced as an Item would be.
///
/// A target that exists is only touched with --overwrite or --mode; it is the old one until all is done. With search
/// flags only the Items that answer are copied: in the order of the source, or sorted where --sortby or --max-items ask
/// for it.
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// The store to read.
    pub(crate) from: String,
    /// The store to write: a file, a dataset (data/), a database, or `-`.
    pub(crate) to: String,
    /// Write the files of a dataset, and make no version of them: this file says which they are, for `stacyard commit`. So many machines can load one dataset.
    #[arg(long, value_name = "FILE")]
    pub(crate) stage: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) how: Copying,
}

/// Copy what a static catalog links to into a store, through the gate.
///
/// Its links `child` and `item` are followed, and `items` to GeoJSON, each place once. Collections go along where the target keeps them. A link
/// to what is not there, or is no JSON, is set aside as an invalid Item is; one that leaves the host of START, or its
/// folder, is an error, unless --follow-foreign allows it.
///
/// For example: stacyard crawl https://host/catalog.json catalog.parquet
#[derive(Debug, Args)]
pub(crate) struct Crawl {
    /// The catalog.json or collection.json to begin with: a path, or its URL (https://, s3://, gs://, az://).
    pub(crate) start: String,
    /// The store to write: a file, a database, or `-`.
    pub(crate) to: String,
    /// How many documents to ask for at once.
    #[arg(long, value_name = "N", default_value = "64", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,
    /// How long after one request the next one begins at least, such as 100ms.
    #[arg(long, value_name = "DURATION", value_parser = question::parse_duration)]
    pub(crate) delay: Option<Duration>,
    #[command(flatten)]
    pub(crate) how: Copying,
}

/// The flags of all that copies.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag by itself")]
pub(crate) struct Copying {
    /// What to do with Items that are in the target already.
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeFlag>,
    /// Replace a target that exists.
    #[arg(long, conflicts_with = "mode")]
    pub(crate) overwrite: bool,
    /// Replace a target also where no Item would be left in it.
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// Go on with a load into a database that was broken off: an Item that is there, and the same, was loaded before.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Write rejected Items to this file, one JSON object a line (none: an empty file).
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// What to write, whatever the name of the target says: geojson, ndjson or geoparquet.
    #[arg(long, value_name = "KIND")]
    pub(crate) format: Option<StoreKind>,
    /// Keep the Collections of this JSON file with the Items (GeoParquet, PostGIS, pgstac); `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) collections_file: Option<PathBuf>,
    /// Only Items whose property `updated` is not before this instant. Those that were deleted since are not told by any store.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) updated_since: Option<String>,
    /// Make the Collections that Items name and nobody brings, with the extent of these Items: pgstac has no Items without theirs.
    #[arg(long)]
    pub(crate) create_collections: bool,
    /// Fetch from a STAC API what has changed since a day before the latest Item of the target: by `updated` where all Items have it and the API takes
    /// filters, else by their time. What was deleted since is not told.
    #[arg(
        long,
        help_heading = "Remote STAC APIs",
        conflicts_with_all = ["mode", "overwrite", "updated_since", "sortby", "max_items"]
    )]
    pub(crate) update: bool,
    /// Keep what a STAC API gives in this folder until the target is written: the same command, made again, goes on from there
    /// [default: TARGET.harvest beside a file; none for other targets].
    #[arg(long, value_name = "FOLDER", help_heading = "Remote STAC APIs")]
    pub(crate) journal: Option<PathBuf>,
    /// How many windows of time a STAC API is asked for at once, where it has many Items; 1: the time is not cut [default: 4].
    #[arg(long, value_name = "N", help_heading = "Remote STAC APIs")]
    pub(crate) harvest_connections: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) folders: Folders,
    #[command(flatten)]
    pub(crate) layout: Layout,
    #[command(flatten)]
    pub(crate) gate: Gate,
    #[command(flatten)]
    pub(crate) question: Question,
}

/// Ask a store for Items.
///
/// The answer is the same from every store, and in the same order: newest first, unless --sortby says otherwise.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// The store to ask.
    pub(crate) store: String,
    #[command(flatten)]
    pub(crate) question: Question,
    /// Where to write the answer.
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    pub(crate) output: String,
    /// Replace an output that exists.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Print the number of Items that answer, alone (whatever --max-items says). --count=estimate: about how many, where the
    /// store, such as a database, can say so at once.
    #[arg(
        long,
        value_name = "KIND",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "exact",
        conflicts_with_all = ["output", "explain"]
    )]
    pub(crate) count: Option<CountKind>,
    /// Make the search, and print what was left out at each level and how much was read, not the answer.
    #[arg(long, conflicts_with = "output")]
    pub(crate) explain: bool,
    /// What to write, whatever the name of the output says: geojson, ndjson or geoparquet.
    #[arg(long, value_name = "KIND")]
    pub(crate) format: Option<StoreKind>,
    /// Write invalid Items of the store to this file, one JSON object a line (none: an empty file).
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CountKind {
    Exact,
    Estimate,
}

/// Make a token for `serve --tokens`, and print it: it is nowhere else. The file keeps its SHA-256.
///
/// For example: stacyard token tokens.txt ingest write:sentinel-2 read
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The file with the tokens; one that is not there is made.
    pub(crate) file: PathBuf,
    /// What it is called: a word, which logs may show.
    pub(crate) label: String,
    /// What it is good for: read, write, read:COLLECTION, write:COLLECTION. Who may write may read.
    #[arg(required = true, value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
}

/// Rewrite a GeoParquet file, of whatever program, in the best layout.
///
/// The file is the old one until the new one is whole. Where an Item of it is not valid, or is there twice, nothing is
/// changed: `copy --rejects` makes a file without it.
///
/// Of a dataset (`data/`) small files become few, and large ones are written anew where those of more than four loads are of the same places and times.
/// Others may write meanwhile.
#[derive(Debug, Args)]
pub(crate) struct Optimize {
    /// The file or dataset.
    pub(crate) store: String,
    #[command(flatten)]
    pub(crate) layout: Layout,
}

/// Delete the Items of a store that answer a search.
///
/// Without --yes it says how many they are, and asks; where there is no terminal it deletes nothing. A file is written anew without them. Of a database
/// each goes only if it is still as it was when it answered.
///
/// For example: stacyard delete catalog.parquet --collections old-scenes --filter "eo:cloud_cover > 90"
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The store: a file, a dataset (`dir/`) or a database.
    pub(crate) store: String,
    /// Delete without asking.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Write records of a file that are not valid to this file, one JSON object a line: they cannot stay in a file that is written anew.
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) layout: Layout,
    #[command(flatten)]
    pub(crate) question: Question,
}

/// Make a store hold what another holds, writing only what differs.
///
/// Items that are new or differ are written, and those that FROM does not have are deleted from TO, as are their Collections. An Item of FROM that is
/// not valid is rejected, and stays as it is in TO. A file is written anew where anything differs, and left alone where nothing does. What was broken
/// off goes on when it is run again.
///
/// For example: stacyard sync postgis://localhost/plumes plumes.parquet
#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The store to read.
    pub(crate) from: String,
    /// The store to write: a file, a dataset (`dir/`) or a database.
    pub(crate) to: String,
    /// Delete all Items of TO where FROM has none.
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// Write rejected Items to this file, one JSON object a line (none: an empty file).
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) layout: Layout,
    #[command(flatten)]
    pub(crate) gate: Gate,
}

/// Say what a store holds: collections, counts, extents, properties, assets.
#[derive(Debug, Args)]
pub(crate) struct Info {
    /// The store.
    pub(crate) store: String,
    /// Show also when and where its Items are: a time line and a map, as wide as the terminal.
    #[arg(long, conflicts_with_all = ["queryables", "format"])]
    pub(crate) plot: bool,
    /// Print instead what it can be asked about, as JSON Schema: every property with its types.
    #[arg(long)]
    pub(crate) queryables: bool,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Draw where and when the Items of a store are, or those that answer a search: a page, or a picture.
///
/// The page holds all it needs, and asks nobody for anything: a map to zoom and move, a time line, the first Items with their properties, and the
/// command that makes it again. Up to 2,000 Items are drawn as they are; of more the map shows how many there are where.
///
/// For example: stacyard map catalog.parquet --collections scenes -o map.html
#[derive(Debug, Args)]
pub(crate) struct Map {
    /// The store.
    pub(crate) store: String,
    /// The file to write: map.html, map.png or map.svg.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Replace a file that exists.
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) question: Question,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeFlag {
    /// Reject the Item.
    Insert,
    /// Leave the Item out.
    Ignore,
    /// Replace the Item in the target.
    #[value(alias = "delsert")]
    Upsert,
    /// Replace the whole content of the target.
    Replace,
}

impl From<ModeFlag> for Mode {
    fn from(flag: ModeFlag) -> Self {
        match flag {
            ModeFlag::Insert => Self::Insert,
            ModeFlag::Ignore => Self::Ignore,
            ModeFlag::Upsert => Self::Upsert,
            ModeFlag::Replace => Self::Replace,
        }
    }
}
