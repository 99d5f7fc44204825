//! What the columns of a file are for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stacyard_store::{Note, Remedy};

use crate::format::layout::RESIDUAL;
use crate::format::metadata::Conventions;

/// How the file names its parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) conventions: Conventions,
    /// The primary geometry column.
    pub(crate) geometry: String,
    /// Columns that are there for readers, and not properties: a covering that is not the Items' `bbox`, the row numbers
    /// of pandas.
    pub(crate) aside: Vec<String>,
    /// Another program has written the rows, or written them again: it may have left out what the residual is about, and
    /// `assets` and `links` where Parquet has no way to say that they are empty.
    pub(crate) by_others: bool,
    /// What all of its Items have beside its columns.
    pub(crate) given: Vec<Given>,
    /// How many values of residuals have given way to columns that another program has changed.
    pub(crate) edits: Arc<AtomicU64>,
}

/// A text that stands in no column, as the path of the file says it of all Items: their collection, or a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Names {
    /// The text that all Items have under a name.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|given| given.name == name).map(|given| given.value.as_str())
    }

    /// The same for Items that are read anew: none of their values has given way yet.
    pub(crate) fn anew(&self) -> Self {
        Self { edits: Arc::default(), ..self.clone() }
    }

    /// What is to be said of a file when Items of it have been written. `once`: each of them was decoded once, so that the
    /// number of edits is known.
    pub(crate) fn notes(&self, file: &str, once: bool) -> Vec<Note> {
        let edits = self.edits.load(Ordering::Relaxed);
        let values = match edits {
            _ if !once => "values".to_owned(),
            1 => "1 value".to_owned(),
            _ => format!("{edits} values"),
        };
        let note = Note {
            message: format!(
                "{file}: another program has changed {values} of columns; the older ones in {RESIDUAL} are not used"
            ),
            help: Remedy::call("optimize", &[]).text(" writes the file again, with what it has now"),
        };
        if edits == 0 { Vec::new() } else { vec![note] }
    }
}
