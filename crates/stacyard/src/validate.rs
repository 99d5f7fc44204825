//! Validations: every record of a store through the gate, and nothing kept but what is wrong.

use std::sync::Arc;

use stacyard_model::{Gate, Profile};
use stacyard_store::{
    Accept, Check, Collections, Error, Known, Listed, Mode, Nowhere, Old, Report, Run, Source, Store,
    Transfer,
};

/// What the records of a store have to pass.
#[derive(Debug, Clone, Default)]
pub struct Validating {
    /// The rules.
    pub gate: Gate,
    /// The profile that Items have to meet: this one, else that of the store.
    pub profile: Option<Arc<Profile>>,
    /// Whether Items of older versions of STAC are brought up to date first.
    pub migrate: bool,
}

/// A store about to be validated.
pub struct Validation {
    check: Check,
    expected: Vec<String>,
    items: Box<dyn Source>,
    kept: Listed,
}

impl Validating {
    /// Opens what is to be validated; `name` is what its Collections are said to stand in. Nothing has been looked at yet, so that of
    /// several stores one that is not there is an error before anything is said of the others.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn begin(&self, name: &str, store: &Store) -> Result<Validation, Error> {
        let profile = self.profile.as_ref().or(store.profile()).cloned();
        let check = Check {
            gate: Some(self.gate.clone().with_profile(profile)),
            migrate: self.migrate,
            accept: Accept::All,
            ..Check::default()
        };
        Ok(Validation {
            check,
            expected: self.profile.as_ref().map(|profile| profile.collections().to_vec()).unwrap_or_default(),
            items: store.audit()?,
            kept: Listed::new(name, &store.collections()?)?,
        })
    }
}

impl Validation {
    /// Validates all records: those of the store, and the Collections that it keeps beside them. What is wrong goes to the observer and to
    /// the rejects of `run`, which is not committed here.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn run(self, mut run: Run<'_>) -> Result<Report, Error> {
        let Self { check, expected, items, kept } = self;
        let with_expected = Check { expected, ..check.clone() };
        let mut report = Report::default();
        for (source, check) in [(items, with_expected), (Box::new(kept) as Box<dyn Source>, check)] {
            let transfer = Transfer {
                check,
                search: None,
                known: Known::default(),
                mode: Mode::Insert,
                unique: true,
                must_lose_nothing: false,
                collections: Collections::new(),
                old_collections: Collections::new(),
                run: run.part(),
            };
            report = report.and(transfer.run(source, Old::Nothing, Nowhere)?);
        }
        Ok(report)
    }
}
