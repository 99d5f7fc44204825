//! Representations: which ones a resource has, and which of them a request wants. `f` says it by name, else `Accept` does (RFC 9110
//! section 12.5.1); what is not there by that gets the JSON. Only what `f` names and is not there is an error.

mod accept;
mod chosen;

use crate::media::{CSV, GEOJSON, HTML, JSON, NDJSON};
use crate::options::Export;

pub(crate) use self::chosen::{Chosen, negotiate, wants_page};

/// What a resource has beside its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Also {
    Nothing,
    /// A page for people.
    Page,
    /// That, and the whole answer as one file.
    Whole,
}

/// A representation.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    /// What `f` calls it.
    pub(crate) name: &'static str,
    /// Other names of it.
    names: Vec<&'static str>,
    /// Its media type, which may have parameters.
    pub(crate) kind: &'static str,
    /// Media types by which it is asked for, too.
    kinds: Vec<&'static str>,
    pub(crate) what: What,
}

/// How a representation is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Json,
    Page,
    Lines,
    /// All Items as one FeatureCollection.
    Collected,
    /// Chosen properties, a row for each Item.
    Rows,
    /// By the export of this number.
    Export(usize),
}

impl What {
    /// Whether it is an answer without pages.
    pub(crate) const fn is_whole(self) -> bool {
        matches!(self, Self::Lines | Self::Collected | Self::Rows | Self::Export(_))
    }
}

/// The representations of a resource whose JSON is of this media type, which comes first.
pub(crate) fn forms(kind: &'static str, also: Also, exports: &[Export]) -> Vec<Form> {
    let names = if kind == GEOJSON { vec!["geojson"] } else { Vec::new() };
    let mut forms = vec![Form { name: "json", names, kind, kinds: vec![JSON], what: What::Json }];
    if also != Also::Nothing {
        forms.push(Form { name: "html", names: vec![], kind: HTML, kinds: vec![], what: What::Page });
    }
    if also == Also::Whole {
        let kinds = vec!["application/ndjson"];
        forms.push(Form { name: "ndjson", names: vec![], kind: NDJSON, kinds, what: What::Lines });
        for (name, kind, what) in [("geojson-whole", GEOJSON, What::Collected), ("csv", CSV, What::Rows)] {
            forms.push(Form { name, names: vec![], kind, kinds: vec![], what });
        }
        forms.extend(exports.iter().enumerate().map(|(index, export)| Form {
            name: export.name,
            names: export.names.to_vec(),
            kind: export.media_type,
            kinds: Vec::new(),
            what: What::Export(index),
        }));
    }
    forms
}

/// All names that `f` can have.
pub(crate) fn names(forms: &[Form]) -> Vec<&'static str> {
    forms.iter().flat_map(|form| std::iter::once(form.name).chain(form.names.iter().copied())).collect()
}
