//! `map`: a picture of what a store holds, or of the Items that answer a search, which needs no server.

use std::fmt::Write as _;
use std::path::Path;

use stacyard::StoreUrl;
use stacyard_picture::{Page, page, png, svg};
use stacyard_store::{Error, ErrorKind, Output, quoted};

use super::look::{self, Look, MOST};
use crate::console::progress::Console;
use crate::console::report::{self, Rejects, Status};
use crate::files::open;
use crate::flags::{self, Global};

/// So many Items are listed.
const LISTED: u64 = 100;

/// A picture is so many pixels wide.
const WIDTH: u32 = 1_600;

/// What is written.
#[derive(Debug, Clone, Copy)]
enum Form {
    Page,
    Svg,
    Png,
}

impl Form {
    fn of(path: &Path) -> Result<Self, Error> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        match ending.to_ascii_lowercase().as_str() {
            "html" | "htm" => Ok(Self::Page),
            "svg" => Ok(Self::Svg),
            "png" => Ok(Self::Png),
            _ => Err(Error::usage(
                format!(
                    "{}: a map is a page or a picture, which the ending of the name says",
                    path.display()
                ),
                "write -o map.html, map.png or map.svg",
            )),
        }
    }
}

pub(crate) fn run(global: &Global, flags: &flags::Map) -> Result<Status, Error> {
    let form = Form::of(&flags.output)?;
    refuse_existing(flags)?;
    let query = flags.question.parse()?;
    if query.search().max_items.is_some_and(|most| most > MOST) {
        return Err(Error::usage(
            format!("--max-items: a map of the first Items shows {MOST} at most"),
            "leave it out: of more Items the map shows how many there are where",
        ));
    }
    if let Some(caution) = flags.question.caution() {
        report::warn(global, &caution);
    }
    let url = StoreUrl::parse(&flags.store, global.store_kind)?;
    look::refuse_stream(&url)?;
    let store = open::store(&url, global)?;
    let stop = flags.question.stop();
    let mut console = Console::new(global, Rejects::File);
    let found = look::look(&store, &query, LISTED, &mut console, |console| global.run(&stop, None, console))?;
    console.finish();
    if found.total == 0 {
        report::warn(global, &format!("no Item of {url} answers: the map is empty"));
    }
    let bytes = match form {
        Form::Svg => svg(&found.picture, &url.to_string()).into_bytes(),
        Form::Png => {
            png(&found.picture, WIDTH).map_err(|cause| Error::failed("cannot draw").caused_by(cause))?
        }
        Form::Page => whole(&url, flags, &found).into_bytes(),
    };
    write(flags, &bytes)?;
    Ok(Status::Done)
}

/// The page.
fn whole(url: &StoreUrl, flags: &flags::Map, found: &Look) -> String {
    let title = url.to_string();
    let mut command = format!("stacyard map {}", quoted(&title));
    for (flag, value) in flags.question.written() {
        let _ = write!(command, " {flag} {}", quoted(&value));
    }
    let _ = write!(command, " -o {}", quoted(&flags.output.to_string_lossy()));
    let mut notes = Vec::new();
    if found.total == 0 {
        notes.push("No Item answers.".to_owned());
    }
    if !found.picture.cells.is_empty() {
        notes.push(format!(
            "They are more than {MOST}: the map shows how many have their middle in each cell."
        ));
    }
    if found.nowhere > 0 {
        notes.push(format!("On the map there are none of those without a geometry: {}.", found.nowhere));
    }
    let mut drawn = 0;
    let items = found.first.iter().take(usize::try_from(LISTED).unwrap_or_default()).map(|item| {
        let is_drawn = item.root().get("geometry").is_some_and(|geometry| !geometry.is_null());
        let footprint = (is_drawn && found.picture.cells.is_empty()).then_some(drawn);
        drawn += usize::from(is_drawn);
        look::listed(item.root(), footprint)
    });
    let items: Vec<_> = items.collect();
    page(&Page {
        title: &title,
        command: &command,
        total: found.total,
        notes: &notes,
        picture: &found.picture,
        times: &found.times,
        items: &items,
    })
}

fn refuse_existing(flags: &flags::Map) -> Result<(), Error> {
    if flags.overwrite || !flags.output.exists() {
        return Ok(());
    }
    Err(is_there(flags))
}

fn is_there(flags: &flags::Map) -> Error {
    let message = format!("{} is there already", flags.output.display());
    Error::usage(message, "--overwrite replaces it").of_kind(ErrorKind::Exists)
}

/// Writes the file: it is the old one, or none, until it is whole.
fn write(flags: &flags::Map, bytes: &[u8]) -> Result<(), Error> {
    let mut output = Output::file(&flags.output, flags.overwrite, &mut |_| {})?;
    if output.replaces() && !flags.overwrite {
        return Err(is_there(flags));
    }
    output.append(bytes)?;
    output.commit().map(drop)
}
