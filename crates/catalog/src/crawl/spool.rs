//! Links that are still to be followed, in order, in a file without a name: a catalog may have more of them than memory holds.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::sync::Arc;

use reqwest::Url;
use stacyard_store::Error;

use super::address::Address;

/// A link, and the page that has it.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) to: Address,
    pub(super) page: Arc<Address>,
}

/// Links being kept: a line for each, and one for each page before its own.
pub(super) struct Spool {
    file: BufWriter<File>,
    links: u64,
}

const PAGE: char = '<';
const LINK: char = '>';

fn failed(cause: io::Error) -> Error {
    let folder = std::env::temp_dir();
    Error::io("keep links in a temporary file in", &folder, cause)
        .remedy("free some space there, or set TMPDIR to a folder with more of it")
}

impl Spool {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile().map_err(failed)?), links: 0 })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.links == 0
    }

    /// Adds the links of a page.
    pub(super) fn add(&mut self, page: &Address, links: &[Address]) -> Result<(), Error> {
        if links.is_empty() {
            return Ok(());
        }
        // No URL has the end of a line in it.
        writeln!(self.file, "{PAGE}{}", page.0).map_err(failed)?;
        for link in links {
            writeln!(self.file, "{LINK}{}", link.0).map_err(failed)?;
        }
        self.links += links.len() as u64;
        Ok(())
    }

    /// All of them, from the first on.
    pub(super) fn read(self) -> Result<Links, Error> {
        let mut file = self.file.into_inner().map_err(|cause| failed(cause.into_error()))?;
        file.rewind().map_err(failed)?;
        Ok(Links { lines: BufReader::new(file).lines(), page: None })
    }
}

/// Links, one after another.
pub(super) struct Links {
    lines: io::Lines<BufReader<File>>,
    page: Option<Arc<Address>>,
}

impl Links {
    pub(super) fn next(&mut self) -> Result<Option<Link>, Error> {
        let damaged = || Error::failed("a temporary file with links has been changed");
        loop {
            let Some(line) = self.lines.next().transpose().map_err(failed)? else { return Ok(None) };
            let address = |url: &str| url.parse::<Url>().map(Address).map_err(|_| damaged());
            if let Some(url) = line.strip_prefix(PAGE) {
                self.page = Some(Arc::new(address(url)?));
            } else {
                let to = address(line.strip_prefix(LINK).ok_or_else(damaged)?)?;
                let page = self.page.clone().ok_or_else(damaged)?;
                return Ok(Some(Link { to, page }));
            }
        }
    }
}
