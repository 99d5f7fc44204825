//! The time line and the map of a store in a terminal: what `info --plot` shows.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use stacyard::{Query, Stop, Store};
use stacyard_picture::{text, times_text};
use stacyard_store::Error;

use super::look;
use crate::console::progress::Console;
use crate::console::report::Rejects;
use crate::console::say;
use crate::flags::Global;

/// The width where there is no terminal, and the greatest.
const USUAL: u16 = 80;
const WIDEST: u16 = 160;

/// Prints it.
pub(super) fn print(global: &Global, store: &Store) -> Result<(), Error> {
    let everything = Query::default().lenient(true);
    let stop = Stop::default();
    let mut console = Console::new(global, Rejects::File);
    let found = look::look(store, &everything, 0, &mut console, |console| global.run(&stop, None, console))?;
    console.finish();
    let is_terminal = std::io::stdout().is_terminal();
    let width = terminal_size::terminal_size().filter(|_| is_terminal);
    let columns = usize::from(width.map_or(USUAL, |(width, _)| width.0.min(WIDEST)));
    // https://no-color.org
    let in_colour = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut out = String::new();
    if found.total == 0 {
        out.push_str("no Items: the map is empty\n");
    }
    for (title, plot) in
        [("when", times_text(&found.times, columns)), ("where", text(&found.picture, columns, in_colour))]
    {
        if !plot.is_empty() {
            let _ = writeln!(out, "{title}\n{plot}");
        }
    }
    if found.nowhere > 0 {
        let _ = writeln!(out, "{} without a geometry are not on the map", found.nowhere);
    }
    say::data(out.as_bytes())
}
